//! Logs whose answers are known by hand.

use super::*;

const HEAD: &str = "call,day,offered_s,type,priority,wait_s,result,service_s,agent\n";

fn log(rows: &[&str]) -> CallLog {
    let numbered = |(number, row): (usize, &&str)| format!("{number},2026-03-{row}\n");
    let rows: String = rows.iter().enumerate().map(numbered).collect();
    CallLog::read_from("log.csv", format!("{HEAD}{rows}").as_bytes()).expect("it is right")
}

fn question() -> Question {
    Question {
        kind: "PS".to_owned(),
        fit_days: 1,
        with: BTreeSet::new(),
        credit: Duration::from_secs(90),
        high_priority: Priority::new(6).expect("there is one"),
        priorities: BTreeMap::new(),
        notes: Duration::from_secs(30),
    }
}

fn heard(rows: &[&str], question: &Question) -> Vec<Heard> {
    follow::follow(&log(rows), question, |_| {}).expect("it can be followed")
}

/// On the first day ana takes one each 100 s, while two wait; the scored day begins in the same way.
const TWO_DAYS: [&str; 8] = [
    "10,0,PS,0,0,served,100,ana",
    "10,1,PS,0,99,served,100,ana",
    "10,2,PS,0,198,served,100,ana",
    "10,3,PS,0,50,abandoned,0,",
    "11,0,PS,0,0,served,100,ana",
    "11,10,PS,0,90,served,100,ana",
    "11,20,PS,0,180,served,100,ana",
    "11,30,PS,0,40,abandoned,0,",
];

#[test]
fn what_is_known_as_a_call_comes_is_of_that_instant() {
    let found = heard(&TWO_DAYS, &question());
    let facts = |heard: &Heard| (heard.day, heard.position, heard.agents_seen);
    let facts: Vec<_> = found.iter().map(facts).collect();
    assert_eq!(facts, [(0, 1, 1), (0, 2, 1), (0, 3, 1), (1, 1, 1), (1, 2, 1), (1, 3, 1)]);
    let waited: Vec<_> =
        found.iter().map(|it| (it.truth.waited, it.truth.hung_up, it.first_has_waited)).collect();
    let of_second = [(90.0, false, 0.0), (180.0, false, 10.0), (40.0, true, 20.0)];
    assert_eq!(waited[3..], of_second);
    assert_eq!(found[5].last_waited, 0.0, "none was answered on that day that had waited");
}

/// While some stood in line, for 199 s, two were taken; one left, of three who waited 347 s together.
#[test]
fn what_acdd_says_follows_from_how_the_queue_moved() {
    let found = heard(&TWO_DAYS, &question());
    assert_eq!(found[0].estimate, Some(0.0), "nothing is known, and nobody waits");
    assert_eq!(
        found[1].estimate,
        Some(0.0),
        "the first has waited for no half minute that is over"
    );
    let stood = 199.0 - 199.0 / 2.0 / 96.0;
    let said = found[3].estimate.expect("ana works");
    // Two thirds of a gap and a little less, since callers leave.
    assert!((0.6 * stood / 2.0..2.0 / 3.0 * stood / 2.0 + 1.0).contains(&said), "{said}");
    let next = found[4].estimate.expect("ana works");
    assert!((said * 2.0..said * 2.5).contains(&next), "one more is ahead: {said}, {next}");
}

#[test]
fn nobody_works_before_the_first_call_is_taken_and_after_the_notes_of_the_last() {
    let rows = [
        "10,0,PS,0,10,served,100,ana",
        "10,120,PS,0,300,abandoned,0,",
        "10,150,PS,0,300,abandoned,0,",
    ];
    let found = heard(&rows, &question());
    let said: Vec<_> = found.iter().map(|it| it.estimate.is_some()).collect();
    assert_eq!(said, [false, true, false], "her notes end at 140");
}

#[test]
fn who_is_seen_has_talked_within_half_an_hour() {
    let rows = [
        "10,0,PS,0,0,served,100,ana",
        "10,0,NW,0,0,served,101,ben",
        "10,0,NW,0,0,served,5000,eve",
        "10,1900,PS,0,5,served,9,ana",
        "10,1901,PS,0,5,served,9,ben",
        "10,1902,PS,0,5,served,9,ben",
    ];
    let seen: Vec<_> = heard(&rows, &question()).iter().map(|it| it.agents_seen).collect();
    assert_eq!(seen, [3, 2, 1], "whatever they talk about; eve still does");
}

