//! What is drawn: every view, wide and narrow, fresh and stale, filtered, and with something open.

use super::super::board::{Board, Heard};
use super::super::screen::{Explained, Open, View};
use super::super::table::Sort;
use super::{AROUND, draw, print, rows_of, text};
use crate::times::Instant;
use acd_proto::v1::{self, watch_update::Body};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Rect;
use std::time::{Duration, Instant as Real};

/// 2026-03-11 14:00 in UTC.
const NOON: i64 = 1_773_237_600;

const fn ago(seconds: i64) -> Option<Instant> {
    Some(Instant { seconds: NOON - seconds, nanos: 0 })
}

const fn span(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

fn queue(name: &str, waiting: u64, oldest: i64, working: u64) -> v1::Queue {
    v1::Queue {
        queue: name.to_owned(),
        waiting,
        connected: 4,
        oldest_since: ago(oldest).filter(|_| waiting > 0),
        agents_available: working / 3,
        agents_working: working,
        agents_staffed: working + 1,
        service_level_percent: 80,
        service_level_within: span(20),
        estimated_wait: span(oldest / 2).filter(|_| working > 0),
        ..v1::Queue::default()
    }
}

fn statistics(queue: &str, answered: u64, level: f64, abandoned: u64) -> v1::QueueStatistics {
    let figures = v1::QueueFigures {
        answered,
        answered_in_time: (answered as f64 * level / 100.0) as u64,
        abandoned,
        service_level: Some(v1::ServiceLevels {
            abandons_missed_without_short: Some(level),
            ..v1::ServiceLevels::default()
        }),
        abandonment_percent: Some(100.0 * abandoned as f64 / (answered + abandoned) as f64),
        wait_mean: span(14),
        ..v1::QueueFigures::default()
    };
    v1::QueueStatistics {
        queue: queue.to_owned(),
        last_30_minutes: Some(figures),
        today: Some(figures),
        ..v1::QueueStatistics::default()
    }
}

fn agent(id: &str, name: &str, state: &str, seconds: i64) -> v1::Agent {
    let slot = v1::Slot {
        state: v1::SlotState::Talking.into(),
        call: Some(call_ref("1700000000.17")),
        since: ago(seconds),
        channel: v1::Channel::Voice.into(),
        ..v1::Slot::default()
    };
    v1::Agent {
        agent: id.to_owned(),
        name: name.to_owned(),
        state: state.to_owned(),
        state_since: ago(seconds),
        reason: if state == "not_ready" { "lunch".to_owned() } else { String::new() },
        slots: if state == "talking" { vec![slot] } else { Vec::new() },
        skills: vec![v1::SkillLevel { skill: "billing".to_owned(), level: 3 }],
        ..v1::Agent::default()
    }
}

fn call_ref(id: &str) -> v1::CallRef {
    v1::CallRef { adapter: "asterisk-a".to_owned(), call_id: id.to_owned() }
}

fn call(id: &str, state: v1::CallState, age: i64, priority: u32, queue: &str) -> v1::Call {
    let waits = state == v1::CallState::Waiting;
    let place = v1::Place { queue: queue.to_owned(), since: ago(age), ..v1::Place::default() };
    v1::Call {
        call: Some(call_ref(id)),
        state: state.into(),
        priority,
        arrived_at: ago(age),
        state_since: ago(age / 2),
        places: if waits { vec![place] } else { Vec::new() },
        via_queue: if waits { String::new() } else { queue.to_owned() },
        agent: if waits { String::new() } else { "ana".to_owned() },
        channel: v1::Channel::Voice.into(),
        ..v1::Call::default()
    }
}

fn event(number: u64, kind: &str, detail: &str, origin: v1::origin::Kind) -> v1::Event {
    v1::Event {
        position: Some(v1::Position { epoch: 1, number }),
        at: ago(20 - number as i64),
        kind: kind.to_owned(),
        detail: detail.to_owned(),
        call: Some(call_ref("1700000000.17")),
        agent: "ana".to_owned(),
        queue: "billing".to_owned(),
        origin: Some(v1::Origin {
            kind: origin.into(),
            name: "kim".to_owned(),
            reason: "fire drill".to_owned(),
        }),
        ..v1::Event::default()
    }
}

fn update(body: Body) -> Heard {
    Heard::Update(Box::new(v1::WatchUpdate { body: Some(body) }))
}

/// A quarter past a bad hour: two queues in trouble, one closed.
fn board(view: View, real: Real) -> Board {
    let mut board = empty(view, real);
    let closed = v1::Queue { closed: true, ..queue("sales", 0, 0, 2) };
    let snapshot = v1::Snapshot {
        position: Some(v1::Position { epoch: 1, number: 9 }),
        queues: vec![
            queue("front-desk", 0, 0, 6),
            closed,
            queue("support-in-spanish", 2, 31, 3),
            queue("billing", 12, 95, 4),
            queue("night", 1, 10, 0),
        ],
        queue_statistics: vec![
            statistics("front-desk", 40, 95.0, 1),
            statistics("billing", 31, 62.0, 9),
            statistics("support-in-spanish", 12, 78.0, 0),
        ],
        agents: vec![
            agent("zoe", "Zoë Brandt", "logged_out", 40_000),
            agent("ana", "Ana Ruiz", "talking", 125),
            agent("ben", "Ben Okafor", "not_ready", 1_210),
            agent("cleo", "Cleo", "ready", 7),
        ],
        agent_statistics: vec![v1::AgentStatistics {
            agent: "ana".to_owned(),
            today: Some(v1::AgentFigures {
                staffed: span(14_400),
                working: span(12_600),
                talk: span(8_000),
                wrap_up: span(900),
                occupancy_percent: Some(71.4),
                connected: 42,
                handle_mean: span(212),
                offers: 45,
                accepted: 42,
                declined: 1,
                no_answer: 2,
                ..v1::AgentFigures::default()
            }),
            ..v1::AgentStatistics::default()
        }],
        calls: vec![
            call("1700000000.17", v1::CallState::Connected, 200, 5, "billing"),
            call("1700000000.42", v1::CallState::Waiting, 95, 9, "billing"),
            call("1700000000.43", v1::CallState::Waiting, 31, 7, "support-in-spanish"),
        ],
        ..v1::Snapshot::default()
    };
    assert!(board.hear(update(Body::Snapshot(snapshot)), real));
    let delta = v1::Delta {
        after: Some(v1::Position { epoch: 1, number: 9 }),
        position: Some(v1::Position { epoch: 1, number: 12 }),
        events: vec![
            event(10, "call_connected", "", v1::origin::Kind::Adapter),
            event(11, "slot_changed", "talking", v1::origin::Kind::Adapter),
            event(12, "queue_closed", "", v1::origin::Kind::Person),
        ],
        ..v1::Delta::default()
    };
    assert!(board.hear(update(Body::Delta(delta)), real));
    board
}

/// It has heard how the daemon is, and nothing else.
fn empty(view: View, real: Real) -> Board {
    let server = "http://127.0.0.1:7170".to_owned();
    let mut board = Board::new(server, "main".to_owned(), view, real);
    let status = v1::GetStatusResponse {
        now: ago(0),
        clock_scale: 1.0,
        health: "serving".to_owned(),
        ..v1::GetStatusResponse::default()
    };
    assert!(board.hear(Heard::Status(Box::new(status)), real));
    board
}

/// What is on the screen, the time of day left out: it is that of whoever looks.
fn shown(board: &mut Board, (width, height): (u16, u16), real: Real) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("no terminal needed");
    let drawn = terminal.draw(|frame| draw(board, frame.area(), frame.buffer_mut(), real));
    let shown = text(drawn.expect("it is drawn").buffer);
    let digits = |at: usize, text: &str| text[at..].starts_with(|it: char| it.is_ascii_digit());
    let mut plain = shown.clone();
    for at in 0..shown.len().saturating_sub(7) {
        let bytes = shown.as_bytes();
        let is_time = bytes[at + 2] == b':' && bytes[at + 5] == b':';
        if is_time && shown.is_char_boundary(at) && digits(at, &shown) && digits(at + 7, &shown) {
            plain.replace_range(at..at + 8, "HH:MM:SS");
        }
    }
    plain
}

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (140, 40);

