//! What has happened of late, as the twin remembers it: a list of all of it, looked through whenever
//! somebody asks.

use super::{Place, State, Twin};
use acd_core::{Gauge, QueueId, Span, Timestamp};

/// A half minute, and how many of them make what is of late.
const HALF_MINUTE: u64 = 30_000_000;
const HALF_MINUTES: u64 = 60;

/// What happened to a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    Answered {
        in_time: bool,
    },
    /// Short ones left out.
    GivenUp,
    /// A call that had stood in line was answered through this queue, ...
    Taken,
    /// ... or is not in this queue any more.
    Left,
}

/// All that happened, each with where: a queue, or none for the domain.
#[derive(Clone, Default)]
pub(super) struct Lately {
    happened: Vec<(Timestamp, Option<QueueId>, Happened)>,
    /// When some call stood in line in a queue.
    stood: Vec<(QueueId, Timestamp, Timestamp)>,
}

fn half_minute(at: Timestamp) -> u64 {
    at.0 / HALF_MINUTE
}

impl Twin {
    /// Time passes while calls stand where they do.
    pub(super) fn clock_moves(&mut self, to: Timestamp) {
        let from = self.now;
        if to > from {
            for queue in (0..self.plan.queues.len() as u16).map(QueueId) {
                if self.in_line(queue) > 0 {
                    self.lately.stood.push((queue, from, to));
                }
            }
            let waiting = self.calls.iter_mut().filter(|call| call.state == State::Waiting);
            waiting.flat_map(|call| &mut call.places).for_each(|place| place.stood = true);
            let is_old = |at: Timestamp| half_minute(at) + HALF_MINUTES < half_minute(to);
            self.lately.happened.retain(|(at, ..)| !is_old(*at));
            self.lately.stood.retain(|(.., until)| !is_old(*until));
        }
        self.now = to;
    }

    pub(super) fn happens_to_a_call(&mut self, of: Option<QueueId>, what: Happened) {
        self.lately.happened.push((self.now, of, what));
    }

    /// Calls that stand in line, not being offered.
    fn in_line(&self, queue: QueueId) -> u64 {
        let stands = |place: &Place| place.queue == queue;
        let waiting = self.calls.iter().filter(|call| call.state == State::Waiting);
        waiting.filter(|call| call.places.iter().any(stands)).count() as u64
    }

    /// How often something happened in the present half minute and the 59 before it; without the present
    /// one if it has to be `over`.
    fn count(&self, of: Option<QueueId>, over: bool, what: &dyn Fn(Happened) -> bool) -> u64 {
        let present = half_minute(self.now);
        let is_meant = |(at, queue, it): &&(Timestamp, Option<QueueId>, Happened)| {
            let at = half_minute(*at);
            *queue == of && what(*it) && at + HALF_MINUTES > present && (at < present || !over)
        };
        self.lately.happened.iter().filter(is_meant).count() as u64
    }

    /// How long some call stood in line since the earliest of those half minutes began, up to `until`.
    fn stood(&self, queue: QueueId, until: Timestamp) -> u64 {
        let first =
            Timestamp((half_minute(self.now) + 1).saturating_sub(HALF_MINUTES) * HALF_MINUTE);
        let of_queue = self.lately.stood.iter().filter(|(it, ..)| *it == queue);
        of_queue.map(|(_, from, to)| (*to).min(until).since((*from).max(first)).0).sum()
    }

    /// Percent of those answered or given up who were answered in time: all of nobody.
    pub(super) fn service_level(&self, of: Option<QueueId>) -> u64 {
        let all = |it| matches!(it, Happened::Answered { .. } | Happened::GivenUp);
        let in_time = |it| matches!(it, Happened::Answered { in_time: true });
        match self.count(of, false, &all) {
            0 => 100,
            all => self.count(of, false, &in_time) * 100 / all,
        }
    }

    /// More than anything if nobody works there.
    pub(super) fn estimated_wait(&self, queue: QueueId) -> u64 {
        let over = Timestamp(half_minute(self.now) * HALF_MINUTE);
        let ahead = self.in_line(queue);
        let measure = |gauge| self.measure(Some(queue), gauge);
        if measure(Gauge::AgentsWorking) == 0 {
            return u64::MAX;
        }
        if measure(Gauge::AgentsAvailable) > 0 && ahead == 0 {
            return 0;
        }
        let stood = self.stood(queue, over);
        let taken = self.count(Some(queue), true, &|it| it == Happened::Taken);
        let left = self.count(Some(queue), true, &|it| it == Happened::Left);
        if taken == 0 {
            let first = self.longest_since(Some(queue)).filter(|_| ahead > 0);
            return stood.max(first.map_or(Span(0), |it| over.since(it)).0);
        }
        2 * ahead * stood / (2 * taken + left) + stood / taken
    }

    /// When the present half minute ends, if anything is remembered or anybody stands in line.
    pub(super) fn half_minute_ends(&self, of: Option<QueueId>) -> Option<Timestamp> {
        let happened = self.count(of, false, &|_| true) > 0;
        let stood = |queue| self.stood(queue, self.now) > 0 || self.in_line(queue) > 0;
        let is_quiet = !happened && !of.is_some_and(stood);
        (!is_quiet).then(|| Timestamp((half_minute(self.now) + 1) * HALF_MINUTE))
    }
}
