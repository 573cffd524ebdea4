//! A batch comes back as it was written, whatever it holds, and no bytes do harm.

use super::*;
use acd_core::{
    AdapterId, AgentId, CallEntry, CallHandle, OfferNumber, OfferResult, Priority, QueueId,
    RoutingPlan,
};
use proptest::prelude::*;
use proptest::sample::Index;

fn name() -> impl Strategy<Value = Arc<str>> {
    any::<String>().prop_map(Arc::from)
}

fn origin() -> impl Strategy<Value = Arc<Origin>> {
    prop_oneof![
        name().prop_map(Origin::Adapter),
        (name(), name()).prop_map(|(name, reason)| Origin::Person { name, reason }),
        Just(Origin::Time),
        Just(Origin::Plan),
    ]
    .prop_map(Arc::new)
}

fn card() -> impl Strategy<Value = CallCard> {
    let attributes = prop::collection::vec(any::<(String, String)>(), 0..4);
    let names = (name(), name(), name(), name());
    (names, attributes).prop_map(|((adapter, call_id, dialed, caller), attributes)| CallCard {
        adapter,
        call_id,
        dialed,
        caller,
        attributes: attributes.into(),
    })
}

fn minted() -> impl Strategy<Value = Option<Minted>> {
    prop_oneof![
        Just(None),
        card().prop_map(|card| Some(Minted::Call(Arc::new(card)))),
        name().prop_map(|name| Some(Minted::Adapter(name))),
        name().prop_map(|says| Some(Minted::Message(says))),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let handle = any::<(u32, u32)>().prop_map(|(slot, generation)| CallHandle { slot, generation });
    prop_oneof![
        Just(Command::AdvanceTime),
        Just(Command::EpochBegan),
        Just(Command::PlanChanged { plan: Arc::new(RoutingPlan::default()) }),
        any::<(u16, u64, bool)>().prop_map(|(adapter, incarnation, resync)| Command::AdapterUp {
            adapter: AdapterId(adapter),
            incarnation,
            resync
        }),
        (handle.clone(), any::<(u16, u16, u64)>()).prop_map(|(call, (adapter, queue, since))| {
            Command::CallOffered {
                call,
                adapter: AdapterId(adapter),
                entry: CallEntry::new(QueueId(queue), Priority::NORMAL, Timestamp(since)),
            }
        }),
        (handle, any::<u64>()).prop_map(|(call, offer)| Command::OfferResult {
            call,
            offer: OfferNumber(offer),
            result: OfferResult::Accepted,
        }),
        any::<u32>().prop_map(|agent| Command::AgentReady { agent: AgentId(agent) }),
    ]
}

fn batch() -> impl Strategy<Value = Batch> {
    let numbers = (any::<u64>(), 0..NUMBERS_END, 0..NUMBERS_END, any::<u64>());
    let origins = prop::collection::vec(origin(), 1..4);
    let entry = (any::<u64>(), any::<Index>(), command(), minted());
    (numbers, origins, prop::collection::vec(entry, 0..20)).prop_map(
        |((epoch, number, first_sequence, digest), origins, entries)| {
            let entries = (first_sequence..).zip(entries);
            let entries = entries.map(|(sequence, (at, origin, command, minted))| Entry {
                sequence,
                at: Timestamp(at),
                origin: Arc::clone(origin.get(&origins)),
                command,
                minted,
            });
            Batch { epoch, number, first_sequence, entries: entries.collect(), digest }
        },
    )
}

fn encoded(batch: &Batch) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(batch, &mut bytes);
    bytes
}

proptest! {
    #[test]
    fn a_batch_is_read_as_it_was_written(batch in batch()) {
        let bytes = encoded(&batch);
        prop_assert_eq!(number_of(&bytes), Some(batch.number));
        prop_assert_eq!(decode(&bytes), Ok(batch));
    }

    #[test]
    fn a_batch_that_was_cut_off_or_added_to_is_refused(batch in batch(), cut in any::<Index>()) {
        let mut bytes = encoded(&batch);
        prop_assert!(decode(&bytes[..cut.index(bytes.len())]).is_err());
        bytes.push(0);
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn bytes_that_were_changed_are_refused_or_read_and_never_take_more_room_than_they_hold(
        batch in batch(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..5),
    ) {
        let mut bytes = encoded(&batch);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(read) = decode(&bytes) {
            prop_assert!(read.entries.capacity() <= bytes.len() / ENTRY_BYTES_MIN);
        }
    }

    #[test]
    fn noise_is_refused(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&noise).is_err());
    }
}

#[test]
fn a_count_that_no_bytes_stand_for_asks_for_no_memory() {
    let empty = Batch { epoch: 1, number: 1, first_sequence: 1, entries: Vec::new(), digest: 0 };
    let bytes = encoded(&empty);
    for at in [32, 36] {
        let mut claims = bytes.clone();
        claims[at..at + 4].fill(0xff);
        assert!(decode(&claims).is_err(), "at byte {at}");
    }
    // Origins, attributes and texts are counted by varints.
    let mut claims = bytes;
    claims.truncate(HEAD_BYTES);
    varint(&mut claims, u64::MAX);
    assert!(decode(&claims).is_err());
}
