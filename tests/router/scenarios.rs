//! Runs `tests/scenarios/*.txt`: commands, and below each the events that it must cause.
//!
//! A file is prose, `>` lines and what the Router says to them:
//!
//! ```text
//! queue billing needs billing 3          the plan, until the first `>` line; see `plan_line`
//! > 0s ana logs in                       time since the start, then a command; see `command`
//! ana: not ready
//! = queue billing needs billing 5        another plan, all of it
//! > 9s the plan changes                  to that
//! ```
//!
//! `REWRITE=1 cargo test -p acd-core --test scenarios` writes what the Router really says.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a test may panic, and is not bound to the purity of the Router"
)]

mod plans;
mod words;

use acd_core::{Command, Event, Router, RoutingPlan, Span};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use words::{Names, START};

#[test]
fn scenarios_go_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(!files.is_empty(), "there are scenarios");
    let mut wrong = Vec::new();
    for path in files {
        let written = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let real = run(&name, &written);
        if real != written {
            if std::env::var("REWRITE").is_ok() {
                fs::write(&path, &real).unwrap();
            } else {
                wrong.push(difference(&name, &written, &real));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The file as it would be with what the Router says.
fn run(name: &str, text: &str) -> String {
    let mut out = String::new();
    let mut names = Names::default();
    let mut router = None;
    for (number, line) in text.lines().enumerate() {
        let at = format!("{name}:{}", number + 1);
        if let Some(line) = line.strip_prefix("= ") {
            names.next_plan_line(&at, line);
            writeln!(out, "= {line}").unwrap();
            continue;
        }
        let Some(command) = line.strip_prefix("> ") else {
            if line.is_empty() || line.starts_with('#') {
                writeln!(out, "{line}").unwrap();
            } else if router.is_none() {
                names.plan_line(&at, line);
                writeln!(out, "{line}").unwrap();
            }
            continue;
        };
        let router =
            router.get_or_insert_with(|| Router::new(Arc::new(names.plan.clone())).unwrap());
        writeln!(out, "{line}").unwrap();
        for said in step(router, &mut names, &at, command) {
            writeln!(out, "{said}").unwrap();
        }
        router.check_invariants();
    }
    out
}

/// Lets time pass up to the command's instant, then applies it.
fn step(router: &mut Router, names: &mut Names, at: &str, line: &str) -> Vec<String> {
    let (time, words) = line.split_once(' ').unwrap_or((line, ""));
    let seconds: f64 =
        time.trim_end_matches('s').parse().unwrap_or_else(|_| panic!("{at}: {time}"));
    let now = START + Span((seconds * 1e6) as u64);
    let mut said = Vec::new();
    // An epoch begins where nobody was there to let time pass.
    let was_there = words != "the epoch begins";
    while let Some(due) = router.next_deadline().filter(|due| was_there && *due <= now) {
        let mut events: Vec<Event> = Vec::new();
        // What is overdue after a restart fires as soon as there is somebody to fire it.
        let due = due.max(router.now());
        router.apply(due, Command::AdvanceTime, &mut events).unwrap();
        names.now = due;
        let after = due.since(START).0 as f64 / 1e6;
        said.extend(events.iter().map(|event| format!("{after}s: {}", names.event(event))));
    }
    if words.is_empty() {
        router.apply(now, Command::AdvanceTime, &mut Vec::new()).unwrap();
        return said;
    }
    names.now = now;
    let command = names.command(at, words);
    let mut events = Vec::new();
    match router.apply(now, command, &mut events) {
        Ok(()) => {
            names.plan = RoutingPlan::clone(router.plan());
            said.extend(events.iter().map(|event| names.event(event)));
        }
        Err(rejection) => said.push(format!("refused: {rejection}")),
    }
    said
}

fn difference(name: &str, written: &str, real: &str) -> String {
    let mut lines = written.lines().zip(real.lines()).enumerate();
    match lines.find(|(_, (written, real))| written != real) {
        Some((number, (written, real))) => {
            format!("{name}:{}:\n  written: {written}\n  said:    {real}", number + 1)
        }
        None => format!("{name}: one of the two goes on where the other ends\n{real}"),
    }
}
