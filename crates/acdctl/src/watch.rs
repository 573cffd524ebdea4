//! Shows what happens as it happens: `watch`.

use crate::cli::WatchArguments;
use crate::daemon::Daemon;
use crate::explain::{StepRow, step, told};
use crate::failure::Failure;
use crate::lists::{length, state_text};
use crate::output::{Output, note, write};
use crate::rows::{AgentRow, CallRow, EventRow, QueueRow, SkillQueueRow, asked_text};
use crate::times::{rfc_3339, time_of_day};
use acd_proto::v1::{self, watch_update::Body};
use serde::Serialize;
use std::time::Duration;
use tonic::{Code, Status, Streaming};

/// How long after a lost connection the first attempt to go on is made; doubles with each.
const RETRY_FIRST: Duration = Duration::from_millis(200);
/// The longest time between two attempts.
const RETRY_MOST: Duration = Duration::from_secs(5);

/// One step of the watch; a list is left out unless it was asked for.
#[derive(Debug, Default, Serialize)]
struct Step {
    r#type: &'static str,
    after_number: Option<u64>,
    epoch: u64,
    number: u64,
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queues: Option<Vec<QueueRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skills: Option<Vec<SkillQueueRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agents: Option<Vec<AgentRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<Vec<CallRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<EventRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decisions: Option<Vec<StepRow>>,
    /// Calls that no longer concern the queues and agents that were named.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_gone: Option<Vec<CallGone>>,
    /// The decisions, as people read them.
    #[serde(skip)]
    told: Vec<String>,
}

#[derive(Debug, Serialize)]
struct CallGone {
    call_id: String,
    adapter: String,
}

pub(crate) async fn watch(
    daemon: &Daemon,
    output: Output,
    wanted: WatchArguments,
) -> Result<(), Failure> {
    let wanted = wanted.or_events();
    tokio::select! {
        ended = follow(daemon, output, &wanted) => ended,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.map_err(|error| Failure::Refused(format!("no signals: {error}")))
        }
    }
}

async fn follow(daemon: &Daemon, output: Output, wanted: &WatchArguments) -> Result<(), Failure> {
    let mut last = None;
    let mut stream = open(daemon, wanted, last).await.map_err(|status| daemon.failure(&status))?;
    loop {
        let lost = match stream.message().await {
            Ok(Some(update)) => {
                last = show(output, wanted, update)?.or(last);
                continue;
            }
            Ok(None) => Status::unavailable("it ended the stream"),
            Err(status) => status,
        };
        stream = reopen(daemon, wanted, last, lost).await?;
    }
}

async fn open(
    daemon: &Daemon,
    wanted: &WatchArguments,
    resume_after: Option<v1::Position>,
) -> Result<Streaming<v1::WatchUpdate>, Status> {
    let views = wanted.views().into_iter().map(Into::into).collect();
    let message = v1::WatchRequest {
        domain: daemon.domain.clone(),
        views,
        resume_after,
        ..v1::WatchRequest::default()
    };
    Ok(daemon.supervisors().watch(message).await?.into_inner())
}

async fn reopen(
    daemon: &Daemon,
    wanted: &WatchArguments,
    last: Option<v1::Position>,
    mut lost: Status,
) -> Result<Streaming<v1::WatchUpdate>, Failure> {
    note(&format!("lost {}: {}; trying again", daemon.server, lost.message()));
    let mut delay = RETRY_FIRST;
    loop {
        if !is_passing(lost.code()) {
            return Err(daemon.failure(&lost));
        }
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(RETRY_MOST);
        match open(daemon, wanted, last).await {
            Ok(stream) => {
                note("connected again");
                return Ok(stream);
            }
            Err(status) => lost = status,
        }
    }
}

/// Trying again may help.
fn is_passing(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::Unknown
            | Code::Internal
            | Code::Cancelled
            | Code::Aborted
            | Code::ResourceExhausted
            | Code::DeadlineExceeded
    )
}

impl WatchArguments {
    /// Without a choice: events.
    fn or_events(self) -> Self {
        let none = self.views().is_empty();
        Self { events: self.events || none, ..self }
    }

    fn names_any(&self) -> bool {
        !self.only_queues.is_empty() || !self.only_agents.is_empty()
    }

    fn views(&self) -> Vec<v1::View> {
        [
            (self.queues, v1::View::Queues),
            (self.skills, v1::View::SkillQueues),
            (self.agents, v1::View::Agents),
            (self.calls, v1::View::Calls),
            (self.events, v1::View::Events),
            (self.decisions, v1::View::Decisions),
        ]
        .into_iter()
        .filter_map(|(wanted, view)| wanted.then_some(view))
        .collect()
    }
}

