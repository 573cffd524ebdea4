//! Decides when simulated agents are at work: shifts, breaks, coming back after missed calls.

use super::clock::SimulatedClock;
use acd_proto::v1::{self, agent_service_client::AgentServiceClient};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Status};

/// The reason that the daemon gives to an agent who has missed too many offers.
const MISSED_OFFERS: &str = "missed_offers";
/// How long, in real time, until an agent's stream that broke is opened again.
const WATCH_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// Of everything that went wrong, so much is kept.
const TROUBLES_MAX: usize = 100;

/// One agent's time at work. All times are domain time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// His id.
    pub agent: String,
    /// When he logs in, ready; at once if that has passed.
    pub starts: Duration,
    /// When he logs out; `None` is when the simulation ends.
    pub ends: Option<Duration>,
    /// What he does between.
    pub habits: Habits,
}

/// What an agent does during his shift.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// Goes on breaks.
    pub breaks: Option<Breaks>,
    /// How long after he was made not ready for missed offers he is ready again; `None` is never.
    pub returns_after: Option<Duration>,
}

/// How often an agent goes on a break; lengths are drawn evenly from the ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaks {
    /// How long he works before he goes.
    pub after: RangeInclusive<Duration>,
    /// How long he is away.
    pub last: RangeInclusive<Duration>,
    /// A reason of the daemon's configuration, or empty.
    pub reason: String,
    /// Decides all chances.
    pub seed: u64,
}

/// Agents who log themselves in and out through the daemon's `AgentService`.
#[derive(Debug)]
pub struct SimulatedAgents {
    client: AgentServiceClient<Channel>,
    domain: String,
    clock: SimulatedClock,
    shifts: JoinSet<()>,
    stop: watch::Sender<bool>,
    troubles: Arc<Mutex<Vec<String>>>,
}

impl SimulatedAgents {
    /// Nobody yet. `channel` leads to the daemon; an empty domain means `main`.
    pub fn new(channel: Channel, domain: impl Into<String>, clock: SimulatedClock) -> Self {
        Self {
            client: AgentServiceClient::new(channel),
            domain: domain.into(),
            clock,
            shifts: JoinSet::new(),
            stop: watch::Sender::new(false),
            troubles: Arc::default(),
        }
    }

    /// An agent works a shift, in a task of its own.
    pub fn work(&mut self, shift: Shift) {
        let worker = Worker {
            client: self.client.clone(),
            domain: self.domain.clone(),
            clock: self.clock.clone(),
            troubles: Arc::clone(&self.troubles),
            shift,
        };
        self.shifts.spawn(worker.run(self.stop.subscribe()));
    }

    /// What the daemon refused, the first hundred.
    pub fn troubles(&self) -> Vec<String> {
        self.troubles.lock().clone()
    }

    /// Everybody who is still at work logs out. Returns what the daemon refused.
    pub async fn finish(mut self) -> Vec<String> {
        self.stop.send_replace(true);
        while self.shifts.join_next().await.is_some() {}
        self.troubles()
    }
}

struct Worker {
    client: AgentServiceClient<Channel>,
    domain: String,
    clock: SimulatedClock,
    troubles: Arc<Mutex<Vec<String>>>,
    shift: Shift,
}

impl Worker {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.clock.sleep_until(self.shift.starts) => {}
            // The sender outlives its shifts or has been dropped with them.
            _ = stop.wait_for(|stop| *stop) => return,
        }
        self.log_in().await;
        let ends = async {
            match self.shift.ends {
                Some(ends) => self.clock.sleep_until(ends).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = ends => {}
            _ = stop.wait_for(|stop| *stop) => {}
            () = self.breaks() => {}
            () = self.returns() => {}
        }
        self.log_out().await;
    }

    async fn log_in(&mut self) {
        let Self { client, domain, shift, .. } = self;
        let request =
            v1::LogInRequest { domain: domain.clone(), agent: shift.agent.clone(), ready: true };
        match client.log_in(request).await {
            Ok(_) => {}
            // Logged in already, by himself or by a former run.
            Err(status) if status.code() == Code::FailedPrecondition => {
                self.presence(v1::Presence::Ready, "").await;
            }
            Err(status) => self.trouble("log in", &status),
        }
    }

    async fn log_out(&mut self) {
        let Self { client, domain, shift, .. } = self;
        let request = v1::LogOutRequest { domain: domain.clone(), agent: shift.agent.clone() };
        match client.log_out(request).await {
            Ok(_) => {}
            // Somebody else has logged him out.
            Err(status) if status.code() == Code::FailedPrecondition => {}
            Err(status) => self.trouble("log out", &status),
        }
    }

    async fn presence(&self, presence: v1::Presence, reason: &str) {
        let request = v1::SetPresenceRequest {
            domain: self.domain.clone(),
            agent: self.shift.agent.clone(),
            presence: presence.into(),
            reason: reason.to_owned(),
        };
        if let Err(status) = self.client.clone().set_presence(request).await {
            self.trouble("change presence", &status);
        }
    }

    fn trouble(&self, what: &str, status: &Status) {
        let agent = &self.shift.agent;
        let trouble = format!("agent {agent} could not {what}: {}", status.message());
        tracing::debug!("{trouble}");
        let mut troubles = self.troubles.lock();
        if troubles.len() < TROUBLES_MAX {
            troubles.push(trouble);
        }
    }

    /// Goes on breaks for ever.
    async fn breaks(&self) {
        let Some(Breaks { after, last, reason, seed }) = &self.shift.habits.breaks else {
            return std::future::pending().await;
        };
        let mut chance = StdRng::seed_from_u64(*seed);
        let mut draw = |range: &RangeInclusive<Duration>| {
            if range.is_empty() { *range.start() } else { chance.random_range(range.clone()) }
        };
        loop {
            self.clock.sleep(draw(after)).await;
            self.presence(v1::Presence::NotReady, reason).await;
            self.clock.sleep(draw(last)).await;
            self.presence(v1::Presence::Ready, "").await;
        }
    }

    /// Comes back for ever after he was taken off for missing offers, and after the daemon has
    /// started anew.
    async fn returns(&self) {
        let Some(after) = self.shift.habits.returns_after else {
            return std::future::pending().await;
        };
        let request =
            v1::WatchAgentRequest { domain: self.domain.clone(), agent: self.shift.agent.clone() };
        loop {
            if let Ok(updates) = self.client.clone().watch_agent(request.clone()).await {
                let mut updates = updates.into_inner();
                while let Ok(Some(update)) = updates.message().await {
                    let Some(agent) = update.agent else { continue };
                    if agent.presence() == v1::Presence::NotReady && agent.reason == MISSED_OFFERS {
                        self.clock.sleep(after).await;
                        self.presence(v1::Presence::Ready, "").await;
                    }
                }
            }
            tokio::time::sleep(WATCH_AGAIN_AFTER).await;
            let request = v1::LogInRequest {
                domain: self.domain.clone(),
                agent: self.shift.agent.clone(),
                ready: true,
            };
            // Refused when he is still logged in, and when the daemon is not back yet.
            let _ = self.client.clone().log_in(request).await;
        }
    }
}
