//! Agents at their desktops and a supervisor, who go on whatever the daemon does.

use super::Life;
use super::truth::{Name, SentAway, Stage};
use crate::harness::{Agent, Daemon};
use acd_proto::v1::agent_service_client::AgentServiceClient;
use acd_proto::v1::supervisor_service_client::SupervisorServiceClient;
use acd_proto::v1::{self as acd, Presence};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{RngExt, SeedableRng};
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Status};

/// Those of the configuration.
pub(super) const AGENTS: [&str; 5] = ["ana", "ben", "eva", "ian", "sam"];

/// All desktops.
pub(super) struct Desks {
    random: StdRng,
}

/// A supervisor's client; none if the daemon is gone.
pub(super) async fn supervisor(daemon: &Daemon) -> Option<SupervisorServiceClient<Channel>> {
    Some(SupervisorServiceClient::new(daemon.try_channel().await.ok()?))
}

/// Whether a request failed because nobody answered: then it is not known what came of it.
fn is_open(failed: &Status) -> bool {
    !matches!(failed.code(), Code::FailedPrecondition | Code::NotFound | Code::InvalidArgument)
}

impl Desks {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed) }
    }

    /// Carries on until the daemon is gone.
    pub(super) async fn work(&mut self, life: &Life<'_>) {
        let Ok(channel) = life.daemon.try_channel().await else { return };
        let mut supervisor = SupervisorServiceClient::new(channel.clone());
        loop {
            tokio::time::sleep(Duration::from_micros(self.random.random_range(0..8_000))).await;
            let goes_on = match self.random.random_range(0..10) {
                0..3 => self.sets_presence(life, channel.clone()).await,
                3..7 => self.answers(life, channel.clone()).await,
                7 => self.sends_away(life, &mut supervisor).await,
                8 => self.moves(life, &mut supervisor).await,
                _ => looks(life, &mut supervisor).await,
            };
            if !goes_on {
                return;
            }
        }
    }

    fn desktop(&mut self, channel: Channel) -> Agent {
        let id = (*AGENTS.choose(&mut self.random).expect("there are some")).to_owned();
        Agent { id, client: AgentServiceClient::new(channel) }
    }

    async fn sets_presence(&mut self, life: &Life<'_>, channel: Channel) -> bool {
        let agent = self.desktop(channel);
        let wants = match self.random.random_range(0..10) {
            0..7 => Presence::Ready,
            7..9 => Presence::NotReady,
            _ => Presence::LoggedOut,
        };
        wishes(life, agent, wants).await
    }

    /// Some leave before any PBX has said what it holds: legs to them are void.
    pub(super) async fn some_leave(&mut self, life: &Life<'_>) {
        if !self.random.random_ratio(1, 3) {
            return;
        }
        let Ok(channel) = life.daemon.try_channel().await else { return };
        for id in AGENTS.sample(&mut self.random, 2) {
            let client = AgentServiceClient::new(channel.clone());
            let agent = Agent { id: (*id).to_owned(), client };
            if !wishes(life, agent, Presence::LoggedOut).await {
                return;
            }
        }
    }

    /// An agent takes or refuses what rings, at his desktop.
    async fn answers(&mut self, life: &Life<'_>, channel: Channel) -> bool {
        let mut agent = self.desktop(channel);
        let rings = life.truth.borrow().offer_to(&agent.id);
        let Some((name, offer)) = rings else { return true };
        if self.random.random_ratio(1, 5) {
            let declined = agent.decline(offer).await;
            return declined.err().is_none_or(|failed| !is_open(&failed));
        }
        match agent.accept(offer).await {
            Ok(_) => {
                let mut truth = life.truth.borrow_mut();
                let leg = truth.callers.get_mut(&name).and_then(|caller| caller.leg.as_mut());
                if let Some(leg) = leg.filter(|leg| leg.offer == offer) {
                    leg.accepted = true;
                    leg.stage = leg.stage.max(Stage::Answered);
                }
                true
            }
            Err(failed) => !is_open(&failed),
        }
    }

    fn a_call(&mut self, life: &Life<'_>) -> Option<(Name, acd::CallRef)> {
        let truth = life.truth.borrow();
        let name = truth.callers.keys().choose(&mut self.random)?.clone();
        let (adapter, call_id) = name.clone();
        Some((name, acd::CallRef { adapter, call_id }))
    }

    async fn sends_away(
        &mut self,
        life: &Life<'_>,
        supervisor: &mut SupervisorServiceClient<Channel>,
    ) -> bool {
        let Some((name, call)) = self.a_call(life) else { return true };
        life.truth.borrow_mut().caller(&name).sent_away = SentAway::Asked;
        let treatment = acd::Treatment::Voicemail.into();
        let request =
            acd::EndCallRequest { call: Some(call), treatment, actor: sue(), ..Default::default() };
        let (sent_away, goes_on) = match supervisor.end_call(request).await {
            Ok(_) => (SentAway::Answered, true),
            Err(failed) if is_open(&failed) => (SentAway::Asked, false),
            Err(_refused) => (SentAway::No, true),
        };
        if let Some(caller) = life.truth.borrow_mut().callers.get_mut(&name) {
            caller.sent_away = sent_away;
        }
        goes_on
    }

    async fn moves(
        &mut self,
        life: &Life<'_>,
        supervisor: &mut SupervisorServiceClient<Channel>,
    ) -> bool {
        let Some((_, call)) = self.a_call(life) else { return true };
        let queue = if self.random.random() { "billing" } else { "front-desk" }.to_owned();
        let request =
            acd::MoveCallRequest { call: Some(call), queue, actor: sue(), ..Default::default() };
        supervisor.move_call(request).await.err().is_none_or(|failed| !is_open(&failed))
    }
}

/// An agent asks for a presence; `false` if the daemon is gone.
async fn wishes(life: &Life<'_>, mut agent: Agent, wants: Presence) -> bool {
    life.truth.borrow_mut().wish(&agent.id).asked = Some(wants);
    let result = match wants {
        Presence::LoggedOut => agent.log_out().await,
        Presence::NotReady => agent.not_ready("break").await,
        _ => agent.log_in(true).await,
    };
    let mut truth = life.truth.borrow_mut();
    let wish = truth.wish(&agent.id);
    match &result {
        Ok(_) => (wish.answered, wish.asked) = (wants, None),
        Err(failed) if is_open(failed) => return false,
        Err(_refused) => wish.asked = None,
    }
    true
}

/// A supervisor looks at all calls.
async fn looks(life: &Life<'_>, supervisor: &mut SupervisorServiceClient<Channel>) -> bool {
    match supervisor.list_calls(acd::ListCallsRequest::default()).await {
        Ok(answer) => {
            life.truth.borrow_mut().saw(answer.into_inner().calls);
            true
        }
        Err(_gone) => false,
    }
}

fn sue() -> Option<acd::Actor> {
    Some(acd::Actor { name: "sue".to_owned(), reason: "busy day".to_owned() })
}
