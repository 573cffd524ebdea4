//! Scenarios with known answers, and what is wrong with others.

use super::*;
use crate::erlang::{Lines, Load};
use crate::replications::Estimate;
use crate::surroundings::Surroundings as _;

/// Two queues; the first gives time for notes.
const CONFIG: &str = r#"
[skills]
billing = {}

[queues.sales]
wrap_up = "30s"
service_level = { answered = "80%", within = "20s" }
[[queues.sales.rules]]
name = "give-up"
when = { waited = "12h" }
then = { end = "message" }

[queues.billing]
require = { billing = 1 }
[[queues.billing.rules]]
name = "to-sales"
when = { waited = "1m" }
then = { move_to = "sales" }
[[queues.billing.rules]]
name = "give-up"
when = { waited = "10m" }
then = { end = "message" }

[[routes]]
match = { dialed = "+15550100" }
queue = "billing"
priority = 7
[[routes]]
queue = "sales"

[agents]
"#;

fn plan(agents: &str) -> Arc<RoutingPlan> {
    let config = acd_config::parse("acdd.toml", &format!("{CONFIG}{agents}"));
    Arc::new(config.unwrap_or_else(|problems| panic!("{problems}")).plan)
}

/// So many who can do nothing special.
fn agents(count: usize) -> String {
    (1..=count).map(|number| format!("a{number} = {{}}\n")).collect()
}

fn run(plan: &Arc<RoutingPlan>, text: &str) -> Outcome {
    let scenario = Scenario::read(text, plan).unwrap_or_else(|error| panic!("{error}"));
    scenario.run(2, |_| {}).unwrap_or_else(|error| panic!("{error}"))
}

fn near(what: &str, got: Option<Estimate>, known: f64, tolerance: f64) {
    let got = got.unwrap_or_else(|| panic!("{what}: none"));
    let within = got.half_width * 1.6 + tolerance;
    assert!((got.value - known).abs() < within, "{what}: {got:?}, known {known}");
}

/// Notes are taken in no time, so that agents are busy for exponential times, as Erlang has it.
#[test]
fn a_long_steady_day_comes_out_as_erlang_a_says() {
    let text = r#"
        from = "02:00"
        to = "24:00"
        interval = "1h"
        warm_up = "2h"
        replications = 20
        [calls.all]
        queue = "sales"
        per_hour = 120
        talk = "3m"
        wrap_up = { exactly = "0s" }
        patience = "2m"
    "#;
    let outcome = run(&plan(&agents(7)), text);
    let load = Load::new(120.0 / 3_600.0, 180.0, Some(120.0), Lines::Unlimited).expect("a load");
    let known = load.steady_state(7).expect("figures");
    let all = &outcome.all;
    let lost = all.abandoned.value + all.short_abandoned.value;
    near(
        "abandoned",
        Some(Estimate { value: lost / all.offered.value, ..all.abandoned }),
        known.abandoned,
        0.004,
    );
    near("asa", all.asa_seconds, known.mean_wait_of_served, 0.5);
    near("level", all.service_level_with_short.abandons_missed, known.service_level(20.0), 0.004);
    near("occupancy", outcome.agents.occupancy, known.occupancy, 0.004);
    near("offered", Some(all.offered), 120.0 * 22.0, 1.0);
    near("aht", all.aht_seconds, 180.0, 0.5);
    near("working", Some(outcome.agents.working), 7.0, 1e-9);
    assert_eq!(outcome.queues.len(), 1, "billing had no call");
}

#[test]
fn without_patience_it_is_erlang_c() {
    let text = r#"
        from = "02:00"
        to = "24:00"
        interval = "22h"
        warm_up = "2h"
        replications = 40
        [calls.all]
        queue = "sales"
        per_hour = 100
        talk = "2m"
        wrap_up = { exactly = "0s" }
    "#;
    let outcome = run(&plan(&agents(5)), text);
    let load = Load::new(100.0 / 3_600.0, 120.0, None, Lines::Unlimited).expect("a load");
    let known = load.steady_state(5).expect("figures");
    near("asa", outcome.all.asa_seconds, known.mean_wait, 0.5);
    near("level", outcome.all.service_level.abandons_missed, known.service_level(20.0), 0.004);
    assert!(outcome.all.abandoned.value == 0.0);
}

