//! What an adapter says that it holds, when it and the daemon no longer know the same.

use crate::numbering::SendId;
use crate::report::{Numbers, on_the_wire};
use acd_proto::v1;
use std::collections::HashMap;
use std::time::Duration;

pub use acd_proto::v1::resync_leg::State as LegState;

/// All that the PBX holds: what is not named here does not exist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resync {
    /// Every caller, oldest first: those who wait, are being offered, or talk.
    pub calls: Vec<HeldCall>,
    /// Every leg to an agent, whoever holds its caller.
    pub legs: Vec<HeldLeg>,
}

/// A caller whom the PBX holds.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldCall {
    /// As it was offered.
    pub call_id: String,
    /// The queue that it enters if the daemon does not know it; if empty, its routes decide.
    pub queue: String,
    /// As it was offered.
    pub numbers: Numbers,
    /// 0..=9; `None` is the normal 5.
    pub priority: Option<u32>,
    /// Carried to the agent with the offer.
    pub attributes: HashMap<String, String>,
    /// Its whole wait so far, in domain time, without talk time; at most 7 days count.
    pub waited: Duration,
    /// It is in conversation: its wait stands still.
    pub talks: bool,
}

/// A leg to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLeg {
    /// The call that it is for; another adapter may hold its caller.
    pub call: v1::CallRef,
    /// The agent's id, from the offer.
    pub agent: String,
    /// How far it is.
    pub state: LegState,
}

impl HeldCall {
    pub(crate) fn call(&self, kept: Duration) -> v1::CallOffered {
        let kept = if self.talks { Duration::ZERO } else { kept };
        v1::CallOffered {
            call_id: self.call_id.clone(),
            queue: self.queue.clone(),
            priority: self.priority,
            attributes: self.attributes.clone(),
            waited: on_the_wire(self.waited.saturating_add(kept)),
            dialed: self.numbers.dialed.clone(),
            caller: self.numbers.caller.clone(),
            ..v1::CallOffered::default()
        }
    }
}

impl HeldLeg {
    pub(crate) fn leg(&self, resync: u64) -> v1::ResyncLeg {
        v1::ResyncLeg {
            call: Some(self.call.clone()),
            agent: self.agent.clone(),
            state: self.state.into(),
            resync,
        }
    }
}

/// The ids of a resync's messages, to know what a rejection speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResyncIds {
    pub(crate) first: SendId,
    pub(crate) calls: usize,
    pub(crate) legs: usize,
}

/// A part of a resync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResyncPart {
    /// `Resync::calls` at this index.
    Call(usize),
    /// `Resync::legs` at this index.
    Leg(usize),
    /// Its end.
    Done,
}

impl ResyncIds {
    /// What bears this id; `None` if it is not of this resync.
    pub fn part(&self, id: SendId) -> Option<ResyncPart> {
        let index = id.after(self.first)?;
        if index < self.calls {
            return Some(ResyncPart::Call(index));
        }
        let index = index - self.calls;
        if index < self.legs {
            return Some(ResyncPart::Leg(index));
        }
        (index == self.legs).then_some(ResyncPart::Done)
    }

    /// The ids of the calls, in order.
    pub fn calls(&self) -> impl Iterator<Item = SendId> + use<> {
        let first = self.first;
        (0..self.calls).map(move |index| first.plus(index))
    }

    /// The id of its end.
    pub fn done(&self) -> SendId {
        self.first.plus(self.calls + self.legs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Message, Report};
    use crate::session::MESSAGE_BYTES_MAX;

    fn held(waited: u64, talks: bool) -> HeldCall {
        HeldCall {
            call_id: "a".to_owned(),
            queue: "billing".to_owned(),
            numbers: Numbers::default(),
            priority: None,
            attributes: [].into(),
            waited: Duration::from_secs(waited),
            talks,
        }
    }

    fn waited(held: &HeldCall, kept: u64) -> Option<i64> {
        held.call(Duration::from_secs(kept)).waited.map(|waited| waited.seconds)
    }

    #[test]
    fn the_wait_of_a_caller_who_talks_stands_still_while_he_is_being_named() {
        assert_eq!(waited(&held(60, false), 5), Some(65));
        assert_eq!(waited(&held(60, true), 5), Some(60));
        assert_eq!(waited(&held(0, true), 5), None);
    }

    #[test]
    fn a_wait_is_at_most_seven_days() {
        assert_eq!(waited(&held(u64::MAX, false), u64::MAX), Some(7 * 86_400));
    }

    #[test]
    fn what_may_be_offered_may_be_named_however_long_it_has_waited() {
        let call = |bytes: usize| HeldCall {
            queue: "q".repeat(bytes),
            waited: Duration::new(7 * 86_400 - 1, 999_999_999),
            ..held(0, false)
        };
        let offered = |bytes: usize| {
            let HeldCall { call_id, queue, numbers, priority, attributes, .. } = call(bytes);
            let waited = None;
            Message::Report(Report::CallOffered {
                call_id,
                queue,
                numbers,
                priority,
                attributes,
                waited,
            })
        };
        let longest = (0..MESSAGE_BYTES_MAX)
            .rfind(|bytes| offered(*bytes).bytes_max() <= MESSAGE_BYTES_MAX)
            .expect("a short one may be offered");
        assert!(Message::HeldCall(call(longest), u64::MAX).bytes_max() <= MESSAGE_BYTES_MAX);
    }

    #[test]
    fn an_id_tells_which_part_it_bears() {
        let mut numbering = crate::numbering::Numbering::default();
        let before = numbering.push(());
        let ids = ResyncIds { first: numbering.push(()), calls: 2, legs: 1 };
        let parts: Vec<_> = (0..5).map(|later| ids.part(ids.first.plus(later))).collect();
        use ResyncPart::{Call, Done, Leg};
        assert_eq!(parts, [Some(Call(0)), Some(Call(1)), Some(Leg(0)), Some(Done), None]);
        assert_eq!(ids.part(before), None);
        assert_eq!(ids.part(ids.done()), Some(Done));
    }
}
