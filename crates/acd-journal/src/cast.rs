//! The names behind handles, as the commands of a log make them known.

use crate::closings::Closings;
use crate::ladders::Ladders;
use crate::notes::Notes;
use crate::record::{CallCard, Entry, Minted};
use acd_core::{AdapterId, CALLS_MAX, CallHandle, Command, Event, Router, RoutingPlan, Treatment};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How many calls that acdd itself ended are remembered for each adapter: it may not have heard.
pub const SENT_AWAY_MAX: usize = 1_024;

/// Who is meant by the handles of a Router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cast {
    adapters: Vec<Arc<str>>,
    /// By slot: the generation and the name of the call that lives there.
    calls: Vec<Option<(u32, AdapterId, Arc<CallCard>)>>,
    notes: Notes,
    ladders: Ladders,
    closings: Closings,
    sent_away: SentAway,
}

impl Cast {
    /// The adapters' names by handle.
    pub fn adapters(&self) -> &[Arc<str>] {
        &self.adapters
    }

    /// The name of a live call.
    pub fn card(&self, call: CallHandle) -> Option<&Arc<CallCard>> {
        card_in(&self.calls, call)
    }

    /// The calls that agents take notes on.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The ladders that adapters have been told to try.
    pub fn ladders(&self) -> &Ladders {
        &self.ladders
    }

    /// Who closed or opened queues.
    pub fn closings(&self) -> &Closings {
        &self.closings
    }

    /// The calls that acdd ended lately.
    pub fn sent_away(&self) -> &SentAway {
        &self.sent_away
    }

    /// The live calls with their adapters, by slot.
    pub(crate) fn calls(&self) -> impl Iterator<Item = (CallHandle, AdapterId, &Arc<CallCard>)> {
        (0..).zip(&self.calls).filter_map(|(slot, call)| {
            let (generation, adapter, card) = call.as_ref()?;
            Some((CallHandle { slot, generation: *generation }, *adapter, card))
        })
    }

    pub(crate) fn restore(
        adapters: Vec<Arc<str>>,
        calls: Vec<(CallHandle, AdapterId, Arc<CallCard>)>,
        (notes, ladders, closings): (Notes, Ladders, Closings),
        sent_away: SentAway,
    ) -> Self {
        let nobody = Vec::new();
        let mut cast = Self { adapters, calls: nobody, notes, ladders, closings, sent_away };
        for (call, adapter, card) in calls {
            cast.put(call, adapter, card);
        }
        cast
    }

    /// Learns what a command names that has been applied.
    pub(crate) fn meet(&mut self, command: &Command, minted: Option<&Minted>) {
        match (command, minted) {
            (Command::PlanChanged { plan }, _) => {
                let new = plan.adapters.iter().skip(self.adapters.len());
                self.adapters.extend(new.map(|name| Arc::from(&**name)));
            }
            (Command::AdapterUp { adapter, .. }, Some(Minted::Adapter(name))) => {
                let at = adapter.index();
                if at >= self.adapters.len() {
                    self.adapters.resize(at + 1, Arc::from(""));
                }
                self.adapters[at] = Arc::clone(name);
            }
            (Command::CallOffered { call, adapter, .. }, Some(Minted::Call(card))) => {
                self.sent_away.forget(*adapter, &card.call_id);
                self.put(*call, *adapter, Arc::clone(card));
            }
            _ => {}
        }
    }

    /// Forgets the calls that have ended, and on which nobody takes notes, and learns who closed queues, by
    /// what a command has led to.
    pub(crate) fn part(&mut self, entry: &Entry, events: &[Event], router: &Router) {
        let plan = router.plan();
        for event in events {
            let Self { calls, notes, .. } = self;
            notes.follow(event, |call| card_in(calls, call));
            self.ladders.follow(event, plan);
            self.closings.follow(event, &entry.origin, plan);
            let Some((call, farewell)) = Farewell::in_event(event, plan) else { continue };
            let Some(at) = self.calls.get_mut(call.slot as usize) else { continue };
            if let (Some((_, adapter, card)), Some(farewell)) = (&*at, farewell) {
                self.sent_away.note(*adapter, Arc::clone(&card.call_id), farewell);
            }
            if let Event::CallEnded { .. } = event {
                *at = None;
            }
        }
        if let Command::PlanChanged { .. } = entry.command {
            self.closings.keep_those_of(plan);
            self.notes.keep_those_of(router);
        }
    }

    /// Keeps of the notes what the Router has; gives a call in wrap-up without a name.
    pub(crate) fn keep_notes_of(&mut self, router: &Router) -> Option<CallHandle> {
        self.notes.keep_those_of(router)
    }

