//! What the journal costs: the same load on a daemon with a journal and on one without, in turn.
//!
//! `cargo bench -p acdd --bench journal_cost [-- --json] [--rounds N] [--rate CALLS] [--acdd PATH]`, about four
//! minutes. `--rate` measures at so many calls a second and at nothing else, `--acdd` another build: to compare two
//! builds within a few minutes, run them in turn at the same rate. Two daemons, each
//! with its threads on the second CPU; one client on the first, which never sleeps. First the most
//! that each can do: whole calls through several adapters at once, each call followed by the next.
//! Then offers at half of the lower of the two, and at a tenth: calls come when they are due, whatever
//! became of those before, and their time counts from then. Rounds alternate, so that whatever else the
//! machine does falls on both; what counts are the ratios. The journal is on the file system of the
//! build folder, synced as by default.

#![expect(clippy::unwrap_used, reason = "a bench may panic")]
#![allow(missing_docs, reason = "a bench is no library")]

mod client;
#[path = "../server.rs"]
mod server;

use acd_proto::v1::admin_service_client::AdminServiceClient;
use acd_proto::v1::{GetStatusRequest, JournalStatus};
use client::{ADAPTERS, AGENTS, Client, Life, Pace, Slice};
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use server::{Server, run_on};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const ROUNDS: usize = 10;
const SLICE: Duration = Duration::from_secs(2);
const WARM_UP: Duration = Duration::from_secs(1);
/// Calls under way at a time of each adapter at saturation.
const WINDOW: usize = 128;
const OFF: usize = 0;
const ON: usize = 1;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let number = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        Some(arguments[at + 1].parse::<u32>().unwrap())
    };
    let rounds = number("--rounds").map_or(ROUNDS, |rounds| rounds as usize);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let acdd = arguments.iter().position(|argument| argument == "--acdd");
    let acdd = acdd.map_or(env!("CARGO_BIN_EXE_acdd"), |at| &arguments[at + 1]);
    runtime.block_on(measure(acdd, rounds, number("--rate").map(f64::from), json));
}

/// A daemon with its client.
struct Side {
    server: Server,
    client: Client,
}

/// What one daemon did, over all rounds.
struct Sum {
    offered_ns: Histogram<u64>,
    connected_ns: Histogram<u64>,
    /// Of each round.
    p50_ns: Vec<f64>,
    events: u64,
    per_second: Vec<f64>,
    cpu: Cpu,
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            offered_ns: Histogram::new(3).unwrap(),
            connected_ns: Histogram::new(3).unwrap(),
            p50_ns: Vec::new(),
            events: 0,
            per_second: Vec::new(),
            cpu: Cpu::default(),
        }
    }
}

async fn measure(program: &str, rounds: usize, rate: Option<f64>, json: bool) {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = place.path().join("c.toml");
    std::fs::write(&config, configuration()).unwrap();
    run_on(1);
    let servers = [
        Server::start(&mut acdd(program, &config)),
        Server::start(acdd(program, &config).arg("--journal").arg(place.path().join("data"))),
    ];
    run_on(0);
    let mut sides = Vec::new();
    for server in servers {
        let client = Client::connect(&server.address).await;
        sides.push(Side { server, client });
    }
    let rates = match rate {
        Some(rate) => vec![rate],
        None => {
            let most = compare(&mut sides, Life::Whole, [Pace::Window(WINDOW); 2], rounds).await;
            tell_throughput(&most, json);
            let calls = most.iter().map(|sum| median(&sum.per_second) / 4.0);
            let half = calls.fold(f64::INFINITY, f64::min) / 2.0;
            vec![half, half / 5.0]
        }
    };
    for rate in rates {
        for (name, life) in [("whole call", Life::Whole), ("caller hangs up", Life::HangsUp)] {
            let sums = compare(&mut sides, life, [Pace::Rate(rate); 2], rounds).await;
            tell_latency(name, rate, &sums, json);
        }
    }
    tell_syncs(&status(&sides[ON].server.address).await, json);
}

/// The same load on both, in turn.
async fn compare(sides: &mut [Side], life: Life, pace: [Pace; 2], rounds: usize) -> [Sum; 2] {
    let mut sums = [Sum::default(), Sum::default()];
    for side in [OFF, ON] {
        sides[side].client.play(life, pace[side], WARM_UP).await;
    }
    for round in 0..rounds {
        let turns = if round % 2 == 0 { [OFF, ON] } else { [ON, OFF] };
        for side in turns {
            let Side { server, client } = &mut sides[side];
            let before = Cpu::of(server.pid());
            let slice = client.play(life, pace[side], SLICE).await;
            sums[side].cpu.add_since(before, Cpu::of(server.pid()));
            sums[side].add(&slice);
        }
    }
    sums
}

impl Sum {
    fn add(&mut self, slice: &Slice) {
        self.offered_ns.add(&slice.offered_ns).unwrap();
        self.connected_ns.add(&slice.connected_ns).unwrap();
        self.p50_ns.push(slice.offered_ns.value_at_quantile(0.5) as f64);
        self.events += slice.events;
        self.per_second.push(slice.events as f64 / slice.seconds);
    }
}

