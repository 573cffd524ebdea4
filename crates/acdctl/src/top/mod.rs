//! `top`: the wallboard in a terminal.

mod board;
mod clock;
mod columns;
mod cursor;
mod draw;
mod figures;
mod link;
mod picture;
mod screen;
mod stage;
mod table;
mod words;

use crate::cli::Common;
use crate::daemon::Daemon;
use crate::failure::Failure;
use crate::output::write;
use crate::times::parse_length;
use board::{Board, Heard};
use clap::Args;
use link::Wanted;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyEvent};
use ratatui::layout::Rect;
use screen::{Explained, View, Wish};
use stage::Stage;
use std::io::{IsTerminal, stdin, stdout};
use std::sync::Arc;
use std::time::{Duration, Instant as Real};
use tokio::sync::{Notify, mpsc};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Examples of the command line.
pub(crate) const EXAMPLES: &str = "Examples:\n  acdctl top\n  \
    acdctl top --view agents\n  acdctl top --queue billing --queue support --every 1s\n  \
    acdctl top --once | mail -s 'how it stands' kim";

/// How often it is drawn at most, keys aside.
const DRAWN_EVERY: Duration = Duration::from_millis(100);
/// Ages go on between updates: it is drawn at least so often.
const AGES_EVERY: Duration = Duration::from_millis(250);
/// How much may come that has not been looked at; then the daemon waits, and merges.
const HEARD_MAX: usize = 64;
/// How long `--once` waits for the first picture.
const ONCE_WITHIN: Duration = Duration::from_secs(15);
/// How wide a picture is that is printed where nobody says how wide it may be, and its bounds.
const ONCE_WIDTH: u16 = 120;
const WIDTH_MIN: u16 = 40;
const WIDTH_MAX: u16 = 500;

#[derive(Args, Debug)]
pub(crate) struct TopArguments {
    /// At most one update in this time, 60s at most.
    #[arg(long, value_name = "TIME", default_value = "250ms", value_parser = parse_length)]
    every: Duration,
    /// Only this queue, and its calls and events; may be given again.
    #[arg(long = "queue", value_name = "QUEUE")]
    queues: Vec<String>,
    /// What is shown first.
    #[arg(long, value_enum, default_value_t = View::Queues)]
    view: View,
    /// Print one picture as text and exit; all rows, as wide as COLUMNS says, else 120 letters.
    #[arg(long)]
    once: bool,
}

/// Shows the wallboard until it is quit.
pub(crate) async fn top(
    common: &Common,
    daemon: Daemon,
    arguments: TopArguments,
) -> Result<(), Failure> {
    let TopArguments { every, queues, view, once } = arguments;
    let wanted = Wanted { queues, every };
    // What is wrong with the request is said before the terminal is taken.
    let stream = link::open(&daemon, &wanted, None).await;
    let stream = stream.map_err(|status| daemon.failure(&status))?;
    let board = Board::new(common.server.clone(), common.domain.clone(), view, Real::now());
    let (listener, heard) = mpsc::channel(HEARD_MAX);
    let anew = Arc::new(Notify::new());
    let follows = link::follow(daemon.clone(), wanted, stream, listener.clone(), anew.clone());
    let following = tokio::spawn(follows);
    let ended = if once {
        print(board, heard).await
    } else {
        Play { board, daemon, listener, anew }.on_stage(heard).await
    };
    following.abort();
    ended
}

/// Whether it can be shown at all; checked before a daemon is asked.
pub(crate) fn check(arguments: &TopArguments, json: bool) -> Result<(), Failure> {
    let others = "`acdctl watch --json` says what happens, `acdctl queues --json` how it stands";
    if json {
        return Err(Failure::Wrong(format!("`top` is for people, not for programs: {others}")));
    }
    let is_a_screen = stdin().is_terminal() && stdout().is_terminal();
    if !(arguments.once || is_a_screen) {
        return Err(Failure::Wrong(format!(
            "`top` needs a terminal; `acdctl top --once` prints one picture, {others}"
        )));
    }
    Ok(())
}

