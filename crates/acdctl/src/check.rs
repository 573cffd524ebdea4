//! Answers `check FILE`: is this configuration right?

use crate::failure::Failure;
use crate::output::Output;
use acd_config::{LoadError, Problem};
use serde::Serialize;
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
            };
            output.answer(&right, |right| {
                format!(
                    "{}: right; {} queues with {} rules, {} skills, {} agents",
                    right.file, right.queues, right.rules, right.skills, right.agents
                )
            })
        }
        Err(LoadError::Problems(problems)) => {
            if output.json {
                let broken = Broken { ok: false, problems: problems.as_slice(), error: None };
                output.answer(&broken, |_| String::new())?;
            } else {
                eprintln!("{}", problems.report());
            }
            Err(Failure::Said(BROKEN))
        }
        Err(error @ LoadError::Unreadable { .. }) => {
            if output.json {
                let error = Some(error.to_string());
                let broken = Broken { ok: false, problems: &[], error };
                output.answer(&broken, |_| String::new())?;
            }
            Err(Failure::Wrong(error.to_string()))
        }
    }
}
