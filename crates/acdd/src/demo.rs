//! The demo: an adapter, callers and agents that keep the daemon busy over its own gRPC port.

mod crew;
mod desks;
mod traffic;

use crate::serve::Ports;
use acd_adapter::{
    AdapterSession, Behaviour, ScriptedCall, SessionEvents, SessionOptions, SessionSender,
    SimulatedAgents, SimulatedClock, SimulatedPbx,
};
use acd_core::RoutingPlan;
use crew::Crew;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tonic::transport::Channel;
use traffic::Traffic;

/// The name of the demo's adapter.
const ADAPTER: &str = "demo";
/// Decides all chances: every demo has the same callers.
const SEED: u64 = 7;
/// How long a phone rings before it is answered.
const PICK_UP: std::ops::RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_secs(6);
/// How likely nobody answers.
const MISSES: f64 = 0.03;
/// How likely an agent declines.
const DECLINES: f64 = 0.01;

/// Plays until it is aborted.
pub(crate) async fn play(plan: Arc<RoutingPlan>, ports: Ports) {
    if let Err(reason) = play_on(&plan, ports).await {
        tracing::error!(reason, "the demo has ended; the daemon goes on");
    }
}

async fn play_on(plan: &RoutingPlan, ports: Ports) -> Result<(), String> {
    let server = format!("http://{}", ports.grpc);
    let (sender, events) = session(&server, ADAPTER).await?;
    let clock = SimulatedClock::start(sender.clock_scale()).map_err(|error| error.to_string())?;
    let pbx = SimulatedPbx::start(sender, events, clock.clone(), behaviour());
    // Devices that endpoints name belong to adapters of their own.
    let mut devices = Vec::new();
    for adapter in &plan.adapters {
        let (sender, events) = session(&server, adapter).await?;
        devices.push(SimulatedPbx::start(sender, events, clock.clone(), behaviour()));
    }
    let channel = channel(&server).await?;
    let crew = Crew::of(plan);
    let mut agents = SimulatedAgents::new(channel.clone(), "", clock.clone());
    for shift in crew.shifts(plan, SEED) {
        agents.work(shift);
    }
    say_where_to_look(crew, ports, plan);
    let played = crew.played(plan).map(|agent| agent.id.clone()).collect();
    tokio::select! {
        reason = call_on(&pbx, &clock, Traffic::of(plan, &crew, SEED)) => Err(reason),
        reason = desks::answer_others(channel, played, clock.clone(), SEED) => Err(reason),
    }
}

async fn session(server: &str, adapter: &str) -> Result<(SessionSender, SessionEvents), String> {
    let mut options = SessionOptions::new(server, adapter);
    options.software = format!("acdd {} --demo", env!("CARGO_PKG_VERSION"));
    AdapterSession::connect(options).await.map_err(|error| error.to_string())
}

fn behaviour() -> Behaviour {
    Behaviour {
        pick_up: PICK_UP,
        misses: MISSES,
        declines: DECLINES,
        seed: SEED,
        ..Behaviour::default()
    }
}

async fn channel(server: &str) -> Result<Channel, String> {
    let endpoint = acd_adapter::endpoint(server).map_err(|error| error.to_string())?;
    endpoint.connect().await.map_err(|error| error.to_string())
}

/// Somebody calls, again and again.
async fn call_on(pbx: &SimulatedPbx, clock: &SimulatedClock, mut traffic: Traffic) -> String {
    for number in 1_u64.. {
        let Some(caller) = traffic.next() else {
            // Nobody can be served, so nobody calls.
            return std::future::pending().await;
        };
        clock.sleep_until(caller.at).await;
        pbx.call(ScriptedCall {
            id: format!("demo-{number}"),
            start: caller.at,
            queue: caller.queue,
            numbers: acd_adapter::Numbers::default(),
            priority: caller.priority,
            attributes: HashMap::from([("crm".to_owned(), format!("token-{:08x}", caller.token))]),
            patience: Some(caller.patience),
            service: caller.service,
        });
    }
    "it has used up all call numbers".to_owned()
}

/// For the person who has started it; logs stand beside it on standard error.
fn say_where_to_look(crew: Crew, ports: Ports, plan: &RoutingPlan) {
    let Ports { grpc, http } = ports;
    let acdctl = if grpc.port() == 7170 && grpc.ip().is_ipv4() {
        "acdctl".to_owned()
    } else {
        format!("acdctl --server http://{grpc}")
    };
    let queue = plan.queues.first().map_or("QUEUE", |queue| &*queue.name);
    let mut text = format!(
        "\n  The demo plays {} agents and their callers, in {} queues.\n\n  \
         http://{http}/ shows it live, http://{http}/agent is an agent's desk. In another terminal:\n\n    \
         {acdctl} queues\n    \
         {acdctl} calls\n    \
         {acdctl} watch\n    \
         {acdctl} call offer --id mine --queue {queue}\n    \
         {acdctl} call end --id mine\n",
        crew.size(),
        plan.queues.len(),
    );
    if let Some(first) = crew.left_alone(plan).next() {
        let ids: Vec<&str> = crew.left_alone(plan).map(|agent| &*agent.id).collect();
        text.push_str(&format!(
            "\n  Nobody plays {}. Be one of them: the demo's calls are answered for you, those that\n  \
             you make with acdctl are yours to accept.\n\n    \
             {acdctl} agent login {} --ready\n    \
             {acdctl} agent accept {}\n",
            ids.join(", "),
            first.id,
            first.id,
        ));
    }
    text.push_str("\n  Ctrl-C stops it.\n");
    eprintln!("{text}");
}
