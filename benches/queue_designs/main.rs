//! One writer, or concurrent queues with several matchers? Both, for the same multi-skill matching.
//!
//! `cargo bench -p acd-core --bench queue_designs [-- --json] [--quick]`, about a minute. 10,000 agents
//! of 250 kinds with five skills each of 64; a call asks for one skill or for two. Conversations end
//! and calls arrive, by turns, so that always about as many calls wait. What happens is counted:
//! calls that arrive and agents who are free. An *inversion* is a claim at whose instant a better call
//! waited that the same agent could have taken; a *stranded pair* is a line with a call and a kind with
//! a free agent who could take it, after all threads have come to rest.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "a bench has clocks and threads and prints; it is not bound to the purity of the Router"
)]
#![allow(missing_docs, reason = "a bench is no library")]

mod audit;
mod concurrent;
#[path = "../load.rs"]
#[allow(dead_code, reason = "the bench of all figures counts more")]
mod load;
mod one_writer;
mod runs;
mod world;

use serde_json::json;

/// How many calls wait.
const SURPLUS: i64 = 10_000;
/// Half a call in each line: whoever comes looks for somebody, and now one finds nobody, now another.
const BALANCE: i64 = 64;

/// One row of the result.
pub(crate) struct Row {
    design: &'static str,
    threads: usize,
    waiting: i64,
    per_second: f64,
    /// Claims looked at, and inversions among them.
    audited: Option<(u64, u64)>,
    /// After so many rests, in all.
    stranded: Option<(u64, u64)>,
}

fn main() {
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let (as_json, size) = (asked("--json"), if asked("--quick") { 1 } else { 10 });
    if !as_json {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        println!("{cores} cores\n");
        println!(
            "{:34} {:>7} {:>8} {:>12} {:>22} {:>20}",
            "design",
            "threads",
            "waiting",
            "happenings/s",
            "inversions / claims",
            "stranded / rests"
        );
    }
    let tell = |row: Row| print(&row, as_json);
    tell(runs::acdds_router(SURPLUS, size));
    for waiting in [SURPLUS, BALANCE] {
        tell(runs::one_writer(waiting, size));
        for senders in [1, 2, 4] {
            tell(runs::one_writer_behind_a_ring(waiting, senders, size));
        }
        for threads in [1, 2, 4] {
            tell(runs::concurrent(waiting, threads, size));
        }
    }
}

fn print(row: &Row, as_json: bool) {
    let Row { design, threads, waiting, per_second, audited, stranded } = row;
    if as_json {
        let told = json!({
            "design": design, "threads": threads, "waiting": waiting,
            "happenings_per_second": per_second.round(),
            "claims_audited": audited.map(|(claims, _)| claims),
            "inversions": audited.map(|(_, inverted)| inverted),
            "rests": stranded.map(|(_, rests)| rests),
            "stranded_pairs": stranded.map(|(pairs, _)| pairs),
        });
        println!("{told}");
        return;
    }
    let audited = audited.map_or("-".to_owned(), |(claims, bad)| format!("{bad} / {claims}"));
    let stranded = stranded.map_or("-".to_owned(), |(pairs, rests)| format!("{pairs} / {rests}"));
    println!("{design:34} {threads:7} {waiting:8} {per_second:12.0} {audited:>22} {stranded:>20}");
}
