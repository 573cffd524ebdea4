//! How long a call would wait in each queue, for readers: told where it has changed, together with the
//! events that changed it.

use super::engine::Engine;
use acd_core::{Event, QueueId, Span, Timestamp};

/// An estimate changes with each agent who is busy or free, anywhere: those of queues whose lines did not
/// change are looked up so often at most.
const ALL_EVERY: Span = Span::from_millis(100);

/// What readers were told last.
#[derive(Debug, Default)]
pub(super) struct Estimates {
    told: Vec<Option<Span>>,
    /// When all are looked up again.
    due: Timestamp,
}

impl Engine {
    /// Looks up the estimates of some queues, and of all if it is time, or if agents came or went.
    pub(super) fn tell_estimates(&mut self, now: Timestamp, of: &[QueueId]) {
        // Readers take them in at an event: they are a part of what stands at its number.
        if self.parcel.records.is_empty() {
            return;
        }
        let queues = self.router.plan().queues.len();
        if self.estimates.told.len() != queues {
            self.estimates = Estimates { told: vec![None; queues], due: now };
        }
        let all = self.estimates.due <= now
            || self.parcel.records.iter().any(|record| moves_all(&record.event));
        if all {
            self.estimates.due = now + ALL_EVERY;
            (0..queues as u16).for_each(|queue| self.tell_estimate(QueueId(queue)));
        } else {
            of.iter().for_each(|queue| self.tell_estimate(*queue));
        }
    }

    fn tell_estimate(&mut self, queue: QueueId) {
        let estimate = self.router.estimated_wait(queue);
        if let Some(told) = self.estimates.told.get_mut(queue.index())
            && *told != estimate
        {
            *told = estimate;
            self.parcel.estimates.push((queue, estimate));
        }
    }
}

/// Whether an event may change the estimates of queues that it does not name.
fn moves_all(event: &Event) -> bool {
    matches!(event, Event::PresenceChanged { .. } | Event::HalfMinutePassed | Event::RecoveryOver)
}
