//! An agent's time: how much of it he worked, talked, took notes; and what became of his offers.

use crate::day::Day;
use crate::figures::{mean, numbers};
use crate::history::{Interval, take_before};
use crate::levels::{Percent, percent};
use acd_core::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

numbers! {
    /// Counts and times (microseconds) of one agent.
    pub struct AgentCounts {
        /// Logged in, in whatever state.
        staffed_us,
        /// Of that, not in `not ready`.
        working_us,
        /// An offer was out; summed over slots, as all that follow but `busy_us`.
        reserved_us,
        /// Accepted, not bridged yet.
        connecting_us,
        /// In conversation.
        talk_us,
        /// With a caller on hold.
        hold_us,
        /// Taking notes.
        wrap_up_us,
        /// Of `working_us`: at least one slot was not free.
        busy_us,
        /// Slots that were not free while he was working, summed.
        slots_busy_us,
        /// Slots while he was working, summed.
        slots_us,
        /// Calls offered to him.
        offers,
        /// Offers that he took.
        accepted,
        /// Offers that he refused.
        declined,
        /// Offers that rang out.
        no_answer,
        /// Offers that acdd took back.
        revoked,
        /// Offers whose device could not be rung.
        failed,
        /// Calls connected with him.
        connected,
        /// Conversations that are over.
        handled,
        /// Of those: handed on, into a queue or out of acdd.
        transferred,
    }
}

/// All that is kept of some time of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentFigures {
    /// How many, and how long all together.
    #[serde(flatten)]
    pub counts: AgentCounts,
    /// How long he was not ready, by reason, microseconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_ready_us: BTreeMap<String, u64>,
}

impl AgentFigures {
    /// Those of another time as well.
    pub fn merge(&mut self, more: &Self) {
        self.counts.add(&more.counts);
        for (reason, time) in &more.not_ready_us {
            *self.not_ready_us.entry(reason.clone()).or_default() += time;
        }
    }
}

impl From<AgentCounts> for AgentFigures {
    fn from(counts: AgentCounts) -> Self {
        Self { counts, ..Self::default() }
    }
}

impl AgentCounts {
    /// The share of his working time in which he was busy.
    pub fn occupancy(&self) -> Percent {
        percent(self.busy_us, self.working_us)
    }

    /// The share of his slots' working time in which they were.
    pub fn slot_occupancy(&self) -> Percent {
        percent(self.slots_busy_us, self.slots_us)
    }

    /// The average handle time: talk, hold and notes; none without a conversation.
    pub fn handle_mean(&self) -> Option<Span> {
        mean(self.talk_us + self.hold_us + self.wrap_up_us, self.handled)
    }
}

/// Whether an agent is at work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Shift {
    #[default]
    Out,
    Working,
    /// For this reason.
    NotReady(String),
}

/// What a slot is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Doing {
    #[default]
    Nothing,
    /// An offer is out.
    Reserved,
    Connecting,
    Talking,
    Holding,
    /// Notes on a stay of this queue that began in this interval, since then.
    WrapUp {
        queue: u32,
        interval: Interval,
        since_us: u64,
    },
}

/// All that is kept of one agent.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) shift: Shift,
    /// What each of his slots is doing.
    pub(crate) slots: Vec<Doing>,
    /// His time is counted up to here.
    pub(crate) counted: Timestamp,
    pub(crate) history: BTreeMap<Interval, AgentFigures>,
    today: AgentFigures,
    day: Day,
}

