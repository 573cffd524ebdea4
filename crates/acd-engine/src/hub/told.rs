//! What a hub has told lately, and what somebody who stands at a position needs next.

use super::Message;
use crate::bounds::{HUB_BYTES_KEPT, HUB_MESSAGES_KEPT};
use crate::request::Position;
use std::collections::VecDeque;
use tokio::time::Instant;

/// Each message goes on where the one before it ends.
#[derive(Debug)]
pub(super) struct Told {
    /// Where the last message ended, kept or not.
    reached: Position,
    messages: VecDeque<Message>,
    bytes: usize,
    /// Made since the last message for somebody, and good for others.
    snapshot: Option<(Instant, Message)>,
    /// The same: what leads from other positions to `reached`, or that nothing is to be seen in it.
    bridges: Vec<(Position, Option<Message>)>,
    ended: bool,
}

/// Where a listener stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// He has nothing.
    Nowhere,
    /// He has come back with this, and is to get what he missed.
    Back(Position),
    /// A snapshot has brought him here, or what he had missed; no message need begin here.
    Between(Position),
    /// Here a message ended.
    After(Position),
}

impl Stand {
    /// Where he stands when a bridge has led him on.
    pub(super) fn led_to(self, position: Position) -> Self {
        match self {
            Self::Back(_) => Self::Back(position),
            Self::Nowhere | Self::Between(_) | Self::After(_) => Self::Between(position),
        }
    }
}

/// What a listener needs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This, and then he stands here.
    Message(Message, Stand),
    /// A snapshot.
    Snapshot,
    /// What leads from the first position to the second, where a message ended.
    Bridge(Position, Position),
    /// To wait for the bell.
    Wait,
    /// Nothing any more.
    End,
}

impl Told {
    /// Nothing has been told yet; the first message begins at `reached`.
    pub(super) fn from(reached: Position) -> Self {
        Self {
            reached,
            messages: VecDeque::new(),
            bytes: 0,
            snapshot: None,
            bridges: Vec::new(),
            ended: false,
        }
    }

    /// Where the next message has to begin.
    pub(super) fn reached(&self) -> Position {
        self.reached
    }

    /// Takes the next message in; `None` says that nothing is to be seen of what has happened. Whether
    /// there is one.
    pub(super) fn tell(&mut self, message: Option<Message>) -> bool {
        self.snapshot = None;
        let Some(message) = message else { return false };
        self.bridges.clear();
        self.reached = message.position;
        self.bytes += message.bytes.len();
        self.messages.push_back(message);
        while self.messages.len() > HUB_MESSAGES_KEPT
            || (self.bytes > HUB_BYTES_KEPT && self.messages.len() > 1)
        {
            let Some(oldest) = self.messages.pop_front() else { break };
            self.bytes -= oldest.bytes.len();
        }
        true
    }

    /// What lies before `reached` is lost: everybody needs a snapshot.
    pub(super) fn begin_anew(&mut self, reached: Position) {
        *self = Self { ended: self.ended, ..Self::from(reached) };
    }

    /// Nothing follows.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    pub(super) fn next(&self, stand: Stand) -> Next {
        let at = match stand {
            Stand::Nowhere => return Next::Snapshot,
            Stand::Back(at) | Stand::Between(at) | Stand::After(at) => at,
        };
        let next = self.messages.partition_point(|message| message.position <= at);
        match self.messages.get(next) {
            Some(message) if message.after == Some(at) => {
                Next::Message(message.clone(), Stand::After(message.position))
            }
            None if at >= self.reached && self.ended => Next::End,
            None if at >= self.reached => Next::Wait,
            Some(_) | None if self.has_a_bridge(stand) => self.bridge(at, stand),
            // He reads too slowly.
            Some(_) | None => Next::Snapshot,
        }
    }

    /// Whether he is led on from where he stands, and need not begin anew.
    fn has_a_bridge(&self, stand: Stand) -> bool {
        match stand {
            Stand::Back(_) => true,
            Stand::Between(at) => self.messages.front().is_some_and(|it| it.after <= Some(at)),
            Stand::Nowhere | Stand::After(_) => false,
        }
    }

    fn bridge(&self, at: Position, stand: Stand) -> Next {
        match self.bridges.iter().find(|(after, _)| *after == at) {
            Some((_, Some(message))) => {
                Next::Message(message.clone(), stand.led_to(message.position))
            }
            Some((_, None)) if self.ended => Next::End,
            Some((_, None)) => Next::Wait,
            None => Next::Bridge(at, self.reached),
        }
    }

    /// The last snapshot that was made, and when.
    pub(super) fn snapshot(&self) -> Option<&(Instant, Message)> {
        self.snapshot.as_ref()
    }

    /// Keeps a snapshot for others.
    pub(super) fn share_snapshot(&mut self, message: &Message) {
        self.snapshot = Some((Instant::now(), message.clone()));
    }

    /// Keeps a bridge for others, if it was made to where the last message ends.
    pub(super) fn share_bridge(
        &mut self,
        (after, upto): (Position, Position),
        bridge: &Option<Message>,
    ) {
        if upto == self.reached {
            self.bridges.push((after, bridge.clone()));
        }
    }
}
