//! The Router under a virtual clock: made-up and recorded workloads, models with known answers, and
//! what they tell.
//!
//! Every decision is acd-core's own: this crate knows when callers call, how long they talk and when
//! they give up, and never who gets which call. It knows no gRPC, no threads but its own, and no
//! clock but the one that it turns.

pub mod call_log;
pub mod conform;
