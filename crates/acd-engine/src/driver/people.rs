//! Requests of agents and supervisors: names to handles, then one command or two.

use super::engine::{By, Engine};
use crate::directory::LegStage;
use crate::domain::unknown_agent;
use crate::mail::Explaining;
use crate::publisher::Question;
use crate::refusal::{Refusal, RefusalKind, code};
use crate::request::{CallRef, Person, Position, Request};
use acd_core::{AgentId, Command, OfferNumber, QueueId, ReasonId, Rejection, Timestamp};
use acd_journal::Origin;
use std::sync::Arc;

impl Engine {
    /// Does what a person asks for; the position is that of the last event.
    pub(super) fn request(
        &mut self,
        now: Timestamp,
        request: Request,
        person: Person,
    ) -> Result<Position, Refusal> {
        let Person { name, reason } = person;
        let origin = Origin::Person { name: Arc::from(name), reason: Arc::from(reason) };
        let by = By { origin: Arc::new(origin), adapter: None };
        for command in self.commands(now, request)?.into_iter().flatten() {
            self.apply(now, &by, command, None)?;
        }
        Ok(self.position())
    }

    /// The commands that a request stands for. The second one cannot be refused after the first.
    fn commands(
        &mut self,
        now: Timestamp,
        request: Request,
    ) -> Result<[Option<Command>; 2], Refusal> {
        let command = match request {
            Request::Heartbeat { agent } => {
                let agent = self.agent(&agent)?;
                return Ok([self.heartbeat(agent, now), None]);
            }
            Request::LogIn { agent, ready } => {
                let agent = self.agent(&agent)?;
                let then_ready = ready.then_some(Command::AgentReady { agent });
                return Ok([Some(Command::AgentLogIn { agent }), then_ready]);
            }
            Request::LogOut { agent } => Command::AgentLogOut { agent: self.agent(&agent)? },
            Request::Ready { agent } => Command::AgentReady { agent: self.agent(&agent)? },
            Request::NotReady { agent, reason } => Command::AgentNotReady {
                agent: self.agent(&agent)?,
                reason: reason.map(|reason| self.reason(&reason)).transpose()?,
            },
            Request::Accept { agent, offer } => {
                let (agent, offer) = self.offer_to(&agent, offer)?;
                Command::AgentAccept { agent, offer }
            }
            Request::Decline { agent, offer } => {
                let (agent, offer) = self.offer_to(&agent, offer)?;
                Command::AgentDecline { agent, offer }
            }
            Request::EndWrapUp { agent } => Command::AgentEndWrapUp { agent: self.agent(&agent)? },
            Request::ExtendWrapUp { agent, by } => {
                Command::AgentExtendWrapUp { agent: self.agent(&agent)?, by }
            }
            Request::MoveCall { call, queue } => Command::MoveCall {
                call: self.directory.find_ref(&call)?,
                queue: self.queue(&queue)?,
            },
            Request::SetPriority { call, priority } => {
                Command::SetPriority { call: self.directory.find_ref(&call)?, priority }
            }
            Request::EndCall { call, treatment } => {
                Command::EndCall { call: self.directory.find_ref(&call)?, treatment }
            }
            Request::SetClosed { queue, closed } => {
                Command::SetClosed { queue: self.queue(&queue)?, closed }
            }
            Request::ForcePresence { agent, presence } => {
                Command::ForcePresence { agent: self.agent(&agent)?, presence }
            }
        };
        Ok([Some(command), None])
    }

    /// Looks up what keeps agents from a call; the publisher adds its story, and answers.
    pub(super) fn explain(
        &mut self,
        at: Timestamp,
        call: CallRef,
        agent: Option<String>,
        answer: Explaining,
    ) {
        let asked = agent.map(|agent| self.agent(&agent)).transpose();
        let found = asked.and_then(|asked| {
            let handle = self.directory.find_ref(&call)?;
            let explanation = self.router.explain(at, handle, asked);
            explanation.ok_or_else(|| Rejection::UnknownCall.into())
        });
        let after = self.number;
        self.parcel.questions.push(Question { call, at, after, found, answer });
    }

    pub(super) fn agent(&self, agent: &str) -> Result<AgentId, Refusal> {
        self.names.agent_id(agent).ok_or_else(|| unknown_agent(agent))
    }

    pub(super) fn queue(&self, queue: &str) -> Result<QueueId, Refusal> {
        self.names.queue_id(queue).ok_or_else(|| {
            let message = format!("no queue `{queue}` in the configuration");
            Refusal::new(RefusalKind::NotFound, code::UNKNOWN_QUEUE, message).at("queue")
        })
    }

    pub(super) fn reason(&self, reason: &str) -> Result<ReasonId, Refusal> {
        self.names.reason_id(reason).ok_or_else(|| {
            let known = self.names.plan.reasons.join("`, `");
            let message = if known.is_empty() {
                format!("no reason `{reason}`: the configuration names none")
            } else {
                format!("no reason `{reason}` in the configuration: one of `{known}`")
            };
            Refusal::new(RefusalKind::InvalidArgument, code::UNKNOWN_REASON, message).at("reason")
        })
    }

    /// An agent and an offer that is out to him: the one named, or the only one.
    fn offer_to(&self, agent: &str, offer: Option<u64>) -> Result<(AgentId, OfferNumber), Refusal> {
        let agent = self.agent(agent)?;
        let offer = match offer {
            Some(offer) => offer,
            None => self.directory.only_offer_to(agent)?,
        };
        let live = self.directory.offer(offer)?;
        let refused = |code, message: String| {
            Err(Refusal::new(RefusalKind::FailedPrecondition, code, message).at("offer_number"))
        };
        if live.agent != agent {
            return refused(code::WRONG_STATE, format!("offer {offer} is out to another agent"));
        }
        if live.stage != LegStage::Out {
            return refused(code::OFFER_OVER, format!("offer {offer} is over: it was accepted"));
        }
        Ok((agent, OfferNumber(offer)))
    }
}