#[test]
fn queues_in_80_by_24_and_in_140_by_40() {
    let real = Real::now();
    let mut board = board(View::Queues, real);
    insta::assert_snapshot!("queues_80x24", shown(&mut board, SMALL, real));
    insta::assert_snapshot!("queues_140x40", shown(&mut board, LARGE, real));
}

#[test]
fn agents_calls_and_events() {
    let real = Real::now();
    let mut board = board(View::Agents, real);
    insta::assert_snapshot!("agents_80x24", shown(&mut board, SMALL, real));
    insta::assert_snapshot!("agents_140x40", shown(&mut board, LARGE, real));
    board.screen.view = View::Calls;
    insta::assert_snapshot!("calls_80x24", shown(&mut board, SMALL, real));
    board.screen.view = View::Events;
    insta::assert_snapshot!("events_80x24", shown(&mut board, SMALL, real));
}

#[test]
fn what_is_old_says_how_old_it_is_and_its_ages_stand_still() {
    let real = Real::now();
    let mut board = board(View::Queues, real);
    let lost = Heard::Lost("Connection refused (os error 111)".to_owned());
    assert!(board.hear(lost, real));
    let later = real + Duration::from_secs(72);
    insta::assert_snapshot!("stale_80x24", shown(&mut board, SMALL, later));
}

#[test]
fn before_anything_is_told_and_where_nothing_is_configured() {
    let real = Real::now();
    let mut board = empty(View::Queues, real);
    insta::assert_snapshot!("nothing_told_80x24", shown(&mut board, SMALL, real));
    let snapshot = v1::Snapshot { position: Some(v1::Position::default()), ..Default::default() };
    assert!(board.hear(update(Body::Snapshot(snapshot)), real));
    insta::assert_snapshot!("empty_80x24", shown(&mut board, SMALL, real));
}

