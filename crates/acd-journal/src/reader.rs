//! Reads a journal from its files: batch by batch, in their order, up to its end or to damage.

use crate::codec;
use crate::disk::Disk;
use crate::record::Batch;
use crate::segment::{self, Found, HEADER_BYTES, Header, Name};
use std::io;
use std::path::Path;
use thiserror::Error;

/// How much of a file is read at once, at least.
const CHUNK_BYTES: usize = 1 << 20;

/// Why a journal cannot be read on.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The disk does not give what it holds.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// A part of the journal is not what was written, and more follows.
    #[error(
        "{path}: damaged at byte {offset}: {what}; what is before it, up to sequence {last_sound}, \
         is sound. If no copy of the file can be found, `{}` cuts off what follows: commands after \
         it are then lost to acdd, and adapters bring back the calls that they hold",
        repair_command(.path, *.last_sound)
    )]
    Damaged {
        /// Which file.
        path: String,
        /// Where in it.
        offset: u64,
        /// In which way.
        what: String,
        /// The sequence of the last command before it.
        last_sound: u64,
    },
}

impl ReadError {
    /// The same where a snapshot tells that at least what is before `sequence`, and with it, is
    /// sound.
    pub(crate) fn sound_up_to(self, sequence: u64) -> Self {
        match self {
            Self::Damaged { path, offset, what, last_sound } => {
                Self::Damaged { path, offset, what, last_sound: last_sound.max(sequence) }
            }
            Self::Io { .. } => self,
        }
    }
}

/// What cuts a journal off after a sequence, as a shell takes it; `file` is one of its segments.
pub(crate) fn repair_command(file: &str, keep_until: u64) -> String {
    let folder = Path::new(file).parent().and_then(Path::parent);
    let folder = folder.map_or_else(String::new, |folder| folder.display().to_string());
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "/._-+@:,=".contains(sign);
    let folder = if !folder.is_empty() && folder.chars().all(plain) {
        folder
    } else {
        format!("'{}'", folder.replace('\'', r"'\''"))
    };
    format!("acdctl journal repair {folder} --keep-until {keep_until}")
}

/// Where a journal ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// The file that ends there, if there is one.
    pub(crate) file: Option<Name>,
    /// How much of it is sound.
    pub(crate) offset: u64,
    /// Bytes after that which are no record.
    pub(crate) torn: u64,
}

/// A segment file as it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) name: Name,
    pub(crate) header: Header,
}

/// The files of a journal, in their order.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Those that begin as a segment has to.
    pub(crate) segments: Vec<Segment>,
    /// A last file whose header was never finished.
    pub(crate) unfinished: Option<Name>,
    /// Those whose header cannot be read, and why. Nothing is lost with one if the next file begins
    /// no later than it did.
    pub(crate) broken: Vec<(Name, String)>,
}

/// A place in a journal that moves forward.
#[derive(Debug)]
pub(crate) struct Reader<D> {
    disk: D,
    files: Files,
    /// The index of the present one.
    at: usize,
    /// Where in it `buffer` begins.
    offset: u64,
    buffer: Vec<u8>,
    /// How much of `buffer` has been read.
    read: usize,
    next_batch: u64,
    last_sequence: u64,
}

/// The files of a folder that are called like segments.
pub(crate) fn files(disk: &impl Disk) -> Result<Files, ReadError> {
    let mut names: Vec<Name> =
        io_at(disk, "", disk.list())?.iter().filter_map(|file| Name::of(file)).collect();
    names.sort_unstable();
    let mut files = Files::default();
    for (index, name) in names.iter().enumerate() {
        let bytes = match disk.read(&name.file(), 0, HEADER_BYTES) {
            // Removed since by the process that writes: whatever is missed must be missing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            bytes => io_at(disk, &name.file(), bytes)?,
        };
        let what = match Header::decode(&bytes) {
            Ok(header) if header.first_batch == name.first_batch => {
                files.segments.push(Segment { name: *name, header });
                continue;
            }
            Ok(_) => "its name does not fit its header".to_owned(),
            Err(what) => what,
        };
        let length = io_at(disk, &name.file(), disk.length(&name.file()))?;
        if length > HEADER_BYTES as u64 {
            files.broken.push((*name, what));
        } else if index + 1 == names.len() {
            // It holds no record yet: the crash came while it was made.
            files.unfinished = Some(*name);
        }
    }
    Ok(files)
}

impl<D: Disk> Reader<D> {
    /// A reader that stands at the beginning of the segment that holds the batch `from`, or of the
    /// first one.
    pub(crate) fn open(disk: D, from: u64) -> Result<Self, ReadError> {
        Self::open_where(disk, |segment| segment.header.first_batch <= from)
    }

    /// The same for the segment that holds the sequence `from`.
    pub(crate) fn open_at_sequence(disk: D, from: u64) -> Result<Self, ReadError> {
        Self::open_where(disk, |segment| segment.header.first_sequence < from)
    }

