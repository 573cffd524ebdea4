//! The head: how the daemon is, how all queues and agents stand together, what is wrong, and how old that is.

use super::super::board::Board;
use super::super::figures::{Grade, by_state, totals, troubles};
use super::super::picture::Picture;
use super::super::table::Tone;
use super::super::words::{AGENT_STATES, age, length, percent, time_of_day};
use super::text::{cut, flow};
use super::{below, put, style_of};
use crate::times::Instant;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use std::time::Instant as Real;
use unicode_width::UnicodeWidthStr;

/// How many lines alarms may take; more are counted, not named.
const ALARM_LINES: usize = 2;
/// What stands between parts of a line.
const GAP: usize = 3;

/// A piece of a line.
#[derive(Clone)]
struct Part {
    text: String,
    style: Style,
}

/// Draws it; how many lines it took.
pub(super) fn head(
    board: &Board,
    area: Rect,
    buffer: &mut Buffer,
    now: &Instant,
    real: Real,
) -> u16 {
    let mut used = 1;
    first_line(board, area, buffer, now);
    if !board.hears() {
        let style = Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED);
        for line in stale(board, now, real, area.width.into()) {
            let row = below(area, used);
            put(buffer, row, 0, &format!("{line:width$}", width = area.width.into()), style);
            used += 1;
        }
    }
    if !board.picture.is_known() {
        return used;
    }
    let width = usize::from(area.width).saturating_sub(1);
    let figures = figures(&board.picture, now, width);
    put(buffer, below(area, used), 1, &figures, Style::new().add_modifier(Modifier::BOLD));
    used += 1;
    for parts in [states(&board.picture), alarms(&board.picture, now, width)] {
        for line in flow(&parts, width, GAP, |part| &part.text) {
            let row = below(area, used);
            let mut x = 1;
            for part in line {
                x = put(buffer, row, x, &part.text, part.style) + GAP as u16;
            }
            used += 1;
        }
    }
    used
}

fn first_line(board: &Board, area: Rect, buffer: &mut Buffer, now: &Instant) {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut x = put(buffer, area, 1, "acdd", bold);
    x = put(buffer, area, x, &format!(" · {} · ", board.domain), Style::new());
    let (word, style) = match &board.status {
        _ if !board.hears() => ("not connected".to_owned(), bold),
        Some(status) if status.health == "serving" => ("Live".to_owned(), style_of(Tone::Good)),
        Some(status) if status.health_reason.is_empty() => {
            (format!("▲ {}", status.health), style_of(Tone::Alarm))
        }
        Some(status) => {
            (format!("▲ {}: {}", status.health, status.health_reason), style_of(Tone::Alarm))
        }
        None => (String::new(), Style::new()),
    };
    let end = put(buffer, area, x, &word, style);
    if board.status.is_none() {
        return;
    }
    let scale = board.clock.scale();
    #[expect(clippy::float_cmp, reason = "a clock that is not changed goes by one, exactly")]
    let fast = if scale == 1.0 { String::new() } else { format!("clock × {scale}   ") };
    let clock = format!("{fast}{}", time_of_day(now));
    let begins = area.width.saturating_sub(clock.width() as u16 + 1);
    if begins > end {
        put(buffer, area, begins, &clock, bold);
    }
}

/// That what is shown is old, how old, and why.
fn stale(board: &Board, now: &Instant, real: Real, width: usize) -> Vec<String> {
    let silence = length(board.silence(real));
    let first = if board.picture.is_known() {
        format!(
            " Not connected for {silence}. What you see is as it was at {}. Trying again.",
            time_of_day(now)
        )
    } else {
        " Connecting.".to_owned()
    };
    let why = board.lost.as_ref().map(|why| format!(" {}: {why}", board.server));
    let lines = std::iter::once(first).chain(why);
    lines.map(|line| cut(&line, width)).collect()
}

/// All queues together, in one line: the longest name stands where it may be cut.
fn figures(picture: &Picture, now: &Instant, width: usize) -> String {
    let all = totals(picture);
    let longest = match &all.longest {
        Some((since, queue)) => format!("{} ({queue})", age(Some(since), now)),
        None => age(None, now),
    };
    let parts = [
        format!("Waiting {}", all.waiting),
        format!("In conversation {}", all.in_conversation),
        format!("In time today {}", percent(all.service_level)),
        format!("Longest wait {longest}"),
    ];
    cut(&parts.join(&" ".repeat(GAP)), width)
}

/// How many agents are in each state. States that nobody is in are there, too: what is read has its
/// place.
fn states(picture: &Picture) -> Vec<Part> {
    let counts = AGENT_STATES.iter().zip(by_state(picture));
    let part = |((_, words, sign), count): (&(&str, &str, &str), usize)| {
        let tone = if count == 0 { Tone::Soft } else { Tone::Plain };
        Part { text: format!("{sign} {count} {words}"), style: style_of(tone) }
    };
    counts.map(part).collect()
}

/// All that is wrong in the grade of an alarm, as many as there is room for.
fn alarms(picture: &Picture, now: &Instant, width: usize) -> Vec<Part> {
    let style = style_of(Tone::Alarm);
    let mut parts = Vec::new();
    for seen in picture.queues() {
        for trouble in troubles(seen, now) {
            if trouble.grade == Grade::Alarm {
                let text =
                    format!("{} {}: {}", Grade::Alarm.sign(), seen.queue.queue, trouble.text);
                parts.push(Part { text, style });
            }
        }
    }
    if parts.is_empty() {
        // The line is kept, so that nothing moves when there is one.
        return vec![Part { text: "No alarms".to_owned(), style: style_of(Tone::Soft) }];
    }
    // As many are named as there is room for, with the count of the others behind them.
    let all = parts.len();
    let with_others = |many: usize| {
        let others = Part { text: format!("and {} more", all - many), style };
        parts.iter().take(many).cloned().chain((many < all).then_some(others)).collect()
    };
    let mut named: Vec<Part> = with_others(0);
    for many in 1..=all {
        let more = with_others(many);
        if flow(&more, width, GAP, |part| &part.text).len() > ALARM_LINES {
            break;
        }
        named = more;
    }
    named
}
