//! Requests of agents and supervisors: names to handles, then one command or two.

use super::engine::{By, Engine};
use crate::directory::LegStage;
use crate::domain::unknown_agent;
use crate::mail::Explaining;
use crate::publisher::Question;
use crate::refusal::{Refusal, RefusalKind, code};
use crate::request::{CallRef, Person, Position, Recipients, Request};
use acd_core::{
    AgentId, Barrier, CallHandle, Command, DispositionId, MessageTo, OfferNumber, QueueId,
    ReasonId, Rejection, SlotState, Timestamp,
};
use acd_journal::{Minted, Origin};
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
        let says = match &request {
            Request::MessageAgents { text, .. } => Some(Minted::Message(Arc::from(&**text))),
            _ => None,
        };
        for command in self.commands(now, request)?.into_iter().flatten() {
            let applied = self.apply(now, &by, command, says.clone());
            applied.map_err(|rejection| self.refusal(rejection))?;
        }
        Ok(self.position())
    }

    /// With the plan's names for what an agent lacks.
    fn refusal(&self, rejection: Rejection) -> Refusal {
        let told = Refusal::from(rejection);
        let message = match rejection {
            Rejection::AgentBarred {
                by:
                    Barrier::LacksSkill { skill, needs, has }
                    | Barrier::LacksAlternative { skill, needs, has, .. },
            } => {
                let has =
                    has.map_or_else(|| "has not got it".to_owned(), |has| format!("has {has}"));
                let skill = self.names.skill(skill);
                format!("the call asks for {skill} at level {needs}, and the agent {has}")
            }
            Rejection::AgentBarred { by: Barrier::NotReady { reason } } => {
                let reason = self.names.reason(acd_core::Presence::NotReady(reason));
                if reason.is_empty() {
                    return told;
                }
                format!("the agent is not ready: {reason}")
            }
            _ => return told,
        };
        Refusal { message, ..told }
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
            Request::EndWrapUp { agent, call, disposition } => {
                self.wrap_up_over(self.agent(&agent)?, call.as_ref(), disposition.as_deref())?
            }
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
            Request::SetClosed { queue, closed, until } => {
                let until = until.map(|until| until.instant(now));
                Command::SetClosed { queue: self.queue(&queue)?, closed, until }
            }
            Request::SetSkill { agent, skill, wanted, until } => Command::SetSkill {
                agent: self.agent(&agent)?,
                skill: self.names.skill_named(&skill)?,
                wanted,
                until: until.map(|until| until.instant(now)),
            },
            Request::PickCall { call, agent } => Command::PickCall {
                call: self.directory.find_ref(&call)?,
                agent: self.agent(&agent)?,
            },
            Request::MessageAgents { to, .. } => Command::MessageAgents {
                to: match to {
                    Recipients::Agent(agent) => MessageTo::Agent(self.agent(&agent)?),
                    Recipients::Queue(queue) => MessageTo::Queue(self.queue(&queue)?),
                    Recipients::Everybody => MessageTo::Everybody,
                },
            },
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

    /// That an agent has finished his notes. Of several calls of one id, which is in use again as soon
    /// as its call is over, the one is meant whose wrap-up began first.
    pub(super) fn wrap_up_over(
        &self,
        agent: AgentId,
        call: Option<&CallRef>,
        disposition: Option<&str>,
    ) -> Result<Command, Refusal> {
        let slots = self.router.agent(agent).map(|facts| facts.slots).unwrap_or_default();
        let notes = slots.iter().filter_map(|slot| match slot.state {
            SlotState::WrapUp { call, queue, .. } => Some((slot.since, call, queue)),
            _ => None,
        });
        let is_named = |of: CallHandle| {
            call.is_none_or(|call| self.directory.name_of(of).is_some_and(|card| *call == **card))
        };
        let meant = notes.clone().filter(|(_, of, _)| is_named(*of)).min();
        let refused = |message: String, field| {
            let kind = RefusalKind::FailedPrecondition;
            Err(Refusal::new(kind, code::WRONG_STATE, message).at(field))
        };
        let Some((_, one, queue)) = meant else {
            return match notes.count() {
                0 => Err(Rejection::NotInWrapUp.into()),
                1 => refused("the agent is in wrap-up after another call".to_owned(), "call"),
                others => {
                    refused(format!("the agent is in wrap-up after {others} other calls"), "call")
                }
            };
        };
        let Some(name) = disposition else {
            return Ok(Command::AgentEndWrapUp {
                agent,
                call: call.map(|_| one),
                disposition: None,
            });
        };
        let others = notes.filter(|(_, of, _)| *of != one).count();
        if call.is_none() && others > 0 {
            let several = others + 1;
            let message = format!(
                "the agent is in wrap-up after {several} calls: name the one that came out so"
            );
            return refused(message, "call");
        }
        let disposition = Some(self.disposition(queue, name)?);
        Ok(Command::AgentEndWrapUp { agent, call: Some(one), disposition })
    }

    fn disposition(&self, queue: QueueId, name: &str) -> Result<DispositionId, Refusal> {
        let known = self.names.dispositions(queue);
        let offered = self.router.plan().queues.get(queue.index());
        let offered = offered.map_or(&[][..], |queue| &queue.dispositions);
        let found = known.iter().zip(offered).find(|(known, _)| ***known == *name);
        found.map(|(_, id)| *id).ok_or_else(|| {
            let queue = self.names.queue(queue);
            let message = if known.is_empty() {
                format!("no disposition `{name}`: queue `{queue}` has none")
            } else {
                let known = known.join("`, `");
                format!("no disposition `{name}` in queue `{queue}`: one of `{known}`")
            };
            let code = code::UNKNOWN_DISPOSITION;
            Refusal::new(RefusalKind::InvalidArgument, code, message).at("disposition")
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
