//! One who listens to a hub: where he stands, and what he gets next.

use super::told::{Next, Stand};
use super::{Encode, Hub, Message, Unknown};
use crate::request::Position;
use crate::subscription::Seat;
use std::sync::Arc;
use tokio::sync::watch;

/// One subscriber of a shared stream. He has no queue of his own: if he does not ask, nothing is kept
/// for him, and he gets a snapshot once what he lacks is gone.
#[derive(Debug)]
pub struct Listener<E> {
    hub: Arc<Hub<E>>,
    bell: watch::Receiver<()>,
    stand: Stand,
    _seat: Seat,
}

impl<E> Listener<E> {
    pub(super) fn new(hub: Arc<Hub<E>>, seat: Seat, resume_after: Option<Position>) -> Self {
        let stand = resume_after.map_or(Stand::Nowhere, Stand::Back);
        let bell = hub.bells.one();
        Self { hub, bell, stand, _seat: seat }
    }
}

impl<E: Encode> Listener<E> {
    /// The next message, or `None` once the domain has stopped. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            let next = {
                let told = self.hub.told.lock();
                self.bell.mark_unchanged();
                told.next(self.stand)
            };
            let (message, stand) = match next {
                Next::Message(message, stand) => (message, stand),
                Next::Snapshot => {
                    let message = self.hub.snapshot();
                    let stand = Stand::Between(message.position);
                    (message, stand)
                }
                Next::Bridge(after, upto) => match self.hub.bridge(after, upto) {
                    Ok(Some(message)) => {
                        let stand = self.stand.led_to(message.position);
                        (message, stand)
                    }
                    // Now it is known that there is nothing to see on that way.
                    Ok(None) => continue,
                    Err(Unknown) => {
                        self.stand = Stand::Nowhere;
                        continue;
                    }
                },
                Next::Wait => {
                    // The hub lives as long as this: there is no error.
                    let _gone = self.bell.changed().await.is_err();
                    continue;
                }
                Next::End => return None,
            };
            self.stand = stand;
            return Some(message);
        }
    }
}

impl<E> Drop for Listener<E> {
    fn drop(&mut self) {
        self.hub.hubs.left(&self.hub.wanted);
    }
}
