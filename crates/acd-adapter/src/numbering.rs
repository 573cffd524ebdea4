//! Decides which number a message bears, what is sent again, and which orders count. No I/O.
//!
//! The adapter numbers from 1 within its incarnation, whatever becomes of the daemon: what is not
//! durable there is sent again with its old number. Orders are numbered from 1 with every Welcome
//! that does not resume.

use std::collections::VecDeque;
use std::fmt;

/// Names a message: its number on the wire, which it keeps as long as the session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendId(u64);

impl SendId {
    /// How many messages after `first` it was sent; `None` if before.
    pub(crate) fn after(self, first: Self) -> Option<usize> {
        usize::try_from(self.0.checked_sub(first.0)?).ok()
    }

    /// The id of the message that was sent so many after this one.
    pub(crate) fn plus(self, later: usize) -> Self {
        Self(self.0 + later as u64)
    }
}

impl fmt::Display for SendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a daemon may not say; the stream is broken off and tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Breach {
    /// A former daemon, or one whose data was put back: its orders must be ignored.
    #[error("the daemon speaks of epoch {epoch}, but epoch {seen} was seen before")]
    EpochWentBack {
        /// What it speaks of.
        epoch: u64,
        /// The highest seen.
        seen: u64,
    },
    /// A new epoch begins with a Welcome, never within a stream.
    #[error("an order of epoch {epoch} within a session of epoch {session}")]
    ForeignEpoch {
        /// Of the order.
        epoch: u64,
        /// Of the session.
        session: u64,
    },
    /// An order is missing.
    #[error("order {number} came after order {after}")]
    OrderGap {
        /// The one that came.
        number: u64,
        /// The latest before it.
        after: u64,
    },
    /// It acknowledges what was never sent.
    #[error("the daemon acknowledges message {number}, only {sent} were sent")]
    NeverSent {
        /// What it acknowledges.
        number: u64,
        /// What has been sent.
        sent: u64,
    },
    /// It counts messages that this process has never sent.
    #[error(
        "the daemon knows {received} messages of this incarnation, but only {sent} were sent: \
         another process bears the same incarnation; start this one anew with one of its own"
    )]
    NotOurs {
        /// What it knows.
        received: u64,
        /// What has been sent.
        sent: u64,
    },
    /// What was durable is gone: a daemon with another's data, or an older copy of its own.
    #[error(
        "the daemon has lost what it had acknowledged: it knows {received} messages of this \
         adapter and had acknowledged {acknowledged}; see to its data, then start this process \
         anew, so that it gets a new incarnation and says what it holds"
    )]
    Lost {
        /// What it knows.
        received: u64,
        /// What it had acknowledged.
        acknowledged: u64,
    },
}

impl Breach {
    /// No further attempt of this process can mend it.
    pub(crate) fn is_final(self) -> bool {
        match self {
            Self::NotOurs { .. } | Self::Lost { .. } => true,
            Self::EpochWentBack { .. }
            | Self::ForeignEpoch { .. }
            | Self::OrderGap { .. }
            | Self::NeverSent { .. } => false,
        }
    }
}

/// Whether an order is to be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the next one.
    Take,
    /// It was taken before.
    Duplicate,
    /// It is of a former epoch.
    Former,
}

/// The state of one session's numbers, both ways.
#[derive(Debug)]
pub(crate) struct Numbering<M> {
    /// The highest epoch seen; 0 before the first Welcome.
    epoch: u64,
    /// Counts the Welcomes that did not resume.
    generation: u64,
    unacknowledged: VecDeque<M>,
    /// The latest number acknowledged; the first of `unacknowledged` bears the next.
    acknowledged: u64,
    /// The latest number given to the present stream, or not needed by it.
    written: u64,
    /// The latest number ever given to a stream.
    sent: u64,
    /// The latest order that has come in.
    received: u64,
    /// The latest order that the user has taken.
    taken: u64,
}

impl<M> Default for Numbering<M> {
    fn default() -> Self {
        Self {
            epoch: 0,
            generation: 0,
            unacknowledged: VecDeque::new(),
            acknowledged: 0,
            written: 0,
            sent: 0,
            received: 0,
            taken: 0,
        }
    }
}

impl<M> Numbering<M> {
    /// The highest epoch seen, and the latest order that the user has taken in it: for Hello.
    pub(crate) fn position(&self) -> (u64, u64) {
        (self.epoch, self.taken)
    }

