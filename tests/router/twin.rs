//! The naive twin of the Router: what the contract says, in plain loops over plain lists, without an
//! index, a heap or a cache. Slow, and easy to compare with the contract line by line.
//!
//! Router and twin must say the same, event by event, whatever happens.

mod barriers;
mod decisions;
mod lately;

use acd_core::{
    Action, AdapterId, Admission, AgentId, AgentPlan, Bound, CallEntry, CallHandle, CallerKey,
    Channel, Command, Criterion, Decision, Demand, DemandId, DeskPlan, DeviceState, DispositionId,
    Endpoint, Event, ForcedPresence, Gauge, HeartbeatState, How, LeftCause, MessageTo,
    MissedOffers, NotReadyReason, OfferEnd, OfferNumber, OfferResult, Order, Outcome, Phase,
    Presence, Priority, QueueId, Requirement, ReturnCause, RevokeCause, RoutingPlan, Rule, Service,
    SkillForNow, SkillId, SlotState, Span, Timestamp, Treatment, When, draw,
};
use decisions::Known;
use lately::{Foreseen, Happened, Lately, Moves};
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most deadlines that one `AdvanceTime` fires, exclusions not counted.
const SLICE: usize = 256;
const PLACES_MAX: usize = 8;
const MOVES_MAX: u8 = 16;

/// What was asked for cannot be; nothing has changed.
#[derive(Debug)]
pub(crate) struct Refused;

type Answer = Result<(), Refused>;

#[derive(Clone)]
pub(crate) struct Twin {
    plan: Arc<RoutingPlan>,
    demands: Vec<Demand>,
    now: Timestamp,
    phase: Phase,
    arrivals: u64,
    offers: u64,
    adapters: Vec<Adapter>,
    agents: Vec<Agent>,
    /// All that ever came, in the order of their arrival.
    calls: Vec<Call>,
    /// By slot: of the latest call that lived there.
    generations: BTreeMap<u32, u32>,
    /// Whom the present command made available.
    freed: BTreeSet<AgentId>,
    /// What it made eligible, by arrival.
    eligible: BTreeSet<u64>,
    /// By queue.
    closed: Vec<(bool, Option<Timestamp>)>,
    messages: u64,
    /// In the order of queues, then of the file.
    latches: Vec<LatchOfRule>,
    /// What has happened of late.
    lately: Lately,
    /// With whom each caller was last connected, and when.
    talked: BTreeMap<CallerKey, (AgentId, Timestamp)>,
    /// The call that the present command brings.
    arriving: Option<CallHandle>,
    said: Vec<Event>,
    /// Why the present command's offers were made.
    decisions: Vec<Known>,
}

/// Less is served first.
type Key = (bool, u8, bool, i128, u64);

/// What a rule looks at of a queue or of the domain.
#[derive(Clone)]
struct LatchOfRule {
    queue: QueueId,
    rule: usize,
    is_set: bool,
    /// The rule acts on those who waited as it was set: the last it has acted on, and when it goes
    /// on.
    sweep: Option<(Option<Key>, Timestamp)>,
}

#[derive(Clone, Default)]
struct Adapter {
    up: bool,
    incarnation: u64,
    heard: u64,
    /// Offers up to this one were rung by an earlier process of it.
    forgets: u64,
    /// It has not said yet what it holds; it has until then.
    awaited_until: Option<Timestamp>,
}

#[derive(Clone)]
struct Agent {
    wanted: Presence,
    asked: Option<Presence>,
    device: DeviceState,
    heartbeat: HeartbeatState,
    missed: u32,
    /// By the channels of his slots.
    idle_since: BTreeMap<Channel, Timestamp>,
    /// Since he logged in: how long he has had a slot that is not free, how long he has been ready,
    /// and how many calls he was connected with.
    busy: Span,
    busy_since: Option<Timestamp>,
    ready: Span,
    ready_since: Option<Timestamp>,
    connected: u32,
    /// Busy and ready as they stood when he became available.
    occupation: (u64, u64),
    last_offer: OfferNumber,
    slots: Vec<SlotState>,
    /// When each slot became what it is.
    slots_since: Vec<Timestamp>,
    /// Skills that are not as planned: the level, if he has it, and until when.
    skills: BTreeMap<SkillId, (Option<u8>, Option<Timestamp>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Offering,
    Connecting,
    Talking,
    Ended,
}

#[derive(Clone)]
struct Call {
    handle: CallHandle,
    adapter: AdapterId,
    channel: Channel,
    caller: Option<CallerKey>,
    /// Whom it waits for, and until when; nobody else may take it.
    awaits: Option<(AgentId, Timestamp)>,
    arrival: u64,
    priority: Priority,
    /// What it asks for besides what its queues do.
    extra: Requirement,
    state: State,
    held: bool,
    /// Its age counts from here while it waits, rings or connects.
    age_from: Timestamp,
    /// Its age while it talks.
    age_kept: Span,
    /// It has lost its agent's leg, and not been connected since.
    first: bool,
    moves: u8,
    joins: u32,
    /// In the order it joined them.
    places: Vec<Place>,
    skips: Vec<(AgentId, Timestamp)>,
    /// Whom it is offered to, in the order of the offers, or the one who has it.
    hands: Vec<Hand>,
    /// Queues that it both entered and left, and when it left them.
    passed: Vec<(QueueId, Timestamp)>,
}

#[derive(Clone)]
struct Place {
    queue: QueueId,
    /// What the queue, or a rule of it, makes the call ask for.
    own: Requirement,
    /// Since when it counts as being there, and since when it is.
    entered: Timestamp,
    taken: Timestamp,
    /// It has waited there for some time, not being offered.
    stood: bool,
    /// What was said of its wait as it took the place; nothing where nobody worked.
    foreseen: Option<Foreseen>,
    /// Delays of agents that end up to here have been seen to.
    seen: Timestamp,
    joined: u32,
    /// Rules that have fired, by their place in the file.
    fired: BTreeSet<usize>,
    /// When those fire again that repeat.
    again: BTreeMap<usize, Timestamp>,
    /// The latch while which the call waits here.
    by: Option<usize>,
}

#[derive(Clone, Copy)]
struct Hand {
    offer: OfferNumber,
    agent: AgentId,
    slot: usize,
    queue: QueueId,
    rung_by: AdapterId,
    until: Timestamp,
}

/// What falls due, in the order in which deadlines of one instant fire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    ExclusionEnds { arrival: u64, agent: AgentId },
    DelayEnds { arrival: u64, queue: QueueId },
    AffinityEnds { arrival: u64 },
    LatchDue { latch: usize },
    SweepGoesOn { latch: usize },
    Rule { arrival: u64, queue: QueueId },
    ConnectEnds { arrival: u64 },
    RingEnds { offer: OfferNumber },
    WrapUpEnds { agent: AgentId, slot: usize },
    GraceEnds { adapter: AdapterId },
    QueueTurns { queue: QueueId },
    SkillTurns { agent: AgentId, skill: SkillId },
}

impl Twin {
    /// Demands are named as the Router names them.
    pub(crate) fn new(plan: Arc<RoutingPlan>, demands: &[Demand]) -> Self {
        let agent = |planned: &AgentPlan| Agent {
            wanted: Presence::LoggedOut,
            asked: None,
            device: DeviceState::Up,
            heartbeat: HeartbeatState::None,
            missed: 0,
            idle_since: planned.slots().map(|channel| (channel, Timestamp(0))).collect(),
            busy: Span(0),
            busy_since: None,
            ready: Span(0),
            ready_since: None,
            connected: 0,
            occupation: (0, 0),
            last_offer: OfferNumber(0),
            slots: planned.slots().map(|_| SlotState::Free).collect(),
            slots_since: planned.slots().map(|_| Timestamp(0)).collect(),
            skills: BTreeMap::new(),
        };
        let rules = plan.queues_with_ids().flat_map(|(queue, planned)| {
            let rules = planned.rules.iter().enumerate();
            let latched = rules.filter(|(_, rule)| rule.when.latch.is_some());
            latched.map(move |(rule, _)| LatchOfRule { queue, rule, is_set: false, sweep: None })
        });
        Self {
            latches: rules.collect(),
            lately: Lately::default(),
            closed: vec![(false, None); plan.queues.len()],
            messages: 0,
            arriving: None,
            agents: plan.agents.iter().map(agent).collect(),
            talked: BTreeMap::new(),
            plan,
            demands: demands.to_vec(),
            now: Timestamp(0),
            phase: Phase::Normal,
            arrivals: 0,
            offers: 0,
            adapters: Vec::new(),
            calls: Vec::new(),
            generations: BTreeMap::new(),
            freed: BTreeSet::new(),
            eligible: BTreeSet::new(),
            said: Vec::new(),
            decisions: Vec::new(),
        }
    }

    /// As `Router::apply`.
    pub(crate) fn apply(
        &mut self,
        now: Timestamp,
        command: &Command,
    ) -> Result<Vec<Event>, Refused> {
        self.decisions.clear();
        let before = self.clone();
        match self.try_to(now, command) {
            Ok(()) => Ok(std::mem::take(&mut self.said)),
            Err(refused) => {
                *self = before;
                Err(refused)
            }
        }
    }

    fn try_to(&mut self, now: Timestamp, command: &Command) -> Answer {
        if now < self.now || now > Timestamp::LATEST {
            return Err(Refused);
        }
        if *command == Command::AdvanceTime {
            self.time_passes(now);
            return Ok(());
        }
        if *command != Command::EpochBegan && self.next_due().is_some_and(|(at, _)| at <= now) {
            return Err(Refused);
        }
        self.clock_moves(now);
        self.happens(command)?;
        self.match_all_that_may();
        while self.phase == Phase::Normal
            && let Some((_, timer)) = self.next_due().filter(|(at, _)| *at <= now)
        {
            self.falls_due(timer);
            self.match_all_that_may();
        }
        Ok(())
    }

    fn happens(&mut self, command: &Command) -> Answer {
        match *command {
            Command::AdvanceTime => Ok(()),
            Command::HalfMinutePassed => {
                self.say(Event::HalfMinutePassed);
                Ok(())
            }
            Command::EpochBegan => self.epoch_begins(),
            Command::RecoveryOver => self.recovery_ends(),
            Command::PlanChanged { .. } => Err(Refused),
            Command::AdapterUp { adapter, incarnation, resync } => {
                self.adapter_comes(adapter, incarnation, resync)
            }
            Command::AdapterSynced { adapter } => self.adapter_has_said_all(adapter),
            Command::AdapterDown { adapter } => self.adapter_goes(adapter),
            Command::AdapterHeard { adapter, number } => self.adapter_is_heard(adapter, number),
            Command::CallOffered { call, adapter, entry } => self.call_comes(call, adapter, entry),
            Command::CallEnded { call } => self.caller_or_agent_hangs_up(call),
            Command::CallVanished { call } => {
                let call = self.index(call)?;
                self.end(call, Outcome::Vanished, None);
                Ok(())
            }
            Command::OfferAdopted { call, agent, rung_by, talking } => {
                self.adopt(call, agent, rung_by, talking)
            }
            Command::OfferLost { call, offer } => {
                let call = self.in_hand(call, offer, State::Offering)?;
                let end = OfferEnd::Revoked(RevokeCause::AdapterRestarted);
                self.offer_ends(call, offer, end, true);
                Ok(())
            }
            Command::OfferResult { call, offer, result } => self.offer_goes(call, offer, result),
            Command::CallBridged { call, offer } => {
                let call = self.in_hand(call, offer, State::Connecting)?;
                self.connected(call);
                Ok(())
            }
            Command::ConnectFailed { call, offer } => {
                let call = self.in_hand(call, offer, State::Connecting)?;
                self.connect_fails(call, true);
                Ok(())
            }
            Command::AgentLegLost { call } => {
                let call = self.talking(call)?;
                let queue = self.leaves_agent(call, ReturnCause::AgentLegLost);
                self.calls[call].first = true;
                self.enters(call, queue, self.now);
                Ok(())
            }
            Command::CallHeld { call } => self.hold(call, true),
            Command::CallRetrieved { call } => self.hold(call, false),
            Command::CallTransferred { call, queue } => self.handed_on(call, queue),
            Command::DeviceChanged { agent, device } => self.device_is(agent, device),
            Command::HeartbeatKept { agent } => self.heartbeat_is(agent, HeartbeatState::Kept),
            Command::HeartbeatLost { agent } => self.heartbeat_is(agent, HeartbeatState::Lost),
            Command::AgentLogIn { agent } => self.log_in(agent),
            Command::AgentLogOut { agent } => {
                self.at_work(agent)?;
                self.wants(agent, Presence::LoggedOut);
                Ok(())
            }
            Command::AgentReady { agent } => {
                self.at_work(agent)?;
                self.wants(agent, Presence::Ready);
                Ok(())
            }
            Command::AgentNotReady { agent, reason } => {
                self.at_work(agent)?;
                if reason.is_some_and(|reason| reason.index() >= self.plan.reasons.len()) {
                    return Err(Refused);
                }
                let why = reason.map_or(NotReadyReason::Unstated, NotReadyReason::Named);
                self.wants(agent, Presence::NotReady(why));
                Ok(())
            }
            Command::AgentAccept { agent, offer } => {
                let call = self.offered_to(agent, offer)?;
                self.accepted(call, offer, false);
                Ok(())
            }
            Command::AgentDecline { agent, offer } => {
                let call = self.offered_to(agent, offer)?;
                self.offer_ends(call, offer, OfferEnd::Declined, false);
                Ok(())
            }
            Command::AgentEndWrapUp { agent, call, disposition } => {
                self.wrap_up_done(agent, call, disposition)
            }
            Command::AgentExtendWrapUp { agent, by } => self.wrap_up_takes_longer(agent, by),
            Command::MoveCall { call, queue } => self.person_moves(call, queue),
            Command::SetPriority { call, priority } => {
                let call = self.index(call)?;
                if self.calls[call].state == State::Talking {
                    return Err(Refused);
                }
                self.priority_becomes(call, priority);
                Ok(())
            }
            Command::EndCall { call, treatment } => {
                let call = self.index(call)?;
                let outcome = match self.calls[call].state {
                    State::Talking => Outcome::Handled,
                    _ => Outcome::Overflowed,
                };
                self.end(call, outcome, Some(treatment));
                Ok(())
            }
            Command::SetClosed { queue, closed, until } => self.closes(queue, closed, until),
            Command::SetSkill { agent, skill, wanted, until } => {
                self.sets_skill(agent, skill, wanted, until)
            }
            Command::PickCall { call, agent } => self.person_picks(call, agent),
            Command::MessageAgents { to } => self.message(to),
            Command::ForcePresence { agent, presence } => self.forced(agent, presence),
        }
    }
}

