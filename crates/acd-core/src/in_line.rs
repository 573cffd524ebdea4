//! Who stands in line in a queue: by priority how many, and for how long together. So it is told
//! without looking at any of them how many come before a call that joins.
//!
//! Whoever brings no age comes after all others of his priority, which is exact under `strict`. For
//! the others it is taken that those in line came evenly, up to now: of `n` whose ages add up to `a`,
//! the oldest has waited for `2a / n`, and `n * n * x / 2a` came within the last `x`.

use crate::ids::{Priority, Span, Timestamp};
use crate::plan::Order;

/// Who stands in line, by priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InLine {
    /// How many. They stand close together, since mostly nothing else is looked at.
    calls: [u32; 10],
    /// Since when each has been waiting, added up.
    since: [u128; 10],
}

/// Where a call stands or will.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stand {
    pub(crate) priority: Priority,
    /// Since when it has been waiting, talk time left out.
    pub(crate) since: Timestamp,
    /// It goes first of its priority.
    pub(crate) first: bool,
}

/// Of those of one priority.
enum Before {
    All,
    /// Whoever has been waiting since before this, in microseconds.
    Earlier(i64),
    Nobody,
}

impl InLine {
    pub(crate) const NOBODY: Self = Self { calls: [0; 10], since: [0; 10] };

    pub(crate) fn join(&mut self, stand: Stand) {
        let at = usize::from(stand.priority.get());
        self.calls[at] += 1;
        self.since[at] += u128::from(stand.since.0);
    }

    pub(crate) fn leave(&mut self, stand: Stand) {
        let at = usize::from(stand.priority.get());
        self.calls[at] -= 1;
        self.since[at] -= u128::from(stand.since.0);
    }

    pub(crate) fn calls(&self) -> u32 {
        self.calls.iter().sum()
    }

    /// For how long they had waited at an instant, on average.
    pub(crate) fn age(&self, at: Timestamp) -> Span {
        let calls = u128::from(self.calls());
        let since: u128 = self.since.iter().sum();
        let ages = (calls * u128::from(at.0)).saturating_sub(since);
        Span(u64::try_from(ages.checked_div(calls).unwrap_or(0)).unwrap_or(u64::MAX))
    }

    /// How many come before a call that joins them now.
    pub(crate) fn ahead_of(&self, stand: Stand, order: Order, now: Timestamp) -> u32 {
        let in_line = (0..).zip(&self.calls).filter(|(_, calls)| **calls > 0);
        let ahead = in_line.map(|(priority, calls)| match stand.comes_after(priority, order) {
            Before::All => *calls,
            Before::Earlier(than) => self.earlier(priority, than, now),
            Before::Nobody => 0,
        });
        ahead.sum()
    }

    fn earlier(&self, priority: u8, than: i64, now: Timestamp) -> u32 {
        let at = usize::from(priority);
        let within = u128::try_from((now.0 as i64).saturating_sub(than)).unwrap_or(0);
        if within == 0 {
            return self.calls[at];
        }
        let calls = u128::from(self.calls[at]);
        let ages = (calls * u128::from(now.0)).saturating_sub(self.since[at]);
        if calls * within >= 2 * ages {
            return 0;
        }
        // To the nearest: of one call it is known exactly, unless it is of the same age.
        self.calls[at] - ((calls * calls * within + ages) / (2 * ages)) as u32
    }
}

impl Stand {
    fn comes_after(&self, other: u8, order: Order) -> Before {
        let (own, urgent) = (self.priority.get(), Priority::EMERGENCY.get());
        let by_priority = other.cmp(&own);
        if by_priority.is_gt() && other == urgent {
            return Before::All;
        }
        if by_priority.is_lt() && own == urgent {
            return Before::Nobody;
        }
        let credit = match order {
            Order::Strict | Order::Deadline if by_priority.is_gt() => return Before::All,
            Order::Strict | Order::Deadline if by_priority.is_lt() => return Before::Nobody,
            Order::Strict | Order::Deadline | Order::Oldest => 0,
            Order::Credit { per_step } => {
                let steps = i64::from(other) - i64::from(own);
                i64::try_from(per_step.0).unwrap_or(i64::MAX).saturating_mul(steps)
            }
        };
        match self.first {
            true => Before::Nobody,
            false => Before::Earlier((self.since.0 as i64).saturating_add(credit)),
        }
    }
}

#[cfg(test)]
mod tests;
