//! Logs whose answers are known by hand, and random ones that plain loops answer too.

use super::{ConformError, Conformance, LineOrder, Picks, Priority, Question, WAIT_MAX, conform};
use crate::call_log::CallLog;
use proptest::prelude::*;
use std::time::Duration;

const HEAD: &str = "call,day,offered_s,type,priority,wait_s,result,service_s,agent\n";

/// Who calls when, how urgently, for how long he waits, and what becomes of it.
type Caller<'a> = (&'a str, f64, &'a str, u8, f64, &'a str);

fn log(callers: &[Caller<'_>]) -> CallLog {
    let row = |(index, (day, offered, kind, priority, wait, result)): (usize, &Caller<'_>)| {
        format!("{index},2026-03-{day},{offered},{kind},{priority},{wait},{result},60,a\n")
    };
    let rows: String = callers.iter().enumerate().map(row).collect();
    CallLog::read_from("log.csv", format!("{HEAD}{rows}").as_bytes()).expect("it is right")
}

const fn credit(seconds: u64) -> LineOrder {
    LineOrder::Credit(Duration::from_secs(seconds))
}

fn ask(log: &CallLog, order: LineOrder) -> Conformance {
    let high_priority = order.usual_high_priority();
    let question = Question { kind: None, order, high_priority };
    conform(log, question, |_| {}).expect("it can be followed")
}

fn decisions_and_agreed(found: &Conformance) -> (u64, u64) {
    (found.all.decisions, found.all.agreed)
}

/// One has waited for a minute when an urgent one, of ten seconds ago, is picked before him.
const URGENT_FIRST: [Caller<'static>; 2] =
    [("10", 0.0, "PS", 0, 100.0, "served"), ("10", 50.0, "PS", 2, 10.0, "served")];

#[test]
fn a_pick_of_an_urgent_call_is_alike_if_its_priority_is_worth_more_than_its_lateness() {
    let log = log(&URGENT_FIRST);
    assert_eq!(decisions_and_agreed(&ask(&log, credit(90))), (1, 1));
    assert_eq!(decisions_and_agreed(&ask(&log, credit(51))), (1, 1));
    assert_eq!(decisions_and_agreed(&ask(&log, credit(49))), (1, 0));
    // Nor has it any worth unless it is given one.
    assert_eq!(decisions_and_agreed(&ask(&log, LineOrder::Strict)), (1, 0));
    assert_eq!(decisions_and_agreed(&ask(&log, LineOrder::Oldest)), (1, 0));
    let of = |order, priority| {
        let high_priority = Priority::new(priority).expect("a priority");
        let question = Question { kind: Some("PS"), order, high_priority };
        decisions_and_agreed(&conform(&log, question, |_| {}).expect("it can be followed"))
    };
    assert_eq!(of(LineOrder::Strict, 6), (1, 1));
    assert_eq!(of(LineOrder::Strict, 4), (1, 0));
    assert_eq!(of(LineOrder::Oldest, 8), (1, 0), "age alone");
    assert_eq!(of(LineOrder::Oldest, 9), (1, 1), "but for emergencies");
    assert_eq!(of(credit(26), 7), (1, 1), "two steps");
    assert_eq!(of(credit(24), 7), (1, 0));
}

#[test]
fn it_is_told_which_way_the_two_differ() {
    let told = |found: Conformance| (found.real_is_high, found.chosen_is_high);
    assert_eq!(told(ask(&log(&URGENT_FIRST), LineOrder::Strict)), (1, 0));
    assert_eq!(told(ask(&log(&URGENT_FIRST), credit(90))), (0, 0));
    let urgent_last = [("10", 0.0, "PS", 0, 60.0, "served"), ("10", 50.0, "PS", 2, 30.0, "served")];
    assert_eq!(told(ask(&log(&urgent_last), credit(90))), (0, 1));
    let youngest_first =
        [("10", 0.0, "PS", 0, 60.0, "served"), ("10", 50.0, "PS", 0, 5.0, "served")];
    assert_eq!(told(ask(&log(&youngest_first), credit(90))), (0, 0));
}

#[test]
fn a_line_up_is_of_those_who_were_offered_before_the_pick_and_wait_on_after_it() {
    let with = |other: Caller<'static>| {
        let found = ask(&log(&[("10", 100.0, "PS", 0, 10.0, "served"), other]), LineOrder::Strict);
        decisions_and_agreed(&found)
    };
    // The pick is at 110. Of those who are served later, their own picks have nobody beside them.
    assert_eq!(with(("10", 90.0, "PS", 0, 30.0, "abandoned")), (1, 0), "he waits on");
    assert_eq!(with(("10", 105.0, "PS", 0, 30.0, "abandoned")), (1, 1), "he is younger");
    assert_eq!(with(("10", 105.0, "PS", 0, 30.0, "served")), (1, 1));
    assert_eq!(with(("10", 90.0, "PS", 0, 20.0, "abandoned")), (0, 0), "he gives up just then");
    assert_eq!(with(("10", 90.0, "PS", 0, 20.0, "served")), (0, 0), "he is picked just then");
    assert_eq!(with(("10", 110.0, "PS", 0, 30.0, "served")), (0, 0), "he comes just then");
    assert_eq!(with(("10", 90.0, "PS", 0, 30.0, "left_in_ivr")), (0, 0), "he never waits");
    assert_eq!(with(("10", 90.0, "NW", 0, 30.0, "abandoned")), (0, 0), "in another line");
    assert_eq!(with(("11", 90.0, "PS", 0, 30.0, "abandoned")), (0, 0), "on another day");
}

#[test]
fn a_call_that_did_not_wait_was_not_picked_among_others() {
    let found = ask(
        &log(&[("10", 90.0, "PS", 0, 30.0, "abandoned"), ("10", 100.0, "PS", 0, 0.0, "served")]),
        LineOrder::Strict,
    );
    assert_eq!(decisions_and_agreed(&found), (0, 0));
    assert_eq!(found.all.share(), None);
}

#[test]
fn of_calls_that_were_offered_in_one_instant_either_may_have_come_first() {
    let first = ("10", 0.0, "PS", 0, 10.0, "served");
    let second = ("10", 0.0, "PS", 0, 20.0, "served");
    assert_eq!(decisions_and_agreed(&ask(&log(&[first, second]), LineOrder::Oldest)), (1, 1));
    assert_eq!(decisions_and_agreed(&ask(&log(&[second, first]), LineOrder::Oldest)), (1, 1));
    let urgent = ("10", 0.0, "PS", 2, 20.0, "served");
    assert_eq!(decisions_and_agreed(&ask(&log(&[first, urgent]), credit(1))), (1, 0));
}

#[test]
fn of_calls_that_a_credit_makes_equal_the_earlier_arrival_comes_first() {
    let older = ("10", 0.0, "PS", 0, 60.0, "served");
    let urgent = ("10", 30.0, "PS", 2, 10.0, "served");
    assert_eq!(decisions_and_agreed(&ask(&log(&[older, urgent]), credit(30))), (1, 0));
}

#[test]
fn picks_of_one_instant_are_held_against_those_who_wait_on_and_not_against_each_other() {
    let found = ask(
        &log(&[
            ("10", 0.0, "PS", 0, 50.0, "served"),
            ("10", 10.0, "PS", 0, 90.0, "served"),
            ("10", 20.0, "PS", 0, 30.0, "served"),
            ("10", 30.0, "PS", 0, 20.0, "served"),
            ("10", 40.0, "PS", 0, 60.0, "abandoned"),
        ]),
        LineOrder::Strict,
    );
    // At 50 the first, third and fourth are picked, while the second and the last wait on: the
    // first comes before both, the two others come behind the second. At 100 it is picked alone.
    assert_eq!(decisions_and_agreed(&found), (3, 1));
    assert_eq!(found.by_line_up, [(3, Picks { decisions: 3, agreed: 1 })].into());
    assert_eq!(found.by_place, [(1, 1), (2, 2)].into());
}

#[test]
fn what_is_counted_is_counted_by_type_too() {
    let log = log(&[
        ("10", 0.0, "PS", 0, 60.0, "served"),
        ("10", 10.0, "NW", 0, 60.0, "served"),
        ("10", 20.0, "PS", 0, 60.0, "served"),
        ("10", 30.0, "NW", 0, 20.0, "served"),
        ("10", 40.0, "IN", 0, 20.0, "served"),
    ]);
    let found = ask(&log, LineOrder::Strict);
    assert_eq!(decisions_and_agreed(&found), (2, 1));
    let of = |agreed| Picks { decisions: 1, agreed };
    assert_eq!(found.by_kind, [("NW".to_owned(), of(0)), ("PS".to_owned(), of(1))].into());
    let question =
        Question { kind: Some("PS"), order: LineOrder::Strict, high_priority: Priority::NORMAL };
    let mut seen = 0;
    let only = conform(&log, question, |calls| seen += calls).expect("it can be followed");
    assert_eq!((decisions_and_agreed(&only), seen), ((1, 1), 5));
}

#[test]
fn a_log_that_cannot_be_asked_says_why() {
    let order = LineOrder::Strict;
    let asked = |log: &CallLog, kind| {
        let question = Question { kind, order, high_priority: order.usual_high_priority() };
        conform(log, question, |_| {}).map_err(|error: ConformError| error.to_string())
    };
    let two = log(&[("10", 0.0, "PS", 0, 1.0, "served"), ("10", 0.0, "NW", 0, 1.0, "served")]);
    let told = "the log has no calls of type `ps`; it has NW, PS";
    assert_eq!(asked(&two, Some("ps")), Err(told.to_owned()));
    let month = WAIT_MAX.as_secs_f64();
    let long = |wait| asked(&log(&[("10", 0.0, "PS", 0, wait, "abandoned")]), None);
    assert!(long(month - 1.0).is_ok());
    let told = "call 0 of 2026-03-10 waited 2678400 s; at most 31 days can be compared";
    assert_eq!(long(month), Err(told.to_owned()));
}

#[test]
fn fractions_of_a_second_are_compared_as_they_are_written() {
    // One ends its wait at the instant at which the other is picked, though 0.1 and 0.2 are not
    // exact.
    let found = ask(
        &log(&[("10", 1e9 + 0.1, "PS", 0, 0.2, "served"), ("10", 1e9, "PS", 0, 0.3, "served")]),
        LineOrder::Strict,
    );
    assert_eq!(decisions_and_agreed(&found), (0, 0));
}

/// The same in plain loops: every line-up is made anew, and nothing is asked of the Router.
fn by_plain_loops(log: &CallLog, order: LineOrder, high: Priority) -> Conformance {
    let mut found = Conformance::default();
    for day in log.days() {
        let waited = |row: &&crate::call_log::Row| {
            row.outcome != crate::call_log::Outcome::LeftInIvr && row.wait > Duration::ZERO
        };
        let rows: Vec<_> = day.rows.iter().filter(waited).collect();
        let key = |at: usize| {
            let priority = if rows[at].high_priority { high } else { Priority::NORMAL };
            let (steps, since) = (i64::from(priority.get()), rows[at].offered.as_secs() as i64);
            let by_age = i64::from(priority != Priority::EMERGENCY);
            let (first, second) = match order {
                LineOrder::Strict => (9 - steps, since),
                LineOrder::Credit(worth) => (by_age, since - worth.as_secs() as i64 * (steps - 5)),
                LineOrder::Oldest => (by_age, since),
            };
            // Arrival by arrival, as far as the log tells them apart.
            (first, second, since, rows[at].offered + rows[at].wait, at)
        };
        for (at, picked) in rows.iter().enumerate() {
            if picked.outcome != crate::call_log::Outcome::Served {
                continue;
            }
            let now = picked.offered + picked.wait;
            let is_there = |other: &usize| {
                let row = rows[*other];
                row.kind == picked.kind && row.offered < now && row.offered + row.wait > now
            };
            let others: Vec<usize> = (0..rows.len()).filter(is_there).collect();
            if others.is_empty() {
                continue;
            }
            let place = others.iter().filter(|other| key(**other) < key(at)).count() as u32 + 1;
            found.all.count(place == 1);
            found.by_kind.entry(picked.kind.clone()).or_default().count(place == 1);
            let line_up = others.len() as u32 + 1;
            found.by_line_up.entry(line_up).or_default().count(place == 1);
            *found.by_place.entry(place).or_default() += 1;
            let Some(best) = others.into_iter().min_by_key(|it| key(*it)).filter(|_| place > 1)
            else {
                continue;
            };
            let best_is_high = rows[best].high_priority;
            found.real_is_high += u64::from(picked.high_priority && !best_is_high);
            found.chosen_is_high += u64::from(best_is_high && !picked.high_priority);
        }
    }
    found
}

proptest! {
    /// Of whole seconds, few enough for much to happen at once.
    #[test]
    fn plain_loops_say_the_same(
        callers in prop::collection::vec(
            (0..2_usize, 0..60_u32, 0..2_usize, 0..3_u8, 0..20_u32, 0..8_usize), 1..60),
        order in prop_oneof![
            Just(LineOrder::Strict), Just(LineOrder::Oldest), (0..20_u64).prop_map(credit)],
        high in 0..10_u8,
    ) {
        let caller = |(day, offered, kind, priority, wait, result): &(_, _, _, _, _, usize)| {
            let (day, kind): (&str, &str) = (["10", "11"][*day], ["PS", "NW"][*kind]);
            let result = match result { 0 => "left_in_ivr", 1..3 => "abandoned", _ => "served" };
            (day, f64::from(*offered), kind, *priority, f64::from(*wait), result)
        };
        let log = log(&callers.iter().map(caller).collect::<Vec<_>>());
        let high_priority = Priority::new(high).expect("a priority");
        let question = Question { kind: None, order, high_priority };
        let found = conform(&log, question, |_| {}).expect("it can be followed");
        prop_assert_eq!(found, by_plain_loops(&log, order, high_priority));
    }
}
