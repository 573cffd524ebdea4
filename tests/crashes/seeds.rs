//! Ten thousand lives: no crash and no failure of the disk takes back what was acknowledged.

use crate::disk::Met;
use crate::life::{Life, Lived, Setup};
use std::env;
use std::thread;
use tokio::runtime::Builder;

/// How many seeds are lived without being asked for another number.
const SEEDS: u64 = 10_000;
/// How many threads share the work.
const THREADS: u64 = 2;

/// Asks for another number of seeds.
const SEEDS_ASKED: &str = "ACDD_SEEDS";
/// Asks for one seed alone.
const SEED_ASKED: &str = "ACDD_SEED";

fn asked(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value}: not a number")))
}

/// Lives each of these seeds; stops at the first that shows a broken promise.
pub(crate) fn live(
    seeds: impl Iterator<Item = u64>,
    setup: Setup,
) -> Result<(Lived, Met), (u64, String)> {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let (mut lived, mut met) = (Lived::default(), Met::default());
    for seed in seeds {
        let mut life = Life::new(seed, setup, &runtime);
        life.run().map_err(|broken| (seed, broken))?;
        lived.add(&life.lived);
        met.add(&life.machine.met());
    }
    Ok((lived, met))
}

#[test]
fn what_was_acknowledged_survives_every_crash_and_goes_on_as_it_was() {
    let alone = asked(SEED_ASKED);
    let many = asked(SEEDS_ASKED).unwrap_or(SEEDS);
    let share = |thread: u64| match alone {
        Some(seed) => seed..seed + u64::from(thread == 0),
        None => many * thread / THREADS..many * (thread + 1) / THREADS,
    };
    let (mut lived, mut met) = (Lived::default(), Met::default());
    let threads = [0, 1].map(|thread| {
        let seeds = share(thread);
        thread::spawn(move || live(seeds, Setup::default()))
    });
    for thread in threads {
        match thread.join() {
            Ok(Ok((more, also))) => {
                lived.add(&more);
                met.add(&also);
            }
            Ok(Err((seed, broken))) => panic!(
                "seed {seed}: {broken}\nalone: {SEED_ASKED}={seed} cargo test -p acd-journal --test \
                 crashes survives_every_crash"
            ),
            Err(_) => panic!("a life has panicked: its message is above"),
        }
    }
    println!("{lived:#?}\n{met:#?}");
    if alone.is_none() && many >= SEEDS {
        lived.met_all_it_is_for();
        met.met_all_it_is_for();
    }
}
