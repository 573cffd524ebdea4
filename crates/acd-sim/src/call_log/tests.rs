//! Call logs: what is read, and what each broken row is told.

use super::{CallLog, Day, LogError, Outcome, Row};
use jiff::civil::{Date, date};
use std::time::Duration;

const HEAD: &str = "call,day,offered_s,type,priority,wait_s,result,service_s,agent\n";

fn read_from(file: &str, input: &[u8], day: Option<Date>) -> Result<Day, LogError> {
    CallLog::read_from(file, input)?.into_day(day)
}

fn read(rows: &str) -> Result<Day, LogError> {
    read_from("log.csv", format!("{HEAD}{rows}").as_bytes(), None)
}

fn problems(rows: &str) -> String {
    read(rows).expect_err("it is malformed").to_string()
}

#[test]
fn a_row_says_who_called_and_what_became_of_it() {
    let day = read("17,1999-02-01,2703594,NW,2,13,served,113.5,agent13\n").expect("right");
    assert_eq!(day.day, date(1999, 2, 1));
    let row = Row {
        call: "17".to_owned(),
        offered: Duration::from_secs(2_703_594),
        kind: "NW".to_owned(),
        high_priority: true,
        wait: Duration::from_secs(13),
        outcome: Outcome::Served,
        service: Duration::from_millis(113_500),
        agent: Some("agent13".to_owned()),
    };
    assert_eq!(day.rows, [row]);
}

#[test]
fn columns_are_found_by_their_names_and_others_are_left_alone() {
    let text = "agent,note,service_s,result,wait_s,priority,type,offered_s,day,call\n\
                ,hello,0,abandoned,9,0,PS,5,2026-03-11,a\n";
    let day = read_from("log.csv", text.as_bytes(), None).expect("right");
    assert_eq!(day.rows[0].outcome, Outcome::Abandoned);
    assert_eq!(day.rows[0].agent, None);
}

#[test]
fn the_first_day_of_the_file_is_taken_unless_another_is_asked_for() {
    let rows = "1,2026-03-11,100,PS,0,0,served,5,a\n\
                2,2026-03-10,50,PS,0,0,served,5,a\n\
                3,2026-03-11,90,PS,0,0,served,5,a\n";
    let calls = |day: &Day| day.rows.iter().map(|row| row.call.clone()).collect::<Vec<_>>();
    assert_eq!(calls(&read(rows).expect("right")), ["1", "3"]);
    let text = format!("{HEAD}{rows}");
    let other = read_from("log.csv", text.as_bytes(), Some(date(2026, 3, 10))).expect("right");
    assert_eq!(calls(&other), ["2"]);
    let none = read_from("log.csv", text.as_bytes(), Some(date(2026, 3, 12)));
    assert_eq!(
        none.expect_err("it is not there").to_string(),
        "log.csv has no calls of 2026-03-12; it has 2026-03-10, 2026-03-11"
    );
}

#[test]
fn all_days_are_there_in_the_order_of_the_file_with_all_types() {
    let rows = "1,2026-03-11,100,PS,0,0,served,5,a\n\
                1,2026-03-10,50,NW,0,0,served,5,a\n\
                3,2026-03-11,90,IN,0,0,left_in_ivr,0,\n";
    let log = CallLog::read_from("log.csv", format!("{HEAD}{rows}").as_bytes()).expect("right");
    let days: Vec<_> = log.days().iter().map(|day| (day.day, day.rows.len())).collect();
    assert_eq!(days, [(date(2026, 3, 11), 2), (date(2026, 3, 10), 1)]);
    assert!(log.kinds().into_iter().eq(["IN", "NW", "PS"]));
}

#[test]
fn every_malformed_row_is_named_by_line_and_column() {
    let rows = "1,2026-03-11,x,PS,0,0,served,5,a\n\
                2,2026-03-11,100,PS,0,0,served,5,a\n\
                3,yesterday,100,PS,0,0,served,5,a\n\
                4,2026-03-11,100,PS,9,0,served,5,a\n\
                5,2026-03-11,100,PS,0,-1,served,5,a\n\
                6,2026-03-11,100,PS,0,0,lost,5,a\n\
                7,2026-03-11,100\n\
                ,2026-03-11,100,PS,0,0,served,5,a\n\
                9,2026-03-11,100,,0,0,served,1e3,a\n";
    assert_eq!(
        problems(rows),
        "log.csv:2: offered_s: `x` is not a number of seconds, 0 or more\n\
         log.csv:4: day: `yesterday` is not a day such as 2026-03-11\n\
         log.csv:5: priority: `9` is not a priority: 0, 1 or 2\n\
         log.csv:6: wait_s: `-1` is not a number of seconds, 0 or more\n\
         log.csv:7: result: `lost` is not a result: served, abandoned or left_in_ivr\n\
         log.csv:8: type: missing; the row has 3 fields\n\
         log.csv:9: call: empty; expected a call id of 1 to 128 bytes without control characters\n\
         log.csv:10: type: empty; expected a name"
    );
}

#[test]
fn a_long_list_of_problems_is_cut_and_counted() {
    let rows = "1,2026-03-11,x,PS,0,0,served,5,a\n".repeat(25);
    let text = problems(&rows);
    assert_eq!(text.lines().count(), 21);
    assert!(text.ends_with("and 5 more problems"), "{text}");
}

#[test]
fn a_call_id_is_used_once_a_day() {
    let rows = "7,2026-03-11,100,PS,0,0,served,5,a\n\
                7,2026-03-12,100,PS,0,0,served,5,a\n";
    assert_eq!(read(rows).expect("other days may").rows.len(), 1);
    let rows = "7,2026-03-11,100,PS,0,0,served,5,a\n\
                7,2026-03-11,200,PS,0,0,served,5,a\n";
    assert_eq!(problems(rows), "log.csv:3: call: `7` is the call of line 2 too");
    let rows = format!("1,2026-03-10,0,PS,0,0,served,5,a\n{rows}");
    assert_eq!(problems(&rows), "log.csv:4: call: `7` is the call of line 3 too", "of every day");
}

#[test]
fn a_head_without_a_column_is_refused() {
    let error = read_from("log.csv", "call,day\n".as_bytes(), None).expect_err("no columns");
    assert!(error.to_string().starts_with("log.csv:1: offered_s: the head has no such column"));
}

#[test]
fn a_log_without_calls_is_refused() {
    assert_eq!(problems(""), "log.csv has no calls");
    assert!(read_from("log.csv", "".as_bytes(), None).is_err());
}

#[test]
fn what_is_not_text_is_refused_where_it_stands() {
    let mut bytes = format!("{HEAD}1,2026-03-11,100,PS,0,0,served,5,a\n").into_bytes();
    bytes.extend(b"2,2026-03-11,100,\xff\xfe,0,0,served,5,a\n");
    let error = read_from("log.csv", bytes.as_slice(), None).expect_err("not UTF-8");
    assert_eq!(error.to_string(), "log.csv:3: row: this is not UTF-8");
}

#[test]
fn a_day_that_lasts_a_week_is_refused() {
    let rows = "1,2026-03-11,0,PS,0,0,served,5,a\n\
                2,2026-03-11,604800,PS,0,0,served,5,a\n";
    assert_eq!(problems(rows), "log.csv: the calls of 2026-03-11 spread over more than 48 hours");
}
