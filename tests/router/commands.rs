//! Any bytes at all as commands, without a fuzzer: chance, and lives of which some bytes are changed.

use crate::bytes;
use crate::dice::Dice;
use crate::lives::{World, a_plan, steps};
use acd_core::{Command, Timestamp};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// How many byte strings of each kind: few while the code is being changed.
const STRINGS: usize = if cfg!(debug_assertions) { 500 } else { 5_000 };
/// The longest of them.
const LENGTH_MAX: usize = 4_096;

#[test]
fn no_bytes_make_the_router_panic() {
    let mut dice = Dice::new(1);
    for _ in 0..STRINGS {
        let length = dice.below(LENGTH_MAX);
        let string: Vec<u8> = (0..length).map(|_| dice.draw() as u8).collect();
        bytes::live(&string);
    }
}

/// A byte is changed, taken out, or put in, here and there.
#[test]
fn no_changed_life_makes_the_router_panic() {
    let (mut dice, mut runner) = (Dice::new(2), TestRunner::deterministic());
    for _ in 0..STRINGS / 50 {
        let (plan, steps) = (a_plan(), steps()).new_tree(&mut runner).unwrap().current();
        let mut world = World::audited(plan, Vec::new());
        steps.iter().for_each(|step| world.take(step));
        let life = as_bytes(&world.log);
        bytes::live(&life);
        for _ in 0..50 {
            let mut changed = life.clone();
            for _ in 0..=dice.below(20) {
                let (at, byte) = (dice.below(changed.len()), dice.draw() as u8);
                match dice.below(4) {
                    0 => changed.insert(at, byte),
                    1 => drop(changed.remove(at)),
                    _ => changed[at] = byte,
                }
            }
            bytes::live(&changed);
        }
    }
}

/// Pauses, and commands as a journal holds them; time passes by the pauses.
fn as_bytes(log: &[(Timestamp, Command)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before = log[0].0;
    for (now, command) in log.iter().filter(|(_, command)| *command != Command::AdvanceTime) {
        // A pause is at most 28 s, in quarters of seconds.
        let quarters = (now.since(before).0 / 250_000).min(112) as u8;
        bytes.extend([if quarters == 0 { 0 } else { 127 + quarters }, bytes::AS_KEPT]);
        command.encode(&mut bytes);
        before = *now;
    }
    bytes
}
