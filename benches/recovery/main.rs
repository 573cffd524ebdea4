//! How long a start takes: after a crash, with a million commands to fold, and after a clean stop.
//!
//! `cargo bench -p acdd --bench recovery [-- --json] [--commands N] [--runs N]`, about a minute. 10,000
//! agents, 100,000 callers waiting; the real writer fills a data folder, the real follower snapshots
//! it before the last million commands. Each figure is the median of several runs, each of a process
//! of its own whose files are not in memory, where the system can be asked for that.

#![expect(clippy::unwrap_used, reason = "a bench may panic")]
#![allow(missing_docs, reason = "a bench is no library")]

mod folder;
#[path = "../load.rs"]
#[allow(dead_code, reason = "the bench of the Router counts more")]
mod load;
mod stages;

use folder::Built;
use load::Shape;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SHAPE: Shape = Shape { agents: 10_000, waiting: 100_000, kinds: 250 };
const COMMANDS: u64 = 1_000_000;
const RUNS: usize = 5;
const RECOVER: &str = "--recover";
const STAGES: &str = "--stages";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).cloned()
    };
    if let Some(folder) = after(RECOVER) {
        println!("{}", stages::whole(Path::new(&folder)));
    } else if let Some(folder) = after(STAGES) {
        println!("{}", stages::each(Path::new(&folder)));
    } else {
        let number = |flag: &str| after(flag).map(|number| number.parse::<u64>().unwrap());
        let bench = Bench {
            json: arguments.iter().any(|argument| argument == "--json"),
            runs: number("--runs").map_or(RUNS, |runs| runs as usize),
            place: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
        };
        bench.run(number("--commands").unwrap_or(COMMANDS));
    }
}

struct Bench {
    json: bool,
    runs: usize,
    place: tempfile::TempDir,
}

impl Bench {
    fn run(&self, commands: u64) {
        let (folder, config) = (self.place.path().join("data"), self.place.path().join("c.toml"));
        let built = folder::build(&folder, &config, &SHAPE, commands);
        self.tell_built(&folder, &built);
        self.measure("after a crash", &folder, &config);
        self.measure_the_stop(&folder, &config);
        folder::stop_cleanly(&folder);
        self.measure("after a clean stop", &folder, &config);
    }

    fn measure(&self, start: &str, folder: &Path, config: &Path) {
        let copy = self.place.path().join("copy");
        let own = std::env::current_exe().unwrap();
        let ask = |flag: &str| {
            copy_all(folder, &copy);
            let child = Command::new(&own).arg(flag).arg(&copy).output().unwrap();
            assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
            serde_json::from_slice::<Value>(&child.stdout).unwrap()
        };
        let all: Vec<Value> = (0..self.runs).map(|_| ask(STAGES)).collect();
        for (at, stage) in all[0].as_array().unwrap().iter().enumerate() {
            let seconds = median(all.iter().map(|run| run[at]["seconds"].as_f64().unwrap()));
            let (what, bytes) = (&stage["stage"], &stage["bytes"]);
            self.tell(json!({ "start": start, "what": what, "seconds": seconds, "bytes": bytes }));
        }
        let most = all[0].as_array().unwrap().iter().enumerate().map(|(at, stage)| {
            let seconds = median(all.iter().map(|run| run[at]["seconds"].as_f64().unwrap()));
            (seconds, stage["stage"].as_str().unwrap())
        });
        let (seconds, most) = most.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        let what = format!("the longest: {most}");
        self.tell(json!({ "start": start, "what": what, "seconds": seconds }));
        let whole: Vec<Value> = (0..self.runs).map(|_| ask(RECOVER)).collect();
        let figure = |name: &str| median(whole.iter().map(|run| run[name].as_f64().unwrap()));
        for (what, name) in [
            ("recover: snapshot", "snapshot_seconds"),
            ("recover: tail", "fold_seconds"),
            ("recover", "seconds"),
        ] {
            let peak = figure("peak_bytes");
            self.tell(json!({
                "start": start, "what": what, "seconds": figure(name), "peak_bytes": peak,
            }));
        }
        let daemon: Vec<(f64, u64)> = (0..self.runs)
            .map(|_| {
                copy_all(folder, &copy);
                let (mut daemon, seconds) = start_acdd(&copy, config);
                let peak = stages::peak_bytes(&daemon.id().to_string());
                daemon.kill().unwrap();
                daemon.wait().unwrap();
                (seconds, peak)
            })
            .collect();
        let seconds = median(daemon.iter().map(|(seconds, _)| *seconds));
        let peak = median(daemon.iter().map(|(_, peak)| *peak as f64));
        self.tell(json!({
            "start": start, "what": "acdd: exec to ready", "seconds": seconds, "peak_bytes": peak,
        }));
    }

