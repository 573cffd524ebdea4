//! Draws the board: the head, the table of the view, and what is open beside it.
//!
//! Colours are of the 16 that every terminal has, none of them white, black or yellow, so that they can be
//! read on light and on dark; nothing is said by colour alone.

mod head;
mod pane;
mod text;

#[cfg(test)]
mod tests;

pub(super) use text::text;

use super::board::Board;
use super::columns;
use super::picture::Picture;
use super::screen::{Screen, View};
use super::table::{Head, Line, Table, Tone};
use crate::times::Instant;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use std::time::Instant as Real;
use text::{cut, padded};

/// How many lines stand around the rows of a table at most.
pub(super) const AROUND: usize = 12;
/// Where there are more lines than this, the table stays in sight above what is open.
const LINES_FOR_BOTH: u16 = 30;

const KEYS: &str =
    " Tab 1-4 view  ↑↓ walk  s S sort  / filter  Enter open  Esc back  ? help  q quit";

/// Draws all of it.
pub(super) fn draw(board: &mut Board, area: Rect, buffer: &mut Buffer, real: Real) {
    let keys = Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area };
    let above = Rect { height: area.height - keys.height, ..area };
    put(buffer, keys, 0, KEYS, Style::new().add_modifier(Modifier::DIM));
    fill(board, above, buffer, real, true);
}

/// Draws what stands on paper as well: no keys, and no row that they act on.
pub(super) fn print(board: &mut Board, area: Rect, buffer: &mut Buffer, real: Real) {
    fill(board, area, buffer, real, false);
}

/// Takes the colours away: bold, dim and reversed say what there is to say.
pub(super) fn without_colours(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        cell.fg = Color::Reset;
    }
}

fn fill(board: &mut Board, area: Rect, buffer: &mut Buffer, real: Real, walks: bool) {
    let now = board.now(real);
    let used = head::head(board, area, buffer, &now, real);
    let mut body = below(area, used);
    if !board.picture.is_known() {
        put(buffer, body, 0, " Nothing has been told yet.", Style::new());
        return;
    }
    let open = board.screen.open.is_some() && walks;
    if open && body.height <= LINES_FOR_BOTH {
        put_tabs(board, Shown::default(), body, buffer, walks);
        pane::draw(board, below(body, 1), buffer, &now);
    } else if open {
        let upper = body.height / 3;
        let lower = below(body, upper);
        body.height = upper;
        rows(board, body, buffer, &now, walks);
        pane::draw(board, lower, buffer, &now);
    } else {
        rows(board, body, buffer, &now, walks);
    }
    if !board.hears() {
        let dim = Style::new().add_modifier(Modifier::DIM);
        buffer.set_style(below(area, used), dim);
    }
}

/// The tabs and the table.
fn rows(board: &mut Board, area: Rect, buffer: &mut Buffer, now: &Instant, walks: bool) {
    let table = below(area, 1);
    let sheet = sheet(&board.picture, &mut board.screen, now, table);
    let shown = Shown { shown: sheet.shown, all: sheet.all, known: true };
    put_tabs(board, shown, area, buffer, walks);
    put_sheet(&sheet, table, buffer, walks);
}

/// How many rows a view has now.
pub(super) fn rows_of(board: &mut Board) -> usize {
    let now = board.now(Real::now());
    sheet(&board.picture, &mut board.screen, &now, Rect::new(0, 0, 1, 1)).shown
}

/// A table as it is shown.
struct Sheet {
    heads: Vec<Head>,
    lines: Vec<Line>,
    /// Which of the lines keys act on.
    cursor: usize,
    shown: usize,
    all: usize,
    none: &'static str,
}

fn sheet(picture: &Picture, screen: &mut Screen, now: &Instant, area: Rect) -> Sheet {
    let of = screen.calls_of.clone();
    let is_of =
        |call: &&acd_proto::v1::Call| of.as_ref().is_none_or(|queue| columns::is_of(call, queue));
    let event = |event: &&acd_proto::v1::Event| !super::words::is_beside(event);
    match screen.view {
        View::Queues => of_table(&columns::QUEUES, picture.queues().iter(), screen, now, area),
        View::Agents => of_table(&columns::AGENTS, picture.agents().iter(), screen, now, area),
        View::Calls => of_table(&columns::CALLS, picture.calls().filter(is_of), screen, now, area),
        View::Events => {
            of_table(&columns::EVENTS, picture.events().filter(event), screen, now, area)
        }
    }
}

