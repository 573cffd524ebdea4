//! What became of each call, step by step: of those that live, and of the latest that have ended.

use super::View;
use super::rows::EventRow;
use crate::publisher::Record;
use crate::request::CallRef;
use acd_core::{CallHandle, Decision, Event, How};
use acd_journal::CallCard;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The most steps that are kept of a call: the first one, and the latest.
pub const STEPS_MAX: usize = 256;
/// The most calls that have ended and are remembered; one more makes the one that ended first
/// forgotten.
pub const ENDED_CALLS_KEPT: usize = 10_000;

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// Which.
    pub call: Arc<CallCard>,
    /// What happened, in order, at most `STEPS_MAX`.
    pub steps: Vec<Step>,
    /// Steps between the first and the second that are not kept.
    pub left_out: u64,
    /// The call was there before the present epoch, of which alone anything is kept.
    pub began_before: bool,
}

/// One thing that happened to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What, and when.
    pub event: EventRow,
    /// Of an offer: why it was made.
    pub decision: Option<Box<DecisionRow>>,
}

/// Why an offer was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// What was compared, by handles.
    pub how: How,
    /// The name of the agent who would have been picked otherwise.
    pub other_agent: Option<Arc<str>>,
    /// The call that would have been taken otherwise, and its queue.
    pub other_call: Option<(Arc<CallCard>, Arc<str>)>,
}

#[derive(Debug, Default)]
pub(super) struct Stories {
    live: HashMap<CallHandle, Story>,
    /// In the order of their ends.
    ended: VecDeque<(CallHandle, Story)>,
    /// So many that ended before them are forgotten.
    forgotten: u64,
    /// The numbers, among all ends, of those that are kept.
    numbers: HashMap<CallHandle, u64>,
}

impl Story {
    fn of(call: Arc<CallCard>, began_before: bool) -> Self {
        Self { call, steps: Vec::new(), left_out: 0, began_before }
    }

    fn goes_on(&mut self, step: Step) {
        if self.steps.len() == STEPS_MAX {
            self.steps.remove(1);
            self.left_out += 1;
        }
        self.steps.push(step);
    }
}

impl Stories {
    /// A call that was there before.
    pub(super) fn goes_on_with(&mut self, call: CallHandle, card: Arc<CallCard>) {
        self.live.insert(call, Story::of(card, true));
    }

    /// The story of the call that has this name now, else of the latest that had it.
    pub(super) fn find(&self, live: Option<CallHandle>, call: &CallRef) -> Option<&Story> {
        let is_it = |story: &&Story| {
            *story.call.adapter == *call.adapter && *story.call.call_id == *call.call_id
        };
        let live = live.and_then(|handle| self.live.get(&handle));
        live.or_else(|| self.ended.iter().rev().map(|(_, story)| story).find(is_it))
    }

    /// Of a call that lives, or one of the latest that have ended: its agent may still take notes.
    fn of(&mut self, call: CallHandle) -> Option<&mut Story> {
        if let Some(story) = self.live.get_mut(&call) {
            return Some(story);
        }
        let at = self.numbers.get(&call)?.checked_sub(self.forgotten)?;
        self.ended.get_mut(usize::try_from(at).ok()?).map(|(_, story)| story)
    }

    fn ends(&mut self, call: CallHandle) {
        let Some(story) = self.live.remove(&call) else { return };
        if self.ended.len() == ENDED_CALLS_KEPT
            && let Some((oldest, _)) = self.ended.pop_front()
        {
            self.numbers.remove(&oldest);
            self.forgotten += 1;
        }
        self.numbers.insert(call, self.forgotten + self.ended.len() as u64);
        self.ended.push_back((call, story));
    }
}

impl View {
    /// Adds what happened to the story of the call to which it did, and to the decisions that have
    /// not been told yet.
    pub(super) fn tell(&mut self, record: &Record, row: &EventRow) {
        let Some(call) = call_told_of(&record.event) else { return };
        let decision = record.decision.as_deref().map(|it| Box::new(self.decision_row(it)));
        if let Event::OfferIssued { .. } | Event::RuleFired { without_effect: false, .. } =
            record.event
        {
            self.changed.decisions.push(Step { event: row.clone(), decision: decision.clone() });
        }
        let stories = &mut self.stories;
        if let (Event::CallArrived { .. }, Some(card)) = (&record.event, &row.call) {
            stories.live.insert(call, Story::of(Arc::clone(card), false));
        }
        let Some(story) = stories.of(call) else { return };
        // Stories are kept long, and nobody selects from them.
        let event = EventRow { concerned: None, ..row.clone() };
        story.goes_on(Step { event, decision });
        if let Event::CallEnded { .. } = record.event {
            stories.ends(call);
        }
    }

    fn decision_row(&self, decision: &Decision) -> DecisionRow {
        let (other_agent, other_call) = match &decision.how {
            How::CallPicked(pick) => (pick.runner_up.map(|other| other.agent), None),
            How::AgentTook(take) => (None, take.runner_up.map(|other| (other.call, other.queue))),
            How::Picked | How::Adopted => (None, None),
        };
        let named = |(call, queue)| {
            Some((Arc::clone(self.calls.card(call)?), self.names.queue(queue).clone()))
        };
        DecisionRow {
            how: decision.how,
            other_agent: other_agent.map(|agent| self.names.agent(agent).clone()),
            other_call: other_call.and_then(named),
        }
    }
}

/// The call to which something happened that belongs to its story.
fn call_told_of(event: &Event) -> Option<CallHandle> {
    match *event {
        Event::CallArrived { call, .. }
        | Event::AgentAwaited { call, .. }
        | Event::AgentAwaitedNoMore { call }
        | Event::PlaceEntered { call, .. }
        | Event::PlaceLeft { call, .. }
        | Event::RequirementChanged { call, .. }
        | Event::PriorityChanged { call, .. }
        | Event::RuleFired { call, .. }
        | Event::OfferIssued { call, .. }
        | Event::OfferEnded { call, .. }
        | Event::ConnectFailed { call, .. }
        | Event::CallConnected { call, .. }
        | Event::CallHeld { call }
        | Event::CallRetrieved { call }
        | Event::CallReturned { call, .. }
        | Event::TransferOrdered { call, .. }
        | Event::PlayOrdered { call, .. }
        | Event::CallbackOfferOrdered { call }
        | Event::LadderOrdered { call, .. }
        | Event::WrapUpEnded { call, .. }
        | Event::CallEnded { call, .. } => Some(call),
        // The accept has said it, or the offer.
        Event::CallConnecting { .. } | Event::OfferRinging { .. } => None,
        Event::RecoveryOver
        | Event::AgentsMessaged { .. }
        | Event::SkillChanged { .. }
        | Event::HalfMinutePassed
        | Event::AdapterUp { .. }
        | Event::AdapterSynced { .. }
        | Event::AdapterDown { .. }
        | Event::QueueClosed { .. }
        | Event::LatchChanged { .. }
        | Event::PresenceChanged { .. }
        | Event::DeviceChanged { .. }
        | Event::HeartbeatChanged { .. }
        | Event::SlotChanged { .. }
        | Event::WrapUpExtended { .. } => None,
    }
}
