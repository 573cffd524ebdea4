//! `acdctl top` in a terminal: what a supervisor sees there, what his keys do, and that he has his terminal
//! back afterwards.

use crate::CONFIG;
use crate::harness::{Daemon, PATIENCE, acdctl, acdctl_path, signal};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

fn whole(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).expect("a terminal has some")
}

/// A terminal with `acdctl top` in it.
struct Terminal {
    child: Child,
    keys: File,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Terminal {
    fn with_top(daemon: &Daemon, arguments: &[&str]) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let near = openpt(flags).expect("a pseudo terminal");
        grantpt(&near).and_then(|()| unlockpt(&near)).expect("its far end is ours");
        let name = ptsname(&near, Vec::new()).expect("its far end has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let far = File::from(open(&*name, flags, Mode::empty()).expect("its far end"));
        let size = Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&near, size).expect("it has a size");
        let end = || Stdio::from(far.try_clone().expect("one more handle"));
        // In a session of its own, so that it finds this terminal and not that of the tests.
        let child = Command::new("setsid")
            .arg("-c")
            .arg(acdctl_path())
            .args(["--server", &daemon.grpc.to_string(), "top"])
            .args(arguments)
            .env("TERM", "xterm-256color")
            .env("NO_COLOR", "1")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("the binary runs");
        let keys = File::from(near);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(whole(ROWS), whole(COLUMNS), 0)));
        let (mut written, parsed) = (keys.try_clone().expect("one more handle"), screen.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // An error says that the far end is closed.
            while let Ok(many @ 1..) = written.read(&mut bytes) {
                parsed.lock().expect("no panic").process(&bytes[..many]);
            }
        });
        Self { child, keys, screen }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    fn seen(&self) -> String {
        self.screen.lock().expect("no panic").screen().contents()
    }

    /// Until all of these stand on the screen at once.
    async fn until(&self, parts: &[&str]) -> String {
        let start = Instant::now();
        loop {
            let seen = self.seen();
            if parts.iter().all(|part| seen.contains(part)) {
                return seen;
            }
            assert!(start.elapsed() < PATIENCE, "no {parts:?} on the screen:\n{seen}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// What tells the row that keys act on from others, without a colour.
    fn assert_chosen(&self, row: &str) {
        let parser = self.screen.lock().expect("no panic");
        let screen = parser.screen();
        let place = screen.rows(0, COLUMNS).position(|it| it.starts_with(row));
        let place = u16::try_from(place.expect("it is on the screen")).expect("a row");
        let cell = screen.cell(place, 2).expect("a letter");
        assert!(cell.inverse(), "{row} is not marked");
        assert_eq!(cell.fgcolor(), vt100::Color::Default);
    }

    async fn ends(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child to wait for") {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end:\n{}", self.seen());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ended with success, and the terminal is as it was.
    async fn assert_given_back(&mut self) {
        assert!(self.ends().await.success());
        let start = Instant::now();
        // What it wrote last may still be on its way.
        loop {
            let given_back = {
                let parser = self.screen.lock().expect("no panic");
                !parser.screen().alternate_screen() && !parser.screen().hide_cursor()
            };
            if given_back {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "the terminal is not as it was");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_supervisor_sees_queues_goes_into_one_and_asks_why_a_call_waits() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("it-waits", "billing").await;
    let mut terminal = Terminal::with_top(&daemon, &["--every", "50ms"]);
    terminal
        .until(&["Live", "Waiting 1", "▲ billing: Nobody at work, 1 waits", "▸▲ billing"])
        .await;
    terminal.assert_chosen("▸▲ billing");
    terminal.press("\r");
    terminal.until(&["of billing", "it-waits", "◷ waiting"]).await;
    terminal.press("\r");
    terminal.until(&["it-waits (pbx) waits, for", "acdctl call move --id it-waits"]).await;
    pbx.end_call("it-waits").await;
    terminal.until(&["it-waits (pbx) is over", "Waiting 0", "No alarms"]).await;
    terminal.press("\x1b");
    terminal.until(&["No call matches"]).await;
    terminal.press("4");
    terminal.until(&["call ended: ", "it-waits"]).await;
    terminal.press("1/fron");
    terminal.until(&["/fron▏  1 of 3", "front-desk"]).await;
    terminal.press("\r?");
    terminal.until(&["── Keys"]).await;
    terminal.press("q");
    terminal.assert_given_back().await;
}

#[tokio::test]
async fn what_is_old_is_said_to_be_and_control_c_gives_the_terminal_back() {
    let mut daemon = Daemon::start(CONFIG).await;
    let mut terminal = Terminal::with_top(&daemon, &["--view", "agents"]);
    terminal.until(&["Live", "· 3 logged out", "▸"]).await;
    daemon.kill();
    terminal.until(&["not connected", "What you see is as it was at", "Trying again"]).await;
    terminal.press("\x03");
    terminal.assert_given_back().await;
}

#[tokio::test]
async fn a_signal_gives_the_terminal_back() {
    let daemon = Daemon::start(CONFIG).await;
    for name in ["TERM", "HUP", "INT"] {
        let mut terminal = Terminal::with_top(&daemon, &[]);
        terminal.until(&["Live", "front-desk"]).await;
        signal(terminal.child.id(), name);
        terminal.assert_given_back().await;
    }
}

#[tokio::test]
async fn without_a_terminal_it_says_what_to_use_instead() {
    let daemon = Daemon::start(CONFIG).await;
    let server = daemon.grpc.to_string();
    for more in [&[][..], &["--json"], &["--once", "--json"]] {
        let output = acdctl(&[&["--server", &server, "top"], more].concat());
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("acdctl watch --json") && said.contains("acdctl queues --json"));
    }
    let output = acdctl(&["--server", &server, "top", "--once"]);
    assert_eq!(output.status.code(), Some(0));
    let printed = String::from_utf8_lossy(&output.stdout);
    for part in ["Live", "Waiting 0", "No alarms", "front-desk", "billing"] {
        assert!(printed.contains(part), "no {part}:\n{printed}");
    }
    let output = acdctl(&["--server", &server, "top", "--once", "--queue", "billin"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("billin"));
}
