//! One call and one agent: how an offer goes, and all the ways in which it ends.

use crate::CONFIG;
use crate::harness::Daemon;
use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::revoke::Reason;
use acd_proto::v1::{self as acd, AgentLegLost, CallHeld, CallRetrieved, CallState, ConnectFailed};
use tonic::Code;

#[tokio::test]
async fn a_call_is_offered_answered_and_handled() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut sam = daemon.agent("sam").await;

    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    assert_eq!(offer.agent, "sam");
    assert_eq!(offer.address, "sam", "without an endpoint the agent's id is rung");
    assert_eq!(offer.queue, "front-desk");
    assert_eq!(offer.priority, 5);
    let call = offer.call.clone().expect("an offer names its call");
    assert_eq!((&*call.adapter, &*call.call_id), ("pbx", "c1"));

    pbx.ringing(&offer).await;
    pbx.accepted(&offer).await;
    let connect = pbx.expect_connect().await;
    assert_eq!((connect.offer_number, &*connect.agent), (offer.offer_number, "sam"));
    pbx.bridged(&offer).await;
    pbx.everything_acknowledged().await;
    assert_eq!(daemon.agent_seen("sam").await.state, "talking");
    assert_eq!(daemon.queue("front-desk").await.connected, 1);

    pbx.say(Up::CallHeld(CallHeld { call_id: "c1".into() })).await;
    watcher.until("call_held", "c1").await;
    pbx.say(Up::CallRetrieved(CallRetrieved { call_id: "c1".into() })).await;
    pbx.end_call("c1").await;
    let ended = watcher.until("call_ended", "c1").await;
    assert_eq!(ended.detail, "handled");
    assert_eq!(
        watcher.story("c1"),
        [
            "call_arrived:voice",
            "place_entered",
            "offer_issued",
            "offer_ringing",
            "offer_ended:accepted",
            "call_connecting",
            "call_connected",
            "place_left:connected",
            "call_held",
            "call_retrieved",
            "call_ended:handled",
        ]
    );

    assert_eq!(daemon.agent_seen("sam").await.state, "wrap_up");
    assert!(daemon.calls().await.is_empty(), "an ended call is gone");
    sam.end_wrap_up().await.expect("there is wrap-up to end");
    assert_eq!(daemon.agent_seen("sam").await.state, "ready");
    let queue = daemon.queue("front-desk").await;
    assert_eq!((queue.entered, queue.answered, queue.abandoned, queue.waiting), (1, 1, 0, 0));
    assert_eq!(queue.answered_in_time, 1);
}

#[tokio::test]
async fn wrap_up_ends_by_itself_and_the_next_call_comes() {
    let config = CONFIG.replace("wrap_up = \"10m\"", "wrap_up = \"10s\"");
    let daemon = Daemon::start_fast(&config, 100).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;

    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.offer_call("c2", "front-desk").await;
    pbx.end_call("c1").await;
    let next = pbx.expect_offer().await;
    assert_eq!(next.call.expect("an offer names its call").call_id, "c2");
    assert!(next.offer_number > offer.offer_number, "offers are counted");
}

