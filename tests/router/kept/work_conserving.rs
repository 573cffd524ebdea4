//! Promise 3, work-conserving: no call in `waiting` stands beside an agent who may take it now; what
//! has kept them apart for a time ends by a timer of its own.

use super::{Watch, keeps};
use crate::books::{Books, Stage};
use acd_core::{AgentId, CallHandle, Command, Phase, Timestamp};

pub(crate) struct WorkConserving;

impl Watch for WorkConserving {
    /// Nobody was woken since the last command, so no pair can have become possible by time alone;
    /// but an epoch begins where nobody was there.
    fn before(&mut self, books: &Books, now: Timestamp, command: &Command) {
        if now > books.now && *command != Command::EpochBegan {
            let pair = a_pair(books, Timestamp(now.0 - 1));
            keeps!(3, pair.is_none(), "{pair:?} could have met before {now:?}, and nobody woke");
        }
    }

    fn after(&mut self, books: &Books, _: &Command) {
        let pair = a_pair(books, books.now);
        keeps!(3, pair.is_none(), "{pair:?}: the call waits, and the agent may take it");
    }
}

fn a_pair(books: &Books, now: Timestamp) -> Option<(CallHandle, AgentId)> {
    if books.phase != Phase::Normal {
        return None;
    }
    let agents = (0..books.agents.len() as u32).map(AgentId);
    let free: Vec<AgentId> = agents.filter(|agent| books.longest_idle(*agent).is_some()).collect();
    let waiting = books.calls.iter().filter(|(_, call)| call.stage == Stage::Waiting);
    let mut pairs = waiting.flat_map(|(handle, call)| {
        free.iter().filter_map(|agent| {
            let may = |place| books.may_take(*agent, call, place, now);
            call.places.iter().any(may).then_some((*handle, *agent))
        })
    });
    pairs.next()
}
