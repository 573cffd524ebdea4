//! A site with two PBXs, agents, supervisors, and everything that goes wrong there; chance decides
//! what happens next, and an auditor looks at all of it.

use crate::books::{Books, Call, Stage};
use crate::dice::Dice;
use crate::drafts::a_draft;
use crate::kept::{
    Auditor, BestFirst, Bounded, Capacity, Conservation, IdleFirst, Timers, Watch, WorkConserving,
};
use crate::lives::a_plan;
use crate::marks::Marks;
use crate::plans::rule;
use acd_core::{
    Action, AdapterId, Admission, AgentId, CallEntry, CallHandle, CallerKey, Channel, Command,
    DeviceState, DispositionId, Event, ExtraId, ForcedPresence, HeartbeatState, MOVES_MAX,
    MessageTo, OfferNumber, OfferResult, Phase, Priority, QueueId, ReasonId, Rejection, RouteId,
    Router, RoutingPlan, Rule, SkillForNow, SkillId, SlotState, Span, Timestamp, Treatment,
};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::sync::Arc;

/// How many things happen in a life.
const STEPS: usize = 400;
/// Slots of calls are used again after so many.
const SLOTS: u32 = 61;

/// Declares the faults that are counted.
macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident,)+) => {
        /// How often each fault has really happened.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Faults {
            $($(#[$doc])* pub(crate) $fault: u64,)+
        }

        impl Faults {
            pub(crate) fn add(&mut self, other: &Self) {
                $(self.$fault += other.$fault;)+
            }

            /// Those that have never happened.
            pub(crate) fn missing(&self) -> Vec<&'static str> {
                let all = [$((stringify!($fault), self.$fault),)+];
                all.into_iter().filter(|(_, count)| *count == 0).map(|(name, _)| name).collect()
            }
        }
    };
}

faults! {
    adapters_dropped,
    adapters_dropped_while_they_resynced,
    adapters_back_without_resync,
    adapters_back_to_resync,
    adapters_back_as_new_processes,
    resyncs_ended,
    graces_ran_out,
    calls_found,
    calls_vanished,
    legs_found_ringing,
    conversations_found,
    offers_not_rung,
    offers_lost_with_their_process,
    legs_lost,
    bridges_failed,
    bridges_not_in_time,
    desktops_fell_silent,
    desktops_came_back,
    devices_went_down,
    devices_came_back,
    plans_changed,
    plans_changed_while_recovering,
    plans_refused,
    epochs_began,
    deadlines_overdue_after_an_epoch,
    recoveries_caught_up,
    time_leapt,
    commands_refused,
}

/// Whoever watches a promise that can be watched step by step.
pub(crate) fn watches() -> Vec<Box<dyn Watch>> {
    vec![
        Box::new(Conservation::default()),
        Box::new(Capacity::default()),
        Box::new(WorkConserving),
        Box::new(BestFirst),
        Box::new(IdleFirst::default()),
        Box::new(Bounded::default()),
        Box::new(Timers::default()),
    ]
}

/// A rule on entry, for a queue that is closed.
fn turning_away(queue: QueueId) -> Rule {
    let admission = Some(Admission { of: Some(queue), closed: true, calls_in_system: None });
    let mut rule = rule("turn-away", 0, vec![Action::End(Treatment::Message)]);
    rule.when.admission = admission;
    rule
}

pub(crate) struct Site {
    dice: Dice,
    /// Draws plans.
    runner: TestRunner,
    router: Router,
    auditor: Auditor,
    now: Timestamp,
    /// What it began with.
    pub(crate) plan: RoutingPlan,
    /// All that was accepted, and what has failed.
    pub(crate) tried: Vec<(Timestamp, Command)>,
    pub(crate) faults: Faults,
    pub(crate) marks: Marks,
    calls: u32,
    incarnations: [u64; 2],
    heard: [u64; 2],
}

