//! What an adapter must remember of its callers to name them in a resync: with the wait that they
//! have had, their priority, and what goes with them.

use crate::numbering::SendId;
use crate::report::{HandedOnTo, Numbers, OfferKey, Report};
use crate::resync::{Channel, HeldCall, HeldLeg, Resync, ResyncIds};
use crate::session::{SendError, SessionEvent, SessionSender};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, rename};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How many lines a file has beyond those that matter before it is written anew.
const STALE_LINES_MAX: usize = 10_000;
/// The refusal of a call that the daemon has already.
const CALL_EXISTS: &str = "call_exists";

/// A caller, in a form to be kept wherever the adapter has a place that outlives it: a variable of
/// the call's channel in the PBX is the best, a file will do (`LiveCalls`).
///
/// Times are by the wall clock, and so real: a daemon whose clock is scaled for a simulation is told
/// waits that are too short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveCall {
    /// The id that the daemon knows it by.
    #[serde(rename = "id")]
    pub call_id: String,
    /// Its queue; if empty, the daemon's routes decide.
    #[serde(rename = "q")]
    pub queue: String,
    /// As it was offered, or handed on.
    #[serde(rename = "n", default, skip_serializing_if = "Numbers::are_unknown")]
    pub numbers: Numbers,
    /// As it was offered.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// As it was offered.
    #[serde(rename = "a", default, skip_serializing_if = "HashMap::is_empty")]
    pub attributes: HashMap<String, String>,
    /// As it was offered: the number that it has in the protocol.
    #[serde(rename = "c", default, skip_serializing_if = "is_unspecified")]
    channel: i32,
    /// How long the caller had waited when the present wait began, in milliseconds.
    #[serde(rename = "w", default)]
    waited_ms: u64,
    /// When the present wait began, in milliseconds of Unix time; none while he talks.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    since_ms: Option<u64>,
}

