//! How many come first, in each order, and where that is not known, how close it is.

use super::*;
use proptest::prelude::*;

const NOW: u64 = 1_000;

fn seconds(at: u64) -> Timestamp {
    Timestamp(at * 1_000_000)
}

/// A call that has waited for so many seconds.
fn waited(priority: u8, seconds_ago: u64) -> Stand {
    let priority = Priority::new(priority).expect("there is one");
    Stand { priority, since: seconds(NOW - seconds_ago), first: false }
}

/// Ten of each of these, who came one each ten seconds.
fn line(priorities: &[u8]) -> InLine {
    let mut line = InLine::NOBODY;
    for priority in priorities {
        (0..10).for_each(|nth| line.join(waited(*priority, 5 + 10 * nth)));
    }
    line
}

fn ahead(line: &InLine, stand: Stand, order: Order) -> u32 {
    line.ahead_of(stand, order, seconds(NOW))
}

#[test]
fn who_brings_no_age_comes_after_all_of_his_priority_and_above() {
    let line = line(&[3, 5, 7]);
    for order in [Order::Strict, Order::Deadline] {
        let of = |priority| ahead(&line, waited(priority, 0), order);
        assert_eq!([9, 8, 7, 6, 5, 4, 3, 0].map(of), [0, 0, 10, 10, 20, 20, 30, 30]);
    }
}

#[test]
fn who_brings_an_age_comes_before_those_who_came_later() {
    let line = line(&[3, 5, 7]);
    let of = |age| ahead(&line, waited(5, age), Order::Strict);
    assert_eq!([1, 30, 50, 99, 100, 500].map(of), [10 + 10, 10 + 7, 10 + 5, 10, 10, 10]);
}

#[test]
fn of_one_call_it_is_known_exactly() {
    let mut line = InLine::NOBODY;
    line.join(waited(5, 60));
    let of = |age| ahead(&line, waited(5, age), Order::Strict);
    assert_eq!([0, 59, 60, 61].map(of), [1, 1, 0, 0]);
}

#[test]
fn by_age_alone_only_an_emergency_comes_first() {
    let line = line(&[3, 5, 9]);
    let of = |priority, age| ahead(&line, waited(priority, age), Order::Oldest);
    assert_eq!((of(0, 0), of(8, 0), of(5, 50), of(5, 100)), (30, 30, 20, 10));
    assert_eq!((of(9, 0), of(9, 50)), (10, 5));
}

#[test]
fn a_step_of_priority_is_worth_its_credit() {
    let line = line(&[4, 5, 6, 9]);
    let order = Order::Credit { per_step: Span::from_secs(50) };
    let of = |priority, age| ahead(&line, waited(priority, age), order);
    // Half of those a step below, all of the others.
    assert_eq!((of(5, 0), of(5, 50)), (5 + 10 + 10 + 10, 5 + 10 + 10));
    assert_eq!((of(6, 0), of(8, 0), of(9, 0)), (5 + 10 + 10, 10, 10));
}

#[test]
fn who_goes_first_of_his_priority_has_nobody_of_it_ahead() {
    let line = line(&[4, 5, 6, 9]);
    let first = |priority| Stand { first: true, ..waited(priority, 0) };
    let credit = Order::Credit { per_step: Span::from_secs(50) };
    assert_eq!(ahead(&line, first(5), Order::Strict), 20);
    assert_eq!(ahead(&line, first(5), credit), 10);
    assert_eq!(ahead(&line, first(9), credit), 0);
}

#[test]
fn where_all_came_now_whoever_waited_at_all_comes_first() {
    let mut line = InLine::NOBODY;
    assert_eq!(line.age(seconds(NOW)), Span(0));
    (0..3).for_each(|_| line.join(waited(5, 0)));
    assert_eq!(line.age(seconds(NOW)), Span(0));
    let of = |age| ahead(&line, waited(5, age), Order::Strict);
    assert_eq!((of(0), of(1)), (3, 0));
    // An age is of an instant that may lie before.
    assert_eq!(line.age(seconds(NOW - 1)), Span(0));
    line.leave(waited(5, 0));
    assert_eq!((line.calls(), line.age(seconds(NOW + 3))), (2, Span::from_secs(3)));
}

proptest! {
    /// Nobody's number is above that of all, or falls as others come; and who leaves is forgotten.
    #[test]
    fn it_is_of_those_who_stand_there(
        others in prop::collection::vec((0..10_u8, 0..NOW), 0..50),
        own in (0..10_u8, 0..NOW, any::<bool>()),
        credit in 0..200_u64,
    ) {
        let own = Stand { first: own.2, ..waited(own.0, own.1) };
        for order in [
            Order::Strict,
            Order::Deadline,
            Order::Oldest,
            Order::Credit { per_step: Span::from_secs(credit) },
        ] {
            let mut line = InLine::NOBODY;
            let mut stands = Vec::new();
            for (priority, age) in &others {
                stands.push(waited(*priority, *age));
                line.join(waited(*priority, *age));
                prop_assert!(ahead(&line, own, order) <= line.calls());
            }
            prop_assert_eq!(line.calls() as usize, others.len());
            stands.into_iter().for_each(|stand| line.leave(stand));
            prop_assert_eq!(line, InLine::NOBODY);
        }
    }
}
