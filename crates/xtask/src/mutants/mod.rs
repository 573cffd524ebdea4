//! Small changes of the core that a test must notice: which were tried, and which of those that nobody noticed are judged.

mod built;
mod changes;
mod constants;
mod found;
mod running;
mod trials;
mod weave;

use built::Workshop;
use changes::Change;
use clap::Args;
use found::Found;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use trials::Trials;

/// Where the core's rooms are.
const SOURCES: &str = "crates/acd-core/src/";
/// Left out unless it is named: it is a test itself, and a Router that is sound passes a weaker one too.
const CHECKS: &str = "invariants";
/// Where what no test can tell is judged.
const JUDGED: &str = "tests/mutants/README.md";

#[derive(Args)]
pub(crate) struct Wishes {
    /// Rooms of crates/acd-core/src whose changes are tried, as `matching` or `plan/check`; all if none is named.
    rooms: Vec<String>,
    /// Take over what was found before of the same core, and try only what was missed, or not yet tried.
    #[arg(long)]
    again: bool,
    /// Print an object a line for each change, instead of what is missed and a table.
    #[arg(long)]
    json: bool,
    /// How many at a time.
    #[arg(long, default_value_t = 2, value_name = "NUMBER")]
    jobs: usize,
    /// Run each build and test through this, as `nice -n 19`.
    #[arg(long, value_name = "COMMAND", default_value = "")]
    through: String,
}

/// Tries the changes; an error if something is missed that is not judged.
pub(crate) fn run(wishes: &Wishes) -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let into = root.join("target/mutants");
    fs::create_dir_all(&into).map_err(|error| format!("{}: {error}", into.display()))?;
    let judged =
        fs::read_to_string(root.join(JUDGED)).map_err(|error| format!("{JUDGED}: {error}"))?;
    let changes = changes::listed(&root, SOURCES)?;
    if let Some(room) = wishes.rooms.iter().find(|room| changes.iter().all(|it| it.room() != *room))
    {
        return Err(format!("{room}: nothing to change in {SOURCES}{room}.rs"));
    }
    let through: Vec<String> = wishes.through.split_whitespace().map(str::to_owned).collect();
    let workshop = Workshop { root: &root, into: &into, through: &through };
    let built = workshop.build(&changes)?;

    let path = into.join(format!("found-{}.jsonl", built.core));
    let mut found = Found::begin(&path, wishes, judged)?;
    let is_wanted = |change: &&Change| {
        let is_named = wishes.rooms.iter().any(|room| room == change.room());
        (is_named || wishes.rooms.is_empty() && change.room() != CHECKS)
            && !found.takes_over(change)
    };
    let wanted: Vec<&Change> = changes.iter().filter(is_wanted).collect();
    let (found, notes) = (Mutex::new(found), into.join("notes"));
    let trials = Trials { built: &built, through: &through, notes: &notes, jobs: wishes.jobs };
    trials.all(&wanted, |change, outcome| {
        found.lock().expect("nobody panics with it").tell(change, outcome);
    })?;
    found.into_inner().expect("nobody panics with it").end()
}