    /// At the last segment that is `early` enough.
    fn open_where(disk: D, early: impl Fn(&Segment) -> bool) -> Result<Self, ReadError> {
        let files = files(&disk)?;
        let at = files.segments.partition_point(early).saturating_sub(1);
        let header = files.segments.get(at).map(|segment| segment.header);
        Ok(Self {
            disk,
            at,
            offset: HEADER_BYTES as u64,
            buffer: Vec::new(),
            read: 0,
            next_batch: header.map_or(1, |header| header.first_batch),
            last_sequence: header.map_or(0, |header| header.first_sequence - 1),
            files,
        })
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        &self.files.segments
    }

    pub(crate) fn unfinished(&self) -> Option<Name> {
        self.files.unfinished
    }

    /// The present file, and how much of it has been read.
    pub(crate) fn place(&self) -> Option<(Name, u64)> {
        let segment = self.files.segments.get(self.at)?;
        Some((segment.name, self.offset + self.read as u64))
    }

    /// The present file.
    pub(crate) fn path(&self) -> String {
        let name = self.files.segments.get(self.at).map(|segment| segment.name.file());
        self.disk.path(&name.unwrap_or_default())
    }

    /// What messages call a file.
    pub(crate) fn path_of(&self, name: Name) -> String {
        self.disk.path(&name.file())
    }

    /// Of the next batch.
    pub(crate) fn next_batch(&self) -> u64 {
        self.next_batch
    }

