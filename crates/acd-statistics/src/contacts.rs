//! First-contact resolution: who came again, to the same queue, how soon after a conversation.

use crate::figures::QueueCounts;
use crate::history::Interval;
use acd_core::{CallerKey, Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// How many conversations are remembered at most; beyond, the oldest count as resolved early.
pub const CONTACTS_MAX: usize = 1_000_000;
/// A caller who comes later than that has come for something else.
const REMEMBERED: Span = days(7);

const fn days(days: u64) -> Span {
    Span::from_secs(days * 24 * 60 * 60)
}

/// A conversation with a known caller that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contact {
    queue: u32,
    caller: u64,
    /// When it was over.
    at_us: u64,
    /// In which the stay began that led to it.
    interval: Interval,
    /// The call that it was part of.
    arrival: u64,
    /// It counts as unresolved already.
    is_unresolved: bool,
}

impl Contact {
    pub(crate) fn new(
        (queue, caller): (u32, CallerKey),
        at: Timestamp,
        interval: Interval,
        arrival: u64,
        is_unresolved: bool,
    ) -> Self {
        Self { queue, caller: caller.0, at_us: at.0, interval, arrival, is_unresolved }
    }
}

/// The latest conversation of each caller in each queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Contact>", into = "Vec<Contact>")]
pub(crate) struct Contacts {
    latest: BTreeMap<(u32, u64), Contact>,
    /// By when they were over; what has been replaced in `latest` is passed over.
    order: VecDeque<(u64, u32, u64)>,
}

impl Contacts {
    /// A conversation is over.
    pub(crate) fn note(&mut self, contact: Contact) {
        let Contact { queue, caller, at_us, .. } = contact;
        self.latest.insert((queue, caller), contact);
        self.order.push_back((at_us, queue, caller));
        while self.latest.len() > CONTACTS_MAX || self.order.len() > 2 * CONTACTS_MAX {
            self.forget_first();
        }
    }

    /// A caller comes to a queue by a call of his own: what this says of his last conversation there, and
    /// in which interval that began.
    pub(crate) fn comes(
        &mut self,
        (queue, caller): (u32, CallerKey),
        at: Timestamp,
        arrival: u64,
    ) -> Option<(Interval, QueueCounts)> {
        self.forget_old(at);
        let contact = self.latest.get_mut(&(queue, caller.0))?;
        if contact.arrival == arrival || contact.is_unresolved {
            return None;
        }
        contact.is_unresolved = true;
        let after = at.since(Timestamp(contact.at_us));
        let counts = QueueCounts {
            unresolved_1_day: u64::from(after <= days(1)),
            unresolved_3_days: u64::from(after <= days(3)),
            unresolved_7_days: u64::from(after <= days(7)),
            ..QueueCounts::default()
        };
        (counts.unresolved_7_days > 0).then_some((contact.interval, counts))
    }

    /// Whether all of them are of one of the first so many queues.
    pub(crate) fn all_in(&self, queues: u32) -> bool {
        self.latest.keys().all(|(queue, _)| *queue < queues)
    }

    /// Each queue that they are of, by its row.
    pub(crate) fn each_queue(&mut self, mut with: impl FnMut(&mut u32)) {
        let latest = std::mem::take(&mut self.latest).into_values().map(|mut contact| {
            with(&mut contact.queue);
            ((contact.queue, contact.caller), contact)
        });
        self.latest = latest.collect();
        self.order.iter_mut().for_each(|(_, queue, _)| with(queue));
    }

    fn forget_old(&mut self, now: Timestamp) {
        while let Some((at, ..)) = self.order.front()
            && now.since(Timestamp(*at)) > REMEMBERED
        {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        let Some((at_us, queue, caller)) = self.order.pop_front() else { return };
        if self.latest.get(&(queue, caller)).is_some_and(|contact| contact.at_us == at_us) {
            self.latest.remove(&(queue, caller));
        }
    }
}

impl From<Vec<Contact>> for Contacts {
    fn from(contacts: Vec<Contact>) -> Self {
        let mut all = Self::default();
        contacts.into_iter().for_each(|contact| all.note(contact));
        all
    }
}

impl From<Contacts> for Vec<Contact> {
    fn from(contacts: Contacts) -> Self {
        let Contacts { latest, order } = contacts;
        let is_latest = |(at_us, queue, caller): (u64, u32, u64)| {
            latest.get(&(queue, caller)).filter(|contact| contact.at_us == at_us).copied()
        };
        order.into_iter().filter_map(is_latest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: (u32, CallerKey) = (0, CallerKey(7));

    fn hours(hours: u64) -> Timestamp {
        Timestamp(hours * 3_600_000_000)
    }

    fn after_a_conversation() -> Contacts {
        let mut contacts = Contacts::default();
        contacts.note(Contact::new(ANA, hours(0), Interval(3), 1, false));
        contacts
    }

    #[test]
    fn who_comes_again_was_not_helped_the_first_time() {
        let told = |at| {
            after_a_conversation().comes(ANA, at, 2).map(|(interval, counts)| {
                assert_eq!(interval, Interval(3));
                (counts.unresolved_1_day, counts.unresolved_3_days, counts.unresolved_7_days)
            })
        };
        assert_eq!(told(hours(24)), Some((1, 1, 1)));
        assert_eq!(told(hours(25)), Some((0, 1, 1)));
        assert_eq!(told(hours(7 * 24)), Some((0, 0, 1)));
        assert_eq!(told(hours(7 * 24 + 1)), None);
    }

    #[test]
    fn it_counts_once_and_not_of_others_elsewhere_or_by_the_call_itself() {
        let mut contacts = after_a_conversation();
        assert_eq!(contacts.comes((1, ANA.1), hours(1), 2), None, "another queue");
        assert_eq!(contacts.comes((0, CallerKey(8)), hours(1), 2), None, "another caller");
        assert_eq!(contacts.comes(ANA, hours(1), 1), None, "the same call, handed on and back");
        assert!(contacts.comes(ANA, hours(1), 2).is_some());
        assert_eq!(contacts.comes(ANA, hours(2), 3), None, "it is known to be unresolved");
    }

    #[test]
    fn it_goes_on_where_its_queue_has_moved_to() {
        let mut contacts = after_a_conversation();
        contacts.each_queue(|queue| *queue += 1);
        assert!(contacts.all_in(2) && !contacts.all_in(1));
        assert!(contacts.comes((1, ANA.1), hours(1), 2).is_some());
        assert_eq!(contacts.comes((1, ANA.1), hours(7 * 24 + 1), 3), None);
        assert!(contacts.all_in(0), "and is forgotten there in its time");
    }

    #[test]
    fn it_is_kept_in_a_list_without_what_is_over() {
        let mut contacts = after_a_conversation();
        contacts.note(Contact::new(ANA, hours(1), Interval(4), 2, false));
        let list = Vec::from(contacts.clone());
        assert_eq!(list.len(), 1);
        let mut again = Contacts::from(list);
        assert_eq!(again.comes(ANA, hours(2), 3), contacts.comes(ANA, hours(2), 3));
    }
}
