//! Who closed or opened each queue last, and why, by the names that do not change with a plan.

use crate::record::Origin;
use acd_core::{Event, RoutingPlan};
use std::collections::BTreeMap;
use std::sync::Arc;

/// By the name of a queue: the person of the latest change, and the reason that was given. What turned by
/// itself since then is a consequence of that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closings {
    queues: BTreeMap<Arc<str>, ClosedBy>,
}

/// A person who closed or opened a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedBy {
    /// Who.
    pub person: Arc<str>,
    /// Why, or empty.
    pub reason: Arc<str>,
}

impl Closings {
    /// Who changed a queue last; none if nobody has.
    pub fn of(&self, queue: &str) -> Option<&ClosedBy> {
        self.queues.get(queue)
    }

    /// Learns of an event under this plan, and of who caused it.
    pub(crate) fn follow(&mut self, event: &Event, origin: &Origin, plan: &RoutingPlan) {
        let (Event::QueueClosed { queue, .. }, Origin::Person { name, reason }) = (event, origin)
        else {
            return;
        };
        let Some(planned) = plan.queues.get(queue.index()) else { return };
        self.note(Arc::from(&*planned.name), Arc::clone(name), Arc::clone(reason));
    }

    pub(crate) fn note(&mut self, queue: Arc<str>, person: Arc<str>, reason: Arc<str>) {
        self.queues.insert(queue, ClosedBy { person, reason });
    }

    /// Queues that a plan does not have are forgotten.
    pub(crate) fn keep_those_of(&mut self, plan: &RoutingPlan) {
        self.queues.retain(|name, _| plan.queues.iter().any(|queue| *queue.name == **name));
    }

    /// All of them, by name.
    pub(crate) fn all(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &ClosedBy)> {
        self.queues.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acd_core::{QueueId, QueuePlan, Requirement};

    #[test]
    fn whoever_closed_a_queue_is_known_until_the_queue_is_gone() {
        let plan = |names: &[&str]| RoutingPlan {
            queues: names
                .iter()
                .map(|name| QueuePlan::new(name, Requirement::default(), Vec::new()))
                .collect(),
            ..RoutingPlan::default()
        };
        let closed = |closed| Event::QueueClosed { queue: QueueId(1), closed, until: None };
        let pat = Origin::Person { name: Arc::from("pat"), reason: Arc::from("fire alarm") };
        let mut closings = Closings::default();
        closings.follow(&closed(true), &pat, &plan(&["sales", "billing"]));
        closings.follow(&closed(false), &Origin::Time, &plan(&["sales", "billing"]));
        let by = closings.of("billing").map(|by| (&*by.person, &*by.reason));
        assert_eq!(
            by,
            Some(("pat", "fire alarm")),
            "that it turned by itself is no person's doing"
        );
        closings.keep_those_of(&plan(&["billing"]));
        assert!(closings.of("billing").is_some(), "whatever its number is");
        closings.keep_those_of(&plan(&["sales"]));
        assert_eq!(closings, Closings::default());
    }
}
