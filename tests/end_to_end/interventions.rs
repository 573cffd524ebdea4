//! What supervisors may do beyond moving and ending calls: close a queue for a time, give a call to one
//! agent, tell agents something; by the protocol and by `acdctl`.

use crate::CONFIG;
use crate::harness::{Daemon, acdctl};
use acd_proto::v1::agent_service_client::AgentServiceClient;
use acd_proto::v1::message_agents_request::To;
use acd_proto::v1::set_queue_open_request::End;
use acd_proto::v1::{self as acd};
use tonic::Code;

fn actor(reason: &str) -> Option<acd::Actor> {
    Some(acd::Actor { name: "olga".into(), reason: reason.into() })
}

fn named(call_id: &str) -> Option<acd::CallRef> {
    Some(acd::CallRef { adapter: "pbx".into(), call_id: call_id.into() })
}

/// What the operator's client prints; it must succeed.
fn told(daemon: &Daemon, arguments: &[&str]) -> String {
    let server = daemon.grpc.to_string();
    let output = acdctl(&[&["--server", &server], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn a_queue_closed_for_a_time_opens_by_itself() {
    let daemon = Daemon::start_fast(CONFIG, 60).await;
    let mut watcher = daemon.watcher().await;
    let mut supervisor = daemon.supervisor().await;
    let request = acd::SetQueueOpenRequest {
        actor: actor("staff meeting"),
        queue: "billing".into(),
        end: Some(End::Lasting(prost_types::Duration { seconds: 90, nanos: 0 })),
        ..Default::default()
    };
    let answer = supervisor.set_queue_open(request.clone()).await.expect("she may").into_inner();
    watcher.catch_up(answer.position.expect("a position")).await;
    let row = watcher.queues["billing"].clone();
    assert_eq!((row.closed, &*row.closed_by, &*row.closed_reason), (true, "olga", "staff meeting"));
    let closed = watcher.until_about("queue_closed", "billing").await;
    let opens = watcher.until_about("queue_opened", "billing").await;
    assert_eq!(Some(row.closed_until.expect("it is to open")), opens.at, "at the very instant");
    let lasted = opens.at.expect("an instant").seconds - closed.at.expect("an instant").seconds;
    assert_eq!(lasted, 90);
    assert_eq!(opens.origin.expect("an origin").kind(), acd::origin::Kind::Time);
    let row = &watcher.queues["billing"];
    assert_eq!((row.closed, row.closed_until), (false, None));
    assert_eq!(row.closed_by, "olga", "what followed by itself was her doing");

    let past = prost_types::Timestamp { seconds: 1_000_000_000, nanos: 0 };
    let request = acd::SetQueueOpenRequest { end: Some(End::Until(past)), ..request };
    let status = supervisor.set_queue_open(request.clone()).await.expect_err("it is over");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("until"), "{status}");
    let nothing = prost_types::Duration { seconds: 0, nanos: 0 };
    let request = acd::SetQueueOpenRequest { end: Some(End::Lasting(nothing)), ..request };
    let status = supervisor.set_queue_open(request).await.expect_err("no time at all");
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_closed_a_queue_and_until_when_outlives_a_restart() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let close = ["queue", "close", "billing", "--until", "2100-01-01T00:00:00Z"];
    let who = ["--actor", "olga", "--reason", "moved out"];
    let text = told(&daemon, &[&close[..], &who[..]].concat());
    assert!(text.starts_with("billing is closed until 2100-01-01"), "{text}");
    // Once from the journal's commands, and once from the snapshot of a clean stop.
    daemon.kill();
    for is_first in [true, false] {
        daemon = daemon.start_again().await;
        let row = daemon.queue("billing").await;
        assert_eq!((row.closed, &*row.closed_by, &*row.closed_reason), (true, "olga", "moved out"));
        assert_eq!(row.closed_until.expect("it is to open").seconds, 4_102_444_800);
        if is_first {
            daemon.signal("TERM");
            assert!(daemon.exit().await.success());
        }
    }
    let listed = told(&daemon, &["queues"]);
    assert!(listed.contains("billing (closed)"), "{listed}");
    told(&daemon, &["queue", "open", "billing", "--actor", "pat"]);
    let row = daemon.queue("billing").await;
    assert_eq!((row.closed, row.closed_until, &*row.closed_by), (false, None, "pat"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_given_to_one_agent_and_taken_back_from_another() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut watcher = daemon.watcher().await;
    let _ben = daemon.agent("ben").await;
    let _ana = daemon.agent("ana").await;
    pbx.offer_call("c1", "billing").await;
    assert_eq!(pbx.expect_offer().await.agent, "ben", "the more able");
    pbx.everything_acknowledged().await;

    let give = ["call", "give", "--id", "c1", "--adapter", "pbx", "--to", "ana"];
    let who = ["--actor", "olga", "--reason", "she knows the case"];
    let text = told(&daemon, &[&give[..], &who[..]].concat());
    assert_eq!(text, "c1 is offered to ana\n");
    assert_eq!(pbx.expect_revoke().await.reason(), acd::revoke::Reason::Picked);
    assert_eq!(pbx.expect_offer().await.agent, "ana");
    let event = watcher.until_told("offer_issued", "picked").await;
    let origin = event.origin.expect("an origin");
    assert_eq!((&*event.agent, &*origin.name), ("ana", "olga"));
    assert_eq!(origin.reason, "she knows the case");
    let story = told(&daemon, &["explain", "c1", "--adapter", "pbx"]);
    assert!(story.contains("taken back from ben: the call was given to another"), "{story}");
    assert!(story.contains("given to this agent by hand"), "{story}");

    // He takes one himself; of two agents who could, he is not the next.
    pbx.offer_call("c2", "front-desk").await;
    pbx.expect_offer().await;
    let mut sam = daemon.agent("sam").await;
    let call = named("c2");
    let request = acd::TakeCallRequest { agent: "sam".into(), call, ..Default::default() };
    let answer = sam.client.take_call(request).await.expect("he may").into_inner();
    assert_eq!(answer.agent.expect("himself").state, "reserved");
    pbx.expect_revoke().await;
    assert_eq!(pbx.expect_offer().await.agent, "sam");
}

#[tokio::test]
async fn what_keeps_an_agent_from_a_call_is_named() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut supervisor = daemon.supervisor().await;
    pbx.offer_call("c1", "spanish").await;
    pbx.everything_acknowledged().await;
    let _ben = daemon.agent("ben").await;
    let give = |call_id: &str, agent: &str| acd::PickCallRequest {
        actor: actor(""),
        call: named(call_id),
        agent: agent.into(),
        ..Default::default()
    };
    let status = supervisor.pick_call(give("c1", "ben")).await.expect_err("he speaks none");
    assert_eq!(status.code(), Code::FailedPrecondition);
    let lacks = "the call asks for spanish at level 6, and the agent has not got it";
    assert!(status.message().contains(lacks), "{status}");
    let status = supervisor.pick_call(give("c1", "ana")).await.expect_err("she is at home");
    assert!(status.message().contains("the agent is logged out"), "{status}");
    let status = supervisor.pick_call(give("c9", "ana")).await.expect_err("no such call");
    assert_eq!(status.code(), Code::NotFound);
    let status = supervisor.pick_call(give("c1", "zoe")).await.expect_err("no such agent");
    assert_eq!(status.code(), Code::NotFound);
    let _ana = daemon.agent("ana").await;
    pbx.expect_offer().await;
    let status = supervisor.pick_call(give("c1", "ana")).await.expect_err("it is hers already");
    assert!(status.message().contains("out to the agent already"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_reach_those_who_are_logged_in() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut ana = daemon.agent("ana").await;
    let request = acd::WatchAgentRequest { agent: "ana".into(), ..Default::default() };
    let mut her_own = ana.client.watch_agent(request).await.expect("a watch").into_inner();
    let text = told(&daemon, &["message", "--queue", "billing", "say sorry", "--actor", "olga"]);
    assert_eq!(text, "whoever is logged in and serves billing was told\n");
    told(&daemon, &["message", "--agent", "ana", "call home"]);
    let messages = loop {
        let update = her_own.message().await.expect("a live watch").expect("a live watch");
        if update.messages.len() == 2 {
            break update.messages;
        }
    };
    let said: Vec<_> = messages.iter().map(|it| (it.number, &*it.text)).collect();
    assert_eq!(said, [(1, "say sorry"), (2, "call home")]);
    assert_eq!(messages[0].from, "olga");
    let event = watcher.until_told("agents_messaged", "say sorry").await;
    assert_eq!((&*event.queue, &*event.origin.expect("an origin").name), ("billing", "olga"));
    assert_eq!(watcher.until_told("agents_messaged", "call home").await.agent, "ana");
    assert!(!daemon.log().contains("say sorry"), "what they are told is in no log");

    // One who comes later does not get it, nor one who serves no such queue.
    let ben = daemon.agent("ben").await;
    assert_eq!(messages_to(ben.client, "ben").await, [] as [&str; 0]);
    let sam = daemon.agent("sam").await;
    told(&daemon, &["message", "--everybody", "fire drill"]);
    assert_eq!(messages_to(sam.client, "sam").await, ["fire drill"]);
    ana.log_out().await.expect("she goes home");
    ana.log_in(true).await.expect("she comes back");
    assert_eq!(messages_to(ana.client, "ana").await, [] as [&str; 0]);
}

async fn messages_to(
    mut client: AgentServiceClient<tonic::transport::Channel>,
    agent: &str,
) -> Vec<String> {
    let request = acd::WatchAgentRequest { agent: agent.into(), ..Default::default() };
    let mut updates = client.watch_agent(request).await.expect("a watch").into_inner();
    let update = updates.message().await.expect("a live watch").expect("a live watch");
    update.messages.into_iter().map(|message| message.text).collect()
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_is_refused_with_what_is_wrong() {
    let daemon = Daemon::start(CONFIG).await;
    let mut supervisor = daemon.supervisor().await;
    let long = "x".repeat(513);
    let cases = [
        (Some(To::Agent("ana".into())), "come here", Code::FailedPrecondition, "logged out"),
        (Some(To::Agent("zoe".into())), "come here", Code::NotFound, "zoe"),
        (Some(To::Queue("nowhere".into())), "come here", Code::NotFound, "nowhere"),
        (Some(To::Everybody(true)), " ", Code::InvalidArgument, "text"),
        (Some(To::Everybody(true)), "a\nb", Code::InvalidArgument, "text"),
        (Some(To::Everybody(true)), &long, Code::InvalidArgument, "at most 512"),
        (Some(To::Everybody(false)), "come here", Code::InvalidArgument, "to is required"),
        (None, "come here", Code::InvalidArgument, "to is required"),
    ];
    for (to, text, code, part) in cases {
        let text = text.to_owned();
        let request =
            acd::MessageAgentsRequest { actor: actor(""), to, text, ..Default::default() };
        let status = supervisor.message_agents(request).await.expect_err(part);
        assert_eq!(status.code(), code, "{status}");
        assert!(status.message().contains(part), "{status}");
    }
}
