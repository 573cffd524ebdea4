//! A rolling hash over events, by which two folds of the same commands know that they agree.

use crate::event::{Event, LeftCause, OfferEnd, Outcome, ReturnCause, RevokeCause};
use crate::persist::{Persist, RestoreError, Restored, Sink, Source, persist_enum};

/// The version of what the Router decides and writes.
///
/// Raised by any change of behaviour (the same commands give other events), of a command's or a
/// plan's bytes, or of a snapshot's. The tail of a journal is folded only by the version that wrote
/// it: by another one the same commands might mean something else.
pub const LOGIC_VERSION: u32 = 13;

/// A hash over every field of every event, in their order; the same on every machine.
///
/// Against accidents, not against forgers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventDigest(u64);

/// The golden ratio in 64 bits, odd: multiplying by it loses nothing.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
/// Keeps zeros after zeros from staying zero: the fraction of pi.
const OFFSET: u64 = 0x243F_6A88_85A3_08D3;
/// Brings the upper bits, into which a product mixes best, back to the lower half.
const TURN: u32 = 29;

impl EventDigest {
    /// Adds an event to all those before it.
    pub fn take_in(&mut self, event: &Event) {
        event.write(self);
    }

    /// The hash of all that was taken in.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The digest that goes on from a value.
    pub const fn from_value(value: u64) -> Self {
        Self(value)
    }

    /// For any one word a permutation of the state, and for any one state of the words: a single
    /// difference never gets lost.
    #[inline]
    const fn mix(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_add(OFFSET).wrapping_mul(SPREAD).rotate_left(TURN);
    }
}

/// A word a field: fields come as the little-endian bytes of one integer, whose length is known
/// where it is written, so that no loop is left of this.
impl Sink for EventDigest {
    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        match *bytes {
            [a] => self.mix(u64::from(a)),
            [a, b] => self.mix(u64::from(u16::from_le_bytes([a, b]))),
            [a, b, c, d] => self.mix(u64::from(u32::from_le_bytes([a, b, c, d]))),
            [a, b, c, d, e, f, g, h] => self.mix(u64::from_le_bytes([a, b, c, d, e, f, g, h])),
            _ => bytes.iter().for_each(|byte| self.mix(u64::from(*byte))),
        }
    }
}

