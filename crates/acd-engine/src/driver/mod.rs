//! The hot task of a domain: takes messages up in rounds, and lets out what may leave.

mod adapters;
mod engine;
mod estimates;
mod fold;
mod half_minutes;
mod heartbeats;
mod numbering;
mod people;
mod recovery;
mod reports;
mod resync;
mod writer;

#[cfg(test)]
pub(crate) use engine::BATCH_ENTRIES_MAX;
pub(crate) use engine::{Engine, EngineParts};

use crate::mail::{Control, Posted};
use crate::mailbox::Mailbox;
use crate::order::CloseReason;
use crate::publisher::Parcel;
use acd_core::Timestamp;
use acd_journal::{CommandLog, Tail};
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
/// The driver looks at its deadlines at least this often.
const SLEEP_MAX: Duration = Duration::from_secs(3_600);
/// While much happens, parcels leave for the publisher no closer together than this: to wake it and to
/// publish costs as much for one event as for many. What somebody waits for leaves at once.
const PARCELS_APART: Duration = Duration::from_millis(1);
/// How long a stop waits for the log.
const FLUSH_WITHIN: Duration = Duration::from_secs(5);

/// The hot task of a domain.
pub struct Driver<L> {
    engine: Engine,
    writer: Writer<L>,
    mailbox: Mailbox<Posted>,
    controls: crossbeam_channel::Receiver<Control>,
    stopping: Arc<AtomicBool>,
    parcels: mpsc::Sender<Parcel>,
    pub(crate) parcels_apart: Duration,
    /// Until the next parcel may leave; none before the first has left.
    parcels_rest: Option<Pin<Box<Sleep>>>,
    alarm: Option<Alarm>,
    pub(crate) backlog: Backlog,
    _life: watch::Sender<()>,
}

/// How far others may fall behind before the mailbox is left alone until they catch up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backlog {
    /// Commands that are not durable.
    pub(crate) commands: u64,
    /// Events that are not published.
    pub(crate) events: usize,
}

