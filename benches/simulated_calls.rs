//! How many calls a core simulates in a second, through the whole Router, and how that grows with agents
//! and skills: one JSON object.
//!
//! Every call is offered, accepted, bridged and ended. Each shape is measured several times, in turns
//! with the smallest one, and is told with the time of a call over that of a call there.

#![allow(missing_docs, reason = "a bench is no library")]

use acd_sim::{Models, Run};
use serde_json::{Value, json};
use std::time::Instant;

/// Of the time on duty that agents talk.
const LOAD: f64 = 0.9;
/// How long they talk, in the unit of the model.
const TALK: f64 = 3.0;
/// Calls of one measurement, but for those before it that do not count.
const CALLS: u64 = 400_000;

/// So many agents, and so many kinds of calls, of which each agent serves two or the only one.
#[derive(Clone, Copy)]
struct Shape {
    agents: u64,
    skills: u64,
}

const SMALLEST: Shape = Shape { agents: 10, skills: 1 };
const SHAPES: [Shape; 7] = [
    SMALLEST,
    Shape { agents: 100, skills: 1 },
    Shape { agents: 1_000, skills: 1 },
    Shape { agents: 10_000, skills: 1 },
    Shape { agents: 100, skills: 6 },
    Shape { agents: 1_000, skills: 6 },
    Shape { agents: 1_000, skills: 60 },
];

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (turns, calls) = if quick { (3, CALLS / 10) } else { (7, CALLS) };
    let rows: Vec<Value> = SHAPES.iter().map(|shape| row(*shape, turns, calls)).collect();
    println!("{:#}", json!({ "quick": quick, "shapes": rows }));
}

fn row(shape: Shape, turns: usize, calls: u64) -> Value {
    let (mut times, mut ratios, mut commands) = (Vec::new(), Vec::new(), 0.0);
    for _ in 0..turns {
        let (smallest, _) = measure(SMALLEST, calls);
        let (time, per_call) = measure(shape, calls);
        times.push(time);
        ratios.push(time / smallest);
        commands = per_call;
    }
    eprintln!("measured: {} agents, {} skills", shape.agents, shape.skills);
    json!({
        "agents": shape.agents,
        "skills": shape.skills,
        "calls_per_second_and_core": (1.0 / median(times)).round(),
        "commands_per_call": (commands * 100.0).round() / 100.0,
        "time_per_call_over_smallest": (median(ratios) * 100.0).round() / 100.0,
    })
}

/// Seconds and commands of a call, on one thread.
fn measure(shape: Shape, calls: u64) -> (f64, f64) {
    let models = Models::read(&model(shape, calls).to_string()).expect("the model is sound");
    let model = models.find("shape").expect("it is the only one");
    let started = Instant::now();
    let run = Run { effort: 1.0, seed: 1, threads: 1 };
    let measured = model.run(run, |_| {}).expect("the Router takes it");
    let calls = measured.calls as f64;
    (started.elapsed().as_secs_f64() / calls, measured.commands as f64 / calls)
}

fn model(Shape { agents, skills }: Shape, calls: u64) -> Value {
    let rate = LOAD * agents as f64 / TALK / skills as f64;
    let kinds = (0..skills).map(|kind| {
        json!({
            "name": format!("kind-{kind}"),
            "arrival": { "process": "poisson", "rate": rate },
            "service": { "dist": "exp", "mean": TALK },
            "patience": { "dist": "exp", "mean": 2.0 * TALK },
        })
    });
    let groups = (0..skills).map(|group| {
        let serves = [group, (group + 1) % skills];
        let serves = &serves[..serves.len().min(skills as usize)];
        let serves = serves
            .iter()
            .zip(1..)
            .map(|(kind, level)| json!({ "type": format!("kind-{kind}"), "level": level }));
        let count = agents / skills + u64::from(group < agents % skills);
        let skills: Vec<Value> = serves.collect();
        json!({ "name": format!("group-{group}"), "count": count, "skills": skills })
    });
    json!({ "cases": [{
        "id": "shape",
        "system": {
            "time_unit": "minute",
            "call_types": kinds.collect::<Vec<_>>(),
            "agent_groups": groups.collect::<Vec<_>>(),
            "routing": {
                "agent_selection": "level_then_longest_idle",
                "call_selection": "level_then_fcfs",
            },
        },
        "experiment": {
            "type": "steady_state",
            "replications": 1,
            "calls_per_replication": calls,
            "warmup_calls": 10 * agents,
        },
    }] })
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    of[of.len() / 2]
}
