//! The simulated PBX against a daemon that gives every call to one agent who is always free.

use crate::fake::{Stream, daemon};
use acd_adapter::{
    AdapterSession, Behaviour, ScriptedCall, SessionOptions, SimulatedClock, SimulatedPbx,
};
use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::adapter_order::Body as Down;
use acd_proto::v1::{self, offer_result::Result as Outcome};
use std::time::Duration;
use tokio::sync::mpsc;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn call_ref(call_id: &str) -> Option<v1::CallRef> {
    Some(v1::CallRef { adapter: "pbx-a".to_owned(), call_id: call_id.to_owned() })
}

/// Offers every call, connects what is accepted, and says which calls were ended.
async fn give_everything(mut stream: Stream, ended: mpsc::UnboundedSender<String>) {
    let mut orders = 0;
    let mut offered = Vec::new();
    while let Ok(Some(message)) = stream.up.message().await {
        let order = match message.body.expect("a report") {
            Up::CallOffered(call) => {
                offered.push(call.call_id.clone());
                let offer_number = offered.len() as u64;
                let call = call_ref(&call.call_id);
                Some(Down::Offer(v1::Offer { offer_number, call, ..Default::default() }))
            }
            Up::OfferResult(result) if result.result() == Outcome::Accepted => {
                let offer_number = result.offer_number;
                let call = call_ref(&offered[offer_number as usize - 1]);
                Some(Down::Connect(v1::Connect { offer_number, call, ..Default::default() }))
            }
            Up::CallEnded(call) => {
                ended.send(call.call_id).expect("the test listens");
                None
            }
            _ => None,
        };
        if let Some(order) = order {
            orders += 1;
            stream.order(orders, message.number, order).await;
        } else if message.number > 0 {
            stream.acknowledge(message.number).await;
        }
    }
}

async fn pbx() -> (SimulatedPbx, SimulatedClock, mpsc::UnboundedReceiver<String>) {
    let (server, mut streams) = daemon().await;
    let (ended, was_ended) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut stream = streams.recv().await.expect("a stream");
        stream.hello().await;
        stream.welcome(1, false, 0).await;
        give_everything(stream, ended).await;
    });
    let options = SessionOptions::new(server, "pbx-a");
    let (sender, events) = AdapterSession::connect(options).await.expect("welcomed");
    let clock = SimulatedClock::start(sender.clock_scale()).expect("a thread");
    let pbx = SimulatedPbx::start(sender, events, clock.clone(), Behaviour::default());
    (pbx, clock, was_ended)
}

fn call(id: &str, start: Duration, patience: Option<Duration>, service: Duration) -> ScriptedCall {
    ScriptedCall {
        id: id.to_owned(),
        start,
        queue: "billing".to_owned(),
        numbers: acd_adapter::Numbers::default(),
        priority: None,
        attributes: [].into(),
        patience,
        service,
    }
}

#[tokio::test]
async fn callers_are_answered_talk_and_hang_up_in_the_domains_time() {
    let (pbx, clock, mut ended) = pbx().await;
    // At 600 times the speed the last of these hangs up after a third of a second.
    pbx.call(call("long", seconds(0), None, seconds(200)));
    pbx.call(call("short", seconds(60), None, seconds(10)));
    pbx.call(call("never", seconds(30), Some(seconds(0)), seconds(10)));
    let tally = pbx.over().await.expect("the session stands");
    assert!(clock.now() >= seconds(200));
    assert_eq!((tally.offered, tally.answered, tally.abandoned), (3, 2, 1));
    assert!(tally.is_over());
    let mut order = Vec::new();
    for _ in 0..3 {
        order.push(ended.recv().await.expect("it was ended"));
    }
    assert_eq!(order, ["never", "short", "long"]);
}

#[tokio::test]
async fn at_the_end_everybody_hangs_up_and_the_daemon_has_heard_it() {
    let (pbx, _clock, mut ended) = pbx().await;
    pbx.call(call("endless", seconds(0), None, seconds(1_000_000)));
    while pbx.tally().talking == 0 {
        tokio::task::yield_now().await;
    }
    let tally = pbx.finish().await;
    assert_eq!((tally.answered, tally.talking), (1, 1));
    assert_eq!(ended.try_recv().as_deref(), Ok("endless"));
}

/// Gives one call to an agent, up to the bridge; returns how many messages that took.
async fn give_one(stream: &mut Stream) -> u64 {
    // It says first that it holds nothing.
    let (_, nothing) = stream.report().await;
    assert!(matches!(nothing, Up::ResyncDone(_)), "expected an empty resync, got {nothing:?}");
    let (_, offered) = stream.report().await;
    let Up::CallOffered(v1::CallOffered { call_id, .. }) = offered else {
        panic!("expected a call, got {offered:?}")
    };
    let (offer_number, call) = (1, call_ref(&call_id));
    let agent = "ana".to_owned();
    let offer = v1::Offer { offer_number, call: call.clone(), agent, ..Default::default() };
    stream.order(1, 1, Down::Offer(offer)).await;
    let connect = v1::Connect { offer_number, call, ..Default::default() };
    stream.order(2, 1, Down::Connect(connect)).await;
    loop {
        if let (number, Up::CallBridged(_)) = stream.report().await {
            return number;
        }
    }
}

#[tokio::test]
async fn callers_talk_on_while_the_daemon_starts_anew_and_hang_up_once() {
    let (server, mut streams) = daemon().await;
    let daemon = tokio::spawn(async move {
        let mut stream = streams.recv().await.expect("a stream");
        stream.hello().await;
        stream.welcome(1, false, 0).await;
        let heard = give_one(&mut stream).await;
        stream.break_off().await;
        let mut again = streams.recv().await.expect("another stream");
        again.hello().await;
        again.welcome(2, false, heard).await;
        let mut bodies = Vec::new();
        for expected in heard + 1..=heard + 4 {
            let (number, body) = again.report().await;
            assert_eq!(number, expected);
            bodies.push(body);
        }
        again.acknowledge(heard + 4).await;
        (bodies, again)
    });
    let options = SessionOptions::new(server, "pbx-a");
    let (sender, events) = AdapterSession::connect(options).await.expect("welcomed");
    let clock = SimulatedClock::start(sender.clock_scale()).expect("a thread");
    let pbx = SimulatedPbx::start(sender, events, clock.clone(), Behaviour::default());
    // At 600 times the speed he talks for five seconds, and the daemon is back long before.
    pbx.call(call("a", seconds(0), None, seconds(3_000)));
    let (bodies, _again) = daemon.await.expect("all of it came");
    let [Up::ResyncCall(held), Up::ResyncLeg(leg), Up::ResyncDone(_), Up::CallEnded(ended)] =
        &bodies[..]
    else {
        panic!("expected a resync and a hang-up, got {bodies:?}")
    };
    assert_eq!(held.call.as_ref().map(|call| call.call_id.as_str()), Some("a"));
    assert_eq!((leg.call.clone(), leg.agent.as_str()), (call_ref("a"), "ana"));
    assert_eq!(leg.state(), v1::resync_leg::State::Talking);
    assert_eq!(ended.call_id, "a");
    let tally = pbx.over().await.expect("the session stands");
    assert_eq!((tally.offered, tally.answered, tally.abandoned), (1, 1, 0));
}
