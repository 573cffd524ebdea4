//! Joins a simulated PBX to its session and its clock.

use super::clock::SimulatedClock;
use super::exchange::{Act, Alarm, Exchange};
use super::{Behaviour, ScriptedCall, Tally};
use crate::session::{SendError, SessionEvent, SessionEvents, SessionSender};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot, watch};

/// A running PBX without phones. Dropping it ends its session; callers who are still there are
/// then left to the daemon, `finish` lets them hang up.
#[derive(Debug)]
pub struct SimulatedPbx {
    commands: mpsc::UnboundedSender<Command>,
    /// Calls asked for.
    asked: AtomicU64,
    progress: watch::Receiver<Progress>,
}

#[derive(Debug)]
enum Command {
    Call(ScriptedCall),
    Finish(oneshot::Sender<()>),
}

#[derive(Clone, Debug, Default)]
struct Progress {
    tally: Tally,
    /// Calls asked for that are in the tally.
    taken: u64,
    /// Why the session is over, once it is.
    lost: Option<String>,
}

impl SimulatedPbx {
    /// Serves the session from now on, in a task of its own.
    ///
    /// `clock` must run at `sender.clock_scale()`.
    pub fn start(
        sender: SessionSender,
        events: SessionEvents,
        clock: SimulatedClock,
        behaviour: Behaviour,
    ) -> Self {
        let (commands, commanded) = mpsc::unbounded_channel();
        let (published, progress) = watch::channel(Progress::default());
        let (rings, rang) = mpsc::unbounded_channel();
        let exchange = Exchange::new(sender.adapter().to_owned(), behaviour);
        let worker = Worker { sender, clock, exchange, taken: 0, rings, published };
        tokio::spawn(worker.run(events, commanded, rang));
        Self { commands, asked: AtomicU64::new(0), progress }
    }

    /// Somebody will call at `call.start`.
    pub fn call(&self, call: ScriptedCall) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        // A PBX that has lost its session takes no calls; `over` says so.
        let _ = self.commands.send(Command::Call(call));
    }

    /// What has become of the calls so far.
    pub fn tally(&self) -> Tally {
        self.progress.borrow().tally.clone()
    }

    /// Waits until all calls that were asked for are over.
    ///
    /// # Errors
    /// Why the session is over.
    pub async fn over(&self) -> Result<Tally, String> {
        let asked = self.asked.load(Ordering::Relaxed);
        let is_over = |progress: &Progress| progress.taken >= asked && progress.tally.is_over();
        self.wait_for(is_over).await
    }

    /// Waits until the session is over, and returns why.
    pub async fn lost(&self) -> String {
        self.wait_for(|_| false).await.err().unwrap_or_default()
    }

    async fn wait_for(&self, is_reached: impl Fn(&Progress) -> bool) -> Result<Tally, String> {
        let mut progress = self.progress.clone();
        let reached = progress
            .wait_for(|progress| progress.lost.is_some() || is_reached(progress))
            .await
            .map_err(|_| "the simulated PBX has ended".to_owned())?;
        match &reached.lost {
            Some(reason) => Err(reason.clone()),
            None => Ok(reached.tally.clone()),
        }
    }

    /// Callers who are still there hang up, and the session ends. Returns the tally as it stood
    /// before.
    pub async fn finish(self) -> Tally {
        let tally = self.tally();
        let (done, finished) = oneshot::channel();
        if self.commands.send(Command::Finish(done)).is_ok() {
            // An error says that the session was lost meanwhile.
            let _ = finished.await;
        }
        tally
    }
}

struct Worker {
    sender: SessionSender,
    clock: SimulatedClock,
    exchange: Exchange,
    taken: u64,
    rings: mpsc::UnboundedSender<Alarm>,
    published: watch::Sender<Progress>,
}

impl Worker {
    async fn run(
        mut self,
        mut events: SessionEvents,
        mut commands: mpsc::UnboundedReceiver<Command>,
        mut rang: mpsc::UnboundedReceiver<Alarm>,
    ) {
        loop {
            let done = tokio::select! {
                event = events.recv() => match event {
                    Some(SessionEvent::Disconnected { reason, retrying: false }) => {
                        return self.lose(reason);
                    }
                    Some(event) => {
                        self.exchange.event(self.clock.now(), event);
                        None
                    }
                    None => return self.lose("the session was closed".to_owned()),
                },
                Some(alarm) = rang.recv() => {
                    self.exchange.wake(self.clock.now(), alarm);
                    None
                }
                command = commands.recv() => match command {
                    Some(Command::Call(call)) => {
                        self.taken += 1;
                        self.exchange.call(call);
                        None
                    }
                    Some(Command::Finish(done)) => {
                        self.exchange.hang_up_all();
                        Some(done)
                    }
                    None => return,
                },
            };
            self.act().await;
            if let Some(done) = done {
                self.sender.close().await;
                // Whoever asked may have gone.
                let _ = done.send(());
                return;
            }
        }
    }

    async fn act(&mut self) {
        for act in self.exchange.take_acts() {
            match act {
                Act::Send(report, purpose) => match self.sender.send(report).await {
                    Ok(id) => {
                        if let Some(purpose) = purpose {
                            self.exchange.sent(id, purpose);
                        }
                    }
                    // The event that says so is next.
                    Err(SendError::Closed | SendError::NoResyncDue) => {}
                    Err(error @ SendError::TooLarge { .. }) => {
                        self.exchange.not_sent(purpose, error.to_string());
                    }
                },
                Act::Resync(resync, purposes) => match self.sender.resync(resync).await {
                    Ok(Some(ids)) => {
                        for (id, purpose) in ids.calls().zip(purposes) {
                            self.exchange.sent(id, purpose);
                        }
                    }
                    // The next Connected asks for another one, or the session is over.
                    Ok(None) | Err(SendError::Closed | SendError::NoResyncDue) => {}
                    // What could be offered can be named.
                    Err(error @ SendError::TooLarge { .. }) => tracing::error!("{error}"),
                },
                Act::Wake(at, alarm) => {
                    let rings = self.rings.clone();
                    self.clock.at(at, move || {
                        // The PBX may have ended before.
                        let _ = rings.send(alarm);
                    });
                }
            }
        }
        self.publish();
    }

    fn publish(&self) {
        self.published.send_if_modified(|progress| {
            let changed = progress.tally != *self.exchange.tally();
            if changed {
                progress.tally = self.exchange.tally().clone();
            }
            progress.taken = self.taken;
            changed
        });
    }

    fn lose(&self, reason: String) {
        self.published.send_modify(|progress| progress.lost = Some(reason));
    }
}
