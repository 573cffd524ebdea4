//! The state of one domain's routing, and the one door to it.
//!
//! `apply` only dispatches: each family of commands has its own file. Within one command the
//! order of events is that of the causes: what the command itself did, then the offers it made
//! possible (agents first, then calls), then what fell due in the same instant.

use crate::adapters::Adapter;
use crate::affinity::{Awaited, Callers};
use crate::agent::Agent;
use crate::call::{Call, Calls, Exclusion, Hand, Left, Place, Repeat};
use crate::closings::Closing;
use crate::command::Command;
use crate::deadlines::{Deadline, Deadlines};
use crate::decision::Decision;
use crate::event::{Event, HeartbeatState};
use crate::extras::Extras;
use crate::gauges::Gauges;
use crate::ids::{AgentId, CallHandle, DemandId, QueueId, Timestamp};
use crate::latches::Latches;
use crate::lines::{Demand, Lines, SkillQueue};
use crate::overflow::RuleTable;
use crate::plan::{PlanDefect, Requirement, RoutingPlan};
use crate::pools::Pools;
use crate::recovery::Phase;
use crate::rejection::Rejection;
use crate::slab::Slab;
use crate::window::Window;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most deadlines that one `AdvanceTime` fires.
pub const DEADLINES_PER_ADVANCE: usize = 256;

/// The whole state of one domain's routing.
///
/// The same commands at the same times give the same events, byte for byte.
#[derive(Debug)]
pub struct Router {
    pub(crate) plan: Arc<RoutingPlan>,
    pub(crate) now: Timestamp,
    pub(crate) phase: Phase,
    pub(crate) arrivals: u64,
    pub(crate) offers: u64,
    pub(crate) adapters: Vec<Adapter>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) calls: Calls,
    pub(crate) hands: Slab<Hand>,
    pub(crate) places: Slab<Place>,
    pub(crate) exclusions: Slab<Exclusion>,
    pub(crate) repeats: Slab<Repeat>,
    pub(crate) left: Slab<Left>,
    /// By queue.
    pub(crate) closings: Vec<Closing>,
    /// How many have been sent to agents.
    pub(crate) messages: u64,
    pub(crate) latches: Latches,
    /// By queue: what has happened there of late; the last one is of the domain.
    pub(crate) windows: Vec<Window>,
    pub(crate) callers: Callers,
    /// What calls ask for besides by routes of former plans, and no route of this one does.
    pub(crate) kept_extras: Vec<Requirement>,
    // What follows can be made again from what stands above.
    pub(crate) rules: Vec<RuleTable>,
    pub(crate) extras: Extras,
    pub(crate) lines: Lines,
    pub(crate) pools: Pools,
    pub(crate) deadlines: Deadlines,
    pub(crate) gauges: Gauges,
    /// By agent: the calls that wait for him alone.
    pub(crate) awaited: BTreeMap<AgentId, Awaited>,
    /// The call that the present command brings.
    pub(crate) arriving: Option<CallHandle>,
    /// Agents whom the present command made available.
    pub(crate) freed: Vec<AgentId>,
    /// Calls that the present command made eligible.
    pub(crate) eligible: Vec<CallHandle>,
    /// Queues of which more agents may be available now than are to be kept free.
    pub(crate) spared: Vec<QueueId>,
    /// Why the last command's offers were made.
    pub(crate) decisions: Vec<Decision>,
}

impl Router {
    /// A Router with nobody at work and no call.
    ///
    /// # Errors
    /// The first defect of the plan.
    pub fn new(plan: Arc<RoutingPlan>) -> Result<Self, PlanDefect> {
        plan.check()?;
        Self::with_kept_extras(plan, Vec::new())
    }

    /// The same for a plan that has been checked, with extra requirements of calls that another plan
    /// gave them.
    pub(crate) fn with_kept_extras(
        plan: Arc<RoutingPlan>,
        kept_extras: Vec<Requirement>,
    ) -> Result<Self, PlanDefect> {
        let extras = Extras::of(&plan, &kept_extras)?;
        let lines = Lines::new(&plan, &extras)?;
        let gauges = Gauges::new(&plan);
        let (pools, agents) = Pools::new(&plan, &lines, &gauges);
        Ok(Self {
            now: Timestamp(0),
            phase: Phase::Normal,
            arrivals: 0,
            offers: 0,
            adapters: Vec::new(),
            agents,
            calls: Calls::default(),
            hands: Slab::new(),
            places: Slab::new(),
            exclusions: Slab::new(),
            repeats: Slab::new(),
            left: Slab::new(),
            closings: vec![Closing::OPEN; plan.queues.len()],
            messages: 0,
            latches: Latches::new(&plan),
            windows: vec![Window::EMPTY; plan.queues.len() + 1],
            callers: Callers::new(&plan),
            rules: RuleTable::of(&plan, &lines),
            kept_extras,
            extras,
            lines,
            pools,
            deadlines: Deadlines::EMPTY,
            gauges,
            awaited: BTreeMap::new(),
            arriving: None,
            freed: Vec::new(),
            eligible: Vec::new(),
            spared: Vec::new(),
            decisions: Vec::new(),
            plan,
        })
    }

