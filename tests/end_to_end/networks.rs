//! A bad network between adapters and the daemon: connections that are slow, break, or fall silent.

use crate::harness::{Daemon, Fate, Network, Watcher};
use acd_adapter::{
    AdapterSession, Behaviour, HeldCall, KeepAlive, Reconnect, Report, Resync, ScriptedCall,
    SessionEvent, SessionEvents, SessionOptions, SessionSender, SimulatedClock, SimulatedPbx,
};
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const AGENTS: [&str; 6] = ["ana", "ben", "eva", "ian", "sam", "zoe"];

const CONFIG: &str = r#"
[routing]
order = "strict"
connect_within = "1m"
missed_offers = "stay_ready"
exclude_for = "1s"

[queues.front-desk]
ring = "2s"
wrap_up = "0s"

[[queues.front-desk.rules]]
name = "give-up"
when = { waited = "5h" }
then = { end = "voicemail" }

[agents]
ana = {}
ben = {}
eva = {}
ian = {}
sam = {}
zoe = {}
"#;

/// An adapter that finds out soon when nobody answers, and comes back soon.
fn options(network: &Network, adapter: &str) -> SessionOptions {
    let milliseconds = Duration::from_millis;
    SessionOptions {
        keep_alive: KeepAlive { every: milliseconds(100), within: milliseconds(1_000) },
        reconnect: Reconnect::WithBackoff { first: milliseconds(20), most: milliseconds(500) },
        ..SessionOptions::new(&*network.server, adapter)
    }
}

#[tokio::test]
async fn through_a_network_that_delays_breaks_and_falls_silent_each_call_has_its_one_story() {
    const CALLS: u64 = 60;
    let seed = rand::random();
    eprintln!("seed {seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    let daemon = Daemon::start(CONFIG).await;
    let network = Network::to(&daemon).await;
    let mut watcher = daemon.watcher().await;
    for agent in AGENTS {
        daemon.agent(agent).await;
    }
    let clock = SimulatedClock::start(1.0).expect("a thread");
    let mut pbxs = Vec::new();
    for name in ["east", "north", "west"] {
        let session = AdapterSession::connect(options(&network, name)).await;
        let (sender, events) = session.expect("the network is good yet");
        let behaviour = Behaviour {
            pick_up: Duration::ZERO..=Duration::from_millis(100),
            misses: 0.03,
            declines: 0.1,
            seed: chance.random(),
            ..Behaviour::default()
        };
        let pbx = SimulatedPbx::start(sender, events, clock.clone(), behaviour);
        for number in 0..CALLS {
            let impatient = chance.random_ratio(1, 4);
            pbx.call(ScriptedCall {
                id: format!("{name}-{number}"),
                start: Duration::from_millis(chance.random_range(0..5_000)),
                queue: "front-desk".to_owned(),
                numbers: acd_adapter::Numbers::default(),
                priority: None,
                attributes: [].into(),
                patience: impatient.then_some(Duration::from_millis(chance.random_range(0..500))),
                service: Duration::from_millis(chance.random_range(10..200)),
            });
        }
        pbxs.push(pbx);
    }

    let play = async {
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(chance.random_range(0..100))).await;
            match chance.random_range(0..10) {
                0..4 => network.one(Fate::Breaks, &mut chance),
                4 => network.one(Fate::FallsSilent, &mut chance),
                5..8 => network.delays(Duration::from_millis(chance.random_range(0..5))),
                8 => network.is_closed(true),
                _ => network.is_closed(false),
            }
        }
        network.is_closed(false);
        network.delays(Duration::ZERO);

        let mut tally = BTreeMap::new();
        for (name, pbx) in ["east", "north", "west"].into_iter().zip(pbxs) {
            let over = tokio::time::timeout(Duration::from_secs(60), pbx.over()).await;
            let over = over.expect("the network is good again").expect("the session goes on");
            assert_eq!((over.offered, over.rejected, over.left), (CALLS, 0, 0), "{over:?}");
            // What it still has to say is heard before its session ends.
            pbx.finish().await;
            tally.insert(name, over);
        }
        (tally, daemon.status().await.position.expect("a position"))
    };
    let (tally, position) = watched(&mut watcher, play).await;
    watcher.catch_up(position).await;
    let stories = Stories::of(&watcher);
    for (name, tally) in tally {
        let of_it =
            |calls: &BTreeSet<String>| calls.iter().filter(|id| id.starts_with(name)).count();
        assert_eq!(of_it(&stories.arrived) as u64, tally.offered);
        assert_eq!(of_it(&stories.connected) as u64, tally.answered);
        assert!(tally.answered > 0 && tally.abandoned > 0, "{tally:?}");
    }
    assert!(network.connections() > 12, "the network was too good: {}", network.connections());
    assert_eq!(daemon.calls().await, [], "nobody is left behind");
}

/// Plays to the end, while the watcher takes in all that comes.
async fn watched<T>(watcher: &mut Watcher, play: impl Future<Output = T>) -> T {
    let mut play = std::pin::pin!(play);
    loop {
        tokio::select! {
            outcome = &mut play => return outcome,
            () = watcher.take_in() => {}
        }
    }
}

