//! Who gets which call: skills, priority, overflow, and what rules have callers hear.

use super::bed::until;
use super::phones::{Caller, Habit, agent, calls};
use super::site::Site;
use super::{CONFIG, TALKS, patient, port};

#[test]
fn a_call_goes_to_whoever_has_its_skill() {
    let phones = [TALKS, TALKS].map(|habit| agent(port(), habit));
    let config = format!("{CONFIG}[agents.nora]\nskills = {{ nurse = 3 }}\n");
    let site = Site::start(&config, &[("ana", phones[0].port), ("nora", phones[1].port)]);
    site.ready("ana");
    let _caller = calls(site.bed().sip, patient("nurse"));
    site.until_state("waiting", 1);
    site.ready("nora");
    site.until_state("connected", 1);
    assert_eq!(site.calls()[0]["agent"], "nora");
    assert_eq!(phones.each_ref().map(super::phones::Phone::rung), [0, 1]);
}

#[test]
fn the_more_urgent_call_comes_first_and_its_attributes_with_it() {
    let phone = agent(port(), Habit::Answers { rings: 100, talks: 500 });
    let site = Site::start(CONFIG, &[("ana", phone.port)]);
    let _first = calls(site.bed().sip, patient("billing"));
    site.until_state("waiting", 1);
    let _urgent = calls(site.bed().sip, patient("urgent"));
    site.until_state("waiting", 2);
    let waiting = site.calls();
    let urgent = waiting.iter().find(|call| call["priority"] == 8).expect("one is urgent");
    site.ready("ana");
    site.until_state("connected", 1);
    let calls = site.calls();
    let connected = calls.iter().find(|call| call["state"] == "connected").expect("one is");
    assert_eq!(connected["call_id"], urgent["call_id"]);
    assert_eq!(phone.told("X-CRM"), ["token-7"]);
    site.until_all_is_quiet();
    assert_eq!(site.queue("billing", "answered"), 2, "the other in its turn");
    assert_eq!(phone.told("X-CRM").len(), 1, "nothing is known of the other");
}

#[test]
fn a_call_that_waits_too_long_overflows_to_another_queue() {
    let config = format!(
        "{CONFIG}[queues.full]\nrequire = {{ nurse = 1 }}\n\
         rules = [{{ name = \"help\", when = {{ waited = \"1s\" }}, then = {{ move_to = \"billing\" }} }},\n\
         {{ name = \"give-up\", when = {{ waited = \"1h\" }}, then = {{ end = \"message\" }} }}]\n"
    );
    let phone = agent(port(), TALKS);
    let site = Site::start(&config, &[("ana", phone.port)]);
    site.ready("ana");
    let mut caller = calls(site.bed().sip, Caller { dials: "full", stays_ms: 3_000 });
    site.until_state("connected", 1);
    assert_eq!(site.calls()[0]["via_queue"], "billing");
    until("the caller's end", || caller.is_over());
    site.until_all_is_quiet();
    assert_eq!(site.queue("billing", "answered"), 1);
}

#[test]
fn a_rule_has_the_caller_hear_all_that_it_says_before_he_is_transferred() {
    let config = format!(
        "{CONFIG}[queues.late]\nrequire = {{ nurse = 1 }}\n\
         rules = [{{ name = \"after-hours\", when = {{ waited = \"1s\" }}, \
         then = {{ play = \"sorry\", transfer_to = \"+15550199\" }} }}]\n"
    );
    let site = Site::start(&config, &[]);
    let _caller = calls(site.bed().sip, patient("late"));
    site.until_state("waiting", 1);
    until("acdd's end of it", || site.calls().is_empty());
    assert_eq!(site.queue("late", "overflowed"), 1);
    assert_eq!(site.bed().channels_at("acd-transfer", "+15550199"), 0, "he is being told");
    until("the transfer", || site.bed().channels_at("acd-transfer", "+15550199") == 1);
}