#[test]
fn the_routes_rules_and_shifts_of_the_configuration_act() {
    let text = r#"
        from = "08:00"
        to = "10:00"
        interval = "1h"
        replications = 5
        [calls.bills]
        dialed = "+15550100"
        per_interval = [30, 0]
        talk = { exactly = "1m" }
        [[shifts]]
        agents = "sue"
        from = "08:00"
        to = "09:00"
        breaks = [{ from = "08:30", to = "08:45" }]
    "#;
    // Nobody can bill: after a minute all move to sales, where sue is, for three quarters of an hour.
    let outcome = run(&plan("sue = {}\ntom = {}\n"), text);
    let [sales, billing] = outcome.queues.as_slice() else { panic!("two queues") };
    assert_eq!((sales.queue.as_str(), billing.queue.as_str()), ("sales", "billing"));
    assert_eq!(billing.day.moved, billing.day.offered);
    assert_eq!(sales.day.offered, billing.day.offered);
    assert!(sales.by_interval[1].offered.value < 2.0, "{:?}", sales.by_interval[1].offered);
    let first = &outcome.all_by_interval[0];
    assert!(first.wait_p50_seconds.is_some_and(|wait| wait.value >= 60.0), "{first:?}");
    // Talk of 1 m, and the 30 s of notes that the queue gives, which nobody ends before.
    near("aht", outcome.all.aht_seconds, 90.0, 1e-6);
    let working: Vec<f64> = outcome.agents_by_interval.iter().map(|of| of.working.value).collect();
    assert!((0.75..0.80).contains(&working[0]), "{working:?}");
    assert_eq!(outcome.teams.len(), 1, "sue and tom are equal");
}

#[test]
fn the_same_seed_gives_the_same_day_on_any_number_of_threads() {
    let text = r#"
        from = "08:00"
        to = "09:00"
        replications = 6
        seed = 7
        [calls.all]
        queue = "sales"
        per_hour = [60]
        talk = "3m"
        patience = "1m"
        [agents]
        answer = { uniform = ["2s", "8s"] }
        misses = "5%"
    "#;
    let plan = plan(&agents(3));
    let scenario = Scenario::read(text, &plan).expect("right");
    let told = |threads| format!("{:?}", scenario.run(threads, |_| {}).expect("played"));
    assert_eq!(told(1), told(3));
}

#[test]
fn a_stream_meets_the_same_callers_whatever_others_there_are() {
    let plan = plan(&agents(1));
    let stream =
        |name: &str| format!("[calls.{name}]\nqueue = \"sales\"\nper_hour = 12\ntalk = \"1m\"\n");
    let came = |streams: &[String]| {
        let head = "from = \"08:00\"\nto = \"10:00\"\n";
        let scenario = Scenario::read(&format!("{head}{}", streams.concat()), &plan);
        let scenario = scenario.expect("right");
        let mut play = Play::new(&scenario, &scenario.roster, &[0], 1, 0);
        let mut came = Vec::new();
        while let Some(call) = play.next_call() {
            if scenario.streams[call.kind as usize].name == "sales" {
                came.push((call.at, call.luck));
            }
        }
        came
    };
    let alone = came(&[stream("sales")]);
    assert!(!alone.is_empty());
    assert_eq!(came(&[stream("early"), stream("sales")]), alone);
}

#[test]
fn the_number_of_a_name_is_that_of_the_published_hash() {
    assert_eq!(play::number(""), 0x811c_9dc5);
    assert_eq!(play::number("a"), 0xe40c_292c);
    assert_eq!(play::number("foobar"), 0xbf9c_f968);
}

