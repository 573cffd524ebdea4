//! Reports of the past, and what stands out in it, as the operator's client tells them.

use crate::CONFIG;
use crate::harness::{Daemon, acdctl};
use crate::statistics::some_calls;
use acd_proto::v1 as acd;
use acd_proto::v1::adapter_message::Body as Up;
use serde_json::Value;
use std::fs;
use std::time::Duration;

/// So many times as fast as the real clock.
const SCALE: &str = "200";
/// Two minutes of the daemon.
const A_WHILE: Duration = Duration::from_millis(600);
/// As many as a finding needs.
const CALLS: usize = 6;

/// What it answers, what it says beside, and its exit code.
fn ask(daemon: &Daemon, arguments: &[&str]) -> (String, String, Option<i32>) {
    let server = format!("http://{}", daemon.grpc);
    let all: Vec<&str> = ["--server", &server].iter().chain(arguments).copied().collect();
    let output = acdctl(&all);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

fn json(daemon: &Daemon, arguments: &[&str]) -> Value {
    let (answer, said, code) = ask(daemon, &[arguments, &["--json"]].concat());
    assert_eq!(code, Some(0), "{said}");
    serde_json::from_str(&answer).expect("one document")
}

fn of_queue<'v>(rows: &'v Value, queue: &str) -> &'v Value {
    let mut rows = rows.as_array().expect("rows").iter();
    rows.find(|row| row["queue"] == queue).expect("something happened there")
}

/// Since before the first call, by whatever clock.
const SINCE: &str = "2d ago";

#[tokio::test]
async fn a_report_says_the_same_as_text_values_document_and_page() {
    let daemon = Daemon::start_kept(CONFIG, &[]).await;
    let _pbx = some_calls(&daemon).await;

    let report = json(&daemon, &["report", "--from", SINCE, "--interval", "15m"]);
    assert_eq!((&report["durable"], &report["interval"]), (&true.into(), &"15m".into()));
    let front_desk = of_queue(&report["queues"], "front-desk");
    assert_eq!((&front_desk["entered"], &front_desk["handled"]), (&1.into(), &1.into()));
    assert_eq!(front_desk["service_level"], 1.0);
    assert_eq!((&front_desk["target"], &front_desk["target_kept"]), (&0.8.into(), &true.into()));
    let spanish = of_queue(&report["queues"], "spanish");
    assert_eq!((&spanish["abandoned"], &spanish["short_abandoned"]), (&1.into(), &1.into()));
    assert_eq!((&spanish["abandonment"], &spanish["target_kept"]), (&1.0.into(), &false.into()));
    assert_eq!(spanish["service_level_abandons_met"], 0.5);
    let intervals = report["queue_intervals"].as_array().expect("rows");
    let entered: u64 = intervals.iter().filter_map(|row| row["entered"].as_u64()).sum();
    assert_eq!(entered, 3, "the intervals sum up to the whole");
    let sam = &report["agents"][0];
    assert_eq!(
        (&sam["agent"], &sam["offers"], &sam["handled"]),
        (&"sam".into(), &1.into(), &1.into())
    );

    let (text, _, code) = ask(&daemon, &["report", "--from", SINCE]);
    assert_eq!(code, Some(0));
    for words in
        ["front-desk", "80% in 20s, kept", "80% in 20s, missed", "sam", "Only what is durable"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }

    let values = |arguments: &[&str]| -> Vec<String> {
        let (values, _, code) =
            ask(&daemon, &[&["report", "--from", SINCE, "--csv"], arguments].concat());
        assert_eq!(code, Some(0));
        values.lines().map(str::to_owned).collect()
    };
    let queues = values(&["--queue", "spanish"]);
    assert!(queues[0].starts_with("start,end,queue,entered,answered"), "{queues:?}");
    assert_eq!(queues.len(), 2);
    assert!(queues[1].contains(",spanish,2,0,0,0,1,0,1,1,"), "{queues:?}");
    let agents = values(&["--agents"]);
    assert!(agents[0].starts_with("start,end,agent,staffed_seconds"), "{agents:?}");
    assert!(agents[1].contains(",sam,"), "{agents:?}");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("report.html");
    let path = file.to_str().expect("UTF-8");
    let journal = daemon.journal();
    let journal = journal.to_str().expect("UTF-8");
    let asked =
        ["report", "--html", path, "--from", SINCE, "--interval", "15m", "--journal", journal];
    let (_, said, code) = ask(&daemon, &asked);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the report is in"), "{said}");
    let page = fs::read_to_string(&file).expect("a page");
    for words in
        ["<svg", "Answered in time", "Insights", "1 of 2 queues with calls missed", "front-desk"]
    {
        assert!(page.contains(words), "{words}");
    }
    for elsewhere in ["http://", "https://", "<script", "url(", "src="] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
}

