//! Runs the Router under a virtual clock: `simulate`.

pub(crate) mod cli;
mod models;

pub(crate) use models::models;
