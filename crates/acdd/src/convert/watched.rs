//! What a watch tells, as it stands on the wire.

use crate::convert::explained;
use crate::convert::row;
use crate::convert::statistics;
use crate::convert::time::{position, timestamp};
use acd_core::Timestamp;
use acd_engine::{Encode, Position, Shown};
use acd_proto::v1::watch_update::Body;
use acd_proto::v1::{self, WatchUpdate};
use bytes::{BufMut as _, Bytes, BytesMut};
use prost::Message as _;

/// A message of gRPC begins with one byte that says whether it is compressed, and its length in four.
const HEADER_BYTES: usize = 5;

/// Makes each message a `WatchUpdate`, framed as gRPC sends it.
#[derive(Debug)]
pub(crate) struct Framed;

impl Encode for Framed {
    fn snapshot(&self, at: Position, now: Timestamp, rows: &Shown<'_>) -> Bytes {
        framed(Body::Snapshot(snapshot(at, now, rows)))
    }

    fn delta(&self, after: Position, upto: Position, at: Timestamp, rows: &Shown<'_>) -> Bytes {
        framed(Body::Delta(delta(after, upto, at, rows)))
    }
}

fn framed(body: Body) -> Bytes {
    let update = WatchUpdate { body: Some(body) };
    let length = update.encoded_len();
    let mut frame = BytesMut::with_capacity(HEADER_BYTES + length);
    frame.put_u8(0);
    // A message is far smaller than either could hold.
    frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    let _no_room = update.encode(&mut frame).is_err();
    frame.freeze()
}

/// Everything that is shown, as it stands at a position.
pub(crate) fn snapshot(at: Position, now: Timestamp, rows: &Shown<'_>) -> v1::Snapshot {
    v1::Snapshot {
        position: Some(position(at)),
        at: Some(timestamp(now)),
        queues: rows.queues.iter().map(|it| row::queue(it)).collect(),
        skill_queues: rows.skill_queues.iter().map(|it| row::skill_queue(it)).collect(),
        agents: rows.agents.iter().map(|it| row::agent(it)).collect(),
        calls: rows.calls.iter().map(|it| row::call(it)).collect(),
        queue_statistics: rows.queue_statistics.iter().map(|it| statistics::queue(it)).collect(),
        agent_statistics: rows.agent_statistics.iter().map(|it| statistics::agent(it)).collect(),
    }
}

/// What changed after one position up to another.
pub(crate) fn delta(after: Position, upto: Position, at: Timestamp, rows: &Shown<'_>) -> v1::Delta {
    v1::Delta {
        after: Some(position(after)),
        position: Some(position(upto)),
        at: Some(timestamp(at)),
        queues: rows.queues.iter().map(|it| row::queue(it)).collect(),
        skill_queues: rows.skill_queues.iter().map(|it| row::skill_queue(it)).collect(),
        agents: rows.agents.iter().map(|it| row::agent(it)).collect(),
        calls: rows.calls.iter().map(|it| row::call(it)).collect(),
        events: rows.events.iter().map(|it| row::event(it)).collect(),
        decisions: rows.decisions.iter().map(|it| explained::told(it)).collect(),
        calls_gone: rows.calls_gone.iter().map(|it| row::call_ref(&it.call)).collect(),
        queue_statistics: rows.queue_statistics.iter().map(|it| statistics::queue(it)).collect(),
        agent_statistics: rows.agent_statistics.iter().map(|it| statistics::agent(it)).collect(),
    }
}