/// Time.
impl Twin {
    /// Everything that is to come, and the earliest of it; nothing while the domain recovers.
    fn next_due(&self) -> Option<(Timestamp, Timer)> {
        if self.phase == Phase::Recovering {
            return None;
        }
        let mut all = Vec::new();
        for call in &self.calls {
            let arrival = call.arrival;
            for (agent, until) in &call.skips {
                all.push((*until, Timer::ExclusionEnds { arrival, agent: *agent }));
            }
            all.extend(call.awaits.map(|(_, until)| (until, Timer::AffinityEnds { arrival })));
            match call.state {
                State::Waiting => {
                    for place in &call.places {
                        if let Some((due, _)) = self.rules_to_come(call, place).into_iter().min() {
                            all.push((due, Timer::Rule { arrival, queue: place.queue }));
                        }
                        if let Some(end) = self.next_delay(call, place) {
                            all.push((end, Timer::DelayEnds { arrival, queue: place.queue }));
                        }
                    }
                }
                State::Offering => {
                    let rings = |hand: &Hand| (hand.until, Timer::RingEnds { offer: hand.offer });
                    all.extend(call.hands.iter().map(rings));
                }
                State::Connecting => {
                    all.extend(
                        call.hands.iter().map(|it| (it.until, Timer::ConnectEnds { arrival })),
                    );
                }
                State::Talking | State::Ended => {}
            }
        }
        for (agent, known) in (0..).map(AgentId).zip(&self.agents) {
            for (slot, state) in known.slots.iter().enumerate() {
                if let SlotState::WrapUp { until, .. } = state {
                    all.push((*until, Timer::WrapUpEnds { agent, slot }));
                }
            }
            for (skill, (_, until)) in &known.skills {
                all.extend(until.map(|until| (until, Timer::SkillTurns { agent, skill: *skill })));
            }
        }
        for (adapter, known) in (0..).map(AdapterId).zip(&self.adapters) {
            all.extend(known.awaited_until.map(|until| (until, Timer::GraceEnds { adapter })));
        }
        for (queue, (_, until)) in (0..).map(QueueId).zip(&self.closed) {
            all.extend(until.map(|until| (until, Timer::QueueTurns { queue })));
        }
        for (latch, known) in self.latches.iter().enumerate() {
            if let Some((Some(_), at)) = known.sweep {
                all.push((at, Timer::SweepGoesOn { latch }));
            }
            let due = self.longest_wait_due(known).filter(|due| *due > self.now);
            if self.phase == Phase::Normal && !known.is_set {
                all.extend(due.map(|due| (due, Timer::LatchDue { latch })));
            }
            if self.phase == Phase::Normal {
                let ends = self.looks_again_at(known);
                all.extend(ends.map(|ends| (ends, Timer::LatchDue { latch })));
            }
        }
        all.into_iter().min()
    }

    fn time_passes(&mut self, now: Timestamp) {
        let mut fired = 0;
        while self.phase != Phase::Recovering && fired < SLICE {
            // What is later than the present was not overdue.
            if self.next_due().is_some_and(|(at, _)| at > self.now) {
                self.caught_up();
                self.match_all_that_may();
            }
            let Some((at, timer)) = self.next_due().filter(|(at, _)| *at <= now) else { break };
            self.clock_moves(self.now.max(at));
            self.falls_due(timer);
            // What ends at an instant has ended for all that happens at it.
            let only_lets = matches!(
                timer,
                Timer::ExclusionEnds { .. }
                    | Timer::DelayEnds { .. }
                    | Timer::AffinityEnds { .. }
                    | Timer::LatchDue { .. }
                    | Timer::SkillTurns { .. }
            );
            if only_lets && self.next_due().is_some_and(|(next, _)| next == at) {
                continue;
            }
            fired += 1;
            self.match_all_that_may();
        }
        if self.next_due().is_none_or(|(at, _)| at > now) {
            self.clock_moves(now);
            self.caught_up();
            self.match_all_that_may();
        }
    }

    fn falls_due(&mut self, timer: Timer) {
        match timer {
            Timer::ExclusionEnds { arrival, agent } => {
                let call = self.by_arrival(arrival);
                self.calls[call].skips.retain(|(skipped, _)| *skipped != agent);
                if self.calls[call].state == State::Waiting {
                    self.eligible.insert(arrival);
                }
            }
            Timer::DelayEnds { arrival, queue } => {
                let call = self.by_arrival(arrival);
                let (index, at) = self.place(self.calls[call].handle, queue).expect("it waits");
                let end = self.next_delay(&self.calls[index], &self.calls[index].places[at]);
                // What has ended meanwhile has ended too.
                let end = end.expect("it has one").max(self.now);
                self.calls[index].places[at].seen = end;
                self.eligible.insert(arrival);
            }
            Timer::AffinityEnds { arrival } => self.awaits_no_more(self.by_arrival(arrival)),
            Timer::LatchDue { .. } => {}
            Timer::SweepGoesOn { latch } => {
                self.sweeps(latch);
            }
            Timer::Rule { arrival, queue } => {
                let call = self.calls[self.by_arrival(arrival)].handle;
                self.due_rules_act(call, queue);
            }
            Timer::ConnectEnds { arrival } => self.connect_fails(self.by_arrival(arrival), false),
            Timer::RingEnds { offer } => {
                let rings = |call: &Call| {
                    call.state == State::Offering && call.hands.iter().any(|it| it.offer == offer)
                };
                let call = self.calls.iter().position(rings).expect("it rings");
                // An adapter that is gone may not have rung at all.
                let rung_by = self.hand_by(call, offer).rung_by;
                let end = if self.is_up(rung_by) { OfferEnd::NoAnswer } else { OfferEnd::Failed };
                self.offer_ends(call, offer, end, false);
            }
            Timer::WrapUpEnds { agent, slot } => self.wrap_up_ends(agent, slot, None),
            Timer::QueueTurns { queue } => {
                let (closed, _) = self.closed[queue.index()];
                self.is_closed(queue, !closed, None);
            }
            Timer::SkillTurns { agent, skill } => {
                self.agents[agent.index()].skills.remove(&skill);
                self.skill_is_other(agent, skill, None);
            }
            Timer::GraceEnds { adapter } => {
                self.take_back_what_is_forgotten(adapter, false);
                self.match_all_that_may();
                self.awaited_no_more(adapter);
            }
        }
    }
}

/// Who gets which call.
impl Twin {
    /// Matches; evaluates all latches; lets their rules act; and again if anything was done.
    fn match_all_that_may(&mut self) {
        loop {
            self.matches_once();
            if self.phase != Phase::Normal || !self.latches_act() {
                return;
            }
        }
    }

    /// First the agents that became available, one call each per round, longest idle first; then the
    /// calls that became eligible, in the order of their keys.
    fn matches_once(&mut self) {
        self.agents_take();
        // Whoever became available may have ended what a reserve held back.
        let held_back = |call: &&Call| {
            let spares = |place: &Place| self.spares(call, place).is_some();
            call.state == State::Waiting && call.places.iter().any(spares)
        };
        let held_back: Vec<u64> =
            self.calls.iter().filter(held_back).map(|call| call.arrival).collect();
        self.eligible.extend(held_back);
        let mut eligible: Vec<u64> = std::mem::take(&mut self.eligible).into_iter().collect();
        eligible.sort_by_key(|arrival| self.key(&self.calls[self.by_arrival(*arrival)]));
        for arrival in eligible {
            let call = self.by_arrival(arrival);
            if self.calls[call].state == State::Waiting && self.is_open(self.calls[call].adapter) {
                self.picks(call);
            }
        }
    }

    fn agents_take(&mut self) {
        let mut freed: Vec<AgentId> = std::mem::take(&mut self.freed).into_iter().collect();
        while !freed.is_empty() {
            freed.sort_by_key(|agent| {
                let channels = self.agents[agent.index()].idle_since.keys();
                let free = channels.filter(|channel| self.is_available(*agent, **channel));
                free.map(|channel| self.standing(*agent, *channel)).min()
            });
            freed.retain(|agent| self.takes(*agent));
        }
    }

    /// The agent's best call: emergencies, then the rank that the queue has for him, then the key; of
    /// two places of one call the one it joined first.
    fn takes(&mut self, agent: AgentId) -> bool {
        let mut all = Vec::new();
        for (index, call) in self.calls.iter().enumerate() {
            for place in &call.places {
                if self.may_serve(agent, call, place) {
                    let rank = Reverse(self.service(agent, place.queue).rank);
                    let normal = call.priority != Priority::EMERGENCY;
                    all.push((normal, rank, self.key(call), place.joined, index));
                }
            }
        }
        all.sort_unstable();
        let Some((.., joined, call)) = all.first().copied() else { return false };
        let how = How::AgentTook(self.take(agent, &all));
        self.offer(call, joined, agent, how, 0);
        true
    }

    /// The call's best agent: queue by queue in the order it joined them; its best few at once where
    /// the queue says so, unless it waits for one.
    fn picks(&mut self, call: usize) {
        for place in self.calls[call].places.clone() {
            let at_once = match self.calls[call].awaits {
                Some(_) => 1,
                None => self.plan.queues[place.queue.index()].broadcast,
            };
            for nth in 1..=at_once {
                let known = &self.calls[call];
                let agents = (0..self.agents.len() as u32).map(AgentId);
                let is_offered = |agent| known.hands.iter().any(|hand| hand.agent == agent);
                let may = agents.filter(|agent| {
                    !is_offered(*agent) && self.may_be_given(*agent, known, &place)
                });
                let point = draw(self.plan.seed, known.arrival, self.offers + 1);
                let mut may: Vec<AgentId> = may.collect();
                may.sort_by(|a, b| self.by_select(known, &place, point, *a, *b));
                let Some(agent) = may.first().copied() else { break };
                let pick = self.pick(known, &place, &may, (nth, at_once), point);
                let unskipped = Call { skips: Vec::new(), ..known.clone() };
                let agents = (0..self.agents.len() as u32).map(AgentId);
                let free = agents.filter(|it| self.may_be_given(*it, &unskipped, &place)).count();
                self.offer(call, place.joined, agent, How::CallPicked(pick), free as u32);
            }
            if self.calls[call].state != State::Waiting {
                return;
            }
        }
    }

    /// Whoever has left offers unanswered comes last; then the first criterion that differs decides;
    /// in the end, the longest idle.
    fn by_select(
        &self,
        call: &Call,
        place: &Place,
        point: u64,
        a: AgentId,
        b: AgentId,
    ) -> Ordering {
        let channel = call.channel.of_slots();
        let select = &self.plan.queues[place.queue.index()].select;
        let missed = |agent: AgentId| self.agents[agent.index()].missed > 0;
        let by = |criterion: &Criterion| self.by_criterion(*criterion, call, place, point, a, b);
        let in_the_end = self.standing(a, channel).cmp(&self.standing(b, channel));
        let by_missed = missed(a).cmp(&missed(b));
        select.iter().map(by).fold(by_missed, Ordering::then).then(in_the_end)
    }