/// Such lengths are no floats, nor is their every multiple the nearest one.
#[test]
fn intervals_of_any_length_have_all_the_time_of_agents() {
    for interval in ["60.1s", "61.3s", "77.777777s"] {
        let text = format!(
            "from = \"08:00\"\nto = \"10:00\"\ninterval = \"{interval}\"\nreplications = 2\n\
             [calls.all]\nqueue = \"sales\"\nper_hour = 30\ntalk = \"1m\"\n"
        );
        let outcome = run(&plan(&agents(3)), &text);
        assert!(!outcome.agents_by_interval.is_empty());
        for of in &outcome.agents_by_interval {
            assert!((of.working.value - 3.0).abs() < 1e-6, "{interval}: {:?}", of.working);
        }
    }
}

#[test]
fn agents_who_miss_calls_come_back() {
    let text = r#"
        from = "08:00"
        to = "18:00"
        replications = 4
        [calls.all]
        queue = "sales"
        per_hour = 20
        talk = "1m"
        [agents]
        misses = "50%"
        back_after = "5m"
    "#;
    let plan = plan(&agents(3));
    let mut strict = RoutingPlan::clone(&plan);
    strict.missed_offers = acd_core::MissedOffers::NotReadyAfter(2);
    let strict = Arc::new(strict);
    let outcome = run(&strict, text);
    assert!(outcome.agents.working.value < 2.9, "{:?}", outcome.agents.working);
    assert_eq!(outcome.all.answered, outcome.all.offered);
}

#[test]
fn what_is_wrong_is_told_with_its_line_its_key_and_what_is_right() {
    let plan = plan("ana = { skills = { billing = 3 } }\n");
    let head = "from = \"08:00\"\nto = \"10:00\"\n";
    let all = "[calls.all]\nqueue = \"sales\"\ntalk = \"3m\"\n";
    for (text, said) in [
        (
            format!("{head}colour = 1\n{all}per_hour = 5\n"),
            "unknown field `colour`, expected one of",
        ),
        (format!("{head}{all}per_hour = 5\nwrapup = \"1m\"\n"), "wrap_up"),
        (format!("{head}{all}per_hour = 5\npatience = \"3\"\n"), "such as \"4m\""),
        (format!("{head}{all}"), "line 3: calls.all: says how many calls come either as"),
        (
            format!("{head}{all}per_hour = [1]\n"),
            "line 6: calls.all.per_hour: the day has 2 of these, here are 1",
        ),
        (
            format!("{head}{all}per_interval = [1, -1, 1, 1]\n"),
            "calls.all.per_interval: a number of calls is 0 or more",
        ),
        (format!("{head}{all}per_hour = 0\n"), "there must be calls"),
        (
            format!("{head}warm_up = \"2h\"\n{all}per_hour = 600000\n"),
            "at most 2000000 a day with its warm-up; 2400000 come",
        ),
        (
            format!("{head}{all}per_hour = 5\npriority = 10\n"),
            "line 7: calls.all.priority: must be 0 to 9",
        ),
        (format!("{head}{all}per_hour = 5\nchannel = \"fax\"\n"), "there are voice, chat"),
        (
            format!("{head}{all}per_hour = 5\nchannel = \"chat\"\n"),
            "no agent of the configuration takes calls of channel chat",
        ),
        (format!("{head}{all}per_hour = 5\ndialed = \"1\"\n"), "either `queue`, or"),
        (
            format!("{head}[calls.all]\nqueue = \"sale\"\ntalk = \"3m\"\nper_hour = 5\n"),
            "no queue `sale`; it has sales, billing",
        ),
        (
            format!("{head}[calls.all]\ntalk = \"3m\"\nper_hour = 5\n"),
            "does not say where its calls go",
        ),
        (
            format!("from = \"10:00\"\nto = \"10:00\"\n{all}per_hour = 5\n"),
            "line 2: to: the day must end after",
        ),
        (
            format!("{head}interval = \"3h\"\n{all}per_hour = 5\n"),
            "line 3: interval: must be 1m at least",
        ),
        (
            format!("{head}interval = \"60.0000001s\"\n{all}per_hour = 5\n"),
            "line 3: interval: must be whole microseconds",
        ),
        (
            format!(
                "{head}{all}per_hour = 5\n[[shifts]]\nagents = \"bob\"\nfrom = \"08:00\"\nto = \"09:00\"\n"
            ),
            "shifts[0].agents: the configuration has no agent `bob`",
        ),
        (
            format!(
                "{head}{all}per_hour = 5\n[[shifts]]\nagents = \"all\"\nfrom = \"08:00\"\nto = \"09:00\"\nbreaks = [{{ from = \"08:50\", to = \"09:10\" }}]\n"
            ),
            "line 11: shifts[0].breaks",
        ),
    ] {
        let error = Scenario::read(&text, &plan).expect_err(&text).to_string();
        assert!(error.contains(said), "{text}\n{error}");
    }
}

