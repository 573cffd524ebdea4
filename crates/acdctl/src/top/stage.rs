//! The terminal: taken, drawn on, and given back as it was, however it ends.

use super::board::Board;
use super::draw;
use crate::failure::Failure;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{Event, read};
use std::time::Instant as Real;
use tokio::sync::mpsc;

/// How many keys may be pressed that have not been looked at.
const EVENTS_MAX: usize = 64;

/// The terminal, taken.
pub(super) struct Stage {
    terminal: DefaultTerminal,
    /// Nobody has said `NO_COLOR`.
    colours: bool,
}

impl Stage {
    /// Takes it. A panic gives it back, too.
    pub(super) fn enter() -> Result<Self, Failure> {
        let taken = ratatui::try_init();
        let terminal = taken.map_err(|error| {
            ratatui::restore();
            Failure::Refused(format!("the terminal cannot be taken: {error}"))
        })?;
        let colours = std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
        Ok(Self { terminal, colours })
    }

    /// Draws what has changed.
    pub(super) fn draw(&mut self, board: &mut Board) -> Result<(), Failure> {
        let drawn = self.terminal.draw(|frame| {
            let area = frame.area();
            draw::draw(board, area, frame.buffer_mut(), Real::now());
            if !self.colours {
                draw::without_colours(frame.buffer_mut());
            }
        });
        drawn.map(|_| ()).map_err(Failure::from)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A terminal that has gone cannot be given back, and nobody is there to be told.
        let _ = self.terminal.show_cursor();
        let _ = ratatui::try_restore();
    }
}

/// Keys and changes of size, as they come; over when the terminal has gone.
pub(super) fn events() -> mpsc::Receiver<Event> {
    let (sender, receiver) = mpsc::channel(EVENTS_MAX);
    // It waits for the next key when the process ends, and ends with it.
    std::thread::spawn(move || {
        while let Ok(event) = read() {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Until a signal says that it has to end.
#[cfg(unix)]
pub(super) async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let [interrupt, terminate, hangup] = kinds.map(|kind| async move {
        match signal(kind) {
            Ok(mut signal) => _ = signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    });
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
        () = hangup => {}
    }
}

/// Until a signal says that it has to end.
#[cfg(not(unix))]
pub(super) async fn told_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