/// Shows one update, and returns the position that it leads to.
fn show(
    output: Output,
    wanted: &WatchArguments,
    update: v1::WatchUpdate,
) -> Result<Option<v1::Position>, Failure> {
    let Some(body) = update.body else { return Ok(None) };
    let kind = match &body {
        Body::Snapshot(_) => "snapshot",
        Body::Delta(_) => "delta",
    };
    // A snapshot is a delta from nothing, without events.
    let delta = match body {
        Body::Delta(delta) => delta,
        Body::Snapshot(snapshot) => v1::Delta {
            after: None,
            position: snapshot.position,
            at: snapshot.at,
            queues: snapshot.queues,
            skill_queues: snapshot.skill_queues,
            agents: snapshot.agents,
            calls: snapshot.calls,
            queue_statistics: snapshot.queue_statistics,
            agent_statistics: snapshot.agent_statistics,
            ..v1::Delta::default()
        },
    };
    let position = delta.position;
    let at = delta.at.map_or_else(|| "-".to_owned(), |at| time_of_day(&at));
    let step = Step::new(kind, wanted, delta);
    if output.json {
        output.object(&step)?;
    } else {
        write(&step.text(&at))?;
    }
    Ok(position)
}

impl Step {
    fn new(kind: &'static str, wanted: &WatchArguments, delta: v1::Delta) -> Self {
        let now = delta.at.unwrap_or_default();
        let v1::Position { epoch, number } = delta.position.unwrap_or_default();
        Self {
            r#type: kind,
            after_number: delta.after.map(|after| after.number),
            epoch,
            number,
            at: delta.at.as_ref().and_then(rfc_3339),
            queues: rows(wanted.queues, delta.queues, |row| QueueRow::new(row, &now)),
            skills: rows(wanted.skills, delta.skill_queues, |row| SkillQueueRow::new(row, &now)),
            agents: rows(wanted.agents, delta.agents, |row| AgentRow::new(row, &now)),
            calls: rows(wanted.calls, delta.calls, |row| CallRow::new(row, &now)),
            events: rows(wanted.events, delta.events, EventRow::new),
            told: delta.decisions.iter().map(told).collect(),
            decisions: rows(wanted.decisions, delta.decisions, |it| step(&it)),
            calls_gone: rows(wanted.calls && wanted.names_any(), delta.calls_gone, |call| {
                let v1::CallRef { adapter, call_id } = call;
                CallGone { call_id, adapter }
            }),
        }
    }

    /// One line for each row.
    fn text(&self, at: &str) -> String {
        let mut lines = Vec::new();
        if self.r#type == "snapshot" {
            lines.push(format!("as it stands at epoch {}, event {}", self.epoch, self.number));
        }
        lines.extend(self.events.iter().flatten().map(event_text));
        lines.extend(self.told.iter().cloned());
        lines.extend(self.queues.iter().flatten().map(queue_text));
        lines.extend(self.skills.iter().flatten().map(skill_queue_text));
        lines.extend(self.agents.iter().flatten().map(agent_text));
        let gone = self.calls_gone.iter().flatten();
        lines.extend(gone.map(|call| format!("call {}: concerns others now", call.call_id)));
        lines.extend(self.calls.iter().flatten().map(call_text));
        lines.iter().map(|line| format!("{at}  {line}\n")).collect()
    }
}

fn rows<P, R>(wanted: bool, rows: Vec<P>, row: impl FnMut(P) -> R) -> Option<Vec<R>> {
    wanted.then(|| rows.into_iter().map(row).collect())
}

fn event_text(event: &EventRow) -> String {
    let mut text = event.kind.clone();
    let offer = event.offer_number.map(|number| number.to_string());
    let parts = [
        ("call", &event.call_id),
        ("adapter", &event.adapter),
        ("queue", &event.queue),
        ("agent", &event.agent),
        ("offer", &offer),
        ("", &event.detail),
        ("reason", &event.reason),
    ];
    for (name, value) in parts {
        if let Some(value) = value {
            text.push(' ');
            if !name.is_empty() {
                text.push_str(name);
                text.push('=');
            }
            text.push_str(value);
        }
    }
    let by = event.origin_name.as_deref().unwrap_or(event.origin);
    text.push_str(&format!(" (by {by}"));
    if let Some(reason) = &event.origin_reason {
        text.push_str(&format!(": {reason}"));
    }
    text.push(')');
    text
}

fn queue_text(row: &QueueRow) -> String {
    format!(
        "queue {}: {} waiting, oldest {}, {} offering, {} connected; agents {} available, {} \
         working, {} staffed",
        row.queue,
        row.waiting,
        length(row.oldest_wait_seconds),
        row.offering,
        row.connected,
        row.agents_available,
        row.agents_working,
        row.agents_staffed,
    )
}