    fn by_criterion(
        &self,
        criterion: Criterion,
        call: &Call,
        place: &Place,
        point: u64,
        a: AgentId,
        b: AgentId,
    ) -> Ordering {
        let channel = call.channel.of_slots();
        let [one, other] = [a, b].map(|agent| &self.agents[agent.index()]);
        let level = |agent| self.level(agent, call, place);
        let rank = |agent| self.service(agent, place.queue).rank;
        let on_circle = |agent: AgentId| {
            let last_offer = self.agents[agent.index()].last_offer;
            draw(self.plan.seed, u64::from(agent.0), last_offer.0).wrapping_sub(point)
        };
        match criterion {
            Criterion::LongestIdle => one.idle_since[&channel].cmp(&other.idle_since[&channel]),
            Criterion::HighestLevel => level(b).cmp(&level(a)),
            Criterion::LowestLevel => level(a).cmp(&level(b)),
            Criterion::Rank => rank(b).cmp(&rank(a)),
            Criterion::LeastOccupied => {
                let ((busy, ready), (others_busy, others_ready)) =
                    (one.occupation, other.occupation);
                let product = |busy: u64, ready: u64| u128::from(busy) * u128::from(ready.max(1));
                product(busy, others_ready).cmp(&product(others_busy, ready))
            }
            Criterion::FewestCalls => one.connected.cmp(&other.connected),
            Criterion::RoundRobin => one.last_offer.cmp(&other.last_offer),
            Criterion::Listed => a.cmp(&b),
            Criterion::Random => on_circle(a).cmp(&on_circle(b)),
        }
    }

    fn service(&self, agent: AgentId, queue: QueueId) -> Service {
        let profile = &self.plan.agents[agent.index()].queues;
        let named = profile.iter().find(|(it, _)| *it == queue);
        named.map(|(_, service)| *service).unwrap_or_default()
    }

    /// When the next delay that some agent has for this queue ends, of those not yet seen to.
    fn next_delay(&self, call: &Call, place: &Place) -> Option<Timestamp> {
        let agents = self.plan.agents.iter().flat_map(|agent| &agent.queues);
        let delays = agents.filter(|(queue, it)| *queue == place.queue && it.delay > Span(0));
        let ends = delays.map(|(_, service)| place.entered + service.delay);
        let urgent = call.priority == Priority::EMERGENCY;
        ends.filter(|end| *end > place.seen && !urgent).min()
    }

    /// The shortest target of its queues, where the order looks at it.
    fn target(&self, call: usize) -> Option<Span> {
        let queues = self.calls[call].places.iter().map(|place| place.queue.index());
        let targets = queues.map(|queue| self.plan.queues[queue].service_level.within);
        targets.min().filter(|_| self.plan.order == Order::Deadline)
    }

    /// With another target it has another key, and stands in its lines anew.
    fn target_was(&mut self, call: usize, before: Option<Span>) {
        let target = self.target(call);
        if target.is_some() && before.is_some() && target != before {
            self.stands_anew(call);
        }
    }

    /// The call stands in its lines anew: what it has waited is known.
    fn stands_anew(&mut self, call: usize) {
        let now = self.now;
        self.calls[call].places.iter_mut().for_each(|place| place.seen = now);
    }

    /// Whether this pair may be made now.
    fn may_serve(&self, agent: AgentId, call: &Call, place: &Place) -> bool {
        call.state == State::Waiting && self.may_be_given(agent, call, place)
    }

    fn may_be_given(&self, agent: AgentId, call: &Call, place: &Place) -> bool {
        self.phase == Phase::Normal
            && self.is_open(call.adapter)
            && self.is_reachable(agent, call.channel)
            && self.meets(agent, call, place)
            && (call.priority == Priority::EMERGENCY
                || self.now.since(place.entered) >= self.service(agent, place.queue).delay)
            && call.awaits.is_none_or(|(awaited, _)| awaited == agent)
            && self.spares(call, place).is_none_or(|kept| self.could_serve(call, place) > kept)
            && !call.skips.iter().any(|(skipped, until)| *skipped == agent && *until > self.now)
    }

    /// He could be offered a call of the channel, and what rings him is connected.
    fn is_reachable(&self, agent: AgentId, channel: Channel) -> bool {
        let device = self.device(agent, channel);
        self.is_available(agent, channel)
            && device.is_none_or(|device| self.is_open(device.adapter))
    }

    fn device(&self, agent: AgentId, channel: Channel) -> Option<&Endpoint> {
        let desks = &self.plan.agents[agent.index()].desks;
        let desk = desks.iter().find(|desk| desk.channel == channel.of_slots())?;
        desk.endpoint.as_ref()
    }

    /// How many agents the queue keeps free of such a call.
    fn spares(&self, call: &Call, place: &Place) -> Option<usize> {
        let kept = self.plan.queues[place.queue.index()].keep_free?;
        (call.priority < kept.for_priority).then_some(kept.agents as usize)
    }

    /// How many agents could serve the queue by its own requirement now.
    fn could_serve(&self, call: &Call, place: &Place) -> usize {
        let own = &self.plan.queues[place.queue.index()].require;
        let agents = (0..self.agents.len() as u32).map(AgentId);
        let able = |agent: &AgentId| {
            self.is_reachable(*agent, call.channel) && self.serves(*agent, place.queue, &[own])
        };
        agents.filter(able).count()
    }

    /// He has what the queue, or a rule of it, and what the call besides asks for.
    fn meets(&self, agent: AgentId, call: &Call, place: &Place) -> bool {
        self.serves(agent, place.queue, &[&place.own, &call.extra])
    }

    /// He is not barred from the queue, and has all that is asked for.
    fn serves(&self, agent: AgentId, queue: QueueId, asked: &[&Requirement]) -> bool {
        let planned = &self.plan.agents[agent.index()];
        let barred = planned.only && !planned.queues.iter().any(|(it, _)| *it == queue);
        !barred && asked.iter().all(|asked| self.has_what_is_asked(agent, asked))
    }

    fn has_what_is_asked(&self, agent: AgentId, asked: &Requirement) -> bool {
        self.has(agent, &asked.skills)
            && (asked.any_of.is_empty() || asked.any_of.iter().any(|it| self.has(agent, it)))
    }

    fn has(&self, agent: AgentId, asked: &[(SkillId, u8)]) -> bool {
        let held = self.held(agent);
        asked.iter().all(|(skill, level)| held.iter().any(|(it, has)| it == skill && has >= level))
    }

    /// What the plan gives him, but for what a supervisor has said.
    fn held(&self, agent: AgentId) -> Vec<(SkillId, u8)> {
        let mut held: BTreeMap<_, _> =
            self.plan.agents[agent.index()].skills.iter().copied().collect();
        for (skill, (level, _)) in &self.agents[agent.index()].skills {
            match level {
                Some(level) => held.insert(*skill, *level),
                None => held.remove(skill),
            };
        }
        held.into_iter().collect()
    }

    /// The sum of his levels in the skills that are asked for, and in the best alternative of each of
    /// the two that has some; each skill once.
    fn level(&self, agent: AgentId, call: &Call, place: &Place) -> u32 {
        let held = self.held(agent);
        let nothing = [Vec::new()];
        let met = |asked: &Requirement| -> Vec<Vec<(SkillId, u8)>> {
            let any_of = if asked.any_of.is_empty() { &nothing[..] } else { &asked.any_of };
            any_of.iter().filter(|one| self.has(agent, one)).cloned().collect()
        };
        let mut best = 0;
        for of_queue in met(&place.own) {
            for of_call in met(&call.extra) {
                let all = [&place.own.skills, &call.extra.skills, &of_queue, &of_call];
                let named = |skill: SkillId| all.into_iter().flatten().any(|(it, _)| *it == skill);
                let counts = held.iter().filter(|(skill, _)| named(*skill));
                best = best.max(counts.map(|(_, level)| u32::from(*level)).sum());
            }
        }
        best
    }

    fn demand(&self, call: usize, at: usize) -> DemandId {
        self.demand_of(&self.calls[call], &self.calls[call].places[at])
    }

    /// As the Router names what a call asks for in a queue.
    fn demand_of(&self, Call { extra, .. }: &Call, Place { own, queue, .. }: &Place) -> DemandId {
        let both = |a: &[(SkillId, u8)], b: &[(SkillId, u8)]| -> Vec<(SkillId, u8)> {
            let mut levels = BTreeMap::new();
            for (skill, level) in a.iter().chain(b) {
                let known = levels.entry(*skill).or_insert(*level);
                *known = (*known).max(*level);
            }
            levels.into_iter().collect()
        };
        let mut any_of = Vec::new();
        for (a, b) in own.any_of.iter().flat_map(|a| extra.any_of.iter().map(move |b| (a, b))) {
            any_of.push(both(a, b));
        }
        if own.any_of.is_empty() || extra.any_of.is_empty() {
            any_of = own.any_of.iter().chain(&extra.any_of).cloned().collect();
        }
        let meant: BTreeSet<_> = any_of.iter().collect();
        let skills = both(&own.skills, &extra.skills);
        let is_meant = |it: &&(DemandId, &Demand)| {
            let Demand { queue: of, requirement } = it.1;
            *of == *queue
                && requirement.skills == skills
                && match *extra == Requirement::default() {
                    true => requirement.any_of == any_of,
                    false => requirement.any_of.iter().collect::<BTreeSet<_>>() == meant,
                }
        };
        // Two extras may differ in the order of their alternatives alone: then each has its own name.
        let mut in_order: Vec<Vec<(SkillId, u8)>> = Vec::new();
        for one in &any_of {
            let by_itself = own.any_of.is_empty() || extra.any_of.is_empty();
            if by_itself || !in_order.contains(one) {
                in_order.push(one.clone());
            }
        }
        let as_ordered =
            |it: &&(DemandId, &Demand)| is_meant(it) && it.1.requirement.any_of == in_order;
        let named: Vec<(DemandId, &Demand)> = (0..).map(DemandId).zip(&self.demands).collect();
        let exact = named.iter().find(as_ordered).or_else(|| named.iter().find(is_meant));
        exact.expect("every demand of the plan is named").0
    }

    /// Says what has changed of what it asks for in its queues, in the order it joined them.
    fn asks_anew(&mut self, call: usize, before: &[DemandId]) {
        for (at, before) in before.iter().enumerate() {
            let demand = self.demand(call, at);
            if demand != *before {
                let Call { handle, arrival, .. } = self.calls[call];
                let queue = self.calls[call].places[at].queue;
                self.calls[call].places[at].seen = self.now;
                self.say(Event::RequirementChanged { call: handle, queue, demand });
                self.eligible.insert(arrival);
            }
        }
    }

    /// What is left of what a call asks for besides. An alternative that asks for nothing any more is
    /// met by everybody. Alternatives stay as they are if a hard skill is among them.
    fn without(&self, extra: &Requirement, dropped: &[SkillId]) -> Requirement {
        let mut left = extra.clone();
        left.skills.retain(|(skill, _)| !dropped.contains(skill));
        let is_hard = |(skill, _): &(SkillId, u8)| self.plan.hard.contains(skill);
        if !left.any_of.iter().flatten().any(is_hard) {
            for one in &mut left.any_of {
                one.retain(|(skill, _)| !dropped.contains(skill));
            }
            if left.any_of.contains(&Vec::new()) {
                left.any_of.clear();
            }
        }
        left
    }

    /// What it asks for in each of its queues.
    fn demands_of(&self, call: usize) -> Vec<DemandId> {
        (0..self.calls[call].places.len()).map(|at| self.demand(call, at)).collect()
    }

    /// What agents are ordered by where nothing else decides: who misses offers comes last.
    fn standing(&self, agent: AgentId, channel: Channel) -> (bool, Timestamp, AgentId) {
        let known = &self.agents[agent.index()];
        (known.missed > 0, known.idle_since[&channel], agent)
    }

    fn key(&self, call: &Call) -> Key {
        let since = i128::from(call.age_from.0);
        let priority = call.priority.get();
        match self.plan.order {
            Order::Strict => (priority != 9, 9 - priority, !call.first, since, call.arrival),
            Order::Credit { per_step } => {
                let credit = i128::from(per_step.0) * (i128::from(priority) - 5);
                (priority != 9, 0, !call.first, since - credit, call.arrival)
            }
            Order::Oldest => (priority != 9, 0, !call.first, since, call.arrival),
            Order::Deadline => {
                let within = |place: &Place| {
                    let queue = &self.plan.queues[place.queue.index()];
                    i128::from(queue.service_level.within.0)
                };
                let target = call.places.iter().map(within).min().unwrap_or(0);
                (priority != 9, 9 - priority, !call.first, since + target, call.arrival)
            }
        }
    }

