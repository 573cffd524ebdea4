//! What Prometheus reads: every metric is declared here once, with its unit and what it says.

mod samples;

use crate::about::About;
use acd_engine::Domain;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use samples::Scrape;

/// The format of the answer.
const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One metric. Its full name is `acdd_NAME`, then `_UNIT`, then `_total` of a counter.
#[derive(Clone, Copy, Debug)]
struct Metric {
    name: &'static str,
    help: &'static str,
    unit: Option<&'static Unit>,
    kind: MetricType,
}

const fn metric(
    name: &'static str,
    unit: Option<&'static Unit>,
    kind: MetricType,
    help: &'static str,
) -> Metric {
    Metric { name, help, unit, kind }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    metric(name, None, MetricType::Gauge, help)
}

const fn gauge_in(name: &'static str, unit: &'static Unit, help: &'static str) -> Metric {
    metric(name, Some(unit), MetricType::Gauge, help)
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    metric(name, None, MetricType::Counter, help)
}

const fn counter_in(name: &'static str, unit: &'static Unit, help: &'static str) -> Metric {
    metric(name, Some(unit), MetricType::Counter, help)
}

const SECONDS: &Unit = &Unit::Seconds;
const BYTES: &Unit = &Unit::Bytes;

const BUILD: Metric = metric("build", None, MetricType::Info, "The version that runs");
const UPTIME: Metric = gauge_in("uptime", SECONDS, "Since the daemon started");
const HEALTH: Metric = gauge("health", "1 of the state that the domain is in, 0 of the others");
const EPOCH: Metric = gauge("epoch", "Starts of the domain");
const EVENTS: Metric = counter("events", "Events of the epoch");

const QUEUE_WAITING: Metric =
    gauge("queue_calls_waiting", "Calls in a queue that wait or are being offered");
const QUEUE_OFFERING: Metric = gauge("queue_calls_offering", "Of those, the ones being offered");
const QUEUE_CONNECTED: Metric =
    gauge("queue_calls_connected", "Calls in conversation that a queue answered");
const QUEUE_OLDEST: Metric =
    gauge_in("queue_longest_wait", SECONDS, "For how long the first of a queue has waited there");
const QUEUE_ESTIMATE: Metric = gauge_in(
    "queue_estimated_wait",
    SECONDS,
    "How long a call would wait that joined now; nothing where nobody works",
);
const QUEUE_AGENTS: Metric = gauge(
    "queue_agents",
    "Agents who meet a queue's requirement: staffed (logged in), working (of those, not in not \
     ready), available (of those, with a free slot)",
);
const QUEUE_CLOSED: Metric = gauge("queue_closed", "1 if a queue is closed to new calls");
const QUEUE_TARGET_SHARE: Metric =
    gauge("queue_service_level_target_ratio", "The share that a queue promises to answer in time");
const QUEUE_TARGET_TIME: Metric =
    gauge_in("queue_service_level_target_time", SECONDS, "The time within which it promises that");
const ENTERED: Metric = counter("queue_entered", "Stays in a queue that began");
const ANSWERED_IN_TIME: Metric = counter(
    "queue_answered_in_time",
    "Calls that a queue answered within the time that it promises",
);
const ABANDONED: Metric = counter(
    "queue_abandoned",
    "Callers who hung up while they waited in a queue; short: sooner than short_abandon",
);
const ABANDONED_IN_TIME: Metric = counter(
    "queue_abandoned_in_time",
    "Of those, the ones who hung up within the time that the queue promises",
);
const LEFT: Metric = counter(
    "queue_left",
    "Calls that left a queue otherwise: overflowed, rejected, moved, withdrawn, vanished, \
     answered_elsewhere",
);
const WAIT: Metric = metric(
    "queue_wait",
    Some(SECONDS),
    MetricType::Histogram,
    "Waits of the calls that a queue answered, entry to connected",
);
const HANDLED: Metric = counter("queue_handled", "Conversations that are over");
const TRANSFERRED: Metric = counter("queue_transferred", "Of those, the ones handed on");
const HANDLING: Metric = counter_in(
    "queue_handling",
    SECONDS,
    "Time of agents in those conversations: talk, hold, wrap_up",
);
const ESTIMATES: Metric =
    counter("queue_estimates", "Answered calls whose wait was estimated at entry");
const ESTIMATE_ERROR: Metric = counter_in(
    "queue_estimate_error",
    SECONDS,
    "How far those estimates were off, without sign, all together",
);
const LINE_DEPTH: Metric =
    gauge("skill_queue_calls", "Calls that wait in a skill queue and are not being offered");

const AGENTS: Metric = gauge("agents", "Agents by state");
const AGENTS_NOT_READY: Metric = gauge("agents_not_ready", "Agents in not ready, by reason");

const ADAPTER_CONNECTED: Metric = gauge("adapter_connected", "1 if an adapter has a session");
const ADAPTER_CALLS: Metric = gauge("adapter_calls", "Calls that an adapter holds");
const ADAPTER_ORDERS: Metric =
    gauge("adapter_orders_unacknowledged", "Orders sent to an adapter and not acknowledged");

const CALLS: Metric = gauge("calls", "Live calls in every state");
const SUBSCRIBERS: Metric = gauge("subscribers", "Subscribers and watches of agents");
const COMMANDS: Metric = counter("commands", "Commands applied in this epoch");
const REFUSED: Metric = counter("refused", "Commands and requests refused in this epoch");
const UNDURABLE: Metric = gauge("commands_undurable", "Commands that are not durable yet");
const DECISION: Metric = gauge_in(
    "decision",
    SECONDS,
    "From a message being taken up to its outcome being decided, by quantile, since the start",
);
const MAILBOX: Metric = gauge_in(
    "mailbox",
    SECONDS,
    "From a message entering the mailbox to its being taken up, by quantile, since the start",
);
const JOURNAL_SYNCS: Metric = counter("journal_syncs", "Syncs of the journal");
const JOURNAL_SYNC: Metric =
    gauge_in("journal_sync", SECONDS, "How long a sync of the journal takes, by quantile");
const JOURNAL_FAILURES: Metric =
    counter("journal_failures", "Writes and syncs of the journal that failed");
const JOURNAL_BYTES: Metric =
    counter_in("journal_written", BYTES, "What was written to the journal since the start");

/// All metrics as they are now.
pub(crate) fn answer(domain: &Domain, about: &About) -> Response {
    let mut registry = Registry::with_prefix("acdd");
    registry.register_collector(Box::new(Scrape::new(domain.clone(), about.clone())));
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => ([(CONTENT_TYPE, FORMAT), (CACHE_CONTROL, "no-store")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
