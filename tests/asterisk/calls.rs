//! A call from its first ring to its end, whoever ends it and however.

use super::bed::{MUTE, until};
use super::phones::{Caller, Habit, Phone, agent, calls, gives_up};
use super::site::Site;
use super::{CONFIG, RINGS, TALKS, patient, port};
use std::thread::sleep;
use std::time::Duration;

#[test]
fn a_call_is_answered_and_ends_when_the_agent_hangs_up() {
    let phone = agent(port(), Habit::Answers { rings: 200, talks: 800 });
    let site = Site::start(CONFIG, &[("ana", phone.port)]);
    site.ready("ana");
    let mut caller = calls(site.bed().sip, patient("billing"));
    site.until_state("connected", 1);
    until("the caller's end", || caller.is_over());
    site.until_all_is_quiet();
    assert_eq!(site.queue("billing", "answered"), 1);
    assert_eq!(phone.rung(), 1);
}

#[test]
fn a_caller_who_hangs_up_ends_the_talk_and_frees_the_agent() {
    let phone = agent(port(), TALKS);
    let site = Site::start(CONFIG, &[("ana", phone.port)]);
    site.ready("ana");
    for answered in 1..=2 {
        let _caller = calls(site.bed().sip, Caller { dials: "billing", stays_ms: 1_000 });
        site.until_state("connected", 1);
        site.until_all_is_quiet();
        assert_eq!(site.queue("billing", "answered"), answered);
    }
    assert_eq!(phone.rung(), 2);
}

#[test]
fn callers_give_up_while_they_wait_and_while_an_agent_is_rung() {
    let phone = agent(port(), Habit::Rings);
    let site = Site::start(CONFIG, &[("ana", phone.port)]);
    let mut waits = calls(site.bed().sip, Caller { dials: "billing", stays_ms: 700 });
    site.until_state("waiting", 1);
    until("the first caller's end", || waits.is_over());
    site.until_all_is_quiet();
    site.ready("ana");
    let mut rings = calls(site.bed().sip, Caller { dials: "billing", stays_ms: 1_000 });
    site.until_state("offering", 1);
    until("the second caller's end", || rings.is_over());
    site.until_all_is_quiet();
    assert_eq!(site.queue("billing", "abandoned"), 2);
    assert_eq!(site.agent("ana")["presence"], "ready", "that is no miss");
}

#[test]
fn callers_may_hear_it_ring_until_an_agent_answers() {
    let phone = agent(port(), Habit::Answers { rings: 200, talks: 500 });
    let site = Site::start_lean(CONFIG, &[("ana", phone.port)], RINGS);
    let mut gives_up = gives_up(site.bed().sip, "billing", 500);
    site.until_state("waiting", 1);
    until("the first caller's end", || gives_up.is_over());
    site.until_all_is_quiet();
    assert_eq!(site.queue("billing", "abandoned"), 1);
    let mut caller = calls(site.bed().sip, patient("billing"));
    let heard = |caller: &Phone, code: &str| {
        let answer = format!("SIP/2.0 {code} ");
        caller.messages().iter().filter(|line| line.starts_with(&answer)).count()
    };
    until("it rings", || heard(&caller, "180") == 1);
    assert_eq!(heard(&caller, "200"), 0);
    site.ready("ana");
    until("the caller's end", || caller.is_over());
    assert_eq!(site.queue("billing", "answered"), 1);
    site.until_all_is_quiet();
}

#[test]
fn who_does_not_answer_is_busy_or_unreachable_is_passed_over() {
    let [rings, busy, answers] =
        [Habit::Rings, Habit::Busy, TALKS].map(|habit| agent(port(), habit));
    // Nobody hears the third telephone's port.
    let agents = [("ana", rings.port), ("ben", busy.port), ("dora", port()), ("eve", answers.port)];
    let site = Site::start(CONFIG, &agents);
    for (agent, _) in agents {
        site.ready(agent);
        sleep(Duration::from_millis(20));
    }
    let _caller = calls(site.bed().sip, patient("billing"));
    site.until_state("connected", 1);
    assert_eq!(site.calls()[0]["agent"], "eve");
    assert_eq!((rings.rung() > 0, busy.rung() > 0), (true, true), "each was rung");
    let missed = agents.map(|(agent, _)| site.agent(agent)["presence"].clone());
    assert_eq!(missed, ["not_ready", "not_ready", "not_ready", "ready"]);
}

#[test]
fn a_telephone_that_dies_in_a_talk_puts_the_caller_back_in_front() {
    let [dead, phone] = [TALKS, TALKS].map(|habit| agent(port(), habit));
    let site = Site::start(CONFIG, &[(MUTE, dead.port), ("ana", phone.port)]);
    site.ready(MUTE);
    let _caller = calls(site.bed().sip, patient("billing"));
    site.until_state("connected", 1);
    assert_eq!(site.calls()[0]["agent"], MUTE);
    let call_id = site.calls()[0]["call_id"].clone();
    let _later = calls(site.bed().sip, patient("billing"));
    site.until_state("waiting", 1);
    // No agent is free, so that both wait when the telephone has died.
    site.not_ready(MUTE);
    site.until_state("waiting", 2);
    site.ready("ana");
    site.until_state("connected", 1);
    let calls = site.calls();
    let connected = calls.iter().find(|call| call["state"] == "connected").expect("one is");
    assert_eq!((&connected["call_id"], &connected["agent"]), (&call_id, &"ana".into()));
    assert_eq!(site.bed().channels_and_bridges(), (3, 1));
}

#[test]
fn a_caller_on_hold_is_shown_so_and_is_retrieved() {
    let phone = agent(port(), Habit::Holds { after: 500, holds: 1_000 });
    let site = Site::start(CONFIG, &[("ana", phone.port)]);
    site.ready("ana");
    let _caller = calls(site.bed().sip, patient("billing"));
    site.until_state("connected", 1);
    site.until_state("held", 1);
    site.until_state("connected", 1);
}

#[test]
fn whoever_acdd_does_not_take_goes_on_in_the_dialplan() {
    let site = Site::start(CONFIG, &[]);
    for dials in ["nosuch", "short"] {
        let mut caller = calls(site.bed().sip, patient(dials));
        until("the dialplan's end", || caller.is_over());
        site.until_all_is_quiet();
    }
    assert_eq!(site.queue("short", "overflowed"), 1);
}

#[test]
fn the_dialplan_that_is_shipped_takes_callers_in() {
    let site = Site::start(CONFIG, &[]);
    let _billing = calls(site.bed().sip, patient("2000"));
    let _nurse = calls(site.bed().sip, patient("2001"));
    site.until_state("waiting", 2);
    let calls = site.calls();
    let mut queues: Vec<_> =
        calls.iter().map(|call| (&call["queues"][0], &call["priority"])).collect();
    queues.sort_by_key(|(_, priority)| priority.as_u64());
    assert_eq!(queues, [(&"billing".into(), &5.into()), (&"nurse".into(), &7.into())]);
}
