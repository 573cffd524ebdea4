//! Many at once, for long: a thousand callers, and nothing is left of them.

use super::RINGS;
use super::bed::{AGENTS, free_port, within};
use super::phones::{agents, crowd};
use super::site::{Program, Site};
use std::time::Duration;

const CONFIG: &str = "[skills]\nbilling = {}\n\
                      [queues.billing]\nrequire = { billing = 1 }\nwrap_up = \"0s\"\n";
const CALLERS: u32 = 1_000;
const FIVE_MINUTES: Duration = Duration::from_secs(300);
/// So many thousands call, one after the other: what acdd keeps of events for whoever comes back to
/// a watch stream, 65,536 of them, is full after the fifth.
const WAVES: usize = 7;
/// How much more memory a program may have after the last thousand than after the one before.
const MORE_KB_MAX: u64 = 1_024;

/// What a program has of its machine.
#[derive(Clone, Copy, Debug)]
struct Holds {
    memory_kb: u64,
    files: usize,
}

fn holds(program: &Program) -> Holds {
    let process = format!("/proc/{}", program.id());
    let status = std::fs::read_to_string(format!("{process}/status")).expect("it runs");
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    let memory_kb = memory.trim().trim_end_matches(" kB").parse().expect("a number");
    let files = std::fs::read_dir(format!("{process}/fd")).expect("it runs").count();
    Holds { memory_kb, files }
}

#[test]
/// They hear it ring: music for a thousand takes Asterisk more than two processors.
#[ignore = "takes a quarter of an hour"]
fn a_thousand_callers_wait_for_five_minutes_and_leave_nothing_behind() {
    let port = free_port(AGENTS);
    let names: Vec<String> = (0..20).map(|number| format!("a{number}")).collect();
    let telephones: Vec<(&str, u16)> = names.iter().map(|name| (name.as_str(), port)).collect();
    let site = Site::start_lean(CONFIG, &telephones, RINGS);
    let _telephones = agents(port, (200, 1_000));
    for name in &names {
        site.ready(name);
        site.not_ready(name);
    }
    let mut after = Vec::new();
    for wave in 0..WAVES {
        let wait = if wave == 0 { FIVE_MINUTES } else { Duration::ZERO };
        let mut callers = crowd(site.bed().sip, "billing", CALLERS, CALLERS, 50);
        let all_wait = || site.in_state("waiting") == CALLERS as usize;
        within(FIVE_MINUTES, "a thousand callers", all_wait);
        println!("waiting: {:?} {:?}", holds(&site.adapter), holds(&site.acdd));
        std::thread::sleep(wait);
        // Nobody was lost meanwhile, and nobody has lost a second of his age.
        let ages = site.calls().into_iter().map(|call| call["age_seconds"].as_f64());
        let ages: Vec<f64> = ages.map(|age| age.expect("an age")).collect();
        assert_eq!(ages.len(), CALLERS as usize);
        let youngest = ages.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(youngest >= wait.as_secs_f64(), "{youngest}");
        let answered = site.queue("billing", "answered");
        names.iter().for_each(|name| site.ready_again(name));
        // Each is served, by twenty agents: a matter of a minute.
        within(FIVE_MINUTES, "the end of all calls", || callers.is_over());
        within(FIVE_MINUTES, "quiet", || site.is_quiet());
        assert_eq!(site.queue("billing", "answered") - answered, u64::from(CALLERS));
        names.iter().for_each(|name| site.not_ready(name));
        after.push([holds(&site.adapter), holds(&site.acdd)]);
        println!("after: {:?}", after.last());
    }
    let [.., before, last] = &after[..] else { panic!("there are several") };
    for (before, last) in before.iter().zip(last) {
        assert!(last.memory_kb <= before.memory_kb + MORE_KB_MAX, "{after:?}");
        assert!(last.files <= before.files, "{after:?}");
    }
}
