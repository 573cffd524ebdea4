//! Runs the tests with one change at a time, until one of them objects or none is left.

use super::built::Built;
use super::changes::Change;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Tests that are run together, quick ones first: what a round does not notice meets the next one.
struct Round {
    test: &'static str,
    arguments: &'static [&'static str],
    /// How many random lives, or seeds.
    settings: &'static [(&'static str, &'static str)],
    /// A change that lets it take longer has made it endless: many times what it takes by itself.
    seconds_max: u32,
}

/// Those that live random lives, ...
const LIVES: [&str; 5] =
    ["promise_", "invariants_hold", "the_twin_says", "what_is_explained", "the_facts_are"];
/// ... and all but these, and two that are long and look at the tests themselves.
const NO_LIVES: [&str; 14] = [
    "--skip",
    "promise_",
    "--skip",
    "invariants_hold",
    "--skip",
    "the_twin_says",
    "--skip",
    "what_is_explained",
    "--skip",
    "the_facts_are",
    "--skip",
    "random_lives_are_mostly_accepted",
    "--skip",
    "a_life_written_down_reads_as_it_went",
];
const ROUNDS: [Round; 7] = [
    round("scenarios", &[], &[], 10),
    round("lib", &[], &[], 20),
    round("promises", &LIVES, &[("PROPTEST_CASES", "5")], 60),
    round("plan_changes", &[], &[("PROPTEST_CASES", "40")], 60),
    round("faults", &["promises_hold_under_faults"], &[("ACDD_SEEDS", "20")], 60),
    round("promises", &NO_LIVES, &[("PROPTEST_CASES", "5")], 60),
    round("promises", &LIVES, &[("PROPTEST_CASES", "20")], 120),
];
/// What is missed by these is missed at first.
const FIRST: usize = 2;

/// A failure is enough: nobody looks for the shortest, or keeps it. The same lives for each change.
const ALWAYS: [(&str, &str); 5] = [
    ("PROPTEST_MAX_SHRINK_ITERS", "0"),
    ("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1"),
    ("PROPTEST_RNG_SEED", "1"),
    ("RUST_BACKTRACE", "0"),
    ("RUST_TEST_THREADS", "1"),
];
/// It is told after so many how far a round is.
const TOLD_EVERY: usize = 100;
/// Memory of a test, in kibibytes: without a bound, a change that lets something grow takes all of the machine's.
const MEMORY_MAX_KIB: u32 = 4 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It does not compile.
    Impossible,
    /// The compiler itself works it out: not tried.
    NotWoven,
    /// By a test of this name.
    Noticed { by: &'static str },
    /// All tests that come by go on; or none comes by.
    Missed { is_reached: bool },
}

const NO_TEST_OBJECTS: &str = "no test objects";
const NO_TEST_COMES_BY: &str = "no test comes by";

impl Outcome {
    pub(super) fn is_missed_at_first(self) -> bool {
        match self {
            Outcome::Impossible | Outcome::NotWoven => false,
            Outcome::Noticed { by } => ROUNDS[FIRST..].iter().any(|round| round.test == by),
            Outcome::Missed { .. } => true,
        }
    }

    /// In a word, and by what.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Outcome::Impossible => ("not possible", ""),
            Outcome::NotWoven => ("not tried", ""),
            Outcome::Noticed { by } => ("noticed", by),
            Outcome::Missed { is_reached: true } => ("missed", NO_TEST_OBJECTS),
            Outcome::Missed { is_reached: false } => ("missed", NO_TEST_COMES_BY),
        }
    }

    pub(super) fn from_words(word: &str, by: &str) -> Option<Self> {
        match word {
            "not possible" => Some(Outcome::Impossible),
            "not tried" => Some(Outcome::NotWoven),
            "noticed" => {
                let round = ROUNDS.iter().find(|round| round.test == by)?;
                Some(Outcome::Noticed { by: round.test })
            }
            "missed" => Some(Outcome::Missed { is_reached: by == NO_TEST_OBJECTS }),
            _ => None,
        }
    }
}

