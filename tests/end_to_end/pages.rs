//! The HTTP port as programs and browsers meet it: pages, streams, requests; tests/wallboard has the rest.

use crate::CONFIG;
use crate::harness::{Daemon, soon};
use acd_proto::v1 as acd;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The status code, the headers and the body of whatever is asked.
async fn ask(daemon: &Daemon, line: &str, headers: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(daemon.http).await.expect("the port is open");
    let length = body.len();
    let host = if headers.to_lowercase().contains("host:") {
        String::new()
    } else {
        format!("Host: {}\r\n", daemon.http)
    };
    let request = format!(
        "{line} HTTP/1.1\r\n{host}{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("it is read");
    let mut answer = String::new();
    soon("an answer", stream.read_to_string(&mut answer)).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
    let code = head.split(' ').nth(1).expect("a status code").parse().expect("a number");
    (code, head.to_lowercase(), body.to_owned())
}

async fn get(daemon: &Daemon, path: &str) -> (u16, String, String) {
    ask(daemon, &format!("GET {path}"), "", "").await
}

/// Asks for a method as a page does.
async fn post(daemon: &Daemon, method: &str, body: &Value) -> (u16, Value) {
    let headers = "Content-Type: application/json\r\nSec-Fetch-Site: same-origin\r\n";
    let line = format!("POST /api/{method}");
    let (code, _, answer) = ask(daemon, &line, headers, &body.to_string()).await;
    (code, serde_json::from_str(&answer).expect("JSON"))
}

/// A stream of server-sent events.
struct Events {
    lines: tokio::io::Lines<BufReader<TcpStream>>,
}

impl Events {
    async fn open(daemon: &Daemon, path: &str) -> Self {
        let mut stream = TcpStream::connect(daemon.http).await.expect("the port is open");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", daemon.http);
        stream.write_all(request.as_bytes()).await.expect("it is read");
        Self { lines: BufReader::new(stream).lines() }
    }

    /// The next event of a kind: its id and what it says. Lines of the transfer are passed over.
    async fn next(&mut self, kind: &str) -> (String, Value) {
        let (mut id, mut is_it) = (String::new(), false);
        loop {
            let line = soon("an event", self.lines.next_line()).await;
            let line = line.expect("readable").expect("a live stream");
            if let Some(name) = line.strip_prefix("event: ") {
                is_it = name == kind;
            } else if let Some(text) = line.strip_prefix("id: ") {
                id = text.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ").filter(|_| is_it) {
                return (id, serde_json::from_str(data).expect("JSON"));
            }
        }
    }
}

#[tokio::test]
async fn pages_need_nothing_from_elsewhere_and_all_their_files_are_there() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pages = vec!["/".to_owned(), "/agent".to_owned()];
    let mut seen = 0;
    while let Some(path) = pages.pop() {
        let (code, head, text) = get(&daemon, &path).await;
        assert_eq!(code, 200, "{path}");
        assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
        assert!(head.contains("cache-control: no-cache"), "{head}");
        let svg = "http://www.w3.org/2000/svg";
        let elsewhere = text.replace(svg, "");
        let example = elsewhere.contains("src=\"http") || elsewhere.contains("from \"http");
        assert!(!example, "{path}: nothing is fetched from elsewhere");
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for part in text.split(['"', '\'']) {
            let named = match part.strip_prefix("../") {
                Some(rest) => format!("/pages/{rest}"),
                None if part.starts_with("./") => format!("{folder}/{}", &part[2..]),
                None => part.to_owned(),
            };
            if named.starts_with("/pages/") && !pages.contains(&named) {
                seen += 1;
                // Each names others; a ring of names would not end.
                if seen < 200 {
                    pages.push(named);
                }
            }
        }
        let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag");
        let again = format!("If-None-Match: {tag}\r\n");
        assert_eq!(ask(&daemon, &format!("GET {path}"), &again, "").await.0, 304, "{path}");
    }
    assert!(seen > 20, "modules were found: {seen}");
    assert_eq!(get(&daemon, "/pages/../http.rs").await.0, 404);
    assert_eq!(get(&daemon, "/pages/nothing.js").await.0, 404);
}

#[tokio::test]
async fn a_wallboard_hears_a_snapshot_then_deltas_and_can_come_back() {
    let daemon = Daemon::start_fast(CONFIG, 2).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;
    daemon.watcher().await.until_calls(1).await;
    let mut events = Events::open(&daemon, "/stream").await;
    let (_, beat) = events.next("heartbeat").await;
    assert_eq!((&beat["health"], &beat["clock_scale"]), (&json!("serving"), &json!(2)));
    let (id, snapshot) = events.next("snapshot").await;
    assert_eq!(snapshot["calls"][0]["call"], json!({"adapter": "pbx", "call_id": "c1"}));
    assert_eq!(snapshot["calls"][0]["state"], "CALL_STATE_WAITING");
    let queues = snapshot["queues"].as_array().expect("queues");
    let billing = queues.iter().find(|it| it["queue"] == "billing").expect("it is configured");
    assert_eq!(billing["waiting"], 1);
    let position = &snapshot["position"];
    assert_eq!(id, format!("{}-{}", position["epoch"], position["number"]));

    pbx.offer_call("c2", "front-desk").await;
    let (next, delta) = events.next("delta").await;
    assert_eq!(delta["after"], *position, "it goes on where the snapshot ends");
    assert_eq!(delta["events"][0]["kind"], "call_arrived");

    let mut back = Events::open(&daemon, &format!("/stream?after={id}")).await;
    let (again, missed) = back.next("delta").await;
    assert_eq!(missed["after"], *position, "what was missed, and no snapshot");
    assert_eq!(again, next);
    for nowhere in ["1-7", "nonsense", "9999999999999-1"] {
        let mut anew = Events::open(&daemon, &format!("/stream?after={nowhere}")).await;
        anew.next("snapshot").await;
    }
}

