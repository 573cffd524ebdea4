//! Snapshots: the state as of one batch, in a file of its own, so that a start need not fold the
//! whole history.

use crate::cast::{Cast, Farewell, SentAway};
use crate::closings::Closings;
use crate::codec::{NUMBERS_END, Source, Unreadable, decode_card, encode_card, text, varint};
use crate::disk::{self, Disk};
use crate::ladders::Ladders;
use crate::notes::Notes;
use crate::record::Tail;
use crate::replica::{Parts, Replica};
use acd_core::{AdapterId, CallHandle, EventDigest, LOGIC_VERSION, Router, RoutingPlan, Treatment};
use acd_statistics::Statistics;
use std::io;
use std::sync::Arc;

const MAGIC: [u8; 8] = *b"acdsnap\n";
/// The version of what this file writes around the Router's own snapshot.
const FORMAT: u32 = 5;
const SUFFIX: &str = ".snapshot";
/// What stands in place of a treatment where the caller was transferred.
const TRANSFER: u8 = 255;
/// The treatments by the byte that stands for each.
const TREATMENTS: [Treatment; 4] =
    [Treatment::Busy, Treatment::Voicemail, Treatment::Message, Treatment::HangUp];

/// A folder of snapshots.
#[derive(Clone, Debug)]
pub struct Snapshots<D> {
    disk: D,
}

/// A snapshot that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its file.
    pub path: String,
    /// Why.
    pub why: String,
}

impl<D: Disk> Snapshots<D> {
    /// The snapshots of a folder.
    pub fn of(disk: D) -> Self {
        Self { disk }
    }

    /// The sequences of all snapshots, the newest last.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list(&self) -> io::Result<Vec<u64>> {
        let names = self.disk.list()?;
        let sequences = names.iter().filter_map(|name| {
            let sequence = name.strip_suffix(SUFFIX)?.parse().ok()?;
            (file(sequence) == *name).then_some(sequence)
        });
        Ok(sequences.collect())
    }

    /// Writes the state of a replica; returns how many bytes.
    ///
    /// # Errors
    /// It is not there; what was there before still is.
    pub fn write(&self, replica: &Replica) -> io::Result<u64> {
        let bytes = encode(replica);
        let name = file(replica.tail().next_sequence - 1);
        disk::write_whole(&self.disk, &name, &bytes)?;
        Ok(bytes.len() as u64)
    }

    /// The newest snapshot that can be read, not after `most` if that is given; and those that were
    /// passed over.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn newest(&self, most: Option<u64>) -> io::Result<(Replica, Vec<Skipped>)> {
        let mut skipped = Vec::new();
        let all = self.list()?;
        for sequence in all.into_iter().rev().filter(|at| most.is_none_or(|most| *at <= most)) {
            match self.read(sequence) {
                Ok(replica) => return Ok((replica, skipped)),
                Err(why) => skipped.push(Skipped { path: self.disk.path(&file(sequence)), why }),
            }
        }
        Ok((Replica::empty(), skipped))
    }

    /// One snapshot; an error in words.
    ///
    /// # Errors
    /// It cannot be read, is damaged, or is of another program.
    pub fn read(&self, sequence: u64) -> Result<Replica, String> {
        let name = file(sequence);
        let in_words = |error: io::Error| error.to_string();
        let length = self.disk.length(&name).map_err(in_words)?;
        let length = usize::try_from(length).map_err(|_| "it is too large".to_owned())?;
        let bytes = self.disk.read(&name, 0, length).map_err(in_words)?;
        decode(&bytes)
    }

    /// What messages call a snapshot.
    pub(crate) fn path(&self, sequence: u64) -> String {
        self.disk.path(&file(sequence))
    }

    /// How many bytes a snapshot has.
    pub(crate) fn length(&self, sequence: u64) -> io::Result<u64> {
        self.disk.length(&file(sequence))
    }

    /// Removes a snapshot.
    ///
    /// # Errors
    /// It is still there.
    pub fn remove(&self, sequence: u64) -> io::Result<()> {
        self.disk.remove(&file(sequence))
    }

    /// Removes what a crash left unfinished, and makes sure of what it left finished.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn clean(&self) -> io::Result<()> {
        disk::remove_unfinished(&self.disk)?;
        // A snapshot may have got its name just before a crash of the process: history that it
        // stands in for must not go before that name is durable.
        self.disk.sync()
    }
}

