//! Random lives of a Router: whatever happens, the promises hold after every step.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and is not bound to the purity of the Router"
)]

mod everything;
mod plans;

use acd_core::{
    AdapterId, AgentId, CallHandle, Command, Event, ForcedPresence, MissedOffers, OfferNumber,
    OfferResult, Order, Priority, QueueId, ReasonId, Router, RoutingPlan, Span, Timestamp,
    Treatment,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One random step: how much time passes before it, and what it tries.
#[derive(Clone, Debug)]
struct Step {
    pause: Span,
    attempt: Attempt,
}

/// Numbers pick among what is there when the step is taken, so that most attempts make sense.
#[derive(Clone, Debug)]
enum Attempt {
    AdapterUp { adapter: u16, incarnation: u64 },
    AdapterDown { adapter: u16 },
    Offer { adapter: u16, queue: u16, priority: u8 },
    End { call: usize },
    Result { call: usize, result: OfferResult, stale: bool },
    Bridge { call: usize },
    FailConnect { call: usize },
    LoseLeg { call: usize },
    Hold { call: usize },
    Retrieve { call: usize },
    LogIn { agent: u32 },
    LogOut { agent: u32 },
    Ready { agent: u32 },
    NotReady { agent: u32, reason: Option<u16> },
    Accept { agent: u32, call: usize },
    Decline { agent: u32, call: usize },
    EndWrapUp { agent: u32 },
    Move { call: usize, queue: u16 },
    SetPriority { call: usize, priority: u8 },
    EndByPerson { call: usize },
    Force { agent: u32, presence: ForcedPresence },
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let adapter = 0_u16..3;
    let agent = 0_u32..7;
    let call = 0_usize..64;
    let queue = 0_u16..5;
    let result = prop_oneof![
        1 => Just(OfferResult::Ringing),
        6 => Just(OfferResult::Accepted),
        2 => Just(OfferResult::Declined),
        1 => Just(OfferResult::NoAnswer),
        1 => Just(OfferResult::Failed),
    ];
    let forced = prop_oneof![
        Just(ForcedPresence::Ready),
        Just(ForcedPresence::NotReady),
        Just(ForcedPresence::LoggedOut)
    ];
    prop_oneof![
        1 => (adapter.clone(), 1_u64..3)
            .prop_map(|(adapter, incarnation)| Attempt::AdapterUp { adapter, incarnation }),
        1 => adapter.prop_map(|adapter| Attempt::AdapterDown { adapter }),
        30 => (0_u16..2, 0_u16..4, 0_u8..10)
            .prop_map(|(adapter, queue, priority)| Attempt::Offer { adapter, queue, priority }),
        3 => call.clone().prop_map(|call| Attempt::End { call }),
        10 => (call.clone(), result, prop::bool::weighted(0.05))
            .prop_map(|(call, result, stale)| Attempt::Result { call, result, stale }),
        8 => call.clone().prop_map(|call| Attempt::Bridge { call }),
        1 => call.clone().prop_map(|call| Attempt::FailConnect { call }),
        2 => call.clone().prop_map(|call| Attempt::LoseLeg { call }),
        1 => call.clone().prop_map(|call| Attempt::Hold { call }),
        1 => call.clone().prop_map(|call| Attempt::Retrieve { call }),
        3 => agent.clone().prop_map(|agent| Attempt::LogIn { agent }),
        1 => agent.clone().prop_map(|agent| Attempt::LogOut { agent }),
        8 => agent.clone().prop_map(|agent| Attempt::Ready { agent }),
        2 => (agent.clone(), prop::option::of(0_u16..3))
            .prop_map(|(agent, reason)| Attempt::NotReady { agent, reason }),
        3 => (agent.clone(), call.clone())
            .prop_map(|(agent, call)| Attempt::Accept { agent, call }),
        2 => (agent.clone(), call.clone())
            .prop_map(|(agent, call)| Attempt::Decline { agent, call }),
        2 => agent.clone().prop_map(|agent| Attempt::EndWrapUp { agent }),
        2 => (call.clone(), queue).prop_map(|(call, queue)| Attempt::Move { call, queue }),
        1 => (call.clone(), 0_u8..10)
            .prop_map(|(call, priority)| Attempt::SetPriority { call, priority }),
        1 => call.prop_map(|call| Attempt::EndByPerson { call }),
        1 => (agent, forced).prop_map(|(agent, presence)| Attempt::Force { agent, presence }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pause = prop_oneof![
        3 => Just(Span(0)),
        3 => (0_u64..3).prop_map(Span::from_secs),
        2 => (0_u64..20).prop_map(Span::from_secs),
    ];
    let step = (pause, attempt()).prop_map(|(pause, attempt)| Step { pause, attempt });
    prop::collection::vec(step, 200..400)
}

fn a_plan() -> impl Strategy<Value = RoutingPlan> {
    let order =
        prop_oneof![Just(Order::Strict), Just(Order::Credit { per_step: Span::from_secs(90) }),];
    let missed = prop_oneof![
        Just(MissedOffers::StayReady),
        Just(MissedOffers::NotReadyAfter(1)),
        Just(MissedOffers::NotReadyAfter(2)),
    ];
    (order, missed).prop_map(|(order, missed)| everything::plan(order, missed))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Offering,
    Connecting,
    Connected,
    Held,
}

/// The lives above are worth living: most of what they try is accepted.
#[test]
fn random_lives_are_mostly_accepted() {
    let mut runner = TestRunner::deterministic();
    let (mut tried, mut accepted) = (0, 0);
    for _ in 0..100 {
        let (plan, steps) = (a_plan(), steps()).new_tree(&mut runner).unwrap().current();
        let mut world = World::new(plan);
        steps.iter().for_each(|step| world.take(step));
        tried += steps.len();
        accepted += world.accepted;
    }
    assert!(accepted * 2 > tried, "{accepted} of {tried}");
}

/// What an outsider knows from the events alone.
#[derive(Default)]
struct Ledger {
    live: Vec<CallHandle>,
    stages: BTreeMap<CallHandle, Stage>,
    offers: BTreeMap<CallHandle, OfferNumber>,
    arrived: usize,
    ended: usize,
    /// Live offers and accepted calls by agent.
    in_hand: BTreeMap<AgentId, BTreeSet<CallHandle>>,
}

impl Ledger {
    fn take_in(&mut self, events: &[Event], plan: &RoutingPlan) {
        for event in events {
            match event {
                Event::CallArrived { call, .. } => {
                    assert!(!self.live.contains(call), "a call arrives once");
                    self.live.push(*call);
                    self.stages.insert(*call, Stage::Waiting);
                    self.arrived += 1;
                }
                Event::CallEnded { call, .. } => {
                    let at = self.live.iter().position(|live| live == call);
                    self.live.remove(at.expect("a live call ends, once"));
                    self.stages.remove(call);
                    self.let_go(*call);
                    self.ended += 1;
                }
                Event::OfferIssued { call, offer, agent, queue, .. } => {
                    let before = self.offers.insert(*call, *offer);
                    assert!(before.is_none_or(|before| before < *offer), "offers count up");
                    let calls = self.in_hand.entry(*agent).or_default();
                    assert!(calls.insert(*call), "an agent holds a call once");
                    let planned = &plan.agents[agent.index()];
                    assert!(calls.len() <= usize::from(planned.capacity), "capacity is kept");
                    assert!(queue.index() < plan.queues.len());
                    self.stages.insert(*call, Stage::Offering);
                }
                Event::CallReturned { call, .. } => {
                    self.stages.insert(*call, Stage::Waiting);
                    self.let_go(*call);
                }
                Event::CallConnecting { call, .. } => {
                    self.stages.insert(*call, Stage::Connecting);
                }
                Event::CallConnected { call, .. } | Event::CallRetrieved { call } => {
                    self.stages.insert(*call, Stage::Connected);
                }
                Event::CallHeld { call } => {
                    self.stages.insert(*call, Stage::Held);
                }
                _ => {}
            }
        }
        assert_eq!(self.arrived, self.ended + self.live.len(), "no call is lost or doubled");
    }

    fn let_go(&mut self, call: CallHandle) {
        self.offers.remove(&call);
        self.in_hand.values_mut().for_each(|calls| {
            calls.remove(&call);
        });
    }

    /// One of the calls at this stage, else one that does not exist.
    fn at(&self, stage: Stage, index: usize) -> CallHandle {
        let there: Vec<_> = self.stages.iter().filter(|(_, at)| **at == stage).collect();
        let nobody = CallHandle { slot: 7, generation: 9_999 };
        there.get(index % there.len().max(1)).map_or(nobody, |(call, _)| **call)
    }
}

/// Turns steps into commands against the state they meet, and records them.
struct World {
    router: Router,
    now: Timestamp,
    next_slot: u32,
    ledger: Ledger,
    log: Vec<(Timestamp, Command)>,
    events: Vec<Event>,
    accepted: usize,
}

impl World {
    /// Both adapters are up and most agents at work, so that there is something to do.
    fn new(plan: RoutingPlan) -> Self {
        let mut world = Self {
            router: Router::new(Arc::new(plan)).unwrap(),
            now: Timestamp(1_000_000_000),
            next_slot: 0,
            ledger: Ledger::default(),
            log: Vec::new(),
            events: Vec::new(),
            accepted: 0,
        };
        for adapter in [0, 1] {
            world.apply(Command::AdapterUp { adapter: AdapterId(adapter), incarnation: 1 });
        }
        for agent in (0..5).map(AgentId) {
            world.apply(Command::AgentLogIn { agent });
            world.apply(Command::AgentReady { agent });
        }
        world
    }

    fn take(&mut self, step: &Step) {
        self.now = self.now + step.pause;
        while self.router.next_deadline().is_some_and(|at| at <= self.now) {
            assert!(self.apply(Command::AdvanceTime));
        }
        let command = self.command(&step.attempt);
        if self.apply(command) {
            self.accepted += 1;
        }
    }

    /// Applies a command; on a refusal nothing may have changed.
    fn apply(&mut self, command: Command) -> bool {
        let digest = self.router.digest();
        let from = self.events.len();
        match self.router.apply(self.now, command.clone(), &mut self.events) {
            Ok(()) => {
                self.log.push((self.now, command));
                let plan = Arc::clone(self.router.plan());
                self.ledger.take_in(&self.events[from..], &plan);
                self.router.check_invariants();
                true
            }
            Err(_) => {
                assert_eq!(self.router.digest(), digest, "a refusal changes nothing");
                assert_eq!(self.events.len(), from, "a refusal says nothing");
                self.router.check_invariants();
                false
            }
        }
    }

    fn command(&mut self, attempt: &Attempt) -> Command {
        let ledger = &self.ledger;
        let live = |index: usize| match ledger.live.len() {
            0 => CallHandle { slot: 7, generation: 9_999 },
            count => ledger.live[index % count],
        };
        let offer =
            |call: CallHandle| ledger.offers.get(&call).copied().unwrap_or(OfferNumber(9_999));
        match *attempt {
            Attempt::AdapterUp { adapter, incarnation } => {
                Command::AdapterUp { adapter: AdapterId(adapter), incarnation }
            }
            Attempt::AdapterDown { adapter } => {
                Command::AdapterDown { adapter: AdapterId(adapter) }
            }
            Attempt::Offer { adapter, queue, priority } => {
                self.next_slot += 1;
                // Slots are used again, as the edge does.
                let call = CallHandle { slot: self.next_slot % 97, generation: self.next_slot };
                let priority = Priority::new(priority).unwrap();
                Command::CallOffered {
                    call,
                    adapter: AdapterId(adapter),
                    queue: QueueId(queue),
                    priority,
                }
            }
            Attempt::End { call } => Command::CallEnded { call: live(call) },
            Attempt::Result { call, result, stale } => {
                let call = ledger.at(Stage::Offering, call);
                let offer = if stale { OfferNumber(1) } else { offer(call) };
                Command::OfferResult { call, offer, result }
            }
            Attempt::Bridge { call } => {
                let call = ledger.at(Stage::Connecting, call);
                Command::CallBridged { call, offer: offer(call) }
            }
            Attempt::FailConnect { call } => {
                let call = ledger.at(Stage::Connecting, call);
                Command::ConnectFailed { call, offer: offer(call) }
            }
            Attempt::LoseLeg { call } => {
                Command::AgentLegLost { call: ledger.at(Stage::Connected, call) }
            }
            Attempt::Hold { call } => Command::CallHeld { call: ledger.at(Stage::Connected, call) },
            Attempt::Retrieve { call } => {
                Command::CallRetrieved { call: ledger.at(Stage::Held, call) }
            }
            Attempt::LogIn { agent } => Command::AgentLogIn { agent: AgentId(agent) },
            Attempt::LogOut { agent } => Command::AgentLogOut { agent: AgentId(agent) },
            Attempt::Ready { agent } => Command::AgentReady { agent: AgentId(agent) },
            Attempt::NotReady { agent, reason } => {
                Command::AgentNotReady { agent: AgentId(agent), reason: reason.map(ReasonId) }
            }
            Attempt::Accept { agent, call } => {
                let call = ledger.at(Stage::Offering, call);
                Command::AgentAccept { agent: self.holder(agent, call), offer: offer(call) }
            }
            Attempt::Decline { agent, call } => {
                let call = ledger.at(Stage::Offering, call);
                Command::AgentDecline { agent: self.holder(agent, call), offer: offer(call) }
            }
            Attempt::EndWrapUp { agent } => Command::AgentEndWrapUp { agent: AgentId(agent) },
            Attempt::Move { call, queue } => {
                Command::MoveCall { call: live(call), queue: QueueId(queue) }
            }
            Attempt::SetPriority { call, priority } => {
                let priority = Priority::new(priority).unwrap();
                Command::SetPriority { call: live(call), priority }
            }
            Attempt::EndByPerson { call } => {
                Command::EndCall { call: live(call), treatment: Treatment::HangUp }
            }
            Attempt::Force { agent, presence } => {
                Command::ForcePresence { agent: AgentId(agent), presence }
            }
        }
    }

    /// Who has the call, or else anybody.
    fn holder(&self, anybody: u32, call: CallHandle) -> AgentId {
        let mut holders = self.ledger.in_hand.iter();
        let holder = holders.find(|(_, calls)| calls.contains(&call));
        holder.map_or(AgentId(anybody), |(agent, _)| *agent)
    }
}

fn replay(router: &mut Router, log: &[(Timestamp, Command)]) -> Vec<Event> {
    let mut events = Vec::new();
    for (now, command) in log {
        router.apply(*now, command.clone(), &mut events).expect("what was accepted once is again");
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Calls are conserved, capacity is kept, nobody waits beside a free agent, refusals change
    /// nothing: after every single step.
    #[test]
    fn invariants_hold_after_every_step(plan in a_plan(), steps in steps()) {
        let mut world = World::new(plan);
        steps.iter().for_each(|step| world.take(step));
    }

    /// Deterministic: the same commands give the same events, and any prefix, snapshot, restore,
    /// suffix equals the straight run.
    #[test]
    fn a_restored_router_goes_on_as_the_straight_one(
        plan in a_plan(),
        steps in steps(),
        cut in 0.0_f64..1.0,
    ) {
        let mut world = World::new(plan);
        steps.iter().for_each(|step| world.take(step));
        let plan = Arc::clone(world.router.plan());
        let cut = (world.log.len() as f64 * cut) as usize;

        let mut straight = Router::new(Arc::clone(&plan)).unwrap();
        let mut events = replay(&mut straight, &world.log[..cut]);
        let bytes = straight.snapshot();
        let mut restored = Router::restore(Arc::clone(&plan), &bytes).unwrap();
        restored.check_invariants();
        prop_assert_eq!(restored.digest(), straight.digest());
        prop_assert_eq!(restored.next_deadline(), straight.next_deadline());
        events.extend(replay(&mut restored, &world.log[cut..]));
        prop_assert_eq!(&events, &world.events);
        prop_assert_eq!(restored.digest(), world.router.digest());
    }

    /// A damaged snapshot is refused or restored to something sound; it never panics.
    #[test]
    fn damage_to_a_snapshot_is_found(
        plan in a_plan(),
        steps in steps(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut world = World::new(plan);
        steps.iter().take(120).for_each(|step| world.take(step));
        let mut bytes = world.router.snapshot();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
            let restored = Router::restore(Arc::clone(world.router.plan()), &bytes);
            prop_assert!(restored.is_err(), "a cut snapshot is refused");
        } else if let Ok(mut router) = Router::restore(Arc::clone(world.router.plan()), &bytes) {
            let mut events = Vec::new();
            let _ = router.apply(Timestamp::LATEST, Command::AdvanceTime, &mut events);
        }
    }
}
