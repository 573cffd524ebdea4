//! Agents hand callers on.

use super::bed::until;
use super::phones::{Habit, agent, calls};
use super::site::Site;
use super::{CONFIG, TALKS, patient, port};

fn with_a_nurse() -> String {
    format!("{CONFIG}[agents.nora]\nskills = {{ nurse = 3 }}\n")
}

#[test]
fn a_blind_transfer_to_a_queue_takes_the_call_there() {
    let first = agent(port(), Habit::Transfers { after: 500, to: "nurse" });
    let second = agent(port(), TALKS);
    let site = Site::start(&with_a_nurse(), &[("ana", first.port), ("nora", second.port)]);
    site.ready("ana");
    let _caller = calls(site.bed().sip, patient("billing"));
    site.until_state("connected", 1);
    let call_id = site.calls()[0]["call_id"].clone();
    site.until_state("waiting", 1);
    assert_eq!(site.calls()[0]["call_id"], call_id, "it is the same call");
    until("the agent's freedom", || site.agent("ana")["state"] == "ready");
    site.ready("nora");
    site.until_state("connected", 1);
    let call = &site.calls()[0];
    assert_eq!((&call["call_id"], &call["agent"]), (&call_id, &"nora".into()));
    assert_eq!(site.bed().channels_and_bridges(), (2, 1), "the first agent's leg is gone");
    assert_eq!(site.queue("billing", "answered"), 1);
}

#[test]
fn a_blind_transfer_elsewhere_ends_the_call_for_acdd() {
    let phone = agent(port(), Habit::Transfers { after: 500, to: "outside" });
    let mut site = Site::start(CONFIG, &[("ana", phone.port)]);
    site.ready("ana");
    let caller = calls(site.bed().sip, patient("billing"));
    site.until_state("connected", 1);
    until("the end for acdd", || site.calls().is_empty());
    // He, and both ends of what connects him with the extension.
    until("the leg's end", || site.bed().channels_and_bridges() == (3, 1));
    assert_eq!(site.bed().channels_at("agents", "outside"), 2);
    until("the agent's freedom", || site.agent("ana")["state"] == "ready");
    site.start_adapter_again();
    assert_eq!(site.bed().channels_and_bridges(), (3, 1), "they go on");
    drop(caller);
    site.bed().cli("channel request hangup all");
    site.until_all_is_quiet();
}

#[test]
fn an_attended_transfer_connects_the_caller_with_whom_the_agent_has_asked() {
    for asks in ["nurse", "outside"] {
        let first = agent(port(), Habit::Consults { agent: "ana", asks });
        let second = agent(port(), TALKS);
        let site = Site::start(&with_a_nurse(), &[("ana", first.port), ("nora", second.port)]);
        site.ready("ana");
        site.ready("nora");
        let _caller = calls(site.bed().sip, patient("billing"));
        site.until_state("connected", 1);
        let queued = asks == "nurse";
        if queued {
            site.until_state("connected", 2);
        }
        let live = usize::from(queued);
        until("the end of the first call for acdd", || site.calls().len() == live);
        until("the agent's freedom", || site.agent("ana")["state"] == "ready");
        std::thread::sleep(std::time::Duration::from_secs(1));
        assert_eq!(site.in_state("connected"), live);
        if queued {
            assert_eq!(site.calls()[0]["agent"], "nora");
        }
        // Whoever is outside is at the other end of a Local channel.
        let channels = if queued { 2 } else { 3 };
        assert_eq!(site.bed().channels_and_bridges(), (channels, 1));
        site.bed().cli("channel request hangup all");
        site.until_all_is_quiet();
    }
}
