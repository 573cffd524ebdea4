//! acd-asterisk against a real Asterisk, with SIPp as callers and agents: `tests/asterisk/run`.

#![allow(missing_docs, reason = "a test is no library")]

mod bed;
mod calls;
mod faults;
mod load;
mod phones;
mod relay;
mod routing;
mod sipp;
mod site;
mod telephones;
mod transfers;

use phones::{Caller, Habit};

/// What most sites here have; each adds what it is about.
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

/// Callers hear it ring until an agent answers.
const RINGS: &str = "[calls]\nanswer = false\n";

/// An agent's telephone that picks up soon and talks until the caller hangs up.
const TALKS: Habit = Habit::Answers { rings: 100, talks: 60_000 };

/// A caller who stays until the other side hangs up.
fn patient(dials: &str) -> Caller<'_> {
    Caller { dials, stays_ms: 60_000 }
}

fn port() -> u16 {
    bed::free_port(bed::AGENTS)
}