/// What a watcher has seen of calls, each of which comes, is connected and ends once at most.
#[derive(Default)]
struct Stories {
    arrived: BTreeSet<String>,
    connected: BTreeSet<String>,
    ended: BTreeSet<String>,
}

impl Stories {
    fn of(watcher: &Watcher) -> Self {
        let mut stories = Self::default();
        let mut ringing = BTreeMap::new();
        for event in &watcher.events {
            let call_id = event.call.as_ref().map(|call| call.call_id.clone()).unwrap_or_default();
            let first = match &*event.kind {
                "call_arrived" => stories.arrived.insert(call_id.clone()),
                "call_connected" => stories.connected.insert(call_id.clone()),
                "call_ended" => stories.ended.insert(call_id.clone()),
                "offer_issued" => ringing.insert(event.agent.clone(), event.clone()).is_none(),
                "offer_ended" => ringing.remove(&event.agent).is_some(),
                _ => true,
            };
            assert!(first, "a second time, or two at a time: {event:?}");
        }
        assert_eq!(stories.arrived, stories.ended, "whoever came has gone");
        stories
    }
}

/// One of many adapters, with one caller.
struct Site {
    call_id: String,
    since: Instant,
    sender: SessionSender,
    events: SessionEvents,
}

impl Site {
    /// Connects, and its caller calls.
    async fn open(network: &Network, number: usize) -> Self {
        let session = AdapterSession::connect(options(network, &format!("site-{number}"))).await;
        let (sender, events) = session.expect("the network is good yet");
        let call_id = format!("call-{number}");
        let mut site = Self { call_id, since: Instant::now(), sender, events };
        site.until(|event| matches!(event, SessionEvent::Connected { resumed: false, .. })).await;
        site.sender.resync(Resync::default()).await.expect("it is due");
        let id = site.sender.send(Report::CallOffered {
            call_id: site.call_id.clone(),
            queue: "front-desk".to_owned(),
            numbers: acd_adapter::Numbers::default(),
            priority: None,
            attributes: [].into(),
            waited: None,
        });
        let id = id.await.expect("in line");
        site.until(|event| matches!(event, SessionEvent::Acknowledged { up_to } if *up_to >= id))
            .await;
        site
    }

    async fn until(&mut self, is_it: impl Fn(&SessionEvent) -> bool) -> SessionEvent {
        let come = async {
            loop {
                let event = self.events.recv().await.expect("the session goes on");
                let lost = matches!(event, SessionEvent::Disconnected { retrying: false, .. });
                assert!(!lost, "{} gave up: {event:?}", self.call_id);
                if is_it(&event) {
                    return event;
                }
            }
        };
        let come = tokio::time::timeout(Duration::from_secs(60), come).await;
        come.unwrap_or_else(|_| panic!("{} waited in vain", self.call_id))
    }

    /// Comes back to a daemon that remembers the session.
    async fn resumes(&mut self) {
        let event = self.until(|event| matches!(event, SessionEvent::Connected { .. })).await;
        assert!(matches!(event, SessionEvent::Connected { resumed: true, .. }), "{event:?}");
    }

    /// Comes back to a daemon that has started anew.
    async fn resyncs(&mut self) {
        self.until(|event| matches!(event, SessionEvent::Connected { resumed: false, .. })).await;
        let call = HeldCall {
            call_id: self.call_id.clone(),
            queue: "front-desk".to_owned(),
            numbers: acd_adapter::Numbers::default(),
            priority: None,
            attributes: [].into(),
            waited: self.since.elapsed(),
            talks: false,
        };
        let resync = Resync { calls: vec![call], legs: Vec::new() };
        self.sender.resync(resync).await.expect("it is due").expect("the daemon is the same");
        let event = self.until(|event| matches!(event, SessionEvent::Resynced { .. })).await;
        assert_eq!(event, SessionEvent::Resynced { known: 1, adopted: 0, vanished: 0 });
    }
}

#[tokio::test]
async fn a_hundred_adapters_that_come_back_at_once_go_on_with_the_same_callers() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let network = Network::to(&daemon).await;
    let mut sites = Vec::new();
    for number in 0..100 {
        sites.push(Site::open(&network, number).await);
    }
    let before = daemon.calls().await;
    assert_eq!(before.len(), sites.len());

    network.is_closed(true);
    network.all(Fate::Breaks);
    tokio::time::sleep(Duration::from_millis(300)).await;
    network.is_closed(false);
    join_all(sites.iter_mut().map(Site::resumes)).await;
    assert_eq!(daemon.calls().await, before);

    daemon.kill();
    daemon = daemon.start_again().await;
    network.leads_to(&daemon);
    let agent = daemon.agent("ana").await;
    join_all(sites.iter_mut().map(Site::resyncs)).await;
    let calls = daemon.calls().await;
    let arrivals = |calls: &[acd_proto::v1::Call]| -> Vec<_> {
        calls.iter().map(|call| (call.call.clone(), call.arrived_at)).collect()
    };
    assert_eq!(arrivals(&calls), arrivals(&before), "in their order, with their ages");
    let offer = sites[0].until(|event| matches!(event, SessionEvent::Offer { .. })).await;
    let SessionEvent::Offer { offer, .. } = offer else { unreachable!("asked for") };
    assert_eq!(offer.agent, agent.id, "the one who has waited longest is first");
}
