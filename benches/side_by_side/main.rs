//! acdd beside Asterisk's own `app_queue`: the same Asterisk, the same telephones, measured on the
//! wire. `benches/side_by_side/run` gets what it needs and starts it.
//!
//! Rounds alternate, so that whatever else the machine does falls on both; while `app_queue` has the
//! agents, the adapter is not there. In each round first all agents talk and as many callers wait:
//! an agent hangs up, and the time counts from his BYE to the next INVITE that he gets. Then calls
//! come while agents are free: the time counts from a caller's INVITE to the one that his call
//! causes at an agent's.

#![expect(clippy::unwrap_used, reason = "a bench may panic")]
#![allow(missing_docs, reason = "a bench is no library")]

#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/asterisk/bed.rs"]
mod bed;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/asterisk/phones.rs"]
mod phones;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/asterisk/relay.rs"]
mod relay;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/asterisk/sipp.rs"]
mod sipp;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/asterisk/site.rs"]
mod site;
mod wire;

use bed::{AGENTS, CALLERS};
use clap::Parser;
use hdrhistogram::Histogram;
use serde_json::json;
use site::Site;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use wire::{Capture, Method, Request};

const CONFIG: &str = "[skills]\nbilling = {}\n\
                      [queues.billing]\nrequire = { billing = 1 }\nwrap_up = \"0s\"\n";
/// How long agents talk, in milliseconds.
const TALK_MS: (u32, u32) = (3_000, 9_000);
/// What goes by before it counts: until then agents are rung for the first time.
const WARM_UP: Duration = Duration::from_secs(5);
/// Calls a second while agents are free; with the talk times above they hold 60.
const EASY_RATE: u32 = 10;

/// Measures acdd beside `app_queue` on one Asterisk.
#[derive(Parser)]
struct Arguments {
    /// Agents, and callers who wait.
    #[arg(long, default_value_t = 100)]
    agents: u32,
    /// How often each is measured.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// How long each is measured in each round.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// A line of JSON for each figure.
    #[arg(long)]
    json: bool,
    /// Says `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

/// The two that are compared, and the number that callers dial for each.
const ROUTERS: [(&str, &str); 2] = [("app_queue", "plain"), ("acdd", "billing")];
const ACDD: usize = 1;

fn main() {
    let arguments = Arguments::parse();
    let names: Vec<String> = (0..arguments.agents).map(|number| format!("a{number}")).collect();
    let port = bed::free_port(AGENTS);
    let agents: Vec<(&str, u16)> = names.iter().map(|name| (name.as_str(), port)).collect();
    let mut site = Site::start_lean(CONFIG, &agents, "");
    for name in &names {
        site.ready(name);
    }
    let _telephones = phones::agents(port, TALK_MS);

    let mut gaps = [histogram(), histogram()];
    let mut first_rings = [histogram(), histogram()];
    for round in 0..arguments.rounds {
        let turns = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for router in turns {
            if router == ACDD {
                site.start_adapter_again();
            } else {
                site.adapter.kill();
            }
            let dials = ROUTERS[router].1;
            eprintln!("round {}: {}", round + 1, ROUTERS[router].0);
            let requests = play_full(&site, dials, &arguments);
            add_gaps(&mut gaps[router], &requests);
            let requests = play_easy(&site, dials, &arguments);
            add_first_rings(&mut first_rings[router], &requests);
        }
    }
    let asterisk = site.bed().cli("core show version");
    tell(
        &arguments,
        asterisk.split(" built").next().unwrap(),
        &[
            ("an agent hangs up, callers wait: to his next INVITE", &gaps),
            ("a caller's INVITE, agents are free: to an agent's INVITE", &first_rings),
        ],
    );
}

/// In microseconds.
fn histogram() -> Histogram<u64> {
    Histogram::new(3).unwrap()
}

/// All agents talk, and as many callers wait.
fn play_full(site: &Site, dials: &str, arguments: &Arguments) -> Vec<Request> {
    let Arguments { agents, seconds, .. } = *arguments;
    let mean_s = (TALK_MS.0 + TALK_MS.1) / 2_000;
    let measured = agents / mean_s * (seconds + u32::try_from(WARM_UP.as_secs()).unwrap());
    play(site, dials, 2 * agents + measured, 2 * agents, 200)
}

/// Calls come one after another, and agents are free.
fn play_easy(site: &Site, dials: &str, arguments: &Arguments) -> Vec<Request> {
    play(site, dials, EASY_RATE * arguments.seconds, arguments.agents, EASY_RATE)
}

fn play(site: &Site, dials: &str, calls: u32, at_once: u32, per_second: u32) -> Vec<Request> {
    let sip = site.bed().sip;
    let capture = Capture::start(sip);
    let mut crowd = phones::crowd(sip, dials, calls, at_once, per_second);
    bed::within(Duration::from_secs(300), "the end of all calls", || crowd.is_over());
    bed::until("quiet", || site.bed().channels_and_bridges().0 == 0);
    capture.requests()
}

/// From each agent's BYE to his next INVITE, while there are still callers to come.
fn add_gaps(gaps: &mut Histogram<u64>, requests: &[Request]) {
    let calls = requests.iter().filter(|it| it.sender == CALLERS && it.method == Method::Invite);
    let times: Vec<Duration> = calls.map(|it| it.at).collect();
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return };
    let counts = |at| at > *first + WARM_UP && at < *last;
    let mut hung_up: HashMap<&str, Duration> = HashMap::new();
    for request in requests {
        match request.method {
            Method::Bye if request.sender == AGENTS && counts(request.at) => {
                // The first counts: another is the same once more.
                hung_up.entry(&request.from).or_insert(request.at);
            }
            Method::Invite if request.sender != CALLERS => {
                if let Some(since) = hung_up.remove(request.to.as_str()) {
                    record(gaps, request.at - since);
                }
            }
            _ => {}
        }
    }
}

