//! What is counted of the stays of a queue.

use crate::waits::Waits;
use acd_core::Span;
use serde::{Deserialize, Serialize};

/// A struct of numbers that add up, each left out of the written form while it is nought.
macro_rules! numbers {
    ($(#[$about:meta])* pub struct $name:ident { $($(#[$doc:meta])* $field:ident,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name {
            $(
                $(#[$doc])*
                #[serde(skip_serializing_if = "crate::figures::is_nought")]
                pub $field: u64,
            )*
        }

        impl $name {
            /// Those of another as well.
            pub fn add(&mut self, more: &Self) {
                $(self.$field = self.$field.saturating_add(more.$field);)*
            }

            /// Without those of another, which were added before.
            pub fn take(&mut self, less: &Self) {
                $(self.$field = self.$field.saturating_sub(less.$field);)*
            }
        }
    };
}
pub(crate) use numbers;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(crate) fn is_nought(number: &u64) -> bool {
    *number == 0
}

numbers! {
    /// Counts and times (microseconds) over some stays of a queue.
    pub struct QueueCounts {
        /// Stays that began.
        entered,
        /// Answered through this queue.
        answered,
        /// Of those, within the queue's target.
        answered_in_time,
        /// Answered through another of the call's queues.
        answered_elsewhere,
        /// The caller hung up while waiting, not a short one.
        abandoned,
        /// Of those, within the queue's target.
        abandoned_in_time,
        /// The caller hung up at an age below `short_abandon`.
        short_abandoned,
        /// Of those, within the queue's target.
        short_abandoned_in_time,
        /// A rule or a supervisor sent the call out of acdd.
        overflowed,
        /// A rule on entry ended the call as it arrived.
        rejected,
        /// The call went on to another queue.
        moved,
        /// A place that was added for a while was withdrawn.
        withdrawn,
        /// The PBX no longer had the call, and nobody saw it end.
        vanished,
        /// Of the answered: entry to connected, ringing included; all together.
        wait_us,
        /// Conversations that are over.
        handled,
        /// How long caller and agent talked in those.
        talk_us,
        /// How long callers were on hold in those.
        hold_us,
        /// Notes on them that are finished.
        wrap_up_us,
        /// Of `handled`: handed on, into a queue or out of acdd.
        transferred,
        /// Of `handled`: the caller is known.
        contacts,
        /// Of `contacts`: handed on, or the caller came again within a day.
        unresolved_1_day,
        /// The same within three days.
        unresolved_3_days,
        /// The same within seven days.
        unresolved_7_days,
        /// Of the answered: a wait was estimated at entry, and the call waited for an agent.
        estimates,
        /// How far those were off, without sign, all together.
        estimate_off_us,
        /// How much longer than estimated those waited, of the ones that did.
        estimate_short_us,
    }
}

/// All that is kept of some stays of a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueFigures {
    /// How many, and how long all together.
    #[serde(flatten)]
    pub counts: QueueCounts,
    /// Of the answered: the longest wait, microseconds.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub wait_max_us: u64,
    /// Of the answered: how long each waited.
    #[serde(default, skip_serializing_if = "Waits::is_empty")]
    pub waits: Waits,
}

impl QueueFigures {
    /// Those of another as well.
    pub fn merge(&mut self, more: &Self) {
        self.counts.add(&more.counts);
        self.wait_max_us = self.wait_max_us.max(more.wait_max_us);
        self.waits.merge(&more.waits);
    }

    /// Without those of another, which were merged before; the longest wait stays as it was.
    pub(crate) fn take(&mut self, less: &Self) {
        self.counts.take(&less.counts);
        self.waits.take(&less.waits);
    }

    /// What readers see of them.
    pub fn summary(&self) -> QueueSummary {
        let QueueFigures { counts, wait_max_us, waits } = self;
        let longest = Span(*wait_max_us);
        let quantile = |percent| waits.quantile(percent).map(|wait| wait.min(longest));
        QueueSummary {
            counts: *counts,
            wait_p50: quantile(50),
            wait_p90: quantile(90),
            wait_p99: quantile(99),
            wait_max: (counts.answered > 0).then_some(longest),
        }
    }
}

