//! `acdctl`, the operator's client: asks a daemon, shows what it answers, exits with a code.

mod act;
mod channel;
mod check;
mod cli;
mod conform;
mod daemon;
mod erlang;
mod estimates;
mod explain;
mod failure;
mod insights;
mod journal;
mod lists;
mod output;
mod range;
mod report;
mod routes;
mod rows;
mod simulate;
mod status;
mod step_in;
mod table;
mod times;
mod top;
mod trace;
mod watch;
mod what_if;

use clap::CommandFactory;
use cli::{Arguments, Command, TraceCommand};
use daemon::Daemon;
use failure::Failure;
use output::Output;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(Arguments::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_silent() {
                eprintln!("acdctl: {failure}");
            }
            failure.exit_code()
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { common, command } = arguments;
    let output = Output { json: common.json };
    let daemon = || Daemon::connect(&common);
    match command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "acdctl", &mut script);
            output::write(&String::from_utf8_lossy(&script))
        }
        Command::Check { file } => check::check(&file, output),
        Command::Routes(arguments) => routes::routes(arguments, output),
        Command::Erlang(arguments) => erlang::erlang(&arguments, output),
        Command::Conform(arguments) => conform::conform(&arguments, output),
        Command::Estimates(arguments) => estimates::estimates(&arguments, output),
        Command::Journal(command) => journal::journal(&command, output),
        Command::Staff(arguments) => simulate::staff::staff(&arguments, output),
        Command::Simulate(arguments) => simulate::simulate(&arguments, output),
        Command::Whatif(arguments) => what_if::what_if(&arguments, output),
        Command::Insights(arguments) => insights::insights(&arguments, output),
        Command::Status => wait(async { status::status(&daemon().await?, output).await }),
        Command::Queues => wait(async { lists::queues(&daemon().await?, output).await }),
        Command::Skills => wait(async { lists::skills(&daemon().await?, output).await }),
        Command::Agents => wait(async { lists::agents(&daemon().await?, output).await }),
        Command::Calls(arguments) => {
            wait(async { lists::calls(&daemon().await?, output, arguments).await })
        }
        Command::Explain(arguments) => {
            wait(async { explain::explain(&daemon().await?, output, arguments).await })
        }
        Command::Report(arguments) => {
            wait(async { report::report(&daemon().await?, output, &arguments).await })
        }
        Command::Watch(arguments) => {
            wait(async { watch::watch(&daemon().await?, output, arguments).await })
        }
        Command::Top(arguments) => {
            top::check(&arguments, common.json)?;
            wait(async { top::top(&common, daemon().await?, arguments).await })
        }
        Command::Call(command) => {
            wait(async { act::call(&daemon().await?, output, command).await })
        }
        Command::Queue(command) => {
            wait(async { step_in::queue(&daemon().await?, output, command).await })
        }
        Command::Message(arguments) => {
            wait(async { step_in::message(&daemon().await?, output, arguments).await })
        }
        Command::Agent(command) => {
            wait(async { act::agent(&daemon().await?, output, command).await })
        }
        Command::Trace(TraceCommand::Play(arguments)) => {
            // The file is read first: what is wrong with it can be told without a daemon.
            let plan = trace::read(&arguments)?;
            wait(async { trace::play(&daemon().await?, output, &arguments, plan).await })
        }
    }
}

/// Carries out one command to its end.
///
/// On one thread: on a busy machine every hand-over to another thread may wait for a core, and at
/// speed 600 a millisecond is 0.6 s of the day that `trace play` plays.
fn wait(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Refused(format!("cannot start: {error}")))?
        .block_on(command)
}
