//! What must not be: each mistake is answered precisely, and disturbs nothing else.

use crate::CONFIG;
use crate::harness::{Adapter, Daemon, call};
use acd_proto::v1 as acd;
use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::offer_result::Result as How;
use tonic::Code;

/// The rejection of the message just sent, and proof that the stream lives on.
async fn rejection(pbx: &mut Adapter) -> acd::Rejected {
    let number = pbx.sent;
    let rejected = pbx.expect_rejected().await;
    assert_eq!(rejected.rejected_number, number, "it names the message");
    assert!(!rejected.message.is_empty());
    rejected
}

#[tokio::test]
async fn unknown_names_are_rejected_one_by_one() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;

    pbx.offer_call("c1", "garden").await;
    let rejected = rejection(&mut pbx).await;
    assert_eq!((&*rejected.code, &*rejected.field), ("unknown_queue", "queue"));
    assert!(rejected.message.contains("garden"), "{}", rejected.message);

    pbx.end_call("c1").await;
    assert_eq!(rejection(&mut pbx).await.code, "unknown_call");
    pbx.result(4711, How::Ringing).await;
    assert_eq!(rejection(&mut pbx).await.code, "unknown_offer");
    pbx.say(Up::CallBridged(acd::CallBridged::default())).await;
    assert_eq!(rejection(&mut pbx).await.code, "unknown_offer");
    pbx.say(Up::AgentLegLost(acd::AgentLegLost { call_id: "c9".into() })).await;
    assert_eq!(rejection(&mut pbx).await.code, "unknown_call");
    pbx.say(Up::WrapUpDone(acd::WrapUpDone { agent: "nobody".into(), ..Default::default() })).await;
    assert_eq!(rejection(&mut pbx).await.code, "unknown_agent");

    // The session is as good as new.
    pbx.offer_call("c1", "front-desk").await;
    pbx.everything_acknowledged().await;
    assert_eq!(daemon.calls().await.len(), 1);
}

#[tokio::test]
async fn a_call_id_is_unique_among_live_calls() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "front-desk").await;
    pbx.offer_call("c1", "billing").await;
    assert_eq!(rejection(&mut pbx).await.code, "call_exists");
    assert_eq!(daemon.queue("billing").await.waiting, 0, "nothing has changed");
    pbx.end_call("c1").await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;
    assert_eq!(daemon.queue("billing").await.waiting, 1, "it may be used again");
}

#[tokio::test]
async fn a_revoked_offer_cannot_be_accepted() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut sam = daemon.agent("sam").await;
    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    sam.not_ready("").await.expect("he may go");
    pbx.expect_revoke().await;

    pbx.accepted(&offer).await;
    let rejected = rejection(&mut pbx).await;
    assert_eq!(rejected.code, "offer_over");
    pbx.bridged(&offer).await;
    assert_eq!(rejection(&mut pbx).await.code, "offer_over");
    assert_eq!(daemon.queue("front-desk").await.waiting, 1, "the call waits on");
}

#[tokio::test]
async fn what_a_call_is_not_in_the_state_for_is_rejected() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.say(Up::CallHeld(acd::CallHeld { call_id: "c1".into() })).await;
    assert_eq!(rejection(&mut pbx).await.code, "wrong_state");
    pbx.bridged(&offer).await;
    assert_eq!(rejection(&mut pbx).await.code, "wrong_state", "nobody has accepted");
    pbx.answer(&offer).await;
    pbx.everything_acknowledged().await;
}