    /// He is ready and has a slot for the channel, and nothing that he holds bars it.
    fn is_available(&self, agent: AgentId, channel: Channel) -> bool {
        let known = &self.agents[agent.index()];
        let channel = channel.of_slots();
        let slots = || self.plan.agents[agent.index()].slots().zip(&known.slots);
        let held = |it: &(Channel, &SlotState)| *it.1 != SlotState::Free && it.0 != channel;
        let how = |channel| self.plan.channels.of(channel);
        let bars = |(held, _): (Channel, &SlotState)| {
            let lets_interrupt = how(held).interruptible_by.contains(&channel);
            how(held).exclusive || how(channel).exclusive && !lets_interrupt
        };
        let rings = match known.device {
            DeviceState::Up => true,
            // A telephone call of his own blocks telephone calls.
            DeviceState::Busy => channel != Channel::Voice,
            DeviceState::Down => false,
        };
        known.wanted == Presence::Ready
            && known.asked.is_none()
            && rings
            && known.heartbeat != HeartbeatState::Lost
            && slots().any(|(it, slot)| it == channel && *slot == SlotState::Free)
            && !slots().filter(held).any(bars)
    }

    fn is_available_for_some(&self, agent: AgentId) -> bool {
        Channel::ALL.iter().any(|channel| self.is_available(agent, *channel))
    }

    fn free_slot(&self, agent: AgentId, channel: Channel) -> Option<usize> {
        let channels = self.plan.agents[agent.index()].slots();
        let mut slots = channels.zip(&self.agents[agent.index()].slots);
        slots.position(|(it, slot)| it == channel.of_slots() && *slot == SlotState::Free)
    }

    /// Anybody may take it from now on.
    fn awaits_no_more(&mut self, call: usize) {
        if self.calls[call].awaits.take().is_none() {
            return;
        }
        let (handle, arrival) = (self.calls[call].handle, self.calls[call].arrival);
        self.say(Event::AgentAwaitedNoMore { call: handle });
        if self.calls[call].state == State::Waiting {
            self.stands_anew(call);
            self.eligible.insert(arrival);
        }
    }

    /// On arrival: the agent whom the call names, else the one who last talked with its caller, is
    /// waited for, if he works and may serve it.
    fn judges_affinity(&mut self, call: usize, entry: CallEntry) {
        let affinity = self.plan.queues[entry.queue.index()].affinity;
        let until = entry.since + affinity.wait;
        if entry.priority == Priority::EMERGENCY || until <= self.now {
            return;
        }
        let last = entry.caller.and_then(|caller| self.talked.get(&caller));
        let in_window = |(_, at): &&(AgentId, Timestamp)| {
            affinity.window > Span(0) && self.now.since(*at) <= affinity.window
        };
        let last = last.filter(in_window).map(|(agent, _)| *agent);
        let own = &self.plan.queues[entry.queue.index()].require;
        let comes = |agent: &AgentId| {
            let slots = &self.agents[agent.index()].idle_since;
            self.presence(*agent) == Presence::Ready
                && slots.contains_key(&entry.channel.of_slots())
                && self.serves(*agent, entry.queue, &[own, &self.calls[call].extra])
        };
        let named = entry.preferred.into_iter().chain(last);
        if let Some(agent) = named.into_iter().find(comes) {
            self.calls[call].awaits = Some((agent, until));
            let call = self.calls[call].handle;
            self.say(Event::AgentAwaited { call, agent, until });
        }
    }
}

/// Offers.
impl Twin {
    fn offer(&mut self, call: usize, joined: u32, agent: AgentId, how: How, free: u32) {
        let device = self.device(agent, self.calls[call].channel);
        let rung_by = device.map_or(self.calls[call].adapter, |device| device.adapter);
        let offer = self.put_in_hand(call, joined, agent, rung_by, (how, free));
        self.rings(call, offer);
    }

    fn put_in_hand(
        &mut self,
        call: usize,
        joined: u32,
        agent: AgentId,
        rung_by: AdapterId,
        (how, free): (How, u32),
    ) -> OfferNumber {
        let place = self.calls[call].places.iter().find(|place| place.joined == joined);
        let place = place.expect("it stands there");
        let (queue, demand) = (place.queue, self.demand_of(&self.calls[call], place));
        self.offers += 1;
        let offer = OfferNumber(self.offers);
        let until = self.now + self.plan.queues[queue.index()].ring;
        self.agents[agent.index()].last_offer = offer;
        let slot = self.free_slot(agent, self.calls[call].channel).expect("one is free");
        self.calls[call].hands.push(Hand { offer, agent, slot, queue, rung_by, until });
        let call = self.calls[call].handle;
        let (adopted, picked) = (how == How::Adopted, how == How::Picked);
        let decision = Decision { call, offer, agent, queue, demand, how };
        self.decisions.push(Known::new(decision, free));
        self.say(Event::OfferIssued {
            call,
            offer,
            agent,
            queue,
            rung_by,
            ring_until: until,
            adopted,
            picked,
        });
        offer
    }

    fn rings(&mut self, call: usize, offer: OfferNumber) {
        let Hand { agent, slot, .. } = self.hand_by(call, offer);
        self.calls[call].state = State::Offering;
        let call = self.calls[call].handle;
        self.slot_becomes(agent, slot, SlotState::Reserved { call, offer });
    }

    fn offer_goes(&mut self, call: CallHandle, offer: OfferNumber, result: OfferResult) -> Answer {
        let index = self.in_hand(call, offer, State::Offering)?;
        match result {
            OfferResult::Ringing => self.say(Event::OfferRinging { call, offer }),
            OfferResult::Accepted => self.accepted(index, offer, true),
            OfferResult::Declined => self.offer_ends(index, offer, OfferEnd::Declined, true),
            OfferResult::NoAnswer => self.offer_ends(index, offer, OfferEnd::NoAnswer, true),
            OfferResult::Failed => self.offer_ends(index, offer, OfferEnd::Failed, true),
        }
        Ok(())
    }

    /// He has it; others whom it was offered to at the same time do not get it.
    fn accepted(&mut self, call: usize, offer: OfferNumber, adapter_knows: bool) {
        self.say_offer_ended(call, offer, OfferEnd::Accepted, adapter_knows);
        for other in self.calls[call].hands.clone() {
            if other.offer != offer {
                let end = OfferEnd::Revoked(RevokeCause::AnsweredElsewhere);
                self.agent_is_let_go(call, other.offer, end, false);
            }
        }
        let until = self.now + self.plan.connect_within;
        self.calls[call].state = State::Connecting;
        let hand = Hand { until, ..self.hand(call) };
        self.calls[call].hands = vec![hand];
        let call = self.calls[call].handle;
        let Hand { offer, agent, slot, rung_by, .. } = hand;
        self.say(Event::CallConnecting { call, offer, agent, rung_by, until });
        self.slot_becomes(agent, slot, SlotState::Connecting { call });
    }

    fn offer_ends(&mut self, call: usize, offer: OfferNumber, end: OfferEnd, adapter_knows: bool) {
        self.agent_is_let_go(call, offer, end, adapter_knows);
        if self.calls[call].hands.is_empty() {
            self.waits_again(call, ReturnCause::OfferEnded);
        }
    }

    fn all_offers_end(&mut self, call: usize, cause: RevokeCause) {
        while let Some(hand) = self.calls[call].hands.first().copied() {
            self.agent_is_let_go(call, hand.offer, OfferEnd::Revoked(cause), false);
        }
    }

    /// The agent's side of it.
    fn agent_is_let_go(
        &mut self,
        call: usize,
        offer: OfferNumber,
        end: OfferEnd,
        adapter_knows: bool,
    ) {
        let Hand { agent, slot, .. } = self.hand_by(call, offer);
        self.say_offer_ended(call, offer, end, adapter_knows);
        self.calls[call].hands.retain(|hand| hand.offer != offer);
        self.slot_becomes(agent, slot, SlotState::Free);
        match end {
            OfferEnd::Declined | OfferEnd::NoAnswer => {
                self.does_not_take(call, agent);
                self.misses(agent);
            }
            OfferEnd::Failed => self.does_not_take(call, agent),
            OfferEnd::Accepted | OfferEnd::Revoked(_) => {}
        }
        self.slot_is_free(agent);
    }

    fn misses(&mut self, agent: AgentId) {
        self.agents[agent.index()].missed += 1;
        let known = &self.agents[agent.index()];
        let too_many = match self.plan.missed_offers {
            MissedOffers::StayReady => false,
            MissedOffers::NotReadyAfter(limit) => known.missed >= limit,
        };
        if too_many && known.wanted == Presence::Ready {
            self.presence_becomes(agent, Presence::NotReady(NotReadyReason::MissedOffers));
        }
    }

    fn does_not_take(&mut self, call: usize, agent: AgentId) {
        self.skip(call, agent);
        if self.calls[call].awaits.is_some_and(|(awaited, _)| awaited == agent) {
            self.awaits_no_more(call);
        }
    }

    /// For a while the call is not offered to him.
    fn skip(&mut self, call: usize, agent: AgentId) {
        let until = self.now + self.plan.exclude_for;
        self.calls[call].skips.retain(|(skipped, _)| *skipped != agent);
        if until > self.now {
            self.calls[call].skips.push((agent, until));
        }
    }

    fn connected(&mut self, call: usize) {
        let Hand { agent, slot, queue, .. } = self.hand(call);
        let age = self.age(call);
        let known = &mut self.calls[call];
        (known.state, known.held, known.age_kept, known.first) =
            (State::Talking, false, age, false);
        known.awaits = None;
        let handle = known.handle;
        if let Some(caller) = known.caller {
            self.talked.insert(caller, (agent, self.now));
        }
        let talker = &mut self.agents[agent.index()];
        (talker.missed, talker.connected) = (0, talker.connected + 1);
        self.say(Event::CallConnected { call: handle, agent, queue });
        let place = self.calls[call].places.iter().find(|place| place.queue == queue);
        let place = place.expect("it stands there until now");
        let target = self.plan.queues[queue.index()].service_level.within;
        let in_time = self.now.since(place.entered) <= target;
        let moved = place.stood.then_some((place.taken, place.foreseen));
        if let Some((since, foreseen)) = moved {
            self.moves_on(queue, Moves::Taken { waited: self.now.since(since), foreseen });
        }
        self.happens_to_a_call(Some(queue), Happened::Answered { in_time });
        self.happens_to_a_call(None, Happened::Answered { in_time });
        self.leaves_all(call, LeftCause::Connected);
        self.slot_becomes(agent, slot, SlotState::Talking { call: handle });
    }

    fn connect_fails(&mut self, call: usize, adapter_knows: bool) {
        let Hand { offer, agent, slot, rung_by, .. } = self.hand(call);
        let handle = self.calls[call].handle;
        self.say(Event::ConnectFailed { call: handle, offer, agent, rung_by, adapter_knows });
        self.does_not_take(call, agent);
        self.calls[call].hands.clear();
        self.slot_becomes(agent, slot, SlotState::Free);
        self.slot_is_free(agent);
        self.waits_again(call, ReturnCause::ConnectFailed);
    }

    /// What rings is an offer; who talks, talks, ready and skilled or not.
    fn adopt(
        &mut self,
        call: CallHandle,
        agent: AgentId,
        rung_by: AdapterId,
        talking: bool,
    ) -> Answer {
        let index = self.index(call)?;
        self.known_agent(agent)?;
        let (known, channel) = (&self.agents[agent.index()], self.calls[index].channel);
        let at_work = match talking {
            true => known.wanted != Presence::LoggedOut && self.free_slot(agent, channel).is_some(),
            false => self.is_available(agent, channel),
        };
        let waits = self.calls[index].state == State::Waiting;
        if self.adapters.get(rung_by.index()).is_none() || !at_work || !waits {
            return Err(Refused);
        }
        let places = &self.calls[index].places;
        let met = places.iter().find(|place| self.meets(agent, &self.calls[index], place));
        let place = met.or(places.first().filter(|_| talking)).ok_or(Refused)?;
        let offer = self.put_in_hand(index, place.joined, agent, rung_by, (How::Adopted, 0));
        if talking {
            self.say_offer_ended(index, offer, OfferEnd::Accepted, true);
            self.connected(index);
        } else {
            self.rings(index, offer);
        }
        Ok(())
    }

