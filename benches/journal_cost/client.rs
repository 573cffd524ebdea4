//! The client: many adapters' sessions on one daemon, and the calls that go through them.

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
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, yield_now};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

/// Adapters, each with a connection of its own.
pub(crate) const ADAPTERS: usize = 8;
/// Agents, so many that one is always free.
pub(crate) const AGENTS: usize = 4_000;
/// At a rate, how long a PBX takes to bridge, at least and on top by chance, ...
const BRIDGE_MIN: Duration = Duration::from_millis(1);
const BRIDGE_SPREAD: Duration = Duration::from_millis(4);
/// ... and how long the two then talk.
const TALK_MIN: Duration = Duration::from_millis(2);
const TALK_SPREAD: Duration = Duration::from_millis(20);
/// How many log in at a time.
const LOG_INS: usize = 64;

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Offered; then the caller hangs up. Nothing in it waits for the journal.
    HangsUp,
    /// Offered, accepted, connected, bridged, ended.
    Whole,
}

/// What happened in a slice of time.
pub(crate) struct Slice {
    /// From the moment that a call was due to the moment that its offer was here.
    pub(crate) offered_ns: Histogram<u64>,
    /// From the moment that an agent has accepted to the order to connect him, which waits for the journal.
    pub(crate) connected_ns: Histogram<u64>,
    /// Messages to the daemon.
    pub(crate) events: u64,
    pub(crate) seconds: f64,
}

/// How calls come.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// So many a second, whatever becomes of them.
    Rate(f64),
    /// So many at a time of each adapter, each followed by the next.
    Window(usize),
}

/// What all sessions share while a slice lasts.
struct Play {
    life: Life,
    pace: Pace,
    began: Instant,
    lasts: Duration,
    under_way: Cell<usize>,
    next: Cell<u64>,
    events: Cell<u64>,
    offered_ns: RefCell<Histogram<u64>>,
    connected_ns: RefCell<Histogram<u64>>,
    /// When the agent of an offer has accepted, by session and number.
    accepted: RefCell<HashMap<(usize, u64), Instant>>,
    /// What the PBX has begun and has not done yet.
    pending: RefCell<BinaryHeap<Reverse<Pending>>>,
    /// The state of a xorshift generator (Marsaglia 2003): each run is dealt the same.
    dice: Cell<u64>,
}

/// A call between the order to connect it and its end.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    due: Instant,
    session: usize,
    call_id: String,
    /// Of the offer, while the bridge is being made.
    bridging: Option<u64>,
}