#[tokio::test]
async fn an_agent_who_needs_longer_for_his_notes_extends_wrap_up() {
    let config =
        CONFIG.replace("wrap_up = \"10m\"", "wrap_up = \"10m\"\nwrap_up_at_most = \"15m\"");
    let daemon = Daemon::start(&config).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut sam = daemon.agent("sam").await;
    let refused = sam.extend_wrap_up(60).await.expect_err("there is nothing to extend");
    assert_eq!(refused.code(), Code::FailedPrecondition);

    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.end_call("c1").await;
    watcher.until("call_ended", "c1").await;
    let slot = |agent: acd::Agent| {
        let slot = agent.slots.into_iter().next().expect("he has a slot");
        (slot.since.expect("it began"), slot.until.expect("it ends").seconds)
    };
    let (since, until) = slot(daemon.agent_seen("sam").await);
    let answer = sam.extend_wrap_up(60).await.expect("a minute more");
    assert_eq!(slot(answer.agent.expect("his row")), (since, until + 60));
    sam.extend_wrap_up(3600).await.expect("as long as it may be");
    assert_eq!(slot(daemon.agent_seen("sam").await), (since, until + 300));

    let refused = sam.extend_wrap_up(1).await.expect_err("it is as long as it may be");
    assert_eq!(refused.message(), "the agent's wrap-up is as long as it may be already");
    for by in [0, -5] {
        let refused = sam.extend_wrap_up(by).await.expect_err("no length of time");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn a_missed_offer_goes_to_the_next_agent() {
    let config = CONFIG.replace("ring = \"10m\"", "ring = \"80s\"");
    let daemon = Daemon::start_fast(&config, 40).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ben = daemon.agent("ben").await;
    let _ana = daemon.agent("ana").await;

    pbx.offer_call("c1", "billing").await;
    let first = pbx.expect_offer().await;
    assert_eq!(first.agent, "ben", "the more skilled one first");
    pbx.ringing(&first).await;

    let revoke = pbx.expect_revoke().await;
    assert_eq!(revoke.offer_number, first.offer_number);
    assert_eq!(revoke.reason(), Reason::NoAnswer);
    let second = pbx.expect_offer().await;
    assert_eq!(second.agent, "ana", "who missed it is skipped for a while");
    pbx.answer(&second).await;
    pbx.end_call("c1").await;
    watcher.until("call_ended", "c1").await;
    assert!(watcher.story("c1").contains(&"offer_ended:no_answer".to_owned()));
}

#[tokio::test]
async fn a_declined_offer_goes_to_the_next_agent_at_once() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ben = daemon.agent("ben").await;
    let _ana = daemon.agent("ana").await;

    pbx.offer_call("c1", "billing").await;
    let first = pbx.expect_offer().await;
    pbx.declined(&first).await;
    let second = pbx.expect_offer().await;
    assert_eq!((&*first.agent, &*second.agent), ("ben", "ana"));
}

#[tokio::test]
async fn a_caller_who_hangs_up_while_it_rings_stops_the_ringing() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;

    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.ringing(&offer).await;
    pbx.end_call("c1").await;

    let revoke = pbx.expect_revoke().await;
    assert_eq!(revoke.offer_number, offer.offer_number);
    assert_eq!(revoke.reason(), Reason::CallEnded);
    let ended = watcher.until("call_ended", "c1").await;
    assert_eq!(ended.detail, "short_abandoned", "he waited less than short_abandon");
    assert_eq!(daemon.agent_seen("sam").await.state, "ready", "the agent is free again");

    // Too late: the offer is over.
    pbx.accepted(&offer).await;
    let rejected = pbx.expect_rejected().await;
    assert_eq!(rejected.code, "offer_over");
}

#[tokio::test]
async fn an_agent_answers_at_the_desktop_and_the_adapter_is_told_to_connect() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut sam = daemon.agent("sam").await;

    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    let answer = sam.accept(0).await.expect("it is the only offer to him");
    assert_eq!(answer.agent.expect("the agent after it").state, "connecting");
    assert_eq!(pbx.expect_connect().await.offer_number, offer.offer_number);
    pbx.bridged(&offer).await;
    pbx.everything_acknowledged().await;
    assert_eq!(daemon.calls().await[0].state(), CallState::Connected);
}

#[tokio::test]
async fn an_agent_declines_at_the_desktop_and_the_adapter_stops_ringing() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut ben = daemon.agent("ben").await;
    let _ana = daemon.agent("ana").await;

    pbx.offer_call("c1", "billing").await;
    let first = pbx.expect_offer().await;
    ben.decline(first.offer_number).await.expect("it is out to him");
    let revoke = pbx.expect_revoke().await;
    assert_eq!(revoke.reason(), Reason::Declined);
    assert_eq!(pbx.expect_offer().await.agent, "ana");
}