    /// Applies one command at `now`; appends what changed to `events`.
    ///
    /// Afterwards `next_deadline()` is later than `now`, unless the command was a `RecoveryOver`
    /// with something overdue, or an `AdvanceTime` that had more to do than fits one slice.
    ///
    /// # Errors
    /// A refusal; the state and `events` are then unchanged.
    pub fn apply(
        &mut self,
        now: Timestamp,
        command: Command,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        self.decisions.clear();
        if now < self.now {
            return Err(Rejection::TimeWentBack { at: self.now });
        }
        if now > Timestamp::LATEST {
            return Err(Rejection::TimeTooLate);
        }
        if matches!(command, Command::AdvanceTime) {
            self.advance(now, events);
            return Ok(());
        }
        // An epoch begins whatever is overdue: it stays so until the domain has recovered.
        let overdue = self.next_deadline().filter(|at| *at <= now);
        if let Some(at) = overdue.filter(|_| !matches!(command, Command::EpochBegan)) {
            return Err(Rejection::DeadlineDue { at });
        }
        let before = std::mem::replace(&mut self.now, now);
        self.dispatch(command, events).inspect_err(|_| self.now = before)?;
        self.settle(events);
        // Rules without a wait are due on entry: they act after the first match.
        while self.phase == Phase::Normal
            && let Some((at, deadline)) = self.deadlines.pop_due(now)
        {
            self.fire(at, deadline, events);
            self.settle(events);
        }
        Ok(())
    }

    fn dispatch(&mut self, command: Command, events: &mut Vec<Event>) -> Result<(), Rejection> {
        match command {
            Command::AdvanceTime => Ok(()),
            Command::HalfMinutePassed => {
                events.push(Event::HalfMinutePassed);
                Ok(())
            }
            Command::EpochBegan => self.epoch_began(events),
            Command::RecoveryOver => self.recovery_over(events),
            Command::PlanChanged { plan } => self.plan_changed(&plan, events),
            Command::AdapterUp { adapter, incarnation, resync } => {
                self.adapter_up(adapter, incarnation, resync, events)
            }
            Command::AdapterSynced { adapter } => self.adapter_synced(adapter, events),
            Command::AdapterDown { adapter } => self.adapter_down(adapter, events),
            Command::AdapterHeard { adapter, number } => self.adapter_heard(adapter, number),
            Command::CallOffered { call, adapter, entry } => {
                self.call_offered(call, adapter, entry, events)
            }
            Command::CallEnded { call } => self.call_ended(call, events),
            Command::CallVanished { call } => self.call_vanished(call, events),
            Command::OfferAdopted { call, agent, rung_by, talking } => {
                self.offer_adopted(call, agent, rung_by, talking, events)
            }
            Command::OfferLost { call, offer } => self.offer_lost(call, offer, events),
            Command::OfferResult { call, offer, result } => {
                self.offer_result(call, offer, result, events)
            }
            Command::CallBridged { call, offer } => self.call_bridged(call, offer, events),
            Command::ConnectFailed { call, offer } => self.connect_failed(call, offer, events),
            Command::AgentLegLost { call } => self.agent_leg_lost(call, events),
            Command::CallHeld { call } => self.call_held(call, events),
            Command::CallRetrieved { call } => self.call_retrieved(call, events),
            Command::CallTransferred { call, queue } => self.call_transferred(call, queue, events),
            Command::DeviceChanged { agent, device } => self.device_changed(agent, device, events),
            Command::HeartbeatKept { agent } => {
                self.heartbeat_changed(agent, HeartbeatState::Kept, events)
            }
            Command::HeartbeatLost { agent } => {
                self.heartbeat_changed(agent, HeartbeatState::Lost, events)
            }
            Command::AgentLogIn { agent } => self.agent_log_in(agent, events),
            Command::AgentLogOut { agent } => self.agent_log_out(agent, events),
            Command::AgentReady { agent } => self.agent_ready(agent, events),
            Command::AgentNotReady { agent, reason } => self.agent_not_ready(agent, reason, events),
            Command::AgentAccept { agent, offer } => self.agent_accept(agent, offer, events),
            Command::AgentDecline { agent, offer } => self.agent_decline(agent, offer, events),
            Command::AgentEndWrapUp { agent, call, disposition } => {
                self.agent_end_wrap_up(agent, call, disposition, events)
            }
            Command::AgentExtendWrapUp { agent, by } => {
                self.agent_extend_wrap_up(agent, by, events)
            }
            Command::MoveCall { call, queue } => self.move_call(call, queue, events),
            Command::SetPriority { call, priority } => self.set_priority(call, priority, events),
            Command::EndCall { call, treatment } => self.end_by_person(call, treatment, events),
            Command::SetClosed { queue, closed, until } => {
                self.set_closed(queue, closed, until, events)
            }
            Command::SetSkill { agent, skill, wanted, until } => {
                self.set_skill(agent, skill, wanted, until, events)
            }
            Command::PickCall { call, agent } => self.pick_call(call, agent, events),
            Command::MessageAgents { to } => self.message_agents(to, events),
            Command::ForcePresence { agent, presence } => {
                self.force_presence(agent, presence, events)
            }
        }
    }

