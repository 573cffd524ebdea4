//! Instants, spans and positions between the engine's words and the wire's.

use acd_core::{Span, Timestamp};
use acd_engine::Position;
use acd_proto::v1;
use std::time::Duration;

const US_PER_SECOND: u64 = 1_000_000;
const NS_PER_US: u64 = 1_000;

/// An instant on the wire.
pub(crate) fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = split(at.0);
    prost_types::Timestamp { seconds, nanos }
}

/// An instant from the wire, down to the microsecond; `None` if it is before 1970 or too far ahead.
pub(crate) fn timestamp_from(at: prost_types::Timestamp) -> Option<Timestamp> {
    let seconds = u64::try_from(at.seconds).ok()?.checked_mul(US_PER_SECOND)?;
    let rest = u64::try_from(at.nanos).ok()? / NS_PER_US;
    let at = Timestamp(seconds.checked_add(rest)?);
    (at <= Timestamp::LATEST).then_some(at)
}

/// A length of domain time on the wire.
pub(crate) fn span(span: Span) -> prost_types::Duration {
    let (seconds, nanos) = split(span.0);
    prost_types::Duration { seconds, nanos }
}

/// A length of domain time from the wire, down to the microsecond; `None` if it is negative.
pub(crate) fn span_from(length: prost_types::Duration) -> Option<Span> {
    let length = Duration::try_from(length).ok()?;
    Some(Span(u64::try_from(length.as_micros()).unwrap_or(u64::MAX)))
}

/// A length of real time on the wire.
pub(crate) fn duration(length: Duration) -> prost_types::Duration {
    span(Span(u64::try_from(length.as_micros()).unwrap_or(u64::MAX)))
}

/// A place in the history on the wire.
pub(crate) fn position(position: Position) -> v1::Position {
    v1::Position { epoch: position.epoch, number: position.number }
}

/// A place in the history from the wire.
pub(crate) fn position_from(position: v1::Position) -> Position {
    Position { epoch: position.epoch, number: position.number }
}

#[expect(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "a u64 of microseconds has fewer seconds than i64 holds, its rest is below 10^9"
)]
fn split(us: u64) -> (i64, i32) {
    ((us / US_PER_SECOND) as i64, ((us % US_PER_SECOND) * NS_PER_US) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_comes_back_from_the_wire() {
        let at = Timestamp(1_700_000_000_000_001);
        assert_eq!(timestamp_from(timestamp(at)), Some(at));
        assert_eq!(timestamp_from(prost_types::Timestamp { seconds: -1, nanos: 0 }), None);
        let late = prost_types::Timestamp { seconds: i64::MAX, nanos: 0 };
        assert_eq!(timestamp_from(late), None);
    }

    #[test]
    fn microseconds_become_seconds_and_nanoseconds() {
        let at = timestamp(Timestamp(1_700_000_000_000_001));
        assert_eq!((at.seconds, at.nanos), (1_700_000_000, 1_000));
        let longest = span(Span(u64::MAX));
        assert_eq!((longest.seconds, longest.nanos), (18_446_744_073_709, 551_615_000));
    }
}
