//! A batch as bytes and back. What names people and callers stands in a part of its own.
//!
//! ```text
//! epoch, number, first sequence, digest   8 bytes each, little-endian
//! entries, bytes of the commands          4 bytes each
//! commands: for each entry                time since the one before, origin, what it mints: varints;
//!                                         then the command
//! payload                                 the origins; then what each entry mints
//! ```

use crate::record::{Batch, CallCard, Entry, Minted, Origin};
use acd_core::{Command, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use thiserror::Error;

/// The bytes of a batch before its commands.
pub(crate) const HEAD_BYTES: usize = 40;

/// The fewest bytes that an entry takes among the commands.
const ENTRY_BYTES_MIN: usize = 4;
/// No number of a batch and no sequence is as high as this, so that counting on never overflows.
pub(crate) const NUMBERS_END: u64 = 1 << 62;

/// The bytes do not say a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0} cannot be read")]
pub(crate) struct Unreadable(pub(crate) &'static str);

/// The batch number in the head of an encoded batch.
pub(crate) fn number_of(body: &[u8]) -> Option<u64> {
    let bytes = body.get(8..16)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

/// Appends a batch.
pub(crate) fn encode(batch: &Batch, out: &mut Vec<u8>) {
    for field in [batch.epoch, batch.number, batch.first_sequence, batch.digest] {
        out.extend_from_slice(&field.to_le_bytes());
    }
    out.extend_from_slice(&(batch.entries.len() as u32).to_le_bytes());
    let length_at = out.len();
    out.extend_from_slice(&[0; 4]);
    let commands_at = out.len();
    let mut origins = Origins::default();
    let mut before = 0;
    for entry in &batch.entries {
        varint(out, entry.at.0.wrapping_sub(before));
        before = entry.at.0;
        varint(out, origins.index_of(&entry.origin));
        out.push(match entry.minted {
            None => 0,
            Some(Minted::Call(_)) => 1,
            Some(Minted::Adapter(_)) => 2,
            Some(Minted::Message(_)) => 3,
        });
        entry.command.encode(out);
    }
    let length = (out.len() - commands_at) as u32;
    out[length_at..commands_at].copy_from_slice(&length.to_le_bytes());
    origins.encode(out);
    for minted in batch.entries.iter().filter_map(|entry| entry.minted.as_ref()) {
        match minted {
            Minted::Call(card) => encode_card(card, out),
            Minted::Adapter(name) => text(out, name),
            Minted::Message(says) => text(out, says),
        }
    }
}

/// Reads what `encode` has written.
///
/// # Errors
/// What cannot be read; whatever the bytes are, no more is allocated than they hold.
pub(crate) fn decode(bytes: &[u8]) -> Result<Batch, Unreadable> {
    let mut head = Source(bytes);
    let (epoch, number) = (head.u64("head")?, head.u64("head")?);
    let (first_sequence, digest) = (head.u64("head")?, head.u64("head")?);
    if number >= NUMBERS_END || first_sequence >= NUMBERS_END {
        return Err(Unreadable("number"));
    }
    let count = head.u32("head")?;
    let length = head.u32("head")? as usize;
    let mut commands = Source(head.take(length, "commands")?);
    let mut payload = head;
    let origins = Origins::decode(&mut payload)?;
    let mut entries = Vec::with_capacity((count as usize).min(length / ENTRY_BYTES_MIN));
    let mut at = 0_u64;
    for index in 0..u64::from(count) {
        at = at.wrapping_add(commands.varint("time")?);
        let origin = usize::try_from(commands.varint("origin")?).ok();
        let origin = origin.and_then(|origin| origins.get(origin)).ok_or(Unreadable("origin"))?;
        let minted = match commands.take(1, "minted")? {
            [0] => None,
            [1] => Some(Minted::Call(Arc::new(decode_card(&mut payload)?))),
            [2] => Some(Minted::Adapter(payload.text("adapter")?)),
            [3] => Some(Minted::Message(payload.text("message")?)),
            _ => return Err(Unreadable("minted")),
        };
        let command = Command::decode(&mut commands.0).map_err(|_| Unreadable("command"))?;
        let sequence = first_sequence.checked_add(index).ok_or(Unreadable("sequence"))?;
        let origin = Arc::clone(origin);
        entries.push(Entry { sequence, at: Timestamp(at), origin, command, minted });
    }
    if !commands.0.is_empty() || !payload.0.is_empty() {
        return Err(Unreadable("end"));
    }
    Ok(Batch { epoch, number, first_sequence, entries, digest })
}

/// The causes of a batch, each once, in the order of their first use.
#[derive(Default)]
struct Origins<'a> {
    all: Vec<&'a Arc<Origin>>,
    by_address: HashMap<*const Origin, u64>,
}

impl<'a> Origins<'a> {
    fn index_of(&mut self, origin: &'a Arc<Origin>) -> u64 {
        *self.by_address.entry(Arc::as_ptr(origin)).or_insert_with(|| {
            self.all.push(origin);
            (self.all.len() - 1) as u64
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        varint(out, self.all.len() as u64);
        for origin in &self.all {
            match &***origin {
                Origin::Adapter(name) => {
                    out.push(0);
                    text(out, name);
                }
                Origin::Person { name, reason } => {
                    out.push(1);
                    text(out, name);
                    text(out, reason);
                }
                Origin::Time => out.push(2),
                Origin::Plan => out.push(3),
            }
        }
    }
}

impl Origins<'_> {
    fn decode(payload: &mut Source<'_>) -> Result<Vec<Arc<Origin>>, Unreadable> {
        (0..payload.varint("origins")?)
            .map(|_| {
                Ok(Arc::new(match payload.take(1, "origin")? {
                    [0] => Origin::Adapter(payload.text("origin")?),
                    [1] => Origin::Person {
                        name: payload.text("origin")?,
                        reason: payload.text("origin")?,
                    },
                    [2] => Origin::Time,
                    [3] => Origin::Plan,
                    _ => return Err(Unreadable("origin")),
                }))
            })
            .collect()
    }
}

pub(crate) fn encode_card(card: &CallCard, out: &mut Vec<u8>) {
    text(out, &card.adapter);
    text(out, &card.call_id);
    text(out, &card.dialed);
    text(out, &card.caller);
    varint(out, card.attributes.len() as u64);
    for (key, value) in card.attributes.iter() {
        text(out, key);
        text(out, value);
    }
}

pub(crate) fn decode_card(source: &mut Source<'_>) -> Result<CallCard, Unreadable> {
    let (adapter, call_id) = (source.text("call")?, source.text("call")?);
    let (dialed, caller) = (source.text("dialed")?, source.text("caller")?);
    let attributes = (0..source.varint("attributes")?).map(|_| {
        Ok((source.text("attributes")?.to_string(), source.text("attributes")?.to_string()))
    });
    let attributes: Result<Vec<(String, String)>, Unreadable> = attributes.collect();
    Ok(CallCard { adapter, call_id, dialed, caller, attributes: attributes?.into() })
}

/// Seven bits a byte, the lowest first.
pub(crate) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Reads what was written, and never past the end.
pub(crate) struct Source<'a>(pub(crate) &'a [u8]);

impl<'a> Source<'a> {
    pub(crate) fn take(
        &mut self,
        count: usize,
        what: &'static str,
    ) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Unreadable(what))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, Unreadable> {
        let bytes = self.take(8, what)?;
        bytes.try_into().map(u64::from_le_bytes).map_err(|_| Unreadable(what))
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Unreadable> {
        let bytes = self.take(4, what)?;
        bytes.try_into().map(u32::from_le_bytes).map_err(|_| Unreadable(what))
    }

    pub(crate) fn varint(&mut self, what: &'static str) -> Result<u64, Unreadable> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.take(1, what)? else { return Err(Unreadable(what)) };
            let bits = u64::from(byte & 0x7f);
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return if (bits << shift) >> shift == bits {
                    Ok(value)
                } else {
                    Err(Unreadable(what))
                };
            }
        }
        Err(Unreadable(what))
    }

    pub(crate) fn text(&mut self, what: &'static str) -> Result<Arc<str>, Unreadable> {
        let length = usize::try_from(self.varint(what)?).map_err(|_| Unreadable(what))?;
        let text = std::str::from_utf8(self.take(length, what)?).map_err(|_| Unreadable(what))?;
        Ok(Arc::from(text))
    }
}

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
