//! The figures by which the Router is judged: one JSON object.
//!
//! `cargo xtask bench` runs this and adds the machine; `cargo bench -p acd-core --bench figures
//! [-- --quick]` by itself prints the object. An *event* in the names is what `Router::apply` is
//! given: one command, be it that a call came, an offer was answered, or time has passed.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "a bench reads clocks and prints; it is not bound to the purity of the Router"
)]
#![allow(missing_docs, reason = "a bench is no library")]

mod lane;
#[path = "../load.rs"]
mod load;
mod machine;

use lane::{Lane, Latencies, Stretch};
use load::{QUEUES, REQUIREMENTS_PER_QUEUE, SKILLS, Seen, Shape};
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const AGENTS: usize = 10_000;
const WAITING: usize = 10_000;
const KINDS: u64 = 250;
/// Turns in a stretch that is measured at once, about four commands each.
const TURNS: u64 = 16_000;

/// How much is measured.
struct Effort {
    /// Turns before anything is measured, for each call that waits.
    warm_up: u64,
    /// Stretches for commands per second, and as many for latencies.
    stretches: usize,
    /// Pairs of stretches for each growth.
    pairs: usize,
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let effort = match quick {
        true => Effort { warm_up: 1, stretches: 10, pairs: 5 },
        false => Effort { warm_up: 10, stretches: 25, pairs: 31 },
    };
    let mut told = json!({
        "shape": {
            "agents": AGENTS, "waiting": WAITING, "kinds_of_agents": KINDS, "skills": SKILLS,
            "queues": QUEUES, "requirements": QUEUES * REQUIREMENTS_PER_QUEUE,
        },
        "quick": quick,
    });
    tell("memory", &mut told, memory());
    tell("speed", &mut told, speed(&effort));
    let waiting = [100_000, 1_000].map(|waiting| shape(AGENTS, waiting));
    tell(
        "growth with waiting calls",
        &mut told,
        json!({ "growth_waiting": growth(waiting, &effort) }),
    );
    let agents = [100_000, 1_000].map(|agents| shape(agents, WAITING));
    tell("growth with agents", &mut told, json!({ "growth_agents": growth(agents, &effort) }));
    println!("{told:#}");
}

/// Adds what was measured, and says that it was.
fn tell(what: &str, told: &mut Value, measured: Value) {
    eprintln!("measured: {what}");
    if let (Some(told), Value::Object(measured)) = (told.as_object_mut(), measured) {
        told.extend(measured);
    }
}

fn shape(agents: usize, waiting: usize) -> Shape {
    Shape { agents, waiting, kinds: KINDS }
}

/// All that an idle Router and its plan take, for each agent; and what calls that only wait add, for
/// each of them.
fn memory() -> Value {
    let live = |region: &Region<'_, System>| {
        let change = region.change();
        change.bytes_allocated as f64 - change.bytes_deallocated as f64
    };
    let region = Region::new(ALLOCATOR);
    let plan = std::sync::Arc::new(load::plan(&shape(AGENTS, WAITING)));
    let router = acd_core::Router::new(plan).expect("the plan is sound");
    let of_agents = live(&region);
    drop(router);
    let mut lane = Lane::empty(shape(AGENTS, WAITING));
    lane.gather();
    let region = Region::new(ALLOCATOR);
    lane.play();
    let of_calls = live(&region);
    json!({
        "bytes_per_agent": rounded(of_agents / AGENTS as f64, 1),
        "bytes_per_waiting_call": rounded(of_calls / WAITING as f64, 1),
    })
}

