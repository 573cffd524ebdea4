//! The Router under a virtual clock: made-up and recorded workloads, models with known answers, and
//! what they tell.
//!
//! Every decision is acd-core's own: this crate knows when callers call, how long they talk and when
//! they give up, and never who gets which call. It knows no gRPC, no threads but its own, and no
//! clock but the one that it turns.

mod agenda;
pub mod call_log;
mod chance;
pub mod conform;
mod distribution;
pub mod erlang;
pub mod estimates;
mod models;
mod replications;
pub mod report;
pub mod scenario;
mod surroundings;
pub mod target;
pub mod what_if;
mod world;

pub use chance::{Luck, Random, Stream, luck, stream};
pub use distribution::{Distribution, NoDistribution, span};
pub use models::{Compared, Known, Measured, Models, Run, WrongModel};
pub use replications::{Estimate, cores, ratio, replicate};
pub use surroundings::{Call, NewCall, Reaction, Surroundings};
pub use world::{Counted, Refused, World};
