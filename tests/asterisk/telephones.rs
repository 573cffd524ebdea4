//! Agents' telephones: whether they are there, busy with something else, and what is dialled at them.

use super::bed::until;
use super::phones::{Caller, agent, agent_dials, calls};
use super::site::Site;
use super::{CONFIG, TALKS, patient, port};

#[test]
fn an_agent_whose_telephone_is_not_there_is_not_ready() {
    let site = Site::start(CONFIG, &[("cleo", 0)]);
    site.acdctl(&["agent", "login", "cleo", "--ready"]);
    until("the telephone's state", || site.agent("cleo")["device"] == "down");
    let cleo = site.agent("cleo");
    assert_eq!(cleo["presence"], "not_ready");
    assert_eq!(cleo["reason"], "device_out_of_service");
}

#[test]
fn an_agent_who_is_in_a_call_of_his_own_is_not_rung_until_it_is_over() {
    let phone = agent(port(), TALKS);
    let site = Site::start(CONFIG, &[("ana", phone.port)]);
    site.ready("ana");
    let own = Caller { dials: "outside", stays_ms: 3_000 };
    let _own = agent_dials(site.bed().sip, "ana", own);
    until("his own call", || site.agent("ana")["device"] == "busy");
    let _caller = calls(site.bed().sip, patient("billing"));
    site.until_state("waiting", 1);
    assert_eq!(phone.rung(), 0);
    site.until_state("connected", 1);
    assert_eq!(phone.rung(), 1);
}

#[test]
fn agents_log_in_pause_and_log_out_by_feature_codes() {
    let config = CONFIG.replace("wrap_up = \"0s\"", "wrap_up = \"1h\"");
    let phone = agent(port(), super::Habit::Answers { rings: 100, talks: 300 });
    let site = Site::start(&config, &[("ana", phone.port)]);
    let dials = |code: &str| {
        let mut dialled = agent_dials(site.bed().sip, "ana", patient(code));
        until("the end of a feature code", || dialled.is_over());
        dialled.messages().iter().any(|message| message.starts_with("SIP/2.0 200"))
    };
    let presence = || {
        let ana = site.agent("ana");
        (ana["presence"].clone(), ana["reason"].clone())
    };
    assert!(dials("*11"), "log-in");
    assert_eq!(presence().0, "ready");
    assert!(dials("*12"), "pause");
    assert_eq!(presence(), ("not_ready".into(), "lunch".into()));
    assert!(!dials("*15"), "a reason that is not in the configuration");
    assert_eq!(presence(), ("not_ready".into(), "lunch".into()));
    assert!(dials("*11"), "back");
    let _caller = calls(site.bed().sip, patient("billing"));
    until("wrap-up", || site.agent("ana")["state"] == "wrap_up");
    assert!(dials("*14"), "the end of wrap-up");
    assert_eq!(site.agent("ana")["state"], "ready");
    assert!(dials("*13"), "log-out");
    assert_eq!(presence().0, "logged_out");
}