const BACKLOG_MAX: Backlog = Backlog { commands: 1_000_000, events: 100_000 };

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
    /// The log cannot be written, and it is to stop then.
    LogFailed,
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
        (log, tail): (L, Tail),
        mailbox: Mailbox<Posted>,
        controls: crossbeam_channel::Receiver<Control>,
        stopping: Arc<AtomicBool>,
        parcels: mpsc::Sender<Parcel>,
        life: watch::Sender<()>,
    ) -> Self {
        let writer = Writer::new(log, engine.epoch, tail, Arc::clone(&engine.gauges));
        Self {
            engine,
            writer,
            mailbox,
            controls,
            stopping,
            parcels,
            parcels_apart: PARCELS_APART,
            parcels_rest: None,
            alarm: None,
            backlog: BACKLOG_MAX,
            _life: life,
        }
    }

    /// Drives the domain until `Domain::stop`, or until another writer takes over its log.
    pub async fn run(mut self) -> Ended {
        if let Err(ended) = self.begin().await {
            return self.cut_off(ended).await;
        }
        loop {
            let stopping = self.stopping.load(Ordering::Acquire);
            let left = self.round();
            if self.begins_a_batch() {
                // What leaves at once goes down to the sockets before the log's thread is woken: on
                // a busy machine that thread may run at once, in the place of this one.
                yield_now().await;
            }
            if let Err(ended) = self.write_on().await {
                return self.cut_off(ended).await;
            }
            self.ship();
            match left {
                Left::More => yield_now().await,
                // With a backlog that nothing takes, what the mailbox holds is refused.
                Left::Nothing | Left::Backlog if stopping => break,
                // Cleared since the round looked: nobody will ring for what it left in the mailbox.
                Left::Backlog if !self.has_backlog() => yield_now().await,
                Left::Nothing | Left::Backlog => {
                    if let Err(ended) = self.idle(left).await {
                        return self.cut_off(ended).await;
                    }
                }
            }
        }
        self.finish().await
    }

    /// Opens the epoch: its first batch is durable before anything is taken up.
    async fn begin(&mut self) -> Result<(), Ended> {
        let Self { engine, writer, mailbox, stopping, .. } = self;
        let begun = async {
            if !writer.may_begin().await {
                return Err(Ended::Fenced);
            }
            while engine.undurable() > 0 {
                if !writer.is_writing()
                    && let Some((entries, digest)) = engine.take_entries()
                {
                    writer.append(entries, digest);
                }
                settle(engine, writer.written().await)?;
            }
            engine.give_time(engine.clock.at(Instant::now()));
            info!(epoch = engine.epoch, calls = engine.router.live_calls(), "domain open");
            Ok(())
        };
        tokio::select! {
            biased;
            begun = begun => begun,
            // A log that does not answer must not keep the domain from stopping.
            () = told_to_stop(stopping, mailbox) => Ok(()),
        }
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
        self.engine.end_round(left);
        left
    }

    fn has_backlog(&self) -> bool {
        self.engine.undurable() >= self.backlog.commands
            || self.engine.parcel.records.len() >= self.backlog.events
    }

    /// Whether a batch goes to a log that does not take it at once.
    fn begins_a_batch(&self) -> bool {
        self.writer.takes_time() && self.writer.may_append() && self.engine.has_entries()
    }

    /// Gives what was applied to the log, unless a batch is in flight: then it goes on growing.
    async fn write_on(&mut self) -> Result<(), Ended> {
        loop {
            if self.writer.may_append() {
                let Some((entries, digest)) = self.engine.take_entries() else { return Ok(()) };
                self.writer.append(entries, digest);
                if !self.engine.has_entries() {
                    self.writer.rest();
                }
            }
            match self.writer.written_already().await {
                Some(written) => settle(&mut self.engine, written)?,
                None => return Ok(()),
            }
        }
    }

    /// Hands over to the publisher what may leave, if it has room for it.
    fn ship(&mut self) {
        let Self { engine, parcels, parcels_rest, parcels_apart, .. } = self;
        if !engine.parcel.is_empty()
            && (engine.parcel.is_awaited() || is_over(parcels_rest.as_deref()))
            && let Ok(room) = parcels.try_reserve()
        {
            room.send(std::mem::take(&mut engine.parcel));
            rest(parcels_rest, *parcels_apart);
        }
    }

    /// Sleeps until there is something to do.
    async fn idle(&mut self, left: Left) -> Result<(), Ended> {
        self.set_alarm();
        let Self { engine, writer, mailbox, parcels, alarm, stopping, .. } = self;
        let (parcels_rest, parcels_apart) = (&mut self.parcels_rest, self.parcels_apart);
        let parcel_waits = !engine.parcel.is_empty();
        let may_take_more = left == Left::Nothing;
        let batch_grows = engine.has_entries() && !writer.is_writing();
        let rests_until = writer.rests_until();
        let may_leave = engine.parcel.is_awaited() || is_over(parcels_rest.as_deref());
        let room = async {
            if let Some(rest) = parcels_rest.as_mut().filter(|_| !may_leave) {
                rest.await;
            }
            parcels.reserve().await
        };
        tokio::select! {
            biased;
            () = mailbox.rung(), if may_take_more => {}
            () = told_to_stop(stopping, mailbox), if !may_take_more => {}
            written = writer.written() => settle(engine, written)?,
            room = room, if parcel_waits => {
                match room {
                    Ok(room) => {
                        room.send(std::mem::take(&mut engine.parcel));
                        rest(parcels_rest, parcels_apart);
                    }
                    // The publisher was dropped: nobody reads, nobody asks.
                    Err(_) => engine.parcel = Parcel::default(),
                }
            }
            () = sleep_until(rests_until), if batch_grows => {}
            () = rings(alarm) => {}
        }
        Ok(())
    }

    fn set_alarm(&mut self) {
        let due = self.engine.next_deadline();
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
                && let Some((entries, digest)) = self.engine.take_entries()
            {
                self.writer.append(entries, digest);
            }
            let in_time = deadline.saturating_duration_since(Instant::now());
            match timeout(in_time, self.writer.written()).await {
                Ok(written) => {
                    if let Err(ended) = settle(&mut self.engine, written) {
                        return self.cut_off(ended).await;
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

    /// The log is out of reach: what was decided since does not count. Everything is muted; starting
    /// the domain again reads what the log holds.
    async fn cut_off(mut self, ended: Ended) -> Ended {
        let reason = match ended {
            Ended::LogFailed => CloseReason::Stopping,
            Ended::Fenced | Ended::Stopped | Ended::Unflushed(_) => {
                self.engine.gauges.fenced();
                CloseReason::Fenced
            }
        };
        error!(epoch = self.engine.epoch, "{}", reason.refusal());
        self.mailbox.close();
        self.engine.mute(&reason);
        ended
    }
}

/// Lets out what is durable; says why the driver cannot go on.
fn settle(engine: &mut Engine, written: Written) -> Result<(), Ended> {
    match written {
        Written::Stored(tail) => {
            engine.durable_up_to(tail.next_sequence - 1);
            Ok(())
        }
        Written::Fenced => Err(Ended::Fenced),
        Written::Failing(_) if engine.stops_when_log_fails => Err(Ended::LogFailed),
        // Who would rather stop than go on without his log goes on waiting for it.
        Written::Hanging if engine.stops_when_log_fails => Ok(()),
        Written::Failing(_) | Written::Hanging => {
            engine.log_fails();
            Ok(())
        }
    }
}

/// Whether a rest is over, or none was begun.
fn is_over(rest: Option<&Sleep>) -> bool {
    rest.is_none_or(|rest| rest.deadline() <= Instant::now())
}

/// A parcel has left: the next one grows for a while.
fn rest(parcels: &mut Option<Pin<Box<Sleep>>>, apart: Duration) {
    let until = Instant::now() + apart;
    match parcels {
        Some(rest) => rest.as_mut().reset(until),
        None => *parcels = Some(Box::pin(sleep_until(until))),
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