    /// Fires what is due, each at its own instant, each followed by its own match; but exclusions,
    /// delays and skills for now that end at an instant are matched with whatever else falls due at it, so that no
    /// call is offered before a better one that may be offered from this instant on too.
    // Few commands come here.
    #[inline(never)]
    fn advance(&mut self, now: Timestamp, events: &mut Vec<Event>) {
        let mut fired = 0;
        // A match of this instant that has been put off.
        let mut is_owed = false;
        while self.phase != Phase::Recovering && fired < DEADLINES_PER_ADVANCE {
            // What is later than the present was not overdue: the domain has recovered before it.
            if self.phase == Phase::CatchingUp && self.next_deadline() > Some(self.now) {
                self.end_recovery_when_caught_up(events);
                self.settle(events);
            }
            let Some((at, deadline)) = self.deadlines.pop_due(now) else {
                break;
            };
            self.now = self.now.max(at);
            let is_due = self.fire(at, deadline, events);
            is_owed |= is_due;
            let waits = !is_due || deadline.only_lets();
            if !is_owed || waits && self.next_deadline() == Some(at) {
                continue;
            }
            is_owed = false;
            fired += 1;
            self.settle(events);
        }
        if self.next_deadline().is_none_or(|at| at > now) {
            self.now = now;
            self.end_recovery_when_caught_up(events);
            self.settle(events);
        }
    }

    /// Whether it was due: see [`Router::rule_is_due`].
    fn fire(&mut self, at: Timestamp, deadline: Deadline, events: &mut Vec<Event>) -> bool {
        match deadline {
            Deadline::ExclusionEnds { agent, slot, .. } => self.exclusion_ran_out(slot, agent),
            Deadline::DelayEnds { queue, slot, .. } => self.delay_ran_out(slot, queue),
            Deadline::AffinityEnds { slot, .. } => self.affinity_ran_out(slot, events),
            Deadline::LatchDue { latch } => self.latch_is_due(latch),
            Deadline::SweepGoesOn { latch } => self.sweep_goes_on(latch, events),
            Deadline::Rule { queue, slot, .. } => {
                return self.rule_is_due(slot, queue, at, events);
            }
            Deadline::ConnectEnds { slot, .. } => self.connect_ran_out(slot, events),
            Deadline::RingEnds { offer, slot } => self.offer_rang_out(slot, offer, events),
            Deadline::WrapUpEnds { agent, slot } => self.wrap_up_ran_out(agent, slot, events),
            Deadline::GraceEnds { adapter } => self.grace_ran_out(adapter, events),
            Deadline::QueueTurns { queue } => self.closing_ran_out(queue, events),
            Deadline::SkillTurns { agent, skill } => self.skill_ran_out(agent, skill, events),
        }
        true
    }

    /// The earliest deadline; `AdvanceTime` is due then. None while the domain recovers.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.next().filter(|_| self.phase != Phase::Recovering)
    }

    /// The Router's clock: the time of the last command applied.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The plan that it routes by.
    pub fn plan(&self) -> &Arc<RoutingPlan> {
        &self.plan
    }

    /// All demands that there can be, fixed while the plan is; the first ones are the queues' own, in
    /// their order, the last ones those with an extra requirement.
    pub fn demands(&self) -> &[Demand] {
        &self.lines.demands
    }

    /// The line of one demand, over all adapters.
    pub fn skill_queue(&self, demand: DemandId) -> SkillQueue {
        let (mut found, head) = self.lines.skill_queue(demand);
        found.head_since = head.map(|place| self.calls[self.places[place].slot].age_from);
        found
    }

    /// Calls `seen` once for each demand whose line has changed since the last time.
    pub fn take_changed_lines(&mut self, seen: &mut dyn FnMut(DemandId, SkillQueue)) {
        while let Some(demand) = self.lines.pop_changed() {
            seen(demand, self.skill_queue(demand));
        }
    }

    /// How many calls live.
    pub fn live_calls(&self) -> u32 {
        self.calls.live
    }

    pub(crate) fn live(&self, call: CallHandle) -> Result<&Call, Rejection> {
        self.calls.find(call).ok_or(Rejection::UnknownCall)
    }

    pub(crate) fn known_queue(&self, queue: QueueId) -> Result<(), Rejection> {
        if queue.index() < self.plan.queues.len() { Ok(()) } else { Err(Rejection::UnknownQueue) }
    }

    pub(crate) fn known_agent(&self, agent: AgentId) -> Result<&Agent, Rejection> {
        self.agents.get(agent.index()).ok_or(Rejection::UnknownAgent)
    }
}