pub(crate) fn file(sequence: u64) -> String {
    format!("{sequence:020}{SUFFIX}")
}

fn encode(replica: &Replica) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&LOGIC_VERSION.to_le_bytes());
    let Tail { epoch, batch, next_sequence } = replica.tail();
    for field in [epoch, batch, next_sequence, replica.digest().value()] {
        out.extend_from_slice(&field.to_le_bytes());
    }
    part(&mut out, |out| replica.router().plan().encode(out));
    part(&mut out, |out| out.extend_from_slice(&replica.router().snapshot()));
    part(&mut out, |out| encode_cast(replica.cast(), out));
    part(&mut out, |out| out.extend_from_slice(&replica.statistics().encode()));
    out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
    out
}

/// Appends a part with its length in front.
fn part(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 8]);
    write(out);
    let length = (out.len() - at - 8) as u64;
    out[at..at + 8].copy_from_slice(&length.to_le_bytes());
}

fn decode(bytes: &[u8]) -> Result<Replica, String> {
    let Some((said, checksum)) = bytes.split_last_chunk::<4>().filter(|(said, _)| said.len() > 8)
    else {
        return Err("it is too short".to_owned());
    };
    if said[..8] != MAGIC {
        return Err("it is no snapshot".to_owned());
    }
    if crc32fast::hash(said).to_le_bytes() != *checksum {
        return Err("its checksum is wrong".to_owned());
    }
    let mut source = Source(&said[8..]);
    let format = source.u32("format").map_err(|error| error.to_string())?;
    if format != FORMAT {
        return Err(format!("it has format {format}, this program reads {FORMAT}"));
    }
    decode_parts(&mut source)
}

fn decode_parts(source: &mut Source<'_>) -> Result<Replica, String> {
    let unreadable = |error: Unreadable| error.to_string();
    // The state is the same for every version of the logic; only a tail is not.
    let _written_by = source.u32("logic version").map_err(unreadable)?;
    let mut field = || source.u64("head").map_err(unreadable);
    let tail = Tail { epoch: field()?, batch: field()?, next_sequence: field()? };
    let digest = EventDigest::from_value(field()?);
    let mut plan = take_part(source).map_err(unreadable)?;
    let plan = RoutingPlan::decode(&mut plan).map_err(|error| error.to_string())?;
    let router = take_part(source).map_err(unreadable)?;
    let router = Router::restore(Arc::new(plan), router).map_err(|error| error.to_string())?;
    let cast = decode_cast(&mut Source(take_part(source).map_err(unreadable)?));
    let mut cast = cast.map_err(unreadable)?;
    let statistics = take_part(source).map_err(unreadable)?;
    let statistics = Statistics::decode(statistics, router.plan());
    let statistics = statistics.map_err(|error| error.to_string())?;
    if let Some(nameless) = cast.keep_notes_of(&router) {
        return Err(format!("call slot {}, in wrap-up, has no name", nameless.slot));
    }
    if let Some(nameless) = router.calls().find(|call| cast.card(call.call).is_none()) {
        return Err(format!("call slot {} has no name", nameless.call.slot));
    }
    if tail.next_sequence == 0 {
        return Err("it stands before the first sequence".to_owned());
    }
    if tail.next_sequence >= NUMBERS_END || tail.batch >= NUMBERS_END {
        return Err("it stands after the last sequence that there can be".to_owned());
    }
    Ok(Replica::of(Parts { router, cast, tail, digest, statistics }))
}

fn take_part<'a>(source: &mut Source<'a>) -> Result<&'a [u8], Unreadable> {
    let length = usize::try_from(source.u64("length")?).map_err(|_| Unreadable("length"))?;
    source.take(length, "part")
}