    /// A daemon that is told to stop writes a snapshot: here soon after a crash, so that it has the
    /// whole tail to fold for it.
    fn measure_the_stop(&self, folder: &Path, config: &Path) {
        let copy = self.place.path().join("copy");
        copy_all(folder, &copy);
        let (mut daemon, _) = start_acdd(&copy, config);
        let began = Instant::now();
        // The shell's own `kill` is there on the barest machine.
        let pid = daemon.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -s TERM \"$0\"", &pid]).status().unwrap();
        assert!(sent.success(), "it can be told to stop");
        assert!(daemon.wait().unwrap().success(), "it stops cleanly");
        let seconds = began.elapsed().as_secs_f64();
        let what = "acdd: SIGTERM to exit";
        self.tell(json!({ "start": "after a crash", "what": what, "seconds": seconds }));
    }

    fn tell_built(&self, folder: &Path, built: &Built) {
        let bytes = |files: Vec<PathBuf>| {
            files.iter().map(|path| fs::metadata(path).unwrap().len()).sum::<u64>()
        };
        let snapshot = bytes(files(&folder.join("snapshots")));
        let journal = bytes(files(&folder.join("segments")));
        let Built { commands_before, commands, batches, calls } = built;
        let per_command = journal as f64 / (commands_before + commands) as f64;
        if self.json {
            let line = json!({
                "commands_before_snapshot": commands_before, "commands_after": commands,
                "batches_after": batches, "calls": calls, "snapshot_bytes": snapshot,
                "journal_bytes": journal, "journal_bytes_per_command": per_command,
            });
            println!("{line}");
            return;
        }
        println!(
            "{calls} calls, snapshot {:.1} MB after {commands_before} commands, then {commands} \
             in {batches} batches; {per_command:.1} bytes of journal per command\n",
            snapshot as f64 / 1e6,
        );
        println!(
            "start                what                               seconds        MB    peak MB"
        );
    }

    fn tell(&self, figures: Value) {
        if self.json {
            println!("{figures}");
            return;
        }
        let text = |key: &str| figures[key].as_str().unwrap_or_default().to_owned();
        let megabytes = |key: &str| match figures[key].as_f64() {
            Some(bytes) if bytes > 0.0 => format!("{:.1}", bytes / 1e6),
            _ => String::new(),
        };
        println!(
            "{:20} {:44} {:7.3} {:>9} {:>10}",
            text("start"),
            text("what"),
            figures["seconds"].as_f64().unwrap(),
            megabytes("bytes"),
            megabytes("peak_bytes"),
        );
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Starts the daemon on a folder; how long until it says that it is ready.
fn start_acdd(folder: &Path, config: &Path) -> (Child, f64) {
    let any = "127.0.0.1:0";
    let began = Instant::now();
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_acdd"))
        .args(["--listen", any, "--http", any, "--config"])
        .arg(config)
        .arg("--journal")
        .arg(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let mut stdout = BufReader::new(daemon.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    if line.is_empty() {
        let mut why = String::new();
        daemon.stderr.take().unwrap().read_to_string(&mut why).unwrap();
        panic!("it does not start: {why}");
    }
    (daemon, seconds)
}

/// The files of a folder, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort_unstable();
    files
}

/// Each run has a folder of its own: a start adds to it. The copy is not left in memory.
fn copy_all(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    for part in ["segments", "snapshots"] {
        fs::create_dir_all(to.join(part)).unwrap();
        for path in files(&from.join(part)) {
            let copy = to.join(part).join(path.file_name().unwrap());
            fs::copy(&path, &copy).unwrap();
            let file = File::options().write(true).open(&copy).unwrap();
            file.sync_all().unwrap();
            forget(&file);
        }
    }
    // What a virtual disk does behind the sync is to be over.
    std::thread::sleep(Duration::from_millis(200));
}

#[cfg(target_os = "linux")]
fn forget(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn forget(_: &File) {}
