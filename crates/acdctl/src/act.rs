//! Carries out `call …` and `agent …`.

use crate::cli::{
    AgentCommand, AgentOfferArguments, CallCommand, CallName, EndArguments, ForceArguments,
    ForcedPresence, GiveArguments, MoveArguments, NumbersArguments, OfferArguments, Person,
    PriorityArguments, Treatment,
};
use crate::daemon::{Daemon, request};
use crate::failure::Failure;
use crate::lists::state_text;
use crate::output::Output;
use crate::rows::AgentRow;
use crate::step_in;
use crate::times::{human, length};
use acd_proto::v1;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use tonic::{Code, Status};

/// The adapter that is built into the daemon.
const MANUAL: &str = "manual";

/// What was done to a call, and where that stands in the domain's history.
#[derive(Debug, Serialize)]
struct CallDone {
    epoch: u64,
    number: u64,
    call_id: String,
    adapter: String,
}

/// What was done for an agent, and where that stands in the domain's history.
#[derive(Debug, Serialize)]
struct AgentDone {
    epoch: u64,
    number: u64,
    #[serde(flatten)]
    agent: AgentRow,
}

/// Whose presence was set by a supervisor, and where that stands in the domain's history.
#[derive(Debug, Serialize)]
struct AgentForced {
    epoch: u64,
    number: u64,
    agent: String,
}

/// An agent's desktop was heard.
#[derive(Debug, Serialize)]
struct AgentHeard {
    agent: String,
    within_seconds: f64,
}

pub(crate) async fn call(
    daemon: &Daemon,
    output: Output,
    command: CallCommand,
) -> Result<(), Failure> {
    match command {
        CallCommand::Offer(arguments) => offer(daemon, output, arguments).await,
        CallCommand::End(arguments) => end(daemon, output, arguments).await,
        CallCommand::Move(arguments) => move_to(daemon, output, arguments).await,
        CallCommand::Priority(arguments) => priority(daemon, output, arguments).await,
        CallCommand::Give(arguments) => give(daemon, output, arguments).await,
    }
}

async fn offer(daemon: &Daemon, output: Output, arguments: OfferArguments) -> Result<(), Failure> {
    let OfferArguments { id, queue, numbers, priority, attributes, channel, preferred } = arguments;
    let NumbersArguments { dialed, caller } = numbers;
    let attributes: HashMap<String, String> = each_once(attributes)?.into_iter().collect();
    let call = v1::CallOffered {
        call_id: id.clone(),
        queue: queue.clone(),
        priority,
        attributes,
        waited: None,
        dialed,
        caller,
        channel: channel.on_the_wire().into(),
        preferred_agent: preferred.unwrap_or_default(),
    };
    let message = v1::OfferCallRequest { domain: daemon.domain.clone(), call: Some(call) };
    let answer = daemon.answer(daemon.adapters().offer_call(request(message)).await)?;
    let call = CallName { id, adapter: MANUAL.to_owned() };
    done(output, answer.position, call, |id| match queue.is_empty() {
        true => format!("{id} waits where its route leads; `acdctl calls` shows it"),
        false => format!("{id} waits in {queue}"),
    })
}

/// Attributes, of which none may be given twice.
pub(crate) fn each_once(
    attributes: Vec<(String, String)>,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut known = BTreeMap::new();
    for (key, value) in attributes {
        if known.insert(key.clone(), value).is_some() {
            return Err(Failure::Wrong(format!("the attribute `{key}` is given twice")));
        }
    }
    Ok(known)
}

async fn end(daemon: &Daemon, output: Output, arguments: EndArguments) -> Result<(), Failure> {
    let EndArguments { call, treatment, person } = arguments;
    if call.adapter == MANUAL && treatment.is_none() {
        let message = v1::HangUpRequest { domain: daemon.domain.clone(), call_id: call.id.clone() };
        let answer = daemon.adapters().hang_up(request(message)).await;
        let answer = daemon.answer(answer.map_err(|status| elsewhere(&call, status)))?;
        return done(output, answer.position, call, |id| format!("{id}: the caller hung up"));
    }
    let treatment = match treatment.unwrap_or(Treatment::HangUp) {
        Treatment::Busy => v1::Treatment::Busy,
        Treatment::Voicemail => v1::Treatment::Voicemail,
        Treatment::Message => v1::Treatment::Message,
        Treatment::HangUp => v1::Treatment::HangUp,
    };
    let message = v1::EndCallRequest {
        domain: daemon.domain.clone(),
        actor: actor(person),
        call: call_ref(&call),
        treatment: treatment.into(),
    };
    let answer = daemon.supervisors().end_call(request(message)).await;
    let answer = daemon.answer(answer.map_err(|status| elsewhere(&call, status)))?;
    done(output, answer.position, call, |id| format!("{id} was ended"))
}

