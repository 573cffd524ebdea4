//! The real daemon over the real wire: what adapters, agents, supervisors and operators meet.

mod adapters;
mod bad_input;
mod channels;
mod crashes;
mod disks;
mod dispositions;
mod documentation;
mod explaining;
mod floods;
mod harness;
mod interventions;
mod journals;
mod ladders;
mod many_watch;
mod metrics;
mod networks;
mod offers;
mod order;
mod pages;
mod people;
mod reports;
mod restarts;
mod routes;
mod rules;
mod running;
mod sessions;
mod skills;
mod statistics;
#[cfg(target_os = "linux")]
mod terminals;
mod watching;
mod what_if;
mod who_gets_it;

/// Three agents, four queues, times so long that nothing ends by itself.
const CONFIG: &str = r#"
[routing]
order = "strict"
connect_within = "10m"
missed_offers = "stay_ready"

[presence]
reasons = ["break"]

[skills]
billing = {}
spanish = {}

[queues.front-desk]
ring = "10m"
wrap_up = "10m"
service_level = { answered = "80%", within = "20s" }

[[queues.front-desk.rules]]
name = "give-up"
when = { waited = "5h" }
then = { end = "voicemail" }

[queues.billing]
require = { billing = 3 }
select = ["highest_level", "longest_idle"]
ring = "10m"

[[queues.billing.rules]]
name = "give-up"
when = { waited = "5h" }
then = { end = "voicemail" }

[queues.spanish]
require = { billing = 2, spanish = 6 }
ring = "10m"

[[queues.spanish.rules]]
name = "give-up"
when = { waited = "5h" }
then = { end = "message" }

[agents]
ana = { name = "Ana Ruiz", skills = { billing = 5, spanish = 8 } }
ben = { name = "Ben Carter", skills = { billing = 9 } }
sam = { name = "Sam Whitaker" }
"#;