fn of_table<'a, R: 'a>(
    table: &Table<R>,
    rows: impl Iterator<Item = &'a R>,
    screen: &mut Screen,
    now: &Instant,
    area: Rect,
) -> Sheet {
    let sort = screen.sorts[screen.view as usize];
    let mut all = 0;
    let counted = rows.inspect(|_| all += 1);
    let chosen = table.chosen(counted, &screen.words(), sort, now);
    let keys: Vec<String> = chosen.iter().map(|row| (table.key)(row)).collect();
    let cursor = &mut screen.cursors[screen.view as usize];
    let in_sight = cursor.settle(&keys, usize::from(area.height.saturating_sub(1)));
    let fitting = table.fitting(area.width.saturating_sub(1), sort);
    let lines = chosen[in_sight.clone()].iter().map(|row| table.line(row, &fitting, now));
    Sheet {
        lines: lines.collect(),
        heads: fitting.into_iter().map(|(_, head)| head).collect(),
        cursor: cursor.index() - in_sight.start,
        shown: chosen.len(),
        all,
        none: table.none,
    }
}

/// How many rows of a view are shown, of how many.
#[derive(Clone, Copy, Default)]
struct Shown {
    shown: usize,
    all: usize,
    known: bool,
}

/// The views to choose from, and what is left out of this one.
fn put_tabs(board: &Board, shown: Shown, area: Rect, buffer: &mut Buffer, walks: bool) {
    let screen = &board.screen;
    let mut x = put(buffer, area, 0, " ", Style::new());
    for (place, view) in View::ALL.into_iter().enumerate() {
        let here = view == screen.view;
        let style = if here {
            Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        } else {
            Style::new()
        };
        if !walks && !here {
            continue;
        }
        let name =
            if walks { format!("{} {}", place + 1, view.title()) } else { view.title().to_owned() };
        x = put(buffer, area, x, &name, style);
        x = put(buffer, area, x, "   ", Style::new());
    }
    let bold = Style::new().add_modifier(Modifier::BOLD);
    if screen.view == View::Calls
        && let Some(queue) = &screen.calls_of
    {
        x = put(buffer, area, x, &format!("of {queue}   "), bold);
    }
    if screen.typing || !screen.filter.is_empty() {
        let end = if screen.typing { "▏" } else { "" };
        x = put(buffer, area, x, &format!("/{}{end}  ", screen.filter), bold);
    }
    if shown.known && shown.shown < shown.all {
        put(buffer, area, x, &format!("{} of {}", shown.shown, shown.all), Style::new());
    } else if shown.known {
        put(buffer, area, x, &shown.all.to_string(), style_of(Tone::Soft));
    }
}

fn put_sheet(sheet: &Sheet, area: Rect, buffer: &mut Buffer, walks: bool) {
    let mut x = 1;
    for head in &sheet.heads {
        let style = Style::new().add_modifier(Modifier::BOLD);
        let width = usize::from(head.width);
        let title = padded(&cut(head.title, width), width, head.number);
        put(buffer, area, x, &title, style);
        if let Some(sign) = head.sorted {
            // Beside the title; where that fills its column, in the gap.
            let wide = u16::try_from(head.title.chars().count()).unwrap_or(u16::MAX);
            let wide = wide.min(head.width);
            let at = if head.number { x + head.width - wide - 1 } else { x + wide };
            put(buffer, area, at, sign.encode_utf8(&mut [0; 4]), style);
        }
        x += head.width + 1;
    }
    let body = below(area, 1);
    if sheet.lines.is_empty() {
        put(buffer, body, 0, &format!(" {}", sheet.none), style_of(Tone::Soft));
    }
    for (place, line) in sheet.lines.iter().enumerate() {
        let Ok(down) = u16::try_from(place) else { break };
        let row = below(body, down);
        put_line(sheet, line, row, buffer);
        if walks && place == sheet.cursor && row.height > 0 {
            put(buffer, row, 0, "▸", Style::new());
            let whole = Rect { height: 1, ..row };
            buffer.set_style(whole, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

fn put_line(sheet: &Sheet, line: &Line, row: Rect, buffer: &mut Buffer) {
    let mut x = 1;
    for ((cell, tone), head) in line.cells.iter().zip(&sheet.heads) {
        // All of a row in alarm is to be seen as such, and its own columns say why.
        let tone = if *tone == Tone::Plain { line.grade.into() } else { *tone };
        let width = usize::from(head.width);
        put(buffer, row, x, &padded(&cut(cell, width), width, head.number), style_of(tone));
        x += head.width + 1;
    }
}

/// What a tone looks like.
fn style_of(tone: Tone) -> Style {
    let style = Style::new();
    match tone {
        Tone::Plain => style,
        Tone::Soft => style.add_modifier(Modifier::DIM),
        Tone::Strong => style.add_modifier(Modifier::BOLD),
        Tone::Good => style.fg(Color::Green),
        Tone::Notice => style.fg(Color::Magenta),
        Tone::Alarm => style.fg(Color::Red).add_modifier(Modifier::BOLD),
    }
}

/// What is left of an area under its first lines.
fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}

/// Writes into the first line of an area, from `x` on as far as it goes; where it ends.
fn put(buffer: &mut Buffer, area: Rect, x: u16, text: &str, style: Style) -> u16 {
    if area.height == 0 || x >= area.width {
        return x;
    }
    let room = usize::from(area.width - x);
    let (end, _) = buffer.set_stringn(area.x + x, area.y, text, room, style);
    end - area.x
}