#[tokio::test]
async fn a_time_in_which_nothing_happened_is_told_so() {
    let daemon = Daemon::start(CONFIG).await;
    let (text, _, code) = ask(&daemon, &["report", "--from", "9d ago", "--to", "8d ago"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("nothing happened between"), "{text}");
    assert!(text.contains("The daemon keeps no journal"), "{text}");
    let report = json(&daemon, &["report", "--from", "9d ago", "--to", "8d ago"]);
    assert_eq!((&report["queues"], &report["fairness"]), (&Value::Array(Vec::new()), &Value::Null));
    let (values, said, _) =
        ask(&daemon, &["report", "--from", "9d ago", "--to", "8d ago", "--csv"]);
    assert_eq!(values.lines().count(), 1, "a head: {values}");
    assert!(said.contains("nothing happened between"), "{said}");
}

#[tokio::test]
async fn what_cannot_be_reported_is_refused_with_what_can() {
    let daemon = Daemon::start(CONFIG).await;
    let cases: [(&[&str], i32, &str); 8] = [
        (&["--from", "soon"], 2, "'7d ago'"),
        (&["--from", "today", "--to", "2d ago"], 2, "must be before --to"),
        (&["--from", "2999-01-01", "--to", "2999-01-02"], 2, "only"),
        (&["--from", "2001-01-01"], 2, "ten years"),
        (&["--interval", "10m"], 2, "15m"),
        (&["--timezone", "Atlantis"], 2, "Europe/Berlin"),
        (&["--queue", "biling"], 1, "no queue `biling`"),
        (&["--csv", "--json"], 2, "cannot be used with"),
    ];
    for (arguments, code, words) in cases {
        let (_, said, exit) = ask(&daemon, &[&["report"], arguments].concat());
        assert_eq!(exit, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    let nowhere = acdctl(&["insights", "--journal", "/nowhere/journal"]);
    assert_eq!(nowhere.status.code(), Some(2), "there is no journal");
}

/// Sam is on a break while calls wait at the front desk, and give up.
async fn a_break(daemon: &Daemon) {
    let mut pbx = daemon.adapter("pbx").await;
    let mut sam = daemon.agent_at_home("sam").await;
    sam.log_in(false).await.expect("he logs in");
    sam.not_ready("break").await.expect("he takes a break");
    let names: Vec<String> = (0..CALLS).map(|number| format!("c{number}")).collect();
    for name in &names {
        pbx.offer_call(name, "front-desk").await;
    }
    pbx.everything_acknowledged().await;
    tokio::time::sleep(A_WHILE).await;
    for name in &names {
        pbx.end_call(name).await;
    }
    pbx.everything_acknowledged().await;
}

fn journal_of(daemon: &Daemon) -> String {
    daemon.journal().to_str().expect("a path in UTF-8").to_owned()
}

fn findings(journal: &str) -> Vec<Value> {
    let output = acdctl(&["insights", "--journal", journal, "--json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("one document");
    told["findings"].as_array().expect("a list").clone()
}

fn of_kind<'f>(findings: &'f [Value], kind: &str) -> &'f Value {
    let mut of_kind = findings.iter().filter(|finding| finding["kind"] == kind);
    of_kind.next().unwrap_or_else(|| panic!("{kind}: {findings:?}"))
}

#[tokio::test]
async fn who_sat_beside_calls_that_waited_is_told_by_the_journal_of_a_daemon_that_runs() {
    let daemon = Daemon::start_kept(CONFIG, &["--clock-scale", SCALE]).await;
    a_break(&daemon).await;
    let journal = journal_of(&daemon);

    let findings = findings(&journal);
    let sat = of_kind(&findings, "waited_beside_not_ready");
    assert_eq!((&sat["queue"], &sat["calls"]), (&"front-desk".into(), &CALLS.into()));
    assert_eq!(
        (&sat["who"][0]["agent"], &sat["who"][0]["reason"]),
        (&"sam".into(), &"break".into())
    );
    assert!(sat["who"][0]["call_seconds"].as_f64() >= Some(100.0 * CALLS as f64), "{sat}");
    assert_eq!(sat["examples"].as_array().map(Vec::len), Some(5));
    assert_eq!(sat["examples"][0], serde_json::json!({"adapter": "pbx", "call_id": "c0"}));

    let text = |arguments: &[&str]| {
        let output = acdctl(&[&["insights", "--journal", &journal], arguments].concat());
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let all = text(&[]);
    assert!(all.contains("sam (break, ") && all.contains("c0 (pbx)"), "{all}");
    let before = text(&["--to", "2d ago"]);
    assert!(before.contains("nothing happened in that time"), "{before}");
}

#[tokio::test]
async fn calls_handed_on_at_once_and_offers_declined_in_a_row_are_told() {
    let daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ben = daemon.agent("ben").await;
    for number in 0..CALLS {
        let call_id = format!("c{number}");
        pbx.offer_call(&call_id, "billing").await;
        let offer = pbx.expect_offer().await;
        pbx.answer(&offer).await;
        let queue = "front-desk".to_owned();
        let to = acd::CallTransferred { call_id: call_id.clone(), queue, ..Default::default() };
        pbx.say(Up::CallTransferred(to)).await;
        pbx.end_call(&call_id).await;
        pbx.everything_acknowledged().await;
    }
    for number in 0..3 {
        let call_id = format!("d{number}");
        pbx.offer_call(&call_id, "billing").await;
        let offer = pbx.expect_offer().await;
        pbx.declined(&offer).await;
        pbx.end_call(&call_id).await;
        pbx.everything_acknowledged().await;
    }

    let findings = findings(&journal_of(&daemon));
    let handed_on = of_kind(&findings, "transferred_at_once");
    assert_eq!((&handed_on["queue"], &handed_on["to"]), (&"billing".into(), &"front-desk".into()));
    assert_eq!((&handed_on["calls"], &handed_on["of"]), (&CALLS.into(), &CALLS.into()));
    let missed = of_kind(&findings, "missed_offers");
    assert_eq!((&missed["agent"], &missed["calls"]), (&"ben".into(), &3.into()));
    assert!(missed["says"].as_str().is_some_and(|says| says.contains("3 in a row")), "{missed}");
}
