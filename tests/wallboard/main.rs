//! The pages in a real browser, with the real daemon and real load behind them. `run` looks for the
//! browser; without one these tests are not built.

mod accessible;
mod agent_page;
mod alarms;
mod browser;
mod exact;
mod figures;
#[path = "../end_to_end/harness.rs"]
#[expect(dead_code, unused_imports, reason = "another test uses the rest")]
mod harness;
mod hostile;
mod keyboard;
mod large;
mod stale;
mod stepping_in;

/// Two agents and two queues, times so long that nothing ends by itself.
const CONFIG: &str = r#"
[routing]
connect_within = "10m"
missed_offers = "stay_ready"

[presence]
reasons = ["break", "lunch"]

[skills]
billing = {}

[queues.front-desk]
ring = "10m"
wrap_up = "5m"
wrap_up_at_most = "20m"
dispositions = ["resolved", "call-back"]

[[queues.front-desk.rules]]
name = "give-up"
when = { waited = "5h" }
then = { end = "voicemail" }

[queues.billing]
require = { billing = 3 }
ring = "10m"

[[queues.billing.rules]]
name = "give-up"
when = { waited = "5h" }
then = { end = "voicemail" }

[agents]
ana = { name = "Ana Ruiz", skills = { billing = 5 } }
sam = { name = "Sam Whitaker" }
"#;
