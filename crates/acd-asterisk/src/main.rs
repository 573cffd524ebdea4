//! acd-asterisk: connects an Asterisk to acdd. Calls come from its dialplan over ARI, agents are
//! rung and bridged as acdd decides.

mod ari;
mod cli;
mod run;
mod settings;
mod stock;
mod switch;

use clap::{CommandFactory as _, Parser as _};
use cli::{Arguments, Instead};
use settings::Settings;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The command line or the settings are wrong, as with clap.
const MISTAKE: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.print_config {
        return print(settings::EXAMPLE.as_bytes());
    }
    match arguments.instead {
        Some(Instead::Check { file }) => match read(&file) {
            Ok(_) => print(format!("{}: all right\n", file.display()).as_bytes()),
            Err(code) => code,
        },
        Some(Instead::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "acd-asterisk", &mut script);
            print(&script)
        }
        None => match read(&arguments.config) {
            Ok(settings) => run(settings, &arguments.log),
            Err(code) => code,
        },
    }
}

fn read(file: &Path) -> Result<Settings, ExitCode> {
    settings::read(file).map_err(|wrong| {
        eprintln!("{wrong}");
        ExitCode::from(MISTAKE)
    })
}

fn run(settings: Settings, log: &str) -> ExitCode {
    let filter = match EnvFilter::builder().parse(log) {
        Ok(filter) => filter,
        Err(error) => {
            eprintln!("--log {log}: {error}");
            return ExitCode::from(MISTAKE);
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .finish()
        .with(filter_fn(holds_no_password))
        .init();
    // One thread: what happens is one after another anyway.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(run::until_told_to_stop(settings)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            tracing::error!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// At `trace` the websocket logs its address, and with it the password.
fn holds_no_password(line: &Metadata<'_>) -> bool {
    *line.level() < Level::TRACE || !line.target().starts_with("tungstenite")
}

fn print(bytes: &[u8]) -> ExitCode {
    match std::io::stdout().write_all(bytes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
