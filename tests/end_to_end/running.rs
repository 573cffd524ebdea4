//! The process: command line, ports, health, signals.

use crate::CONFIG;
use crate::harness::{Daemon, Hello, PATIENCE, acdd, soon};
use acd_proto::v1 as acd;
use std::net::TcpListener;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// What it prints, and how it ends by itself.
pub(crate) fn output(arguments: &[&str]) -> Output {
    let mut command = acdd(arguments);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let start = Instant::now();
    // What it prints before it ends by itself is little and fits into the pipes.
    while child.try_wait().expect("a child to wait for").is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().expect("a child to kill");
            panic!("{arguments:?} does not end: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().expect("its output")
}

pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The status code, the headers and the body of a GET.
pub(crate) async fn get(daemon: &Daemon, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(daemon.http).await.expect("the port is open");
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", daemon.http);
    stream.write_all(request.as_bytes()).await.expect("it is read");
    let mut answer = String::new();
    soon("an answer", stream.read_to_string(&mut answer)).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
    let code = head.split(' ').nth(1).expect("a status code").parse().expect("a number");
    (code, head.to_lowercase(), body.to_owned())
}

#[tokio::test]
async fn without_arguments_it_runs_the_built_in_configuration() {
    // All but the ports, which something else may hold.
    let daemon = Daemon::start_built_in(&[]).await;
    assert_eq!(daemon.ready_line, format!("acdd ready grpc={} http={}", daemon.grpc, daemon.http));
    let status = daemon.admin().await.get_status(acd::GetStatusRequest::default()).await;
    assert_eq!(status.expect("a status").into_inner().config, "built-in");
    assert_eq!(daemon.queue("front-desk").await.waiting, 0);

    let printed = output(&["--print-config"]);
    assert!(printed.status.success());
    assert_eq!(String::from_utf8_lossy(&printed.stdout), acd_config::DEFAULT);
    assert!(printed.stderr.is_empty());
}

#[test]
fn help_has_examples_and_is_honest_about_what_is_kept() {
    let help = output(&["--help"]);
    assert!(help.status.success());
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    for part in ["Examples:", "--demo", "acdd ready grpc=", "memory only", "Exit codes"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    let script = output(&["completions", "bash"]);
    assert!(script.status.success() && !script.stdout.is_empty());
}

#[test]
fn a_broken_configuration_is_shown_where_it_breaks() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("broken.toml");
    std::fs::write(&file, CONFIG.replace("billing = 3", "biling = 3")).expect("a writable folder");
    let path = file.to_str().expect("a path in UTF-8");
    let failed = output(&["--config", path, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    assert_eq!(failed.status.code(), Some(2));
    assert!(failed.stdout.is_empty(), "it never was ready");
    let report = errors(&failed);
    let line = report.lines().find(|line| line.contains("biling")).expect("a line on the slip");
    let wrong = CONFIG.replace("billing = 3", "biling = 3");
    let number = 1 + wrong.lines().position(|line| line.contains("biling")).expect("it is there");
    assert!(line.starts_with(&format!("{path}:{number}:")), "file and line: {line}");
    for part in ["queues.billing.require", "; expected "] {
        assert!(line.contains(part), "{part} is missing in: {line}");
    }
    let stands_alone = |line: &str| line.starts_with(path) && line.contains("; expected ");
    assert!(report.lines().all(stands_alone), "one line for each problem:\n{report}");

    let failed = output(&["--config", "no-such-file.toml"]);
    assert_eq!(failed.status.code(), Some(2));
    assert!(errors(&failed).contains("no-such-file.toml"));
}

#[test]
fn a_port_in_use_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("a bound socket").to_string();
    for (flag, other) in [("--listen", "--http"), ("--http", "--listen")] {
        let failed = output(&[flag, &address, other, "127.0.0.1:0"]);
        assert_eq!(failed.status.code(), Some(1));
        let line = errors(&failed);
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.contains(&address) && line.contains(flag), "{line}");
    }
}

#[test]
fn one_address_for_both_ports_is_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("a bound socket").to_string();
    let failed = output(&["--listen", &address, "--http", &address]);
    assert_eq!(failed.status.code(), Some(2), "it is no matter of who listens there");
    let line = errors(&failed);
    assert_eq!(line.lines().count(), 1, "{line}");
    for part in [&*address, "--listen", "--http"] {
        assert!(line.contains(part), "{part} is missing in: {line}");
    }
}