pub(crate) fn encode_cast(cast: &Cast, out: &mut Vec<u8>) {
    varint(out, cast.adapters().len() as u64);
    cast.adapters().iter().for_each(|name| text(out, name));
    varint(out, cast.calls().count() as u64);
    for (call, adapter, card) in cast.calls() {
        varint(out, u64::from(call.slot));
        varint(out, u64::from(call.generation));
        varint(out, u64::from(adapter.0));
        encode_card(card, out);
    }
    varint(out, cast.notes().all().len() as u64);
    for (call, card) in cast.notes().all() {
        varint(out, u64::from(call.slot));
        varint(out, u64::from(call.generation));
        encode_card(card, out);
    }
    varint(out, cast.ladders().all().len() as u64);
    for (call, ladders) in cast.ladders().all() {
        varint(out, u64::from(call.slot));
        varint(out, u64::from(call.generation));
        varint(out, ladders.len() as u64);
        ladders.iter().for_each(|ladder| text(out, ladder));
    }
    varint(out, cast.closings().all().len() as u64);
    for (queue, by) in cast.closings().all() {
        [queue, &by.person, &by.reason].iter().for_each(|word| text(out, word));
    }
    varint(out, cast.sent_away().all().count() as u64);
    for (adapter, call_id, farewell) in cast.sent_away().all() {
        varint(out, u64::from(adapter.0));
        text(out, call_id);
        match farewell {
            Farewell::End(Treatment::Busy) => out.push(0),
            Farewell::End(Treatment::Voicemail) => out.push(1),
            Farewell::End(Treatment::Message) => out.push(2),
            Farewell::End(Treatment::HangUp) => out.push(3),
            Farewell::Transfer(number) => {
                out.push(TRANSFER);
                text(out, number);
            }
        }
    }
}

fn decode_cast(source: &mut Source<'_>) -> Result<Cast, Unreadable> {
    let adapters: Result<Vec<Arc<str>>, Unreadable> =
        (0..source.varint("adapters")?).map(|_| source.text("adapter")).collect();
    let adapters = adapters?;
    let mut calls = Vec::new();
    for _ in 0..source.varint("calls")? {
        let (slot, generation) = (small(source)?, small(source)?);
        let adapter = adapter_among(source, &adapters)?;
        calls.push((CallHandle { slot, generation }, adapter, Arc::new(decode_card(source)?)));
        // A slot far off would ask for memory that no Router needs.
        if slot >= acd_core::CALLS_MAX {
            return Err(Unreadable("slot"));
        }
    }
    let mut notes = Vec::new();
    for _ in 0..source.varint("calls in wrap-up")? {
        let (slot, generation) = (small(source)?, small(source)?);
        notes.push((CallHandle { slot, generation }, Arc::new(decode_card(source)?)));
    }
    let mut ladders = Ladders::default();
    for _ in 0..source.varint("calls with ladders")? {
        let (slot, generation) = (small(source)?, small(source)?);
        for _ in 0..source.varint("ladders")? {
            ladders.begins(CallHandle { slot, generation }, source.text("ladder")?);
        }
    }
    let mut closings = Closings::default();
    for _ in 0..source.varint("queues closed by people")? {
        closings.note(source.text("queue")?, source.text("person")?, source.text("reason")?);
    }
    let mut sent_away = SentAway::default();
    for _ in 0..source.varint("calls sent away")? {
        let adapter = adapter_among(source, &adapters)?;
        let call_id = source.text("call")?;
        let farewell = match source.take(1, "farewell")? {
            [TRANSFER] => Farewell::Transfer(source.text("number")?),
            [byte] => {
                let treatment = TREATMENTS.get(usize::from(*byte));
                Farewell::End(*treatment.ok_or(Unreadable("treatment"))?)
            }
            _ => return Err(Unreadable("farewell")),
        };
        sent_away.note(adapter, call_id, farewell);
    }
    let of_calls = (Notes::restore(notes), ladders, closings);
    Ok(Cast::restore(adapters, calls, of_calls, sent_away))
}

fn small(source: &mut Source<'_>) -> Result<u32, Unreadable> {
    u32::try_from(source.varint("handle")?).map_err(|_| Unreadable("handle"))
}

fn adapter_among(source: &mut Source<'_>, adapters: &[Arc<str>]) -> Result<AdapterId, Unreadable> {
    let adapter = u16::try_from(source.varint("adapter")?).map_err(|_| Unreadable("adapter"))?;
    let known = usize::from(adapter) < adapters.len();
    known.then_some(AdapterId(adapter)).ok_or(Unreadable("adapter"))
}