pub(super) struct Trials<'a> {
    pub(super) built: &'a Built,
    pub(super) through: &'a [String],
    /// Where it is noted which changes a round comes by.
    pub(super) notes: &'a Path,
    /// How many at a time.
    pub(super) jobs: usize,
}

impl Trials<'_> {
    /// Tries each of them, round by round, and tells of each as it is known.
    pub(super) fn all(
        &self,
        changes: &[&Change],
        tell: impl Fn(&Change, Outcome) + Sync,
    ) -> Result<(), String> {
        let mut left = Vec::new();
        for change in changes {
            match change.number {
                it if self.built.impossible.contains(&it) => tell(change, Outcome::Impossible),
                it if self.built.woven.contains(&it) => left.push(*change),
                _ => tell(change, Outcome::NotWoven),
            }
        }
        let mut reached = BTreeSet::new();
        for round in &ROUNDS {
            let comes_by = self.comes_by(round)?;
            let (met, mut others): (Vec<&Change>, Vec<&Change>) =
                left.iter().partition(|change| comes_by.contains(&change.number));
            eprintln!("{}: {} of {} changes", round.test, met.len(), left.len());
            reached.extend(comes_by);
            others.extend(self.missed(round, &met, |change| {
                tell(change, Outcome::Noticed { by: round.test });
            })?);
            left = others;
        }
        for change in left {
            tell(change, Outcome::Missed { is_reached: reached.contains(&change.number) });
        }
        Ok(())
    }

    /// Lets a round pass without any change, and notes by which it comes.
    fn comes_by(&self, round: &Round) -> Result<BTreeSet<usize>, String> {
        let _ = fs::remove_file(self.notes);
        if !passes(self.test(round)?.env("ACDD_NOTE", self.notes))? {
            return Err(format!("{} fails without any change", round.test));
        }
        let noted = fs::read_to_string(self.notes).unwrap_or_default();
        Ok(noted.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// Those that a round lets pass; of the others it tells.
    fn missed<'c>(
        &self,
        round: &Round,
        changes: &[&'c Change],
        noticed: impl Fn(&Change) + Sync,
    ) -> Result<Vec<&'c Change>, String> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut missed = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(change) = changes.get(at) else { break };
                if at > 0 && at.is_multiple_of(TOLD_EVERY) {
                    eprintln!("{}: {at} of them", round.test);
                }
                match passes(self.test(round)?.env("ACDD_CHANGE", change.number.to_string()))? {
                    true => missed.push(*change),
                    false => noticed(change),
                }
            }
            Ok(missed)
        };
        let missed: Result<Vec<_>, String> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs).map(|_| scope.spawn(work)).collect();
            let done = workers.into_iter().map(|it| it.join().expect("nothing panics in it"));
            done.collect()
        });
        Ok(missed?.concat())
    }

    fn test(&self, round: &Round) -> Result<Command, String> {
        let test = self
            .built
            .tests
            .get(round.test)
            .ok_or_else(|| format!("{} was not built", round.test))?;
        let bounded = format!(
            "ulimit -v {MEMORY_MAX_KIB}; exec timeout -s KILL {} \"$@\"",
            round.seconds_max
        );
        let mut words = self.through.iter().map(String::as_str).chain(["sh", "-c", &bounded, "sh"]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command
            .args(words)
            .arg(test)
            .args(round.arguments)
            .envs(ALWAYS)
            .envs(round.settings.iter().copied());
        Ok(command)
    }
}

fn passes(test: &mut Command) -> Result<bool, String> {
    let silent = test.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = silent.status().map_err(|error| format!("cannot run a test: {error}"))?;
    Ok(status.success())
}

const fn round(
    test: &'static str,
    arguments: &'static [&'static str],
    settings: &'static [(&'static str, &'static str)],
    seconds_max: u32,
) -> Round {
    Round { test, arguments, settings, seconds_max }
}