#[test]
fn a_level_that_is_none_is_refused_and_the_levels_are_named() {
    let failed = output(&["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--log", "ifno"]);
    assert_eq!(failed.status.code(), Some(2));
    let line = errors(&failed);
    assert_eq!(line.lines().count(), 1, "{line}");
    for part in ["ifno", "error", "warn", "info", "debug", "trace"] {
        assert!(line.contains(part), "{part} is missing in: {line}");
    }
}

#[test]
fn an_address_off_loopback_is_refused() {
    for flag in ["--listen", "--http"] {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:7170"] {
            let failed = output(&[flag, address]);
            assert_eq!(failed.status.code(), Some(2));
            let line = errors(&failed);
            assert_eq!(line.lines().count(), 1, "{line}");
            assert!(line.contains(address) && line.contains("loopback"), "{line}");
        }
    }
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    for arguments in [
        &["--clock-scale", "0"][..],
        &["--clock-scale", "10001"],
        &["--log", "louder?=yes"],
        &["--log", "ifno"],
        &["--log", "ifno,acd_engine=debug"],
        &["--log-format", "xml"],
        &["--no-such-flag"],
    ] {
        let mut all = vec!["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"];
        all.extend(arguments);
        let failed = output(&all);
        assert_eq!(failed.status.code(), Some(2), "{arguments:?}");
        assert!(!failed.stderr.is_empty());
    }
}

#[tokio::test]
async fn a_signal_drains_and_stops_it() {
    for signal in ["TERM", "INT"] {
        let mut daemon = Daemon::start(CONFIG).await;
        let mut pbx = daemon.adapter("pbx").await;
        let mut watch = daemon
            .supervisor()
            .await
            .watch(acd::WatchRequest::default())
            .await
            .expect("a watch")
            .into_inner();
        let mut health = HealthClient::new(daemon.channel().await)
            .watch(HealthCheckRequest::default())
            .await
            .expect("a watch")
            .into_inner();
        let first = health.message().await.expect("a live watch").expect("a live watch");
        assert_eq!(first.status(), ServingStatus::Serving);
        pbx.offer_call("c1", "front-desk").await;
        pbx.everything_acknowledged().await;

        daemon.signal(signal);
        let next = soon("a change", health.message()).await.expect("a live watch");
        assert_eq!(next.expect("a live watch").status(), ServingStatus::NotServing);
        assert_eq!(pbx.expect_end_of_stream().await.code(), Code::Unavailable);
        let ended = loop {
            match soon("the end of the watch", watch.message()).await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it ended without a status"),
                Err(status) => break status,
            }
        };
        assert_eq!(ended.code(), Code::Unavailable);
        assert_eq!(daemon.exit().await.code(), Some(0), "SIG{signal}");
    }
}