#[tokio::test]
async fn a_request_of_the_page_is_the_request_of_grpc() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;
    watcher.until_calls(1).await;
    let call = json!({"adapter": "pbx", "call_id": "c1"});
    let actor = json!({"name": "kim", "reason": "because"});
    let raise = json!({"call": call, "priority": 9, "actor": actor});
    let (code, answer) = post(&daemon, "supervisor/SetCallPriority", &raise).await;
    assert_eq!(code, 200, "{answer}");
    assert!(answer["position"]["number"].as_u64().is_some_and(|number| number > 0), "{answer}");
    let event = watcher.until("priority_changed", "c1").await;
    assert_eq!(event.origin.expect("an origin").name, "kim");
    assert_eq!(daemon.calls().await[0].priority, 9);

    let (code, answer) =
        post(&daemon, "agent/LogIn", &json!({"agent": "ana", "ready": true})).await;
    assert_eq!((code, &answer["agent"]["presence"]), (200, &json!("PRESENCE_READY")));
    assert_eq!(daemon.agent_seen("ana").await.presence(), acd::Presence::Ready);
    let mut own = Events::open(&daemon, "/agent/stream?agent=ana").await;
    let (_, update) = own.next("agent").await;
    assert_eq!(update["offers"][0]["call"], call);

    let explain = "/api/explain?adapter=pbx&call_id=c1&utc_offset_minutes=60";
    let (code, _, told) = get(&daemon, explain).await;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(code, 200, "{told}");
    let headline = told["headline"].as_str().expect("a sentence");
    assert!(headline.starts_with("c1 (pbx) is being offered to ana"), "{headline}");
    assert_eq!(told["story"][0]["said"], "arrived (voice)");

    let (code, rows) =
        post(&daemon, "supervisor/ListIntervals", &json!({"queues": ["billing"]})).await;
    assert_eq!(code, 200, "{rows}");
    assert_eq!(rows["queues"][0]["figures"]["entered"], 1);
}

#[tokio::test]
async fn what_is_wrong_is_said_with_a_code_and_the_field() {
    let daemon = Daemon::start(CONFIG).await;
    let call = json!({"adapter": "pbx", "call_id": "c1"});
    for (method, body, code, problem, field) in [
        (
            "supervisor/SetCallPriority",
            json!({"call": call, "priority": 5}),
            400,
            "malformed",
            "actor.name",
        ),
        (
            "supervisor/SetQueueOpen",
            json!({"queue": "garden", "actor": {"name": "kim"}}),
            404,
            "unknown_queue",
            "queue",
        ),
        ("supervisor/SetQueueOpen", json!({"queues": "billing"}), 400, "malformed", ""),
        ("supervisor/Dance", json!({}), 404, "unknown_method", ""),
        (
            "agent/SetPresence",
            json!({"agent": "ana", "presence": "PRESENCE_READY"}),
            409,
            "wrong_state",
            "",
        ),
        ("agent/LogIn", json!({"agent": "zoe"}), 404, "unknown_agent", "agent"),
    ] {
        let (status, answer) = post(&daemon, method, &body).await;
        assert_eq!(status, code, "{method}: {answer}");
        assert_eq!(
            (&answer["code"], &answer["field"]),
            (&json!(problem), &json!(field)),
            "{answer}"
        );
        assert!(!answer["message"].as_str().expect("a sentence").is_empty());
    }
    let large = json!({"agent": "a".repeat(20_000)});
    let headers = "Content-Type: application/json\r\n";
    let (code, _, _) = ask(&daemon, "POST /api/agent/LogIn", headers, &large.to_string()).await;
    assert_eq!(code, 413);
    assert_eq!(get(&daemon, "/agent/stream?agent=zoe").await.0, 404);
}

#[tokio::test]
async fn pages_of_elsewhere_can_neither_read_nor_act() {
    let daemon = Daemon::start(CONFIG).await;
    for path in ["/", "/agent", "/stream", "/api/site", "/pages/style/base.css"] {
        let (code, _, body) =
            ask(&daemon, &format!("GET {path}"), "Host: acd.example\r\n", "").await;
        assert_eq!(code, 403, "{path}");
        assert!(body.contains("foreign_host"), "{body}");
    }
    // Whoever asks whether it lives may do so by any name.
    assert_eq!(ask(&daemon, "GET /healthz", "Host: acd.example\r\n", "").await.0, 200);
    let close = json!({"queue": "billing", "actor": {"name": "mallory"}}).to_string();
    for headers in [
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: application/json\r\nSec-Fetch-Site: cross-site\r\n",
        "Content-Type: application/json\r\nOrigin: https://elsewhere.example\r\n",
    ] {
        let line = "POST /api/supervisor/SetQueueOpen";
        let (code, _, _) = ask(&daemon, line, headers, &close).await;
        assert!(matches!(code, 403 | 415), "{headers}");
    }
    assert!(!daemon.queue("billing").await.closed);
}
