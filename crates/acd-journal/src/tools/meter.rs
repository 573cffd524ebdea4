//! How far a tool has come through a journal.

use crate::disk::{Disk, RealDisk};
use crate::reader::{self, ReadError, Reader};
use crate::segment::Name;

/// How far a tool has come through a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last sequence that it has done.
    pub sequence: u64,
    /// Bytes of the journal's files that are behind it; `bytes_in_all` at most.
    pub bytes: u64,
    /// All their bytes, as of the beginning.
    pub bytes_in_all: u64,
}

/// Knows how many bytes stand before each file.
pub(super) struct Meter {
    files: Vec<(Name, u64)>,
    bytes_in_all: u64,
}

impl Meter {
    pub(super) fn of(disk: &RealDisk, reader: &Reader<RealDisk>) -> Result<Self, ReadError> {
        let (mut files, mut bytes_in_all) = (Vec::new(), 0);
        for segment in reader.segments() {
            files.push((segment.name, bytes_in_all));
            let file = segment.name.file();
            bytes_in_all += reader::io_at(disk, &file, disk.length(&file))?;
        }
        Ok(Self { files, bytes_in_all })
    }

    pub(super) fn at(&self, sequence: u64, reader: &Reader<RealDisk>) -> Progress {
        let done = reader.place().and_then(|(name, offset)| {
            let at = self.files.partition_point(|(file, _)| *file <= name).checked_sub(1)?;
            Some(self.files.get(at)?.1 + offset)
        });
        let bytes = done.unwrap_or(0).min(self.bytes_in_all);
        Progress { sequence, bytes, bytes_in_all: self.bytes_in_all }
    }
}
