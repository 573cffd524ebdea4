//! What has happened of late, as the twin remembers it: a list of all of it, looked through whenever
//! somebody asks.

use super::{Call, Place, State, Twin};
use acd_core::{AgentId, Gauge, Order, Presence, Priority, QueueId, SlotState, Span, Timestamp};

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
}

/// How the calls of a queue move on.
#[derive(Clone, Copy)]
pub(super) enum Moves {
    /// Somebody stood in line.
    Stood { from: Timestamp, to: Timestamp },
    /// A call that had stood in line was answered through this queue, ...
    Taken { waited: Span, foreseen: Option<Foreseen> },
    /// ... or is not in this queue any more.
    Left { waited: Span, foreseen: Option<Foreseen> },
}

/// What was said of a call's wait as it entered a queue.
#[derive(Clone, Copy)]
pub(super) struct Foreseen {
    pub(super) wait: Span,
    /// How many agents were at their notes.
    notes: u64,
    priority: Priority,
}

/// Parts of one in which the pace of a queue is counted.
const PARTS: u64 = 65_536;

/// What all that has happened in a queue comes to.
struct Pace {
    /// Up to the last call that was taken.
    stood: u64,
    /// Since then: for how long, and how many half minutes ended meanwhile.
    gap: u64,
    halves: u64,
    taken: u64,
    left: u64,
    waited: u64,
    notes: u64,
    corrections: [u64; 10],
}

