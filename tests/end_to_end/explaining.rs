//! Why a call is where it is, asked of the real daemon by the operator's client.

use crate::CONFIG;
use crate::harness::{Daemon, acdctl};
use tonic::Code;

fn told(daemon: &Daemon, arguments: &[&str]) -> String {
    let server = daemon.grpc.to_string();
    let output = acdctl(&[&["--server", &server, "explain"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calls_story_is_told_while_it_lives_and_after() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ana = daemon.agent("ana").await;
    let _ben = daemon.agent("ben").await;
    pbx.offer_call("c1", "billing").await;
    let offer = pbx.expect_offer().await;
    pbx.offer_call("c2", "spanish").await;
    let second = pbx.expect_offer().await;
    pbx.everything_acknowledged().await;
    assert_eq!((&*offer.agent, &*second.agent), ("ben", "ana"));

    let text = told(&daemon, &["c1", "--adapter", "pbx"]);
    assert!(text.starts_with("c1 (pbx) is being offered to ben, for "), "{text}");
    assert!(text.contains("ben and ana were free; ben is the more able (9 against 5)"), "{text}");

    // Ana is offered c2; nobody else speaks Spanish, so c3 waits.
    pbx.offer_call("c3", "spanish").await;
    pbx.everything_acknowledged().await;
    let text = told(&daemon, &["c3", "--adapter", "pbx", "--agent", "ben"]);
    assert!(text.starts_with("c3 (pbx) waits, for "), "{text}");
    let none = "Only one qualifies, and cannot take it now: 1 is being offered another call.";
    assert!(text.contains(none), "{text}");
    assert!(
        text.contains("Others do not qualify: 1 has too little billing or none and 1 has too little spanish or none."),
        "{text}"
    );
    assert!(text.contains("- ben would need spanish 6, and has not got it"), "{text}");
    assert!(text.contains("the rule `give-up` ends it (message)."), "{text}");

    pbx.end_call("c3").await;
    pbx.everything_acknowledged().await;
    let text = told(&daemon, &["c3", "--adapter", "pbx"]);
    assert!(text.starts_with("c3 (pbx) is over: short abandoned."), "{text}");
    assert!(text.ends_with("over: the caller hung up at once\n"), "{text}");
    let json = told(&daemon, &["c3", "--adapter", "pbx", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["now"], serde_json::Value::Null);
    assert_eq!(json["story"][0]["kind"], "call_arrived");
}

#[tokio::test]
async fn what_is_not_known_is_named() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;
    let ask = async |call: Option<(&str, &str)>, agent: &str| {
        let call = call.map(|(adapter, call_id)| acd_proto::v1::CallRef {
            adapter: adapter.to_owned(),
            call_id: call_id.to_owned(),
        });
        let (domain, agent) = (String::new(), agent.to_owned());
        let question = acd_proto::v1::ExplainRequest { domain, call, agent };
        daemon.supervisor().await.explain(question).await.map(tonic::Response::into_inner)
    };
    for (call, agent, code, names) in [
        (Some(("pbx", "c9")), "", Code::NotFound, "no live call"),
        (Some(("abx", "c1")), "", Code::NotFound, "abx"),
        (Some(("pbx", "c1")), "zoe", Code::NotFound, "zoe"),
        (None, "", Code::InvalidArgument, "call"),
    ] {
        let status = ask(call, agent).await.expect_err("there is no such thing");
        assert_eq!(status.code(), code, "{status}");
        assert!(status.message().contains(names), "{status}");
    }
    let explained = ask(Some(("pbx", "c1")), "ana").await.expect("there is");
    let asked: Vec<_> = explained.places[0].asked.iter().map(|it| &*it.kind).collect();
    assert_eq!(asked, ["logged_out"]);
}