fn is_unspecified(channel: &i32) -> bool {
    *channel == Channel::Unspecified as i32
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn unix_ms(at: SystemTime) -> u64 {
    milliseconds(at.duration_since(UNIX_EPOCH).unwrap_or_default())
}

impl LiveCall {
    /// A caller who begins to wait.
    pub fn new(
        call_id: impl Into<String>,
        queue: impl Into<String>,
        priority: Option<u32>,
        attributes: HashMap<String, String>,
        now: SystemTime,
    ) -> Self {
        let (call_id, queue, since_ms) = (call_id.into(), queue.into(), Some(unix_ms(now)));
        let numbers = Numbers::default();
        let channel = Channel::Unspecified.into();
        Self { call_id, queue, numbers, priority, attributes, channel, waited_ms: 0, since_ms }
    }

    /// The same caller, with what is known of numbers.
    #[must_use]
    pub fn with_numbers(self, numbers: Numbers) -> Self {
        Self { numbers, ..self }
    }

    /// The same caller, in touch by other means than voice.
    #[must_use]
    pub fn by_channel(self, channel: Channel) -> Self {
        Self { channel: channel.into(), ..self }
    }

    /// By which means he is in touch.
    pub fn channel(&self) -> Channel {
        Channel::try_from(self.channel).unwrap_or_default()
    }

    /// An agent hands him on; he may have left acdd by it.
    pub fn is_handed_on(&mut self, to: &HandedOnTo) {
        match to {
            HandedOnTo::Outside => {}
            HandedOnTo::Queue(queue) => self.queue.clone_from(queue),
            HandedOnTo::Number(number) => {
                self.queue.clear();
                self.numbers.dialed.clone_from(number);
            }
        }
    }

    /// How long he has waited in all, without talk time. A wall clock that was set back counts as
    /// no time.
    pub fn waited(&self, now: SystemTime) -> Duration {
        let present = self.since_ms.map_or(0, |since| unix_ms(now).saturating_sub(since));
        Duration::from_millis(self.waited_ms.saturating_add(present))
    }

    /// He is being talked to.
    pub fn talks(&mut self, now: SystemTime) {
        self.waited_ms = milliseconds(self.waited(now));
        self.since_ms = None;
    }

    /// He waits again.
    pub fn waits(&mut self, now: SystemTime) {
        if self.since_ms.is_none() {
            self.since_ms = Some(unix_ms(now));
        }
    }

    /// As a resync names him.
    pub fn held(&self, now: SystemTime) -> HeldCall {
        HeldCall {
            call_id: self.call_id.clone(),
            queue: self.queue.clone(),
            numbers: self.numbers.clone(),
            priority: self.priority,
            attributes: self.attributes.clone(),
            channel: self.channel(),
            waited: self.waited(now),
            talks: self.since_ms.is_none(),
        }
    }
}

/// The live calls of an adapter whose PBX has no place to keep them, followed from what is said over
/// its session.
///
/// Send every report and every resync through it, and show it every event that was received. The
/// file of `LiveCalls::kept_in` outlives the process, but no power cut: a PBX does not keep its
/// callers over one either.
#[derive(Debug, Default)]
pub struct LiveCalls {
    calls: BTreeMap<String, LiveCall>,
    /// The calls of offers that were accepted.
    of_offer: HashMap<OfferKey, String>,
    /// The latest report that named a call as one that wants an agent, by the call.
    named: HashMap<String, SendId>,
    file: Option<Kept>,
}

/// Why a report was not sent.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// The file of the calls cannot be written; what is kept in memory is right all the same.
    #[error("the file of the calls: {0}")]
    File(#[from] io::Error),
    /// The session does not take it, and a call that it would have offered is none.
    #[error(transparent)]
    Session(#[from] SendError),
}

#[derive(Debug)]
struct Kept {
    path: PathBuf,
    file: File,
    lines: usize,
}

/// A line of the file: the later one counts.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Live(LiveCall),
    Over { over: String },
}

impl LiveCalls {
    /// Those of former processes, from a file that is made if it is not there.
    ///
    /// A last line that was torn is left out.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn kept_in(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let mut calls = BTreeMap::new();
        match File::open(&path) {
            Ok(file) => {
                for line in BufReader::new(file).lines() {
                    match serde_json::from_str(&line?) {
                        Ok(Line::Live(call)) => drop(calls.insert(call.call_id.clone(), call)),
                        Ok(Line::Over { over }) => drop(calls.remove(&over)),
                        Err(_) => {}
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let kept = Kept::write_anew(&path, &calls)?;
        Ok(Self { calls, file: Some(kept), ..Self::default() })
    }

    /// Sends a report, and keeps what follows from it; it is in the file before it is on the wire.
    ///
    /// # Errors
    /// When the file cannot be written, and when the session does not take it.
    pub async fn send(
        &mut self,
        sender: &SessionSender,
        report: Report,
    ) -> Result<SendId, TellError> {
        let offered = match &report {
            Report::CallOffered { call_id, .. } => Some(call_id.clone()),
            _ => None,
        };
        self.sending(&report)?;
        let sent = sender.send(report).await;
        if let Some(call_id) = offered {
            match &sent {
                Ok(id) => drop(self.named.insert(call_id, *id)),
                Err(_) => self.forget(&call_id)?,
            }
        }
        Ok(sent?)
    }

    /// Answers a `Connected` that is not resumed with the live calls and these legs of agents.
    ///
    /// # Errors
    /// As `SessionSender::resync`.
    pub async fn resync(
        &mut self,
        sender: &SessionSender,
        legs: Vec<HeldLeg>,
    ) -> Result<Option<ResyncIds>, SendError> {
        let calls = self.held();
        let call_ids: Vec<String> = calls.iter().map(|call| call.call_id.clone()).collect();
        let ids = sender.resync(Resync { calls, legs }).await?;
        if let Some(ids) = &ids {
            self.named.extend(call_ids.into_iter().zip(ids.calls()));
        }
        Ok(ids)
    }

    fn sending(&mut self, report: &Report) -> io::Result<()> {
        let now = SystemTime::now();
        match report {
            Report::CallOffered {
                call_id,
                queue,
                numbers,
                priority,
                attributes,
                channel,
                waited,
                preferred_agent: _,
            } => {
                let mut call = LiveCall::new(call_id, queue, *priority, attributes.clone(), now)
                    .with_numbers(numbers.clone())
                    .by_channel(*channel);
                call.waited_ms = milliseconds(waited.unwrap_or_default());
                self.calls.insert(call_id.clone(), call);
                self.keep(call_id)
            }
            Report::CallBridged { offer } => {
                let call_id = self.of_offer.remove(offer);
                call_id.map_or(Ok(()), |call_id| self.change(&call_id, |call| call.talks(now)))
            }
            Report::ConnectFailed { offer } => {
                self.of_offer.remove(offer);
                Ok(())
            }
            Report::AgentLegLost { call_id } => self.change(call_id, |call| call.waits(now)),
            Report::CallEnded { call_id }
            | Report::CallTransferred { call_id, to: HandedOnTo::Outside } => self.forget(call_id),
            Report::CallTransferred { call_id, to } => self.change(call_id, |call| {
                call.is_handed_on(to);
                call.waits(now);
            }),
            _ => Ok(()),
        }
    }

    /// Follows an event that was received. A call that the daemon does not take is none any more:
    /// what becomes of the caller is the adapter's to say.
    ///
    /// # Errors
    /// When the file cannot be written; what is kept in memory is right all the same.
    pub fn received(&mut self, event: &SessionEvent) -> io::Result<()> {
        let call = match event {
            SessionEvent::Connect { key, connect } => {
                if let Some(call) = &connect.call {
                    self.of_offer.insert(*key, call.call_id.clone());
                }
                return Ok(());
            }
            SessionEvent::Revoke { key, .. } => {
                self.of_offer.remove(key);
                return Ok(());
            }
            SessionEvent::Rejected { id, code, .. } if code != CALL_EXISTS => {
                let refused = self.named.iter().find(|(_, named)| *named == id);
                let refused = refused.map(|(call_id, _)| call_id.clone());
                return refused.map_or(Ok(()), |call_id| self.forget(&call_id));
            }
            SessionEvent::End(end) => &end.call,
            SessionEvent::Transfer(transfer) => &transfer.call,
            _ => return Ok(()),
        };
        call.as_ref().map_or(Ok(()), |call| self.forget(&call.call_id))
    }

    /// A call is no longer the daemon's.
    ///
    /// # Errors
    /// When the file cannot be written; what is kept in memory is right all the same.
    pub fn forget(&mut self, call_id: &str) -> io::Result<()> {
        self.named.remove(call_id);
        match self.calls.remove(call_id) {
            Some(_) => self.write(&Line::Over { over: call_id.to_owned() }),
            None => Ok(()),
        }
    }

    /// Forgets all that the PBX does not hold: callers who have hung up while nobody looked.
    ///
    /// # Errors
    /// When the file cannot be written; what is kept in memory is right all the same.
    pub fn retain(&mut self, is_there: impl Fn(&LiveCall) -> bool) -> io::Result<()> {
        let gone = self.calls.values().filter(|call| !is_there(call));
        let gone: Vec<String> = gone.map(|call| call.call_id.clone()).collect();
        gone.iter().try_for_each(|call_id| self.forget(call_id))
    }

    /// All of them, as a resync names them: oldest first.
    pub fn held(&self) -> Vec<HeldCall> {
        let now = SystemTime::now();
        let mut held: Vec<HeldCall> = self.calls.values().map(|call| call.held(now)).collect();
        held.sort_by_key(|call| std::cmp::Reverse(call.waited));
        held
    }

    fn change(&mut self, call_id: &str, change: impl FnOnce(&mut LiveCall)) -> io::Result<()> {
        let Some(call) = self.calls.get_mut(call_id) else { return Ok(()) };
        change(call);
        self.keep(call_id)
    }

    fn keep(&mut self, call_id: &str) -> io::Result<()> {
        let Some(call) = self.calls.get(call_id) else { return Ok(()) };
        self.write(&Line::Live(call.clone()))
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let Some(kept) = &mut self.file else { return Ok(()) };
        if kept.lines > self.calls.len() + STALE_LINES_MAX {
            *kept = Kept::write_anew(&kept.path, &self.calls)?;
            return Ok(());
        }
        kept.lines += 1;
        kept.file.write_all(line.text()?.as_bytes())
    }
}

impl Line {
    fn text(&self) -> io::Result<String> {
        Ok(serde_json::to_string(self)? + "\n")
    }
}

impl Kept {
    fn write_anew(path: &Path, calls: &BTreeMap<String, LiveCall>) -> io::Result<Self> {
        let new = path.with_added_extension("new");
        let mut text = String::new();
        for call in calls.values() {
            text += &Line::Live(call.clone()).text()?;
        }
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        rename(&new, path)?;
        Ok(Self { path: path.to_owned(), file, lines: calls.len() })
    }
}

#[cfg(test)]
#[path = "live_calls_tests.rs"]
mod tests;