#[tokio::test]
async fn fields_have_bounds() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let with = |key: String, value: String| acd::CallOffered {
        attributes: [(key, value)].into(),
        ..call("c1", "front-desk")
    };
    let many = (0..65).map(|number| (format!("k{number}"), String::new())).collect();
    let cases = [
        (call("", "front-desk"), "malformed", "call_id"),
        (call("a\nb", "front-desk"), "malformed", "call_id"),
        (call(&"x".repeat(129), "front-desk"), "too_large", "call_id"),
        (call("c1", ""), "no_routes", "queue"),
        (
            acd::CallOffered { priority: Some(10), ..call("c1", "front-desk") },
            "malformed",
            "priority",
        ),
        (with("k".repeat(65), String::new()), "too_large", "attributes"),
        (with("k".into(), "v".repeat(257)), "too_large", "attributes"),
        (with(String::new(), "v".into()), "malformed", "attributes"),
        (
            acd::CallOffered { attributes: many, ..call("c1", "front-desk") },
            "too_large",
            "attributes",
        ),
    ];
    for (wrong, code, field) in cases {
        pbx.offer_call_with(wrong).await;
        let rejected = rejection(&mut pbx).await;
        assert_eq!((&*rejected.code, &*rejected.field), (code, field));
    }
    let attributes = (0..64).map(|number| (format!("{number:064}"), "v".repeat(256))).collect();
    let full = acd::CallOffered { attributes, ..call(&"x".repeat(128), "front-desk") };
    pbx.offer_call_with(full).await;
    pbx.everything_acknowledged().await;
}

#[tokio::test]
async fn a_message_that_says_nothing_is_malformed() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    for body in [
        None,
        Some(Up::Hello(acd::Hello::default())),
        Some(Up::Heartbeat(acd::Heartbeat {})),
        Some(Up::OfferResult(acd::OfferResult { offer_number: 1, ..Default::default() })),
        Some(Up::OfferResult(acd::OfferResult { offer_number: 1, result: 77, offer_epoch: 0 })),
    ] {
        pbx.sent += 1;
        pbx.send_raw(acd::AdapterMessage { number: pbx.sent, ack: pbx.taken, body }).await;
        assert_eq!(rejection(&mut pbx).await.code, "malformed");
    }
    pbx.offer_call("c1", "front-desk").await;
    pbx.everything_acknowledged().await;
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_stream_and_the_session_can_go_on() {
    let daemon = Daemon::start(CONFIG).await;
    let mut other = daemon.adapter("other").await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "front-desk").await;
    pbx.everything_acknowledged().await;
    let hello = pbx.introduction();
    let attributes = [("k".to_owned(), "v".repeat(70_000))].into();
    pbx.offer_call_with(acd::CallOffered { attributes, ..call("c2", "front-desk") }).await;
    let status = pbx.expect_end_of_stream().await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("65536"), "{status}");

    let mut pbx = daemon.open_session(hello).await.expect("the session goes on");
    assert!(pbx.welcome.resumed);
    pbx.offer_call("c2", "front-desk").await;
    pbx.everything_acknowledged().await;
    other.offer_call("c1", "billing").await;
    other.everything_acknowledged().await;
    assert_eq!(daemon.calls().await.len(), 3, "nothing is lost, nobody else has noticed");
}

#[tokio::test]
async fn an_acknowledgement_of_what_was_never_sent_ends_the_stream() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let body = Some(Up::CallOffered(call("c1", "front-desk")));
    pbx.send_raw(acd::AdapterMessage { number: 1, ack: 99, body }).await;
    let status = pbx.expect_end_of_stream().await;
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_call_without_a_pbx_has_the_same_bounds() {
    let daemon = Daemon::start(CONFIG).await;
    let mut manual = daemon.manual().await;
    let mut offer = async |call: Option<acd::CallOffered>| {
        let request = acd::OfferCallRequest { call, ..Default::default() };
        manual.offer_call(request).await.expect_err("it is refused")
    };
    let status = offer(None).await;
    assert_eq!(status.code(), Code::InvalidArgument);
    let status = offer(Some(call("c1", "garden"))).await;
    assert_eq!(status.code(), Code::NotFound);
    assert!(status.message().contains("garden"), "{status}");
    let status = offer(Some(call("", "front-desk"))).await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("call_id"), "{status}");
    assert_eq!(status.metadata().get("acd-code").expect("the stable code"), "malformed");
    let priority = Some(10);
    let status = offer(Some(acd::CallOffered { priority, ..call("c1", "front-desk") })).await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("priority"), "{status}");
}