/// One picture, as text.
async fn print(mut board: Board, mut heard: mpsc::Receiver<Heard>) -> Result<(), Failure> {
    let complete = async {
        while !(board.picture.is_known() && board.status.is_some()) {
            match heard.recv().await {
                Some(Heard::Lost(why)) => return Err(why),
                // The first is a snapshot, and goes on from anywhere.
                Some(heard) => _ = board.hear(heard, Real::now()),
                None => return Err("it ended the stream".to_owned()),
            }
        }
        Ok(())
    };
    let told = timeout(ONCE_WITHIN, complete).await;
    let told = told.unwrap_or_else(|_| Err("it did not answer in time".to_owned()));
    told.map_err(|why| Failure::Refused(format!("lost {}: {why}", board.server)))?;
    write(&picture(&mut board, width()))
}

fn width() -> u16 {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || stdout().is_terminal().then(ratatui::crossterm::terminal::size)?.ok();
    let width = said.or_else(|| terminal().map(|(width, _)| width)).unwrap_or(ONCE_WIDTH);
    width.clamp(WIDTH_MIN, WIDTH_MAX)
}

/// All rows of the view as text.
fn picture(board: &mut Board, width: u16) -> String {
    let rows = draw::rows_of(board) + draw::AROUND;
    let area = Rect::new(0, 0, width, u16::try_from(rows).unwrap_or(u16::MAX));
    let mut buffer = Buffer::empty(area);
    draw::print(board, area, &mut buffer, Real::now());
    draw::text(&buffer)
}

/// What is shown, and whom it asks.
struct Play {
    board: Board,
    daemon: Daemon,
    listener: link::Listener,
    anew: Arc<Notify>,
}

impl Play {
    async fn on_stage(mut self, mut heard: mpsc::Receiver<Heard>) -> Result<(), Failure> {
        let mut stage = Stage::enter()?;
        let mut events = stage::events();
        let mut ends = std::pin::pin!(stage::told_to_end());
        let mut frames = interval(DRAWN_EVERY);
        frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut news, mut drawn) = (true, Real::now());
        loop {
            tokio::select! {
                // Keys first: whatever comes, whoever sits there is master.
                biased;
                () = &mut ends => return Ok(()),
                event = events.recv() => match event {
                    Some(Event::Key(key)) => {
                        if self.quits(key) {
                            return Ok(());
                        }
                        stage.draw(&mut self.board)?;
                        (news, drawn) = (false, Real::now());
                    }
                    Some(_) => news = true,
                    // The terminal has gone.
                    None => return Ok(()),
                },
                _ = frames.tick() => {
                    self.ask_again();
                    self.board.listen(Real::now());
                    if news || drawn.elapsed() >= AGES_EVERY {
                        stage.draw(&mut self.board)?;
                        (news, drawn) = (false, Real::now());
                    }
                }
                Some(heard) = heard.recv() => {
                    news = true;
                    if !self.board.hear(heard, Real::now()) {
                        self.anew.notify_one();
                    }
                }
            }
        }
    }

    fn quits(&mut self, key: KeyEvent) -> bool {
        match self.board.screen.press(key, &self.board.picture) {
            Wish::Quit => return true,
            Wish::Explain(call) => self.ask(call),
            Wish::Nothing => {}
        }
        false
    }

    fn ask_again(&mut self) {
        if let Some(call) = self.board.ask_again(Real::now()) {
            self.ask(call);
        }
    }

    /// Asks beside all else; the answer is heard as all else is.
    fn ask(&self, call: acd_proto::v1::CallRef) {
        let (daemon, listener) = (self.daemon.clone(), self.listener.clone());
        tokio::spawn(async move {
            let answer = match link::explain(&daemon, call.clone()).await {
                Ok(answer) => Explained::Answered(Box::new(answer)),
                Err(status) => Explained::Refused(link::said(&status)),
            };
            // Whoever does not listen any more does not want to know.
            let _ = listener.send(Heard::Explained(call, answer)).await;
        });
    }
}
