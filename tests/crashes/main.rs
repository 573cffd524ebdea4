//! The journal on a disk that fails and in a machine that crashes, at random and by the seed.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod breaks;
mod content;
mod counts;
mod dice;
mod disk;
mod domain;
#[path = "../router/everything.rs"]
mod everything;
mod life;
#[path = "../router/plans.rs"]
mod plans;
mod seeds;
