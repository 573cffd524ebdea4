//! What a thousand subscribers cost: CPU of the daemon, and the time from a call to its offer.
//!
//! `cargo bench -p acdd --bench fan_out [-- --json] [--runs N] [--seconds N] [--calls N]`, about five
//! minutes. One daemon under a steady load (`load.rs`: 50 queues, 500 agents), and subscribers of queues
//! and agents at 10 Hz in a process of their own (`subscribers.rs`), which are there in one half of each
//! pair and not in the other. The daemon has the second CPU; the load and the subscribers share the
//! first, as they would be other machines, and the subscribers' process is the least urgent there, so
//! that the load's clock is not theirs. CPU time is what the system counts for the daemon's threads.
//! What counts is the difference and the ratio within a pair, and the median over the pairs.

#![expect(clippy::unwrap_used, reason = "a bench may panic")]
#![allow(missing_docs, reason = "a bench is no library")]

mod load;
#[path = "../server.rs"]
mod server;
mod subscribers;

use acd_proto::v1::GetStatusRequest;
use acd_proto::v1::admin_service_client::AdminServiceClient;
use load::{ADAPTERS, AGENTS, Load, QUEUES};
use serde_json::json;
use server::{Server, run_on};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: u64 = 7;
const SECONDS: u64 = 10;
const CALLS_PER_SECOND: u64 = 200;
const CONNECTIONS: u64 = 20;
const STREAMS: u64 = 50;
const EVERY_MS: u64 = 100;
const SUBSCRIBERS: &str = "--subscribers";
/// What passes between one half and the next before anything is measured.
const SETTLE: Duration = Duration::from_secs(2);
/// How long it may take until each subscriber has got something.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == SUBSCRIBERS) {
        return subscribers::run(&arguments[at + 1..]);
    }
    let json = arguments.iter().any(|argument| argument == "--json");
    let number = |flag: &str, otherwise: u64| {
        let at = arguments.iter().position(|argument| argument == flag);
        at.map_or(otherwise, |at| arguments[at + 1].parse().unwrap())
    };
    let lasts = Duration::from_secs(number("--seconds", SECONDS));
    let rate = number("--calls", CALLS_PER_SECOND) as f64;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let pairs = runtime.block_on(measure(number("--runs", RUNS), lasts, rate));
    report(&pairs, rate, json);
}

/// The subscribers' process.
struct Subscribers {
    process: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
}

/// What they have got until now.
#[derive(Clone, Copy, Debug)]
struct Got {
    messages: u64,
    bytes: u64,
    /// Messages of the one who has got the fewest, and the most.
    least: u64,
    most: u64,
}

