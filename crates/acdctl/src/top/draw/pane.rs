//! What is open beside a view: why a call is where it is, what an agent does and can do, and the keys.

use super::super::board::Board;
use super::super::columns::{name_of, skills_of};
use super::super::picture::AgentSeen;
use super::super::screen::{Explained, Open};
use super::super::words::{age, next_words, percent, spaced, span, state_words};
use super::text::folded;
use super::{below, put};
use crate::cli::SERVER;
use crate::times::{Instant, time_of_day};
use acd_proto::v1;
use acd_words::Told;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// In lines that fit into 80 letters.
const HELP: &str = "\
Views    1 Queues  2 Agents  3 Calls  4 Events; Tab or ← → one after the other
Walk     ↑ ↓ or k j a row; PgUp PgDn or space a page; Home End or g G the ends
Sort     s or > by the next column, < by the one before, S the other way round
         behind the last column rows stand in their own order again: queues in
         trouble first, agents who are logged out last, the oldest calls first
Filter   / then letters: rows in which each word is found; Enter keeps the
         filter, Esc clears it
Open     Enter: a queue's calls; why a call is where it is; an agent's day
         Esc goes back
Quit     q or Ctrl-C

△ notice  longest wait over what the queue promises; in time below its target
▲ alarm   longest wait over 3 times that; more than 10 points below the target;
          over 5% gave up; calls wait, and nobody who may serve them works

In time and gave up are of the latest half hour: who gives up counts as missed,
short ones left out. In time is judged from 10 calls on, gave up from 20.
In time today is of all queues since midnight. – is nothing to measure by.

To step in: acdctl call, queue, agent; what is opened names the command.";

/// Draws what is open, and keeps its scrolling within what there is.
pub(super) fn draw(board: &mut Board, area: Rect, buffer: &mut Buffer, now: &Instant) {
    let Some(open) = board.screen.open.clone() else { return };
    let (title, text) = match &open {
        Open::Help => ("Keys".to_owned(), HELP.to_owned()),
        Open::Call(call) => (format!("Call {}", call.call_id), call_text(board, call)),
        Open::Agent(id) => (format!("Agent {id}"), agent_text(board, id, now)),
    };
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let rule = "─".repeat(area.width.into());
    put(buffer, area, 0, &rule, Style::new().add_modifier(Modifier::DIM));
    put(buffer, area, 2, &format!(" {title} "), bold);
    let body = below(area, 1);
    let width = usize::from(area.width).saturating_sub(2);
    let lines: Vec<String> = if open == Open::Help {
        // Drawn as a table; what is too wide is cut.
        text.lines().map(str::to_owned).collect()
    } else {
        text.lines().flat_map(|line| in_lines(line, width)).collect()
    };
    let most = lines.len().saturating_sub(body.height.into());
    board.screen.scrolled = board.screen.scrolled.min(u16::try_from(most).unwrap_or(u16::MAX));
    let top = usize::from(board.screen.scrolled);
    for (place, line) in lines.iter().skip(top).take(body.height.into()).enumerate() {
        put(buffer, below(body, place as u16), 1, line, Style::new());
    }
    if most > 0 {
        let place =
            format!(" {}–{} of {}, ↑↓ ", top + 1, top + usize::from(body.height), lines.len());
        let begins = area.width.saturating_sub(place.chars().count() as u16 + 2);
        put(buffer, area, begins, &place, Style::new());
    }
}

/// A line of text as wide as there is room; a command so that a shell takes it as one.
fn in_lines(line: &str, width: usize) -> Vec<String> {
    const GOES_ON: &str = " \\";
    if !line.trim_start().starts_with("acdctl ") {
        return folded(std::iter::once(line), width);
    }
    let mut lines = folded(std::iter::once(line), width.saturating_sub(GOES_ON.len()));
    let last = lines.len().saturating_sub(1);
    lines.iter_mut().take(last).for_each(|line| line.push_str(GOES_ON));
    lines
}

