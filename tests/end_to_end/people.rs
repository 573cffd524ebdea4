//! Agents and supervisors: what they may ask for, and the answers when they may not.

use crate::CONFIG;
use crate::harness::{Daemon, acdctl};
use acd_proto::v1::{self as acd, Presence, Treatment};
use tonic::Code;

fn actor(name: &str) -> Option<acd::Actor> {
    Some(acd::Actor { name: name.into(), reason: "a test".into() })
}

fn named(call_id: &str) -> Option<acd::CallRef> {
    Some(acd::CallRef { adapter: "pbx".into(), call_id: call_id.into() })
}

#[tokio::test]
async fn an_agents_day() {
    let daemon = Daemon::start(CONFIG).await;
    let mut sam = daemon.agent_at_home("sam").await;
    let answer = sam.log_in(false).await.expect("he comes to work");
    let himself = answer.agent.expect("the agent after it");
    assert_eq!((himself.presence(), &*himself.state), (Presence::NotReady, "not_ready"));
    let answer = sam.ready().await.expect("he is ready");
    assert_eq!(answer.agent.expect("the agent after it").state, "ready");
    let answer = sam.not_ready("break").await.expect("he has a break");
    let himself = answer.agent.expect("the agent after it");
    assert_eq!((&*himself.state, &*himself.reason), ("not_ready", "break"));
    let answer = sam.log_out().await.expect("he goes home");
    assert_eq!(answer.agent.expect("the agent after it").state, "logged_out");
}

#[tokio::test]
async fn what_an_agent_asks_for_during_a_call_is_pending() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut ben = daemon.agent("ben").await;
    pbx.offer_call("c1", "billing").await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.everything_acknowledged().await;

    let answer = ben.not_ready("break").await.expect("it may be asked for");
    let himself = answer.agent.expect("the agent after it");
    assert_eq!((himself.presence(), himself.pending()), (Presence::Ready, Presence::NotReady));
    assert_eq!(himself.pending_reason, "break");
    pbx.end_call("c1").await;
    pbx.everything_acknowledged().await;
    ben.end_wrap_up().await.ok();
    assert_eq!(daemon.agent_seen("ben").await.presence(), Presence::NotReady);
}

#[tokio::test]
async fn an_agents_mistakes_are_named() {
    let daemon = Daemon::start(CONFIG).await;
    let mut nobody = daemon.agent_at_home("nobody").await;
    let status = nobody.log_in(true).await.expect_err("there is no such agent");
    assert_eq!(status.code(), Code::NotFound);
    assert!(status.message().contains("nobody"), "{status}");

    let mut sam = daemon.agent_at_home("sam").await;
    let status = sam.ready().await.expect_err("he is not at work");
    assert_eq!(status.code(), Code::FailedPrecondition);
    let status = sam.log_out().await.expect_err("he is not at work");
    assert_eq!(status.code(), Code::FailedPrecondition);
    sam.log_in(true).await.expect("he comes to work");
    let status = sam.log_in(true).await.expect_err("he is at work");
    assert_eq!(status.code(), Code::FailedPrecondition);

    let status = sam.not_ready("nap").await.expect_err("no such reason");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("reason"), "{status}");
    let status = sam.presence(Presence::Ready, "break").await.expect_err("no reason to be ready");
    assert_eq!(status.code(), Code::InvalidArgument);
    for none in [Presence::Unspecified, Presence::LoggedOut] {
        let status = sam.presence(none, "").await.expect_err("not this way");
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains("presence"), "{status}");
    }
    let status = sam.accept(0).await.expect_err("no offer is out");
    assert_eq!(status.code(), Code::FailedPrecondition);
    let status = sam.decline(17).await.expect_err("no such offer");
    assert_eq!(status.code(), Code::NotFound);
    let status = sam.end_wrap_up().await.expect_err("no wrap-up");
    assert_eq!(status.code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn an_agent_whose_desktop_falls_silent_is_not_ready_until_it_is_back() {
    let config = CONFIG.replace("[presence]", "[presence]\nheartbeat_within = \"2s\"");
    let daemon = Daemon::start_fast(&config, 100).await;
    let mut watcher = daemon.watcher().await;
    let _sam = daemon.agent("sam").await;
    let server = daemon.grpc.to_string();
    let heartbeat = || acdctl(&["--server", &server, "agent", "heartbeat", "sam"]);
    let heard = heartbeat();
    let text = String::from_utf8_lossy(&heard.stdout).into_owned();
    assert_eq!(text, "sam was heard; the next is due within 2s\n", "{heard:?}");

    watcher.until_told("heartbeat_changed", "lost").await;
    let sam = daemon.agent_seen("sam").await;
    assert_eq!((&*sam.state, &*sam.reason), ("not_ready", "heartbeat_lost"));
    assert_eq!(sam.pending(), Presence::Ready);
    assert_eq!(heartbeat().status.code(), Some(0));
    assert_eq!(daemon.agent_seen("sam").await.state, "ready");
}

#[tokio::test]
async fn an_offer_that_is_over_says_how_it_ended() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut sam = daemon.agent("sam").await;
    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.end_call("c1").await;
    pbx.expect_revoke().await;
    let status = sam.accept(offer.offer_number).await.expect_err("the caller is gone");
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.message().contains("hung up"), "{status}");
}