    /// Of the next command.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.last_sequence + 1
    }

    /// The version of the logic that wrote the latest batch.
    pub(crate) fn logic_version(&self) -> Option<u32> {
        self.files.segments.get(self.at).map(|segment| segment.header.logic_version)
    }

    /// The next batch, or the end of the journal. At the end it may be asked again: more may have
    /// been written.
    pub(crate) fn next(&mut self) -> Result<Result<Batch, End>, ReadError> {
        loop {
            let Some(Segment { name, .. }) = self.files.segments.get(self.at).copied() else {
                if self.look_for_more()? {
                    continue;
                }
                if let Some(damage) = self.broken_after(None) {
                    return Err(damage);
                }
                return Ok(Err(End { file: None, offset: 0, torn: 0 }));
            };
            // From here on a later file counts.
            if self
                .files
                .segments
                .get(self.at + 1)
                .is_some_and(|next| next.header.first_batch <= self.next_batch)
            {
                self.enter(self.at + 1);
                continue;
            }
            match segment::record_at(&self.buffer[self.read..]) {
                Found::Record(body) => {
                    let length = segment::FRAME_BYTES + body.len();
                    let what = match codec::decode(body) {
                        Ok(batch)
                            if batch.number == self.next_batch
                                && batch.first_sequence == self.last_sequence + 1 =>
                        {
                            self.read += length;
                            self.next_batch += 1;
                            self.last_sequence += batch.entries.len() as u64;
                            return Ok(Ok(batch));
                        }
                        Ok(batch) => format!(
                            "batch {} stands where batch {} has to",
                            batch.number, self.next_batch
                        ),
                        Err(error) => error.to_string(),
                    };
                    return Err(self.damaged(name, what));
                }
                Found::More(length) => {
                    if !self.fill(name, length)? {
                        return self.ends_or_is_damaged(name);
                    }
                }
                Found::End => {
                    if !self.fill(name, 1)? {
                        return self.ends_or_is_damaged(name);
                    }
                }
                Found::Nothing => return self.ends_or_is_damaged(name),
            }
        }
    }

    fn enter(&mut self, segment: usize) {
        self.at = segment;
        let header = self.files.segments[segment].header;
        if header.first_batch < self.next_batch {
            // A batch of a file that has been given up was read before the next file was there.
            // What the next one says counts, and is said again.
            self.next_batch = header.first_batch;
            self.last_sequence = header.first_sequence - 1;
        }
        self.offset = HEADER_BYTES as u64;
        self.buffer.clear();
        self.read = 0;
    }

    /// Reads until there are `wanted` bytes that have not been read; `false` if there are none.
    fn fill(&mut self, name: Name, wanted: usize) -> Result<bool, ReadError> {
        self.offset += self.read as u64;
        self.buffer.drain(..self.read);
        self.read = 0;
        let from = self.offset + self.buffer.len() as u64;
        let most = wanted.saturating_sub(self.buffer.len()).max(CHUNK_BYTES);
        let file = name.file();
        let more = io_at(&self.disk, &file, self.disk.read(&file, from, most))?;
        self.buffer.extend_from_slice(&more);
        Ok(self.buffer.len() >= wanted)
    }

    /// New files since this one was opened.
    fn look_for_more(&mut self) -> Result<bool, ReadError> {
        let files = files(&self.disk)?;
        let known = self.files.segments.get(self.at).map(|segment| segment.name);
        let more = files.segments.last().map(|segment| segment.name) > known;
        if let Some(known) = known.filter(|_| more) {
            let at = files.segments.iter().position(|segment| segment.name == known);
            let gone = || io::Error::new(io::ErrorKind::NotFound, "it has been removed meanwhile");
            self.at = io_at(&self.disk, &known.file(), at.ok_or_else(gone))?;
            self.files = files;
        } else if known.is_none() {
            self.at = 0;
            self.files = files;
        } else {
            (self.files.unfinished, self.files.broken) = (files.unfinished, files.broken);
        }
        Ok(more)
    }

    /// The damage of a file that would have to go on after the present one, or that would be the
    /// first one, if its header could be read.
    fn broken_after(&self, present: Option<Name>) -> Option<ReadError> {
        let next = self.files.segments.iter().map(|segment| segment.name);
        let next = next.into_iter().find(|name| Some(*name) > present);
        let mut broken = self.files.broken.iter().filter(|(name, _)| Some(*name) > present);
        let (name, what) =
            broken.next().filter(|(name, _)| next.is_none_or(|next| *name < next))?;
        Some(ReadError::Damaged {
            path: self.disk.path(&name.file()),
            offset: 0,
            what: what.clone(),
            last_sound: if present.is_some() { self.last_sequence } else { 0 },
        })
    }

    /// The damage of a file before the first one that can be read.
    pub(crate) fn broken_at_first(&self) -> Option<ReadError> {
        self.broken_after(None)
    }

    /// The files that begin with a batch from `from` on and before `to` and whose header cannot be
    /// read: where they are, and why.
    pub(crate) fn broken_between(
        &self,
        from: u64,
        to: u64,
    ) -> impl Iterator<Item = (String, String)> {
        let broken = self.files.broken.iter();
        let between = broken.filter(move |(name, _)| (from..to).contains(&name.first_batch));
        between.map(|(name, what)| (self.path_of(*name), what.clone()))
    }

    /// Nothing can be read here: the end if nothing follows.
    fn ends_or_is_damaged(&mut self, name: Name) -> Result<Result<Batch, End>, ReadError> {
        if self.at + 1 == self.files.segments.len() && self.look_for_more()? {
            return self.next();
        }
        let Some(rest) = self.rest_of(name)? else { return self.next() };
        let offset = self.offset;
        if self.at + 1 < self.files.segments.len() {
            let broken = self.broken_after(Some(name)).filter(|_| self.at_end_of_file(name));
            return Err(broken.unwrap_or_else(|| self.damaged(name, self.what_is_wrong(name))));
        }
        if segment::holds_a_later_record(&rest, self.next_batch) {
            return Err(self.damaged(name, "no record can be read, and others follow".to_owned()));
        }
        if let Some(damage) = self.broken_after(Some(name)) {
            return Err(damage);
        }
        Ok(Err(End { file: Some(name), offset, torn: rest.len() as u64 }))
    }

    /// What is left of the present file and begins with no record; none if it has gone on since it
    /// was read: a process may be writing it, and what it has not finished is no damage.
    fn rest_of(&mut self, name: Name) -> Result<Option<Vec<u8>>, ReadError> {
        let file = name.file();
        self.offset += self.read as u64;
        self.read = 0;
        self.buffer.clear();
        let rest = io_at(&self.disk, &file, self.disk.read(&file, self.offset, usize::MAX))?;
        if matches!(segment::record_at(&rest), Found::Record(_)) {
            self.buffer = rest;
            return Ok(None);
        }
        Ok(Some(rest))
    }

    /// Why the present file, which is not the last one, does not go on.
    fn what_is_wrong(&self, name: Name) -> String {
        match self.files.segments.get(self.at + 1) {
            Some(next) if self.at_end_of_file(name) => format!(
                "it ends before batch {}, and the next file, {}, begins with batch {}: what is \
                 between them is missing",
                self.next_batch,
                next.name.file(),
                next.name.first_batch
            ),
            _ => "no record can be read".to_owned(),
        }
    }

    /// Whether all of the present file has been read.
    fn at_end_of_file(&self, name: Name) -> bool {
        let read = self.offset + self.read as u64;
        self.disk.length(&name.file()).is_ok_and(|length| length == read)
    }

    fn damaged(&self, name: Name, what: String) -> ReadError {
        let path = self.disk.path(&name.file());
        let offset = self.offset + self.read as u64;
        ReadError::Damaged { path, offset, what, last_sound: self.last_sequence }
    }
}

pub(crate) fn io_at<T>(
    disk: &impl Disk,
    file: &str,
    result: io::Result<T>,
) -> Result<T, ReadError> {
    result.map_err(|error| ReadError::Io { path: disk.path(file), error })
}
