//! Answers `check FILE`: is this configuration right?

use crate::failure::Failure;
use crate::output::{Output, counted};
use acd_config::{LoadError, Problem, Problems};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

/// A configuration without problems.
#[derive(Debug, Serialize)]
struct Right {
    ok: bool,
    file: String,
    queues: usize,
    skills: usize,
    agents: usize,
    rules: usize,
    routes: usize,
}

/// A configuration with problems, or none at all.
#[derive(Debug, Serialize)]
struct Broken<'a> {
    ok: bool,
    problems: &'a [Problem],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What the process exits with when the configuration is broken.
const BROKEN: u8 = 2;

pub(crate) fn check(file: &Path, output: Output) -> Result<(), Failure> {
    match acd_config::load(file) {
        Ok(config) => {
            let plan = &config.plan;
            let right = Right {
                ok: true,
                file: file.display().to_string(),
                queues: plan.queues.len(),
                skills: plan.skills.len(),
                agents: plan.agents.len(),
                rules: plan.queues.iter().map(|queue| queue.rules.len()).sum(),
                routes: plan.routes.len(),
            };
            output.answer(&right, |right| {
                format!(
                    "{}: right; {} with {}, {}, {}, {}",
                    right.file,
                    counted(right.queues as u64, "queue"),
                    counted(right.rules as u64, "rule"),
                    counted(right.routes as u64, "route"),
                    counted(right.skills as u64, "skill"),
                    counted(right.agents as u64, "agent")
                )
            })
        }
        Err(error) => Err(broken(error, output)),
    }
}

/// Says what is wrong with a file.
pub(crate) fn broken(error: LoadError, output: Output) -> Failure {
    let said = match error {
        LoadError::Problems(problems) => {
            if output.json {
                let broken = Broken { ok: false, problems: problems.as_slice(), error: None };
                output.answer(&broken, |_| String::new())
            } else {
                // Nothing more can be done when standard error cannot be written.
                let _ = writeln!(io::stderr().lock(), "{}", told(&problems));
                Ok(())
            }
            .map(|()| Failure::Said(BROKEN))
        }
        LoadError::Unreadable { .. } => {
            let error = error.to_string();
            let answered = if output.json {
                let broken = Broken { ok: false, problems: &[], error: Some(error.clone()) };
                output.answer(&broken, |_| String::new())
            } else {
                Ok(())
            };
            answered.map(|()| Failure::Wrong(error))
        }
    };
    said.unwrap_or_else(|failure| failure)
}

/// The problems, drawn for a person at a terminal, else a line each, as compilers and editors have
/// it; then how many they are.
fn told(problems: &Problems) -> String {
    let count = counted(problems.as_slice().len() as u64, "problem");
    if io::stderr().is_terminal() {
        return format!("{}\n{count}", problems.report().trim_end());
    }
    let line = |problem: &Problem| problem.to_string().lines().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = problems.iter().map(line).collect();
    format!("{}\n{count}", lines.join("\n"))
}
