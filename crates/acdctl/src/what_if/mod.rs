//! Plays recorded calls under two configurations: `whatif`.

mod answer;
pub(crate) mod cli;
mod journal;
mod page;
mod text;

use crate::check;
use crate::failure::Failure;
use crate::output::{Output, note};
use acd_sim::call_log::CallLog;
use acd_sim::what_if::{Config, Reading, Recording, Terms, WhatIf};
use answer::{Answer, Asked};
use cli::WhatIfArguments;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

pub(crate) fn what_if(arguments: &WhatIfArguments, output: Output) -> Result<(), Failure> {
    let began = Instant::now();
    let configs = configs(&arguments.configs, output)?;
    let recording = recording(arguments, output)?;
    let what_if = WhatIf::new(&recording, configs, &arguments.maps)
        .map_err(|error| Failure::Wrong(error.to_string()))?;
    let replications = u64::from(arguments.replications);
    let bar = progress_bar(replications, output);
    let threads = arguments.threads.map_or_else(acd_sim::cores, usize::from);
    let terms = Terms { replications, seed: arguments.seed, threads };
    let compared = what_if.run(terms, |done| bar.set_position(done));
    bar.finish_and_clear();
    let compared = compared.map_err(Failure::Refused)?;
    let asked = Asked {
        source: source(arguments),
        files: arguments.configs.iter().map(|file| file.display().to_string()).collect(),
        terms,
        listed: arguments.calls,
        seconds: began.elapsed().as_secs_f64(),
    };
    let answer = Answer::of(&asked, &recording, &what_if, &compared);
    if let Some(file) = &arguments.html {
        std::fs::write(file, page::page(&answer).html()).map_err(|error| {
            Failure::Refused(format!("cannot write {}: {error}", file.display()))
        })?;
        note(&format!("the report is in {}", file.display()));
    }
    output.answer(&answer, text::text)
}

/// The two configurations, each by the name of its file.
fn configs(files: &[std::path::PathBuf], output: Output) -> Result<[Config; 2], Failure> {
    let [one, other] = files else {
        let given = match files.len() {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        return Err(Failure::Wrong(format!(
            "--config is given twice, the configuration to compare with and then the other; here it is \
             given {given}"
        )));
    };
    let load = |file: &Path| {
        let config = acd_config::load(file).map_err(|error| check::broken(error, output))?;
        Ok::<_, Failure>(Config { name: file.display().to_string(), plan: Arc::new(config.plan) })
    };
    Ok([load(one)?, load(other)?])
}

fn source(arguments: &WhatIfArguments) -> String {
    let file = arguments.trace.as_ref().or(arguments.journal.as_ref());
    file.map(|file| file.display().to_string()).unwrap_or_default()
}

fn recording(arguments: &WhatIfArguments, output: Output) -> Result<Recording, Failure> {
    let recording = match (&arguments.trace, &arguments.journal) {
        (Some(file), _) => of_log(file, arguments)?,
        (None, Some(path)) => journal::recording(path, &arguments.days, output)?,
        (None, None) => Recording::default(),
    };
    if recording.calls() == 0 {
        let source = source(arguments);
        return Err(Failure::Wrong(format!("{source}: nobody there asked for an agent")));
    }
    Ok(recording)
}

fn of_log(file: &Path, arguments: &WhatIfArguments) -> Result<Recording, Failure> {
    let wrong = |error: acd_sim::call_log::LogError| Failure::Wrong(error.to_string());
    let log = CallLog::read(file).map_err(wrong)?;
    let has: Vec<Date> = log.days().iter().map(|day| day.day).collect();
    if let Some(missing) = arguments.days.iter().find(|day| !has.contains(day)) {
        log.into_day(Some(*missing)).map_err(wrong)?;
        return Err(Failure::Wrong(format!("{}: no calls of {missing}", file.display())));
    }
    let is_wanted = |day: Date| arguments.days.is_empty() || arguments.days.contains(&day);
    let reading = Reading { high_priority: arguments.high_priority, breaks: !arguments.no_breaks };
    Ok(Recording::of_log(&log, |day| is_wanted(day.day), reading))
}

fn progress_bar(replications: u64, output: Output) -> ProgressBar {
    if output.json {
        return ProgressBar::hidden();
    }
    let template = "{bar:30} {pos} of {len} replications  {eta} left";
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(replications).with_style(style)
}
