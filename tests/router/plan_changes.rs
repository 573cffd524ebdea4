//! Random lives under changing plans: what is in use goes on, what cannot go on refuses the change.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and is not bound to the purity of the Router"
)]

mod drafts;
mod plans;

use acd_core::{
    Action, AdapterId, AgentId, AgentPlan, CallEntry, CallHandle, Channel, Command, DeskPlan,
    DeviceState, EXTRAS_MAX, Event, ExtraId, MissedOffers, OfferNumber, OfferResult, Priority,
    QueueId, ReasonId, Rejection, Requirement, RouteId, Router, RoutingPlan, SkillId, Span,
    Timestamp,
};
use drafts::{Draft, a_draft};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Numbers pick among what is there when the step is taken.
#[derive(Clone, Debug)]
enum Step {
    Pause(u64),
    Change(Box<Draft>),
    /// To the same plan written in another order, and back.
    ThereAndBack(usize),
    /// The process dies, and comes back with this plan.
    Restart(Box<Draft>),
    Adapter {
        adapter: u16,
        up: bool,
    },
    Offer {
        adapter: u16,
        queue: Index,
        priority: u8,
        channel: Channel,
        preferred: Option<Index>,
        extra: Option<Index>,
    },
    Answer {
        call: Index,
        result: OfferResult,
    },
    Bridge {
        call: Index,
    },
    Hold {
        call: Index,
    },
    LoseLeg {
        call: Index,
    },
    End {
        call: Index,
    },
    AtWork {
        agent: Index,
    },
    NotReady {
        agent: Index,
        reason: Option<u16>,
    },
    Move {
        call: Index,
        queue: Index,
    },
    Transfer {
        call: Index,
        queue: Index,
    },
    Device {
        agent: Index,
        device: DeviceState,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<Index>;
    let device = select(vec![DeviceState::Up, DeviceState::Busy, DeviceState::Down]);
    let channel = prop_oneof![3 => Just(Channel::Voice), 1 => Just(Channel::Chat)];
    let result = prop_oneof![
        5 => Just(OfferResult::Accepted),
        2 => Just(OfferResult::Declined),
        1 => Just(OfferResult::Failed),
    ];
    prop_oneof![
        8 => (0..15_u64).prop_map(Step::Pause),
        2 => a_draft().prop_map(|draft| Step::Change(Box::new(draft))),
        1 => (1..6_usize).prop_map(Step::ThereAndBack),
        1 => a_draft().prop_map(|draft| Step::Restart(Box::new(draft))),
        1 => (0..2_u16, any::<bool>()).prop_map(|(adapter, up)| Step::Adapter { adapter, up }),
        14 => ((0..2_u16, index(), 0..10_u8), prop::option::of(index()), channel, prop::option::weighted(0.2, index()))
            .prop_map(|((adapter, queue, priority), extra, channel, preferred)| {
                Step::Offer { adapter, queue, priority, extra, channel, preferred }
            }),
        6 => (index(), result).prop_map(|(call, result)| Step::Answer { call, result }),
        5 => index().prop_map(|call| Step::Bridge { call }),
        1 => index().prop_map(|call| Step::Hold { call }),
        1 => index().prop_map(|call| Step::LoseLeg { call }),
        3 => index().prop_map(|call| Step::End { call }),
        6 => index().prop_map(|agent| Step::AtWork { agent }),
        2 => (index(), prop::option::of(0..2_u16))
            .prop_map(|(agent, reason)| Step::NotReady { agent, reason }),
        1 => (index(), index()).prop_map(|(call, queue)| Step::Move { call, queue }),
        1 => (index(), index()).prop_map(|(call, queue)| Step::Transfer { call, queue }),
        2 => (index(), device).prop_map(|(agent, device)| Step::Device { agent, device }),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    Offering,
    Connecting,
    Connected,
}

/// What an outsider knows of a call, all in names.
#[derive(Debug)]
struct Known {
    stage: Stage,
    offer: OfferNumber,
    /// Who has it, and through which queue.
    hand: Option<(String, String)>,
    /// What it asks for in each of its queues.
    places: BTreeMap<String, Vec<(String, u8)>>,
    /// What it asks for besides, wherever it is: as long as there are such skills and no rule has
    /// dropped them.
    extra: Vec<(String, u8)>,
}

struct World {
    router: Router,
    /// Restored from a snapshot after the latest change of plan.
    twin: Router,
    draft: Draft,
    now: Timestamp,
    calls: BTreeMap<CallHandle, Known>,
    arrived: u32,
    incarnation: u64,
    /// Taken and refused.
    changes: (usize, usize),
    recovers: bool,
    /// What the call that is being offered asks for besides.
    offered: Option<Vec<(String, u8)>>,
}

impl World {
    fn new(draft: Draft) -> Self {
        let plan = Arc::new(draft.plan());
        let router = || Router::new(Arc::clone(&plan)).unwrap();
        let mut world = Self {
            router: router(),
            twin: router(),
            draft,
            now: Timestamp(1_000_000_000),
            calls: BTreeMap::new(),
            arrived: 0,
            incarnation: 1,
            changes: (0, 0),
            recovers: false,
            offered: None,
        };
        world.connect_all(false);
        world
    }

    fn connect_all(&mut self, resync: bool) {
        let incarnation = self.incarnation;
        for adapter in [AdapterId(0), AdapterId(1)] {
            self.apply(Command::AdapterUp { adapter, incarnation, resync }).unwrap();
        }
        if resync {
            for adapter in [AdapterId(0), AdapterId(1)] {
                self.apply(Command::AdapterSynced { adapter }).unwrap();
            }
        }
    }

    fn take(&mut self, step: &Step) {
        let nobody = CallHandle { slot: 7, generation: 9_999 };
        let at = |stage: Stage, index: &Index| {
            let there: Vec<_> =
                self.calls.iter().filter(|(_, known)| known.stage == stage).collect();
            let (call, known) = there.get(index.index(there.len().max(1)))?;
            Some((**call, known.offer))
        };
        let live = |index: &Index| {
            let at = index.index(self.calls.len().max(1));
            self.calls.keys().nth(at).copied().unwrap_or(nobody)
        };
        let plan = self.router.plan();
        let queue = |index: &Index| QueueId(index.index(plan.queues.len().max(1)) as u16);
        let agent = |index: &Index| AgentId(index.index(plan.agents.len().max(1)) as u32);
        let offered = |stage, index| at(stage, index).unwrap_or((nobody, OfferNumber(0)));
        let command = match step {
            Step::Pause(pause) => {
                self.now = self.now + Span::from_secs(*pause);
                return self.let_time_pass();
            }
            Step::Change(draft) => return self.change(draft.as_ref().clone()),
            Step::ThereAndBack(by) => return self.there_and_back(*by),
            Step::Restart(draft) => return self.restart(draft.as_ref().clone()),
            Step::Adapter { adapter, up: true } => {
                let (adapter, incarnation) = (AdapterId(*adapter), self.incarnation);
                Command::AdapterUp { adapter, incarnation, resync: false }
            }
            Step::Adapter { adapter, up: false } => {
                Command::AdapterDown { adapter: AdapterId(*adapter) }
            }
            Step::Offer { adapter, queue: index, priority, extra, channel, preferred } => {
                let extras = plan.extras.len();
                let extra = extra.as_ref().filter(|_| extras > 0);
                let extra = extra.map(|index| ExtraId(index.index(extras) as u16));
                let priority = Priority::new(*priority).unwrap();
                let preferred = preferred.as_ref().map(&agent);
                self.offered = extra.map(|extra| self.named(&plan.extras[extra.index()].skills));
                let entry = CallEntry::new(queue(index), priority, self.now).asking(extra);
                Command::CallOffered {
                    call: CallHandle { slot: self.arrived % 61, generation: self.arrived + 1 },
                    adapter: AdapterId(*adapter),
                    entry: CallEntry { channel: *channel, preferred, ..entry },
                }
            }
            Step::Answer { call, result } => {
                let (call, offer) = offered(Stage::Offering, call);
                Command::OfferResult { call, offer, result: *result }
            }
            Step::Bridge { call } => {
                let (call, offer) = offered(Stage::Connecting, call);
                Command::CallBridged { call, offer }
            }
            Step::Hold { call } => Command::CallHeld { call: offered(Stage::Connected, call).0 },
            Step::LoseLeg { call } => {
                Command::AgentLegLost { call: offered(Stage::Connected, call).0 }
            }
            Step::End { call } => Command::CallEnded { call: live(call) },
            Step::AtWork { agent: index } => {
                let agent = agent(index);
                let _ = self.apply(Command::AgentLogIn { agent });
                Command::AgentReady { agent }
            }
            Step::NotReady { agent: index, reason } => {
                Command::AgentNotReady { agent: agent(index), reason: reason.map(ReasonId) }
            }
            Step::Transfer { call, queue: index } => Command::CallTransferred {
                call: offered(Stage::Connected, call).0,
                queue: Some(queue(index)),
            },
            Step::Device { agent: index, device } => {
                Command::DeviceChanged { agent: agent(index), device: *device }
            }
            Step::Move { call, queue: index } => {
                Command::MoveCall { call: live(call), queue: queue(index) }
            }
        };
        let _ = self.apply(command);
    }

    fn let_time_pass(&mut self) {
        while self.router.next_deadline().is_some_and(|at| at <= self.now) {
            self.apply(Command::AdvanceTime).unwrap();
        }
    }

    /// Applies a command to the Router and to its twin; on a refusal nothing has changed.
    fn apply(&mut self, command: Command) -> Result<Vec<Event>, Rejection> {
        let before = self.router.digest();
        let mut events = Vec::new();
        let result = self.router.apply(self.now, command.clone(), &mut events);
        let mut twins = Vec::new();
        assert_eq!(self.twin.apply(self.now, command, &mut twins), result);
        assert_eq!(twins, events, "a restored Router goes on as the straight one");
        assert_eq!(self.twin.digest(), self.router.digest());
        assert_eq!(self.twin.next_deadline(), self.router.next_deadline());
        let offers = events.iter().filter(|event| matches!(event, Event::OfferIssued { .. }));
        assert_eq!(self.router.decisions().len(), offers.count(), "each offer has its reason");
        assert_eq!(self.twin.decisions(), self.router.decisions(), "and the same");
        if result.is_err() {
            assert_eq!(self.router.digest(), before, "a refusal changes nothing");
            assert!(events.is_empty(), "a refusal says nothing");
        }
        self.router.check_invariants();
        let known = &self.router.plan().skills;
        for call in self.calls.values_mut() {
            call.extra.retain(|(skill, _)| known.contains(skill));
        }
        events.iter().for_each(|event| self.take_in(event));
        self.check();
        result.map(|()| events)
    }

    fn change(&mut self, draft: Draft) {
        let plan = Arc::new(draft.plan());
        match self.apply(Command::PlanChanged { plan: Arc::clone(&plan) }) {
            Ok(_) => {
                assert_eq!(*self.router.plan(), plan);
                self.draft = draft;
                self.changes.0 += 1;
                self.twin = Router::restore(plan, &self.router.snapshot()).unwrap();
                self.twin.check_invariants();
            }
            Err(Rejection::QueueInUse { queue }) => {
                let name = self.queue(queue);
                let mut in_use = self.calls.values().filter(|known| {
                    known.places.contains_key(&name)
                        || known.hand.as_ref().is_some_and(|(_, through)| *through == name)
                });
                assert!(in_use.next().is_some(), "{name} holds a call");
                assert!(plan.queues.iter().all(|queue| queue.name != name), "{name} is gone");
                self.changes.1 += 1;
            }
            Err(Rejection::AgentInUse { agent }) => {
                let id = self.agent(agent);
                assert!(self.holds(&id) > 0, "{id} holds a call");
                let kept = plan.agents.iter().find(|agent| agent.id == id);
                let had = self.router.plan().agents[agent.index()].clone();
                let loses = |kept: &AgentPlan| {
                    let left = |of: &AgentPlan, desk: &DeskPlan| {
                        of.desk(desk.channel).map_or(0, |it| it.capacity)
                    };
                    had.desks.iter().any(|desk| left(kept, desk) < desk.capacity)
                };
                assert!(kept.is_none_or(loses), "{id} has lost a slot");
                self.changes.1 += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// What the same plan in another order changes is handles, and nothing else.
    fn there_and_back(&mut self, by: usize) {
        self.apply(Command::AdvanceTime).unwrap();
        let home = self.draft.plan();
        // What only calls asked for that have ended is forgotten by any change.
        self.apply(Command::PlanChanged { plan: Arc::new(home.clone()) }).unwrap();
        let before = (self.router.digest(), self.router.next_deadline());
        for plan in [home.clone(), self.draft.turned(by).plan(), home] {
            let events = self.apply(Command::PlanChanged { plan: Arc::new(plan) }).unwrap();
            assert_eq!(events, [], "the same plan changes nothing");
            assert_eq!(self.router.next_deadline(), before.1);
        }
        assert_eq!(self.router.digest(), before.0);
    }

    /// Nothing is offered until the adapters are back.
    fn restart(&mut self, draft: Draft) {
        self.recovers = true;
        self.apply(Command::EpochBegan).unwrap();
        self.change(draft);
        self.incarnation += 1;
        self.connect_all(true);
        self.recovers = false;
        self.apply(Command::RecoveryOver).unwrap();
        self.let_time_pass();
    }

    fn queue(&self, queue: QueueId) -> String {
        self.router.plan().queues[queue.index()].name.clone()
    }

    fn agent(&self, agent: AgentId) -> String {
        self.router.plan().agents[agent.index()].id.clone()
    }

    fn named(&self, skills: &[(SkillId, u8)]) -> Vec<(String, u8)> {
        let name = |skill: SkillId| self.router.plan().skills[skill.index()].clone();
        skills.iter().map(|(skill, level)| (name(*skill), *level)).collect()
    }

    fn holds(&self, id: &str) -> usize {
        let hands = self.calls.values().filter_map(|known| known.hand.as_ref());
        hands.filter(|(agent, _)| agent == id).count()
    }

    fn take_in(&mut self, event: &Event) {
        match event {
            Event::CallArrived { call, .. } => {
                let known = Known {
                    stage: Stage::Waiting,
                    offer: OfferNumber(0),
                    hand: None,
                    places: BTreeMap::new(),
                    extra: self.offered.take().unwrap_or_default(),
                };
                assert!(self.calls.insert(*call, known).is_none(), "a call arrives once");
                self.arrived += 1;
            }
            Event::CallEnded { call, .. } => {
                self.calls.remove(call).expect("a call ends once");
            }
            Event::PlaceEntered { call, queue, demand, .. }
            | Event::RequirementChanged { call, queue, demand } => {
                let asked = self.named(&self.router.demands()[demand.index()].requirement.skills);
                let queue = self.queue(*queue);
                self.known(*call).places.insert(queue, asked);
            }
            Event::RuleFired { call, queue, rule, .. } => {
                let plan = Arc::clone(self.router.plan());
                for action in &plan.queues[queue.index()].rules[usize::from(*rule)].then {
                    if let Action::Drop(skills) = action {
                        let is_dropped =
                            |name: &str| skills.iter().any(|it| plan.skills[it.index()] == name);
                        self.known(*call).extra.retain(|(name, _)| !is_dropped(name));
                    }
                }
            }
            Event::PlaceLeft { call, queue, .. } => {
                let queue = self.queue(*queue);
                self.known(*call).places.remove(&queue).expect("it was there");
            }
            Event::OfferIssued { call, offer, agent, queue, .. } => {
                let (recovers, hand) = (self.recovers, (self.agent(*agent), self.queue(*queue)));
                let known = self.known(*call);
                assert!(!recovers, "nothing is offered before the adapters are back");
                assert_eq!(known.stage, Stage::Waiting, "only a waiting call is offered");
                (known.stage, known.offer, known.hand) = (Stage::Offering, *offer, Some(hand));
            }
            Event::CallConnecting { call, .. } => self.known(*call).stage = Stage::Connecting,
            Event::CallConnected { call, .. } => self.known(*call).stage = Stage::Connected,
            Event::CallReturned { call, .. } => {
                let known = self.known(*call);
                (known.stage, known.hand) = (Stage::Waiting, None);
            }
            _ => {}
        }
    }

    fn known(&mut self, call: CallHandle) -> &mut Known {
        self.calls.get_mut(&call).expect("a live call")
    }

    /// No call is lost, nobody holds more than he can, and nobody is rung for what he cannot do.
    fn check(&self) {
        let plan = self.router.plan();
        assert_eq!(self.router.live_calls() as usize, self.calls.len(), "no call is lost");
        for agent in &plan.agents {
            assert!(self.holds(&agent.id) <= agent.slots().count(), "capacity is kept");
        }
        for (call, known) in &self.calls {
            let facts = self.router.call(*call).expect("it lives");
            for place in facts.places {
                let demand = &self.router.demands()[place.demand.index()];
                let asked = self.named(&demand.requirement.skills);
                for (skill, level) in &known.extra {
                    let kept = asked.iter().any(|(it, at)| it == skill && at >= level);
                    assert!(kept, "{skill} is asked for wherever the call is");
                }
            }
            let Some((id, through)) = &known.hand else { continue };
            let agent = plan.agents.iter().find(|agent| agent.id == *id);
            let agent = agent.expect("who holds a call is in the plan");
            assert!(plan.queues.iter().any(|queue| queue.name == *through));
            if known.stage == Stage::Offering {
                for (skill, level) in &known.places[through] {
                    let skill = plan.skills.iter().position(|name| name == skill).unwrap();
                    let held = agent.skills.iter().find(|held| held.0.index() == skill);
                    assert!(held.is_some_and(|held| held.1 >= *level), "{id} meets the demand");
                }
            }
        }
    }
}

/// The lives below are worth living: most changes are taken, some are refused.
#[test]
fn random_changes_are_taken_and_refused() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut taken, mut refused, mut arrived) = (0, 0, 0);
    for _ in 0..60 {
        let life = (a_draft(), prop::collection::vec(step(), 200)).new_tree(&mut runner).unwrap();
        let (draft, steps) = life.current();
        let mut world = World::new(draft);
        steps.iter().for_each(|step| world.take(step));
        taken += world.changes.0;
        refused += world.changes.1;
        arrived += world.arrived;
    }
    assert!(taken > refused && refused > 50 && arrived > 1_000, "{taken} {refused} {arrived}");
}

/// A Router begins without any plan, and goes on from there.
#[test]
fn the_first_plan_comes_by_a_command() {
    let plan = Arc::new(plans::plan(
        vec![plans::queue("front", Requirement::default(), Vec::new())],
        vec![plans::agent("ana", &[])],
    ));
    let mut router = Router::new(Arc::new(RoutingPlan::default())).unwrap();
    let mut events = Vec::new();
    let first = Command::PlanChanged { plan: Arc::clone(&plan) };
    router.apply(Timestamp(5), first, &mut events).unwrap();
    assert_eq!(events, []);
    let mut other = Router::new(plan).unwrap();
    other.apply(Timestamp(5), Command::AdvanceTime, &mut events).unwrap();
    assert_eq!(router.digest(), other.digest());
}

/// What calls ask for by routes of before counts among what there may be: where it does not fit, the
/// plan is refused, and taken once they are over.
#[test]
fn what_calls_have_kept_takes_room() {
    let asked =
        |levels: &[(u16, u8)]| Requirement { skills: plans::levels(levels), any_of: Vec::new() };
    let front = || vec![plans::queue("front", Requirement::default(), Vec::new())];
    let mut plan = plans::plan(front(), Vec::new());
    plan.extras = vec![asked(&[(0, 10)])];
    let mut full = plans::plan(front(), Vec::new());
    let both = (1..=10).flat_map(|a| (1..=10).map(move |b| (a, b)));
    let all = both.flat_map(|(a, b)| (1..=10).map(move |c| asked(&[(0, a), (1, b), (2, c)])));
    let two = (1..=10).flat_map(|a| (1..=10).map(move |b| asked(&[(0, a), (1, b)])));
    full.extras = all.chain(two).take(EXTRAS_MAX).collect();
    assert_eq!(full.extras.len(), EXTRAS_MAX);

    let mut router = Router::new(Arc::new(plan)).unwrap();
    let mut apply = |command: Command| {
        let mut events = Vec::new();
        let result = router.apply(Timestamp(5), command, &mut events);
        router.check_invariants();
        result.map(|()| events)
    };
    let (adapter, call) = (AdapterId(0), CallHandle { slot: 0, generation: 1 });
    apply(Command::AdapterUp { adapter, incarnation: 1, resync: false }).unwrap();
    let entry = CallEntry::new(QueueId(0), Priority::NORMAL, Timestamp(5));
    let unknown = entry.asking(Some(ExtraId(1)));
    let refused = apply(Command::CallOffered { call, adapter, entry: unknown });
    assert_eq!(refused, Err(Rejection::UnknownRoute));
    let refused = apply(Command::CallOffered { call, adapter, entry: entry.by_route(RouteId(0)) });
    assert_eq!(refused, Err(Rejection::UnknownRoute), "the plan has no routes");
    let entry = entry.asking(Some(ExtraId(0)));
    apply(Command::CallOffered { call, adapter, entry }).unwrap();
    let change = Command::PlanChanged { plan: Arc::new(full) };
    assert_eq!(apply(change.clone()), Err(Rejection::TooManyDemands));
    apply(Command::CallEnded { call }).unwrap();
    assert_eq!(apply(change), Ok(Vec::new()));
}

/// Handles of adapters are in the state: a plan that gives one to another adapter is refused.
#[test]
fn adapters_keep_their_handles() {
    let plan = plans::plan(Vec::new(), Vec::new());
    let mut router = Router::new(Arc::new(plan.clone())).unwrap();
    let mut apply = |plan: RoutingPlan| {
        let command = Command::PlanChanged { plan: Arc::new(plan) };
        router.apply(Timestamp(5), command, &mut Vec::new())
    };
    let mut swapped = plan.clone();
    swapped.adapters.reverse();
    assert_eq!(apply(swapped), Err(Rejection::PlanDefective));
    let mut more = plan.clone();
    more.adapters.push("third".to_owned());
    assert_eq!(apply(more), Ok(()));
    let mut defective = plan;
    defective.missed_offers = MissedOffers::NotReadyAfter(0);
    assert_eq!(apply(defective), Err(Rejection::PlanDefective));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Whatever changes: no call is lost, agents keep what they hold and no more than they can, an
    /// offer is for who meets it, a refused change changes nothing, a restored Router goes on.
    #[test]
    fn calls_go_on_under_other_plans(
        draft in a_draft(),
        steps in prop::collection::vec(step(), 50..250),
    ) {
        let mut world = World::new(draft);
        steps.iter().for_each(|step| world.take(step));
    }
}