/// From each caller's INVITE to the one that it causes.
fn add_first_rings(first_rings: &mut Histogram<u64>, requests: &[Request]) {
    let mut came: BTreeMap<&str, Duration> = BTreeMap::new();
    for request in requests.iter().filter(|request| request.method == Method::Invite) {
        if request.sender == CALLERS {
            came.entry(&request.from).or_insert(request.at);
        } else if let Some(since) = came.remove(request.from.as_str()) {
            record(first_rings, request.at - since);
        }
    }
}

fn record(histogram: &mut Histogram<u64>, time: Duration) {
    histogram.record(u64::try_from(time.as_micros()).unwrap()).unwrap();
}

fn tell(arguments: &Arguments, asterisk: &str, figures: &[(&str, &[Histogram<u64>; 2])]) {
    let Arguments { agents, rounds, seconds, json, .. } = *arguments;
    let cpus = std::thread::available_parallelism().unwrap();
    if !json {
        println!("{asterisk}, {cpus} CPUs, {agents} agents, {rounds} rounds of {seconds} s; in ms");
    }
    for (what, routers) in figures {
        if !json {
            println!("\n{what}\n{:12}{:>8}{:>10}{:>10}{:>10}", "", "n", "p50", "p99", "most");
        }
        for ((name, _), times) in ROUTERS.iter().zip(routers.iter()) {
            let count = times.len();
            let [p50, p99, most] =
                [0.5, 0.99, 1.0].map(|quantile| times.value_at_quantile(quantile) as f64 / 1e3);
            if json {
                let line = json!({
                    "what": what, "router": name, "asterisk": asterisk, "cpus": cpus,
                    "agents": agents, "count": count,
                    "p50_ms": p50, "p99_ms": p99, "most_ms": most,
                });
                println!("{line}");
            } else {
                println!("{name:12}{count:8}{p50:10.1}{p99:10.1}{most:10.1}");
            }
        }
    }
}