#[test]
fn a_filter_that_is_typed_and_a_column_that_is_sorted_by() {
    let real = Real::now();
    let mut board = board(View::Queues, real);
    for letter in "/il".chars() {
        board.screen.press(KeyCode::Char(letter).into(), &board.picture);
    }
    board.screen.sorts[0] = Some(Sort { column: 1, reversed: false });
    let filtered = shown(&mut board, SMALL, real);
    assert!(filtered.contains("/il▏  1 of 5"), "{filtered}");
    assert!(filtered.contains("↓Waiting") && filtered.contains("▲ billing"), "{filtered}");
    assert!(!filtered.contains("▲ night  "), "{filtered}");
}

#[test]
fn a_call_is_explained_with_the_commands_that_step_in() {
    let real = Real::now();
    let mut board = board(View::Calls, real);
    board.server = "http://10.0.0.7:7170".to_owned();
    let waiting = call("1700000000.42", v1::CallState::Waiting, 95, 9, "billing");
    let asked = call_ref("1700000000.42");
    board.screen.open = Some(Open::Call(asked.clone()));
    assert!(shown(&mut board, SMALL, real).contains("Asking."));
    let answer = v1::ExplainResponse {
        at: ago(0),
        call: waiting.call.clone(),
        places: vec![v1::PlaceExplanation {
            place: waiting.places.first().cloned(),
            ahead: 0,
            barred: vec![v1::Barrier {
                kind: "not_ready".to_owned(),
                agents: 2,
                detail: "lunch".to_owned(),
                ..v1::Barrier::default()
            }],
            ..v1::PlaceExplanation::default()
        }],
        age: span(95),
        now: Some(waiting),
        ..v1::ExplainResponse::default()
    };
    let answered = Explained::Answered(Box::new(answer));
    assert!(board.hear(Heard::Explained(asked, answered), real));
    insta::assert_snapshot!("explained_80x24", shown(&mut board, SMALL, real));
}

#[test]
fn an_agents_day_and_the_keys() {
    let real = Real::now();
    let mut board = board(View::Agents, real);
    board.screen.open = Some(Open::Agent("ana".to_owned()));
    insta::assert_snapshot!("agent_open_140x40", shown(&mut board, LARGE, real));
    board.screen.open = Some(Open::Help);
    insta::assert_snapshot!("help_80x24", shown(&mut board, SMALL, real));
    // Nobody scrolls further than there is something to read.
    board.screen.scrolled = u16::MAX;
    let end = shown(&mut board, SMALL, real);
    assert!(end.contains("what is opened names the command."), "{end}");
}

#[test]
fn a_picture_on_paper_has_all_rows_and_no_keys() {
    let real = Real::now();
    let mut board = board(View::Queues, real);
    let rows = rows_of(&mut board);
    assert_eq!(rows, 5);
    let area = Rect::new(0, 0, 100, (rows + AROUND) as u16);
    let mut buffer = Buffer::empty(area);
    print(&mut board, area, &mut buffer, real);
    let printed = text(&buffer);
    let sales = printed.lines().filter(|line| line.contains("sales")).count();
    assert_eq!((sales, printed.contains("q quit"), printed.contains('▸')), (1, false, false));
}

#[test]
fn alarms_for_which_there_is_no_room_are_counted() {
    let real = Real::now();
    let mut board = empty(View::Queues, real);
    let many = |number: u32| queue(&format!("queue-{number}"), 3, 0, 0);
    let snapshot = v1::Snapshot {
        position: Some(v1::Position::default()),
        queues: (0..200).map(many).collect(),
        ..v1::Snapshot::default()
    };
    assert!(board.hear(update(Body::Snapshot(snapshot)), real));
    let seen = shown(&mut board, SMALL, real);
    assert!(seen.contains("▲ queue-0: Nobody at work, 3 wait"), "{seen}");
    assert!(seen.contains("and 197 more"), "{seen}");
}

#[test]
fn no_size_is_too_small_and_none_too_large() {
    let real = Real::now();
    for view in View::ALL {
        for open in [None, Some(Open::Help), Some(Open::Agent("ana".to_owned()))] {
            let mut board = board(view, real);
            board.screen.open = open;
            for size in [(0, 0), (1, 1), (3, 2), (12, 5), (40, 10), (79, 23), (400, 120)] {
                let _ = shown(&mut board, size, real);
            }
        }
    }
}

#[test]
fn only_what_is_in_sight_of_thousands_is_written() {
    let real = Real::now();
    let mut board = empty(View::Agents, real);
    let many = |number: u32| agent(&format!("a{number:04}"), "", "ready", 5);
    let snapshot = v1::Snapshot {
        position: Some(v1::Position::default()),
        agents: (0..2_000).map(many).collect(),
        ..v1::Snapshot::default()
    };
    assert!(board.hear(update(Body::Snapshot(snapshot)), real));
    board.screen.press(KeyCode::End.into(), &board.picture);
    let first = shown(&mut board, SMALL, real);
    // It knows how many there are once it has drawn them.
    board.screen.press(KeyCode::End.into(), &board.picture);
    let last = shown(&mut board, SMALL, real);
    assert!(first.contains("a0000") && !first.contains("a1999"));
    assert!(last.contains("▸a1999") && !last.contains("a0000"), "{last}");
}
