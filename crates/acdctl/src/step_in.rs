//! Carries out `queue …` and `message`: what a supervisor says to a queue, and to agents.

use crate::act::actor;
use crate::cli::{MessageArguments, QueueArguments, QueueCommand};
use crate::daemon::{Daemon, request};
use crate::failure::Failure;
use crate::output::Output;
use crate::times::{date_and_time, human, rfc_3339};
use acd_proto::v1;
use acd_proto::v1::message_agents_request::To;
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
    let QueueArguments { queue, until, lasting, person } = arguments;
    let end = match (until, lasting) {
        (Some(until), _) => Some(End::Until(until)),
        (None, Some(length)) => prost_types::Duration::try_from(length).ok().map(End::Lasting),
        (None, None) => None,
    };
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
        let end = match (until, lasting) {
            (Some(until), _) => format!(" until {}", date_and_time(&until)),
            (None, Some(length)) => format!(" for {}", human(length)),
            (None, None) => String::new(),
        };
        format!("{} is {state}{end}", done.queue)
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