#[tokio::test]
async fn a_supervisor_moves_raises_and_ends_calls() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut supervisor = daemon.supervisor().await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;

    let request = acd::SetCallPriorityRequest {
        actor: actor("olga"),
        call: named("c1"),
        priority: 9,
        ..Default::default()
    };
    let answer = supervisor.set_call_priority(request).await.expect("she may").into_inner();
    assert_eq!(daemon.calls().await[0].priority, 9);
    watcher.catch_up(answer.position.expect("a position")).await;
    let changed = watcher.until("priority_changed", "c1").await;
    let origin = changed.origin.expect("an origin");
    assert_eq!((origin.kind(), &*origin.name), (acd::origin::Kind::Person, "olga"));
    assert_eq!(origin.reason, "a test");

    let request = acd::MoveCallRequest {
        actor: actor("olga"),
        call: named("c1"),
        queue: "front-desk".into(),
        ..Default::default()
    };
    supervisor.move_call(request).await.expect("she may");
    assert_eq!(daemon.calls().await[0].places[0].queue, "front-desk");

    let request = acd::EndCallRequest {
        actor: actor("olga"),
        call: named("c1"),
        treatment: Treatment::Busy.into(),
        ..Default::default()
    };
    supervisor.end_call(request).await.expect("she may");
    let end = pbx.expect_end().await;
    assert_eq!((end.treatment(), &*end.rule), (Treatment::Busy, ""));
    assert_eq!(watcher.until("call_ended", "c1").await.detail, "overflowed");
}

#[tokio::test]
async fn moving_a_call_stops_its_ringing() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ben = daemon.agent("ben").await;
    pbx.offer_call("c1", "billing").await;
    pbx.expect_offer().await;
    let request = acd::MoveCallRequest {
        actor: actor("olga"),
        call: named("c1"),
        queue: "front-desk".into(),
        ..Default::default()
    };
    daemon.supervisor().await.move_call(request).await.expect("she may");
    let revoke = pbx.expect_revoke().await;
    assert_eq!(revoke.reason(), acd::revoke::Reason::CallMoved);
    let offer = pbx.expect_offer().await;
    assert_eq!((&*offer.agent, &*offer.queue), ("ben", "front-desk"));
}

#[tokio::test]
async fn a_supervisor_sets_an_agents_presence() {
    let daemon = Daemon::start(CONFIG).await;
    let mut supervisor = daemon.supervisor().await;
    let mut request = acd::SetAgentPresenceRequest {
        actor: actor("olga"),
        agent: "sam".into(),
        presence: Presence::Ready.into(),
        ..Default::default()
    };
    supervisor.set_agent_presence(request.clone()).await.expect("she may");
    assert_eq!(daemon.agent_seen("sam").await.state, "ready");
    request.presence = Presence::NotReady.into();
    supervisor.set_agent_presence(request.clone()).await.expect("she may");
    let sam = daemon.agent_seen("sam").await;
    assert_eq!((&*sam.state, &*sam.reason), ("not_ready", "forced"));
    request.presence = Presence::LoggedOut.into();
    supervisor.set_agent_presence(request).await.expect("she may");
    assert_eq!(daemon.agent_seen("sam").await.state, "logged_out");
}

