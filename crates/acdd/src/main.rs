//! acdd, the routing daemon: reads the command line, starts what serves, waits for the signal.

mod about;
mod cli;
mod convert;
mod demo;
mod epoch;
mod failure;
mod grpc;
mod hot;
mod http;
mod kept;
mod listen;
mod past;
mod serve;
mod settings;
mod telemetry;

use clap::{CommandFactory, Parser};
use cli::{Arguments, Instead};
use failure::Failure;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    if let Some(Instead::Completions { shell }) = arguments.instead {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "acdd", &mut script);
        return print(&script);
    }
    if arguments.print_config {
        return print(acd_config::DEFAULT.as_bytes());
    }
    let settings = settings::settle(arguments)?;
    telemetry::start(&settings.log, settings.log_format)?;
    serve::serve(settings)
}

/// Writes to standard output; a reader who has had enough, as `head` has, is no failure.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    match io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::InTheWay(format!("cannot write to standard output: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
