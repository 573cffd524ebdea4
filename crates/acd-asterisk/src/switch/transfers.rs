//! Agents who hand a caller on: blindly to an extension, or to somebody they have talked to.

use super::calls::{Asked, Stage};
use super::{Output, Subject, Switch, Timer};
use acd_adapter::Report;
use std::time::{Duration, Instant};

/// How long after a blind transfer the caller may take to come into a queue.
const SETTLES_WITHIN: Duration = Duration::from_millis(500);

impl Switch {
    /// A blind transfer: the caller is on his way to an extension. If it leads into a queue, he
    /// comes back at once; if not, he has left.
    pub(super) fn handed_on(&mut self, caller: &str) {
        let until = self.now.instant + SETTLES_WITHIN;
        let Some(call) = self.calls.get_mut(caller) else { return };
        if matches!(call.stage, Stage::With { .. }) {
            call.stage = Stage::HandedOn { until };
            self.timers.insert((until, Timer::Settles(caller.to_owned())));
        }
    }

    /// The caller that a leg talks to is being handed on: the leg may end as it likes.
    pub(super) fn is_handed_on(&self, leg: &str) -> bool {
        let call = self.legs.get(leg).and_then(|leg| self.calls.get(&leg.call));
        call.is_some_and(|call| matches!(call.stage, Stage::HandedOn { .. }))
    }

    /// A caller who talked has come into a queue.
    pub(super) fn came_back(&mut self, caller: &str, asked: Asked) {
        let Some(call) = self.calls.get_mut(caller) else { return };
        if call.stage == Stage::Waiting {
            return;
        }
        call.memory.queue.clone_from(&asked.queue);
        let call_id = call.memory.call_id.clone();
        for leg in std::mem::take(&mut call.legs) {
            self.drop_leg(&leg);
        }
        self.tell_transferred(call_id, caller, Some(asked.queue));
        self.waits_again(caller);
    }

    /// A caller whom an agent handed on is somewhere by now.
    pub(super) fn transfer_settles(&mut self, due: Instant, caller: &str) {
        let stage = self.calls.get(caller).map(|call| &call.stage);
        if stage == Some(&Stage::HandedOn { until: due }) {
            self.left_by_transfer(caller);
        }
    }

    /// The caller talks to somebody outside acdd.
    pub(super) fn left_by_transfer(&mut self, caller: &str) {
        if let Some(call) = self.forget_call(caller) {
            self.tell_transferred(call.memory.call_id, caller, None);
        }
    }

    fn tell_transferred(&mut self, call_id: String, caller: &str, queue: Option<String>) {
        let channel = caller.to_owned();
        let subject = Subject::Transferred { call_id: call_id.clone(), channel };
        self.outputs.push(Output::Tell(subject, Report::CallTransferred { call_id, queue }));
    }

    /// acdd does not know the conversation, or not the queue: for it the call is over.
    pub(super) fn transfer_refused(&mut self, call_id: String, channel: &str, why: &str) {
        self.give_back(channel, why);
        self.tell(Report::CallEnded { call_id });
    }

    /// An attended transfer: an agent connects the caller with whom he has consulted.
    ///
    /// If that one was called through a queue, the consultation goes on as a call, with the caller
    /// in the agent's place; the caller's own call is over.
    pub(super) fn joined(&mut self, first: &str, second: &str) {
        let (leg, other) =
            if self.legs.contains_key(first) { (first, second) } else { (second, first) };
        let Some(caller) = self.legs.get(leg).map(|leg| leg.call.clone()) else { return };
        let Some(call) = self.calls.remove(&caller) else { return };
        for leg in &call.legs {
            // The agent's telephone ends his legs itself.
            self.remove_leg(leg);
            self.take_down_bridge(leg);
        }
        self.tell_transferred(call.memory.call_id, &caller, None);
        let Some(mut consultation) = self.calls.remove(other) else { return };
        consultation.caller_id = call.caller_id;
        for leg in &consultation.legs {
            if let Some(leg) = self.legs.get_mut(leg) {
                leg.call.clone_from(&caller);
            }
        }
        let memory = consultation.memory.clone();
        self.calls.insert(caller.clone(), consultation);
        self.remember(&caller, &memory);
    }
}