persist_enum!(Event {
    0 = RecoveryOver,
    1 = AdapterUp { adapter },
    2 = AdapterSynced { adapter },
    3 = AdapterDown { adapter },
    4 = CallArrived { call, adapter, channel, arrival, priority, since, route, caller },
    5 = PlaceEntered { call, queue, demand, since, estimate },
    6 = PlaceLeft { call, queue, cause },
    7 = RequirementChanged { call, queue, demand },
    8 = PriorityChanged { call, priority },
    9 = RuleFired { call, queue, rule, without_effect },
    10 = OfferIssued { call, offer, agent, queue, rung_by, ring_until, adopted, picked },
    11 = OfferRinging { call, offer },
    12 = OfferEnded { call, offer, agent, queue, rung_by, end, adapter_knows },
    13 = CallConnecting { call, offer, agent, rung_by, until },
    14 = ConnectFailed { call, offer, agent, rung_by, adapter_knows },
    15 = CallConnected { call, agent, queue },
    16 = CallHeld { call },
    17 = CallRetrieved { call },
    18 = CallReturned { call, cause },
    19 = CallEnded { call, outcome, treatment },
    20 = PresenceChanged { agent, presence, pending },
    21 = SlotChanged { agent, slot, state },
    22 = TransferOrdered { call, number },
    23 = PlayOrdered { call, announcement },
    24 = DeviceChanged { agent, device },
    25 = QueueClosed { queue, closed, until },
    26 = LatchChanged { queue, rule, set },
    27 = WrapUpExtended { agent, slot, until },
    28 = HeartbeatChanged { agent, heartbeat },
    29 = AgentAwaited { call, agent, until },
    30 = AgentAwaitedNoMore { call },
    31 = WrapUpEnded { agent, call, queue, disposition },
    32 = CallbackOfferOrdered { call },
    33 = LadderOrdered { call, ladder },
    34 = HalfMinutePassed,
    35 = AgentsMessaged { number, to },
    36 = SkillChanged { agent, skill, level, for_now, until },
});
persist_enum!(LeftCause { 0 = Moved, 1 = Connected, 2 = Ended, 3 = Withdrawn });
persist_enum!(OfferEnd {
    0 = Accepted, 1 = Declined, 2 = NoAnswer, 3 = Revoked(cause), 4 = Failed,
});
persist_enum!(RevokeCause {
    0 = CallEnded, 1 = AgentUnavailable, 2 = CallMoved, 3 = AdapterRestarted,
    4 = AnsweredElsewhere, 5 = Picked,
});
persist_enum!(ReturnCause { 0 = OfferEnded, 1 = ConnectFailed, 2 = AgentLegLost, 3 = Transferred });
persist_enum!(Outcome {
    0 = Handled, 1 = Abandoned, 2 = ShortAbandoned, 3 = Overflowed, 4 = Vanished,
    5 = Transferred, 6 = Rejected,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::MessageTo;
    use crate::event::{DeviceState, HeartbeatState, NotReadyReason, Presence, SlotState};
    use crate::ids::{
        AdapterId, AgentId, AnnouncementId, CallHandle, CallerKey, DemandId, DispositionId,
        LadderId, NumberId, OfferNumber, Priority, QueueId, ReasonId, RouteId, Span, Timestamp,
    };
    use crate::plan::{Channel, Treatment};
    use proptest::prelude::*;

    /// One of each, in the order of their tags; of enums, one of each in turn.
    fn one_of_each() -> Vec<Event> {
        let call = CallHandle { slot: 7, generation: 3 };
        let (adapter, rung_by) = (AdapterId(1), AdapterId(2));
        let (queue, demand, agent) = (QueueId(4), DemandId(5), AgentId(6));
        let (offer, since) = (OfferNumber(8), Timestamp(9));
        let (priority, channel) = (Priority::NORMAL, Channel::Chat);
        let end = OfferEnd::Revoked(RevokeCause::AgentUnavailable);
        let presence = Presence::NotReady(NotReadyReason::Named(ReasonId(1)));
        let pending = Some(Presence::Ready);
        let (treatment, outcome) = (Some(Treatment::Message), Outcome::Overflowed);
        let state = SlotState::WrapUp { until: since, call, queue };
        vec![
            Event::RecoveryOver,
            Event::AdapterUp { adapter },
            Event::AdapterSynced { adapter },
            Event::AdapterDown { adapter },
            Event::CallArrived {
                call,
                adapter,
                channel,
                arrival: 11,
                priority,
                since,
                route: Some(RouteId(1)),
                caller: Some(CallerKey(21)),
            },
            Event::PlaceEntered { call, queue, demand, since, estimate: Some(Span(22)) },
            Event::PlaceLeft { call, queue, cause: LeftCause::Connected },
            Event::RequirementChanged { call, queue, demand },
            Event::PriorityChanged { call, priority },
            Event::RuleFired { call, queue, rule: 12, without_effect: true },
            Event::OfferIssued {
                call,
                offer,
                agent,
                queue,
                rung_by,
                ring_until: since,
                adopted: false,
                picked: true,
            },
            Event::OfferRinging { call, offer },
            Event::OfferEnded { call, offer, agent, queue, rung_by, end, adapter_knows: true },
            Event::CallConnecting { call, offer, agent, rung_by, until: since },
            Event::ConnectFailed { call, offer, agent, rung_by, adapter_knows: false },
            Event::CallConnected { call, agent, queue },
            Event::CallHeld { call },
            Event::CallRetrieved { call },
            Event::CallReturned { call, cause: ReturnCause::AgentLegLost },
            Event::CallEnded { call, outcome, treatment },
            Event::PresenceChanged { agent, presence, pending },
            Event::SlotChanged { agent, slot: 13, state },
            Event::TransferOrdered { call, number: NumberId(14) },
            Event::PlayOrdered { call, announcement: AnnouncementId(15) },
            Event::DeviceChanged { agent, device: DeviceState::Busy },
            Event::QueueClosed { queue, closed: true, until: Some(since) },
            Event::LatchChanged { queue, rule: 16, set: true },
            Event::WrapUpExtended { agent, slot: 17, until: since },
            Event::HeartbeatChanged { agent, heartbeat: HeartbeatState::Kept },
            Event::AgentAwaited { call, agent, until: since },
            Event::AgentAwaitedNoMore { call },
            Event::WrapUpEnded {
                agent,
                call,
                queue: Some(QueueId(1)),
                disposition: Some(DispositionId(19)),
            },
            Event::CallbackOfferOrdered { call },
            Event::LadderOrdered { call, ladder: LadderId(20) },
            Event::HalfMinutePassed,
            Event::AgentsMessaged { number: 23, to: MessageTo::Agent(agent) },
        ]
    }

    fn digest<'a>(events: impl IntoIterator<Item = &'a Event>) -> u64 {
        let mut digest = EventDigest::default();
        events.into_iter().for_each(|event| digest.take_in(event));
        digest.value()
    }

    fn encoded(event: &Event) -> Vec<u8> {
        let mut bytes = Vec::new();
        event.write(&mut bytes);
        bytes
    }

    /// The event's walk holds each of its fields, and every byte of the walk counts.
    #[test]
    fn every_field_of_every_event_counts() {
        for (tag, event) in one_of_each().iter().enumerate() {
            let bytes = encoded(event);
            assert_eq!(usize::from(bytes[0]), tag, "one of each is all");
            assert_eq!(Event::read(&mut Source { bytes: &bytes }).as_ref(), Ok(event));
            for at in 0..bytes.len() {
                let mut others = 0;
                for value in 0..=u8::MAX {
                    let mut changed = bytes.clone();
                    changed[at] = value;
                    // Another variant may have more to say.
                    changed.extend([0; 16]);
                    let mut source = Source { bytes: &changed };
                    let other = Event::read(&mut source);
                    if let Some(other) = other.ok().filter(|other| other != event) {
                        assert_ne!(digest([&other]), digest([event]), "{other:?} and {event:?}");
                        others += 1;
                    }
                }
                assert!(others > 0, "byte {at} of {event:?} says nothing");
            }
        }
        let tags = one_of_each().len() as u8;
        assert!(Event::read(&mut Source { bytes: &[tags] }).is_err(), "one of each is all");
    }

    /// A journal's batches hold such values: whoever changes this one raises `LOGIC_VERSION`.
    #[test]
    fn the_hash_of_one_of_each_is_known() {
        assert_eq!((LOGIC_VERSION, digest(&one_of_each())), (13, 0x24AE_D43C_016A_521F));
    }

    #[test]
    fn a_digest_goes_on_from_its_value() {
        let events = one_of_each();
        let (before, after) = events.split_at(9);
        let mut resumed = EventDigest::from_value(digest(before));
        after.iter().for_each(|event| resumed.take_in(event));
        assert_eq!(resumed.value(), digest(&events));
    }

    proptest! {
        /// Order, number and choice of events count.
        #[test]
        fn other_histories_have_other_digests(
            ours in prop::collection::vec(0..25_usize, 0..12),
            theirs in prop::collection::vec(0..25_usize, 0..12),
            swap in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let events = one_of_each();
            let of = |history: &[usize]| digest(history.iter().map(|at| &events[*at]));
            prop_assert_eq!(of(&ours) == of(&theirs), ours == theirs);
            if !ours.is_empty() {
                let mut swapped = ours.clone();
                swapped.swap(swap.0.index(ours.len()), swap.1.index(ours.len()));
                prop_assert_eq!(of(&ours) == of(&swapped), ours == swapped);
            }
        }
    }
}