#[test]
fn notes_that_a_queue_gives_no_time_for_are_remarked_upon() {
    let text = "from = \"08:00\"\nto = \"10:00\"\n[calls.bills]\nqueue = \"billing\"\nper_hour = 5\n\
        talk = \"3m\"\nwrap_up = \"1m\"\n";
    let plan = plan("ana = { skills = { billing = 3 } }\n");
    let mut without = RoutingPlan::clone(&plan);
    without.queues[1].wrap_up = Span(0);
    let scenario = Scenario::read(text, &Arc::new(without)).expect("right");
    assert!(scenario.remarks[0].contains("calls.bills.wrap_up has no effect in queue billing"));
}

#[test]
fn a_day_that_nobody_works_for_is_remarked_upon() {
    let text = r#"
        from = "08:00"
        to = "18:00"
        interval = "1h"
        [calls.bills]
        queue = "billing"
        per_hour = [5, 5, 5, 5, 5, 5, 5, 5, 5, 0]
        talk = "3m"
        [calls.orders]
        queue = "sales"
        per_hour = 5
        talk = "3m"
        [[shifts]]
        agents = "ana"
        from = "08:00"
        to = "16:00"
        breaks = [{ from = "12:00", to = "12:30" }]
        [[shifts]]
        agents = "ben"
        from = "07:30"
        to = "18:00"
    "#;
    let plan = plan("ana = { skills = { billing = 3 } }\nben = {}\ncleo = {}\n");
    let scenario = Scenario::read(text, &plan).expect("right");
    let gap = "nobody at work may take calls of billing as they come: only rules can help them.";
    assert_eq!(
        scenario.remarks,
        [
            &format!("From 12:00 to 12:30 {gap}"),
            &format!("From 16:00 to 17:00 {gap}"),
            "In no shift, so that they never work: cleo.",
            "shifts[1] from 07:30 to 18:00 goes beyond the day, which is played from 08:00 to 18:00.",
        ]
    );
}

#[test]
fn the_fewest_who_reach_a_target_are_about_those_of_erlang() {
    // Steady all day, one team, exponential talk: Erlang A is right, so that little is to be searched.
    let text = r#"
        from = "08:00"
        to = "12:00"
        interval = "1h"
        warm_up = "1h"
        replications = 60
        [calls.all]
        queue = "sales"
        per_interval = [60, 120, 120, 60]
        talk = "3m"
        wrap_up = { exactly = "0s" }
        patience = "3m"
    "#;
    let plan = plan("ana = {}\n");
    let scenario = Scenario::read(text, &plan).expect("right");
    let target = "80% in 20s".parse().expect("a target");
    let found = scenario.staff(Some(target), 2, |_, _| {}).expect("played");
    let goals = crate::erlang::Goals { service_level: Some(target), ..Default::default() };
    for (calls, interval) in [(120.0, 2), (60.0, 3)] {
        let load =
            Load::new(calls / 3_600.0, 180.0, Some(180.0), Lines::Unlimited).expect("a load");
        let known = load.fewest_agents(&goals).expect("reached").agents;
        let [got] = found.agents.0[interval][..] else { panic!("one team") };
        assert!(got.abs_diff(known) <= 1, "{known} by Erlang, {:?}", found.agents);
    }
    assert!(found.missed.is_empty(), "{:?}", found.missed);
    let heads: u32 = found.agents.0.iter().flatten().sum();
    assert!((found.hours - f64::from(heads)).abs() < 1e-9);
}

