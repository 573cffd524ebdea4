//! What an adapter has not read yet, which can be freed although nobody asks for it any more.

use acd_engine::{Down, SessionReceiver};
use futures_util::{Stream, StreamExt, stream};
use parking_lot::Mutex;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

type Downs = Pin<Box<dyn Stream<Item = Down> + Send>>;

/// What goes down, shared by the way down and by those who free it.
#[derive(Clone)]
pub(super) struct Unread(Arc<Mutex<Option<Downs>>>);

impl Unread {
    pub(super) fn new(receiver: SessionReceiver) -> Self {
        Self::of(stream::unfold(receiver, async |mut receiver| {
            receiver.next().await.map(|next| (next, receiver))
        }))
    }

    fn of(downs: impl Stream<Item = Down> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(downs.fuse().boxed()))))
    }

    /// The next message; none if the session is gone, or what was left of it has been freed. May be
    /// dropped and called again.
    pub(super) async fn next(&self) -> Option<Down> {
        // Locked for a poll and no longer: once the adapter's window is full, what waits here is not
        // polled again, and would never let go.
        poll_fn(|context| match self.0.lock().as_mut() {
            Some(downs) => downs.as_mut().poll_next(context),
            None => Poll::Ready(None),
        })
        .await
    }

    pub(super) fn free(&self) {
        let freed = self.0.lock().take();
        drop(freed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Waker};

    #[test]
    fn it_is_freed_although_somebody_waits_for_it_and_is_not_polled_again() {
        let held = Arc::new(());
        let witness = Arc::downgrade(&held);
        let unread = Unread::of(stream::once(async move {
            let _held = held;
            std::future::pending().await
        }));
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting = pin!(unread.next());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        assert!(witness.upgrade().is_some());

        unread.free();
        assert!(witness.upgrade().is_none());
        assert_eq!(waiting.as_mut().poll(&mut context), Poll::Ready(None));
    }

    #[test]
    fn after_the_end_there_is_nothing_however_often_it_is_asked() {
        let unread = Unread::of(stream::empty());
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..2 {
            assert_eq!(pin!(unread.next()).poll(&mut context), Poll::Ready(None));
        }
    }
}