impl Agent {
    /// One who has not come to work yet.
    pub(crate) fn new(id: &str, slots: Vec<Doing>, day: Day, at: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            shift: Shift::Out,
            slots,
            counted: at,
            history: BTreeMap::new(),
            today: AgentFigures::default(),
            day,
        }
    }

    /// This is what he is under another plan. Tells what his slots did, which do nothing now.
    pub(crate) fn goes_on(&mut self, at: Timestamp, shift: Shift, day: Day) -> Vec<Doing> {
        self.comes_to(at, shift);
        self.counts_by(day);
        std::mem::take(&mut self.slots)
    }

    /// Counts his days from this one on.
    pub(crate) fn counts_by(&mut self, day: Day) {
        self.day = day;
        self.sum_up_today();
    }

    /// He does something else now.
    pub(crate) fn comes_to(&mut self, at: Timestamp, shift: Shift) {
        self.pass(at);
        self.shift = shift;
    }

    /// One of his slots does something else now; tells what it did.
    pub(crate) fn slot_does(&mut self, at: Timestamp, slot: u8, doing: Doing) -> Doing {
        self.pass(at);
        match self.slots.get_mut(usize::from(slot)) {
            Some(own) => std::mem::replace(own, doing),
            None => Doing::Nothing,
        }
    }

    /// Something happened that has no length.
    pub(crate) fn count(&mut self, at: Timestamp, more: AgentCounts) {
        self.pass(at);
        self.add(Interval::of(at), &more.into());
    }

    fn add(&mut self, interval: Interval, more: &AgentFigures) {
        self.history.entry(interval).or_default().merge(more);
        self.today.merge(more);
    }

    /// Time has passed: what it was spent on is counted, interval by interval. Tells whether that changed
    /// anything.
    pub(crate) fn pass(&mut self, at: Timestamp) -> bool {
        let mut has_changed = false;
        while self.counted < at {
            // A day begins with an interval.
            has_changed |= self.turns(self.counted);
            if self.shift == Shift::Out && self.is_idle() {
                self.counted = at;
                break;
            }
            let interval = Interval::of(self.counted);
            let end = interval.end().min(at);
            let figures = self.spent(end.since(self.counted).0);
            self.counted = end;
            self.add(interval, &figures);
            has_changed = true;
        }
        self.turns(at) || has_changed
    }

    /// Begins another day, if it has come.
    fn turns(&mut self, at: Timestamp) -> bool {
        let has_turned = self.day.pass(at);
        if has_turned {
            self.sum_up_today();
        }
        has_turned
    }

    fn is_idle(&self) -> bool {
        self.slots.iter().all(|slot| *slot == Doing::Nothing)
    }

    /// What he did for so long.
    fn spent(&self, us: u64) -> AgentFigures {
        let mut not_ready_us = BTreeMap::new();
        let mut counts = AgentCounts::default();
        for slot in &self.slots {
            let time = match slot {
                Doing::Nothing => continue,
                Doing::Reserved => &mut counts.reserved_us,
                Doing::Connecting => &mut counts.connecting_us,
                Doing::Talking => &mut counts.talk_us,
                Doing::Holding => &mut counts.hold_us,
                Doing::WrapUp { .. } => &mut counts.wrap_up_us,
            };
            *time += us;
            counts.slots_busy_us += us;
        }
        match &self.shift {
            Shift::Out => counts.slots_busy_us = 0,
            Shift::NotReady(reason) => {
                counts.staffed_us = us;
                counts.slots_busy_us = 0;
                not_ready_us.insert(reason.clone(), us);
            }
            Shift::Working => {
                (counts.staffed_us, counts.working_us) = (us, us);
                counts.busy_us = if counts.slots_busy_us > 0 { us } else { 0 };
                counts.slots_us = us * self.slots.len() as u64;
            }
        }
        AgentFigures { counts, not_ready_us }
    }

    fn sum_up_today(&mut self) {
        self.today = AgentFigures::default();
        for (_, figures) in self.history.range(Interval::of(self.day.since)..) {
            self.today.merge(figures);
        }
    }

    pub(crate) fn settle(&mut self, before: Interval) -> BTreeMap<Interval, AgentFigures> {
        take_before(&mut self.history, before)
    }

    /// Since midnight, and when that was.
    pub(crate) fn today(&self) -> (&AgentFigures, Timestamp) {
        (&self.today, self.day.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000_000;

    fn at(minutes: u64) -> Timestamp {
        Timestamp(minutes * MINUTE)
    }

    fn ana() -> Agent {
        let mut ana = Agent::new("ana", vec![Doing::Nothing; 2], Day::of("UTC", at(0)), at(0));
        ana.comes_to(at(10), Shift::Working);
        ana
    }

    #[test]
    fn a_talk_that_goes_over_a_quarter_of_an_hour_is_divided() {
        let mut ana = ana();
        ana.slot_does(at(14), 0, Doing::Talking);
        ana.slot_does(at(16), 0, Doing::Nothing);
        ana.pass(at(20));
        let talk: Vec<_> =
            ana.history.values().map(|it| (it.counts.staffed_us, it.counts.talk_us)).collect();
        assert_eq!(talk, [(5 * MINUTE, MINUTE), (5 * MINUTE, MINUTE)]);
        let today = ana.today().0.counts;
        assert_eq!((today.occupancy(), today.slot_occupancy()), (Some(20.0), Some(10.0)));
    }

    #[test]
    fn two_slots_at_once_are_twice_the_time_and_busy_once() {
        let mut ana = ana();
        ana.slot_does(at(10), 0, Doing::Talking);
        ana.slot_does(at(10), 1, Doing::Holding);
        ana.pass(at(12));
        let today = ana.today().0.counts;
        assert_eq!((today.talk_us, today.hold_us), (2 * MINUTE, 2 * MINUTE));
        assert_eq!((today.busy_us, today.slots_busy_us), (2 * MINUTE, 4 * MINUTE));
    }

    #[test]
    fn who_is_not_ready_does_not_work_and_who_is_out_is_not_there() {
        let mut ana = ana();
        ana.comes_to(at(11), Shift::NotReady("lunch".to_owned()));
        ana.comes_to(at(14), Shift::Out);
        ana.pass(at(1_000));
        let today = ana.today().0;
        assert_eq!((today.counts.staffed_us, today.counts.working_us), (4 * MINUTE, MINUTE));
        assert_eq!(today.not_ready_us["lunch"], 3 * MINUTE);
        assert_eq!(ana.history.len(), 1);
    }

    #[test]
    fn at_midnight_a_day_begins_with_nothing_though_he_works_on() {
        let mut ana = ana();
        ana.pass(at(24 * 60));
        assert_eq!(ana.today(), (&AgentFigures::default(), at(24 * 60)));
        ana.pass(at(24 * 60 + 3));
        assert_eq!(ana.today().0.counts.working_us, 3 * MINUTE);
    }
}
