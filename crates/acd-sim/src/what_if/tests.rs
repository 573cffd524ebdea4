//! Small days whose outcome is known, and the day that is in the tree.

use super::*;
use crate::call_log::CallLog;
use std::sync::Arc;

/// One agent, and two callers who find him busy; nobody hangs up, so patience has no end.
const LOG: &str = "\
call,day,offered_s,type,priority,wait_s,result,service_s,agent
c0,2026-03-10,36000,front,0,0,left_in_ivr,0,
c1,2026-03-10,36000,front,0,0,served,100,ana
c2,2026-03-10,36010,front,0,90,served,100,ana
c3,2026-03-10,36020,front,2,180,served,100,ana
";
/// And one who hangs up.
const HANGS_UP: &str = "c4,2026-03-10,36205,front,0,30,abandoned,0,\n";

/// Ana is at her notes while c2 waits, and away while c3 does.
const NOTES_AND_BREAK: &str = "\
call,day,offered_s,type,priority,wait_s,result,service_s,agent
c1,2026-03-10,36000,front,0,0,served,100,ana
c2,2026-03-10,36010,front,0,105,served,100,ana
c3,2026-03-10,36500,front,0,400,served,100,ana
c4,2026-03-10,37100,front,0,0,served,100,ana
";

fn config(order: &str, agents: &str) -> Config {
    let text = format!(
        "[routing]\norder = \"{order}\"\n\n[queues.front]\nwrap_up = \"0s\"\n\n[[queues.front.rules]]\n\
         name = \"give-up\"\nwhen = {{ waited = \"60m\" }}\nthen = {{ end = \"voicemail\" }}\n\n\
         [agents]\n{agents}\n"
    );
    let plan = acd_config::parse("test.toml", &text).expect("a right configuration").plan;
    Config { name: format!("{order}.toml"), plan: Arc::new(plan) }
}

fn recording(log: &str) -> Recording {
    let log = CallLog::read_from("log.csv", log.as_bytes()).expect("a right log");
    Recording::of_log(&log, |_| true, Reading { high_priority: 6, breaks: true })
}

fn pauses(day: &RecordedDay) -> Vec<Option<Span>> {
    let pause = |call: &RecordedCall| match call.end {
        RecordedEnd::Answered { pause, .. } => pause,
        _ => None,
    };
    day.calls.iter().map(pause).collect()
}

const TERMS: Terms = Terms { replications: 4, seed: 1, threads: 2 };

fn compared(recording: &Recording, one: Config, other: Config) -> Compared {
    let what_if = WhatIf::new(recording, [one, other], &[]).expect("it can be played");
    what_if.run(TERMS, |_| {}).expect("it is played")
}

fn figure(compared: &Compared, row: &Row, measure: Measure) -> Figure {
    let row = compared.rows.iter().find(|it| it.row == *row).expect("there is such a row");
    *row.figures.iter().find(|it| it.measure == measure).expect("each is measured")
}

fn values(figure: &Figure) -> [Option<f64>; 3] {
    let [one, other] = figure.played.map(|it| it.map(|it| it.value));
    [figure.recorded, one, other]
}

#[test]
fn the_record_is_met_again_under_its_own_order_and_another_order_changes_who_waits() {
    let recording = recording(LOG);
    assert_eq!(recording.calls(), 3, "who left before he asked for an agent is left out");
    let [oldest, strict] = ["oldest", "strict"].map(|order| config(order, "ana = {}"));
    let compared = compared(&recording, oldest, strict);
    let wait = |row: &Row| values(&figure(&compared, row, Measure::AverageWait));
    assert_eq!(wait(&Row::All), [90.0, 90.0, 90.0].map(Some));
    assert_eq!(wait(&Row::Priority(6)), [180.0, 180.0, 80.0].map(Some));
    assert_eq!(wait(&Row::Priority(5)), [45.0, 45.0, 95.0].map(Some));
    let hung_up = figure(&compared, &Row::Group("front".to_owned()), Measure::Abandoned);
    assert_eq!(values(&hung_up), [0.0, 0.0, 0.0].map(Some));
    assert!(figure(&compared, &Row::Priority(6), Measure::AverageWait).differs());
    assert!(!hung_up.differs());

    let changed: Vec<_> = compared.changed.iter().map(|it| (it.call, it.times())).collect();
    assert_eq!(changed, [((0, 1), 4), ((0, 2), 4)], "c2 and c3, in each replication");
    let longer = |at: usize| compared.changed[at].usual().expect("it changes").0.is_longer;
    assert_eq!([longer(0), longer(1)], [true, false]);
}

