//! Answers `status`, `queues`, `skills`, `agents` and `calls`.

use crate::cli::CallsArguments;
use crate::daemon::{Daemon, request};
use crate::failure::Failure;
use crate::output::Output;
use crate::rows::{AgentRow, CallRow, QueueRow, SkillQueueRow, asked_text};
use crate::table::Table;
use crate::times::human;
use acd_proto::v1;
use std::time::Duration;

pub(crate) async fn queues(daemon: &Daemon, output: Output) -> Result<(), Failure> {
    let message = v1::ListQueuesRequest { domain: daemon.domain.clone() };
    let answer = daemon.answer(daemon.supervisors().list_queues(request(message)).await)?;
    let now = answer.at.unwrap_or_default();
    let rows: Vec<_> = answer.queues.into_iter().map(|row| QueueRow::new(row, &now)).collect();
    output.answer(&rows, |rows| queues_text(rows))
}

pub(crate) fn queues_text(rows: &[QueueRow]) -> String {
    if rows.is_empty() {
        return "no queues are configured".to_owned();
    }
    let mut table = Table::new(&[
        "QUEUE",
        "WAITING>",
        "OLDEST>",
        "EST. WAIT>",
        "OFFERING>",
        "CONNECTED>",
        "AVAILABLE>",
        "WORKING>",
        "STAFFED>",
        "ENTERED>",
        "ANSWERED>",
        "ABANDONED>",
        "OVERFLOWED>",
        "ASA>",
        "IN TIME>",
        "TARGET",
    ]);
    for row in rows {
        table.row([
            if row.closed { format!("{} (closed)", row.queue) } else { row.queue.clone() },
            row.waiting.to_string(),
            length(row.oldest_wait_seconds),
            length(row.estimated_wait_seconds),
            row.offering.to_string(),
            row.connected.to_string(),
            row.agents_available.to_string(),
            row.agents_working.to_string(),
            row.agents_staffed.to_string(),
            row.entered.to_string(),
            row.answered.to_string(),
            row.abandoned.to_string(),
            row.overflowed.to_string(),
            length(row.asa_seconds),
            row.service_level.map_or_else(|| "-".to_owned(), percent),
            format!(
                "{} in {}",
                percent(row.service_level_target),
                length(Some(row.service_level_within_seconds))
            ),
        ]);
    }
    table.text()
}

pub(crate) async fn skills(daemon: &Daemon, output: Output) -> Result<(), Failure> {
    let message = v1::ListSkillQueuesRequest { domain: daemon.domain.clone() };
    let answer = daemon.answer(daemon.supervisors().list_skill_queues(request(message)).await)?;
    let now = answer.at.unwrap_or_default();
    let lines = answer.skill_queues.into_iter();
    let rows: Vec<_> = lines.map(|row| SkillQueueRow::new(row, &now)).collect();
    output.answer(&rows, |rows| skills_text(rows))
}

pub(crate) fn skills_text(rows: &[SkillQueueRow]) -> String {
    if rows.is_empty() {
        return "no queues are configured".to_owned();
    }
    let mut table = Table::new(&[
        "QUEUE",
        "ASKS FOR",
        "WAITING>",
        "FIRST>",
        "AVAILABLE>",
        "WORKING>",
        "STAFFED>",
        "BY PRIORITY",
    ]);
    for row in rows {
        let depths = row.depth_by_priority.iter().rev();
        let depths: Vec<String> = depths.map(|(at, depth)| format!("{at}: {depth}")).collect();
        table.row([
            row.queue.clone(),
            asked_text(&row.require, &row.any_of),
            row.depth.to_string(),
            length(row.head_wait_seconds),
            row.agents_available.to_string(),
            row.agents_working.to_string(),
            row.agents_staffed.to_string(),
            depths.join(", "),
        ]);
    }
    table.text()
}

pub(crate) async fn agents(daemon: &Daemon, output: Output) -> Result<(), Failure> {
    let message = v1::ListAgentsRequest { domain: daemon.domain.clone() };
    let answer = daemon.answer(daemon.supervisors().list_agents(request(message)).await)?;
    let now = answer.at.unwrap_or_default();
    let rows: Vec<_> = answer.agents.into_iter().map(|row| AgentRow::new(row, &now)).collect();
    output.answer(&rows, |rows| agents_text(rows))
}

