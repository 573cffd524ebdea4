//! All that is known and looked at, and how fresh it is.

use super::clock::DomainClock;
use super::picture::Picture;
use super::screen::{Explained, Open, Screen, View};
use crate::times::Instant;
use acd_proto::v1;
use std::time::{Duration, Instant as Real};

/// The daemon is heard each second. Nothing for so long, and what is shown is old.
const SILENT_AFTER: Duration = Duration::from_secs(3);
/// While a call is open it is asked about again, since what keeps agents from it changes.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// What was heard.
#[derive(Clone, Debug)]
pub(super) enum Heard {
    Update(Box<v1::WatchUpdate>),
    Status(Box<v1::GetStatusResponse>),
    /// The connection is lost, and why.
    Lost(String),
    /// The answer to a question about a call.
    Explained(v1::CallRef, Explained),
}

/// All that is known and looked at.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) server: String,
    pub(super) domain: String,
    pub(super) picture: Picture,
    pub(super) screen: Screen,
    pub(super) status: Option<Box<v1::GetStatusResponse>>,
    pub(super) clock: DomainClock,
    /// Why nothing is heard, where that is known.
    pub(super) lost: Option<String>,
    heard: Real,
    hears: bool,
    asked: Real,
}

impl Board {
    pub(super) fn new(server: String, domain: String, view: View, now: Real) -> Self {
        Self {
            server,
            domain,
            picture: Picture::default(),
            screen: Screen::new(view),
            status: None,
            clock: DomainClock::new(now),
            lost: None,
            heard: now,
            hears: false,
            asked: now,
        }
    }

    /// Takes in what was heard; no if it does not go on where the picture ends, so that all has to
    /// come anew.
    #[must_use]
    pub(super) fn hear(&mut self, heard: Heard, now: Real) -> bool {
        match heard {
            Heard::Update(update) => return self.picture.take(*update),
            Heard::Status(status) => {
                let told = status.now.unwrap_or_default();
                self.clock.hear(&told, status.clock_scale, now);
                self.status = Some(status);
                (self.heard, self.hears, self.lost) = (now, true, None);
            }
            Heard::Lost(why) => {
                self.lost = Some(why);
                self.fall_silent(now);
            }
            Heard::Explained(call, answer) => {
                self.asked = now;
                self.screen.answer(&call, answer);
            }
        }
        true
    }

    /// Notices silence.
    pub(super) fn listen(&mut self, now: Real) {
        if self.hears && self.silence(now) > SILENT_AFTER {
            self.fall_silent(now);
        }
    }

    fn fall_silent(&mut self, now: Real) {
        if self.hears {
            self.clock.stop(now);
            self.hears = false;
        }
    }

    /// Whether what is shown is as it is now.
    pub(super) fn hears(&self) -> bool {
        self.hears
    }

    /// For how long nothing has been heard.
    pub(super) fn silence(&self, now: Real) -> Duration {
        now.saturating_duration_since(self.heard)
    }

    /// What time it is there.
    pub(super) fn now(&self, now: Real) -> Instant {
        self.clock.now(now)
    }

    /// The call that is open, if it is time to ask about it again.
    pub(super) fn ask_again(&mut self, now: Real) -> Option<v1::CallRef> {
        let Some(Open::Call(call)) = &self.screen.open else { return None };
        let answered = !matches!(self.screen.explained, Explained::Asked);
        let due = now.saturating_duration_since(self.asked) >= ASKED_AGAIN_AFTER;
        if !(answered && due && self.hears) {
            return None;
        }
        self.asked = now;
        Some(call.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(seconds: i64) -> Heard {
        Heard::Status(Box::new(v1::GetStatusResponse {
            now: Some(Instant { seconds, nanos: 0 }),
            clock_scale: 1.0,
            ..v1::GetStatusResponse::default()
        }))
    }

    #[test]
    fn silence_is_noticed_and_heals() {
        let start = Real::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut board = Board::new(String::new(), "main".to_owned(), View::Queues, start);
        assert!(!board.hears());
        assert!(board.hear(status(1_000), start));
        board.listen(after(3));
        assert!(board.hears());
        board.listen(after(4));
        assert!(!board.hears());
        assert_eq!(board.now(after(60)).seconds, 1_004);
        assert_eq!(board.silence(after(60)), Duration::from_secs(60));
        assert!(board.hear(status(1_060), after(60)));
        assert!(board.hears());
        assert_eq!(board.now(after(61)).seconds, 1_061);
    }

    #[test]
    fn a_connection_that_breaks_is_known_at_once_and_why() {
        let start = Real::now();
        let mut board = Board::new(String::new(), "main".to_owned(), View::Queues, start);
        assert!(board.hear(status(1_000), start));
        assert!(board.hear(Heard::Lost("connection refused".to_owned()), start));
        assert!(!board.hears());
        assert_eq!(board.lost.as_deref(), Some("connection refused"));
        assert!(board.hear(status(1_001), start));
        assert_eq!(board.lost, None);
    }

    #[test]
    fn a_call_that_is_open_is_asked_about_again_once_it_has_been_answered() {
        let start = Real::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut board = Board::new(String::new(), "main".to_owned(), View::Calls, start);
        assert!(board.hear(status(1_000), start));
        let call = v1::CallRef { adapter: "pbx".to_owned(), call_id: "c1".to_owned() };
        board.screen.open = Some(Open::Call(call.clone()));
        assert_eq!(board.ask_again(after(3)), None);
        let answer = Heard::Explained(call.clone(), Explained::Refused("no".to_owned()));
        assert!(board.hear(answer, after(3)));
        assert_eq!(board.ask_again(after(4)), None);
        assert_eq!(board.ask_again(after(5)), Some(call));
        assert_eq!(board.ask_again(after(6)), None);
    }
}
