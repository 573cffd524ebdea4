//! The promises of the contract, each watched from outside: by commands, events and the plan alone.

mod best_first;
mod bounded;
mod capacity;
mod conservation;
mod idle_first;
mod timers;
mod work_conserving;

pub(crate) use best_first::BestFirst;
pub(crate) use bounded::Bounded;
pub(crate) use capacity::Capacity;
pub(crate) use conservation::Conservation;
pub(crate) use idle_first::IdleFirst;
pub(crate) use timers::Timers;
pub(crate) use work_conserving::WorkConserving;

use crate::books::Books;
use acd_core::{Command, Event, Router, RoutingPlan, Timestamp};
use std::sync::Arc;

/// Objects, by the number that the promise has in the contract.
macro_rules! keeps {
    ($promise:literal, $holds:expr, $($what:tt)+) => {
        assert!($holds, "promise {} is broken: {}", $promise, format_args!($($what)+))
    };
}
pub(crate) use keeps;

/// Sees everything that happens, and objects when its promise is broken.
pub(crate) trait Watch {
    /// The command will be accepted; the books are as they were, and so is their clock.
    fn before(&mut self, _books: &Books, _now: Timestamp, _command: &Command) {}
    /// The books are as they were before the event.
    fn sees(&mut self, _books: &Books, _event: &Event) {}
    /// Everything of the command has happened.
    fn after(&mut self, _books: &Books, _command: &Command) {}
}

/// Looks at nothing.
pub(crate) struct Nobody;

impl Watch for Nobody {}

/// Keeps books of what happens, and lets others look at them.
pub(crate) struct Auditor {
    pub(crate) books: Books,
    watches: Vec<Box<dyn Watch>>,
}

impl Auditor {
    pub(crate) fn new(plan: &Arc<RoutingPlan>, watches: Vec<Box<dyn Watch>>) -> Self {
        Self { books: Books::new(Arc::clone(plan)), watches }
    }

    /// A command was accepted, and this is what came of it; of what follows in this instant, some may
    /// still be owed. A guest looks at the books, too.
    pub(crate) fn hears(
        &mut self,
        now: Timestamp,
        command: &Command,
        events: &[Event],
        router: &Router,
        guest: &mut dyn Watch,
    ) {
        let Self { books, watches } = self;
        let demands = router.demands();
        watches.iter_mut().for_each(|watch| watch.before(books, now, command));
        books.take_command(now, command, demands);
        for event in events {
            guest.sees(books, event);
            watches.iter_mut().for_each(|watch| watch.sees(books, event));
            books.take_in(event);
        }
        books.is_owed = router.next_deadline().is_some_and(|due| due <= now);
        guest.after(books, command);
        watches.iter_mut().for_each(|watch| watch.after(books, command));
    }
}