impl From<QueueCounts> for QueueFigures {
    fn from(counts: QueueCounts) -> Self {
        Self { counts, ..Self::default() }
    }
}

/// What readers see of some stays of a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueSummary {
    /// How many, and how long all together.
    pub counts: QueueCounts,
    /// What half of the answered did not exceed, up to 1/32 or a millisecond above it; none without any.
    pub wait_p50: Option<Span>,
    /// What nine of ten did not exceed.
    pub wait_p90: Option<Span>,
    /// What 99 of 100 did not exceed.
    pub wait_p99: Option<Span>,
    /// The longest.
    pub wait_max: Option<Span>,
}

impl QueueCounts {
    /// One answered stay, and how long it waited.
    pub(crate) fn answered_after(wait: Span, is_in_time: bool) -> Self {
        let answered_in_time = u64::from(is_in_time);
        Self { answered: 1, answered_in_time, wait_us: wait.0, ..Self::default() }
    }

    /// The same, with its wait.
    pub(crate) fn with_wait(self, wait: Span) -> QueueFigures {
        let mut waits = Waits::default();
        waits.add(wait);
        QueueFigures { counts: self, wait_max_us: wait.0, waits }
    }

    /// The average speed of answer; none if nobody was answered.
    pub fn wait_mean(&self) -> Option<Span> {
        mean(self.wait_us, self.answered)
    }

    /// The average handle time: talk, hold and notes; none without a conversation.
    pub fn handle_mean(&self) -> Option<Span> {
        mean(self.talk_us + self.hold_us + self.wrap_up_us, self.handled)
    }

    /// By how much estimates were off on average; none without one.
    pub fn estimate_error_mean(&self) -> Option<Span> {
        mean(self.estimate_off_us, self.estimates)
    }

    /// How much longer than estimated calls waited on average, microseconds; below nought if shorter.
    pub fn estimate_bias_mean_us(&self) -> Option<i64> {
        let longer = self.estimate_short_us as i128;
        let shorter = self.estimate_off_us as i128 - longer;
        let of = i128::from(self.estimates);
        (of > 0).then(|| ((longer - shorter) / of) as i64)
    }
}

pub(crate) fn mean(sum_us: u64, of: u64) -> Option<Span> {
    sum_us.checked_div(of).map(Span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(seconds: u64, is_in_time: bool) -> QueueFigures {
        let wait = Span::from_secs(seconds);
        QueueCounts::answered_after(wait, is_in_time).with_wait(wait)
    }

    #[test]
    fn means_are_of_what_there_is() {
        let mut figures = answered(10, true);
        figures.merge(&answered(30, false));
        let QueueSummary { counts, wait_max, .. } = figures.summary();
        assert_eq!(counts.wait_mean(), Some(Span::from_secs(20)));
        assert_eq!((counts.answered, counts.answered_in_time), (2, 1));
        assert_eq!(wait_max, Some(Span::from_secs(30)));
        assert_eq!(counts.handle_mean(), None);
        assert_eq!(QueueFigures::default().summary(), QueueSummary::default());
    }

    #[test]
    fn a_bias_has_a_sign_and_an_error_has_none() {
        let off = |estimate_off_us, estimate_short_us| QueueCounts {
            estimates: 2,
            estimate_off_us,
            estimate_short_us,
            ..QueueCounts::default()
        };
        assert_eq!(off(10, 8).estimate_bias_mean_us(), Some(3), "8 longer, 2 shorter");
        assert_eq!(off(10, 0).estimate_bias_mean_us(), Some(-5));
        assert_eq!(off(10, 0).estimate_error_mean(), Some(Span(5)));
        assert_eq!(QueueCounts::default().estimate_bias_mean_us(), None);
    }

    #[test]
    fn what_is_nought_is_not_written() {
        let written = serde_json::to_string(&answered(0, true));
        let expected = r#"{"answered":1,"answered_in_time":1,"waits":[[0,1]]}"#;
        assert_eq!(written.expect("plain numbers"), expected);
    }
}