#[test]
fn an_agent_who_stands_in_one_configuration_alone_works_all_day_and_takes_what_he_can() {
    let recording = recording(&format!("{LOG}{HANGS_UP}"));
    let (one, two) = (config("oldest", "ana = {}"), config("oldest", "ana = {}\nbea = {}"));
    let what_if = WhatIf::new(&recording, [one.clone(), two.clone()], &[]).expect("it can be");
    assert!(what_if.notes()[0].ends_with("last who goes: bea"), "{:?}", what_if.notes());
    let compared = what_if.run(TERMS, |_| {}).expect("it is played");
    // bea takes c2 at once, ana c3 after 80 s, and c4 finds bea free.
    let wait = figure(&compared, &Row::All, Measure::AverageWait);
    assert_eq!(values(&wait), [90.0, 90.0, 20.0].map(Some));
    let hung_up = figure(&compared, &Row::All, Measure::Abandoned);
    assert_eq!(values(&hung_up), [1.0, 1.0, 0.0].map(Some));
    let turns: Vec<_> = compared.changed.iter().filter_map(ChangedCall::usual).collect();
    assert_eq!(turns.len(), 3);
    let answered = Turn { from: End::Abandoned, to: End::Answered, is_longer: false };
    assert!(turns.contains(&(answered, 4)), "{turns:?}");
    let works = |side: usize| compared.work[side].iter().map(|it| &*it.agent).collect::<Vec<_>>();
    assert_eq!((works(0), works(1)), (vec!["ana"], vec!["ana", "bea"]));

    // The other way round she is missed by nobody of the record; without ana nobody works.
    let nobody = config("oldest", "bea = {}");
    let what_if = WhatIf::new(&recording, [one, nobody], &[]).expect("it can be");
    assert!(what_if.notes()[0].contains("nobody plays ana of the record (1 in all)"));
}

#[test]
fn agents_whom_no_configuration_knows_are_played_in_the_order_of_the_file() {
    let recording = recording(LOG);
    let [one, other] = ["oldest", "strict"].map(|order| config(order, "x1 = {}\nx2 = {}"));
    let compared = compared(&recording, one, other);
    let wait = figure(&compared, &Row::All, Measure::AverageWait);
    assert_eq!(values(&wait), [90.0, 90.0, 90.0].map(Some), "x1 plays ana, x2 stays at home");
}

#[test]
fn a_log_tells_notes_and_breaks_by_callers_who_waited() {
    let recording = recording(NOTES_AND_BREAK);
    let day = &recording.days[0];
    let pauses = pauses(day);
    assert_eq!(pauses[0], Some(Span::from_secs(15)), "c2 waited on after the end of c1");
    assert_eq!(pauses[1..], [None; 3], "nobody waited when the others ended");
    let since = |at: Timestamp| at.since(day.midnight).0 / 1_000_000;
    let presence: Vec<_> = day.presence.iter().map(|it| (since(it.at), it.to)).collect();
    let expected = [
        (36_000, AtWork::Ready),
        (36_500, AtWork::NotReady),
        (36_900, AtWork::Ready),
        (37_200, AtWork::Gone),
    ];
    assert_eq!(presence, expected, "c3 waited 400 s for nobody");
    let [one, other] = ["oldest", "oldest"].map(|order| config(order, "ana = {}"));
    let compared = compared(&recording, one, other);
    let wait = values(&figure(&compared, &Row::All, Measure::AverageWait));
    assert_eq!(wait, [126.25, 126.25, 126.25].map(Some), "and so it is played");
}

#[test]
fn a_queue_that_is_missing_is_named_with_what_would_help() {
    let recording = recording(&LOG.replace("front", "PS"));
    let config = config("oldest", "ana = {}");
    let both = || [config.clone(), config.clone()];
    let maps = |queue: &str| [("PS".to_owned(), queue.to_owned())];
    let error = WhatIf::new(&recording, both(), &[]).err().expect("there is no PS").to_string();
    assert!(error.starts_with("oldest.toml: it has no queue PS"), "{error}");
    assert!(error.ends_with("--map PS=QUEUE"), "{error}");
    let error = WhatIf::new(&recording, both(), &maps("back")).err().expect("no back").to_string();
    assert_eq!(error, "oldest.toml: --map PS=back: it has no queue back; it has front");
    WhatIf::new(&recording, both(), &maps("front")).expect("mapped");
}

#[test]
fn who_takes_the_next_caller_at_once_needs_no_pause() {
    let none = Some(Span(0));
    let day = &recording(LOG).days[0];
    assert_eq!(pauses(day), [none, none, None], "c2 and c3 waited until ana was free, none after");
}

#[test]
fn what_a_log_shows_between_two_calls_contains_the_wrap_up() {
    let recording = recording(NOTES_AND_BREAK);
    let [short, long] = [10, 40].map(|seconds| {
        let mut config = config("oldest", "ana = {}");
        Arc::make_mut(&mut config.plan).queues[0].wrap_up = Span::from_secs(seconds);
        config
    });
    let compared = compared(&recording, short, long);
    let wait = values(&figure(&compared, &Row::All, Measure::AverageWait));
    // After c1 ana needs 15 s; where the queue gives her 40 s, c2 waits 25 s longer.
    assert_eq!(wait, [126.25, 126.25, 132.5].map(Some));
}

