//! The journal on a disk that fails and in a machine that crashes, at random and by the seed.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bench;
mod breaks;
mod bytes;
mod content;
mod counts;
mod damage;
mod dice;
mod disk;
mod domain;
#[path = "../router/everything.rs"]
mod everything;
mod failures;
mod following;
mod life;
#[path = "../router/plans.rs"]
mod plans;
mod seeds;