fn call_text(board: &Board, call: &v1::CallRef) -> String {
    let answer = match &board.screen.explained {
        Explained::Asked => return "Asking.".to_owned(),
        Explained::Refused(why) => return format!("No answer: {why}"),
        Explained::Answered(answer) => answer,
    };
    let told = Told { answer, agent: "", time_of_day: &time_of_day };
    let mut text = told.text();
    let name = format!("--id {} --adapter {}", quoted(&call.call_id), quoted(&call.adapter));
    let to = where_to(board);
    if let Some(now) = &answer.now {
        text.push_str("\nTo step in, or to ask about one agent:\n");
        if matches!(now.state(), v1::CallState::Waiting | v1::CallState::Offering) {
            text.push_str(&format!("  acdctl call move {name} --to QUEUE{to}\n"));
            text.push_str(&format!("  acdctl call priority {name} --priority 8{to}\n"));
        }
        text.push_str(&format!("  acdctl call end {name}{to}\n"));
        let (id, adapter) = (quoted(&call.call_id), quoted(&call.adapter));
        text.push_str(&format!("  acdctl explain {id} --adapter {adapter} --agent AGENT{to}\n"));
    }
    text
}

fn agent_text(board: &Board, id: &str, now: &Instant) -> String {
    let Some(AgentSeen { agent, statistics }) = board.picture.agent(id) else {
        return format!("No agent {id} is in the configuration any more.");
    };
    let mut lines = vec![format!(
        "{} is {}, for {}.",
        name_of(agent),
        state_words(agent),
        age(agent.state_since.as_ref(), now)
    )];
    let then = next_words(agent);
    if !then.is_empty() {
        lines.push(format!("Then he will be {then}."));
    }
    lines.extend(agent.slots.iter().filter_map(|slot| slot_line(slot, now)));
    lines.push(format!("Skills: {}", some(skills_of(agent))));
    if !agent.queues.is_empty() {
        let queues = agent.queues.iter().map(|it| format!("{} (rank {})", it.queue, it.rank));
        let only = if agent.only { ", and no others" } else { "" };
        lines.push(format!("Queues: {}{only}", queues.collect::<Vec<_>>().join(", ")));
    }
    if let Some(today) = statistics.as_ref().and_then(|told| told.today.as_ref()) {
        lines.push(format!(
            "Today: {} calls, handled in {} each, occupied {}, talked {}, in wrap-up {}, at work {} of {} logged in",
            today.connected,
            span(today.handle_mean.as_ref()),
            percent(today.occupancy_percent),
            span(today.talk.as_ref()),
            span(today.wrap_up.as_ref()),
            span(today.working.as_ref()),
            span(today.staffed.as_ref()),
        ));
        lines.push(format!(
            "Offers: {}, {} accepted, {} declined, {} not answered",
            today.offers, today.accepted, today.declined, today.no_answer
        ));
    }
    let (id, to) = (quoted(id), where_to(board));
    lines.push("\nTo step in:".to_owned());
    for presence in ["ready", "not-ready", "logged-out"] {
        lines.push(format!("  acdctl agent force {id} {presence}{to}"));
    }
    lines.join("\n")
}

fn slot_line(slot: &v1::Slot, now: &Instant) -> Option<String> {
    let doing = match slot.state() {
        v1::SlotState::Free | v1::SlotState::Unspecified => return None,
        v1::SlotState::Reserved => "rings with",
        v1::SlotState::Connecting => "connects with",
        v1::SlotState::Talking => "talks with",
        v1::SlotState::Held => "has on hold",
        v1::SlotState::WrapUp => "wraps up",
    };
    let call = slot.call.as_ref().map_or("a call", |call| &call.call_id);
    let channel = spaced(crate::channel::word(slot.channel()));
    Some(format!("  {doing} {call} ({channel}), for {}", age(slot.since.as_ref(), now)))
}

fn some(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

/// What a command needs to come to the same daemon and domain.
fn where_to(board: &Board) -> String {
    let mut to = String::new();
    if board.server != SERVER {
        to.push_str(&format!(" --server {}", quoted(&board.server)));
    }
    if board.domain != "main" {
        to.push_str(&format!(" --domain {}", quoted(&board.domain)));
    }
    to
}

/// As a shell takes it for one word, whatever is in it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:/@+,=".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_folded_is_still_one_to_a_shell() {
        let lines = in_lines("  acdctl call end --id c1", 20);
        assert_eq!(lines, ["  acdctl call end \\", "  --id c1"]);
        assert_eq!(in_lines("  it waits for ana", 12), ["  it waits", "  for ana"]);
    }

    #[test]
    fn names_are_one_word_to_a_shell() {
        assert_eq!(quoted("1700000000.42"), "1700000000.42");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("$(rm -rf)"), "'$(rm -rf)'");
        assert_eq!(quoted(""), "''");
    }
}