#[test]
fn stand_ins_are_the_same_people_in_whatever_order_each_file_has_them() {
    let recording = recording(LOG);
    let one = config("oldest", "x1 = {}\nx2 = {}\nx3 = {}");
    let other = config("oldest", "x3 = {}\nx2 = {}\nx1 = {}");
    let compared = compared(&recording, one, other);
    let works = |side: usize| compared.work[side].iter().map(|it| &*it.agent).collect::<Vec<_>>();
    assert_eq!((works(0), works(1)), (vec!["x1"], vec!["x1"]), "x1 plays ana in both");
}

#[test]
fn a_map_of_what_the_record_does_not_name_is_refused_with_what_it_names() {
    let recording = recording(LOG);
    let config = config("oldest", "ana = {}");
    let maps = [("frnt".to_owned(), "front".to_owned())];
    let error = WhatIf::new(&recording, [config.clone(), config], &maps).err();
    let error = error.expect("there is no frnt").to_string();
    assert_eq!(error, "--map frnt=front: the record names no queue or type frnt; it names front");
}

#[test]
fn a_replication_keeps_no_waits_of_single_calls() {
    let recording = recording(LOG);
    let config = config("oldest", "ana = {}");
    let what_if = WhatIf::new(&recording, [config.clone(), config], &[]).expect("it can be");
    let mut one = what_if.replication(1, 0).expect("it is played");
    assert!(!one.measures[0].is_empty(), "its measures are taken");
    assert!(one.tallies.iter_mut().all(|tally| tally.measures().is_empty()), "from what is gone");
}

#[test]
fn who_only_had_talks_that_took_no_time_works_all_the_same() {
    let log = "\
call,day,offered_s,type,priority,wait_s,result,service_s,agent
c1,2026-03-10,36000,front,0,0,served,0,ana
c2,2026-03-10,36500,front,0,400,served,0,ana
";
    // Ana alone, and away until c2 at the end; then each call by somebody who has no other.
    for log in [log.to_owned(), log.replace("400,served,0,ana", "400,served,0,bea")] {
        let recording = recording(&log);
        let config = config("oldest", "ana = {}\nbea = {}");
        let compared = compared(&recording, config.clone(), config);
        let answered = values(&figure(&compared, &Row::All, Measure::Answered));
        assert_eq!(answered, [2.0, 2.0, 2.0].map(Some), "{log}");
    }
}

#[test]
fn an_agent_who_was_added_stays_as_long_as_somebody_does() {
    let mut recording = recording(LOG);
    let one = config("oldest", "ana = {}");
    let two = config("oldest", "ana = {}\nbea = {}");
    let waits = |recording: &Recording| {
        let compared = compared(recording, one.clone(), two.clone());
        values(&figure(&compared, &Row::All, Measure::AverageWait))
    };
    let helped = [90.0, 90.0, 80.0 / 3.0].map(Some);
    assert_eq!(waits(&recording), helped, "bea takes c2, ana c3 after 80 s");
    let gone = recording.days[0].presence.pop().map(|change| change.to);
    assert_eq!(gone, Some(AtWork::Gone), "now the record ends with ana at work");
    assert_eq!(waits(&recording), helped);
}

fn sample() -> (Recording, Config) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let log = CallLog::read(&root.join("sample-trace.csv")).expect("a right log");
    let reading = Reading { high_priority: 6, breaks: true };
    let config = acd_config::load(&root.join("bank.toml")).expect("a right configuration");
    let config = Config { name: "bank.toml".to_owned(), plan: Arc::new(config.plan) };
    (Recording::of_log(&log, |_| true, reading), config)
}

#[test]
fn the_same_configuration_twice_makes_no_difference_at_all() {
    let (recording, config) = sample();
    let compared = compared(&recording, config.clone(), config);
    assert!(compared.changed.is_empty());
    for figure in compared.rows.iter().flat_map(|row| &row.figures) {
        if let Some(difference) = figure.difference {
            assert_eq!((difference.value, difference.half_width), (0.0, 0.0), "{figure:?}");
        }
        assert!(!figure.differs());
    }
    assert_eq!(compared.work[0], compared.work[1]);
}

#[test]
fn a_seed_names_a_comparison_whatever_the_threads() {
    let (recording, config) = sample();
    let mut plan = (*config.plan).clone();
    plan.order = acd_core::Order::Oldest;
    let oldest = Config { name: "oldest.toml".to_owned(), plan: Arc::new(plan) };
    let what_if = WhatIf::new(&recording, [config, oldest], &[]).expect("it can be played");
    let run = |terms: Terms| what_if.run(terms, |_| {}).expect("it is played");
    let (one, again) = (run(TERMS), run(Terms { threads: 1, ..TERMS }));
    assert_eq!((&one.rows, &one.changed), (&again.rows, &again.changed));
    let other = run(Terms { seed: 2, ..TERMS });
    assert_ne!(one.rows, other.rows, "other luck, other figures");
}
