//! What an estimate says of numbers that are known, and of those that are too large.

use super::*;
use crate::in_line::Stand;
use crate::pace::Foreseen;

/// Twenty were taken, one each half minute.
fn busy() -> Pace {
    let mut pace = Pace::NONE;
    for _ in 0..20 {
        pace.stands(Span::from_secs(30), 1);
        pace.is_taken(Span::from_secs(60), None);
    }
    pace
}

/// Somebody waits, and has for 40 seconds.
fn outlook(pace: &Pace) -> Outlook<'_> {
    let mut line = InLine::NOBODY;
    line.join(Stand { priority: Priority::NORMAL, since: Timestamp(0), first: false });
    Outlook {
        ahead: 3,
        works: true,
        is_free: false,
        notes: 0,
        pace,
        halves: 0,
        line: Box::leak(Box::new(line)),
        over: Timestamp(0) + Span::from_secs(40),
        priority: Priority::NORMAL,
    }
}

fn seconds(of: Outlook<'_>) -> Option<u64> {
    of.wait().map(|wait| (wait.0 + 500_000) / 1_000_000)
}

#[test]
fn each_of_those_ahead_takes_a_gap_and_the_call_itself_two_thirds_of_one() {
    let pace = busy();
    assert_eq!(seconds(outlook(&pace)), Some(90 + 20));
    assert_eq!(seconds(Outlook { ahead: 0, ..outlook(&pace) }), Some(20));
}

#[test]
fn a_free_agent_takes_the_call_at_once_unless_others_come_before_it_nevertheless() {
    let pace = busy();
    let free = Outlook { is_free: true, ..outlook(&pace) };
    assert_eq!(seconds(Outlook { ahead: 0, ..free }), Some(0));
    assert_eq!(seconds(free), Some(110));
}

#[test]
fn where_nobody_was_answered_it_is_what_callers_have_waited_in_vain() {
    let mut pace = Pace::NONE;
    let at_first = outlook(&pace);
    assert_eq!(seconds(at_first), Some(80), "twice what those in line have waited");
    // Who is being offered does not wait in vain.
    assert_eq!(seconds(Outlook { ahead: 0, ..at_first }), Some(0));
    pace.is_left(Span::from_secs(200), None);
    pace.is_left(Span::from_secs(100), None);
    assert_eq!(seconds(outlook(&pace)), Some(150));
}

#[test]
fn where_nobody_works_nothing_can_be_said() {
    let pace = busy();
    assert_eq!(Outlook { works: false, ..outlook(&pace) }.wait(), None);
}

#[test]
fn a_correction_is_of_a_priority_alone() {
    let (mut pace, high) = (busy(), Priority::new(8).expect("there is one"));
    for _ in 0..50 {
        let foreseen = Foreseen { wait: Span(1), notes: 0, priority: high };
        pace.stands(Span::from_secs(30), 1);
        pace.is_taken(Span::from_secs(60), Some(foreseen));
    }
    assert_eq!(seconds(outlook(&pace)), Some(110));
    let longer = Outlook { priority: high, ..outlook(&pace) };
    assert_eq!(seconds(longer), Some(134), "by a 256th for each of 50");
}

#[test]
fn no_numbers_are_too_large() {
    let mut pace = busy();
    let check = |pace: &Pace| {
        let most = Outlook {
            ahead: u32::MAX,
            notes: u32::MAX,
            halves: u64::MAX,
            over: Timestamp(u64::MAX),
            ..outlook(pace)
        };
        assert!(most.wait().is_some());
    };
    pace.stands(Span(u64::MAX), u64::MAX);
    pace.is_left(Span(u64::MAX), None);
    check(&pace);
    pace.is_taken(Span(u64::MAX), None);
    check(&pace);
}
