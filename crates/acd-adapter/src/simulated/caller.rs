//! Decides what a caller of a simulated PBX is to the daemon: how he is offered, and how named.

use super::ScriptedCall;
use super::exchange::Purpose;
use crate::report::{OfferKey, Report};
use crate::resync::HeldCall;
use std::time::Duration;

/// One caller.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) script: ScriptedCall,
    /// Tells him from another who has the same call id later.
    pub(super) serial: u64,
    pub(super) offered_at: Duration,
    pub(super) stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Waiting,
    Talking {
        /// Tells this conversation from his others, whatever key the daemon has for it.
        talk: u64,
        key: OfferKey,
        wait: Duration,
    },
    /// He has hung up, and the daemon has not acknowledged it yet.
    Over {
        abandoned: Option<Duration>,
    },
}

impl Caller {
    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over { .. })
    }

    /// What either is for.
    pub(super) fn purpose(&self) -> Purpose {
        Purpose::Offered { call_id: self.script.id.clone(), serial: self.serial }
    }

    /// As he is offered.
    pub(super) fn offer(&self) -> Report {
        let ScriptedCall { id, queue, numbers, priority, attributes, .. } = &self.script;
        Report::CallOffered {
            call_id: id.clone(),
            queue: queue.clone(),
            numbers: numbers.clone(),
            priority: *priority,
            attributes: attributes.clone(),
            waited: None,
        }
    }

    /// As he is named in a resync.
    pub(super) fn held(&self, now: Duration) -> HeldCall {
        let ScriptedCall { id, queue, numbers, priority, attributes, .. } = &self.script;
        let (waited, talks) = match self.stage {
            Stage::Talking { wait, .. } => (wait, true),
            Stage::Waiting | Stage::Over { .. } => (now.saturating_sub(self.offered_at), false),
        };
        HeldCall {
            call_id: id.clone(),
            queue: queue.clone(),
            numbers: numbers.clone(),
            priority: *priority,
            attributes: attributes.clone(),
            waited,
            talks,
        }
    }
}
