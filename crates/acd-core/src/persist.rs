//! How state becomes bytes and back: one list of fields for each type serves snapshot, restore and
//! digest. Integers are little-endian.

use crate::ids::{
    AdapterId, AgentId, AnnouncementId, CallerKey, DemandId, DispositionId, ExtraId, LadderId,
    NumberId, OfferNumber, Priority, QueueId, ReasonId, RouteId, SkillId, Span, Timestamp,
};
use crate::plan::PlanDefect;
use std::fmt;

/// Why a snapshot cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// The plan itself is defective.
    Plan(PlanDefect),
    /// The bytes are no snapshot, or not of this version of the logic.
    NotASnapshot,
    /// The snapshot ends early, or goes on after its end.
    WrongLength,
    /// A value does not fit the plan or the rest of the state.
    Damaged(&'static str),
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(defect) => write!(f, "the plan is defective: {defect}"),
            Self::NotASnapshot => f.write_str("not a snapshot of this version"),
            Self::WrongLength => f.write_str("the snapshot is cut short or too long"),
            Self::Damaged(what) => write!(f, "the snapshot is damaged: {what}"),
        }
    }
}

impl std::error::Error for RestoreError {}

pub(crate) type Restored<T> = Result<T, RestoreError>;

/// Takes the bytes of a walk over the state.
pub(crate) trait Sink {
    fn bytes(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Reads what was written, and never past the end.
pub(crate) struct Source<'a> {
    pub(crate) bytes: &'a [u8],
}

impl<'a> Source<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Restored<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(RestoreError::WrongLength)?;
        self.bytes = rest;
        Ok(taken)
    }
}

/// A type of state with its one walk.
pub(crate) trait Persist: Sized {
    fn write(&self, sink: &mut impl Sink);
    fn read(source: &mut Source<'_>) -> Restored<Self>;
}

macro_rules! persist_integers {
    ($($integer:ty),*) => {$(
        impl Persist for $integer {
            fn write(&self, sink: &mut impl Sink) {
                sink.bytes(&self.to_le_bytes());
            }

            fn read(source: &mut Source<'_>) -> Restored<Self> {
                let bytes = source.take(size_of::<Self>())?;
                bytes.try_into().map(Self::from_le_bytes).map_err(|_| RestoreError::WrongLength)
            }
        }
    )*};
}

macro_rules! persist_handles {
    ($($handle:ident),*) => {$(
        impl Persist for $handle {
            fn write(&self, sink: &mut impl Sink) {
                self.0.write(sink);
            }

            fn read(source: &mut Source<'_>) -> Restored<Self> {
                Persist::read(source).map(Self)
            }
        }
    )*};
}

/// Fields in braces are walked; those after the semicolon are made again by `restore`.
macro_rules! persist_struct {
    ($name:ident { $($field:ident),* $(,)? } $(rebuilt { $($made:ident: $value:expr),* })?) => {
        impl Persist for $name {
            fn write(&self, sink: &mut impl Sink) {
                let $name { $($field,)* $($($made: _,)*)? } = self;
                $($field.write(sink);)*
            }

            fn read(source: &mut Source<'_>) -> Restored<Self> {
                Ok($name { $($field: Persist::read(source)?,)* $($($made: $value,)*)? })
            }
        }
    };
}

macro_rules! persist_enum {
    ($name:ident { $($tag:literal = $variant:ident $({ $($field:ident),* })? $(($inner:ident))?),* $(,)? }) => {
        impl Persist for $name {
            fn write(&self, sink: &mut impl Sink) {
                match self {
                    $($name::$variant $({ $($field),* })? $(($inner))? => {
                        sink.bytes(&[$tag]);
                        $($($field.write(sink);)*)?
                        $($inner.write(sink);)?
                    })*
                }
            }

            fn read(source: &mut Source<'_>) -> Restored<Self> {
                match u8::read(source)? {
                    $($tag => {
                        $($(let $field = Persist::read(source)?;)*)?
                        $(let $inner = Persist::read(source)?;)?
                        Ok($name::$variant $({ $($field),* })? $(($inner))?)
                    })*
                    _ => Err(RestoreError::Damaged(stringify!($name))),
                }
            }
        }
    };
}

persist_integers!(u8, u16, u32, u64, i64);
persist_handles!(
    AdapterId,
    AgentId,
    AnnouncementId,
    CallerKey,
    DemandId,
    DispositionId,
    ExtraId,
    LadderId,
    NumberId,
    OfferNumber,
    QueueId,
    ReasonId,
    RouteId,
    SkillId,
    Span,
    Timestamp
);
impl Persist for bool {
    fn write(&self, sink: &mut impl Sink) {
        sink.bytes(&[u8::from(*self)]);
    }

    fn read(source: &mut Source<'_>) -> Restored<Self> {
        match u8::read(source)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(RestoreError::Damaged("bool")),
        }
    }
}

impl<T: Persist + Copy + Default, const N: usize> Persist for [T; N] {
    fn write(&self, sink: &mut impl Sink) {
        self.iter().for_each(|one| one.write(sink));
    }

    fn read(source: &mut Source<'_>) -> Restored<Self> {
        let mut all = [T::default(); N];
        for one in &mut all {
            *one = Persist::read(source)?;
        }
        Ok(all)
    }
}

impl Persist for Priority {
    fn write(&self, sink: &mut impl Sink) {
        self.get().write(sink);
    }

    fn read(source: &mut Source<'_>) -> Restored<Self> {
        Self::new(u8::read(source)?).ok_or(RestoreError::Damaged("priority"))
    }
}

impl<T: Persist> Persist for Option<T> {
    fn write(&self, sink: &mut impl Sink) {
        self.is_some().write(sink);
        if let Some(value) = self {
            value.write(sink);
        }
    }

    fn read(source: &mut Source<'_>) -> Restored<Self> {
        bool::read(source)?.then(|| T::read(source)).transpose()
    }
}

impl<T: Persist> Persist for Vec<T> {
    fn write(&self, sink: &mut impl Sink) {
        (self.len() as u32).write(sink);
        self.iter().for_each(|item| item.write(sink));
    }

    fn read(source: &mut Source<'_>) -> Restored<Self> {
        // Grows with what is really there: a damaged length cannot ask for memory.
        (0..u32::read(source)?).map(|_| T::read(source)).collect()
    }
}

pub(crate) use {persist_enum, persist_struct};