    fn say_offer_ended(
        &mut self,
        call: usize,
        offer: OfferNumber,
        end: OfferEnd,
        adapter_knows: bool,
    ) {
        let Hand { agent, queue, rung_by, .. } = self.hand_by(call, offer);
        let call = self.calls[call].handle;
        self.say(Event::OfferEnded { call, offer, agent, queue, rung_by, end, adapter_knows });
    }
}

/// A call's life.
impl Twin {
    fn call_comes(&mut self, call: CallHandle, adapter: AdapterId, entry: CallEntry) -> Answer {
        let CallEntry { queue, priority, since, channel, preferred, caller, extra, route } = entry;
        self.known_queue(queue)?;
        let extra = match extra {
            Some(extra) => self.plan.extras.get(extra.index()).cloned().ok_or(Refused)?,
            None => Requirement::default(),
        };
        if let Some(preferred) = preferred {
            self.known_agent(preferred)?;
        }
        let lives = self
            .calls
            .iter()
            .any(|known| known.handle.slot == call.slot && known.state != State::Ended);
        let latest = self.generations.get(&call.slot).copied().unwrap_or(0);
        if !self.is_up(adapter) || lives || call.generation <= latest || since > self.now {
            return Err(Refused);
        }
        self.generations.insert(call.slot, call.generation);
        self.arrivals += 1;
        let arrival = self.arrivals;
        self.calls.push(Call {
            handle: call,
            adapter,
            channel,
            caller,
            awaits: None,
            arrival,
            priority,
            extra,
            state: State::Waiting,
            held: false,
            age_from: since,
            age_kept: Span(0),
            first: false,
            moves: 0,
            joins: 0,
            places: Vec::new(),
            skips: Vec::new(),
            hands: Vec::new(),
            passed: Vec::new(),
        });
        self.say(Event::CallArrived {
            call,
            adapter,
            channel,
            arrival,
            priority,
            since,
            route,
            caller,
        });
        self.judges_affinity(self.by_arrival(arrival), entry);
        self.arriving = Some(call);
        self.enters(self.by_arrival(arrival), queue, since);
        self.arriving = None;
        Ok(())
    }

    fn enters(&mut self, call: usize, queue: QueueId, since: Timestamp) {
        let own = self.plan.queues[queue.index()].require.clone();
        let target = self.target(call);
        let (taken, known) = (self.now, &mut self.calls[call]);
        let joined = known.joins;
        known.joins += 1;
        known.places.push(Place {
            queue,
            own,
            entered: since,
            taken,
            stood: false,
            foreseen: None,
            seen: taken,
            joined,
            fired: BTreeSet::new(),
            again: BTreeMap::new(),
            by: None,
        });
        let (handle, arrival) = (known.handle, known.arrival);
        let foreseen = self.foresees(call, queue);
        let last = self.calls[call].places.len() - 1;
        self.calls[call].places[last].foreseen = foreseen;
        let estimate = foreseen.map(|foreseen| foreseen.wait);
        let demand = self.demand(call, last);
        self.say(Event::PlaceEntered { call: handle, queue, demand, since, estimate });
        self.target_was(call, target);
        self.eligible.insert(arrival);
        self.admits(handle, queue);
    }

    /// Calls that stand in a queue in whatever state, or are connected through it, besides one; of
    /// the domain, those that do so anywhere.
    fn in_system(&self, of: Option<QueueId>, besides: CallHandle) -> u32 {
        let is_meant = |queue: QueueId| of.is_none_or(|it| it == queue);
        let is_in = |call: &&Call| {
            call.places.iter().any(|place| is_meant(place.queue))
                || call.state == State::Talking && call.hands.iter().any(|it| is_meant(it.queue))
        };
        self.calls.iter().filter(|call| call.handle != besides).filter(is_in).count() as u32
    }

    /// Rules on entry act before the match.
    fn admits(&mut self, call: CallHandle, queue: QueueId) {
        let Some((index, joined)) = self.standing_place(call, queue) else { return };
        // Who is found waiting after a restart has entered before.
        let entered = self.calls[index].places.iter().find(|place| place.joined == joined);
        if self.phase == Phase::Recovering && entered.is_some_and(|it| it.entered < self.now) {
            return;
        }
        for rule in 0..self.plan.queues[queue.index()].rules.len() {
            let when = &self.plan.queues[queue.index()].rules[rule].when;
            let Some(admission) = when.admission else { continue };
            let Some((index, at)) = self.place(call, queue) else { return };
            let Admission { of, closed, calls_in_system } = admission;
            let holds = (!closed || of.is_some_and(|of| self.closed[of.index()].0))
                && calls_in_system.is_none_or(|most| self.in_system(of, call) >= most)
                && when.priority_at_least.is_none_or(|least| self.calls[index].priority >= least)
                && is_for(when, self.calls[index].channel);
            if holds {
                self.fires(index, at, rule);
                self.rule_acts(call, queue, rule);
                if self.standing_place(call, queue).is_none_or(|(_, it)| it != joined) {
                    return;
                }
            }
        }
    }

    fn standing_place(&self, call: CallHandle, queue: QueueId) -> Option<(usize, u32)> {
        let (index, at) = self.place(call, queue)?;
        Some((index, self.calls[index].places[at].joined))
    }

    fn sets_skill(
        &mut self,
        agent: AgentId,
        skill: SkillId,
        wanted: SkillForNow,
        until: Option<Timestamp>,
    ) -> Answer {
        self.known_agent(agent)?;
        let level = match wanted {
            SkillForNow::AsPlanned => None,
            SkillForNow::Without => Some(None),
            SkillForNow::Level(level) => Some(Some(level)),
        };
        let planned = self.plan.agents[agent.index()].skills.iter().find(|(it, _)| *it == skill);
        let more = level.flatten() > planned.map(|(_, level)| *level);
        let is_level = level.flatten().is_none_or(|level| (1..=10).contains(&level));
        let is_hard = self.plan.hard.contains(&skill);
        if skill.index() >= self.plan.skills.len()
            || !is_level
            || is_hard && more
            || until.is_some_and(|until| until <= self.now || until > Timestamp::LATEST)
        {
            return Err(Refused);
        }
        let skills = &mut self.agents[agent.index()].skills;
        let before = skills.get(&skill).copied();
        let now = level.map(|level| (level, until));
        if before.is_none() && now.is_some() && skills.len() == 16 {
            return Err(Refused);
        }
        match now {
            Some(now) => skills.insert(skill, now),
            None => skills.remove(&skill),
        };
        if before != now {
            self.skill_is_other(agent, skill, until.filter(|_| now.is_some()));
        }
        Ok(())
    }

    /// Offers of what he cannot serve any more are taken back; and he may take a call.
    fn skill_is_other(&mut self, agent: AgentId, skill: SkillId, until: Option<Timestamp>) {
        let level = self.held(agent).into_iter().find(|(it, _)| *it == skill).map(|it| it.1);
        let for_now = self.agents[agent.index()].skills.contains_key(&skill);
        self.say(Event::SkillChanged { agent, skill, level, for_now, until });
        for slot in 0..self.agents[agent.index()].slots.len() {
            let state = self.agents[agent.index()].slots[slot];
            let SlotState::Reserved { call, offer } = state else { continue };
            let call = self.index(call).expect("it rings");
            let queue = self.hand_by(call, offer).queue;
            let known = &self.calls[call];
            let place = known.places.iter().find(|place| place.queue == queue);
            // Whatever queues he serves.
            let asked = place.map(|place| [&place.own, &known.extra]);
            if !asked.is_some_and(|asked| asked.iter().all(|it| self.has_what_is_asked(agent, it)))
            {
                let end = OfferEnd::Revoked(RevokeCause::AgentUnavailable);
                self.offer_ends(call, offer, end, false);
            }
        }
        if self.is_available_for_some(agent) {
            self.freed.insert(agent);
        }
    }

    fn closes(&mut self, queue: QueueId, closed: bool, until: Option<Timestamp>) -> Answer {
        self.known_queue(queue)?;
        if until.is_some_and(|until| until <= self.now || until > Timestamp::LATEST) {
            return Err(Refused);
        }
        if self.closed[queue.index()] != (closed, until) {
            self.is_closed(queue, closed, until);
        }
        Ok(())
    }

    fn is_closed(&mut self, queue: QueueId, closed: bool, until: Option<Timestamp>) {
        let (was_closed, _) = std::mem::replace(&mut self.closed[queue.index()], (closed, until));
        self.say(Event::QueueClosed { queue, closed, until });
        let ends_waits = self.plan.queues[queue.index()].closing_ends_waits;
        if !closed || was_closed || !ends_waits || self.phase == Phase::Recovering {
            return;
        }
        for (_, call) in self.waiting_after(queue, None) {
            for rule in 0..self.plan.queues[queue.index()].rules.len() {
                let when = &self.plan.queues[queue.index()].rules[rule].when;
                // Of this queue: that another one is closed is looked at on entry alone.
                let on_closing = Admission { of: Some(queue), closed: true, calls_in_system: None };
                let Some((index, at)) = self.place(call, queue) else { break };
                let known = &self.calls[index];
                if known.state != State::Waiting {
                    break;
                }
                let urgent = when.priority_at_least.is_none_or(|least| known.priority >= least);
                let fired = known.places[at].fired.contains(&rule);
                let is_for = is_for(when, known.channel);
                if when.admission == Some(on_closing) && urgent && is_for && !fired {
                    self.fires(index, at, rule);
                    self.rule_acts(call, queue, rule);
                }
            }
        }
    }

    fn leaves(&mut self, call: usize, queue: QueueId, cause: LeftCause) {
        let (now, target) = (self.now, self.target(call));
        let known = &mut self.calls[call];
        let at =
            known.places.iter().position(|place| place.queue == queue).expect("it stands there");
        let answered_here =
            cause == LeftCause::Connected && known.hands.iter().any(|hand| hand.queue == queue);
        let place = known.places.remove(at);
        if place.taken == now {
            known.passed.push((queue, now));
        }
        let (index, call) = (call, known.handle);
        if place.stood && !answered_here {
            let (waited, foreseen) = (now.since(place.taken), place.foreseen);
            self.moves_on(queue, Moves::Left { waited, foreseen });
        }
        self.say(Event::PlaceLeft { call, queue, cause });
        self.target_was(index, target);
    }

    fn leaves_all(&mut self, call: usize, cause: LeftCause) {
        while let Some(place) = self.calls[call].places.first() {
            self.leaves(call, place.queue, cause);
        }
    }

    /// Moved to where it stands for as long as a latch is set, it stands there whatever becomes of it.
    fn is_there_for_good(&mut self, call: usize, queue: QueueId) {
        let places = self.calls[call].places.iter_mut();
        places.filter(|place| place.queue == queue).for_each(|place| place.by = None);
    }

    /// Whether it has entered and left this queue at this instant.
    fn has_passed(&self, call: usize, queue: QueueId) -> bool {
        self.calls[call].passed.contains(&(queue, self.now))
    }

    fn stands_in(&self, call: usize, queue: QueueId) -> bool {
        self.calls[call].places.iter().any(|place| place.queue == queue)
    }

    /// With its age and its places; what fell due while it was in somebody's hands acts first.
    fn waits_again(&mut self, call: usize, cause: ReturnCause) {
        let known = &mut self.calls[call];
        known.state = State::Waiting;
        let (handle, arrival) = (known.handle, known.arrival);
        self.say(Event::CallReturned { call: handle, cause });
        self.stands_anew(call);
        self.overdue_rules_act(handle);
        self.eligible.insert(arrival);
    }

    fn caller_or_agent_hangs_up(&mut self, call: CallHandle) -> Answer {
        let call = self.index(call)?;
        let known = &self.calls[call];
        let outcome = match known.state {
            State::Talking => Outcome::Handled,
            _ if !known.first && self.age(call) < self.plan.short_abandon => {
                Outcome::ShortAbandoned
            }
            _ => Outcome::Abandoned,
        };
        self.end(call, outcome, None);
        Ok(())
    }

    fn end(&mut self, call: usize, outcome: Outcome, treatment: Option<Treatment>) {
        match self.calls[call].state {
            State::Waiting | State::Ended => {}
            State::Offering => {
                self.all_offers_end(call, RevokeCause::CallEnded);
            }
            State::Connecting => {
                let Hand { agent, slot, .. } = self.hand(call);
                self.slot_becomes(agent, slot, SlotState::Free);
                self.slot_is_free(agent);
            }
            State::Talking => {
                let Hand { agent, slot, queue, .. } = self.hand(call);
                self.wrap_up_begins(agent, slot, self.calls[call].handle, queue);
            }
        }
        if outcome == Outcome::Abandoned {
            for place in self.calls[call].places.clone() {
                self.happens_to_a_call(Some(place.queue), Happened::GivenUp);
            }
            self.happens_to_a_call(None, Happened::GivenUp);
        }
        self.leaves_all(call, LeftCause::Ended);
        let known = &mut self.calls[call];
        known.state = State::Ended;
        known.hands.clear();
        known.skips.clear();
        known.awaits = None;
        let call = known.handle;
        self.say(Event::CallEnded { call, outcome, treatment });
    }

