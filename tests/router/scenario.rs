//! Runs what a scenario file says: commands, and below each what the Router says to it.
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

use crate::words::{Names, START, span};
use acd_core::{Command, Event, Router, RoutingPlan};
use std::fmt::Write as _;
use std::sync::Arc;

/// The file as it would be with what the Router says.
pub(crate) fn run(name: &str, text: &str) -> String {
    run_with(name, text, |router| router)
}

/// The same if this is done to the Router after each command.
pub(crate) fn run_with(name: &str, text: &str, then: impl Fn(Router) -> Router) -> String {
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
        let mut told =
            router.take().unwrap_or_else(|| Router::new(Arc::new(names.plan.clone())).unwrap());
        writeln!(out, "{line}").unwrap();
        for said in step(&mut told, &mut names, &at, command) {
            writeln!(out, "{said}").unwrap();
        }
        told.check_invariants();
        router = Some(then(told));
    }
    out
}

/// Lets time pass up to the command's instant, then applies it.
fn step(router: &mut Router, names: &mut Names, at: &str, line: &str) -> Vec<String> {
    let (time, words) = line.split_once(' ').unwrap_or((line, ""));
    let now = START + span(at, time);
    let mut said = Vec::new();
    // An epoch begins where nobody was there to let time pass.
    let was_there = words != "the epoch begins";
    while let Some(due) = router.next_deadline().filter(|due| was_there && *due <= now) {
        let mut events: Vec<Event> = Vec::new();
        // What is overdue after a restart fires as soon as there is somebody to fire it.
        let due = due.max(router.now());
        router.apply(due, Command::AdvanceTime, &mut events).unwrap();
        said.extend(names.while_time_passes(due, &events));
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
