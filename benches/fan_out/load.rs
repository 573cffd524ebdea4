//! A site at work: adapters whose calls come at a steady rate, ring, talk and end.

use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::adapter_order::Body as Down;
use acd_proto::v1::adapter_service_client::AdapterServiceClient;
use acd_proto::v1::agent_service_client::AgentServiceClient;
use acd_proto::v1::offer_result::Result as Outcome;
use acd_proto::v1::{
    AdapterMessage, AdapterOrder, CallBridged, CallEnded, CallOffered, Hello, LogInRequest,
    OfferResult, ResyncDone, Welcome,
};
use hdrhistogram::Histogram;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Streaming;

/// Adapters, each with a connection of its own.
pub(crate) const ADAPTERS: usize = 4;
pub(crate) const QUEUES: usize = 50;
pub(crate) const AGENTS: usize = 500;
/// How long a telephone rings before it is answered, at least and on top by chance, ...
const RING: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(200));
/// ... how long a bridge takes, ...
const BRIDGE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(4));
/// ... and how long the two then talk.
const TALK: (Duration, Duration) = (Duration::from_millis(500), Duration::from_millis(1_000));

/// Each agent serves three of the queues.
pub(crate) fn configuration() -> String {
    let mut text = "[skills]\n".to_owned();
    for queue in 0..QUEUES {
        let _ = writeln!(text, "skill-{queue:02} = {{}}");
    }
    for queue in 0..QUEUES {
        let _ = writeln!(text, "[queues.queue-{queue:02}]");
        let _ =
            writeln!(text, "require = {{ skill-{queue:02} = 1 }}\nring = \"1m\"\nwrap_up = \"0s\"");
        let _ = writeln!(text, "[[queues.queue-{queue:02}.rules]]\nname = \"give-up\"");
        let _ = writeln!(text, "when = {{ waited = \"1h\" }}\nthen = {{ end = \"voicemail\" }}");
    }
    text.push_str("[agents]\n");
    for agent in 0..AGENTS {
        let skills = [agent % QUEUES, (agent * 7 + 11) % QUEUES, (agent * 13 + 29) % QUEUES];
        let skills: std::collections::BTreeSet<_> = skills.into_iter().collect();
        let skills: Vec<_> = skills.iter().map(|it| format!("skill-{it:02} = 5")).collect();
        let _ = writeln!(text, "agent-{agent:03} = {{ skills = {{ {} }} }}", skills.join(", "));
    }
    text
}

/// What happened in a slice of time.
pub(crate) struct Slice {
    /// From the moment that a call was told of to the moment that its offer was here.
    pub(crate) offered_ns: Histogram<u64>,
    /// Messages to the daemon.
    pub(crate) messages: u64,
    pub(crate) seconds: f64,
}

/// The sessions with the daemon.
pub(crate) struct Load {
    sessions: Vec<(Rc<Way>, Streaming<AdapterOrder>)>,
    site: Rc<Site>,
}

/// What all sessions share.
#[derive(Default)]
struct Site {
    calls: Cell<u64>,
    messages: Cell<u64>,
    /// Calls that were told of and not offered yet.
    told: RefCell<HashMap<u64, Instant>>,
    offered_ns: RefCell<Vec<u64>>,
    agenda: RefCell<BinaryHeap<Reverse<Due>>>,
    /// The state of a xorshift generator (Marsaglia 2003): each run is dealt the same.
    dice: Cell<u64>,
}

/// What somebody will do.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: Instant,
    session: usize,
    what: What,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Answer(u64),
    Bridge(u64, String),
    End(String),
}

impl Site {
    fn roll(&self) -> u64 {
        let mut x = self.dice.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.dice.set(x);
        x >> 11
    }

    fn later(&self, (least, spread): (Duration, Duration), session: usize, what: What) {
        let part = self.roll() as f64 / (1_u64 << 53) as f64;
        let at = Instant::now() + least + spread.mul_f64(part);
        self.agenda.borrow_mut().push(Reverse(Due { at, session, what }));
    }

    /// Acts on an order, at once or later.
    fn hear(&self, order: AdapterOrder, session: usize, way: &Way) {
        let now = Instant::now();
        way.ack.set(way.ack.get().max(order.number));
        match order.body.expect("an order says something") {
            Down::Offer(offer) => {
                let call_id = offer.call.expect("a call").call_id;
                let number = call_id.parse().unwrap();
                // A second offer of a call is not an answer to its arrival.
                if let Some(told) = self.told.borrow_mut().remove(&number) {
                    self.offered_ns.borrow_mut().push((now - told).as_nanos() as u64);
                }
                self.later(RING, session, What::Answer(offer.offer_number));
            }
            Down::Connect(connect) => {
                let call_id = connect.call.expect("a call").call_id;
                self.later(BRIDGE, session, What::Bridge(connect.offer_number, call_id));
            }
            Down::Rejected(why) => panic!("nothing is refused: {why:?}"),
            _ => {}
        }
    }

