//! A domain under faults, by seeds: adapters drop and come back, agents fall silent, devices go,
//! plans change, epochs begin, time leaps; and whatever happens, the promises hold.
//!
//! One seed alone: `ACDD_SEED=7 cargo test -p acd-core --test faults`; more: `ACDD_SEEDS=100000`.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and is not bound to the purity of the Router"
)]

mod books;
mod chosen;
#[path = "../crashes/dice.rs"]
mod dice;
#[expect(dead_code, reason = "only plans are drawn")]
mod drafts;
mod everything;
mod kept;
#[expect(dead_code, reason = "only its plans are wanted")]
mod lives;
mod marks;
mod plans;
mod shorter;
#[expect(dead_code, reason = "only a life is written down")]
mod shortest;
mod site;
mod told;
mod twin;
#[expect(dead_code, reason = "nothing is read back")]
mod words;
mod written;

use marks::Marks;
use site::{Faults, Site};
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many seeds are lived without being asked for another number.
const SEEDS: u64 = if cfg!(debug_assertions) { 60 } else { 1_000 };
/// How many are enough for every fault to have come about, ...
const ENOUGH: u64 = 60;
/// ... and for everything else, with some to spare.
const ENOUGH_FOR_EVERYTHING: u64 = 150;

/// Asks for another number of seeds.
const SEEDS_ASKED: &str = "ACDD_SEEDS";
/// Asks for one seed alone.
const SEED_ASKED: &str = "ACDD_SEED";

fn asked(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value}: not a number")))
}

/// Lives the life of one seed.
///
/// # Panics
/// When a promise is broken: with the seed, and the path of a scenario that shows it.
fn live(seed: u64) -> Site {
    let mut site = Site::new(seed);
    let lived = catch_unwind(AssertUnwindSafe(|| site.live()));
    if let Err(why) = lived {
        let text = shorter::text(why.as_ref());
        let life = shorter::shortened(&site.plan, &site.tried);
        let path = shortest::write_down(&format!("seed-{seed}"), &text, &site.plan, &life);
        panic!(
            "seed {seed}: {text}\na shorter life of the kind: {}\nalone: {SEED_ASKED}={seed} cargo test -p acd-core \
             --test faults promises_hold",
            path.display()
        );
    }
    site
}

#[test]
fn promises_hold_under_faults() {
    if let Some(seed) = asked(SEED_ASKED) {
        println!("{:#?}", live(seed).faults);
        return;
    }
    let seeds = asked(SEEDS_ASKED).unwrap_or(SEEDS);
    let mut faults = Faults::default();
    (0..seeds).for_each(|seed| faults.add(&live(seed).faults));
    println!("{seeds} seeds: {faults:#?}");
    if seeds >= ENOUGH {
        let missing = faults.missing();
        assert!(missing.is_empty(), "faults that have not come about: {missing:?}");
    }
}

/// Everything that the Router can be told, can refuse, can do and can look at comes about.
#[test]
fn everything_comes_about() {
    let mut marks = Marks::default();
    for seed in 0..ENOUGH_FOR_EVERYTHING {
        marks.add(&live(seed).marks);
    }
    let missing = marks.missing();
    assert!(missing.is_empty(), "what has not come about: {missing:#?}");
}