impl Subscribers {
    fn start(address: &str) -> Self {
        let address = address.trim_start_matches("http://");
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg(SUBSCRIBERS)
            .args([address, &CONNECTIONS.to_string(), &STREAMS.to_string(), &EVERY_MS.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (ask, answer) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, ask, answer: BufReader::new(answer) }
    }

    fn got(&mut self) -> Got {
        self.ask.write_all(b"\n").unwrap();
        let mut line = String::new();
        self.answer.read_line(&mut line).unwrap();
        let figures: Vec<u64> = line.split_whitespace().map(|it| it.parse().unwrap()).collect();
        Got { messages: figures[0], bytes: figures[1], least: figures[2], most: figures[3] }
    }
}

impl Drop for Subscribers {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One half of a pair.
struct Half {
    /// Cores, by the name of the thread.
    cores: BTreeMap<String, f64>,
    p50_us: f64,
    p90_us: f64,
    p99_us: f64,
    messages_per_second: f64,
    events_per_second: f64,
}

struct Pair {
    without: Half,
    with: Half,
    /// Messages a second to all subscribers, ...
    told_per_second: f64,
    /// ... to the one who got the fewest, and the most, ...
    least_per_second: f64,
    most_per_second: f64,
    /// ... and how long a message was.
    message_bytes: f64,
}

async fn measure(runs: u64, lasts: Duration, rate: f64) -> Vec<Pair> {
    run_on(1);
    let config = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(config.path(), load::configuration()).unwrap();
    let any = "127.0.0.1:0";
    let server = Server::start(
        Command::new(env!("CARGO_BIN_EXE_acdd"))
            .args(["--listen", any, "--http", any, "--config"])
            .arg(config.path()),
    );
    run_on(0);
    let mut load = Load::connect(&server.address).await;
    load.play(rate, SETTLE).await;
    let mut pairs = Vec::new();
    for run in 0..runs {
        let mut without = None;
        if run % 2 == 0 {
            without = Some(half(&server, &mut load, rate, lasts).await);
        }
        let mut subscribers = Subscribers::start(&server.address);
        let mut before = subscribers.got();
        let begun = Instant::now();
        while before.least == 0 {
            assert!(begun.elapsed() < SETTLED_WITHIN, "somebody gets nothing: {before:?}");
            load.play(rate, SETTLE).await;
            before = subscribers.got();
        }
        let began = Instant::now();
        let with = half(&server, &mut load, rate, lasts).await;
        let seconds = began.elapsed().as_secs_f64();
        let after = subscribers.got();
        drop(subscribers);
        load.play(rate, SETTLE).await;
        if without.is_none() {
            without = Some(half(&server, &mut load, rate, lasts).await);
        }
        let messages = (after.messages - before.messages) as f64;
        pairs.push(Pair {
            without: without.unwrap(),
            with,
            told_per_second: messages / seconds,
            least_per_second: (after.least - before.least) as f64 / seconds,
            most_per_second: (after.most - before.most) as f64 / seconds,
            message_bytes: (after.bytes - before.bytes) as f64 / messages,
        });
    }
    pairs
}

async fn half(server: &Server, load: &mut Load, rate: f64, lasts: Duration) -> Half {
    let (events, cpu) = (events(server).await, cpu_ns(server.pid()));
    let slice = load.play(rate, lasts).await;
    let cores = cpu_ns(server.pid()).into_iter().map(|(thread, ns)| {
        let ran = ns - cpu.get(&thread).copied().unwrap_or_default();
        (thread, ran / 1e9 / slice.seconds)
    });
    let us = |quantile| slice.offered_ns.value_at_quantile(quantile) as f64 / 1e3;
    Half {
        cores: cores.collect(),
        p50_us: us(0.5),
        p90_us: us(0.9),
        p99_us: us(0.99),
        messages_per_second: slice.messages as f64 / slice.seconds,
        events_per_second: (self::events(server).await - events) / slice.seconds,
    }
}

/// How many events there have been.
async fn events(server: &Server) -> f64 {
    let mut admin = AdminServiceClient::connect(server.address.clone()).await.unwrap();
    let status = admin.get_status(GetStatusRequest::default()).await.unwrap().into_inner();
    status.position.unwrap().number as f64
}

/// CPU time of the threads of a process, by their names.
fn cpu_ns(pid: u32) -> BTreeMap<String, f64> {
    let mut by_name = BTreeMap::new();
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    for task in tasks.map(|task| task.path()) {
        let read = |file: &str| std::fs::read_to_string(task.join(file)).unwrap_or_default();
        let ran = read("schedstat").split_whitespace().next().and_then(|it| it.parse().ok());
        *by_name.entry(read("comm").trim().to_owned()).or_default() += ran.unwrap_or(0.0);
    }
    by_name
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

impl Half {
    fn all_cores(&self) -> f64 {
        self.cores.values().sum()
    }
}

fn report(pairs: &[Pair], rate: f64, json: bool) {
    let of = |figure: &dyn Fn(&Pair) -> f64| median(pairs.iter().map(figure));
    let share = |pair: &Pair| pair.with.all_cores() - pair.without.all_cores();
    if json {
        for pair in pairs {
            println!(
                "{}",
                json!({
                    "fan_out_core_share": share(pair),
                    "cores_without": pair.without.cores, "cores_with": pair.with.cores,
                    "p50_us": [pair.without.p50_us, pair.with.p50_us],
                    "p90_us": [pair.without.p90_us, pair.with.p90_us],
                    "p99_us": [pair.without.p99_us, pair.with.p99_us],
                    "told_per_second": pair.told_per_second, "message_bytes": pair.message_bytes,
                })
            );
        }
    }
    let ratio = |figure: fn(&Half) -> f64| of(&|it| figure(&it.with) / figure(&it.without));
    let summary = json!({
        "pairs": pairs.len(), "queues": QUEUES, "agents": AGENTS, "adapters": ADAPTERS,
        "calls_per_second": rate,
        "adapter_messages_per_second": of(&|it| it.with.messages_per_second),
        "events_per_second": of(&|it| it.with.events_per_second),
        "subscribers": CONNECTIONS * STREAMS, "connections": CONNECTIONS, "every_ms": EVERY_MS,
        "told_per_second": of(&|it| it.told_per_second),
        "least_per_second": of(&|it| it.least_per_second),
        "most_per_second": of(&|it| it.most_per_second),
        "message_bytes": of(&|it| it.message_bytes),
        "cores_without": of(&|it| it.without.all_cores()),
        "fan_out_core_share": of(&share),
        "fan_out_core_share_most": pairs.iter().map(share).fold(f64::NEG_INFINITY, f64::max),
        "p50_ratio": ratio(|it| it.p50_us), "p90_ratio": ratio(|it| it.p90_us),
        "p99_ratio": ratio(|it| it.p99_us),
        "p50_us": [of(&|it| it.without.p50_us), of(&|it| it.with.p50_us)],
        "p90_us": [of(&|it| it.without.p90_us), of(&|it| it.with.p90_us)],
        "p99_us": [of(&|it| it.without.p99_us), of(&|it| it.with.p99_us)],
    });
    if json {
        println!("{summary}");
        return;
    }
    for (name, figure) in summary.as_object().into_iter().flatten() {
        println!("{name:32} {figure}");
    }
    println!("\ncores by thread, of each pair without and with");
    for pair in pairs {
        for (thread, cores) in &pair.with.cores {
            let without = pair.without.cores.get(thread).copied().unwrap_or_default();
            print!("  {thread} {without:.3} {cores:.3}");
        }
        println!();
    }
}