    /// Does what is due.
    fn act(&self, ways: &[Rc<Way>]) {
        let now = Instant::now();
        loop {
            let mut agenda = self.agenda.borrow_mut();
            if agenda.peek().is_none_or(|Reverse(first)| first.at > now) {
                return;
            }
            let Some(Reverse(Due { session, what, .. })) = agenda.pop() else { return };
            drop(agenda);
            let way = &ways[session];
            match what {
                What::Answer(offer_number) => {
                    let result = Outcome::Accepted.into();
                    self.say(
                        way,
                        Up::OfferResult(OfferResult { offer_number, result, offer_epoch: 0 }),
                    );
                }
                What::Bridge(offer_number, call_id) => {
                    self.say(way, Up::CallBridged(CallBridged { offer_number, offer_epoch: 0 }));
                    self.later(TALK, session, What::End(call_id));
                }
                What::End(call_id) => self.say(way, Up::CallEnded(CallEnded { call_id })),
            }
        }
    }

    /// The next call comes.
    fn offer(&self, ways: &[Rc<Way>]) {
        let number = self.calls.replace(self.calls.get() + 1);
        let call = CallOffered {
            call_id: number.to_string(),
            queue: format!("queue-{:02}", self.roll() % QUEUES as u64),
            ..CallOffered::default()
        };
        self.told.borrow_mut().insert(number, Instant::now());
        self.say(&ways[number as usize % ways.len()], Up::CallOffered(call));
    }

    fn say(&self, way: &Way, body: Up) {
        self.messages.set(self.messages.get() + 1);
        way.send(body);
    }
}

impl Load {
    /// Opens all sessions and lets all agents log in.
    pub(crate) async fn connect(address: &str) -> Self {
        let mut agents = AgentServiceClient::connect(address.to_owned()).await.unwrap();
        for agent in 0..AGENTS {
            let agent = format!("agent-{agent:03}");
            agents
                .log_in(LogInRequest { agent, ready: true, ..LogInRequest::default() })
                .await
                .unwrap();
        }
        let mut sessions = Vec::new();
        for number in 0..ADAPTERS {
            sessions.push(open(address, format!("pbx-{number}")).await);
        }
        let site = Site { dice: Cell::new(0x9E37_79B9_7F4A_7C15), ..Site::default() };
        Self { sessions, site: Rc::new(site) }
    }

    /// So many calls a second, for a while; calls that are under way at the end go on later.
    pub(crate) async fn play(&mut self, calls_per_second: f64, lasts: Duration) -> Slice {
        let site = Rc::clone(&self.site);
        site.messages.set(0);
        site.offered_ns.borrow_mut().clear();
        let ways: Vec<_> = self.sessions.iter().map(|(way, _)| Rc::clone(way)).collect();
        let hear = self.sessions.iter_mut().enumerate().map(|(session, (way, down))| {
            let site = Rc::clone(&site);
            async move {
                while let Some(order) = down.next().await {
                    site.hear(order.unwrap(), session, way);
                }
                panic!("a stream has ended");
            }
        });
        let began = Instant::now();
        let pace = async {
            let mut calls = 0;
            while began.elapsed() < lasts {
                while (f64::from(calls) / calls_per_second) <= began.elapsed().as_secs_f64() {
                    site.offer(&ways);
                    calls += 1;
                }
                site.act(&ways);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            () = pace => {}
            _ = futures_util::future::join_all(hear) => {}
        }
        let mut offered_ns = Histogram::new(3).unwrap();
        for took in site.offered_ns.borrow().iter() {
            offered_ns.record(*took).unwrap();
        }
        Slice { offered_ns, messages: site.messages.get(), seconds: began.elapsed().as_secs_f64() }
    }
}

async fn open(address: &str, adapter: String) -> (Rc<Way>, Streaming<AdapterOrder>) {
    let (messages, up) = mpsc::unbounded_channel();
    let hello = Hello { adapter, incarnation: 1, ..Hello::default() };
    let hello = AdapterMessage { body: Some(Up::Hello(hello)), ..AdapterMessage::default() };
    messages.send(hello).unwrap();
    let mut client = AdapterServiceClient::connect(address.to_owned()).await.unwrap();
    let up = client.session(UnboundedReceiverStream::new(up)).await;
    let mut down = up.unwrap().into_inner();
    let way = Way { messages, number: Cell::new(0), ack: Cell::new(0) };
    loop {
        let order = down.next().await.expect("the stream goes on").unwrap();
        way.ack.set(way.ack.get().max(order.number));
        match order.body {
            Some(Down::Welcome(Welcome { resync, .. })) => {
                way.send(Up::ResyncDone(ResyncDone { resync }));
            }
            Some(Down::Resynced(_)) => break,
            _ => {}
        }
    }
    (Rc::new(way), down)
}

/// The way up of a session.
struct Way {
    messages: mpsc::UnboundedSender<AdapterMessage>,
    number: Cell<u64>,
    /// The number of the last order.
    ack: Cell<u64>,
}

impl Way {
    fn send(&self, body: Up) {
        self.number.set(self.number.get() + 1);
        let (number, ack) = (self.number.get(), self.ack.get());
        self.messages.send(AdapterMessage { number, ack, body: Some(body) }).expect("it listens");
    }
}
