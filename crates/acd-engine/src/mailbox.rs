//! The way in: many producers, one driver, a bounded ring without locks.
//!
//! The ring is crossbeam's array channel, used only through `try_send` and `try_recv`, which are
//! lock-free. Sleeping is done by two tokio `Notify`:
//!
//! * The doorbell wakes the driver. A sender first pushes, then rings; the driver drains the ring
//!   until it is empty, then waits. If the push came after the driver's last look, so did the
//!   ring, and `notify_one` leaves a permit that ends the wait at once. So nothing is stranded.
//! * `room` wakes senders that found the ring full. Such a sender first registers, then tries
//!   again, then sleeps; the driver first takes messages out, then wakes all who are registered.
//!   Both touch the Notify's own lock: if the registration came first, the sender is woken; if it
//!   came second, the room that the driver had made is visible to the sender's second try.

use crossbeam_channel::{Receiver, Sender, TrySendError};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

#[derive(Debug, Default)]
struct Bells {
    doorbell: Notify,
    room: Notify,
}

/// The producers' end.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    ring: Sender<T>,
    bells: Arc<Bells>,
}

/// The driver's end.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    ring: Option<Receiver<T>>,
    bells: Arc<Bells>,
}

/// The driver has gone, and the message with it.
#[derive(Debug)]
pub(crate) struct Gone;

/// A mailbox for `capacity` messages.
pub(crate) fn mailbox<T>(capacity: usize) -> (Slot<T>, Mailbox<T>) {
    let (sender, receiver) = crossbeam_channel::bounded(capacity);
    let bells = Arc::new(Bells::default());
    let slot = Slot { ring: sender, bells: Arc::clone(&bells) };
    (slot, Mailbox { ring: Some(receiver), bells })
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self { ring: self.ring.clone(), bells: Arc::clone(&self.bells) }
    }
}

impl<T> Slot<T> {
    /// Puts a message in, and waits while there is no room.
    pub(crate) async fn send(&self, message: T) -> Result<(), Gone> {
        let mut message = match self.offer(message)? {
            None => return Ok(()),
            Some(back) => back,
        };
        loop {
            let mut room = std::pin::pin!(self.bells.room.notified());
            room.as_mut().enable();
            message = match self.offer(message)? {
                None => return Ok(()),
                Some(back) => back,
            };
            room.await;
        }
    }

    /// Puts a message in if there is room, else hands it back.
    pub(crate) fn offer(&self, message: T) -> Result<Option<T>, Gone> {
        match self.ring.try_send(message) {
            Ok(()) => {
                self.ring_doorbell();
                Ok(None)
            }
            Err(TrySendError::Full(back)) => Ok(Some(back)),
            Err(TrySendError::Disconnected(_)) => Err(Gone),
        }
    }

    /// Wakes the driver, for what it learns on another way than the ring.
    pub(crate) fn ring_doorbell(&self) {
        self.bells.doorbell.notify_one();
    }
}

impl<T> Mailbox<T> {
    /// The next message, if there is one.
    pub(crate) fn take(&self) -> Option<T> {
        self.ring.as_ref()?.try_recv().ok()
    }

    /// Wakes senders that wait for room; to be called after messages were taken.
    pub(crate) fn room_made(&self) {
        self.bells.room.notify_waiters();
    }

    /// Waits until somebody has put something in since the last wait ended.
    pub(crate) fn rung(&self) -> Notified<'_> {
        self.bells.doorbell.notified()
    }

    /// Takes no more: senders are refused from now on, those who wait included.
    pub(crate) fn close(&mut self) {
        self.ring = None;
        self.bells.room.notify_waiters();
    }
}

impl<T> Drop for Mailbox<T> {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_full_ring_makes_senders_wait_until_there_is_room() {
        let (slot, mailbox) = mailbox(1);
        slot.send(1).await.expect("there is room");
        assert_eq!(slot.offer(2).expect("open"), Some(2));
        let waiting = tokio::spawn(async move { slot.send(2).await.is_ok() });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        assert_eq!(mailbox.take(), Some(1));
        mailbox.room_made();
        assert!(waiting.await.expect("no panic"));
        assert_eq!(mailbox.take(), Some(2));
        assert_eq!(mailbox.take(), None);
    }

    #[tokio::test]
    async fn closing_refuses_senders_that_wait_for_room() {
        let (slot, mut mailbox) = mailbox(1);
        slot.send(1).await.expect("there is room");
        let waiting = tokio::spawn(async move { slot.send(2).await.is_err() });
        tokio::task::yield_now().await;
        mailbox.close();
        assert!(waiting.await.expect("no panic"));
    }

    /// Many senders on several threads, a ring that is nearly always full, a driver that sleeps
    /// whenever it is empty: whatever was sent is taken, in each sender's own order.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn nothing_is_stranded() {
        const SENDERS: usize = 16;
        const EACH: usize = 5_000;
        for capacity in [1, 2, 7, 64] {
            let (slot, mailbox) = mailbox(capacity);
            for sender in 0..SENDERS {
                let slot = slot.clone();
                tokio::spawn(async move {
                    for number in 0..EACH {
                        slot.send((sender, number)).await.expect("the driver lives");
                    }
                });
            }
            let mut next = [0; SENDERS];
            let mut taken = 0;
            while taken < SENDERS * EACH {
                while let Some((sender, number)) = mailbox.take() {
                    assert_eq!(number, next[sender], "out of order");
                    next[sender] += 1;
                    taken += 1;
                }
                mailbox.room_made();
                if taken < SENDERS * EACH {
                    timeout(PATIENCE, mailbox.rung()).await.expect("a message was stranded");
                }
            }
        }
    }
}
