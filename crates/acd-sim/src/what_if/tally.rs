//! What one replication comes to under one configuration: figures by queue, by priority and by day, and
//! the curves of waiting.

use super::fates::End;
use super::play::{Played, Work};
use super::recording::{RecordedEnd, Recording};
use acd_core::{Span, Timestamp};

/// Slots of the curve of those who wait over the day, a quarter of an hour each.
pub(super) const DAY_SLOTS: usize = 96;
const SLOT: Span = Span::from_secs(900);
/// Steps of the curve of waits, five seconds each.
pub(super) const WAIT_STEPS: usize = 240;
/// Seconds of one of them.
pub(super) const WAIT_STEP_S: u64 = 5;

/// What is measured of some calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// How many came.
    Calls,
    /// How many an agent answered.
    Answered,
    /// How many callers hung up.
    Abandoned,
    /// How many were turned away or sent on by a rule.
    SentAway,
    /// Of those answered, and those given up after `short_abandon` at least, how many percent were
    /// answered within the target of their queue.
    ServiceLevel,
    /// Seconds that the answered waited on average.
    AverageWait,
    /// Seconds that nine in ten waited at most, answered or not.
    NinetiethWait,
    /// Seconds that anybody waited at most, answered or not.
    LongestWait,
}

impl Measure {
    /// Each of them.
    pub const ALL: [Self; 8] = [
        Self::Calls,
        Self::Answered,
        Self::Abandoned,
        Self::SentAway,
        Self::ServiceLevel,
        Self::AverageWait,
        Self::NinetiethWait,
        Self::LongestWait,
    ];
}

/// Which calls a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// All of them.
    All,
    /// Of one group: a type of the log, or the queue entered on the day.
    Group(String),
    /// Who came with this priority under the first configuration.
    Priority(u8),
    /// Of one day.
    Day(String),
}

/// What each call is counted under, and by which target.
pub(super) struct Ledger {
    pub(super) rows: Vec<Row>,
    /// By day and call: the rows besides the first, which counts all.
    of_call: Vec<Vec<Entry>>,
    /// Hang-ups before this are not counted against the service level.
    short_abandon: Span,
}

struct Entry {
    rows: [usize; 3],
    target: Span,
}

/// Sums over the calls of a row.
#[derive(Clone, Debug, Default)]
struct Sums {
    answered: u64,
    abandoned: u64,
    sent_away: u64,
    short: u64,
    in_time: u64,
    wait_answered_us: u64,
    waits_us: Vec<u64>,
}

/// One replication under one configuration.
pub(super) struct Tally {
    sums: Vec<Sums>,
    /// Callers who wait on average, by quarter of an hour of the day.
    pub(super) waiting: Vec<f64>,
    /// Calls answered after so many steps, those beyond the last left out.
    pub(super) answered_after: Vec<f64>,
    /// By agent.
    pub(super) work: Vec<Work>,
}

impl From<RecordedEnd> for End {
    fn from(end: RecordedEnd) -> Self {
        match end {
            RecordedEnd::Answered { .. } => Self::Answered,
            RecordedEnd::Abandoned => Self::Abandoned,
            RecordedEnd::SentAway => Self::SentAway,
            RecordedEnd::Unknown => Self::Waiting,
        }
    }
}

impl Ledger {
    /// `entry` gives priority and target of a call by day and number.
    pub(super) fn of(
        recording: &Recording,
        short_abandon: Span,
        entry: impl Fn(usize, usize) -> (u8, Span),
    ) -> Self {
        let mut rows = vec![Row::All];
        rows.extend(recording.groups().into_iter().map(|group| Row::Group(group.to_owned())));
        let calls = |day: usize| 0..recording.days[day].calls.len();
        let days = 0..recording.days.len();
        let mut priorities: Vec<u8> = days
            .flat_map(|day| calls(day).map(|call| entry(day, call).0).collect::<Vec<_>>())
            .collect();
        priorities.sort_unstable_by(|one, other| other.cmp(one));
        priorities.dedup();
        rows.extend(priorities.into_iter().map(Row::Priority));
        rows.extend(recording.days.iter().map(|day| Row::Day(day.name.clone())));
        let at = |row: &Row| rows.iter().position(|it| it == row).unwrap_or(0);
        let group_of: std::collections::HashMap<&str, usize> = recording
            .groups()
            .into_iter()
            .map(|group| (group, at(&Row::Group(group.to_owned()))))
            .collect();
        let of_call = recording.days.iter().enumerate().map(|(day, of)| {
            let of_day = at(&Row::Day(of.name.clone()));
            let one = |number: usize| {
                let (priority, target) = entry(day, number);
                let group = group_of[of.calls[number].group.as_str()];
                Entry { rows: [group, at(&Row::Priority(priority)), of_day], target }
            };
            calls(day).map(one).collect()
        });
        let of_call = of_call.collect();
        Self { rows, of_call, short_abandon }
    }