impl Play {
    /// A time up to `most`, by chance.
    fn some(&self, most: Duration) -> Duration {
        let mut x = self.dice.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.dice.set(x);
        most.mul_f64((x >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// Bridges and ends what is due.
    fn do_pending(&self, ups: &[&Sender], slice: u64) {
        let now = Instant::now();
        loop {
            let mut pending = self.pending.borrow_mut();
            match pending.peek() {
                Some(Reverse(first)) if first.due <= now => {}
                _ => return,
            }
            let Reverse(first) = pending.pop().unwrap();
            let up = ups[first.session];
            if let Some(offer_number) = first.bridging {
                up.say(self, Up::CallBridged(CallBridged { offer_number, offer_epoch: 0 }));
                let due = first.due + TALK_MIN + self.some(TALK_SPREAD);
                pending.push(Reverse(Pending { due, bridging: None, ..first }));
            } else {
                drop(pending);
                up.end(self, first.call_id, slice);
            }
        }
    }

    /// When a call is due, by its number.
    fn due(&self, number: u64) -> Instant {
        match self.pace {
            Pace::Rate(rate) => self.began + Duration::from_secs_f64(number as f64 / rate),
            Pace::Window(_) => self.began,
        }
    }

    fn is_over(&self) -> bool {
        self.began.elapsed() >= self.lasts
    }
}

/// The sessions with one daemon.
pub(crate) struct Client {
    sessions: Vec<Session>,
    slices: u64,
}

impl Client {
    /// Opens all sessions and lets all agents log in.
    pub(crate) async fn connect(address: &str) -> Self {
        let channel =
            Channel::from_shared(address.to_owned()).unwrap().connect().await.expect("it listens");
        let mut logging_in = JoinSet::new();
        for agent in 0..AGENTS {
            if logging_in.len() >= LOG_INS {
                logging_in.join_next().await;
            }
            let mut agents = AgentServiceClient::new(channel.clone());
            let agent = format!("agent-{agent}");
            let log_in = LogInRequest { agent, ready: true, ..LogInRequest::default() };
            logging_in.spawn(async move { agents.log_in(log_in).await.expect("he may") });
        }
        while logging_in.join_next().await.is_some() {}
        let mut sessions = Vec::new();
        for number in 0..ADAPTERS {
            sessions.push(Session::open(address, format!("pbx-{number}")).await);
        }
        Self { sessions, slices: 0 }
    }

    /// Plays calls for a while, until the last of them is over.
    pub(crate) async fn play(&mut self, life: Life, pace: Pace, lasts: Duration) -> Slice {
        self.slices += 1;
        let play = Play {
            life,
            pace,
            began: Instant::now(),
            lasts,
            under_way: Cell::new(0),
            next: Cell::new(0),
            events: Cell::new(0),
            offered_ns: RefCell::new(Histogram::new(3).unwrap()),
            connected_ns: RefCell::new(Histogram::new(3).unwrap()),
            accepted: RefCell::default(),
            pending: RefCell::default(),
            dice: Cell::new(0x9E37_79B9_7F4A_7C15),
        };
        let (ups, downs): (Vec<&Sender>, Vec<&mut Streaming<AdapterOrder>>) =
            self.sessions.iter_mut().map(|session| (&*session.up, &mut session.down)).unzip();
        if let Pace::Window(window) = pace {
            (0..window).for_each(|_| ups.iter().for_each(|up| up.offer(&play, self.slices)));
        }
        let hear = downs
            .into_iter()
            .zip(&ups)
            .enumerate()
            .map(|(session, (down, up))| hear(&play, down, session, up, self.slices));
        let hear = futures_util::future::join_all(hear);
        let mut seconds = 0.0;
        let pace_and_end = async {
            while !play.is_over() || play.under_way.get() > 0 {
                if let Pace::Rate(_) = pace {
                    let now = Instant::now();
                    while play.due(play.next.get()) <= now && !play.is_over() {
                        let up = ups[play.next.get() as usize % ups.len()];
                        up.offer(&play, self.slices);
                    }
                }
                play.do_pending(&ups, self.slices);
                // Never asleep: a timer would be late by more than an offer takes.
                yield_now().await;
            }
            seconds = play.began.elapsed().as_secs_f64();
        };
        tokio::select! {
            biased;
            () = pace_and_end => {}
            _ = hear => unreachable!("sessions last"),
        }
        let (offered_ns, connected_ns) = (play.offered_ns, play.connected_ns);
        Slice {
            offered_ns: offered_ns.into_inner(),
            connected_ns: connected_ns.into_inner(),
            events: play.events.get(),
            seconds,
        }
    }
}

/// Acts on what the daemon says, for ever. May be dropped: whatever has come is in the stream.
async fn hear(
    play: &Play,
    down: &mut Streaming<AdapterOrder>,
    session: usize,
    up: &Sender,
    slice: u64,
) {
    loop {
        let order = down.next().await.expect("the stream goes on").unwrap();
        up.ack.set(up.ack.get().max(order.number));
        match order.body.expect("an order says something") {
            Down::Offer(offer) => {
                let call_id = offer.call.expect("a call").call_id;
                let number = call_id.rsplit('-').next().and_then(|it| it.parse().ok()).unwrap();
                let took = play.due(number).elapsed().as_nanos() as u64;
                play.offered_ns.borrow_mut().record(took).unwrap();
                match play.life {
                    Life::HangsUp => up.end(play, call_id, slice),
                    Life::Whole => {
                        let result = Outcome::Accepted.into();
                        let offer_number = offer.offer_number;
                        let said = OfferResult { offer_number, result, offer_epoch: 0 };
                        up.say(play, Up::OfferResult(said));
                        play.accepted.borrow_mut().insert((session, offer_number), Instant::now());
                    }
                }
            }
            Down::Connect(connect) => {
                let offer_number = connect.offer_number;
                let accepted = play.accepted.borrow_mut().remove(&(session, offer_number));
                let took = accepted.expect("it was accepted").elapsed().as_nanos() as u64;
                play.connected_ns.borrow_mut().record(took).unwrap();
                if let Pace::Rate(_) = play.pace {
                    let due = Instant::now() + BRIDGE_MIN + play.some(BRIDGE_SPREAD);
                    let call_id = connect.call.expect("a call").call_id;
                    let bridging = Some(offer_number);
                    let pending = Pending { due, session, call_id, bridging };
                    play.pending.borrow_mut().push(Reverse(pending));
                    continue;
                }
                up.say(play, Up::CallBridged(CallBridged { offer_number, offer_epoch: 0 }));
                up.end(play, connect.call.expect("a call").call_id, slice);
            }
            Down::Rejected(why) => panic!("nothing is refused: {why:?}"),
            _ => {}
        }
    }
}

struct Session {
    up: Rc<Sender>,
    down: Streaming<AdapterOrder>,
}

/// The way up of a session.
struct Sender {
    messages: mpsc::UnboundedSender<AdapterMessage>,
    number: Cell<u64>,
    /// The number of the last order.
    ack: Cell<u64>,
}

impl Session {
    async fn open(address: &str, adapter: String) -> Self {
        let (messages, up) = mpsc::unbounded_channel();
        let hello = Hello { adapter, incarnation: 1, ..Hello::default() };
        let hello = AdapterMessage { body: Some(Up::Hello(hello)), ..AdapterMessage::default() };
        messages.send(hello).unwrap();
        let mut client = AdapterServiceClient::connect(address.to_owned()).await.unwrap();
        let up = client.session(UnboundedReceiverStream::new(up)).await;
        let mut down = up.unwrap().into_inner();
        let up = Sender { messages, number: Cell::new(0), ack: Cell::new(0) };
        loop {
            let order = down.next().await.expect("the stream goes on").unwrap();
            up.ack.set(up.ack.get().max(order.number));
            match order.body {
                Some(Down::Welcome(Welcome { resync, .. })) => {
                    up.send(Up::ResyncDone(ResyncDone { resync }));
                }
                Some(Down::Resynced(_)) => break,
                _ => {}
            }
        }
        Self { up: Rc::new(up), down }
    }
}

impl Sender {
    fn send(&self, body: Up) {
        self.number.set(self.number.get() + 1);
        let (number, ack) = (self.number.get(), self.ack.get());
        self.messages.send(AdapterMessage { number, ack, body: Some(body) }).expect("it listens");
    }

    fn say(&self, play: &Play, body: Up) {
        play.events.set(play.events.get() + 1);
        self.send(body);
    }

    /// The next call comes.
    fn offer(&self, play: &Play, slice: u64) {
        let number = play.next.replace(play.next.get() + 1);
        play.under_way.set(play.under_way.get() + 1);
        let call = CallOffered {
            call_id: format!("1795638695.{slice}-{number}"),
            queue: "only".to_owned(),
            attributes: [("crm".to_owned(), format!("token-{number:016x}"))].into(),
            ..CallOffered::default()
        };
        self.say(play, Up::CallOffered(call));
    }

    /// A call is over; in a closed loop the next one comes.
    fn end(&self, play: &Play, call_id: String, slice: u64) {
        self.say(play, Up::CallEnded(CallEnded { call_id }));
        play.under_way.set(play.under_way.get() - 1);
        if matches!(play.pace, Pace::Window(_)) && !play.is_over() {
            self.offer(play, slice);
        }
    }
}
