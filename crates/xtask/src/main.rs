//! Which chores of the project can be run as `cargo xtask CHORE`.

mod bench;
mod mutants;
mod schema;
mod tidy;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Chores of the project: what is generated and checked in, and what keeps it tidy.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Measure the Router: commands a second, growth, latencies, allocations, bytes; about a minute.
    ///
    /// 10,000 agents, 10,000 waiting calls, 64 queues and skills, 512 requirements. An event in the
    /// names is one command applied: a call came, an offer was answered, time has passed. Beside the
    /// figures stands what shares of the calls returned, stood in several queues, and were relaxed.
    #[command(after_help = "Examples:\n  cargo xtask bench\n  cargo xtask bench --quick\n  \
                      cargo xtask bench --json > figures.json")]
    Bench(bench::Wishes),
    /// Change one small thing of the core at a time, and expect a test to object.
    ///
    /// Another operator, another value, a guard or an arm less: what cargo-mutants lists. All are built once, and a run
    /// chooses one; an hour or two for all on two cores. What is printed as MISSED is a hole in the tests, or counts
    /// for nothing: tests/mutants/README.md judges those.
    #[command(
        after_help = "Examples:\n  cargo xtask mutants\n  cargo xtask mutants matching plan/check\n  \
                      cargo xtask mutants --again\n  cargo xtask mutants --json > changes.jsonl\n\n\
                      Needs cargo-mutants 27: cargo install cargo-mutants --locked"
    )]
    Mutants(mutants::Wishes),
    /// Write config/acdd.schema.json, the JSON Schema of configuration files, from the reader.
    #[command(after_help = "Example:\n  cargo xtask schema")]
    Schema,
    /// Check what no compiler does: what each crate may know, and the shape of files.
    #[command(after_help = "Example:\n  cargo xtask tidy")]
    Tidy,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Bench(wishes) => bench::run(&wishes),
        Chore::Mutants(wishes) => mutants::run(&wishes),
        Chore::Schema => schema::write(),
        Chore::Tidy => tidy::check(),
    };
    match done {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