    fn hold(&mut self, call: CallHandle, hold: bool) -> Answer {
        let index = self.talking(call)?;
        if std::mem::replace(&mut self.calls[index].held, hold) == hold {
            return Err(Refused);
        }
        let Hand { agent, slot, .. } = self.hand(index);
        if hold {
            self.say(Event::CallHeld { call });
            self.slot_becomes(agent, slot, SlotState::Held { call });
        } else {
            self.say(Event::CallRetrieved { call });
            self.slot_becomes(agent, slot, SlotState::Talking { call });
        }
        Ok(())
    }

    fn handed_on(&mut self, call: CallHandle, queue: Option<QueueId>) -> Answer {
        let call = self.talking(call)?;
        let Some(queue) = queue else {
            self.end(call, Outcome::Transferred, None);
            return Ok(());
        };
        self.known_queue(queue)?;
        self.leaves_agent(call, ReturnCause::Transferred);
        let moves = &mut self.calls[call].moves;
        *moves = (*moves + 1).min(MOVES_MAX);
        self.enters(call, queue, self.now);
        Ok(())
    }

    /// Out of a conversation: back to the age that it had. Gives the queue it was answered through.
    fn leaves_agent(&mut self, call: usize, cause: ReturnCause) -> QueueId {
        let Hand { agent, slot, queue, .. } = self.hand(call);
        self.wrap_up_begins(agent, slot, self.calls[call].handle, queue);
        self.skip(call, agent);
        let now = self.now;
        let known = &mut self.calls[call];
        known.state = State::Waiting;
        known.hands.clear();
        known.age_from = now - known.age_kept;
        let call = known.handle;
        self.say(Event::CallReturned { call, cause });
        queue
    }

    fn person_moves(&mut self, call: CallHandle, queue: QueueId) -> Answer {
        self.known_queue(queue)?;
        let index = self.index(call)?;
        let known = &self.calls[index];
        let waits = matches!(known.state, State::Waiting | State::Offering);
        let elsewhere = known.places.iter().any(|place| place.queue != queue);
        let too_many = known.moves >= MOVES_MAX;
        if !waits || !elsewhere || too_many || self.has_passed(index, queue) {
            return Err(Refused);
        }
        let (was_offered, arrival) = (known.state == State::Offering, known.arrival);
        self.calls[index].moves += 1;
        self.is_there_for_good(index, queue);
        if was_offered {
            self.all_offers_end(index, RevokeCause::CallMoved);
            self.calls[index].state = State::Waiting;
            self.say(Event::CallReturned { call, cause: ReturnCause::OfferEnded });
            self.stands_anew(index);
        }
        let others = self.calls[index].places.iter().map(|place| place.queue);
        for other in others.filter(|other| *other != queue).collect::<Vec<_>>() {
            self.leaves(index, other, LeftCause::Moved);
        }
        if !self.stands_in(index, queue) {
            self.enters(index, queue, self.now);
        } else if was_offered {
            self.overdue_rules_act(call);
        }
        self.eligible.insert(arrival);
        Ok(())
    }

    fn person_picks(&mut self, call: CallHandle, agent: AgentId) -> Answer {
        self.known_agent(agent)?;
        let index = self.index(call)?;
        let known = &self.calls[index];
        let was_offered = known.state == State::Offering;
        let waits = was_offered || known.state == State::Waiting;
        if !waits || !self.may_be_offered_at_all(known) {
            return Err(Refused);
        }
        let may = |place: &&Place| self.may_be_picked(agent, known, place);
        let joined = known.places.iter().find(may).ok_or(Refused)?.joined;
        if was_offered {
            self.all_offers_end(index, RevokeCause::Picked);
            self.calls[index].state = State::Waiting;
            self.say(Event::CallReturned { call, cause: ReturnCause::OfferEnded });
            self.stands_anew(index);
        }
        self.offer(index, joined, agent, How::Picked, 0);
        Ok(())
    }

    fn message(&mut self, to: MessageTo) -> Answer {
        match to {
            MessageTo::Agent(agent) => {
                self.known_agent(agent)?;
                if self.presence(agent) == Presence::LoggedOut {
                    return Err(Refused);
                }
            }
            MessageTo::Queue(queue) => self.known_queue(queue)?,
            MessageTo::Everybody => {}
        }
        self.messages += 1;
        self.say(Event::AgentsMessaged { number: self.messages, to });
        Ok(())
    }

    fn priority_becomes(&mut self, call: usize, priority: Priority) {
        let known = &mut self.calls[call];
        if std::mem::replace(&mut known.priority, priority) == priority {
            return;
        }
        let (handle, arrival) = (known.handle, known.arrival);
        self.say(Event::PriorityChanged { call: handle, priority });
        if priority == Priority::EMERGENCY {
            self.awaits_no_more(call);
        }
        self.stands_anew(call);
        // No delay holds an emergency back, and no reserve what is urgent enough.
        self.eligible.insert(arrival);
    }

    fn age(&self, call: usize) -> Span {
        match self.calls[call].state {
            State::Talking => self.calls[call].age_kept,
            _ => self.now.since(self.calls[call].age_from),
        }
    }
}

/// Overflow rules.
impl Twin {
    /// Rules of a place that may act on its call sooner or later, for all that can be seen now: when
    /// each falls due, and where it stands in the file.
    fn rules_to_come(&self, call: &Call, place: &Place) -> Vec<(Timestamp, usize)> {
        let rules = self.plan.queues[place.queue.index()].rules.iter().enumerate();
        let due = |(index, rule): (usize, &Rule)| {
            let When { waited, age, priority_at_least, admission, .. } = &rule.when;
            let urgent = priority_at_least.is_none_or(|least| call.priority >= least);
            let is_for = is_for(&rule.when, call.channel);
            if !urgent
                || !is_for
                || admission.is_some()
                || !self.latch_lets(call, place.queue, index)
            {
                return None;
            }
            let due = (place.entered + *waited).max(call.age_from + *age);
            if !place.fired.contains(&index) {
                return Some((due, index));
            }
            place.again.get(&index).map(|again| (due.max(*again), index))
        };
        rules.filter_map(due).collect()
    }

    /// Whether a rule's latch, if it has one, is set, and the rule has come as far as this call.
    fn latch_lets(&self, call: &Call, queue: QueueId, rule: usize) -> bool {
        if self.plan.queues[queue.index()].rules[rule].when.latch.is_none() {
            return true;
        }
        let of_rule = |it: &&LatchOfRule| it.queue == queue && it.rule == rule;
        let latch = self.latches.iter().find(of_rule).expect("each has one");
        let passed = |(after, _): (Option<Key>, Timestamp)| {
            call.state == State::Waiting && after.is_some_and(|after| self.key(call) <= after)
        };
        latch.is_set && latch.sweep.is_none_or(passed)
    }

    /// It acts now, and perhaps again later.
    fn fires(&mut self, index: usize, at: usize, rule: usize) {
        let now = self.now;
        let place = &mut self.calls[index].places[at];
        place.fired.insert(rule);
        let planned = &self.plan.queues[place.queue.index()].rules[rule];
        if let Some(every) = planned.repeat_every {
            place.again.insert(rule, now + every);
        }
    }

    /// Of each place in which the call stood before, in the order it joined them.
    fn overdue_rules_act(&mut self, call: CallHandle) {
        if self.phase == Phase::Recovering {
            return;
        }
        let Ok(index) = self.index(call) else { return };
        let (joins, mut next) = (self.calls[index].joins, 0);
        while let Ok(index) = self.index(call) {
            let places = &self.calls[index].places;
            let place = places.iter().find(|place| (next..joins).contains(&place.joined));
            let Some(place) = place else { return };
            next = place.joined + 1;
            self.due_rules_act(call, place.queue);
        }
    }

    /// Those of one place that are due, in the order of the file, for as long as it stands there.
    fn due_rules_act(&mut self, call: CallHandle, queue: QueueId) {
        let Some((index, at)) = self.place(call, queue) else { return };
        let place = &self.calls[index].places[at];
        let joined = place.joined;
        let to_come = self.rules_to_come(&self.calls[index], place).into_iter();
        let due: Vec<usize> =
            to_come.filter(|(due, _)| *due <= self.now).map(|(_, rule)| rule).collect();
        due.iter().for_each(|rule| self.fires(index, at, *rule));
        for rule in due {
            let Some((index, at)) = self.place(call, queue) else { return };
            if self.calls[index].places[at].joined != joined {
                return;
            }
            self.rule_acts(call, queue, rule);
        }
    }

    fn rule_acts(&mut self, call: CallHandle, queue: QueueId, rule: usize) {
        let fired_at = self.said.len();
        let number = rule as u16;
        self.say(Event::RuleFired { call, queue, rule: number, without_effect: true });
        let Some((index, at)) = self.place(call, queue) else { return };
        let joined = self.calls[index].places[at].joined;
        let mut any_effect = false;
        for action in self.plan.queues[queue.index()].rules[rule].then.clone() {
            let Some((index, at)) = self.place(call, queue) else { break };
            if self.calls[index].places[at].joined != joined {
                break;
            }
            any_effect |= self.acts(index, at, rule, &action);
        }
        if let Event::RuleFired { without_effect, .. } = &mut self.said[fired_at] {
            *without_effect = !any_effect;
        }
    }

    /// Whether it changed anything.
    fn acts(&mut self, index: usize, at: usize, rule: usize, action: &Action) -> bool {
        let (call, queue) = (self.calls[index].handle, self.calls[index].places[at].queue);
        match action {
            Action::RaisePriority(priority) => {
                let raises = *priority > self.calls[index].priority;
                if raises {
                    self.priority_becomes(index, *priority);
                }
                raises
            }
            Action::Require(requirement) => {
                let before = self.demands_of(index);
                let own = &mut self.calls[index].places[at].own;
                if std::mem::replace(own, requirement.clone()) == *requirement {
                    return false;
                }
                self.asks_anew(index, &before);
                true
            }
            Action::Drop(skills) => {
                let before = self.demands_of(index);
                let left = self.without(&self.calls[index].extra, skills);
                if left == self.calls[index].extra {
                    return false;
                }
                self.calls[index].extra = left;
                self.asks_anew(index, &before);
                true
            }
            Action::AddQueue { to, while_active } => {
                let full = self.calls[index].places.len() >= PLACES_MAX;
                if full || self.stands_in(index, *to) || self.has_passed(index, *to) {
                    return false;
                }
                self.enters(index, *to, self.now);
                let of_rule = |it: &LatchOfRule| it.queue == queue && it.rule == rule;
                let latch = self.latches.iter().position(of_rule).filter(|_| *while_active);
                if let Some((index, at)) = self.place(call, *to)
                    && self.calls[index].state == State::Waiting
                {
                    self.calls[index].places[at].by = latch;
                }
                true
            }
            Action::MoveTo(to) => {
                if self.calls[index].moves >= MOVES_MAX {
                    let terminal = self.plan.queues[queue.index()].rules.len() - 1;
                    self.rule_acts(call, queue, terminal);
                    return true;
                }
                let stands_there = self.stands_in(index, *to);
                if !stands_there && self.has_passed(index, *to) {
                    return false;
                }
                self.calls[index].moves += 1;
                self.is_there_for_good(index, *to);
                self.leaves(index, queue, LeftCause::Moved);
                if !stands_there {
                    self.enters(index, *to, self.now);
                }
                true
            }
            Action::End(treatment) => {
                let on_entry = self.plan.queues[queue.index()].rules[rule].when.admission.is_some();
                let outcome = match on_entry && self.arriving == Some(call) {
                    true => Outcome::Rejected,
                    false => Outcome::Overflowed,
                };
                self.end(index, outcome, Some(*treatment));
                true
            }
            Action::TransferTo(number) => {
                self.say(Event::TransferOrdered { call, number: *number });
                self.end(index, Outcome::Overflowed, None);
                true
            }
            Action::Play(announcement) => {
                self.say(Event::PlayOrdered { call, announcement: *announcement });
                true
            }
            Action::OfferCallback => {
                self.say(Event::CallbackOfferOrdered { call });
                true
            }
            Action::Ladder(ladder) => {
                self.say(Event::LadderOrdered { call, ladder: *ladder });
                true
            }
        }
    }

