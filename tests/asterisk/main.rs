//! acd-asterisk against a real Asterisk, with SIPp as callers and agents: `tests/asterisk/run`.

#![allow(missing_docs, reason = "a test is no library")]

mod bed;
mod phones;
mod site;

use phones::{Caller, Habit, agent, calls};
use site::Site;

const CONFIG: &str = r#"
[routing]
missed_offers = "not_ready"
[skills]
billing = {}
nurse = {}
[queues.billing]
require = { billing = 1 }
ring = "3s"
wrap_up = "0s"
[queues.nurse]
require = { nurse = 1 }
[queues.short]
require = { nurse = 1 }
rules = [{ name = "give-up", when = { waited = "1s" }, then = { end = "voicemail" } }]
"#;

/// A caller who stays until the other side hangs up.
fn patient(dials: &str) -> Caller<'_> {
    Caller { dials, stays_ms: 60_000 }
}

fn port() -> u16 {
    bed::free_port(bed::AGENTS)
}

#[test]
fn a_call_is_answered_and_ends_when_the_agent_hangs_up() {
    let phone = agent(port(), Habit::Answers { rings: 200, talks: 800 });
    let site = Site::start(CONFIG, &[("ana", phone.port)]);
    site.ready("ana");
    let mut caller = calls(site.bed().sip, patient("billing"));
    site.until_state("connected", 1);
    bed::until("the caller's end", || caller.is_over());
    site.until_all_is_quiet();
    assert_eq!(site.queue("billing", "answered"), 1);
    assert_eq!(phone.rung(), 1);
}

#[test]
fn callers_give_up_while_they_wait_and_while_an_agent_is_rung() {
    let phone = agent(port(), Habit::Rings);
    let site = Site::start(CONFIG, &[("ana", phone.port)]);
    let mut waits = calls(site.bed().sip, Caller { dials: "billing", stays_ms: 700 });
    site.until_state("waiting", 1);
    bed::until("the first caller's end", || waits.is_over());
    site.until_all_is_quiet();
    site.ready("ana");
    let mut rings = calls(site.bed().sip, Caller { dials: "billing", stays_ms: 1_000 });
    site.until_state("offering", 1);
    bed::until("the second caller's end", || rings.is_over());
    site.until_all_is_quiet();
    assert_eq!(site.queue("billing", "abandoned"), 2);
    assert_eq!(site.agent("ana")["presence"], "ready", "that is no miss");
}

#[test]
fn who_does_not_answer_is_busy_or_unreachable_is_passed_over() {
    let [rings, busy, answers] = [
        agent(port(), Habit::Rings),
        agent(port(), Habit::Busy),
        agent(port(), Habit::Answers { rings: 200, talks: 60_000 }),
    ];
    let agents = [("ana", rings.port), ("ben", busy.port), ("cleo", 0), ("dora", answers.port)];
    let site = Site::start(CONFIG, &agents);
    for (agent, _) in agents {
        site.ready(agent);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let _caller = calls(site.bed().sip, patient("billing"));
    site.until_state("connected", 1);
    assert_eq!(site.calls()[0]["agent"], "dora");
    assert_eq!((rings.rung() > 0, busy.rung() > 0), (true, true), "each was rung");
}

#[test]
fn whoever_acdd_does_not_take_goes_on_in_the_dialplan() {
    let site = Site::start(CONFIG, &[]);
    for dials in ["nosuch", "short"] {
        let mut caller = calls(site.bed().sip, patient(dials));
        bed::until("the dialplan's end", || caller.is_over());
        site.until_all_is_quiet();
    }
    assert_eq!(site.queue("short", "overflowed"), 1);
}

#[test]
fn a_restarted_adapter_or_acdd_finds_callers_who_wait_and_who_talk() {
    let phone = agent(port(), Habit::Answers { rings: 100, talks: 60_000 });
    let mut site = Site::start(CONFIG, &[("ana", phone.port)]);
    site.ready("ana");
    let _talks = calls(site.bed().sip, patient("billing"));
    site.until_state("connected", 1);
    let _waits = calls(site.bed().sip, patient("billing"));
    site.until_state("waiting", 1);
    let ids = |site: &Site| -> Vec<_> {
        site.calls().iter().map(|call| (call["call_id"].clone(), call["state"].clone())).collect()
    };
    let before = ids(&site);
    site.start_adapter_again();
    assert_eq!(ids(&site), before, "after the adapter's restart");
    site.start_acdd_again();
    assert_eq!(ids(&site), before, "after acdd's restart");
    assert_eq!(phone.rung(), 1, "nobody is rung twice");
    let (channels, bridges) = site.bed().channels_and_bridges();
    assert_eq!((channels, bridges), (3, 1));
}

#[test]
fn a_restarted_asterisk_has_lost_its_calls_and_takes_new_ones() {
    let phone = agent(port(), Habit::Answers { rings: 100, talks: 60_000 });
    let mut site = Site::start(CONFIG, &[("ana", phone.port)]);
    site.ready("ana");
    let _talks = calls(site.bed().sip, patient("billing"));
    site.until_state("connected", 1);
    let _waits = calls(site.bed().sip, patient("billing"));
    site.until_state("waiting", 1);
    site.start_asterisk_again();
    bed::until("the end of the lost calls", || site.calls().is_empty());
    site.until_adapter_is_there();
    let _new = calls(site.bed().sip, patient("billing"));
    site.until_state("connected", 1);
    assert_eq!(phone.rung(), 2);
}