    fn put(&mut self, call: CallHandle, adapter: AdapterId, card: Arc<CallCard>) {
        if call.slot >= CALLS_MAX {
            // There can be no such call, whatever a damaged file says.
            return;
        }
        let slot = call.slot as usize;
        if slot >= self.calls.len() {
            self.calls.resize(slot + 1, None);
        }
        self.calls[slot] = Some((call.generation, adapter, card));
    }
}

fn card_in(
    calls: &[Option<(u32, AdapterId, Arc<CallCard>)>],
    call: CallHandle,
) -> Option<&Arc<CallCard>> {
    let (generation, _, card) = calls.get(call.slot as usize)?.as_ref()?;
    (*generation == call.generation).then_some(card)
}

/// What an adapter is to do with a caller whom acdd sends away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// Give him this, then hang up.
    End(Treatment),
    /// Connect him with this number.
    Transfer(Arc<str>),
}

impl Farewell {
    /// The call that an event sends away or ends, and how; nothing is left to do if the PBX ended
    /// it, or was told before.
    pub fn in_event(event: &Event, plan: &RoutingPlan) -> Option<(CallHandle, Option<Self>)> {
        match event {
            Event::CallEnded { call, treatment, .. } => Some((*call, treatment.map(Self::End))),
            Event::TransferOrdered { call, number } => {
                let number = plan.numbers.get(number.index());
                Some((*call, number.map(|number| Self::Transfer(Arc::from(&**number)))))
            }
            _ => None,
        }
    }
}

/// The calls that acdd itself ended lately, by adapter and id: an adapter that still holds one has
/// not heard of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentAway {
    by_adapter: Vec<Away>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Away {
    how: HashMap<Arc<str>, Farewell>,
    /// Oldest first; some may have been forgotten since.
    order: VecDeque<Arc<str>>,
}

impl SentAway {
    /// A call was ended so.
    pub fn note(&mut self, adapter: AdapterId, call_id: Arc<str>, farewell: Farewell) {
        if self.by_adapter.len() <= adapter.index() {
            self.by_adapter.resize_with(adapter.index() + 1, Away::default);
        }
        let away = &mut self.by_adapter[adapter.index()];
        if away.how.insert(Arc::clone(&call_id), farewell).is_none() {
            away.order.push_back(call_id);
        }
        while away.order.len() > SENT_AWAY_MAX {
            let Some(oldest) = away.order.pop_front() else { break };
            away.how.remove(&oldest);
        }
    }

    /// How the latest call of this id was ended, if acdd did so lately.
    pub fn find(&self, adapter: AdapterId, call_id: &str) -> Option<&Farewell> {
        self.by_adapter.get(adapter.index())?.how.get(call_id)
    }

    /// The id stands for a new call.
    pub fn forget(&mut self, adapter: AdapterId, call_id: &str) {
        let Some(away) = self.by_adapter.get_mut(adapter.index()) else { return };
        if away.how.remove(call_id).is_some() {
            away.order.retain(|known| **known != *call_id);
        }
    }

    /// All of them, the oldest of each adapter first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (AdapterId, &Arc<str>, &Farewell)> {
        (0..).map(AdapterId).zip(&self.by_adapter).flat_map(|(adapter, away)| {
            let known = away.order.iter();
            known.filter_map(move |id| Some((adapter, id, away.how.get(id)?)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_cannot_be_takes_no_room() {
        let mut cast = Cast::default();
        let call = CallHandle { slot: u32::MAX, generation: 1 };
        let card = CallCard {
            adapter: Arc::from("pbx"),
            call_id: Arc::from("c1"),
            dialed: Arc::from(""),
            caller: Arc::from(""),
            attributes: Arc::from([]),
        };
        cast.put(call, AdapterId(0), Arc::new(card));
        assert!(cast.calls.is_empty());
    }

    #[test]
    fn the_latest_calls_sent_away_are_remembered_until_their_id_comes_back() {
        let mut away = SentAway::default();
        let (adapter, busy) = (AdapterId(1), Farewell::End(Treatment::Busy));
        for number in 0..=SENT_AWAY_MAX {
            away.note(adapter, Arc::from(number.to_string()), busy.clone());
        }
        assert_eq!(away.find(adapter, "0"), None, "the oldest had to go");
        assert_eq!(away.find(adapter, "1"), Some(&busy));
        assert_eq!(away.find(AdapterId(0), "1"), None, "another adapter's id");
        away.forget(adapter, "1");
        assert_eq!(away.find(adapter, "1"), None);
        assert_eq!(away.all().count(), SENT_AWAY_MAX - 1);
    }
}