/// Of another type that waits in the same line, a call of high priority comes first, of low last.
#[test]
fn calls_of_other_types_are_ahead_if_they_are_in_one_line() {
    let rows = [
        "10,0,PS,0,0,served,100,ana",
        "10,1,PS,0,99,served,100,ana",
        "10,2,PS,0,198,served,1000,ana",
        "10,210,NW,0,500,abandoned,0,",
        "10,220,PS,0,500,abandoned,0,",
    ];
    let said = |question: &Question| heard(&rows, question)[2].estimate.expect("ana works");
    let apart = said(&question());
    let with = ["NW".to_owned()].into_iter().collect();
    let together = Question { with, ..question() };
    let low = Priority::new(4).expect("there is one");
    let below =
        Question { priorities: [("NW".to_owned(), low)].into_iter().collect(), ..together.clone() };
    assert!(said(&together) > apart * 2.0, "one is ahead");
    assert!((said(&below) - apart).abs() < 1e-6, "it is not");
}

#[test]
fn a_score_lets_those_who_waited_longer_stand_for_those_who_hung_up() {
    let call = |waited, hung_up| Truth { waited, hung_up };
    // Of the three who had not been answered by 20 s one hung up: each of the two others counts as 1.5.
    let calls = [call(10.0, false), call(20.0, true), call(30.0, false), call(40.0, false)];
    let weights = score::weights(&calls);
    assert_eq!(weights, [1.0, 0.0, 1.5, 1.5]);
    let found =
        score::score(&calls, &weights, &[10.0, 5.0, 20.0, 60.0]).expect("some were answered");
    assert_eq!(found.error, (0.0 + 1.5 * 10.0 + 1.5 * 20.0) / 4.0);
    assert_eq!(found.too_short_by, (1.5 * 10.0 - 1.5 * 20.0) / 4.0);
    assert_eq!((found.answered_error, found.hung_up_error), (10.0, 15.0));
    let nobody = [call(5.0, true)];
    assert_eq!(score::score(&nobody, &score::weights(&nobody), &[1.0]), None);
}

#[test]
fn a_comparison_scores_the_days_after_the_first() {
    let found = compare(&log(&TWO_DAYS), &question(), |_| {}).expect("it can be compared");
    assert_eq!((found.days, found.calls, found.hung_up, found.unsaid), (1, 3, 1, 0));
    assert_eq!(found.talk, 100.0);
    let (method, per_agent) = found.scores[1];
    assert_eq!(method, Method::PerAgentSeen);
    // 100 for a wait of 90, and 200 for 180: the one who hung up would have come after both.
    assert_eq!((per_agent.error, per_agent.too_short_by), (15.0, -15.0));
    let (_, acdd) = found.scores[0];
    let better = found.better_by().expect("both have a score");
    assert!((better - (1.0 - acdd.error / 15.0)).abs() < 1e-9);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let told = |rows: &[&str], question: &Question| {
        compare(&log(rows), question, |_| {}).expect_err("there is nothing").to_string()
    };
    let other = Question { with: ["XX".to_owned()].into_iter().collect(), ..question() };
    assert_eq!(told(&TWO_DAYS, &other), "the log has no calls of type `XX`; it has PS");
    let all = Question { fit_days: 2, ..question() };
    assert!(told(&TWO_DAYS, &all).starts_with("the log has 2 days; at least one"));
    assert!(told(&TWO_DAYS[3..], &question()).contains("on the days to look at beforehand"));
    assert!(told(&TWO_DAYS[..5], &question()).contains("after a wait on the days to score"));
    let long = ["10,0,PS,0,1,served,9999999,ana", "11,0,PS,0,1,served,5,ana"];
    let told = told(&long, &question());
    assert_eq!(told, "call 0 of 2026-03-10 waited or talked for longer than 31 days");
}

/// Calls that overlap, that are taken by nobody in particular, or that end as they begin.
#[test]
fn a_log_that_is_not_exact_is_followed_nevertheless() {
    let rows = [
        "10,0,PS,0,0,served,100,ana",
        "10,50,PS,2,10,served,100,ana",
        "10,61,PS,0,5,served,0,",
        "10,62,PS,1,5,served,0,ben",
        "10,67,PS,0,0,served,10,ben",
        "10,67,PS,0,0,abandoned,0,",
        "10,70,PS,0,0,left_in_ivr,0,",
        "11,0,TT,0,3,served,7,ben",
    ];
    assert_eq!(heard(&rows, &question()).len(), 3);
}