impl Site {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let bytes: Vec<u8> = (0..4).flat_map(|_| dice.draw().to_le_bytes()).collect();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let plan = a_plan().new_tree(&mut runner).unwrap().current();
        let router = Router::new(Arc::new(plan.clone())).unwrap();
        let auditor = Auditor::new(router.plan(), watches());
        Self {
            dice,
            runner,
            router,
            auditor,
            now: Timestamp(1_000_000_000),
            plan,
            tried: Vec::new(),
            faults: Faults::default(),
            marks: Marks::default(),
            calls: 0,
            incarnations: [1, 1],
            heard: [0, 0],
        }
    }

    fn books(&self) -> &Books {
        &self.auditor.books
    }

    pub(crate) fn live(&mut self) {
        for adapter in [0, 1].map(AdapterId) {
            self.accepts(Command::AdapterUp { adapter, incarnation: 1, resync: false });
        }
        for agent in (0..5).map(AgentId) {
            self.accepts(Command::AgentLogIn { agent });
            self.accepts(Command::AgentReady { agent });
        }
        for _ in 0..STEPS {
            self.passes_some_time();
            self.something_happens();
        }
        self.everybody_goes_home();
    }

    /// Mostly a moment; at times long enough for everything to fall due.
    fn passes_some_time(&mut self) {
        let pause = match self.dice.below(40) {
            0..16 => 0,
            16..32 => self.dice.below(3_000_000) as u64,
            32..39 => self.dice.below(20) as u64 * 1_000_000,
            _ => {
                self.faults.time_leapt += 1;
                60_000_000 << self.dice.below(12)
            }
        };
        self.time_passes(self.now + Span(pause));
    }

    fn time_passes(&mut self, until: Timestamp) {
        while let Some(due) = self.router.next_deadline().filter(|due| *due <= until) {
            let catches_up = self.books().phase == Phase::CatchingUp;
            self.now = due.max(self.router.now());
            self.accepts(Command::AdvanceTime);
            let over = self.books().phase == Phase::Normal;
            self.faults.recoveries_caught_up += u64::from(catches_up && over);
        }
        self.now = until;
    }

    fn accepts(&mut self, command: Command) {
        let said = format!("{command:?}");
        let accepted = self.tells(command);
        assert!(accepted, "refused: {said}");
    }

    /// Tells the Router; whether it accepts. A refusal changes nothing.
    fn tells(&mut self, command: Command) -> bool {
        let digest = self.router.digest();
        let mut events = Vec::new();
        self.tried.push((self.now, command.clone()));
        match self.router.apply(self.now, command.clone(), &mut events) {
            Ok(()) => {
                self.counts(&events);
                let Self { router, marks, .. } = self;
                self.auditor.hears(self.now, &command, &events, router, marks);
                self.router.check_invariants();
                true
            }
            Err(rejection) => {
                assert_eq!(self.router.digest(), digest, "a refusal changes nothing");
                assert!(events.is_empty(), "a refusal says nothing");
                self.tried.pop();
                self.marks.refused(&rejection);
                self.faults.commands_refused += 1;
                let plan_refused = matches!(
                    rejection,
                    Rejection::QueueInUse { .. } | Rejection::AgentInUse { .. }
                );
                self.faults.plans_refused += u64::from(plan_refused);
                false
            }
        }
    }

    fn counts(&mut self, events: &[Event]) {
        let faults = &mut self.faults;
        for event in events {
            match event {
                Event::ConnectFailed { adapter_knows: false, .. } => {
                    faults.bridges_not_in_time += 1;
                }
                Event::HeartbeatChanged { heartbeat: HeartbeatState::Lost, .. } => {
                    faults.desktops_fell_silent += 1;
                }
                Event::HeartbeatChanged { agent, heartbeat: HeartbeatState::Kept } => {
                    let before = self.auditor.books.agents[agent.index()].heartbeat;
                    faults.desktops_came_back += u64::from(before == HeartbeatState::Lost);
                }
                Event::DeviceChanged { device: DeviceState::Down, .. } => {
                    faults.devices_went_down += 1;
                }
                Event::DeviceChanged { device: DeviceState::Up, .. } => {
                    faults.devices_came_back += 1;
                }
                _ => {}
            }
        }
    }

    fn something_happens(&mut self) {
        match self.dice.below(120) {
            0..22 => drop(self.a_call_arrives(Span(0))),
            22..50 => self.an_offer_goes_on(),
            50..62 => self.a_conversation_goes_on(),
            62..78 => self.an_agent_does_something(),
            78..84 => self.a_supervisor_does_something(),
            84..89 => self.an_adapter_drops(),
            89..99 => self.an_adapter_comes_back(),
            99..104 => self.a_desktop_or_device_changes(),
            104..107 => self.the_plan_changes(),
            107..109 => self.the_daemon_restarts(),
            109..113 => self.the_domain_recovers(),
            113 => drop(self.tells(Command::HalfMinutePassed)),
            114..116 => self.an_adapter_is_heard(),
            _ => self.nonsense_is_said(),
        }
    }

    fn a_call_arrives(&mut self, since: Span) -> bool {
        self.calls += 1;
        let call = CallHandle { slot: self.calls % SLOTS, generation: self.calls };
        let priority = Priority::new(self.dice.below(10) as u8).unwrap();
        let extras = self.router.plan().extras.len();
        let entry = CallEntry {
            channel: self.dice.pick(&Channel::ALL).filter(|_| self.dice.coin()).unwrap_or_default(),
            preferred: self.dice.chance(200).then(|| self.an_agent()),
            caller: self.dice.coin().then(|| CallerKey(self.dice.below(5) as u64)),
            extra: (extras > 0 && self.dice.coin())
                .then(|| ExtraId(self.dice.below(extras) as u16)),
            ..CallEntry::new(self.a_queue(), priority, self.now - since)
        };
        let adapter = AdapterId(self.dice.below(2) as u16);
        self.tells(Command::CallOffered { call, adapter, entry })
    }

    fn an_offer_goes_on(&mut self) {
        let offering = self.a_call(|call| call.stage == Stage::Offering);
        let connecting = self.a_call(|call| call.stage == Stage::Connecting);
        if let Some((call, known)) = connecting.filter(|_| self.dice.coin()) {
            let offer = known.hands[0].offer;
            match self.dice.below(8) {
                0 => {
                    let failed = self.tells(Command::ConnectFailed { call, offer });
                    self.faults.bridges_failed += u64::from(failed);
                }
                1 => {}
                _ => drop(self.tells(Command::CallBridged { call, offer })),
            }
            return;
        }
        let Some((call, known)) = offering else { return };
        let hand = self.dice.pick(&known.hands).unwrap();
        let (agent, offer) = (hand.agent, hand.offer);
        let result = |result| Command::OfferResult { call, offer, result };
        let command = match self.dice.below(20) {
            0..2 => result(OfferResult::Ringing),
            2..9 => result(OfferResult::Accepted),
            9..12 => result(OfferResult::Declined),
            12 => result(OfferResult::NoAnswer),
            13 => result(OfferResult::Failed),
            14..18 => Command::AgentAccept { agent, offer },
            _ => Command::AgentDecline { agent, offer },
        };
        self.tells(command);
    }

    fn a_conversation_goes_on(&mut self) {
        let which = self.dice.below(12);
        if which < 2 {
            if let Some((call, _)) = self.a_call(|_| true) {
                self.tells(Command::CallEnded { call });
            }
            return;
        }
        let talks = |call: &Call| matches!(call.stage, Stage::Connected | Stage::Held);
        let Some((call, known)) = self.a_call(talks) else { return };
        let queue = self.a_queue();
        match which {
            2..6 => {
                self.tells(Command::CallEnded { call });
                // Whoever has several may be done with two of them at once.
                let agent = known.hands[0].agent;
                let his = |call: &Call| talks(call) && call.hands[0].agent == agent;
                if let Some((call, _)) = self.a_call(his) {
                    self.tells(Command::CallEnded { call });
                    self.takes_notes(agent, None);
                }
            }
            6..8 if known.stage == Stage::Held => drop(self.tells(Command::CallRetrieved { call })),
            6..8 => drop(self.tells(Command::CallHeld { call })),
            8..10 => {
                let lost = self.tells(Command::AgentLegLost { call });
                self.faults.legs_lost += u64::from(lost);
            }
            10 => drop(self.tells(Command::CallTransferred { call, queue: Some(queue) })),
            _ => drop(self.tells(Command::CallTransferred { call, queue: None })),
        }
    }

    fn an_agent_does_something(&mut self) {
        let agent = self.an_agent();
        let reason = self.dice.coin().then(|| ReasonId(self.dice.below(3) as u16));
        let command = match self.dice.below(16) {
            0 => Command::AgentLogOut { agent },
            1..3 => Command::AgentNotReady { agent, reason },
            3 => {
                let (agent, call) = self.one_in_wrap_up();
                let call = call.filter(|_| self.dice.coin());
                return self.takes_notes(agent, call);
            }
            4..6 => {
                let (agent, by) = (self.one_in_wrap_up().0, Span(self.dice.draw() % 20_000_000));
                Command::AgentExtendWrapUp { agent, by }
            }
            6 => Command::ForcePresence { agent, presence: ForcedPresence::NotReady },
            7 => Command::ForcePresence { agent, presence: ForcedPresence::LoggedOut },
            8 => Command::ForcePresence { agent, presence: ForcedPresence::Ready },
            _ => {
                self.tells(Command::AgentLogIn { agent });
                Command::AgentReady { agent }
            }
        };
        self.tells(command);
    }

    fn takes_notes(&mut self, agent: AgentId, call: Option<CallHandle>) {
        let disposition = self.dice.coin().then(|| DispositionId(self.dice.below(4) as u16));
        self.tells(Command::AgentEndWrapUp { agent, call, disposition });
    }

    fn a_supervisor_does_something(&mut self) {
        let queue = self.a_queue();
        let (priority, closed) = (self.dice.below(10) as u8, self.dice.coin());
        let which = self.dice.below(14);
        let until = self.dice.below(90) as u64 * 1_000_000;
        let until = self.dice.coin().then(|| self.now + Span(until));
        let Some((call, known)) = self.a_call(|_| true) else { return };
        let treatments = [Treatment::Busy, Treatment::Voicemail, Treatment::HangUp];
        let command = match which {
            // As far as it may be moved, and once more.
            0 if known.places.len() == 1 => {
                for to in (0..).map(|at| QueueId(at % 2)).take(usize::from(MOVES_MAX) + 2) {
                    self.now = self.now + Span(1);
                    self.time_passes(self.now);
                    self.tells(Command::MoveCall { call, queue: to });
                }
                return;
            }
            0..4 => Command::MoveCall { call, queue },
            4 => Command::SetPriority { call, priority: Priority::new(priority).unwrap() },
            5 => Command::EndCall { call, treatment: self.dice.pick(&treatments).unwrap() },
            6..9 => Command::PickCall { call, agent: self.an_agent() },
            9..11 => Command::SetSkill {
                agent: self.an_agent(),
                skill: SkillId(self.dice.below(4) as u16),
                wanted: match self.dice.below(4) {
                    0 => SkillForNow::Without,
                    1 => SkillForNow::AsPlanned,
                    _ => SkillForNow::Level(1 + self.dice.below(11) as u8),
                },
                until,
            },
            11 => Command::MessageAgents {
                to: match self.dice.below(3) {
                    0 => MessageTo::Agent(self.an_agent()),
                    1 => MessageTo::Queue(queue),
                    _ => MessageTo::Everybody,
                },
            },
            _ => Command::SetClosed { queue, closed, until },
        };
        self.tells(command);
    }

    fn an_adapter_drops(&mut self) {
        let adapter = AdapterId(self.dice.below(2) as u16);
        let known = self.books().adapters.get(&adapter);
        let awaited = known.is_some_and(|known| known.awaited_until.is_some());
        if self.tells(Command::AdapterDown { adapter }) {
            self.faults.adapters_dropped += 1;
            self.faults.adapters_dropped_while_they_resynced += u64::from(awaited);
        }
    }

    fn an_adapter_comes_back(&mut self) {
        let adapter = AdapterId(self.dice.below(2) as u16);
        let known = self.books().adapters.get(&adapter);
        if known.is_some_and(|known| known.up) {
            if known.is_some_and(|known| known.awaited_until.is_some()) {
                self.resyncs(adapter);
            }
            return;
        }
        let (is_new, resync) = (self.dice.chance(300), self.dice.chance(700));
        let rings = |call: &Call| call.stage == Stage::Offering && call.adapter == adapter;
        let rings = self.books().calls.values().filter(|call| rings(call)).count() as u64;
        if is_new {
            self.incarnations[adapter.index()] += 1;
            self.heard[adapter.index()] = 0;
            self.faults.adapters_back_as_new_processes += 1;
            self.faults.offers_lost_with_their_process += if resync { 0 } else { rings };
        }
        let incarnation = self.incarnations[adapter.index()];
        self.accepts(Command::AdapterUp { adapter, incarnation, resync });
        if resync {
            self.faults.adapters_back_to_resync += 1;
            self.resyncs(adapter);
        } else {
            self.faults.adapters_back_without_resync += 1;
        }
    }

    /// The adapter says what it holds, some of it or all; then that it has, or nothing.
    fn resyncs(&mut self, adapter: AdapterId) {
        let held: Vec<CallHandle> = self.books().calls.keys().copied().collect();
        for call in held {
            let Some(known) = self.books().calls.get(&call).cloned() else { continue };
            match (known.stage, known.hands.first()) {
                _ if known.adapter == adapter && self.dice.chance(60) => {
                    self.accepts(Command::CallVanished { call });
                    self.faults.calls_vanished += 1;
                }
                (Stage::Offering, Some(hand)) if self.dice.chance(300) => {
                    let offer = hand.offer;
                    if self.dice.coin() {
                        self.accepts(Command::OfferLost { call, offer });
                        self.faults.offers_not_rung += 1;
                    } else {
                        let result = OfferResult::Accepted;
                        self.accepts(Command::OfferResult { call, offer, result });
                    }
                }
                (Stage::Waiting, _) if self.dice.chance(150) => {
                    let (agent, talking) = (self.an_agent(), self.dice.coin());
                    let found = Command::OfferAdopted { call, agent, rung_by: adapter, talking };
                    let found = u64::from(self.tells(found));
                    let (rings, talks) =
                        (&mut self.faults.legs_found_ringing, &mut self.faults.conversations_found);
                    *if talking { talks } else { rings } += found;
                }
                _ => {}
            }
        }
        for _ in 0..self.dice.below(3) {
            let since = Span::from_secs(self.dice.below(90) as u64);
            let found = self.a_call_arrives(since);
            self.faults.calls_found += u64::from(found);
        }
        let until = self.books().adapters.get(&adapter).and_then(|it| it.awaited_until);
        if self.dice.chance(600) {
            self.accepts(Command::AdapterSynced { adapter });
            self.faults.resyncs_ended += 1;
        } else if let Some(until) = until.filter(|_| self.dice.coin()) {
            self.time_passes(until.max(self.now));
            let known = self.books().adapters.get(&adapter);
            let over = known.is_some_and(|it| it.up && it.awaited_until.is_none());
            self.faults.graces_ran_out += u64::from(over);
        }
    }

    fn a_desktop_or_device_changes(&mut self) {
        let agent = self.an_agent();
        let device = |device| Command::DeviceChanged { agent, device };
        let command = match self.dice.below(10) {
            0..3 => Command::HeartbeatKept { agent },
            3..5 => Command::HeartbeatLost { agent },
            5..8 => device(DeviceState::Up),
            8 => device(DeviceState::Busy),
            _ => device(DeviceState::Down),
        };
        self.tells(command);
    }

    fn the_plan_changes(&mut self) {
        let plan = if self.dice.chance(250) {
            a_draft().prop_map(|draft| draft.plan()).new_tree(&mut self.runner).unwrap().current()
        } else {
            let mut plan = a_plan().new_tree(&mut self.runner).unwrap().current();
            let queue = self.dice.below(plan.queues.len());
            plan.queues[queue].rules.insert(0, turning_away(QueueId(queue as u16)));
            plan
        };
        let recovers = self.books().phase == Phase::Recovering;
        if self.tells(Command::PlanChanged { plan: Arc::new(plan) }) {
            self.faults.plans_changed += 1;
            self.faults.plans_changed_while_recovering += u64::from(recovers);
        }
    }

    /// Nobody was there for a while; what there was is restored, and an epoch begins.
    fn the_daemon_restarts(&mut self) {
        let (bytes, digest) = (self.router.snapshot(), self.router.digest());
        self.router = Router::restore(Arc::clone(self.router.plan()), &bytes).unwrap();
        assert_eq!(self.router.digest(), digest, "what was restored is what there was");
        self.now = self.now + Span(self.dice.draw() % 120_000_000);
        let overdue = self.router.next_deadline().is_some_and(|due| due <= self.now);
        self.accepts(Command::EpochBegan);
        self.faults.epochs_began += 1;
        self.faults.deadlines_overdue_after_an_epoch += u64::from(overdue);
    }

    fn the_domain_recovers(&mut self) {
        if self.books().phase == Phase::Recovering {
            self.accepts(Command::RecoveryOver);
        }
    }

    fn an_adapter_is_heard(&mut self) {
        let adapter = AdapterId(self.dice.below(2) as u16);
        let heard = self.heard[adapter.index()] + self.dice.below(3) as u64;
        if self.tells(Command::AdapterHeard { adapter, number: heard }) {
            self.heard[adapter.index()] = heard;
        }
    }

    /// What cannot be.
    fn nonsense_is_said(&mut self) {
        let call = CallHandle { slot: 7, generation: 1 << 30 };
        let (nobody, nowhere) = (AgentId(1 << 20), QueueId(1 << 12));
        let (agent, offer) = (self.an_agent(), OfferNumber(1 << 40));
        let queue = self.a_queue();
        let entry = CallEntry::new(queue, Priority::NORMAL, self.now);
        let adapter = AdapterId(0);
        let known = self.a_call(|_| true).map_or(call, |(call, _)| call);
        let (tired, _) = self.one_in_wrap_up();
        let commands = [
            Command::CallEnded { call },
            Command::CallOffered { call: known, adapter, entry },
            Command::CallOffered {
                call: CallHandle { slot: u32::MAX, generation: 1 },
                adapter,
                entry,
            },
            Command::CallOffered {
                call,
                adapter,
                entry: CallEntry { since: self.now + Span(1), ..entry },
            },
            Command::CallOffered { call, adapter, entry: CallEntry { queue: nowhere, ..entry } },
            Command::CallOffered {
                call,
                adapter,
                entry: CallEntry { route: Some(RouteId(u16::MAX)), ..entry },
            },
            Command::CallOffered { call, adapter: AdapterId(99), entry },
            Command::AgentReady { agent: nobody },
            Command::AgentNotReady { agent, reason: Some(ReasonId(99)) },
            Command::AgentAccept { agent, offer },
            Command::AgentEndWrapUp { agent, call: None, disposition: None },
            Command::AgentEndWrapUp { agent: tired, call: Some(call), disposition: None },
            Command::AgentEndWrapUp {
                agent: tired,
                call: None,
                disposition: Some(DispositionId(u16::MAX)),
            },
            Command::AgentExtendWrapUp { agent: tired, by: Span(0) },
            Command::AdapterHeard { adapter: AdapterId(99), number: 1 },
            Command::AdapterUp { adapter: AdapterId(u16::MAX), incarnation: 1, resync: false },
            Command::AdapterUp { adapter, incarnation: 1, resync: false },
            Command::RecoveryOver,
            Command::OfferAdopted { call: known, agent, rung_by: adapter, talking: true },
            Command::CallBridged { call: known, offer },
            Command::CallHeld { call: known },
            Command::PlanChanged { plan: Arc::new(self.a_defective_plan()) },
        ];
        let command = commands[self.dice.below(commands.len())].clone();
        // Some of it may make sense at times.
        let up = matches!(command, Command::AdapterUp { .. });
        if !up || self.books().adapters.get(&adapter).is_some_and(|it| it.up) {
            self.tells(command);
        }
        let before = Timestamp(self.router.now().0 - 1);
        for at in [before, Timestamp(u64::MAX)] {
            let refused = self.router.apply(at, Command::EpochBegan, &mut Vec::new());
            self.marks.refused(&refused.unwrap_err());
        }
        if let Some(due) = self.router.next_deadline() {
            let refused = self.router.apply(due, Command::RecoveryOver, &mut Vec::new());
            self.marks.refused(&refused.unwrap_err());
        }
    }

    fn a_defective_plan(&self) -> RoutingPlan {
        let mut plan = RoutingPlan::clone(self.router.plan());
        plan.adapters.reverse();
        plan
    }

    /// Whoever waits is served or sent away, without anybody doing anything; then all hang up.
    fn everybody_goes_home(&mut self) {
        self.the_domain_recovers();
        self.time_passes(self.now);
        while let Some(due) = self.router.next_deadline() {
            self.time_passes(due);
        }
        let waits = |call: &Call| !matches!(call.stage, Stage::Connected | Stage::Held);
        assert!(!self.books().calls.values().any(waits), "calls wait without end");
        let left: Vec<CallHandle> = self.books().calls.keys().copied().collect();
        for call in left {
            self.time_passes(self.now);
            self.accepts(Command::CallEnded { call });
        }
        let (arrived, ended) = (self.books().arrived, self.books().ended);
        assert_eq!(arrived, ended, "every call ends exactly once");
        assert_eq!(self.router.live_calls(), 0);
    }

    fn a_queue(&mut self) -> QueueId {
        QueueId(self.dice.below(self.router.plan().queues.len()) as u16)
    }

    fn an_agent(&mut self) -> AgentId {
        AgentId(self.dice.below(self.router.plan().agents.len()) as u32)
    }

    /// And after which call, often one of several; anybody if there is none.
    fn one_in_wrap_up(&mut self) -> (AgentId, Option<CallHandle>) {
        let mut there = Vec::new();
        for (agent, known) in (0..).map(AgentId).zip(&self.auditor.books.agents) {
            for slot in &known.slots {
                if let SlotState::WrapUp { call, .. } = slot {
                    there.push((agent, Some(*call)));
                }
            }
        }
        let several: Vec<_> =
            there.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[0]).collect();
        let one_of_several = self.dice.pick(&several).filter(|_| self.dice.coin());
        let found = one_of_several.or_else(|| self.dice.pick(&there));
        found.unwrap_or_else(|| (self.an_agent(), None))
    }

    fn a_call(&mut self, which: impl Fn(&Call) -> bool) -> Option<(CallHandle, Call)> {
        let calls = self.auditor.books.calls.iter().filter(|(_, call)| which(call));
        let calls: Vec<CallHandle> = calls.map(|(handle, _)| *handle).collect();
        let call = self.dice.pick(&calls)?;
        Some((call, self.books().calls[&call].clone()))
    }
}
