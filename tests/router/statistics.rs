//! Whatever happens in the random lives of a Router, its figures are what a list of all that happened says.

#![allow(dead_code, unused_imports, reason = "the promises use the rest of what is shared")]
#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and is not bound to the purity of the Router"
)]

mod books;
mod chosen;
mod everything;
mod kept;
mod lives;
mod plans;
mod recount;
mod told;
mod twin;

use acd_core::{AgentId, Event, QueueId, Router, RoutingPlan, Span, Timestamp};
use acd_statistics::{AgentFigures, History, HistoryWanted, Interval, QueueSummary, Statistics};
use lives::{Step, World, a_plan, steps};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use recount::Log;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A life is some minutes long: stretched, it lasts hours, or many days.
const STRETCHES: [u64; 4] = [1, 30, 500, 10_000];
const LIVES: u32 = 60;

fn lives() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(LIVES)
}

/// All that happened in a life, its times so many times as long after its beginning.
fn events_of(
    plan: RoutingPlan,
    steps: &[Step],
    stretch: u64,
) -> (Arc<RoutingPlan>, Vec<(Timestamp, Event)>) {
    let mut world = World::new(plan);
    steps.iter().for_each(|step| world.take(step));
    let plan = Arc::clone(world.router.plan());
    let mut router = Router::new(Arc::clone(&plan)).expect("it was sound before");
    let begins = world.log.first().map_or(Timestamp(0), |(at, _)| *at);
    let later = |at: Timestamp| {
        // What began earlier than all this began as much earlier.
        let since = Span(at.since(begins).0.saturating_mul(stretch));
        if at >= begins { begins + since } else { at }
    };
    let mut all = Vec::new();
    for (at, command) in &world.log {
        let mut events = Vec::new();
        router.apply(*at, command.clone(), &mut events).expect("it was taken before");
        all.extend(events.into_iter().map(|event| (later(*at), stretched(event, later))));
    }
    (plan, all)
}

/// What figures look at of the times in an event.
fn stretched(event: Event, later: impl Fn(Timestamp) -> Timestamp) -> Event {
    match event {
        Event::PlaceEntered { call, queue, demand, since, estimate } => {
            Event::PlaceEntered { call, queue, demand, since: later(since), estimate }
        }
        other => other,
    }
}

fn folded(plan: &Arc<RoutingPlan>, events: &[(Timestamp, Event)]) -> (Statistics, History) {
    let mut statistics = Statistics::new(plan);
    let mut settled = History::default();
    for (at, event) in events {
        statistics.fold(*at, event);
        let more = statistics.take_settled();
        settled.queues.extend(more.queues);
        settled.agents.extend(more.agents);
    }
    (statistics, settled)
}

/// A quantile is told up to a thirty-second above the exact one, or a millisecond.
fn is_told(told: QueueSummary, exact: QueueSummary) -> bool {
    let is_near = |told: Option<Span>, exact: Option<Span>| match (told, exact) {
        (None, None) => true,
        (Some(told), Some(exact)) => {
            (exact.0..=exact.0 + (exact.0 / 32).max(1_000)).contains(&told.0)
        }
        (Some(_), None) | (None, Some(_)) => false,
    };
    told.counts == exact.counts
        && told.wait_max == exact.wait_max
        && is_near(told.wait_p50, exact.wait_p50)
        && is_near(told.wait_p90, exact.wait_p90)
        && is_near(told.wait_p99, exact.wait_p99)
}

fn check(plan: &Arc<RoutingPlan>, events: &[(Timestamp, Event)]) -> Result<(), TestCaseError> {
    let (statistics, settled) = folded(plan, events);
    let log = Log { plan, events };
    for (id, queue) in (0..).map(QueueId).zip(&plan.queues) {
        let now = statistics.queue(id).expect("the plan has it");
        let told = [now.last_5_minutes, now.last_30_minutes, now.today];
        for (told, exact) in told.into_iter().zip(log.queue(id, now.today_since)) {
            prop_assert!(is_told(told, exact), "{}: {told:#?}\nexactly {exact:#?}", queue.name);
        }
    }
    check_history(plan, &statistics, &settled, &log)?;
    check_agents(plan, &statistics, &settled, &log)
}

fn all() -> HistoryWanted {
    HistoryWanted::all(Interval(0)..Interval(u32::MAX))
}