fn skill_queue_text(row: &SkillQueueRow) -> String {
    format!(
        "skills {} ({}): {} waiting, first {}; agents {} available, {} working, {} staffed",
        row.queue,
        asked_text(&row.require, &row.any_of),
        row.depth,
        length(row.head_wait_seconds),
        row.agents_available,
        row.agents_working,
        row.agents_staffed,
    )
}

fn agent_text(row: &AgentRow) -> String {
    let with = row.with_calls();
    let then = row.pending.map(|then| format!(", then {}", then.replace('_', " ")));
    format!("agent {}: {}{with}{}", row.agent, state_text(row), then.unwrap_or_default())
}

fn call_text(row: &CallRow) -> String {
    let mut text = format!("call {}: {}", row.call_id, row.outcome.unwrap_or(row.state));
    let place = row.where_it_is();
    if !place.is_empty() {
        text.push_str(&format!(" in {place}"));
    }
    text.push_str(&format!(", priority {}", row.priority));
    if let Some(agent) = &row.agent {
        text.push_str(&format!(", agent {agent}"));
    } else if let Some(agent) = &row.awaits_agent {
        text.push_str(&format!(", for {agent}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_choice_events_are_watched() {
        assert_eq!(WatchArguments::default().or_events().views(), [v1::View::Events]);
        let calls = WatchArguments { calls: true, ..WatchArguments::default() };
        assert_eq!(calls.or_events().views(), [v1::View::Calls]);
    }

    #[test]
    fn a_line_of_json_has_the_lists_that_were_asked_for() {
        let wanted = WatchArguments { calls: true, ..WatchArguments::default() };
        let position = Some(v1::Position { epoch: 2, number: 7 });
        let after = Some(v1::Position { epoch: 2, number: 6 });
        let delta = v1::Delta { after, position, ..v1::Delta::default() };
        let step = Step::new("delta", &wanted, delta);
        let json = serde_json::to_string(&step).expect("plain data");
        assert_eq!(
            json,
            r#"{"type":"delta","after_number":6,"epoch":2,"number":7,"at":null,"calls":[]}"#
        );
    }

    #[test]
    fn an_event_reads_as_a_line() {
        let event = v1::Event {
            kind: "offer_issued".to_owned(),
            call: Some(v1::CallRef { adapter: "manual".to_owned(), call_id: "c1".to_owned() }),
            queue: "billing".to_owned(),
            agent: "ana".to_owned(),
            offer_number: 3,
            origin: Some(v1::Origin {
                kind: v1::origin::Kind::Time.into(),
                ..v1::Origin::default()
            }),
            ..v1::Event::default()
        };
        let wanted = WatchArguments { events: true, ..WatchArguments::default() };
        let delta = v1::Delta { events: vec![event], ..v1::Delta::default() };
        assert_eq!(
            Step::new("delta", &wanted, delta).text("14:02:03.123"),
            "14:02:03.123  offer_issued call=c1 adapter=manual queue=billing agent=ana offer=3 \
             (by time)\n"
        );
    }

    #[test]
    fn a_decision_reads_as_a_line_and_a_call_that_concerns_others_too() {
        let event = v1::Event {
            kind: "offer_issued".to_owned(),
            call: Some(v1::CallRef { adapter: "pbx".to_owned(), call_id: "c1".to_owned() }),
            queue: "billing".to_owned(),
            agent: "ana".to_owned(),
            ..v1::Event::default()
        };
        let decision = v1::Decision {
            how: "call_picked".to_owned(),
            decided_by: "listed".to_owned(),
            free: 2,
            agent: Some(v1::AgentStanding { agent: "ana".to_owned(), ..Default::default() }),
            other_agent: Some(v1::AgentStanding { agent: "ben".to_owned(), ..Default::default() }),
            ..v1::Decision::default()
        };
        let wanted = WatchArguments {
            decisions: true,
            calls: true,
            only_queues: vec!["billing".to_owned()],
            ..WatchArguments::default()
        };
        let delta = v1::Delta {
            decisions: vec![v1::Step { event: Some(event), decision: Some(decision) }],
            calls_gone: vec![v1::CallRef { adapter: "pbx".to_owned(), call_id: "c0".to_owned() }],
            ..v1::Delta::default()
        };
        let step = Step::new("delta", &wanted, delta);
        assert_eq!(
            step.text("14:02:03.123"),
            "14:02:03.123  call c1: offered to ana, through billing: ana and ben were free; ana \
             comes first in the configuration\n14:02:03.123  call c0: concerns others now\n"
        );
        let json = serde_json::to_value(&step).expect("plain data");
        assert_eq!(json["decisions"][0]["decision"]["decided_by"], "listed");
        assert_eq!(json["calls_gone"][0]["call_id"], "c0");
    }
}