    /// Evaluates each latch whose rule is not still acting, then lets rules act; whether they did.
    fn latches_act(&mut self) -> bool {
        let mut changed = Vec::new();
        for latch in 0..self.latches.len() {
            let known = &self.latches[latch];
            let (queue, rule) = (known.queue, known.rule as u16);
            let planned = self.plan.queues[queue.index()].rules[known.rule].when.latch.as_ref();
            let planned = planned.expect("it has one");
            let all_hold = |bounds: &[Bound]| {
                bounds.iter().all(|bound| {
                    let value = self.measure(planned.of, bound.gauge);
                    if bound.at_least { value >= bound.value } else { value <= bound.value }
                })
            };
            let sets = all_hold(&planned.set);
            let clears = match planned.clear.is_empty() {
                true => !sets,
                false => all_hold(&planned.clear),
            };
            let changes = if known.is_set { clears } else { sets && !clears };
            if changes && known.sweep.is_none() {
                let set = !known.is_set;
                self.latches[latch].is_set = set;
                self.latches[latch].sweep = set.then_some((None, self.now));
                self.say(Event::LatchChanged { queue, rule, set });
                changed.push(latch);
            }
        }
        let mut acted = false;
        for latch in changed {
            acted |= match self.latches[latch].is_set {
                true => self.sweeps(latch),
                false => self.withdraws_places(latch),
            };
        }
        acted
    }

    fn measure(&self, of: Option<QueueId>, gauge: Gauge) -> u64 {
        let waiting = |call: &&Call| matches!(call.state, State::Waiting | State::Offering);
        let is_of = |place: &Place| of.is_none_or(|queue| place.queue == queue);
        let serves = |agent: &AgentId| {
            of.is_none_or(|queue| {
                let own = &self.plan.queues[queue.index()].require;
                self.serves(*agent, queue, &[own])
            })
        };
        let agents = (0..self.agents.len() as u32).map(AgentId).filter(serves);
        let count = match gauge {
            Gauge::CallsWaiting => self
                .calls
                .iter()
                .filter(waiting)
                .filter(|call| call.places.iter().any(is_of) || of.is_none())
                .count(),
            Gauge::LongestWait => {
                return self.longest_since(of).map_or(0, |since| self.now.since(since).0);
            }
            Gauge::ServiceLevel => return self.service_level(of),
            Gauge::EstimatedWait => {
                return self.estimated_wait(of.expect("it is of a queue"));
            }
            Gauge::AgentsStaffed => {
                agents.filter(|agent| self.presence(*agent) != Presence::LoggedOut).count()
            }
            Gauge::AgentsWorking => {
                agents.filter(|agent| self.presence(*agent) == Presence::Ready).count()
            }
            Gauge::AgentsAvailable => {
                agents.filter(|agent| self.is_available_for_some(*agent)).count()
            }
        };
        count as u64
    }

    fn longest_since(&self, of: Option<QueueId>) -> Option<Timestamp> {
        let waiting = |call: &&Call| matches!(call.state, State::Waiting | State::Offering);
        let places = self.calls.iter().filter(waiting).flat_map(|call| &call.places);
        let places = places.filter(|place| of.is_none_or(|queue| place.queue == queue));
        places.map(|place| place.entered).min()
    }

    /// When a half minute is over, for what looks at those.
    fn looks_again_at(&self, latch: &LatchOfRule) -> Option<Timestamp> {
        let planned = &self.plan.queues[latch.queue.index()].rules[latch.rule].when.latch;
        let planned = planned.as_ref().expect("it has one");
        let looks_back =
            |bound: &Bound| matches!(bound.gauge, Gauge::ServiceLevel | Gauge::EstimatedWait);
        let looks_back = planned.set.iter().chain(&planned.clear).any(looks_back);
        self.half_minute_ends(planned.of).filter(|_| looks_back)
    }

    /// When the longest wait will be long enough.
    fn longest_wait_due(&self, latch: &LatchOfRule) -> Option<Timestamp> {
        let planned = &self.plan.queues[latch.queue.index()].rules[latch.rule].when.latch;
        let planned = planned.as_ref().expect("it has one");
        let waits = planned.set.iter().filter(|bound| bound.gauge == Gauge::LongestWait);
        let wait = Span(waits.map(|bound| bound.value).max()?);
        self.longest_since(planned.of).map(|since| since + wait)
    }

    /// The rule acts on the next of those who wait in its queue.
    fn sweeps(&mut self, latch: usize) -> bool {
        let LatchOfRule { queue, rule, sweep, .. } = self.latches[latch];
        let after = sweep.and_then(|(after, _)| after);
        let mut slice = self.waiting_after(queue, after);
        slice.truncate(SLICE);
        let last = slice.last().map(|(key, _)| *key).filter(|_| slice.len() == SLICE);
        let goes_on_at = self.now + Span::from_millis(1);
        self.latches[latch].sweep = last.map(|key| (Some(key), goes_on_at));
        let mut acted = false;
        for (_, call) in slice {
            let Some((index, at)) = self.place(call, queue) else { continue };
            let known = &self.calls[index];
            let to_come = self.rules_to_come(known, &known.places[at]);
            let is_due = to_come.iter().any(|(due, it)| *it == rule && *due <= self.now);
            if known.state == State::Waiting && is_due {
                self.fires(index, at, rule);
                self.rule_acts(call, queue, rule);
                acted = true;
            }
        }
        acted
    }

    /// Calls that wait in a queue, in the order of their keys, behind one.
    fn waiting_after(&self, queue: QueueId, after: Option<Key>) -> Vec<(Key, CallHandle)> {
        let waits = |call: &&Call| {
            call.state == State::Waiting && call.places.iter().any(|place| place.queue == queue)
        };
        let calls = self.calls.iter().filter(waits).map(|call| (self.key(call), call.handle));
        let mut calls: Vec<_> = calls.filter(|(key, _)| Some(*key) > after).collect();
        calls.sort_unstable();
        calls
    }

    /// Places that were for as long as the latch was set are given up; not the one through which the
    /// call is in somebody's hands, and not the last.
    fn withdraws_places(&mut self, latch: usize) -> bool {
        let mut acted = false;
        for index in 0..self.calls.len() {
            let mut places: Vec<QueueId> = Vec::new();
            for place in &mut self.calls[index].places {
                if place.by == Some(latch) {
                    place.by = None;
                    places.push(place.queue);
                }
            }
            places.sort_unstable();
            for queue in places {
                let known = &self.calls[index];
                let in_hand = known.hands.iter().any(|hand| hand.queue == queue);
                if !in_hand && known.places.len() > 1 {
                    self.leaves(index, queue, LeftCause::Withdrawn);
                    acted = true;
                }
            }
        }
        acted
    }

    fn place(&self, call: CallHandle, queue: QueueId) -> Option<(usize, usize)> {
        let index = self.index(call).ok()?;
        let at = self.calls[index].places.iter().position(|place| place.queue == queue)?;
        Some((index, at))
    }
}

/// Whether a rule looks at calls of a channel: it names it, or none.
fn is_for(When { channels, .. }: &When, channel: Channel) -> bool {
    channels.is_empty() || channels.contains(&channel)
}

/// Agents.
impl Twin {
    fn log_in(&mut self, agent: AgentId) -> Answer {
        self.known_agent(agent)?;
        let known = &self.agents[agent.index()];
        if known.wanted == Presence::LoggedOut {
            self.presence_becomes(agent, Presence::NotReady(NotReadyReason::Unstated));
            return Ok(());
        }
        if known.asked != Some(Presence::LoggedOut) {
            return Err(Refused);
        }
        self.withdraws(agent);
        Ok(())
    }

    /// At once, or pending while a call is in his hands; his offers are taken back in either case.
    fn wants(&mut self, agent: AgentId, wanted: Presence) {
        let known = &mut self.agents[agent.index()];
        if wanted == known.wanted {
            self.withdraws(agent);
        } else if is_busy(known) {
            if known.asked.replace(wanted) != Some(wanted) {
                self.say_presence(agent);
            }
            self.offers_are_taken_back(agent);
        } else {
            self.presence_becomes(agent, wanted);
        }
    }

    fn withdraws(&mut self, agent: AgentId) {
        if self.agents[agent.index()].asked.take().is_some() {
            self.say_presence(agent);
            self.is_made_available(agent);
        }
    }

    fn presence_becomes(&mut self, agent: AgentId, wanted: Presence) {
        let before = self.presence(agent);
        let known = &mut self.agents[agent.index()];
        if wanted == Presence::LoggedOut && known.heartbeat != HeartbeatState::None {
            known.heartbeat = HeartbeatState::None;
            self.say(Event::HeartbeatChanged { agent, heartbeat: HeartbeatState::None });
        }
        let known = &mut self.agents[agent.index()];
        (known.wanted, known.asked) = (wanted, None);
        self.presence_has_become(agent, before);
    }

    fn presence_has_become(&mut self, agent: AgentId, before: Presence) {
        let presence = self.presence(agent);
        let now = self.now;
        let known = &mut self.agents[agent.index()];
        if before == Presence::LoggedOut && presence != Presence::LoggedOut {
            (known.busy, known.ready, known.connected) = (Span(0), Span(0), 0);
            known.busy_since = known.busy_since.map(|_| now);
        }
        if presence != Presence::Ready
            && let Some(since) = known.ready_since.take()
        {
            known.ready = Span(known.ready.0 + now.since(since).0);
        }
        if presence == Presence::Ready && before != Presence::Ready {
            (known.missed, known.ready_since) = (0, Some(now));
            known.idle_since.values_mut().for_each(|since| *since = now);
        }
        self.say_presence(agent);
        if presence == Presence::Ready {
            self.is_made_available(agent);
        } else {
            self.offers_are_taken_back(agent);
            // Nobody waits for one who has stopped working.
            for call in 0..self.calls.len() {
                if self.calls[call].awaits.is_some_and(|(awaited, _)| awaited == agent) {
                    self.awaits_no_more(call);
                }
            }
        }
    }

    /// Nobody is ready, or in another state of work, while his device is out of service or his desktop
    /// silent.
    fn presence(&self, agent: AgentId) -> Presence {
        let known = &self.agents[agent.index()];
        if known.device == DeviceState::Down && known.wanted != Presence::LoggedOut {
            return Presence::NotReady(NotReadyReason::DeviceOutOfService);
        }
        if known.heartbeat == HeartbeatState::Lost && known.wanted != Presence::LoggedOut {
            return Presence::NotReady(NotReadyReason::HeartbeatLost);
        }
        known.wanted
    }

    fn say_presence(&mut self, agent: AgentId) {
        let (presence, known) = (self.presence(agent), &self.agents[agent.index()]);
        let hidden = (presence != known.wanted).then_some(known.wanted);
        let pending = known.asked.or(hidden);
        self.say(Event::PresenceChanged { agent, presence, pending });
    }

    fn offers_are_taken_back(&mut self, agent: AgentId) {
        for slot in 0..self.agents[agent.index()].slots.len() {
            let state = self.agents[agent.index()].slots[slot];
            if let SlotState::Reserved { call, offer } = state {
                let call = self.index(call).expect("it rings");
                let end = OfferEnd::Revoked(RevokeCause::AgentUnavailable);
                self.offer_ends(call, offer, end, false);
            }
        }
    }

    fn forced(&mut self, agent: AgentId, presence: ForcedPresence) -> Answer {
        self.known_agent(agent)?;
        match presence {
            ForcedPresence::Ready => self.wants(agent, Presence::Ready),
            // A state of the system is never pending.
            ForcedPresence::NotReady => {
                self.presence_becomes(agent, Presence::NotReady(NotReadyReason::Forced));
            }
            ForcedPresence::LoggedOut => {
                self.at_work(agent)?;
                self.wants(agent, Presence::LoggedOut);
            }
        }
        Ok(())
    }

    fn device_is(&mut self, agent: AgentId, device: DeviceState) -> Answer {
        self.known_agent(agent)?;
        let before = self.presence(agent);
        let known = &mut self.agents[agent.index()];
        let former = std::mem::replace(&mut known.device, device);
        if former == device {
            return Ok(());
        }
        let at_work = known.wanted != Presence::LoggedOut;
        self.say(Event::DeviceChanged { agent, device });
        if at_work && (former == DeviceState::Down || device == DeviceState::Down) {
            self.presence_has_become(agent, before);
        } else {
            self.is_made_available(agent);
        }
        Ok(())
    }

    fn heartbeat_is(&mut self, agent: AgentId, heartbeat: HeartbeatState) -> Answer {
        self.known_agent(agent)?;
        let before = self.presence(agent);
        let known = &mut self.agents[agent.index()];
        let is_lost = heartbeat == HeartbeatState::Lost;
        if is_lost && known.heartbeat != HeartbeatState::Kept {
            return Ok(());
        }
        let at_home = known.wanted == Presence::LoggedOut;
        let heartbeat = if is_lost && at_home { HeartbeatState::None } else { heartbeat };
        if std::mem::replace(&mut known.heartbeat, heartbeat) != heartbeat {
            self.say(Event::HeartbeatChanged { agent, heartbeat });
            if self.presence(agent) == before {
                self.is_made_available(agent);
            } else {
                self.presence_has_become(agent, before);
            }
        }
        Ok(())
    }