fn median(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn tell_throughput([off, on]: &[Sum; 2], json: bool) {
    let (off_rate, on_rate) = (median(&off.per_second), median(&on.per_second));
    let line = json!({
        "what": "saturation", "adapters": ADAPTERS, "calls_under_way": ADAPTERS * WINDOW,
        "off_events_per_second": off_rate, "on_events_per_second": on_rate,
        "ratio": on_rate / off_rate,
    });
    tell(&line, json, || {
        println!("saturation             journal off      journal on   on / off");
        println!("events/s            {off_rate:14.0} {on_rate:15.0} {:10.2}", on_rate / off_rate);
    });
    tell_cpu("saturation", off, on, json);
}

/// Where the time of the daemons went, per event.
fn tell_cpu(load: &str, off: &Sum, on: &Sum, json: bool) {
    type Figure = (&'static str, fn(&Cpu) -> f64);
    let figures: [Figure; 3] = [
        ("CPU us/event", |cpu| cpu.all_ns),
        ("of it hot thread", |cpu| cpu.hot_ns),
        ("which waited for CPU", |cpu| cpu.hot_waits_ns),
    ];
    for (name, figure) in figures {
        let us = |sum: &Sum| figure(&sum.cpu) / sum.events as f64 / 1e3;
        let (off_us, on_us) = (us(off), us(on));
        let line = json!({ "load": load, "what": name, "off_us": off_us, "on_us": on_us });
        tell(&line, json, || {
            println!("{name:20} {off_us:13.2} {on_us:15.2} {:10.2}", on_us / off_us);
        });
    }
}

fn tell_latency(name: &str, rate: f64, [off_sum, on_sum]: &[Sum; 2], json: bool) {
    if !json {
        println!("\n{name}, {rate:.0} calls/s");
        println!("{:20} {:>13} {:>15} {:>10}", "", "off us", "on us", "on / off");
    }
    for (quantile, at) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)] {
        let us = |sum: &Sum| sum.offered_ns.value_at_quantile(at) as f64 / 1e3;
        let (off, on) = (us(off_sum), us(on_sum));
        let line = json!({
            "what": name, "calls_per_second": rate, "quantile": quantile,
            "off_us": off, "on_us": on, "ratio": on / off,
        });
        tell(&line, json, || println!("{quantile:20} {off:13.1} {on:15.1} {:10.2}", on / off));
    }
    if !on_sum.connected_ns.is_empty() {
        for (quantile, at) in [("p50", 0.5), ("p99", 0.99)] {
            let us = |sum: &Sum| sum.connected_ns.value_at_quantile(at) as f64 / 1e3;
            let (off, on) = (us(off_sum), us(on_sum));
            let line = json!({
                "what": name, "calls_per_second": rate, "connect": quantile, "off_us": off, "on_us": on,
            });
            let label = format!("connect {quantile}");
            tell(&line, json, || println!("{label:20} {off:13.1} {on:15.1} {:10.2}", on / off));
        }
    }
    let ratios: Vec<f64> =
        on_sum.p50_ns.iter().zip(&off_sum.p50_ns).map(|(on, off)| on / off).collect();
    let line = json!({ "what": name, "median_of_the_rounds_p50_ratio": median(&ratios) });
    tell(&line, json, || println!("{:50} {:10.2}", "p50, median of the rounds", median(&ratios)));
    tell_cpu(name, off_sum, on_sum, json);
}

fn tell_syncs(journal: &JournalStatus, json: bool) {
    let JournalStatus { syncs, sync_p50_us, sync_p99_us, sync_max_us, bytes, .. } = journal;
    let line = json!({
        "what": "syncs", "syncs": syncs, "p50_us": sync_p50_us, "p99_us": sync_p99_us,
        "max_us": sync_max_us, "journal_bytes": bytes,
    });
    tell(&line, json, || {
        println!(
            "\n{syncs} syncs: p50 {sync_p50_us} us, p99 {sync_p99_us} us, at most {sync_max_us} us; \
             {:.1} MB of journal",
            *bytes as f64 / 1e6,
        );
    });
}

fn tell(line: &Value, json: bool, table: impl FnOnce()) {
    if json { println!("{line}") } else { table() }
}

fn acdd(program: &str, config: &Path) -> Command {
    let any = "127.0.0.1:0";
    let mut acdd = Command::new(program);
    acdd.args(["--listen", any, "--http", any, "--config"]).arg(config);
    acdd
}

fn configuration() -> String {
    let mut text = "[queues.only]\nring = \"1m\"\n".to_owned();
    for agent in 0..AGENTS {
        let _ = writeln!(text, "[agents.agent-{agent}]");
    }
    text
}

async fn status(address: &str) -> JournalStatus {
    let mut admin = AdminServiceClient::connect(address.to_owned()).await.unwrap();
    let status = admin.get_status(GetStatusRequest::default()).await.unwrap().into_inner();
    status.journal.expect("it has a journal")
}

/// What the system says of a process's threads, where it does.
#[derive(Clone, Copy, Default)]
struct Cpu {
    /// CPU time of all of them, ...
    all_ns: f64,
    /// ... of the hot one, ...
    hot_ns: f64,
    /// ... and how long that one was ready to run while others ran.
    hot_waits_ns: f64,
}

impl Cpu {
    fn of(pid: u32) -> Self {
        let mut cpu = Self::default();
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        for task in tasks.map(|task| task.path()) {
            let read = |file: &str| std::fs::read_to_string(task.join(file)).unwrap_or_default();
            let figures = read("schedstat");
            let mut figures = figures.split_whitespace().filter_map(|it| it.parse::<f64>().ok());
            let (ran, waited) = (figures.next().unwrap_or(0.0), figures.next().unwrap_or(0.0));
            cpu.all_ns += ran;
            if read("comm").trim() == "acdd-hot" {
                (cpu.hot_ns, cpu.hot_waits_ns) = (ran, waited);
            }
        }
        cpu
    }

    fn add_since(&mut self, before: Self, after: Self) {
        self.all_ns += after.all_ns - before.all_ns;
        self.hot_ns += after.hot_ns - before.hot_ns;
        self.hot_waits_ns += after.hot_waits_ns - before.hot_waits_ns;
    }
}
