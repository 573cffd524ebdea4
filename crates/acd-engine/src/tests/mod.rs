//! What the engine promises, tried on a whole domain.

mod adapters;
mod backlog;
mod dispositions;
mod durability;
mod explaining;
mod fold;
mod half_minutes;
mod heartbeats;
mod hubs;
mod ladders;
mod people;
mod phones;
mod readers;
mod recovery;
mod resync;
mod routes;
mod several_agents;
mod stopping;
mod two_adapters;

use crate::*;
use acd_core::{
    Action, AgentPlan, Channel, Channels, DispositionId, MissedOffers, OfferResult,
    Order as CallOrder, Priority, QueuePlan, Requirement, RoutingPlan, Rule, SkillId, Span,
    Treatment,
};
use acd_journal::{Appended, Batch, CommandLog, LogError, Replica, Tail};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Real time passes only when nothing else can happen (the tests pause tokio's clock), so a wait
/// this long means that what is waited for never comes.
const NEVER: Duration = Duration::from_secs(3_600 * 24);

/// When the tests begin: with a half minute, so that none ends while a test of seconds runs.
const MORNING: acd_core::Timestamp = acd_core::Timestamp::of_half_minute(60_000_000);

fn clock() -> Clock {
    Clock::start_at(MORNING, 1)
}

const RING_SECS: u64 = 15;
const CONNECT_SECS: u64 = 5;
const GRACE_SECS: u64 = 10;
const GIVE_UP_SECS: u64 = 600;

fn queue(name: &str, skill: u16, level: u8, rules: Vec<Rule>) -> QueuePlan {
    let require = Requirement { skills: vec![(SkillId(skill), level)], any_of: Vec::new() };
    QueuePlan {
        ring: Span::from_secs(RING_SECS),
        wrap_up: Span::from_secs(30),
        ..QueuePlan::new(name, require, rules)
    }
}

fn rule(name: &str, waited_secs: u64, then: Action) -> Rule {
    Rule::after(Span::from_secs(waited_secs), name, vec![then])
}

fn agent(id: &str, skills: &[(u16, u8)], capacity: u8) -> AgentPlan {
    let skills = skills.iter().map(|(skill, level)| (SkillId(*skill), *level)).collect();
    let mut agent = AgentPlan { name: id.to_uppercase(), ..AgentPlan::new(id, skills) };
    agent.desks[0].capacity = capacity;
    agent
}

/// Two queues, billing and nurse; three agents: ana serves both, ben billing, cleo nurse with two
/// slots. After 60 s billing asks for less, after 600 s it gives up; so does nurse.
fn plan() -> Arc<RoutingPlan> {
    let less = Action::Require(Requirement { skills: vec![(SkillId(0), 1)], any_of: Vec::new() });
    let give_up = || rule("give-up", GIVE_UP_SECS, Action::End(Treatment::Voicemail));
    Arc::new(RoutingPlan {
        order: CallOrder::Strict,
        short_abandon: Span::from_secs(5),
        exclude_for: Span::from_secs(30),
        connect_within: Span::from_secs(CONNECT_SECS),
        recovery_grace: Span::from_secs(GRACE_SECS),
        missed_offers: MissedOffers::NotReadyAfter(2),
        seed: 0,
        channels: Channels::default(),
        shared_callers: Vec::new(),
        time_zone: "UTC".to_owned(),
        reasons: vec!["lunch".to_owned()],
        dispositions: ["resolved", "follow-up", "spam"].map(str::to_owned).to_vec(),
        adapters: Vec::new(),
        skills: vec!["billing".to_owned(), "nursing".to_owned()],
        hard: Vec::new(),
        numbers: Vec::new(),
        announcements: Vec::new(),
        ladders: Vec::new(),
        extras: Vec::new(),
        routes: Vec::new(),
        queues: vec![
            QueuePlan {
                dispositions: vec![DispositionId(0), DispositionId(1)],
                ..queue("billing", 0, 3, vec![rule("widen", 60, less), give_up()])
            },
            QueuePlan {
                dispositions: vec![DispositionId(2)],
                ..queue("nurse", 1, 1, vec![give_up()])
            },
        ],
        agents: vec![
            agent("ana", &[(0, 5), (1, 2)], 1),
            agent("ben", &[(0, 3)], 1),
            agent("cleo", &[(0, 1), (1, 9)], 2),
        ],
    })
}

/// A domain that runs.
struct Running {
    domain: Domain,
    driver: JoinHandle<Ended>,
    publisher: JoinHandle<()>,
}

fn run_on<L: CommandLog>(log: L) -> Running {
    run_with(log, Settings::default())
}

fn run_with<L: CommandLog>(log: L, settings: Settings) -> Running {
    run_by(plan(), log, settings)
}

fn run_by<L: CommandLog>(plan: Arc<RoutingPlan>, log: L, settings: Settings) -> Running {
    run_from(plan, log, Replica::empty(), settings)
}

/// A domain that goes on with what its log holds.
fn run_from<L: CommandLog>(
    plan: Arc<RoutingPlan>,
    log: L,
    recovered: Replica,
    settings: Settings,
) -> Running {
    let begins = (log, recovered);
    let (domain, mut driver, publisher) =
        start(&plan, clock(), begins, settings).expect("the plan is sound");
    // Most tests read what has happened without waiting.
    driver.parcels_apart = Duration::ZERO;
    let driver = tokio::spawn(driver.run());
    let publisher = tokio::spawn(publisher.run());
    Running { domain, driver, publisher }
}

impl Running {
    async fn ask(&self, request: Request) -> Result<Position, Refusal> {
        let person = Person { name: "pat".to_owned(), reason: String::new() };
        self.domain.request(request, person).await
    }

    async fn ready(&self, agent: &str) {
        let log_in = Request::LogIn { agent: agent.to_owned(), ready: true };
        self.ask(log_in).await.expect("he may log in");
    }

    async fn accept(&self, agent: &str, offer: Option<u64>) -> Result<Position, Refusal> {
        self.ask(Request::Accept { agent: agent.to_owned(), offer }).await
    }

    async fn connect(&self, adapter: &str, incarnation: u64) -> Pbx {
        let hello = Hello { adapter: adapter.to_owned(), incarnation, ..Hello::default() };
        self.resume(hello).await
    }

    /// A session that resumes, or else begins with a resync of nothing.
    async fn resume(&self, hello: Hello) -> Pbx {
        let mut pbx = self.open(hello).await;
        if !pbx.session.welcome.resumed {
            pbx.holds(ResyncPart::Done).await;
            assert!(matches!(pbx.body().await, DownBody::Resynced { .. }));
        }
        pbx
    }

    /// A session as it is after its welcome.
    async fn open(&self, hello: Hello) -> Pbx {
        let session = self.domain.open_session(hello).await.expect("a valid hello");
        let number = session.welcome.received;
        Pbx { session, number, ack: 0 }
    }

    fn queue(&self, name: &str) -> QueueRow {
        let view = self.domain.view();
        let row = view.queues().iter().find(|row| &*row.queue == name);
        row.expect("it is configured").clone()
    }

    fn agent(&self, id: &str) -> AgentRow {
        self.domain.view().agent(id).expect("he is configured").clone()
    }

    fn calls(&self) -> Vec<CallRow> {
        self.domain.view().calls().cloned().collect()
    }

    fn offer_to(&self, agent: &str) -> Option<OfferRow> {
        self.domain.view().offers(agent).pop()
    }
}

/// A log that a test can look into; quick, but never there in the same instant.
struct Shared<L>(Arc<L>);

impl<L: CommandLog> CommandLog for Shared<L> {
    async fn append(&self, batch: Arc<Batch>, expect: Tail) -> Appended {
        tokio::task::yield_now().await;
        self.0.append(batch, expect).await
    }

    async fn read(&self, from: u64) -> Result<Vec<Arc<Batch>>, LogError> {
        self.0.read(from).await
    }

    async fn truncate(&self, to: u64) -> Result<(), LogError> {
        self.0.truncate(to).await
    }

    async fn tail(&self) -> Result<Tail, LogError> {
        self.0.tail().await
    }
}

/// What a log holds.
async fn recovered(log: &impl CommandLog) -> Replica {
    let mut replica = Replica::empty();
    while let Ok(batches) = log.read(replica.tail().next_sequence).await
        && let next = replica.tail().batch + 1
        && batches.iter().any(|batch| batch.number >= next)
    {
        for batch in batches.iter().filter(|batch| batch.number >= next) {
            replica.fold(batch).expect("it decides as it did");
        }
    }
    replica
}

/// An adapter that numbers and acknowledges as it should.
struct Pbx {
    session: Session,
    number: u64,
    ack: u64,
}

impl Pbx {
    async fn say(&mut self, message: AdapterMessage) {
        self.number += 1;
        self.session.send(self.number, self.ack, message).await.expect("the session is open");
    }

    async fn offer(&mut self, call_id: &str, queue: &str) {
        self.say(offered(call_id, queue)).await;
    }

    async fn down(&mut self) -> Down {
        let down = timeout(NEVER, self.session.next()).await;
        let down = down.expect("something comes down").expect("the session is open");
        self.ack = self.ack.max(down.number);
        down
    }

    /// The next message that is not only an acknowledgement.
    async fn body(&mut self) -> DownBody {
        loop {
            match self.down().await.body {
                DownBody::Acknowledged => {}
                body => return body,
            }
        }
    }

    async fn order(&mut self) -> Order {
        match self.body().await {
            DownBody::Order(order) => order,
            other => panic!("an order was to come, not {other:?}"),
        }
    }

    /// The number of the next order, which must be an offer.
    async fn rings(&mut self) -> u64 {
        match self.order().await {
            Order::Offer { offer, .. } => offer,
            other => panic!("an offer was to come, not {other:?}"),
        }
    }

    async fn rejected(&mut self) -> (u64, &'static str, &'static str) {
        match self.body().await {
            DownBody::Rejected { number, code, field, .. } => (number, code, field),
            other => panic!("a rejection was to come, not {other:?}"),
        }
    }

    async fn closed(&mut self) -> CloseReason {
        match self.body().await {
            DownBody::Closed(reason) => {
                assert_eq!(self.session.next().await, None, "nothing follows the end");
                reason
            }
            other => panic!("the end was to come, not {other:?}"),
        }
    }

    /// Waits until message `number` is durable.
    async fn acknowledged(&mut self, number: u64) {
        while self.down().await.ack < number {}
    }

    /// Whether nothing but acknowledgements is on its way down once all is quiet.
    async fn hears_nothing(&mut self) -> bool {
        let quiet = Duration::from_millis(50);
        timeout(quiet, self.body()).await.is_err()
    }

    /// Says a part of the resync that the welcome has asked for.
    async fn holds(&mut self, part: ResyncPart) {
        let resync = self.session.welcome.resync;
        self.say(AdapterMessage::Resync { resync, part }).await;
    }

    async fn result(&mut self, offer: u64, result: OfferResult) {
        self.say(AdapterMessage::OfferResult { offer, epoch: 0, result }).await;
    }
}

fn offered(call_id: &str, queue: &str) -> AdapterMessage {
    AdapterMessage::CallOffered(OfferedCall { waited: Span(0), ..held_call(call_id, queue) })
}

fn ended(call_id: &str) -> AdapterMessage {
    AdapterMessage::CallEnded { call_id: call_id.to_owned() }
}

fn call(adapter: &str, call_id: &str) -> CallRef {
    CallRef { adapter: adapter.to_owned(), call_id: call_id.to_owned() }
}

fn hello(adapter: &str, incarnation: u64, epoch: u64, ack: u64) -> Hello {
    let software = "test 1".to_owned();
    Hello { adapter: adapter.to_owned(), incarnation, epoch, ack, software }
}

/// A call that the PBX holds and that has waited for a minute.
fn held_call(call_id: &str, queue: &str) -> OfferedCall {
    OfferedCall {
        call_id: call_id.to_owned(),
        queue: queue.to_owned(),
        priority: None,
        dialed: "+15550100".to_owned(),
        caller: "+15550199".to_owned(),
        attributes: vec![("crm".to_owned(), "token".to_owned())],
        waited: Span::from_secs(60),
        channel: Channel::Voice,
        preferred_agent: String::new(),
    }
}

/// The same, as a resync names it.
fn held(call_id: &str, queue: &str) -> ResyncPart {
    ResyncPart::Call(held_call(call_id, queue))
}

/// A leg that the PBX has to an agent, for a call of the adapter `pbx`.
fn leg(call_id: &str, agent: &str, state: LegState) -> ResyncPart {
    ResyncPart::Leg { call: call("pbx", call_id), agent: agent.to_owned(), state }
}

/// Lets everything run until `done`.
async fn until(done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(NEVER, waiting).await.expect("it comes about");
}
