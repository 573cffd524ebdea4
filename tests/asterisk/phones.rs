//! Telephones: SIPp processes that call in, and that answer as agents do.

use super::bed::{AGENTS, CALLERS, free_port};
use super::sipp;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// What a caller does.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// The number that he dials.
    pub(crate) dials: &'a str,
    /// When he hangs up, in milliseconds after he was answered; before that only if the other side
    /// does.
    pub(crate) stays_ms: u32,
}

/// How an agent's telephone behaves, each time that it is rung.
#[derive(Clone, Copy)]
pub(crate) enum Habit {
    /// It answers after a while, and hangs up after so long; times in milliseconds.
    Answers { rings: u32, talks: u32 },
    /// It rings for ever.
    Rings,
    /// It is busy.
    Busy,
    /// It answers, puts the caller on hold for a while, and waits for his end.
    Holds { after: u32, holds: u32 },
    /// It answers, and then hands the caller on to a number.
    Transfers { after: u32, to: &'static str },
    /// It answers, dials another number as this agent, and connects the two.
    Consults { agent: &'static str, asks: &'static str },
}

/// A running SIPp, ended with its handle.
pub(crate) struct Phone {
    process: Child,
    folder: TempDir,
    pub(crate) port: u16,
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Phone {
    /// Whether a caller's call is over, and went as planned.
    pub(crate) fn is_over(&mut self) -> bool {
        self.process.try_wait().expect("a child").is_some()
    }

    /// The values of a header in all that it was sent.
    pub(crate) fn told(&self, header: &str) -> Vec<String> {
        let prefix = format!("{header}: ");
        let lines = self.log();
        let values = lines.lines().filter_map(|line| line.trim_end().strip_prefix(&prefix));
        values.map(str::to_owned).collect()
    }

    /// The SIP messages that it has sent and received, in order, by their first line.
    pub(crate) fn messages(&self) -> Vec<String> {
        let text = self.log();
        let starts = |line: &&str| line.starts_with("SIP/2.0 ") || line.ends_with(" SIP/2.0");
        text.lines().map(str::trim_end).filter(starts).map(str::to_owned).collect()
    }

    fn log(&self) -> String {
        let files = std::fs::read_dir(self.folder.path()).expect("its folder").flatten();
        let log = files.map(|file| file.path()).find(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().contains("messages"))
        });
        let text = log.and_then(|log| std::fs::read(log).ok()).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// How often it was rung.
    pub(crate) fn rung(&self) -> usize {
        self.messages().iter().filter(|line| line.starts_with("INVITE ")).count()
    }
}

/// Somebody calls.
pub(crate) fn calls(sip: u16, caller: Caller<'_>) -> Phone {
    dials(CALLERS, "5550100", sip, caller)
}

/// An agent dials, from another line of his telephone.
pub(crate) fn agent_dials(sip: u16, agent: &str, caller: Caller<'_>) -> Phone {
    dials(AGENTS, agent, sip, caller)
}

/// Somebody calls, hears it ring for so long, and gives up.
pub(crate) fn gives_up(sip: u16, dials: &str, after_ms: u32) -> Phone {
    one_call(&sipp::giving_up("5550100", dials, after_ms), CALLERS, sip)
}

fn dials(address: &str, from: &str, sip: u16, Caller { dials, stays_ms }: Caller<'_>) -> Phone {
    one_call(&sipp::dialling(from, dials, stays_ms), address, sip)
}

fn one_call(scenario: &str, address: &str, sip: u16) -> Phone {
    let one = ["-m", "1", &format!("127.0.0.1:{sip}")];
    start(scenario, address, free_port(address), &[&TRACED[..], &one].concat())
}

/// Many people call one number, and stay until the other side hangs up; as many as `at_once` at a
/// time, `per_second` at most.
pub(crate) fn crowd(sip: u16, dials: &str, calls: u32, at_once: u32, per_second: u32) -> Phone {
    // Each has a number of his own.
    let scenario = sipp::dialling("555[call_number]", dials, 3_600_000);
    let [calls, at_once, per_second] = [calls, at_once, per_second].map(|it| it.to_string());
    let many = ["-m", &calls, "-l", &at_once, "-r", &per_second, &format!("127.0.0.1:{sip}")];
    start(&scenario, CALLERS, free_port(CALLERS), &many)
}

/// Many agents' telephones behind one port: each answers soon, and hangs up after a time between
/// these, in milliseconds.
pub(crate) fn agents(port: u16, talk_ms: (u32, u32)) -> Phone {
    let hangs_up = sipp::hangs_up_within(talk_ms);
    start(&sipp::answering(20, &hangs_up), AGENTS, port, &[])
}

/// An agent's telephone at a port.
pub(crate) fn agent(port: u16, habit: Habit) -> Phone {
    let scenario = match habit {
        Habit::Answers { rings, talks } => sipp::answering(rings, &sipp::hangs_up_after(talks)),
        Habit::Rings => sipp::ringing(),
        Habit::Busy => sipp::busy(),
        Habit::Holds { after, holds } => sipp::answering(100, &sipp::holds(after, holds)),
        Habit::Transfers { after, to } => sipp::answering(100, &sipp::transfers(after, to)),
        Habit::Consults { agent, asks } => {
            sipp::answering(100, &sipp::consults(500, agent, asks, 500))
        }
    };
    start(&scenario, AGENTS, port, &TRACED)
}

/// Keeps what is said, for `Phone::messages`.
const TRACED: [&str; 2] = ["-trace_msg", "-trace_err"];

fn start(scenario: &str, address: &str, port: u16, more: &[&str]) -> Phone {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file: PathBuf = folder.path().join("scenario.xml");
    std::fs::write(&file, scenario).expect("a writable folder");
    let log = std::fs::File::create(folder.path().join("screen")).expect("a writable folder");
    let process = Command::new("sipp")
        .current_dir(folder.path())
        .args(["-sf", "scenario.xml", "-i", address, "-p", &port.to_string()])
        .args(["-nostdin", "-default_behaviors", "all,-abortunexp"])
        .args(more)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(Stdio::null())
        .spawn()
        .expect("sipp runs");
    Phone { process, folder, port }
}
