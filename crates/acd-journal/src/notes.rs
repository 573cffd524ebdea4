//! The names of the calls that agents take notes on: such a call may be over, its handle's slot and
//! its id in use again, before its wrap-up is.

use crate::record::CallCard;
use acd_core::{CallHandle, Event, Router, SlotState};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Calls in wrap-up, as many at most as agents have slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    calls: BTreeMap<CallHandle, Noted>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Noted {
    card: Arc<CallCard>,
    /// In so many slots.
    slots: u32,
}

impl Notes {
    /// The name of a call that somebody takes notes on.
    pub fn card(&self, call: CallHandle) -> Option<&Arc<CallCard>> {
        self.calls.get(&call).map(|noted| &noted.card)
    }

    /// Keeps the name of a call from the beginning of its wrap-up to the end; `card` names it while
    /// it lives.
    pub fn follow<'a>(
        &mut self,
        event: &Event,
        card: impl FnOnce(CallHandle) -> Option<&'a Arc<CallCard>>,
    ) {
        match event {
            Event::SlotChanged { state: SlotState::WrapUp { call, .. }, .. } => {
                if let Some(noted) = self.calls.get_mut(call) {
                    noted.slots += 1;
                } else if let Some(card) = card(*call) {
                    self.calls.insert(*call, Noted { card: Arc::clone(card), slots: 1 });
                }
            }
            Event::WrapUpEnded { call, .. } => {
                let Some(noted) = self.calls.get_mut(call) else { return };
                noted.slots -= 1;
                if noted.slots == 0 {
                    self.calls.remove(call);
                }
            }
            _ => {}
        }
    }

    /// Keeps what the Router has in wrap-up: a new plan takes notes away with their agent, without
    /// a word, and a snapshot holds no counts. Gives a call in wrap-up that has no name.
    pub fn keep_those_of(&mut self, router: &Router) -> Option<CallHandle> {
        self.calls.values_mut().for_each(|noted| noted.slots = 0);
        let mut nameless = None;
        for slot in router.agents().flat_map(|agent| agent.slots) {
            let SlotState::WrapUp { call, .. } = slot.state else { continue };
            match self.calls.get_mut(&call) {
                Some(noted) => noted.slots += 1,
                None => nameless = Some(call),
            }
        }
        self.calls.retain(|_, noted| noted.slots > 0);
        nameless
    }

    /// All of them, by handle.
    pub(crate) fn all(&self) -> impl ExactSizeIterator<Item = (CallHandle, &Arc<CallCard>)> {
        self.calls.iter().map(|(call, noted)| (*call, &noted.card))
    }

    /// The names alone; `keep_those_of` counts.
    pub(crate) fn restore(calls: impl IntoIterator<Item = (CallHandle, Arc<CallCard>)>) -> Self {
        let calls = calls.into_iter().map(|(call, card)| (call, Noted { card, slots: 0 }));
        Self { calls: calls.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acd_core::{AgentId, QueueId, Timestamp};

    #[test]
    fn a_name_is_kept_as_long_as_somebody_takes_notes() {
        let (call, queue) = (CallHandle { slot: 3, generation: 2 }, QueueId(0));
        let card = Arc::new(CallCard {
            adapter: Arc::from("pbx"),
            call_id: Arc::from("c1"),
            dialed: Arc::from(""),
            caller: Arc::from(""),
            attributes: Arc::from([]),
        });
        let begins = |agent| Event::SlotChanged {
            agent: AgentId(agent),
            slot: 0,
            state: SlotState::WrapUp { until: Timestamp(9), call, queue },
        };
        let ends = |agent| Event::WrapUpEnded {
            agent: AgentId(agent),
            call,
            queue: Some(queue),
            disposition: None,
        };
        let mut notes = Notes::default();
        notes.follow(&begins(1), |_| Some(&card));
        // It was handed on, and is over by the time that the second one takes his.
        notes.follow(&begins(2), |_| None);
        notes.follow(&ends(1), |_| None);
        assert_eq!(notes.card(call), Some(&card));
        assert_eq!(notes.card(CallHandle { generation: 3, ..call }), None, "another call");
        notes.follow(&ends(2), |_| None);
        assert_eq!(notes, Notes::default());
    }
}
