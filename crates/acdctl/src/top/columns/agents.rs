//! The columns of agents.

use super::super::picture::AgentSeen;
use super::super::table::{Key, Table, Tone};
use super::super::words::{age, agent_state, next_words, nothing, percent, span, state_words};
use super::{number, seconds, seconds_since, words};
use acd_proto::v1;

/// Agents, those who are logged out last.
pub(in super::super) const AGENTS: Table<AgentSeen> = Table {
    none: "No agent matches.",
    columns: &[
        words::<AgentSeen>(
            "Agent",
            (12, 24),
            0,
            |row, _| name_of(&row.agent).to_owned(),
            Some(|row, _| Key::Text(name_of(&row.agent).to_owned())),
        ),
        words::<AgentSeen>(
            "State",
            (18, 28),
            0,
            |row, _| format!("{} {}", agent_state(&row.agent.state).1, state_words(&row.agent)),
            Some(|row, _| Key::Number(agent_state(&row.agent.state).0 as f64)),
        )
        .in_tone(|row, _| match row.agent.state.as_str() {
            "ready" => Tone::Good,
            "logged_out" => Tone::Soft,
            "talking" | "held" | "connecting" | "reserved" => Tone::Strong,
            _ => Tone::Plain,
        }),
        number::<AgentSeen>(
            "For",
            8,
            1,
            |row, now| age(row.agent.state_since.as_ref(), now),
            |row, now| seconds_since(row.agent.state_since.as_ref(), now),
        ),
        words::<AgentSeen>("Then", (9, 16), 6, |row, _| next_words(&row.agent), None)
            .in_tone(|_, _| Tone::Soft),
        words::<AgentSeen>("Call", (12, 24), 2, |row, _| calls_of(&row.agent).join(", "), None),
        number::<AgentSeen>(
            "Calls",
            5,
            3,
            |row, _| figure(row, |it| it.connected.to_string()),
            |row, _| Key::Number(today(row).map_or(-1.0, |today| today.connected as f64)),
        ),
        number::<AgentSeen>(
            "Ø handled",
            9,
            5,
            |row, _| span(today(row).and_then(|today| today.handle_mean.as_ref())),
            |row, _| seconds(today(row).and_then(|today| today.handle_mean.as_ref())),
        ),
        number::<AgentSeen>(
            "Occupied",
            8,
            4,
            |row, _| percent(occupancy(row)),
            |row, _| Key::Number(occupancy(row).unwrap_or(-1.0)),
        ),
        words::<AgentSeen>("Id", (8, 16), 8, |row, _| row.agent.agent.clone(), None)
            .in_tone(|_, _| Tone::Soft),
        words::<AgentSeen>("Skills", (20, 70), 7, |row, _| skills_of(&row.agent), None)
            .in_tone(|_, _| Tone::Soft),
    ],
    key: |row| row.agent.agent.clone(),
    words: |row| {
        let agent = &row.agent;
        let (name, state, skills) = (name_of(agent), state_words(agent), skills_of(agent));
        format!("{name} {} {state} {skills}", agent.agent)
    },
    order: |row, _| Key::Number(f64::from(u8::from(row.agent.state == "logged_out"))),
    grade: |_, _| None,
};

/// The name that people see.
pub(in super::super) fn name_of(agent: &v1::Agent) -> &str {
    if agent.name.is_empty() { &agent.agent } else { &agent.name }
}

/// `billing 3, spanish 5`.
pub(in super::super) fn skills_of(agent: &v1::Agent) -> String {
    let skills = agent.skills.iter().map(|it| format!("{} {}", it.skill, it.level));
    skills.collect::<Vec<_>>().join(", ")
}

fn calls_of(agent: &v1::Agent) -> Vec<&str> {
    let busy = agent.slots.iter().filter(|slot| slot.state() != v1::SlotState::Free);
    busy.filter_map(|slot| slot.call.as_ref()).map(|call| call.call_id.as_str()).collect()
}

fn today(row: &AgentSeen) -> Option<&v1::AgentFigures> {
    row.statistics.as_ref()?.today.as_ref()
}

fn figure(row: &AgentSeen, text: impl Fn(&v1::AgentFigures) -> String) -> String {
    today(row).map_or_else(nothing, text)
}

fn occupancy(row: &AgentSeen) -> Option<f64> {
    today(row)?.occupancy_percent
}