fn speed(effort: &Effort) -> Value {
    let mut lane = Lane::busy(shape(AGENTS, WAITING), effort.warm_up * WAITING as u64);
    let (before, commands_before) = (lane.load.seen, lane.load.commands);
    let mut stretches: Vec<Stretch> = Vec::new();
    for _ in 0..effort.stretches {
        lane.go_on(TURNS);
        stretches.push(lane.play());
    }
    let mut latencies = Latencies::new();
    for _ in 0..effort.stretches {
        lane.go_on(TURNS);
        lane.play_timed(&mut latencies);
    }
    let sum = |of: fn(&Stretch) -> u64| stretches.iter().map(of).sum::<u64>() as f64;
    let commands = sum(|stretch| stretch.commands);
    let per_command = median(stretches.iter().map(Stretch::seconds_per_command));
    let cpu_seconds: Option<f64> = stretches.iter().map(|stretch| stretch.cpu_seconds).sum();
    let events_per_command = sum(|stretch| stretch.events) / commands;
    let quantile = |of: f64| rounded(latencies.kept.value_at_quantile(of) as f64 / 1e3, 3);
    json!({
        "core_events_per_second": rounded(1.0 / per_command, 0),
        "core_emitted_events_per_second": rounded(events_per_command / per_command, 0),
        "core_events_per_cpu_second": cpu_seconds.map(|cpu| rounded(commands / cpu, 0)),
        "core_p50_us": quantile(0.5),
        "core_p99_us": quantile(0.99),
        "core_p999_us": quantile(0.999),
        "core_worst_us": rounded(latencies.kept.max() as f64 / 1e3, 1),
        "allocations_per_event": rounded(sum(|stretch| stretch.allocations) / commands, 6),
        "measured": {
            "commands": commands as u64,
            "latency_samples": latencies.kept.len(),
            "latency_samples_dropped": latencies.dropped,
            "interruptions_are_seen": machine::interruptions().is_some(),
            "timer_ns": machine::timer_ns(),
        },
        "mix": mix(&before, &lane.load.seen, (lane.load.commands - commands_before) as f64, lane.spread()),
    })
}

/// Shares, of the calls that ended in the time and of all commands.
fn mix(before: &Seen, after: &Seen, commands: f64, spread: f64) -> Value {
    let since = |of: fn(&Seen) -> u64| (of(after) - of(before)) as f64;
    let calls = since(|seen| seen.ended);
    let of_calls = |of: fn(&Seen) -> u64| rounded(since(of) / calls, 4);
    let of_commands = |of: fn(&Seen) -> u64| rounded(since(of) / commands, 4);
    json!({
        "of_calls_that_ended": {
            "returned_with_kept_age": of_calls(|seen| seen.had_returned),
            "stood_in_several_queues": of_calls(|seen| seen.had_spread),
            "were_relaxed": of_calls(|seen| seen.had_relaxed),
        },
        "of_calls_that_wait_now": { "stand_in_several_queues": rounded(spread, 3) },
        "per_call": {
            "declined": of_calls(|seen| seen.declined),
            "rang_out": of_calls(|seen| seen.rang_out),
            "connects_failed": of_calls(|seen| seen.connects_failed),
            "legs_lost": of_calls(|seen| seen.legs_lost),
            "transferred": of_calls(|seen| seen.transferred),
        },
        "per_command": {
            "relaxations": of_commands(|seen| seen.relaxed),
            "only_time": of_commands(|seen| seen.time_commands),
        },
    })
}

/// The time of a command in the first shape over that in the second: the median of pairs, each
/// measured one right after the other, in turns which first.
fn growth(shapes: [Shape; 2], effort: &Effort) -> f64 {
    let turns = |shape: &Shape| effort.warm_up * shape.waiting.max(WAITING) as u64;
    let [mut large, mut small] = shapes.map(|shape| {
        let turns = turns(&shape);
        Lane::busy(shape, turns)
    });
    let time = |lane: &mut Lane| {
        lane.go_on(TURNS);
        lane.play().seconds_per_command()
    };
    let ratios = (0..effort.pairs).map(|pair| {
        if pair % 2 == 0 {
            let numerator = time(&mut large);
            numerator / time(&mut small)
        } else {
            let denominator = time(&mut small);
            time(&mut large) / denominator
        }
    });
    rounded(median(ratios), 3)
}

fn median(of: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = of.collect();
    all.sort_unstable_by(f64::total_cmp);
    all[all.len() / 2]
}

fn rounded(value: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (value * scale).round() / scale
}
