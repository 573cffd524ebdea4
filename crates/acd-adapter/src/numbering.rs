//! Decides which number a message bears, what is sent again, and which orders count. No I/O.
//!
//! Both sides number from 1 within (adapter, incarnation, epoch). When a stream breaks, the
//! session goes on by number; when the daemon no longer knows the session (a new epoch), what it
//! has not acknowledged is numbered from 1 again and sent again in the same order.

use std::collections::VecDeque;
use std::fmt;

/// Names a message for as long as the session lives, whatever number it bears on the wire.
///
/// Ids count up in the order of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendId(u64);

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
    /// It acknowledges what was never sent, or has forgotten what it acknowledged.
    #[error("the daemon counts {received} messages, it can be {least} to {most}")]
    ImpossibleCount {
        /// What it says.
        received: u64,
        /// What it has acknowledged before.
        least: u64,
        /// What has been sent.
        most: u64,
    },
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
    /// What the numbers 1.. stand for that were given when numbering last began anew.
    carried: Vec<SendId>,
    /// The id of the first message that was sent after that.
    fresh_from: u64,
    next_id: u64,
    unacknowledged: VecDeque<(SendId, M)>,
    /// The latest number acknowledged; the first of `unacknowledged` bears the next.
    acknowledged: u64,
    /// The latest number given to the present stream.
    written: u64,
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
            carried: Vec::new(),
            fresh_from: 1,
            next_id: 1,
            unacknowledged: VecDeque::new(),
            acknowledged: 0,
            written: 0,
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

    /// Tells orders apart that came before and after numbering began anew.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Messages that are not acknowledged.
    pub(crate) fn outstanding(&self) -> usize {
        self.unacknowledged.len()
    }

    /// Puts a message at the end of what is to be sent.
    pub(crate) fn push(&mut self, message: M) -> SendId {
        let id = SendId(self.next_id);
        self.next_id += 1;
        self.unacknowledged.push_back((id, message));
        id
    }

    /// The next message for the present stream, with its number.
    pub(crate) fn next_to_write(&mut self) -> Option<(u64, &M)> {
        let at = usize::try_from(self.written - self.acknowledged).ok()?;
        let (_, message) = self.unacknowledged.get(at)?;
        self.written += 1;
        Some((self.written, message))
    }

    /// A stream is open: resumed, or counting from 1 again. `lapses` says of a message that it
    /// means nothing in the new epoch; the ids of those are returned, they are not sent again.
    ///
    /// # Errors
    /// What the daemon may not say; nothing has changed then.
    pub(crate) fn welcome(
        &mut self,
        epoch: u64,
        resumed: bool,
        received: u64,
        lapses: impl Fn(&M) -> bool,
    ) -> Result<Vec<SendId>, Breach> {
        if epoch < self.epoch {
            return Err(Breach::EpochWentBack { epoch, seen: self.epoch });
        }
        let most = if resumed { self.acknowledged + self.unacknowledged.len() as u64 } else { 0 };
        let least = if resumed { self.acknowledged } else { 0 };
        if resumed && epoch != self.epoch {
            return Err(Breach::ForeignEpoch { epoch, session: self.epoch });
        }
        if !(least..=most).contains(&received) {
            return Err(Breach::ImpossibleCount { received, least, most });
        }
        if resumed {
            self.written = received;
            return Ok(Vec::new());
        }
        let mut lapsed = Vec::new();
        self.unacknowledged.retain(|(id, message)| {
            let stays = !lapses(message);
            if !stays {
                lapsed.push(*id);
            }
            stays
        });
        self.epoch = epoch;
        self.generation += 1;
        self.carried = self.unacknowledged.iter().map(|(id, _)| *id).collect();
        self.fresh_from = self.next_id;
        self.acknowledged = 0;
        self.written = 0;
        self.received = 0;
        self.taken = 0;
        Ok(lapsed)
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
        if number > self.written {
            let (least, most) = (self.acknowledged, self.written);
            return Err(Breach::ImpossibleCount { received: number, least, most });
        }
        let mut latest = None;
        let mut freed = 0;
        while self.acknowledged < number {
            let Some((id, _)) = self.unacknowledged.pop_front() else {
                break;
            };
            self.acknowledged += 1;
            freed += 1;
            latest = Some((freed, id));
        }
        Ok(latest)
    }

    /// The message that bears or bore `number` in the present generation.
    pub(crate) fn id_of(&self, number: u64) -> Option<SendId> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        if let Some(id) = self.carried.get(index) {
            return Some(*id);
        }
        let id = self.fresh_from + (index - self.carried.len()) as u64;
        (id < self.next_id).then_some(SendId(id))
    }
}

#[cfg(test)]
#[path = "numbering_tests.rs"]
mod tests;
