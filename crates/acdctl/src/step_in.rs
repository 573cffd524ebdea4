//! Carries out `queue …`, `agent skill` and `message`: what a supervisor says to a queue, and to agents.

use crate::act::actor;
use crate::cli::{
    LastingArguments, MessageArguments, QueueArguments, QueueCommand, SkillArguments, WantedSkill,
};
use crate::daemon::{Daemon, request};
use crate::failure::Failure;
use crate::output::Output;
use crate::times::{date_and_time, human, rfc_3339};
use acd_proto::v1;
use acd_proto::v1::message_agents_request::To;
use acd_proto::v1::set_agent_skill_request::{End as SkillEnd, Wanted};
use acd_proto::v1::set_queue_open_request::End;
use serde::Serialize;

/// What was done to a queue, and where that stands in the domain's history.
#[derive(Debug, Serialize)]
struct QueueDone {
    epoch: u64,
    number: u64,
    queue: String,
    closed: bool,
    /// As it was asked for; null if it stays so.
    until: Option<String>,
    lasting_seconds: Option<f64>,
}

/// What an agent was given or what was taken from him, and where that stands in the domain's history.
#[derive(Debug, Serialize)]
struct SkillDone {
    epoch: u64,
    number: u64,
    agent: String,
    skill: String,
    /// Null if it was taken, or is as configured.
    level: Option<u8>,
    as_configured: bool,
    /// As it was asked for; null if it stays so.
    until: Option<String>,
    lasting_seconds: Option<f64>,
}

/// Who was told something, and where that stands in the domain's history.
#[derive(Debug, Serialize)]
struct MessageDone {
    epoch: u64,
    number: u64,
    agent: Option<String>,
    queue: Option<String>,
    everybody: bool,
}

pub(crate) async fn queue(
    daemon: &Daemon,
    output: Output,
    command: QueueCommand,
) -> Result<(), Failure> {
    let (open, arguments) = match command {
        QueueCommand::Open(arguments) => (true, arguments),
        QueueCommand::Close(arguments) => (false, arguments),
    };
    let QueueArguments { queue, end: LastingArguments { until, lasting }, person } = arguments;
    let lasting_time = lasting.and_then(|length| prost_types::Duration::try_from(length).ok());
    let end = until.map(End::Until).or(lasting_time.map(End::Lasting));
    let message = v1::SetQueueOpenRequest {
        domain: daemon.domain.clone(),
        actor: actor(person),
        queue: queue.clone(),
        open,
        end,
    };
    let answer = daemon.answer(daemon.supervisors().set_queue_open(request(message)).await)?;
    let v1::Position { epoch, number } = answer.position.unwrap_or_default();
    let done = QueueDone {
        epoch,
        number,
        queue,
        closed: !open,
        until: until.as_ref().and_then(rfc_3339),
        lasting_seconds: lasting.map(|length| length.as_secs_f64()),
    };
    output.answer(&done, |done| {
        let state = if done.closed { "closed" } else { "open" };
        format!("{} is {state}{}", done.queue, in_words(LastingArguments { until, lasting }))
    })
}

/// When it is over, to be said after what it is.
fn in_words(LastingArguments { until, lasting }: LastingArguments) -> String {
    match (until, lasting) {
        (Some(until), _) => format!(" until {}", date_and_time(&until)),
        (None, Some(length)) => format!(" for {}", human(length)),
        (None, None) => String::new(),
    }
}

pub(crate) async fn skill(
    daemon: &Daemon,
    output: Output,
    arguments: SkillArguments,
) -> Result<(), Failure> {
    let SkillArguments { agent, skill, wanted, end, person } = arguments;
    let LastingArguments { until, lasting } = end;
    let lasting_time = lasting.and_then(|length| prost_types::Duration::try_from(length).ok());
    let as_asked = match wanted {
        WantedSkill::Level(level) => Wanted::Level(level.into()),
        WantedSkill::Without => Wanted::Without(true),
        WantedSkill::AsConfigured => Wanted::AsConfigured(true),
    };
    let message = v1::SetAgentSkillRequest {
        domain: daemon.domain.clone(),
        actor: actor(person),
        agent: agent.clone(),
        skill: skill.clone(),
        wanted: Some(as_asked),
        end: until.map(SkillEnd::Until).or(lasting_time.map(SkillEnd::Lasting)),
    };
    let answer = daemon.answer(daemon.supervisors().set_agent_skill(request(message)).await)?;
    let v1::Position { epoch, number } = answer.position.unwrap_or_default();
    let done = SkillDone {
        epoch,
        number,
        agent,
        skill,
        level: match wanted {
            WantedSkill::Level(level) => Some(level),
            WantedSkill::Without | WantedSkill::AsConfigured => None,
        },
        as_configured: wanted == WantedSkill::AsConfigured,
        until: until.as_ref().and_then(rfc_3339),
        lasting_seconds: lasting.map(|length| length.as_secs_f64()),
    };
    output.answer(&done, |SkillDone { agent, skill, .. }| match wanted {
        WantedSkill::Level(level) => {
            format!("{agent} has {skill} {level}{}", in_words(LastingArguments { until, lasting }))
        }
        WantedSkill::Without => {
            format!("{agent} has no {skill}{}", in_words(LastingArguments { until, lasting }))
        }
        WantedSkill::AsConfigured => format!("{agent} has {skill} as configured"),
    })
}

pub(crate) async fn message(
    daemon: &Daemon,
    output: Output,
    arguments: MessageArguments,
) -> Result<(), Failure> {
    let MessageArguments { text, to, person } = arguments;
    let (meant, whom) = match (&to.agent, &to.queue) {
        (Some(agent), _) => (To::Agent(agent.clone()), agent.clone()),
        (None, Some(queue)) => {
            (To::Queue(queue.clone()), format!("whoever is logged in and serves {queue}"))
        }
        (None, None) => (To::Everybody(true), "whoever is logged in".to_owned()),
    };
    let message = v1::MessageAgentsRequest {
        domain: daemon.domain.clone(),
        actor: actor(person),
        to: Some(meant),
        text,
    };
    let answer = daemon.answer(daemon.supervisors().message_agents(request(message)).await)?;
    let v1::Position { epoch, number } = answer.position.unwrap_or_default();
    let everybody = to.everybody;
    let done = MessageDone { epoch, number, agent: to.agent, queue: to.queue, everybody };
    output.answer(&done, |_| format!("{whom} was told"))
}