#[tokio::test]
async fn nobody_intervenes_without_a_name() {
    let daemon = Daemon::start(CONFIG).await;
    let mut supervisor = daemon.supervisor().await;
    for nobody in [None, actor("")] {
        let actor = nobody.clone();
        let call = named("c1");
        let request = acd::EndCallRequest { actor, call, ..Default::default() };
        let status = supervisor.end_call(request).await.expect_err("who?");
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains("actor.name"), "{status}");
        let request = acd::SetAgentPresenceRequest {
            actor: nobody,
            agent: "sam".into(),
            presence: Presence::Ready.into(),
            ..Default::default()
        };
        let status = supervisor.set_agent_presence(request).await.expect_err("who?");
        assert!(status.message().contains("actor.name"), "{status}");
    }
    let request = acd::EndCallRequest {
        actor: actor(&"x".repeat(129)),
        call: named("c1"),
        ..Default::default()
    };
    let status = supervisor.end_call(request).await.expect_err("too long a name");
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_supervisors_mistakes_are_named() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut supervisor = daemon.supervisor().await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;

    let request =
        acd::EndCallRequest { actor: actor("olga"), call: named("c9"), ..Default::default() };
    let status = supervisor.end_call(request).await.expect_err("no such call");
    assert_eq!(status.code(), Code::NotFound);
    let request = acd::EndCallRequest { actor: actor("olga"), ..Default::default() };
    let status = supervisor.end_call(request).await.expect_err("which call?");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("call"), "{status}");
    let request = acd::EndCallRequest {
        actor: actor("olga"),
        call: named("c1"),
        treatment: 99,
        ..Default::default()
    };
    let status = supervisor.end_call(request).await.expect_err("no such treatment");
    assert!(status.message().contains("treatment"), "{status}");
    let request = acd::MoveCallRequest {
        actor: actor("olga"),
        call: named("c1"),
        queue: "garden".into(),
        ..Default::default()
    };
    let status = supervisor.move_call(request).await.expect_err("no such queue");
    assert_eq!(status.code(), Code::NotFound);
    let request = acd::SetCallPriorityRequest {
        actor: actor("olga"),
        call: named("c1"),
        priority: 10,
        ..Default::default()
    };
    let status = supervisor.set_call_priority(request).await.expect_err("no such priority");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("priority"), "{status}");
    assert_eq!(daemon.calls().await[0].priority, 5, "nothing has changed");
}

#[tokio::test]
async fn calls_are_listed_oldest_first_by_queue_and_up_to_a_limit() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    for (call, queue) in [("c1", "billing"), ("c2", "spanish"), ("c3", "billing")] {
        pbx.offer_call(call, queue).await;
    }
    pbx.everything_acknowledged().await;
    let mut watcher = daemon.watcher().await;
    if watcher.calls.len() < 3 {
        watcher.until("call_arrived", "c3").await;
    }

    let mut supervisor = daemon.supervisor().await;
    let request = acd::ListCallsRequest { queue: "billing".into(), limit: 1, ..Default::default() };
    let answer = supervisor.list_calls(request).await.expect("a list").into_inner();
    assert_eq!((answer.calls.len(), answer.total), (1, 2));
    assert_eq!(answer.calls[0].call, named("c1"));
    let request = acd::ListCallsRequest { queue: "garden".into(), ..Default::default() };
    let status = supervisor.list_calls(request).await.expect_err("no such queue");
    assert_eq!(status.code(), Code::NotFound);
    let request = acd::ListCallsRequest { limit: 10_001, ..Default::default() };
    let status = supervisor.list_calls(request).await.expect_err("too many");
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn there_is_only_one_domain() {
    let daemon = Daemon::start(CONFIG).await;
    let domain = || "elsewhere".to_owned();
    let mut supervisor = daemon.supervisor().await;
    let request = acd::ListQueuesRequest { domain: domain() };
    assert_eq!(supervisor.list_queues(request).await.expect_err("none").code(), Code::NotFound);
    let request = acd::WatchRequest { domain: domain(), ..Default::default() };
    assert_eq!(supervisor.watch(request).await.expect_err("none").code(), Code::NotFound);
    let request = acd::GetStatusRequest { domain: domain() };
    let status = daemon.admin().await.get_status(request).await.expect_err("none");
    assert_eq!(status.code(), Code::NotFound);
    let request = acd::LogInRequest { domain: domain(), agent: "sam".into(), ready: true };
    let mut sam = daemon.agent_at_home("sam").await;
    assert_eq!(sam.client.log_in(request).await.expect_err("none").code(), Code::NotFound);
    let request = acd::ListQueuesRequest { domain: "main".into() };
    supervisor.list_queues(request).await.expect("`main` is the one");
}