#[tokio::test]
async fn an_agent_who_leaves_while_it_rings_gives_the_call_back() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut sam = daemon.agent("sam").await;

    pbx.offer_call("c1", "front-desk").await;
    let first = pbx.expect_offer().await;
    sam.not_ready("break").await.expect("he may go");
    let revoke = pbx.expect_revoke().await;
    assert_eq!(revoke.reason(), Reason::AgentUnavailable);

    // It was not his miss: he is not skipped when he comes back.
    sam.ready().await.expect("he may come back");
    let second = pbx.expect_offer().await;
    assert_eq!(second.agent, "sam");
    assert!(second.offer_number > first.offer_number);
}

#[tokio::test]
async fn a_failed_connect_gives_the_call_to_somebody_else() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ben = daemon.agent("ben").await;
    let _ana = daemon.agent("ana").await;

    pbx.offer_call("c1", "billing").await;
    let first = pbx.expect_offer().await;
    pbx.accepted(&first).await;
    pbx.expect_connect().await;
    let offer_number = first.offer_number;
    pbx.say(Up::ConnectFailed(ConnectFailed { offer_number, offer_epoch: 0 })).await;
    let second = pbx.expect_offer().await;
    assert_eq!((&*first.agent, &*second.agent), ("ben", "ana"));
}

#[tokio::test]
async fn a_connect_that_takes_too_long_has_failed() {
    let config = CONFIG.replace("connect_within = \"10m\"", "connect_within = \"10s\"");
    let daemon = Daemon::start_fast(&config, 40).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;

    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.accepted(&offer).await;
    pbx.expect_connect().await;
    let revoke = pbx.expect_revoke().await;
    assert_eq!(revoke.offer_number, offer.offer_number);
    assert_eq!(revoke.reason(), Reason::ConnectTimeout);
}

#[tokio::test]
async fn a_caller_whose_agent_drops_out_is_next() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ben = daemon.agent("ben").await;

    pbx.offer_call("c1", "front-desk").await;
    let first = pbx.expect_offer().await;
    pbx.answer(&first).await;
    pbx.offer_call("c2", "front-desk").await;
    pbx.say(Up::AgentLegLost(AgentLegLost { call_id: "c1".into() })).await;
    pbx.everything_acknowledged().await;
    assert_eq!(daemon.agent_seen("ben").await.state, "wrap_up");

    let _ana = daemon.agent("ana").await;
    let second = pbx.expect_offer().await;
    assert_eq!(second.agent, "ana");
    assert_eq!(second.call.expect("an offer names its call").call_id, "c1");
}

#[tokio::test]
async fn a_call_without_a_pbx_is_held_by_the_built_in_adapter() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut manual = daemon.manual().await;
    let mut sam = daemon.agent("sam").await;

    let request = acd_proto::v1::OfferCallRequest {
        call: Some(crate::harness::call("mine", "front-desk")),
        ..Default::default()
    };
    let answer = manual.offer_call(request.clone()).await.expect("it is offered").into_inner();
    assert_eq!(answer.call.expect("the call's name").adapter, "manual");
    let seen = daemon.calls().await;
    assert_eq!(seen.len(), 1, "what was answered can be seen");
    assert!(answer.position.expect("a position").number > 0);

    let again = manual.offer_call(request).await.expect_err("the id is taken");
    assert_eq!(again.code(), tonic::Code::AlreadyExists);

    sam.accept(0).await.expect("it is offered to him");
    watcher.until("call_connected", "mine").await;
    let hang_up = acd_proto::v1::HangUpRequest { call_id: "mine".into(), ..Default::default() };
    manual.hang_up(hang_up.clone()).await.expect("the call lives");
    assert!(daemon.calls().await.is_empty(), "what was answered can be seen");
    let again = manual.hang_up(hang_up).await.expect_err("the call is over");
    assert_eq!(again.code(), tonic::Code::NotFound);
}