#[test]
fn more_calls_than_can_be_played_are_told_before_any_is() {
    let text = "from = \"08:00\"\nto = \"10:00\"\nwarm_up = \"1h\"\nreplications = 10000\n\
        [calls.all]\nqueue = \"sales\"\nper_hour = 10000\ntalk = \"1m\"\n";
    let scenario = Scenario::read(text, &plan("ana = {}\n")).expect("right");
    let error = scenario.run(2, |_| panic!("a day is over")).expect_err("too many").to_string();
    assert!(
        error.starts_with("10000 replications of a day with 30000 calls, its warm-up"),
        "{error}"
    );
    assert!(error.contains("more than 200000000 calls"), "{error}");
}

#[test]
#[ignore = "a million callers: seconds with optimization, longer without"]
fn more_callers_than_can_wait_are_told_in_plain_words() {
    let text = "from = \"08:00\"\nto = \"09:00\"\nreplications = 1\n[calls.all]\nqueue = \"sales\"\n\
        per_hour = 1200000\ntalk = \"1m\"\n[[shifts]]\nagents = \"ana\"\nfrom = \"10:00\"\n\
        to = \"11:00\"\n";
    let scenario = Scenario::read(text, &plan("ana = {}\n")).expect("right");
    let error = scenario.run(1, |_| {}).expect_err("too many").to_string();
    let said =
        "more than 1048576 callers wait at once: nobody answers them and no rule ends their wait";
    assert_eq!(error, said);
}

#[test]
fn a_target_that_nobody_can_reach_is_told() {
    let text = r#"
        from = "08:00"
        to = "09:00"
        interval = "30m"
        replications = 10
        [calls.bills]
        dialed = "+15550100"
        per_hour = [30]
        talk = "1m"
    "#;
    // To sales they come after a minute; nobody can bill.
    let scenario = Scenario::read(text, &plan("sue = {}\n")).expect("right");
    let error = scenario.staff(None, 2, |_, _| panic!("played")).expect_err("nobody").to_string();
    assert_eq!(
        error,
        "calls.bills: no agent of the configuration may take these calls as they come: none serves \
         queue billing, takes calls of channel voice and has billing 1, which the queue asks for."
    );
    assert_eq!(scenario.remarks, [error]);
    // Ringing takes longer than the target lets it.
    let slow = format!(
        "{}[agents]\nanswer = {{ exactly = \"10s\" }}\n",
        text.replace("dialed = \"+15550100\"", "queue = \"sales\"")
    );
    let scenario = Scenario::read(&slow, &plan("sue = {}\n")).expect("right");
    let target = "80% in 5s".parse().expect("a target");
    let heard = std::cell::Cell::new((0, 0));
    let found = scenario.staff(Some(target), 2, |done, most| heard.set((done, most)));
    let found = found.expect("played");
    assert_eq!(found.missed.len(), 2, "{:?}", found.missed);
    assert_eq!(heard.get(), (found.days_played / 10, 247));
}

/// The command that README and docs/simulation.md show.
#[test]
#[ignore = "a search over 50 days: seconds with optimization, minutes without"]
fn agents_for_the_shipped_example_reach_its_target_with_other_chance() {
    let config = include_str!("../../../../config/acdd.toml");
    let plan = acd_config::parse("acdd.toml", config).expect("right").plan;
    let day = include_str!("../../../../config/scenarios/flu-season.toml");
    let scenario = Scenario::read(day, &Arc::new(plan)).expect("right");
    let target = "80% in 20s".parse().expect("a target");
    let found = scenario.staff(Some(target), 2, |_, _| {}).expect("played");
    assert!(found.missed.is_empty() && found.nobody.is_empty(), "{:?}", found.missed);
}