    /// Orders have come in that the user has not taken.
    pub(crate) fn has_untaken(&self) -> bool {
        self.received > self.taken
    }

    /// Tells orders apart that came before and after they were counted from 1 again.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Messages that are not acknowledged.
    pub(crate) fn outstanding(&self) -> usize {
        self.unacknowledged.len()
    }

    /// The number of the latest message.
    fn latest(&self) -> u64 {
        self.acknowledged + self.unacknowledged.len() as u64
    }

    /// Puts a message at the end of what is to be sent.
    pub(crate) fn push(&mut self, message: M) -> SendId {
        self.unacknowledged.push_back(message);
        SendId(self.latest())
    }

    /// The next message for the present stream, with its number.
    pub(crate) fn next_to_write(&mut self) -> Option<(u64, &M)> {
        let at = usize::try_from(self.written - self.acknowledged).ok()?;
        let message = self.unacknowledged.get(at)?;
        self.written += 1;
        self.sent = self.sent.max(self.written);
        Some((self.written, message))
    }

    /// A stream is open, on which what is after `received` is sent again; what is not is durable.
    /// Returns how many messages that frees, and the latest of them.
    ///
    /// # Errors
    /// What the daemon may not say; nothing has changed then.
    pub(crate) fn welcome(
        &mut self,
        epoch: u64,
        resumed: bool,
        received: u64,
    ) -> Result<Option<(usize, SendId)>, Breach> {
        if epoch < self.epoch {
            return Err(Breach::EpochWentBack { epoch, seen: self.epoch });
        }
        if resumed && epoch != self.epoch {
            return Err(Breach::ForeignEpoch { epoch, session: self.epoch });
        }
        if received < self.acknowledged {
            return Err(Breach::Lost { received, acknowledged: self.acknowledged });
        }
        if received > self.sent {
            return Err(Breach::NotOurs { received, sent: self.sent });
        }
        if !resumed {
            self.epoch = epoch;
            self.generation += 1;
            self.received = 0;
            self.taken = 0;
        }
        self.written = received;
        Ok(self.free(received))
    }

    /// An order has come in.
    ///
    /// # Errors
    /// What the daemon may not say.
    pub(crate) fn order(&mut self, epoch: u64, number: u64) -> Result<Verdict, Breach> {
        if epoch < self.epoch {
            return Ok(Verdict::Former);
        }
        if epoch > self.epoch {
            return Err(Breach::ForeignEpoch { epoch, session: self.epoch });
        }
        if number <= self.received {
            return Ok(Verdict::Duplicate);
        }
        if number > self.received + 1 {
            return Err(Breach::OrderGap { number, after: self.received });
        }
        self.received = number;
        Ok(Verdict::Take)
    }

    /// The user has taken an order of this generation.
    pub(crate) fn take(&mut self, generation: u64, number: u64) {
        if generation == self.generation && number <= self.received {
            self.taken = self.taken.max(number);
        }
    }

    /// All messages up to `number` are durable: how many that frees, and the latest of them.
    ///
    /// # Errors
    /// What the daemon may not say.
    pub(crate) fn acknowledge(
        &mut self,
        epoch: u64,
        number: u64,
    ) -> Result<Option<(usize, SendId)>, Breach> {
        if epoch < self.epoch {
            return Ok(None);
        }
        if epoch > self.epoch {
            return Err(Breach::ForeignEpoch { epoch, session: self.epoch });
        }
        // What a former stream brought may become durable before this one has sent it again.
        if number > self.sent {
            return Err(Breach::NeverSent { number, sent: self.sent });
        }
        Ok(self.free(number))
    }

    fn free(&mut self, number: u64) -> Option<(usize, SendId)> {
        let freed = usize::try_from(number.checked_sub(self.acknowledged)?).ok()?;
        self.unacknowledged.drain(..freed);
        self.acknowledged = number;
        self.written = self.written.max(number);
        (freed > 0).then_some((freed, SendId(number)))
    }

    /// The message that bears `number`.
    pub(crate) fn id_of(&self, number: u64) -> Option<SendId> {
        (1..=self.latest()).contains(&number).then_some(SendId(number))
    }
}

#[cfg(test)]
#[path = "numbering_tests.rs"]
mod tests;