#[tokio::test]
async fn a_hangup_changes_nothing_and_is_answered_in_the_log() {
    let mut daemon = Daemon::start_with(CONFIG, &["--log", "info,acd_engine=debug"]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "front-desk").await;
    let _sam = daemon.agent("sam").await;
    pbx.expect_offer().await;
    daemon.signal("HUP");
    let line = daemon.until_logged("SIGHUP").await;
    assert!(line.contains("WARN") && line.contains("not reloaded"), "{line}");
    assert!(line.contains("restart"), "{line}");
    pbx.offer_call("c2", "front-desk").await;
    pbx.everything_acknowledged().await;
    daemon.watcher().await.until_calls(2).await;

    daemon.signal("TERM");
    let line = daemon.until_logged("SIGTERM").await;
    for part in ["calls=2", "agents=1", "forgotten"] {
        assert!(line.contains(part), "it says what is lost, {part}: {line}");
    }
    // Stopping is not to be cut short either.
    daemon.signal("HUP");
    drop(pbx);
    assert_eq!(daemon.exit().await.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_stops_it_at_once() {
    let mut daemon = Daemon::start(CONFIG).await;
    let mut health = HealthClient::new(daemon.channel().await)
        .watch(HealthCheckRequest::default())
        .await
        .expect("a watch")
        .into_inner();
    health.message().await.expect("a live watch").expect("a live watch");
    daemon.signal("TERM");
    // Whoever keeps a connection open keeps it waiting for a while.
    let next = soon("a change", health.message()).await.expect("a live watch");
    assert_eq!(next.expect("a live watch").status(), ServingStatus::NotServing);
    daemon.signal("TERM");
    assert_eq!(daemon.exit().await.code(), Some(1));
}

#[tokio::test]
async fn health_and_readiness_are_told() {
    let daemon = Daemon::start(CONFIG).await;
    let mut health = HealthClient::new(daemon.channel().await);
    for service in ["", "acd.v1.AdapterService", "acd.v1.SupervisorService"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = health.check(request).await.expect("a known service").into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let request = HealthCheckRequest { service: "acd.v1.NoSuchService".to_owned() };
    assert_eq!(health.check(request).await.expect_err("unknown").code(), Code::NotFound);

    assert_eq!(get(&daemon, "/healthz").await.0, 200);
    let (code, _, body) = get(&daemon, "/readyz").await;
    assert_eq!(code, 200);
    let ready: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(ready["health"], "serving");
    assert_eq!(get(&daemon, "/no-such-page").await.0, 404);
}

#[tokio::test]
async fn the_status_is_the_same_on_both_ports() {
    let daemon = Daemon::start_fast(CONFIG, 2).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "garden").await;
    pbx.expect_rejected().await;
    pbx.offer_call("c1", "front-desk").await;
    pbx.everything_acknowledged().await;
    daemon.watcher().await.until_calls(1).await;

    let answer = daemon.admin().await.get_status(acd::GetStatusRequest::default()).await;
    let status = answer.expect("a status").into_inner();
    assert_eq!((&*status.domain, &*status.health), ("main", "serving"));
    assert_eq!((status.calls, status.calls_waiting, status.agents_logged_in), (1, 1, 0));
    assert!(status.commands > 0 && status.rejected == 1);
    assert!((status.clock_scale - 2.0).abs() < f64::EPSILON);
    assert!(status.config.ends_with("acdd.toml"), "{}", status.config);
    let pbx_seen = status.adapters.iter().find(|adapter| adapter.adapter == "pbx");
    let pbx_seen = pbx_seen.expect("it has a session");
    assert!(pbx_seen.connected);
    assert_eq!((pbx_seen.calls, &*pbx_seen.software), (1, "end-to-end test"));

    let (code, _, body) = get(&daemon, "/status").await;
    assert_eq!(code, 200);
    let page: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(page["calls"], 1);
    assert_eq!(page["epoch"], status.position.expect("a position").epoch);
    assert_eq!(page["version"], status.version);
}

#[tokio::test]
async fn reflection_lists_the_services_in_both_versions() {
    use tonic_reflection::pb::{v1, v1alpha};
    const EXPECTED: [&str; 6] = [
        "acd.v1.AdapterService",
        "acd.v1.AdminService",
        "acd.v1.AgentService",
        "acd.v1.SupervisorService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1",
    ];
    let daemon = Daemon::start(CONFIG).await;
    let channel = daemon.channel().await;

    let request = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel.clone());
    let answers = client.server_reflection_info(tokio_stream::once(request)).await;
    let answer = answers.expect("a stream").into_inner().message().await.expect("an answer");
    let Some(v1::server_reflection_response::MessageResponse::ListServicesResponse(list)) =
        answer.expect("an answer").message_response
    else {
        panic!("no list");
    };
    for expected in EXPECTED {
        assert!(
            list.service.iter().any(|service| service.name.starts_with(expected)),
            "{expected}"
        );
    }

    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            v1alpha::server_reflection_request::MessageRequest::FileContainingSymbol(
                "acd.v1.AdapterService".to_owned(),
            ),
        ),
    };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let answers = client.server_reflection_info(tokio_stream::once(request)).await;
    let answer = answers.expect("a stream").into_inner().message().await.expect("an answer");
    assert!(matches!(
        answer.expect("an answer").message_response,
        Some(v1alpha::server_reflection_response::MessageResponse::FileDescriptorResponse(_))
    ));
}

