//! The hot task of a domain: takes messages up in rounds, and lets out what may leave.

mod adapters;
mod engine;
mod fold;
mod numbering;
mod people;
mod writer;

pub(crate) use engine::{Engine, EngineParts};

use crate::log::CommandLog;
use crate::mail::{Control, Posted};
use crate::mailbox::Mailbox;
use crate::order::CloseReason;
use crate::publisher::Parcel;
use crate::status::FENCED;
use acd_core::Timestamp;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tracing::{error, info};
use writer::{Writer, Written};

/// How many messages one round takes up before other tasks of the runtime have their turn.
const MESSAGES_PER_ROUND_MAX: usize = 1_024;
/// With this many commands not durable, the mailbox is left alone until the log catches up.
const UNDURABLE_MAX: u64 = 1_000_000;
/// With this many events not published, the mailbox is left alone until the publisher catches up.
const UNPUBLISHED_MAX: usize = 1_000_000;
/// The driver looks at its deadlines at least this often.
const SLEEP_MAX: Duration = Duration::from_secs(3_600);
/// How long a stop waits for the log.
const FLUSH_WITHIN: Duration = Duration::from_secs(10);

/// The hot task of a domain.
pub struct Driver<L> {
    engine: Engine,
    writer: Writer<L>,
    mailbox: Mailbox<Posted>,
    controls: crossbeam_channel::Receiver<Control>,
    stopping: Arc<AtomicBool>,
    parcels: mpsc::Sender<Parcel>,
    alarm: Option<Alarm>,
    _life: watch::Sender<()>,
}

/// Wakes the driver at the next deadline; kept from one sleep to the next, as most of them end
/// before it.
struct Alarm {
    at: Timestamp,
    sleep: Pin<Box<Sleep>>,
}

/// Why a driver ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to, and all that it decided is durable.
    Stopped,
    /// It was told to, and the log did not take the last so many commands; nobody was told that
    /// they are durable.
    Unflushed(u64),
    /// Another writer took over the log.
    Fenced,
}

/// What a round left behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// The mailbox is empty.
    Nothing,
    /// There may be more in the mailbox.
    More,
    /// The log or the publisher is too far behind to take more.
    Backlog,
}

impl<L: CommandLog> Driver<L> {
    pub(crate) fn new(
        engine: Engine,
        log: L,
        mailbox: Mailbox<Posted>,
        controls: crossbeam_channel::Receiver<Control>,
        stopping: Arc<AtomicBool>,
        parcels: mpsc::Sender<Parcel>,
        life: watch::Sender<()>,
    ) -> Self {
        let writer = Writer::new(log, engine.epoch, Arc::clone(&engine.gauges));
        Self { engine, writer, mailbox, controls, stopping, parcels, alarm: None, _life: life }
    }

    /// Drives the domain until `Domain::stop`, or until another writer takes over its log.
    pub async fn run(mut self) -> Ended {
        let began = tokio::select! {
            biased;
            began = self.writer.begin() => began,
            () = told_to_stop(&self.stopping, &self.mailbox) => return self.close(Ended::Stopped).await,
        };
        let Some(tail) = began else { return self.fenced().await };
        self.engine.begin_after(tail.next_sequence - 1);
        info!(epoch = self.engine.epoch, "domain open");
        loop {
            let stopping = self.stopping.load(Ordering::Acquire);
            let left = self.round();
            if !self.write_on().await {
                return self.fenced().await;
            }
            self.ship();
            match left {
                Left::More => yield_now().await,
                // With a backlog that nothing takes, what the mailbox holds is refused.
                Left::Nothing | Left::Backlog if stopping => break,
                // Cleared since the round looked: nobody will ring for what it left in the mailbox.
                Left::Backlog if !self.has_backlog() => yield_now().await,
                Left::Nothing | Left::Backlog => {
                    if !self.idle(left).await {
                        return self.fenced().await;
                    }
                }
            }
        }
        self.finish().await
    }

    /// Takes up what is in the mailbox, up to a bound.
    fn round(&mut self) -> Left {
        let mut left = Left::Nothing;
        let mut at = Instant::now();
        for taken in 0.. {
            if self.has_backlog() {
                left = Left::Backlog;
                break;
            }
            if taken == MESSAGES_PER_ROUND_MAX {
                left = Left::More;
                break;
            }
            let Some(posted) = self.mailbox.take() else { break };
            at = self.engine.take_up(posted, at);
        }
        self.mailbox.room_made();
        while let Ok(control) = self.controls.try_recv() {
            self.engine.control(control);
        }
        self.engine.advance(Instant::now());
        self.engine.end_round();
        left
    }

    fn has_backlog(&self) -> bool {
        self.engine.undurable() >= UNDURABLE_MAX
            || self.engine.parcel.records.len() >= UNPUBLISHED_MAX
    }