    /// He takes a call if he is available; what he has done up to now is what criteria look at.
    fn is_made_available(&mut self, agent: AgentId) {
        let (now, known) = (self.now, &mut self.agents[agent.index()]);
        let until_now = |since: Option<Timestamp>| since.map_or(0, |since| now.since(since).0);
        let busy = known.busy.0 + until_now(known.busy_since);
        known.occupation = (busy, known.ready.0 + until_now(known.ready_since));
        self.freed.insert(agent);
    }

    fn slot_becomes(&mut self, agent: AgentId, slot: usize, state: SlotState) {
        let (now, known) = (self.now, &mut self.agents[agent.index()]);
        known.slots[slot] = state;
        known.slots_since[slot] = now;
        let is_busy = known.slots.iter().any(|slot| *slot != SlotState::Free);
        if !is_busy && let Some(since) = known.busy_since.take() {
            known.busy = Span(known.busy.0 + now.since(since).0);
        }
        if is_busy {
            known.busy_since.get_or_insert(now);
        }
        self.say(Event::SlotChanged { agent, slot: slot as u8, state });
    }

    /// What waited for it: the presence that he has asked for, else a call.
    fn slot_is_free(&mut self, agent: AgentId) {
        let known = &self.agents[agent.index()];
        match known.asked {
            Some(asked) if !is_busy(known) => self.presence_becomes(agent, asked),
            Some(_) => {}
            None => self.is_made_available(agent),
        }
    }

    fn wrap_up_begins(&mut self, agent: AgentId, slot: usize, call: CallHandle, queue: QueueId) {
        let wrap_up = self.plan.queues[queue.index()].wrap_up;
        if wrap_up == Span(0) {
            return self.rests(agent, slot);
        }
        let until = self.now + wrap_up;
        self.slot_becomes(agent, slot, SlotState::WrapUp { until, call, queue });
    }

    fn wrap_up_ends(&mut self, agent: AgentId, slot: usize, disposition: Option<DispositionId>) {
        let SlotState::WrapUp { call, queue, .. } = self.agents[agent.index()].slots[slot] else {
            panic!("it ends where it has begun")
        };
        self.say(Event::WrapUpEnded { agent, call, queue: Some(queue), disposition });
        self.rests(agent, slot);
    }

    fn rests(&mut self, agent: AgentId, slot: usize) {
        let channel = self.plan.agents[agent.index()].slots().nth(slot).expect("a slot of his");
        self.agents[agent.index()].idle_since.insert(channel, self.now);
        self.slot_becomes(agent, slot, SlotState::Free);
        self.slot_is_free(agent);
    }

    /// All of his, or those of one call; what came out of it is said of one call, in words that the
    /// queue through which it came has.
    fn wrap_up_done(
        &mut self,
        agent: AgentId,
        named: Option<CallHandle>,
        disposition: Option<DispositionId>,
    ) -> Answer {
        self.known_agent(agent)?;
        let mut done = Vec::new();
        let mut first = None;
        for (slot, state) in self.agents[agent.index()].slots.iter().enumerate() {
            let SlotState::WrapUp { call, queue, .. } = *state else { continue };
            if named.is_some_and(|named| named != call) {
                continue;
            }
            done.push(slot);
            if disposition.is_none() {
                continue;
            }
            let known = self.plan.queues[queue.index()].dispositions.iter();
            if *first.get_or_insert(call) != call
                || !known.copied().any(|it| Some(it) == disposition)
            {
                return Err(Refused);
            }
        }
        if done.is_empty() {
            return Err(Refused);
        }
        for slot in done {
            self.wrap_up_ends(agent, slot, disposition);
        }
        Ok(())
    }

    fn wrap_up_takes_longer(&mut self, agent: AgentId, by: Span) -> Answer {
        self.known_agent(agent)?;
        let mut any = false;
        for slot in 0..self.agents[agent.index()].slots.len() {
            let known = &mut self.agents[agent.index()];
            let SlotState::WrapUp { until, call, queue } = known.slots[slot] else { continue };
            let at_most = self.plan.queues[queue.index()].wrap_up_at_most;
            let longer = Timestamp(u64::min(
                until.0.saturating_add(by.0),
                known.slots_since[slot].0.saturating_add(at_most.0),
            ));
            if longer > until {
                known.slots[slot] = SlotState::WrapUp { until: longer, call, queue };
                self.say(Event::WrapUpExtended { agent, slot: slot as u8, until: longer });
                any = true;
            }
        }
        if any { Ok(()) } else { Err(Refused) }
    }
}

/// A call is in his hands, from accept to the end of wrap-up.
fn is_busy(agent: &Agent) -> bool {
    let idle = |slot: &SlotState| matches!(slot, SlotState::Free | SlotState::Reserved { .. });
    !agent.slots.iter().all(idle)
}

/// Adapters, and the beginning of an epoch.
impl Twin {
    fn epoch_begins(&mut self) -> Answer {
        self.phase = Phase::Recovering;
        for adapter in (0..self.adapters.len()).map(|index| AdapterId(index as u16)) {
            if self.is_up(adapter) {
                self.loses_session(adapter);
            }
        }
        Ok(())
    }

    fn recovery_ends(&mut self) -> Answer {
        if self.phase != Phase::Recovering {
            return Err(Refused);
        }
        self.phase = Phase::CatchingUp;
        if self.next_due().is_none_or(|(at, _)| at > self.now) {
            self.caught_up();
        }
        Ok(())
    }

    /// Nothing is due any more: all that are there are open, as one event.
    fn caught_up(&mut self) {
        if self.phase == Phase::CatchingUp {
            self.phase = Phase::Normal;
            self.say(Event::RecoveryOver);
            let adapters = (0..self.adapters.len()).map(|index| AdapterId(index as u16));
            let open: BTreeSet<_> = adapters.filter(|adapter| self.is_open(*adapter)).collect();
            self.all_may_match(|adapter| open.contains(&adapter));
        }
    }

    /// The agents whom these adapters ring, and the calls that they hold, look for each other.
    fn all_may_match(&mut self, which: impl Fn(AdapterId) -> bool) {
        for (agent, planned) in self.plan.agents_with_ids() {
            let rings = |desk: &&DeskPlan| {
                desk.endpoint.as_ref().is_some_and(|device| which(device.adapter))
            };
            let mut desks = planned.desks.iter().filter(rings);
            if desks.any(|desk| self.is_available(agent, desk.channel)) {
                self.freed.insert(agent);
            }
        }
        let held = self.calls.iter().filter(|call| which(call.adapter));
        self.eligible.extend(held.map(|call| call.arrival));
    }

    fn adapter_comes(&mut self, adapter: AdapterId, incarnation: u64, resync: bool) -> Answer {
        if self.is_up(adapter) {
            return Err(Refused);
        }
        if adapter.index() >= self.adapters.len() {
            self.adapters.resize(adapter.index() + 1, Adapter::default());
        }
        let (offers, until) = (self.offers, self.now + self.plan.recovery_grace);
        let known = &mut self.adapters[adapter.index()];
        if known.incarnation != incarnation {
            (known.incarnation, known.heard, known.forgets) = (incarnation, 0, offers);
        }
        if resync {
            (known.up, known.awaited_until) = (true, Some(until));
            self.say(Event::AdapterUp { adapter });
            return Ok(());
        }
        self.take_back_what_is_forgotten(adapter, true);
        self.match_all_that_may();
        self.adapters[adapter.index()].up = true;
        self.say(Event::AdapterUp { adapter });
        self.opens(adapter);
        Ok(())
    }

    fn adapter_has_said_all(&mut self, adapter: AdapterId) -> Answer {
        if !self.is_up(adapter) {
            return Err(Refused);
        }
        if self.adapters[adapter.index()].awaited_until.is_some() {
            self.adapters[adapter.index()].forgets = 0;
            self.awaited_no_more(adapter);
        }
        Ok(())
    }

    fn awaited_no_more(&mut self, adapter: AdapterId) {
        self.adapters[adapter.index()].awaited_until = None;
        self.say(Event::AdapterSynced { adapter });
        self.opens(adapter);
    }

    fn opens(&mut self, adapter: AdapterId) {
        if self.is_open(adapter) {
            self.all_may_match(|it| it == adapter);
        }
    }

    fn adapter_goes(&mut self, adapter: AdapterId) -> Answer {
        if !self.is_up(adapter) {
            return Err(Refused);
        }
        self.loses_session(adapter);
        Ok(())
    }

    fn loses_session(&mut self, adapter: AdapterId) {
        let known = &mut self.adapters[adapter.index()];
        (known.up, known.awaited_until) = (false, None);
        self.say(Event::AdapterDown { adapter });
    }

    fn adapter_is_heard(&mut self, adapter: AdapterId, number: u64) -> Answer {
        let known = self.adapters.get_mut(adapter.index()).ok_or(Refused)?;
        if number <= known.heard {
            return Err(Refused);
        }
        known.heard = number;
        Ok(())
    }

    /// A new process knows nothing of what the old one rang.
    fn take_back_what_is_forgotten(&mut self, adapter: AdapterId, adapter_knows: bool) {
        let forgets = std::mem::take(&mut self.adapters[adapter.index()].forgets);
        loop {
            let ringing = self.calls.iter().enumerate().flat_map(|(index, call)| {
                let out = call.hands.iter().filter(|_| call.state == State::Offering);
                out.map(move |hand| (hand.offer, index, hand.rung_by))
            });
            let forgotten =
                ringing.filter(|(offer, _, rung_by)| *rung_by == adapter && offer.0 <= forgets);
            let Some((offer, call, _)) = forgotten.min() else { return };
            let end = OfferEnd::Revoked(RevokeCause::AdapterRestarted);
            self.offer_ends(call, offer, end, adapter_knows);
        }
    }

    fn is_up(&self, adapter: AdapterId) -> bool {
        self.adapters.get(adapter.index()).is_some_and(|adapter| adapter.up)
    }

    /// Whether what it holds and rings may be offered.
    fn is_open(&self, adapter: AdapterId) -> bool {
        let known = self.adapters.get(adapter.index());
        self.phase == Phase::Normal
            && known.is_some_and(|adapter| adapter.up && adapter.awaited_until.is_none())
    }
}

/// Finding things.
impl Twin {
    fn say(&mut self, event: Event) {
        self.said.push(event);
    }

    fn index(&self, call: CallHandle) -> Result<usize, Refused> {
        let lives = |known: &Call| known.handle == call && known.state != State::Ended;
        self.calls.iter().position(lives).ok_or(Refused)
    }

    fn by_arrival(&self, arrival: u64) -> usize {
        self.calls.iter().position(|call| call.arrival == arrival).expect("it has come")
    }

    /// Of the one who has it.
    fn hand(&self, call: usize) -> Hand {
        self.calls[call].hands[0]
    }

    fn hand_by(&self, call: usize, offer: OfferNumber) -> Hand {
        let mut hands = self.calls[call].hands.iter();
        *hands.find(|hand| hand.offer == offer).expect("it is out")
    }

    fn in_hand(
        &self,
        call: CallHandle,
        offer: OfferNumber,
        state: State,
    ) -> Result<usize, Refused> {
        let index = self.index(call)?;
        let call = &self.calls[index];
        let is = call.state == state && call.hands.iter().any(|hand| hand.offer == offer);
        is.then_some(index).ok_or(Refused)
    }

    fn talking(&self, call: CallHandle) -> Result<usize, Refused> {
        let index = self.index(call)?;
        (self.calls[index].state == State::Talking).then_some(index).ok_or(Refused)
    }

    fn offered_to(&self, agent: AgentId, offer: OfferNumber) -> Result<usize, Refused> {
        let is = |call: &Call| {
            call.state == State::Offering
                && call.hands.iter().any(|hand| hand.agent == agent && hand.offer == offer)
        };
        self.calls.iter().position(is).ok_or(Refused)
    }

    fn at_work(&self, agent: AgentId) -> Answer {
        self.known_agent(agent)?;
        let at_work = self.agents[agent.index()].wanted != Presence::LoggedOut;
        if at_work { Ok(()) } else { Err(Refused) }
    }

    fn known_agent(&self, agent: AgentId) -> Answer {
        if agent.index() < self.agents.len() { Ok(()) } else { Err(Refused) }
    }

    fn known_queue(&self, queue: QueueId) -> Answer {
        if queue.index() < self.plan.queues.len() { Ok(()) } else { Err(Refused) }
    }
}
