//! How many commands a second the Router applies, and how the cost grows.
//!
//! `cargo bench -p acd-core --bench router [-- --json]`, about a minute. A steady state: every agent
//! talks, so many calls wait; `load.rs` says what happens then. Times are of one thread, events
//! included.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    clippy::wildcard_enum_match_arm,
    reason = "a bench reads clocks and prints; it is not bound to the purity of the Router"
)]
#![allow(missing_docs, reason = "a bench is no library")]

#[allow(dead_code, reason = "the bench of all figures counts more")]
mod load;

use acd_core::Router;
use load::{Load, Shape};
use std::sync::Arc;
use std::time::Instant;

struct Figures {
    shape: Shape,
    commands: u64,
    events: u64,
    /// Requirements that a rule relaxed, per command.
    relaxed: f64,
    seconds: f64,
    /// Of single turns, in microseconds per command.
    p50_us: f64,
    p99_us: f64,
    p999_us: f64,
}

fn measure(shape: Shape, turns: u64) -> Figures {
    let router = Router::new(Arc::new(load::plan(&shape))).expect("the plan is sound");
    let mut load = Load::new(&shape, router, ());
    load.fill(&shape);
    let pause = shape.pause();
    for _ in 0..turns / 4 {
        load.turn(pause);
    }
    let (commands, emitted, relaxed) = (load.commands, load.emitted, load.seen.relaxed);
    let mut per_command = Vec::with_capacity(turns as usize);
    let started = Instant::now();
    for _ in 0..turns {
        let before = load.commands;
        let turn = Instant::now();
        load.turn(pause);
        let spent = turn.elapsed().as_secs_f64() * 1e6;
        per_command.push(spent / (load.commands - before) as f64);
    }
    let seconds = started.elapsed().as_secs_f64();
    per_command.sort_unstable_by(f64::total_cmp);
    let quantile = |share: f64| per_command[(per_command.len() as f64 * share) as usize];
    let commands = load.commands - commands;
    Figures {
        shape,
        commands,
        relaxed: (load.seen.relaxed - relaxed) as f64 / commands as f64,
        events: load.emitted - emitted,
        seconds,
        p50_us: quantile(0.5),
        p99_us: quantile(0.99),
        p999_us: quantile(0.999),
    }
}

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let turns = 400_000;
    let shapes = [
        Shape { agents: 10_000, waiting: 10_000, kinds: 250 },
        Shape { agents: 10_000, waiting: 1_000, kinds: 250 },
        Shape { agents: 10_000, waiting: 100_000, kinds: 250 },
        Shape { agents: 1_000, waiting: 10_000, kinds: 250 },
        Shape { agents: 100_000, waiting: 10_000, kinds: 250 },
        Shape { agents: 10_000, waiting: 10_000, kinds: 10_000 },
    ];
    if !json {
        println!(
            "  agents  waiting   kinds  commands/s    events/s relaxed  p50 us  p99 us  p99.9 us"
        );
    }
    for shape in shapes {
        let figures = measure(shape, turns);
        let Figures { shape, commands, events, relaxed, seconds, p50_us, p99_us, p999_us } =
            figures;
        let Shape { agents, waiting, kinds } = shape;
        let (commands, events) = (commands as f64 / seconds, events as f64 / seconds);
        if json {
            println!(
                "{{\"agents\":{agents},\"waiting\":{waiting},\"kinds\":{kinds},\
                 \"commands_per_second\":{commands:.0},\"events_per_second\":{events:.0},\
                 \"relaxed_per_command\":{relaxed:.4},\
                 \"p50_us\":{p50_us:.3},\"p99_us\":{p99_us:.3},\"p999_us\":{p999_us:.3}}}"
            );
        } else {
            println!(
                "{agents:8} {waiting:8} {kinds:7} {commands:11.0} {events:11.0} {relaxed:7.3} \
                 {p50_us:7.3} {p99_us:7.3} {p999_us:9.3}"
            );
        }
    }
}