async fn move_to(daemon: &Daemon, output: Output, arguments: MoveArguments) -> Result<(), Failure> {
    let MoveArguments { call, to, person } = arguments;
    let message = v1::MoveCallRequest {
        domain: daemon.domain.clone(),
        actor: actor(person),
        call: call_ref(&call),
        queue: to.clone(),
    };
    let answer = daemon.answer(daemon.supervisors().move_call(request(message)).await)?;
    done(output, answer.position, call, |id| format!("{id} waits in {to}"))
}

async fn priority(
    daemon: &Daemon,
    output: Output,
    arguments: PriorityArguments,
) -> Result<(), Failure> {
    let PriorityArguments { call, priority, person } = arguments;
    let message = v1::SetCallPriorityRequest {
        domain: daemon.domain.clone(),
        actor: actor(person),
        call: call_ref(&call),
        priority,
    };
    let answer = daemon.answer(daemon.supervisors().set_call_priority(request(message)).await)?;
    done(output, answer.position, call, |id| format!("{id} has priority {priority}"))
}

async fn give(daemon: &Daemon, output: Output, arguments: GiveArguments) -> Result<(), Failure> {
    let GiveArguments { call, to, person } = arguments;
    let message = v1::PickCallRequest {
        domain: daemon.domain.clone(),
        actor: actor(person),
        call: call_ref(&call),
        agent: to.clone(),
    };
    let answer = daemon.supervisors().pick_call(request(message)).await;
    let answer = daemon.answer(answer.map_err(|status| elsewhere(&call, status)))?;
    done(output, answer.position, call, |id| format!("{id} is offered to {to}"))
}

/// A call that `manual` does not hold may be one of another adapter; nobody thinks of that who has
/// not named one.
pub(crate) fn elsewhere(call: &CallName, status: Status) -> Status {
    let code = status.metadata().get("acd-code");
    let is_unknown = status.code() == Code::NotFound && code.is_none_or(|it| it == "unknown_call");
    if call.adapter != MANUAL || !is_unknown {
        return status;
    }
    let hint = "a call of another adapter needs --adapter NAME, as `acdctl calls` shows it";
    Status::not_found(format!("{}; {hint}", status.message()))
}

pub(crate) fn actor(person: Person) -> Option<v1::Actor> {
    // An empty USER is nobody.
    let name = if person.actor.is_empty() { "operator".to_owned() } else { person.actor };
    Some(v1::Actor { name, reason: person.reason })
}

fn call_ref(call: &CallName) -> Option<v1::CallRef> {
    Some(v1::CallRef { adapter: call.adapter.clone(), call_id: call.id.clone() })
}

fn done(
    output: Output,
    position: Option<v1::Position>,
    call: CallName,
    text: impl FnOnce(&str) -> String,
) -> Result<(), Failure> {
    let v1::Position { epoch, number } = position.unwrap_or_default();
    let done = CallDone { epoch, number, call_id: call.id, adapter: call.adapter };
    output.answer(&done, |done| text(&done.call_id))
}