fn check_history(
    plan: &RoutingPlan,
    statistics: &Statistics,
    settled: &History,
    log: &Log<'_>,
) -> Result<(), TestCaseError> {
    let rows = settled.queues.iter().cloned();
    let rows = rows.chain(statistics.history(&all()).queues);
    let mut told = BTreeMap::new();
    for row in rows {
        let queue = plan.queues.iter().position(|queue| queue.name == row.queue);
        let key = (QueueId(queue.expect("the plan has it") as u16), row.interval);
        let twice = told.insert(key, row.figures.summary()).is_some();
        prop_assert!(!twice, "a row that is final comes once: {key:?}");
    }
    let exact = log.history();
    prop_assert_eq!(told.keys().collect::<Vec<_>>(), exact.keys().collect::<Vec<_>>());
    for (key, exact) in exact {
        prop_assert!(is_told(told[&key], exact), "{key:?}: {:#?}\nexactly {exact:#?}", told[&key]);
    }
    Ok(())
}

fn check_agents(
    plan: &RoutingPlan,
    statistics: &Statistics,
    settled: &History,
    log: &Log<'_>,
) -> Result<(), TestCaseError> {
    // To the end of the log: figures end with the latest half minute or the latest change before it.
    let mut statistics = statistics.clone();
    if let Some((at, _)) = log.events.last() {
        statistics.count_up_to(*at);
    }
    let rows = settled.agents.iter().cloned();
    let rows: Vec<_> = rows.chain(statistics.history(&all()).agents).collect();
    for (id, agent) in (0..).map(AgentId).zip(&plan.agents) {
        let slots = agent.desks.iter().map(|desk| usize::from(desk.capacity)).sum();
        let exact = log.agent(id, slots);
        let own = rows.iter().filter(|row| row.agent == agent.id);
        let told: BTreeMap<Interval, AgentFigures> =
            own.map(|row| (row.interval, row.figures.clone())).collect();
        prop_assert_eq!(&told, &exact, "{}", agent.id);
        let (today, since) = statistics.agent(id).expect("the plan has him");
        let mut sum = AgentFigures::default();
        exact.range(Interval::of(since)..).for_each(|(_, figures)| sum.merge(figures));
        prop_assert_eq!(today, &sum, "{} today", agent.id);
    }
    Ok(())
}

fn with_zones(mut plan: RoutingPlan) -> RoutingPlan {
    let zones = ["America/Chicago", "UTC", "Asia/Kathmandu", "Pacific/Auckland"];
    for (queue, zone) in plan.queues.iter_mut().zip(zones.into_iter().cycle()) {
        queue.time_zone = zone.to_owned();
    }
    plan.time_zone = "America/Chicago".to_owned();
    plan
}

#[test]
fn figures_are_what_a_list_of_all_that_happened_says() {
    let config =
        ProptestConfig { cases: lives(), max_shrink_iters: 400, ..ProptestConfig::default() };
    let life = (a_plan(), steps(), prop::sample::select(STRETCHES.to_vec()));
    TestRunner::new(config)
        .run(&life, |(plan, steps, stretch)| {
            let (plan, events) = events_of(with_zones(plan), &steps, stretch);
            check(&plan, &events)
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

/// Cut anywhere, written and read again, they go on as if nothing had been.
#[test]
fn figures_that_were_kept_are_those_that_went_on() {
    let config = ProptestConfig { cases: lives() / 2, ..ProptestConfig::default() };
    let life = (a_plan(), steps(), prop::sample::select(STRETCHES.to_vec()), 0..100_usize);
    TestRunner::new(config)
        .run(&life, |(plan, steps, stretch, percent)| {
            let (plan, events) = events_of(with_zones(plan), &steps, stretch);
            let (before, after) = events.split_at(events.len() * percent / 100);
            let (half, _) = folded(&plan, before);
            let mut again = Statistics::decode(&half.encode(), &plan).expect("it was just written");
            prop_assert_eq!(again.encode(), half.encode());
            let mut straight = half;
            for (at, event) in after {
                straight.fold(*at, event);
                again.fold(*at, event);
            }
            for id in 0..plan.queues.len() as u16 {
                prop_assert_eq!(again.queue(QueueId(id)), straight.queue(QueueId(id)));
            }
            prop_assert_eq!(again.encode(), straight.encode());
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

/// Lives have all of it: no figure stays nought in all of them.
#[test]
fn every_figure_is_met() {
    let mut runner = TestRunner::deterministic();
    let mut met = QueueSummary::default();
    let mut done = AgentFigures::default();
    for _ in 0..150 {
        let life = (a_plan(), steps()).new_tree(&mut runner).expect("a life");
        let (plan, steps) = life.current();
        let (plan, events) = events_of(plan, &steps, 1);
        let (statistics, _) = folded(&plan, &events);
        for row in statistics.history(&all()).queues {
            met.counts.add(&row.figures.counts);
        }
        for row in statistics.history(&all()).agents {
            done.merge(&row.figures);
        }
    }
    let written = format!("{:?} {:?}", met.counts, done.counts);
    assert!(!written.contains(": 0,") && !written.contains(": 0 }"), "{written}");
    assert!(done.not_ready_us.len() > 3, "{:?}", done.not_ready_us);
}