#[tokio::test]
async fn the_data_folder_keeps_the_epoch_and_belongs_to_one_daemon() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().to_str().expect("a path in UTF-8");
    let mut hello = Hello::of("pbx");
    let mut last = 0;
    for _ in 0..2 {
        let mut daemon = Daemon::start_with(CONFIG, &["--journal", data]).await;
        let pbx = daemon.open_session(hello.clone()).await.expect("a session");
        assert!(pbx.epoch() > last, "each start begins a higher epoch");
        last = pbx.epoch();
        assert!(!pbx.welcome.resumed, "no session outlives its epoch");
        hello = pbx.introduction();
        let second =
            output(&["--journal", data, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        assert_eq!(second.status.code(), Some(1));
        assert!(errors(&second).contains("another acdd"), "{}", errors(&second));
        daemon.signal("TERM");
        assert_eq!(daemon.exit().await.code(), Some(0));
    }
}

#[tokio::test]
async fn logs_are_json_on_request_and_hold_no_caller_data() {
    let mut daemon = Daemon::start_with(CONFIG, &["--log", "trace", "--log-format", "json"]).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    let mut call = crate::harness::call("secret-call", "front-desk");
    call.attributes.insert("secret-key".into(), "secret-value".into());
    pbx.offer_call_with(call.clone()).await;
    let offer = pbx.expect_offer().await;
    pbx.offer_call_with(call).await;
    pbx.expect_rejected().await;
    pbx.answer(&offer).await;
    pbx.end_call("secret-call").await;
    pbx.everything_acknowledged().await;
    daemon.signal("TERM");
    assert_eq!(daemon.exit().await.code(), Some(0));

    let log = daemon.log();
    assert!(log.lines().count() > 3, "{log}");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    assert!(!log.contains("secret-"), "a call id or an attribute is in the log");
}

#[tokio::test]
async fn the_demo_rings_the_devices_that_endpoints_name() {
    let config = CONFIG.replace(
        "sam = { name = \"Sam Whitaker\" }",
        "sam = { name = \"Sam Whitaker\", endpoints = { voice = \"desk:PJSIP/201\" } }",
    );
    let daemon = Daemon::start_with(&config, &["--demo", "--clock-scale", "50"]).await;
    let mut watcher = daemon.watcher().await;
    let sam_talks = |event: &acd::Event| event.kind == "call_connected" && event.agent == "sam";
    while !watcher.events.iter().any(sam_talks) {
        watcher.take_in().await;
    }
}

#[tokio::test]
async fn the_demo_keeps_the_daemon_busy() {
    let daemon = Daemon::start_built_in(&["--demo", "--clock-scale", "50"]).await;
    let mut watcher = daemon.watcher().await;
    for kind in ["call_connected", "call_ended", "offer_ended"] {
        while !watcher.events.iter().any(|event| event.kind == kind) {
            watcher.take_in().await;
        }
    }
    assert!(daemon.log().contains("acdctl"), "it says where to look");
    let answer = daemon.admin().await.get_status(acd::GetStatusRequest::default()).await;
    let status = answer.expect("a status").into_inner();
    assert!(status.adapters.iter().any(|adapter| adapter.adapter == "demo" && adapter.connected));
}