    /// Gives what was applied to the log, unless a batch is in flight: then it goes on growing.
    /// `false` when the log has another writer.
    async fn write_on(&mut self) -> bool {
        loop {
            if !self.writer.is_writing() {
                let Some((first, entries)) = self.engine.take_entries() else { return true };
                self.writer.append(first, entries);
            }
            match self.writer.written_already().await {
                Some(written) => {
                    if !settle(&mut self.engine, written) {
                        return false;
                    }
                }
                None => return true,
            }
        }
    }

    /// Hands over to the publisher what it has room for.
    fn ship(&mut self) {
        if self.engine.parcel.is_empty() {
            return;
        }
        if let Ok(room) = self.parcels.try_reserve() {
            room.send(std::mem::take(&mut self.engine.parcel));
        }
    }

    /// Sleeps until there is something to do. `false` when the log has another writer.
    async fn idle(&mut self, left: Left) -> bool {
        self.set_alarm();
        let Self { engine, writer, mailbox, parcels, alarm, stopping, .. } = self;
        let parcel_waits = !engine.parcel.is_empty();
        let may_take_more = left == Left::Nothing;
        tokio::select! {
            biased;
            () = mailbox.rung(), if may_take_more => true,
            () = told_to_stop(stopping, mailbox), if !may_take_more => true,
            written = writer.written() => settle(engine, written),
            room = parcels.reserve(), if parcel_waits => {
                match room {
                    Ok(room) => room.send(std::mem::take(&mut engine.parcel)),
                    // The publisher was dropped: nobody reads, nobody asks.
                    Err(_) => engine.parcel = Parcel::default(),
                }
                true
            }
            () = rings(alarm) => true,
        }
    }

    fn set_alarm(&mut self) {
        let due = self.engine.router.next_deadline();
        if due == self.alarm.as_ref().map(|alarm| alarm.at) {
            return;
        }
        let Some(at) = due else {
            self.alarm = None;
            return;
        };
        let instant = Instant::now() + self.engine.clock.real_until(at).min(SLEEP_MAX);
        match &mut self.alarm {
            Some(alarm) => {
                alarm.at = at;
                alarm.sleep.as_mut().reset(instant);
            }
            None => self.alarm = Some(Alarm { at, sleep: Box::pin(sleep_until(instant)) }),
        }
    }

    /// Everything that was asked for is applied: makes it durable, tells it, ends the sessions.
    async fn finish(mut self) -> Ended {
        self.mailbox.close();
        let deadline = Instant::now() + FLUSH_WITHIN;
        while self.engine.undurable() > 0 {
            if !self.writer.is_writing()
                && let Some((first, entries)) = self.engine.take_entries()
            {
                self.writer.append(first, entries);
            }
            let in_time = deadline.saturating_duration_since(Instant::now());
            match timeout(in_time, self.writer.written()).await {
                Ok(written) => {
                    if !settle(&mut self.engine, written) {
                        return self.fenced().await;
                    }
                }
                Err(_elapsed) => {
                    let open = self.engine.undurable();
                    error!(commands = open, "stopped before the log took the last commands");
                    return self.close(Ended::Unflushed(open)).await;
                }
            }
        }
        self.close(Ended::Stopped).await
    }

    async fn close(mut self, ended: Ended) -> Ended {
        self.mailbox.close();
        self.engine.close_all(&CloseReason::Stopping);
        let last = std::mem::take(&mut self.engine.parcel);
        // A publisher that was dropped has nobody to tell.
        let _dropped = self.parcels.send(last).await.is_err();
        info!(position = %self.engine.position(), "domain closed");
        ended
    }

    /// Another writer took over: what this one decided since does not count. Everything is muted;
    /// starting the domain again reads what the other one wrote.
    async fn fenced(mut self) -> Ended {
        error!(epoch = self.engine.epoch, "{FENCED}");
        self.engine.gauges.fenced();
        self.mailbox.close();
        self.engine.mute();
        Ended::Fenced
    }
}

/// `false` when the log has another writer.
fn settle(engine: &mut Engine, written: Written) -> bool {
    match written {
        Written::Stored(tail) => {
            engine.durable_up_to(tail.next_sequence - 1);
            true
        }
        Written::Fenced => false,
    }
}

/// Waits for the alarm; for ever if none is set. One that has rung is set anew.
async fn rings(alarm: &mut Option<Alarm>) {
    let Some(set) = alarm else { return pending().await };
    set.sleep.as_mut().await;
    *alarm = None;
}

/// Waits until the domain is told to stop.
async fn told_to_stop(stopping: &AtomicBool, mailbox: &Mailbox<Posted>) {
    while !stopping.load(Ordering::Acquire) {
        mailbox.rung().await;
    }
}
