//! Which chores of the project can be run as `cargo xtask CHORE`.

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
    /// Write config/acdd.schema.json, the JSON Schema of configuration files, from the reader.
    #[command(after_help = "Example:\n  cargo xtask schema")]
    Schema,
    /// Check what no compiler does: what each crate may know, and the shape of files.
    #[command(after_help = "Example:\n  cargo xtask tidy")]
    Tidy,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
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
