//! acd-asterisk against a real Asterisk, with SIPp as callers and agents: `tests/asterisk/run`.

#![allow(missing_docs, reason = "a test is no library")]
#![allow(dead_code, reason = "the bed can do more than its first test asks of it")]

mod bed;
mod phones;
mod site;

use phones::{Caller, Habit, agent, calls};
use site::Site;

const CONFIG: &str = r#"
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