pub(crate) async fn agent(
    daemon: &Daemon,
    output: Output,
    command: AgentCommand,
) -> Result<(), Failure> {
    let domain = daemon.domain.clone();
    let mut agents = daemon.agents();
    let presence = |agent, presence: v1::Presence, reason| {
        let presence = presence.into();
        let domain = daemon.domain.clone();
        request(v1::SetPresenceRequest { domain, agent, presence, reason })
    };
    let answer = match command {
        AgentCommand::Login { agent, ready } => {
            agents.log_in(request(v1::LogInRequest { domain, agent, ready })).await
        }
        AgentCommand::Logout { agent } => {
            agents.log_out(request(v1::LogOutRequest { domain, agent })).await
        }
        AgentCommand::Ready { agent } => {
            agents.set_presence(presence(agent, v1::Presence::Ready, String::new())).await
        }
        AgentCommand::NotReady { agent, reason } => {
            agents.set_presence(presence(agent, v1::Presence::NotReady, reason)).await
        }
        AgentCommand::Accept(AgentOfferArguments { agent, offer: offer_number }) => {
            agents
                .accept_offer(request(v1::AcceptOfferRequest { domain, agent, offer_number }))
                .await
        }
        AgentCommand::Decline(AgentOfferArguments { agent, offer: offer_number }) => {
            agents
                .decline_offer(request(v1::DeclineOfferRequest { domain, agent, offer_number }))
                .await
        }
        AgentCommand::Take { agent, call } => {
            let asked = v1::TakeCallRequest { domain, agent, call: call_ref(&call) };
            let taken = agents.take_call(request(asked)).await;
            taken.map_err(|status| elsewhere(&call, status))
        }
        AgentCommand::Heartbeat { agent } => return heartbeat(daemon, output, agent).await,
        AgentCommand::Skill(arguments) => return step_in::skill(daemon, output, arguments).await,
        AgentCommand::Force(arguments) => return force(daemon, output, arguments).await,
        AgentCommand::ExtendWrapUp { agent, by } => {
            let by = prost_types::Duration::try_from(by).ok();
            agents.extend_wrap_up(request(v1::ExtendWrapUpRequest { domain, agent, by })).await
        }
        AgentCommand::EndWrapUp { agent, disposition, call, adapter } => {
            let call = call.map(|call_id| v1::CallRef { adapter, call_id });
            let disposition = disposition.unwrap_or_default();
            let asked = v1::EndWrapUpRequest { domain, agent, call, disposition };
            agents.end_wrap_up(request(asked)).await
        }
    };
    let answer = daemon.answer(answer)?;
    let v1::Position { epoch, number } = answer.position.unwrap_or_default();
    let agent = answer.agent.unwrap_or_default();
    let now = agent.state_since.unwrap_or_default();
    let done = AgentDone { epoch, number, agent: AgentRow::new(agent, &now) };
    output.answer(&done, |done| agent_text(&done.agent))
}

async fn heartbeat(daemon: &Daemon, output: Output, agent: String) -> Result<(), Failure> {
    let message = v1::HeartbeatRequest { domain: daemon.domain.clone(), agent: agent.clone() };
    let answer = daemon.answer(daemon.agents().heartbeat(request(message)).await)?;
    let within = length(answer.within.as_ref());
    let heard = AgentHeard { agent, within_seconds: within.as_secs_f64() };
    output.answer(&heard, |heard| {
        format!("{} was heard; the next is due within {}", heard.agent, human(within))
    })
}

async fn force(daemon: &Daemon, output: Output, arguments: ForceArguments) -> Result<(), Failure> {
    let ForceArguments { agent, presence, person } = arguments;
    let (presence, text) = match presence {
        ForcedPresence::Ready => {
            (v1::Presence::Ready, "ready; with a call in hand, once it is over")
        }
        ForcedPresence::NotReady => (v1::Presence::NotReady, "not ready"),
        ForcedPresence::LoggedOut => {
            (v1::Presence::LoggedOut, "logged out; with a call in hand, once it is over")
        }
    };
    let message = v1::SetAgentPresenceRequest {
        domain: daemon.domain.clone(),
        actor: actor(person),
        agent: agent.clone(),
        presence: presence.into(),
    };
    let answer = daemon.answer(daemon.supervisors().set_agent_presence(request(message)).await)?;
    let v1::Position { epoch, number } = answer.position.unwrap_or_default();
    let forced = AgentForced { epoch, number, agent };
    output.answer(&forced, |forced| format!("{} was set to {text}", forced.agent))
}

/// `ana is talking, then not ready`.
fn agent_text(agent: &AgentRow) -> String {
    let with = agent.with_calls();
    let then = agent.pending.map(|then| format!(", then {}", then.replace('_', " ")));
    format!("{} is {}{with}{}", agent.agent, state_text(agent), then.unwrap_or_default())
}
