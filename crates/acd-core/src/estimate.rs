//! How long a call would wait: an estimate from how a queue has moved of late.
//!
//! While callers stand in line, agents free up for them at some rate, and how often they have done so
//! says how long the next ones will take: the queue-length estimator (R. Ibrahim and W. Whitt,
//! "Real-time delay estimation based on delay history", Manufacturing & Service Operations
//! Management 11, 2009, and "Real-time delay estimation in overloaded multiserver queues with
//! abandonments", Management Science 55, 2009). Of those ahead some will not wait to be answered: where
//! `b` have left for `a` who were answered, `n` are gone after as long as it took to answer
//! `n / (1 + b / 2a)`; half of those who leave, since the fewer stand there the fewer leave. Where
//! nobody has been answered, all that is known is for how long callers have waited in vain: the
//! head-of-line estimator of the same papers.

use crate::ids::Span;

/// What an estimate is made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outlook {
    /// Calls that stand in line, not being offered.
    pub(crate) in_line: u32,
    /// Agents who may serve the queue and are ready, ...
    pub(crate) working: u32,
    /// ... and of those the ones who are free.
    pub(crate) available: u32,
    /// How long some call has stood in line of late, ...
    pub(crate) stood: Span,
    /// ... how many that had stood there were answered, ...
    pub(crate) taken: u32,
    /// ... and how many left without.
    pub(crate) left: u32,
    /// Since the first of the calls that wait entered.
    pub(crate) longest: Span,
}

impl Outlook {
    /// How long a call of normal priority would wait that joined the end of the line now, until it is
    /// offered to somebody. None if nobody works there: then nothing can be said.
    pub(crate) fn wait(&self) -> Option<Span> {
        let Self { in_line, working, available, stood, taken, left, longest } = *self;
        if working == 0 {
            return None;
        }
        if available > 0 && in_line == 0 {
            return Some(Span(0));
        }
        if taken == 0 {
            return Some(if in_line > 0 { stood.max(longest) } else { stood });
        }
        let (in_line, taken, left) = (u64::from(in_line), u64::from(taken), u64::from(left));
        let ahead = (2 * in_line).saturating_mul(stood.0) / (2 * taken + left);
        Some(Span(ahead) + Span(stood.0 / taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: Outlook = Outlook {
        in_line: 3,
        working: 4,
        available: 0,
        stood: Span::from_secs(600),
        taken: 20,
        left: 0,
        longest: Span::from_secs(80),
    };

    #[test]
    fn each_of_those_ahead_takes_a_gap_and_so_does_the_call_itself() {
        assert_eq!(BUSY.wait(), Some(Span::from_secs(4 * 30)));
        assert_eq!(Outlook { in_line: 0, ..BUSY }.wait(), Some(Span::from_secs(30)));
    }

    #[test]
    fn those_who_leave_shorten_what_is_ahead_and_not_the_last_gap() {
        let found = Outlook { left: 20, ..BUSY }.wait();
        assert_eq!(found, Some(Span::from_secs(60 + 30)), "600 s for 20 and half of 20, thrice");
    }

    #[test]
    fn a_free_agent_takes_the_call_at_once_unless_others_stand_there_nevertheless() {
        let free = Outlook { available: 1, ..BUSY };
        assert_eq!(Outlook { in_line: 0, ..free }.wait(), Some(Span(0)));
        assert_eq!(free.wait(), BUSY.wait());
    }

    #[test]
    fn where_nobody_was_answered_it_is_what_callers_have_waited_in_vain() {
        let in_vain = Outlook { taken: 0, left: 9, ..BUSY };
        assert_eq!(in_vain.wait(), Some(Span::from_secs(600)));
        let at_first = Outlook { stood: Span(0), ..in_vain };
        assert_eq!(at_first.wait(), Some(Span::from_secs(80)));
        // Who is being offered does not wait in vain.
        assert_eq!(Outlook { in_line: 0, ..at_first }.wait(), Some(Span(0)));
    }

    #[test]
    fn where_nobody_works_nothing_can_be_said() {
        assert_eq!(Outlook { working: 0, ..BUSY }.wait(), None);
    }

    #[test]
    fn no_numbers_are_too_large() {
        let most = Outlook {
            in_line: u32::MAX,
            stood: Span(u64::MAX),
            taken: u32::MAX,
            left: u32::MAX,
            ..BUSY
        };
        assert!(most.wait().is_some());
    }
}
