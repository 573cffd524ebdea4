//! The Router's figures: which bench gives them, what they are judged by, and on what machine.

use clap::Args;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

#[derive(Args)]
pub(crate) struct Wishes {
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Measure less: a look at the figures in a few seconds, less exact.
    #[arg(long)]
    quick: bool,
}

/// What a figure should be.
enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

/// The figures that are judged.
const AIMS: [(&str, Aim, &str); 8] = [
    ("core_events_per_second", Aim::AtLeast(2_000_000.0), "commands applied, one thread"),
    ("growth_waiting", Aim::AtMost(2.0), "time per command, 100,000 calls waiting over 1,000"),
    ("growth_agents", Aim::AtMost(3.0), "time per command, 100,000 agents over 1,000"),
    ("core_p99_us", Aim::AtMost(2.0), "of single commands, the timer's cost included"),
    ("core_p999_us", Aim::AtMost(5.0), "the same"),
    ("allocations_per_event", Aim::AtMost(0.0), "per command, after warm-up"),
    ("bytes_per_waiting_call", Aim::AtMost(400.0), "without id and attributes"),
    ("bytes_per_agent", Aim::AtMost(1_000.0), "his part of the plan included"),
];

/// Parts of the object that stand beside the figures, in the order of the table.
const BESIDE: [&str; 4] = ["shape", "measured", "mix", "machine"];

/// Runs the bench and reports what it found.
pub(crate) fn run(wishes: &Wishes) -> Result<String, String> {
    let machine = machine();
    let mut figures = measure(wishes.quick)?;
    figures.insert("machine".to_owned(), machine);
    Ok(match wishes.json {
        true => format!("{:#}", Value::Object(figures)),
        false => table(&figures),
    })
}

fn measure(quick: bool) -> Result<Map<String, Value>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut bench = Command::new(env!("CARGO"));
    bench.args(["bench", "--quiet", "--package", "acd-core", "--bench", "figures", "--locked"]);
    if quick {
        bench.args(["--", "--quick"]);
    }
    eprintln!("building, then measuring; other work on this machine shows in the figures");
    let done = bench.current_dir(root).stderr(Stdio::inherit()).output();
    let done = done.map_err(|error| format!("cannot run cargo: {error}"))?;
    if !done.status.success() {
        return Err(format!("the bench failed: {}", done.status));
    }
    serde_json::from_slice(&done.stdout)
        .map_err(|error| format!("the bench printed no JSON object: {error}"))
}

/// What the figures were measured on, as far as the system says; the load is that before the start.
fn machine() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split(": ").nth(1));
    let load: Vec<f64> =
        read("/proc/loadavg").split(' ').take(3).filter_map(|load| load.parse().ok()).collect();
    json!({
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "cpu": model.unwrap_or("unknown"),
        "load_average_at_start": load,
        "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

/// Each figure beside its aim, then all else that was measured.
fn table(figures: &Map<String, Value>) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{:<32} {:>12} {:>14}", "figure", "measured", "aim");
    for (name, aim, meaning) in &AIMS {
        let value = figures.get(*name).and_then(Value::as_f64).unwrap_or(f64::NAN);
        let (is_met, sign, bound) = match aim {
            Aim::AtLeast(bound) => (value >= *bound, ">=", bound),
            Aim::AtMost(bound) => (value <= *bound, "<=", bound),
        };
        let missed = if is_met { "" } else { "  MISSED" };
        let aim = format!("{sign} {bound}");
        let _ = writeln!(text, "{name:<32} {value:>12} {aim:>14}  {meaning}{missed}");
    }
    let others = figures.iter().filter(|(name, value)| {
        !value.is_object() && AIMS.iter().all(|(judged, ..)| judged != name)
    });
    for (name, value) in others {
        let _ = writeln!(text, "{name:<32} {value:>12}");
    }
    for part in BESIDE {
        let _ = writeln!(text, "\n{part}");
        list(&mut text, &figures.get(part).cloned().unwrap_or_default(), 1);
    }
    text.truncate(text.trim_end().len());
    text
}

/// The members of an object, a line each.
fn list(text: &mut String, of: &Value, depth: usize) {
    for (name, value) in of.as_object().into_iter().flatten() {
        let indent = "  ".repeat(depth);
        let width = 32 - indent.len();
        match value {
            Value::Object(_) => {
                let _ = writeln!(text, "{indent}{name}");
                list(text, value, depth + 1);
            }
            Value::String(said) => {
                let _ = writeln!(text, "{indent}{name:<width$} {said}");
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                let _ = writeln!(text, "{indent}{name:<width$} {value}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_aim_shows_and_all_that_was_measured_is_told() {
        let figures = json!({
            "growth_agents": 3.5, "growth_waiting": 1.5, "core_p50_us": 0.25,
            "mix": { "of_calls": { "were_relaxed": 0.2 } }, "machine": { "cpu": "one" },
        });
        let table = table(figures.as_object().expect("it is one"));
        let line = |name: &str| table.lines().find(|line| line.trim_start().starts_with(name));
        assert!(line("growth_agents").is_some_and(|line| line.ends_with("MISSED")), "{table}");
        assert!(line("growth_waiting").is_some_and(|line| !line.contains("MISSED")), "{table}");
        assert!(line("core_p50_us").is_some_and(|line| line.ends_with("0.25")), "{table}");
        assert!(line("were_relaxed").is_some_and(|line| line.ends_with("0.2")), "{table}");
        // What was not measured meets no aim.
        assert!(line("core_p99_us").is_some_and(|line| line.ends_with("MISSED")), "{table}");
    }
}
