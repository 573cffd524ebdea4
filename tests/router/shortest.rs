//! Tries a promise on random lives; of those that break it, the shortest.

use crate::lives::{World, a_plan, steps};
use crate::written::scenario;
use acd_core::{Command, RoutingPlan, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// How many random lives each promise is tried on: few while the code is being changed.
const CASES: u32 = if cfg!(debug_assertions) { 256 } else { 10_000 };
/// Asks for another number.
const CASES_ASKED: &str = "PROPTEST_CASES";

pub(crate) fn cases() -> u32 {
    let asked = std::env::var(CASES_ASKED).ok();
    asked.map_or(CASES, |asked| {
        asked.parse().unwrap_or_else(|_| panic!("{CASES_ASKED}={asked}: not a number"))
    })
}

/// Lives random lives of a world that checks itself, and then lets it be looked at.
///
/// # Panics
/// When one fails: the shortest that does is written down as a scenario, and its path is said.
pub(crate) fn in_random_lives(
    name: &str,
    begin: impl Fn(RoutingPlan) -> World,
    then: impl Fn(&mut World),
) {
    let config =
        ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() };
    let tried = TestRunner::new(config).run(&(a_plan(), steps()), |(plan, steps)| {
        let mut world = begin(plan);
        steps.iter().for_each(|step| world.take(step));
        then(&mut world);
        Ok(())
    });
    match tried {
        Ok(()) => {}
        Err(TestError::Fail(why, (plan, steps))) => {
            let mut world = begin(plan.clone());
            let _ = catch_unwind(AssertUnwindSafe(|| {
                steps.iter().for_each(|step| world.take(step));
                then(&mut world);
            }));
            let path = write_down(name, &why.to_string(), &plan, &world.tried_so_far());
            panic!("{why}\nthe shortest life that shows it: {}", path.display());
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// A life as a scenario, in a file from which it can be moved to `tests/scenarios/`.
pub(crate) fn write_down(
    name: &str,
    why: &str,
    plan: &RoutingPlan,
    log: &[(Timestamp, Command)],
) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scenarios");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.txt"));
    let why = why.lines().map(|line| format!("# {line}\n")).collect::<String>();
    fs::write(&path, why + &scenario(plan, log)).unwrap();
    path
}
