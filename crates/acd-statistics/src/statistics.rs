//! The fold: what each event says to the figures.

use crate::agents::{Agent, AgentCounts, Doing, Shift};
use crate::calls::{Call, Stay, Talk, is_handed_on};
use crate::contacts::{Contact, Contacts};
use crate::figures::QueueCounts;
use crate::history::{History, Interval};
use crate::queues::Queue;
use crate::recent::half_minute;
use crate::rows::{Changed, Places};
use acd_core::{
    AgentId, CallHandle, Event, LeftCause, NotReadyReason, OfferEnd, Outcome, Presence, QueueId,
    ReturnCause, RoutingPlan, SlotState, Span, Timestamp,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All figures of a domain. The same events give the same figures.
#[derive(Clone, Debug)]
pub struct Statistics {
    pub(crate) plan: Arc<RoutingPlan>,
    /// Of the latest event.
    pub(crate) at: Timestamp,
    /// Those of the plan, and those of former ones as long as something is kept of them.
    pub(crate) queues: Vec<Queue>,
    pub(crate) agents: Vec<Agent>,
    /// Where each of the plan stands among them.
    pub(crate) queue_rows: Places<QueueId>,
    pub(crate) agent_rows: Places<AgentId>,
    /// By the slot of the handle.
    pub(crate) calls: BTreeMap<u32, Call>,
    pub(crate) contacts: Contacts,
    pub(crate) settled: History,
    pub(crate) changed: Changed,
}

impl Statistics {
    /// Of a domain in which nothing has happened yet.
    pub fn new(plan: &Arc<RoutingPlan>) -> Self {
        let mut statistics = Self {
            plan: Arc::clone(plan),
            at: Timestamp(0),
            queues: Vec::new(),
            agents: Vec::new(),
            queue_rows: Places::default(),
            agent_rows: Places::default(),
            calls: BTreeMap::new(),
            contacts: Contacts::default(),
            settled: History::default(),
            changed: Changed::default(),
        };
        statistics.find_rows();
        statistics
    }

    /// Takes in one event.
    pub fn fold(&mut self, at: Timestamp, event: &Event) {
        self.pass(at);
        match event {
            Event::RecoveryOver
            | Event::HalfMinutePassed
            | Event::AdapterUp { .. }
            | Event::AdapterSynced { .. }
            | Event::AdapterDown { .. }
            | Event::AgentAwaited { .. }
            | Event::AgentAwaitedNoMore { .. }
            | Event::RequirementChanged { .. }
            | Event::PriorityChanged { .. }
            | Event::QueueClosed { .. }
            | Event::AgentsMessaged { .. }
            | Event::SkillChanged { .. }
            | Event::LatchChanged { .. }
            | Event::RuleFired { .. }
            | Event::OfferRinging { .. }
            | Event::CallConnecting { .. }
            | Event::ConnectFailed { .. }
            | Event::TransferOrdered { .. }
            | Event::PlayOrdered { .. }
            | Event::CallbackOfferOrdered { .. }
            | Event::LadderOrdered { .. }
            | Event::DeviceChanged { .. }
            | Event::HeartbeatChanged { .. }
            | Event::WrapUpEnded { .. }
            | Event::WrapUpExtended { .. } => {}
            Event::CallArrived { call, arrival, caller, .. } => {
                self.calls.insert(call.slot, Call::new(*arrival, call.generation, *caller));
            }
            Event::PlaceEntered { call, queue, since, estimate, .. } => {
                self.stay_begins(*call, *queue, *since, *estimate);
            }
            Event::PlaceLeft { call, queue, cause } => self.stay_ends(*call, *queue, *cause),
            Event::OfferIssued { call, agent, .. } => {
                if let Some(call) = self.call(*call) {
                    call.is_offered(at);
                }
                self.count_of(*agent, AgentCounts { offers: 1, ..AgentCounts::default() });
            }
            Event::OfferEnded { agent, end, .. } => self.count_of(*agent, ended(*end)),
            Event::CallConnected { call, agent, queue } => self.connected(*call, *agent, *queue),
            Event::CallHeld { call } => self.talks_on(*call, true),
            Event::CallRetrieved { call } => self.talks_on(*call, false),
            Event::CallReturned { call, cause } => match cause {
                ReturnCause::OfferEnded | ReturnCause::ConnectFailed => {}
                ReturnCause::AgentLegLost => self.talk_ends(*call, false),
                ReturnCause::Transferred => self.talk_ends(*call, true),
            },
            Event::CallEnded { call, outcome, .. } => self.call_ends(*call, *outcome),
            Event::PresenceChanged { agent, presence, .. } => {
                let shift = self.shift(*presence);
                if let Some(agent) = self.agent_mut(*agent) {
                    agent.comes_to(at, shift);
                }
            }
            Event::SlotChanged { agent, slot, state } => self.slot_changed(*agent, *slot, *state),
        }
    }

    pub(crate) fn pass(&mut self, at: Timestamp) {
        let (was, now) = (half_minute(self.at), half_minute(at));
        let is_another_day = Interval::days_before(self.at, 0) != Interval::days_before(at, 0);
        self.at = self.at.max(at);
        if now <= was {
            return;
        }
        for (row, queue) in (0..).zip(&mut self.queues) {
            if queue.pass(now, at) {
                self.changed.queues.note(row);
            }
        }
        self.count_up_to(at);
        if is_another_day {
            self.settle();
        }
    }

    fn stay_begins(
        &mut self,
        call: CallHandle,
        queue: QueueId,
        since: Timestamp,
        estimate: Option<Span>,
    ) {
        let at = self.at;
        let Some(queue) = self.row_of_queue(queue) else { return };
        let stay = Stay::new(queue, since, estimate);
        let Some(known) = self.call(call) else { return };
        known.stays.push(stay);
        let (arrival, caller) = (known.arrival, known.caller());
        self.count_stay(&stay, QueueCounts { entered: 1, ..QueueCounts::default() });
        let again = caller.and_then(|caller| self.contacts.comes((queue, caller), at, arrival));
        if let Some((interval, figures)) = again {
            self.amend(queue, interval, figures);
        }
    }

    fn stay_ends(&mut self, call: CallHandle, queue: QueueId, cause: LeftCause) {
        let Some(queue) = self.row_of_queue(queue) else { return };
        let Some(stay) = self.call(call).and_then(|call| call.leaves(queue, cause)) else { return };
        let none = QueueCounts::default();
        let figures = match cause {
            LeftCause::Ended => return,
            LeftCause::Moved => QueueCounts { moved: 1, ..none },
            LeftCause::Withdrawn => QueueCounts { withdrawn: 1, ..none },
            // The queue that answered it has no stay of it any more.
            LeftCause::Connected => QueueCounts { answered_elsewhere: 1, ..none },
        };
        self.count_stay(&stay, figures);
    }

    fn connected(&mut self, call: CallHandle, agent: AgentId, queue: QueueId) {
        let at = self.at;
        self.count_of(agent, AgentCounts { connected: 1, ..AgentCounts::default() });
        let (Some(row), Some(agent)) = (self.row_of_queue(queue), self.row_of_agent(agent)) else {
            return;
        };
        let target = self.plan.queues[queue.index()].service_level.within;
        let Some(known) = self.call(call) else { return };
        // One that was found talking has not stood anywhere.
        let stay = known.leaves(row, LeftCause::Connected);
        let stay = stay.unwrap_or_else(|| Stay::new(row, at, None));
        known.talk = Some(Talk::new(&stay, agent, at));
        let wait = stay.lasts(at);
        let mut figures = QueueCounts::answered_after(wait, wait <= target);
        if let Some(estimate) = stay.estimate_us.filter(|_| stay.has_waited) {
            figures.estimates = 1;
            figures.estimate_off_us = wait.0.abs_diff(estimate);
            figures.estimate_short_us = wait.0.saturating_sub(estimate);
        }
        self.count_stay(&stay, figures.with_wait(wait));
    }

    fn talks_on(&mut self, call: CallHandle, is_held: bool) {
        let at = self.at;
        if let Some(talk) = self.call(call).and_then(|call| call.talk.as_mut()) {
            talk.goes_on(at, is_held);
        }
    }

    fn talk_ends(&mut self, call: CallHandle, is_handed_on: bool) {
        let at = self.at;
        let Some(known) = self.call(call) else { return };
        let (arrival, caller) = (known.arrival, known.caller());
        let Some(mut talk) = known.talk.take() else { return };
        talk.goes_on(at, false);
        let handed_on = u64::from(is_handed_on);
        let mut figures = QueueCounts {
            handled: 1,
            talk_us: talk.talk_us,
            hold_us: talk.hold_us,
            transferred: handed_on,
            ..QueueCounts::default()
        };
        if let Some(caller) = caller {
            figures.contacts = 1;
            figures.unresolved_1_day = handed_on;
            figures.unresolved_3_days = handed_on;
            figures.unresolved_7_days = handed_on;
            let who = (talk.queue, caller);
            self.contacts.note(Contact::new(who, at, talk.interval, arrival, is_handed_on));
        }
        self.count(talk.queue, talk.interval, figures);
        let counts = AgentCounts { handled: 1, transferred: handed_on, ..AgentCounts::default() };
        if let Some(agent) = self.agents.get_mut(talk.agent as usize) {
            agent.count(at, counts);
            self.changed.agents.note(talk.agent);
        }
    }

    fn call_ends(&mut self, call: CallHandle, outcome: Outcome) {
        self.talk_ends(call, is_handed_on(outcome));
        let at = self.at;
        if self.call(call).is_none() {
            return;
        }
        let Some(known) = self.calls.remove(&call.slot) else { return };
        for stay in known.ending.iter().chain(&known.stays) {
            let target = self.target(stay.queue);
            let in_time = u64::from(target.is_some_and(|target| stay.lasts(at) <= target));
            let none = QueueCounts::default();
            let figures = match outcome {
                Outcome::Abandoned => {
                    QueueCounts { abandoned: 1, abandoned_in_time: in_time, ..none }
                }
                Outcome::ShortAbandoned => {
                    QueueCounts { short_abandoned: 1, short_abandoned_in_time: in_time, ..none }
                }
                Outcome::Overflowed => QueueCounts { overflowed: 1, ..none },
                Outcome::Rejected => QueueCounts { rejected: 1, ..none },
                Outcome::Vanished => QueueCounts { vanished: 1, ..none },
                // Those have been talked to, and stand nowhere.
                Outcome::Handled | Outcome::Transferred => none,
            };
            self.count_stay(stay, figures);
        }
    }

    fn slot_changed(&mut self, agent: AgentId, slot: u8, state: SlotState) {
        let doing = self.doing(state, self.at);
        let at = self.at;
        if let Some(agent) = self.agent_mut(agent) {
            let did = agent.slot_does(at, slot, doing);
            self.done_with(did);
        }
    }

    /// What a slot in this state does since then.
    pub(crate) fn doing(&mut self, state: SlotState, since: Timestamp) -> Doing {
        match state {
            SlotState::Free => Doing::Nothing,
            SlotState::Reserved { .. } => Doing::Reserved,
            SlotState::Connecting { .. } => Doing::Connecting,
            SlotState::Talking { .. } => Doing::Talking,
            SlotState::Held { .. } => Doing::Holding,
            SlotState::WrapUp { call, queue, .. } => {
                let Some(queue) = self.row_of_queue(queue) else { return Doing::Nothing };
                let talk = self.call(call).and_then(|call| call.talk);
                let interval = talk.map_or(Interval::of(since), |talk| talk.interval);
                Doing::WrapUp { queue, interval, since_us: since.0 }
            }
        }
    }

    /// A slot does not do this any more.
    pub(crate) fn done_with(&mut self, did: Doing) {
        match did {
            Doing::WrapUp { queue, interval, since_us } => {
                let wrap_up_us = self.at.since(Timestamp(since_us)).0;
                let figures = QueueCounts { wrap_up_us, ..QueueCounts::default() };
                self.count(queue, interval, figures);
            }
            Doing::Nothing
            | Doing::Reserved
            | Doing::Connecting
            | Doing::Talking
            | Doing::Holding => {}
        }
    }

    pub(crate) fn shift(&self, presence: Presence) -> Shift {
        let reason = match presence {
            Presence::LoggedOut => return Shift::Out,
            Presence::Ready => return Shift::Working,
            Presence::NotReady(reason) => reason,
        };
        let word = match reason {
            NotReadyReason::Unstated => "",
            NotReadyReason::Named(reason) => {
                self.plan.reasons.get(reason.index()).map_or("", |reason| reason)
            }
            NotReadyReason::MissedOffers => "missed_offers",
            NotReadyReason::Forced => "forced",
            NotReadyReason::DeviceOutOfService => "device_out_of_service",
            NotReadyReason::HeartbeatLost => "heartbeat_lost",
        };
        Shift::NotReady(word.to_owned())
    }
}

/// What the end of an offer says of its agent.
fn ended(end: OfferEnd) -> AgentCounts {
    let none = AgentCounts::default();
    match end {
        OfferEnd::Accepted => AgentCounts { accepted: 1, ..none },
        OfferEnd::Declined => AgentCounts { declined: 1, ..none },
        OfferEnd::NoAnswer => AgentCounts { no_answer: 1, ..none },
        OfferEnd::Revoked(_) => AgentCounts { revoked: 1, ..none },
        OfferEnd::Failed => AgentCounts { failed: 1, ..none },
    }
}