pub(crate) fn agents_text(rows: &[AgentRow]) -> String {
    if rows.is_empty() {
        return "no agents are configured".to_owned();
    }
    let mut table = Table::new(&["AGENT", "NAME", "STATE", "SINCE>", "CALL", "THEN", "SKILLS"]);
    for row in rows {
        table.row([
            row.agent.clone(),
            row.name.clone(),
            state_text(row),
            length(row.state_seconds),
            row.calls(),
            row.pending.map(spaced).unwrap_or_default(),
            row.skills_text(),
        ]);
    }
    table.text()
}

/// `not ready (lunch)`, `talking`, `ready (device busy)`.
pub(crate) fn state_text(row: &AgentRow) -> String {
    let state = spaced(&row.state);
    match &row.reason {
        Some(reason) if row.state == row.presence => format!("{state} ({})", spaced(reason)),
        None if row.state == "ready" && row.device == "busy" => format!("{state} (device busy)"),
        _ => state,
    }
}

pub(crate) async fn calls(
    daemon: &Daemon,
    output: Output,
    arguments: CallsArguments,
) -> Result<(), Failure> {
    let message = v1::ListCallsRequest {
        domain: daemon.domain.clone(),
        queue: arguments.queue.unwrap_or_default(),
        limit: arguments.limit,
    };
    let answer = daemon.answer(daemon.supervisors().list_calls(request(message)).await)?;
    let now = answer.at.unwrap_or_default();
    let rows: Vec<_> = answer.calls.into_iter().map(|row| CallRow::new(row, &now)).collect();
    output.answer(&rows, |rows| calls_text(rows, answer.total))
}

pub(crate) fn calls_text(rows: &[CallRow], total: u64) -> String {
    if rows.is_empty() {
        return if total == 0 { "no calls".to_owned() } else { format!("none of {total} calls") };
    }
    let mut table = Table::new(&[
        "CALL",
        "ADAPTER",
        "CHANNEL",
        "STATE",
        "FOR>",
        "AGE>",
        "PRIORITY>",
        "QUEUE",
        "AGENT",
        "OFFER>",
    ]);
    for row in rows {
        table.row([
            row.call_id.clone(),
            row.adapter.clone(),
            row.channel.to_owned(),
            row.state.to_owned(),
            length(row.state_seconds),
            length(row.age_seconds),
            row.priority.to_string(),
            row.where_it_is(),
            row.whose_it_is(),
            row.offer_number.map_or_else(|| "-".to_owned(), |number| number.to_string()),
        ]);
    }
    let mut text = table.text();
    let shown = rows.len() as u64;
    if shown < total {
        text.push_str(&format!("the oldest {shown} of {total} calls; --limit shows more\n"));
    }
    text
}

/// A length of time in seconds, for people; a dash for none.
pub(crate) fn length(seconds: Option<f64>) -> String {
    let length = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    length.map_or_else(|| "-".to_owned(), human)
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lists_say_so() {
        assert_eq!(queues_text(&[]), "no queues are configured");
        assert_eq!(skills_text(&[]), "no queues are configured");
        assert_eq!(agents_text(&[]), "no agents are configured");
        assert_eq!(calls_text(&[], 0), "no calls");
    }

    #[test]
    fn a_list_that_is_cut_says_how_long_it_is() {
        let row = CallRow::new(v1::Call::default(), &prost_types::Timestamp::default());
        let text = calls_text(&[row], 12);
        assert!(text.ends_with("the oldest 1 of 12 calls; --limit shows more\n"), "{text}");
    }

    #[test]
    fn an_agents_reason_stands_beside_the_presence_it_explains() {
        let agent = |state: &str| {
            let agent = v1::Agent {
                state: state.to_owned(),
                presence: v1::Presence::NotReady.into(),
                reason: "lunch".to_owned(),
                ..v1::Agent::default()
            };
            state_text(&AgentRow::new(agent, &prost_types::Timestamp::default()))
        };
        assert_eq!(agent("not_ready"), "not ready (lunch)");
        assert_eq!(agent("wrap_up"), "wrap up");
    }

    #[test]
    fn a_busy_device_is_why_a_ready_agent_is_not_rung() {
        let agent = v1::Agent {
            state: "ready".to_owned(),
            presence: v1::Presence::Ready.into(),
            device: v1::DeviceState::Busy.into(),
            ..v1::Agent::default()
        };
        let row = AgentRow::new(agent, &prost_types::Timestamp::default());
        assert_eq!(state_text(&row), "ready (device busy)");
    }
}