    /// What the record itself comes to.
    pub(super) fn recorded(&self, recording: &Recording) -> Tally {
        let mut tally = Tally::new(self.rows.len(), 0);
        for (day, of) in recording.days.iter().enumerate() {
            for (number, call) in of.calls.iter().enumerate() {
                let arrived = call.at.since(of.midnight);
                tally.add(self, (day, number), arrived, call.wait, call.end.into());
            }
        }
        tally
    }
}

impl Tally {
    pub(super) fn new(rows: usize, agents: usize) -> Self {
        Self {
            sums: vec![Sums::default(); rows],
            waiting: vec![0.0; DAY_SLOTS],
            answered_after: vec![0.0; WAIT_STEPS],
            work: vec![Work::default(); agents],
        }
    }

    /// One more day.
    pub(super) fn add_day(
        &mut self,
        ledger: &Ledger,
        day: usize,
        midnight: Timestamp,
        played: &Played,
    ) {
        for (number, fate) in played.fates.iter().enumerate() {
            let arrived = fate.arrived.since(midnight);
            self.add(ledger, (day, number), arrived, fate.waited, fate.end);
        }
        for (all, of_day) in self.work.iter_mut().zip(&played.work) {
            all.on_duty = all.on_duty + of_day.on_duty;
            all.busy = all.busy + of_day.busy;
            all.answered += of_day.answered;
        }
    }

    fn add(&mut self, ledger: &Ledger, of: (usize, usize), arrived: Span, wait: Span, end: End) {
        let entry = &ledger.of_call[of.0][of.1];
        for row in std::iter::once(0).chain(entry.rows) {
            let sums = &mut self.sums[row];
            sums.waits_us.push(wait.0);
            match end {
                End::Answered => {
                    sums.answered += 1;
                    sums.wait_answered_us += wait.0;
                    sums.in_time += u64::from(wait <= entry.target);
                }
                End::Abandoned => {
                    sums.abandoned += 1;
                    sums.short += u64::from(wait < ledger.short_abandon);
                }
                End::SentAway => sums.sent_away += 1,
                End::Waiting => {}
            }
        }
        if end == End::Answered {
            let step = (wait.0 / 1_000_000).div_ceil(WAIT_STEP_S) as usize;
            if let Some(count) = self.answered_after.get_mut(step) {
                *count += 1.0;
            }
        }
        self.waits_in_slots(arrived.0, arrived.0 + wait.0);
    }

    /// Somebody waited from then to then, in microseconds of the day.
    fn waits_in_slots(&mut self, from: u64, to: u64) {
        let (first, last) = (from / SLOT.0, to / SLOT.0);
        for slot in first..=last.min(DAY_SLOTS as u64 - 1) {
            let (begins, ends) = (slot * SLOT.0, (slot + 1) * SLOT.0);
            let within = to.min(ends).saturating_sub(from.max(begins));
            if let Some(waiting) = self.waiting.get_mut(slot as usize) {
                *waiting += within as f64 / SLOT.0 as f64;
            }
        }
    }

    /// A measure of each row, as far as there is anything to measure. The sums they are taken from are
    /// gone then: the waits of all calls would be too much to keep for each replication.
    pub(super) fn measures(&mut self) -> Vec<[Option<f64>; Measure::ALL.len()]> {
        std::mem::take(&mut self.sums).iter_mut().map(Sums::measures).collect()
    }
}

impl Sums {
    fn measures(&mut self) -> [Option<f64>; Measure::ALL.len()] {
        self.waits_us.sort_unstable();
        let waits = &self.waits_us;
        let seconds = |us: u64| us as f64 / 1e6;
        // The smallest that nine in ten do not exceed.
        let ninetieth = (waits.len() * 9).div_ceil(10).checked_sub(1);
        let counted = self.answered + self.abandoned - self.short;
        let share = |of: u64| (counted > 0).then(|| 100.0 * of as f64 / counted as f64);
        let average = seconds(self.wait_answered_us) / self.answered as f64;
        Measure::ALL.map(|measure| match measure {
            Measure::Calls => Some(waits.len() as f64),
            Measure::Answered => Some(self.answered as f64),
            Measure::Abandoned => Some(self.abandoned as f64),
            Measure::SentAway => Some(self.sent_away as f64),
            Measure::ServiceLevel => share(self.in_time),
            Measure::AverageWait => (self.answered > 0).then_some(average),
            Measure::NinetiethWait => ninetieth.map(|at| seconds(waits[at])),
            Measure::LongestWait => waits.last().map(|us| seconds(*us)),
        })
    }
}
