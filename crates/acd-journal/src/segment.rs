//! One file of the journal: what it is called, its header, and its records.
//!
//! ```text
//! header  magic, format, logic version, first batch, first sequence, checksum
//! record  length (4 bytes), checksum (4 bytes), that many bytes: a batch
//! ```
//!
//! Numbers are little-endian, checksums CRC-32 (IEEE) of what they stand for.

use crate::codec::{self, HEAD_BYTES, NUMBERS_END};
use acd_core::LOGIC_VERSION;

const MAGIC: [u8; 8] = *b"acdjrnl\n";
/// The version of what this file describes.
const FORMAT: u32 = 3;
/// The bytes of a header.
pub(crate) const HEADER_BYTES: usize = 36;
/// The bytes of a record before its batch.
pub(crate) const FRAME_BYTES: usize = 8;
/// The most bytes that the batch of a record may have.
pub(crate) const RECORD_BYTES_MAX: usize = 1 << 30;

/// A segment by its name: batches from this number on. When a file has been given up, another one
/// begins with the same batch, and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) first_batch: u64,
    pub(crate) attempt: u32,
}

impl Name {
    pub(crate) fn file(self) -> String {
        format!("{:020}-{:04}.segment", self.first_batch, self.attempt)
    }

    /// The next name for a file that begins with the same batch; none after the last there can be.
    pub(crate) fn after(self) -> Option<Self> {
        Some(Self { attempt: self.attempt.checked_add(1)?, ..self })
    }

    pub(crate) fn of(file: &str) -> Option<Self> {
        let (first_batch, attempt) = file.strip_suffix(".segment")?.split_once('-')?;
        let name = Self { first_batch: first_batch.parse().ok()?, attempt: attempt.parse().ok()? };
        (name.file() == file).then_some(name)
    }
}

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) logic_version: u32,
    pub(crate) first_batch: u64,
    pub(crate) first_sequence: u64,
}

impl Header {
    pub(crate) fn new(first_batch: u64, first_sequence: u64) -> Self {
        Self { logic_version: LOGIC_VERSION, first_batch, first_sequence }
    }

    pub(crate) fn encode(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&self.logic_version.to_le_bytes());
        bytes.extend_from_slice(&self.first_batch.to_le_bytes());
        bytes.extend_from_slice(&self.first_sequence.to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// The header at the beginning of a file; an error in words.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let Some(bytes) = bytes.get(..HEADER_BYTES) else {
            return Err("it is shorter than a header".to_owned());
        };
        let (said, checksum) = bytes.split_at(HEADER_BYTES - 4);
        if said[..8] != MAGIC {
            return Err("it is no segment of a journal".to_owned());
        }
        let four =
            |at: usize| u32::from_le_bytes([said[at], said[at + 1], said[at + 2], said[at + 3]]);
        let eight = |at: usize| u64::from(four(at)) | u64::from(four(at + 4)) << 32;
        if crc32fast::hash(said).to_le_bytes() != checksum {
            return Err("the checksum of its header is wrong".to_owned());
        }
        if four(8) != FORMAT {
            return Err(format!("it has format {}, this program reads {FORMAT}", four(8)));
        }
        if eight(16) == 0 || eight(24) == 0 {
            return Err("it begins before the first batch".to_owned());
        }
        if eight(16) >= NUMBERS_END || eight(24) >= NUMBERS_END {
            return Err("it begins after the last batch that there can be".to_owned());
        }
        Ok(Self { logic_version: four(12), first_batch: eight(16), first_sequence: eight(24) })
    }
}

/// Puts a record around the bytes after its frame, which must have been left free.
pub(crate) fn frame(record: &mut [u8]) {
    let (frame, body) = record.split_at_mut(FRAME_BYTES);
    let length = (body.len() as u32).to_le_bytes();
    frame[..4].copy_from_slice(&length);
    let checksum = checksum_of(length, body);
    frame[4..].copy_from_slice(&checksum.to_le_bytes());
}

fn checksum_of(length: [u8; 4], body: &[u8]) -> u32 {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&length);
    checksum.update(body);
    checksum.finalize()
}

/// What stands at some place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A whole record: the bytes of its batch.
    Record(&'a [u8]),
    /// More bytes are needed: as many as this in all.
    More(usize),
    /// Nothing: the bytes end here.
    End,
    /// No record.
    Nothing,
}

/// Looks for a record at the beginning of `bytes`.
pub(crate) fn record_at(bytes: &[u8]) -> Found<'_> {
    if bytes.is_empty() {
        return Found::End;
    }
    let Some((frame, rest)) = bytes.split_at_checked(FRAME_BYTES) else {
        return Found::More(FRAME_BYTES);
    };
    let length = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
    if !(HEAD_BYTES..=RECORD_BYTES_MAX).contains(&length) {
        return Found::Nothing;
    }
    let Some(body) = rest.get(..length) else { return Found::More(FRAME_BYTES + length) };
    let checksum = checksum_of([frame[0], frame[1], frame[2], frame[3]], body);
    if checksum.to_le_bytes() == frame[4..] { Found::Record(body) } else { Found::Nothing }
}

/// Whether a record of a batch after `number` stands anywhere in `bytes`: then what is before it is
/// damage, and no torn end.
pub(crate) fn holds_a_later_record(bytes: &[u8], number: u64) -> bool {
    (0..bytes.len().saturating_sub(FRAME_BYTES + HEAD_BYTES)).any(|at| {
        let rest = &bytes[at..];
        // The number first: it is cheap, and nearly always wrong.
        codec::number_of(&rest[FRAME_BYTES..]).is_some_and(|found| {
            found > number
                && found - number < 1 << 32
                && matches!(record_at(rest), Found::Record(_))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written() {
        let name = Name { first_batch: 42, attempt: 3 };
        assert_eq!(Name::of(&name.file()), Some(name));
        for other in ["42-3.segment", "lock", "00000000000000000042-0003.segment.torn"] {
            assert_eq!(Name::of(other), None, "{other}");
        }
        assert!(Name { first_batch: 9, attempt: 9 } < Name { first_batch: 10, attempt: 0 });
    }

    #[test]
    fn a_header_is_read_as_it_was_written_and_each_byte_counts() {
        let header = Header::new(7, 99);
        let bytes = header.encode();
        assert_eq!(bytes.len(), HEADER_BYTES);
        assert_eq!(Header::decode(&bytes), Ok(header));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(Header::decode(&damaged).is_err(), "byte {at}");
        }
    }
}
