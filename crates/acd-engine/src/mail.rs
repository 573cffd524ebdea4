//! What the mailbox carries, and the handle with which it is posted.

use crate::mailbox::{Gone, Slot};
use crate::refusal::Refusal;
use crate::request::{CallRef, Person, Position, Request};
use crate::session::{AdapterMessage, DriverEnds, Hello, Welcome};
use crate::view::Explained;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// One session of one adapter, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionId(pub(crate) u64);

pub(crate) type Answer = oneshot::Sender<Result<Position, Refusal>>;

pub(crate) type Explaining = oneshot::Sender<Result<Explained, Refusal>>;

/// What the driver acts on, in the order of the mailbox.
#[derive(Debug)]
pub(crate) enum Mail {
    /// A person asks for something.
    Request { request: Request, person: Person, answer: Answer },
    /// A person wants to know why a call is where it is, and what keeps an agent from it.
    Explain { call: CallRef, agent: Option<String>, answer: Explaining },
    /// An adapter opens a session.
    Open { hello: Hello, ends: DriverEnds, answer: oneshot::Sender<Result<Welcome, Refusal>> },
    /// An adapter reports something.
    Message { session: SessionId, number: u64, ack: u64, message: AdapterMessage },
}

/// A message with the moment at which it entered the mailbox.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) at: Instant,
    pub(crate) mail: Mail,
}

/// What must get through even when the mailbox is full, from those who cannot wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Control {
    /// The session's stream is gone; it had put `sent` messages into the mailbox.
    Departed { session: SessionId, sent: u64 },
}

/// A producer's handle. The controls are few: one for each session.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    mailbox: Slot<Posted>,
    controls: crossbeam_channel::Sender<Control>,
}

impl Post {
    pub(crate) fn new(mailbox: Slot<Posted>, controls: crossbeam_channel::Sender<Control>) -> Self {
        Self { mailbox, controls }
    }

    /// Waits while the mailbox is full.
    pub(crate) async fn send(&self, mail: Mail) -> Result<(), Gone> {
        self.mailbox.send(Posted { at: Instant::now(), mail }).await
    }

    /// Whether there was room for it.
    pub(crate) fn offer(&self, mail: Mail) -> Result<bool, Gone> {
        let kept = self.mailbox.offer(Posted { at: Instant::now(), mail })?;
        Ok(kept.is_none())
    }

    /// Wakes the driver.
    pub(crate) fn ring_doorbell(&self) {
        self.mailbox.ring_doorbell();
    }

    /// Never waits. Once the driver is gone nobody needs to know.
    pub(crate) fn control(&self, control: Control) {
        let _driver_gone = self.controls.try_send(control).is_err();
        self.mailbox.ring_doorbell();
    }
}