/// All that happened, each with where: a queue, or none for the domain.
#[derive(Clone, Default)]
pub(super) struct Lately {
    happened: Vec<(Timestamp, Option<QueueId>, Happened)>,
    /// How calls have moved on, from the first on.
    moved: Vec<(QueueId, Moves)>,
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
                    self.moves_on(queue, Moves::Stood { from, to });
                }
            }
            let waiting = self.calls.iter_mut().filter(|call| call.state == State::Waiting);
            waiting.flat_map(|call| &mut call.places).for_each(|place| place.stood = true);
            let is_old = |at: Timestamp| half_minute(at) + HALF_MINUTES < half_minute(to);
            self.lately.happened.retain(|(at, ..)| !is_old(*at));
        }
        self.now = to;
    }

    pub(super) fn happens_to_a_call(&mut self, of: Option<QueueId>, what: Happened) {
        self.lately.happened.push((self.now, of, what));
    }

    pub(super) fn moves_on(&mut self, queue: QueueId, how: Moves) {
        self.lately.moved.push((queue, how));
    }

    /// Calls that stand in line, not being offered.
    fn in_line(&self, queue: QueueId) -> u64 {
        self.line(queue, None).len() as u64
    }

    fn line(&self, queue: QueueId, besides: Option<&Call>) -> Vec<&Call> {
        let stands = |place: &Place| place.queue == queue;
        let others =
            self.calls.iter().filter(|call| besides.is_none_or(|it| it.handle != call.handle));
        let waiting = others.filter(|call| call.state == State::Waiting);
        waiting.filter(|call| call.places.iter().any(stands)).collect()
    }

    /// How often something happened in the present half minute and the 59 before it.
    fn count(&self, of: Option<QueueId>, what: &dyn Fn(Happened) -> bool) -> u64 {
        let present = half_minute(self.now);
        let is_meant = |(at, queue, it): &&(Timestamp, Option<QueueId>, Happened)| {
            *queue == of && what(*it) && half_minute(*at) + HALF_MINUTES > present
        };
        self.lately.happened.iter().filter(is_meant).count() as u64
    }

    /// Percent of those answered or given up who were answered in time: all of nobody.
    pub(super) fn service_level(&self, of: Option<QueueId>) -> u64 {
        let all = |it| matches!(it, Happened::Answered { .. } | Happened::GivenUp);
        let in_time = |it| matches!(it, Happened::Answered { in_time: true });
        match self.count(of, &all) {
            0 => 100,
            all => self.count(of, &in_time) * 100 / all,
        }
    }

    /// Agents who serve the queue, are done with a call but for their notes, and ready afterwards.
    fn at_notes(&self, queue: QueueId) -> u64 {
        let own = &self.plan.queues[queue.index()].require;
        let agents = (0..self.agents.len() as u32).map(AgentId);
        let rests = |agent: &AgentId| {
            let known = &self.agents[agent.index()];
            let notes = known.slots.iter().any(|slot| matches!(slot, SlotState::WrapUp { .. }));
            notes && known.asked.is_none() && self.presence(*agent) == Presence::Ready
        };
        agents.filter(|agent| self.serves(*agent, queue, &[own])).filter(rests).count() as u64
    }

    /// For a call of normal priority at the end of the line; more than anything if nobody works there.
    pub(super) fn estimated_wait(&self, queue: QueueId) -> u64 {
        let ahead = self.in_line(queue);
        self.wait_behind(queue, ahead, Priority::NORMAL, None).map_or(u64::MAX, |wait| wait.0)
    }

    /// For a call that has just taken a place, of those who stood in line before.
    pub(super) fn foresees(&self, call: usize, queue: QueueId) -> Option<Foreseen> {
        let known = &self.calls[call];
        let line = self.line(queue, Some(known));
        let ahead = (0..=9)
            .map(|priority| {
                let alike = line.iter().filter(|other| other.priority.get() == priority);
                let ages: Vec<Span> = alike.map(|other| self.now.since(other.age_from)).collect();
                self.before(known, priority, &ages)
            })
            .sum();
        let wait = self.wait_behind(queue, ahead, known.priority, Some(known))?;
        Some(Foreseen { wait, notes: self.at_notes(queue), priority: known.priority })
    }

    /// How many of those of one priority, who have waited for so long, come before a call.
    fn before(&self, call: &Call, priority: u8, ages: &[Span]) -> u64 {
        let (own, all) = (call.priority.get(), ages.len() as u64);
        let by_priority = matches!(self.plan.order, Order::Strict | Order::Deadline);
        let decides = by_priority || own == 9 || priority == 9;
        if decides && priority != own {
            return if priority > own { all } else { 0 };
        }
        if call.first {
            return 0;
        }
        let worth = match self.plan.order {
            Order::Credit { per_step } => i128::from(per_step.0),
            Order::Strict | Order::Deadline | Order::Oldest => 0,
        };
        let steps = i128::from(priority) - i128::from(own);
        // Who has waited for less than this comes later. They came evenly, for twice as long as they
        // have waited on average; to the nearest call.
        let as_long = i128::from(self.now.since(call.age_from).0) - worth * steps;
        let twice: i128 = ages.iter().map(|age| 2 * i128::from(age.0)).sum();
        match (as_long <= 0, twice) {
            (true, _) => all,
            (false, 0) => 0,
            (false, _) => {
                let later = (i128::from(all) * i128::from(all) * as_long + twice / 2) / twice;
                all.saturating_sub(u64::try_from(later).expect("it is not negative"))
            }
        }
    }

    fn wait_behind(
        &self,
        queue: QueueId,
        ahead: u64,
        priority: Priority,
        besides: Option<&Call>,
    ) -> Option<Span> {
        let measure = |gauge| self.measure(Some(queue), gauge);
        if measure(Gauge::AgentsWorking) == 0 {
            return None;
        }
        if measure(Gauge::AgentsAvailable) > 0 && ahead == 0 {
            return Some(Span(0));
        }
        let pace = self.pace(queue);
        if pace.taken == 0 {
            let in_vain = (pace.waited * PARTS).checked_div(pace.left).unwrap_or(0);
            let line = self.line(queue, besides);
            if ahead == 0 {
                return Some(Span(in_vain));
            }
            // Twice for how long those in line had waited on average as the half minute began.
            let over = i128::from(half_minute(self.now) * HALF_MINUTE);
            let ages: i128 = line.iter().map(|call| over - i128::from(call.age_from.0)).sum();
            let so_far = ages.max(0) / line.len() as i128;
            return Some(Span((2 * so_far as u64).max(in_vain)));
        }
        // Those ahead and two thirds of one, and half of those who are at their notes less than usual.
        let calls = ahead * PARTS + 2 * PARTS / 3 + pace.notes * PARTS / pace.taken / 2;
        let calls = calls.saturating_sub(self.at_notes(queue) * PARTS / 2).max(PARTS / 3);
        let lasts = pace.halves.saturating_sub(1) * HALF_MINUTE / 4;
        let stood = pace.stood.max((u128::from(lasts * pace.taken) / u128::from(PARTS)) as u64);
        let (calls, stood) = (u128::from(calls), u128::from(stood));
        let most = 2 * u128::from(PARTS) * u128::from(pace.waited.max(1));
        let leave = calls * u128::from(pace.left) * stood / most;
        let wait = calls * stood / (u128::from(pace.taken) + leave);
        let correction = pace.corrections[usize::from(priority.get())];
        Some(Span((wait * u128::from(correction) / u128::from(PARTS)) as u64))
    }

    /// All that has happened there, each time that a call is taken a part of it forgotten.
    fn pace(&self, queue: QueueId) -> Pace {
        let mut pace = Pace {
            stood: 0,
            gap: 0,
            halves: 0,
            taken: 0,
            left: 0,
            waited: 0,
            notes: 0,
            corrections: [PARTS; 10],
        };
        for (_, moves) in self.lately.moved.iter().filter(|(it, _)| *it == queue) {
            match *moves {
                Moves::Stood { from, to } => {
                    pace.gap += to.since(from).0;
                    pace.halves += half_minute(to) - half_minute(from);
                }
                Moves::Taken { waited, foreseen } => {
                    // By 96 calls, or as many as are taken in 30 minutes, up to 4,096.
                    let in_half_an_hour = (pace.taken * HALF_MINUTE * HALF_MINUTES)
                        .checked_div(pace.stood * PARTS)
                        .unwrap_or(0);
                    let memory = in_half_an_hour.clamp(96, 4_096);
                    let faded = |sum: u64| sum - sum / memory;
                    pace.stood = faded(pace.stood) + pace.gap;
                    (pace.gap, pace.halves) = (0, 0);
                    pace.taken = faded(pace.taken) + PARTS;
                    pace.left = faded(pace.left);
                    pace.waited = faded(pace.waited) + waited.0;
                    pace.notes = faded(pace.notes);
                    if let Some(foreseen) = foreseen {
                        pace.notes += foreseen.notes * PARTS;
                        pace.learns(foreseen, waited > foreseen.wait);
                    }
                }
                Moves::Left { waited, foreseen } => {
                    pace.left += PARTS;
                    pace.waited += waited.0;
                    if let Some(foreseen) = foreseen.filter(|foreseen| waited > foreseen.wait) {
                        pace.learns(foreseen, true);
                    }
                }
            }
        }
        pace
    }

    /// When the present half minute ends, if anything is remembered or anybody stands in line.
    pub(super) fn half_minute_ends(&self, of: Option<QueueId>) -> Option<Timestamp> {
        let happened = self.count(of, &|_| true) > 0;
        let is_quiet = !happened && of.is_none_or(|queue| self.in_line(queue) == 0);
        (!is_quiet).then(|| Timestamp((half_minute(self.now) + 1) * HALF_MINUTE))
    }
}

impl Pace {
    /// Estimates for a priority were too short, or too long, once more.
    fn learns(&mut self, Foreseen { wait, priority, .. }: Foreseen, too_short: bool) {
        let correction = &mut self.corrections[usize::from(priority.get())];
        if wait > Span(0) {
            let step = *correction / 256;
            let next = if too_short { *correction + step } else { *correction - step };
            *correction = next.clamp(PARTS / 4, PARTS * 4);
        }
    }
}
