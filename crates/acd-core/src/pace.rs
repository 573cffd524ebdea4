//! How a queue moves: how often agents take its calls while some stand in line, how often callers leave
//! instead, and by how much what was estimated for them has been off.
//!
//! It is counted in calls, not in time: with each call that is taken, what was before weighs a little
//! less, so that quiet hours forget nothing, and what it takes is a handful of numbers.

use crate::ids::{Priority, Span};

/// One, in numbers of which parts matter.
pub(crate) const UNIT: u64 = 1 << 16;
/// How many calls it takes to forget: the last 67 weigh as much as all before them, ...
const MEMORY: u64 = 96;
/// ... or as many as are taken while somebody stands in line for so long, if those are more, ...
const MEMORY_TIME: Span = Span::from_secs(30 * 60);
/// ... up to this.
const MEMORY_MAX: u64 = 4_096;
/// By so much of itself a correction grows or shrinks with each call that it was wrong for.
const LEARNS: u32 = 256;
/// How far a correction goes, either way.
const CORRECTION_MAX: u32 = 4;

/// What was foreseen of a call as it entered a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Foreseen {
    /// For how long it would wait.
    pub(crate) wait: Span,
    /// How many agents who serve the queue were at their notes.
    pub(crate) notes: u32,
    /// Its priority then.
    pub(crate) priority: Priority,
}

/// How a queue moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How long some call stood in line, in microseconds, up to when the last one was taken, ...
    pub(crate) stood: u64,
    /// ... since then, ...
    pub(crate) gap: Span,
    /// ... and how many half minutes have ended meanwhile.
    pub(crate) halves: u64,
    /// Calls that had stood in line and were answered, ...
    pub(crate) taken: u64,
    /// ... those that left in another way, ...
    pub(crate) left: u64,
    /// ... how long all of these had waited, in microseconds, ...
    pub(crate) waited: u64,
    /// ... and how many agents were at their notes as those came who were answered.
    pub(crate) notes: u64,
    /// By priority: what estimates are multiplied with.
    pub(crate) corrections: [u32; 10],
}

impl Pace {
    pub(crate) const NONE: Self = Self {
        stood: 0,
        gap: Span(0),
        halves: 0,
        taken: 0,
        left: 0,
        waited: 0,
        notes: 0,
        corrections: [UNIT as u32; 10],
    };

    /// Some call has stood in line for so long, while so many half minutes ended.
    pub(crate) fn stands(&mut self, length: Span, halves: u64) {
        self.gap = Span(self.gap.0.saturating_add(length.0));
        self.halves = self.halves.saturating_add(halves);
    }

    /// How many calls it takes to forget.
    fn memory(&self) -> u64 {
        let taken = (self.taken * MEMORY_TIME.0).checked_div(self.stood.saturating_mul(UNIT));
        taken.unwrap_or(MEMORY).clamp(MEMORY, MEMORY_MAX)
    }

    /// A call that had stood in line was answered, after a wait of this length.
    pub(crate) fn is_taken(&mut self, waited: Span, foreseen: Option<Foreseen>) {
        let memory = self.memory();
        for sum in
            [&mut self.stood, &mut self.taken, &mut self.left, &mut self.waited, &mut self.notes]
        {
            *sum -= *sum / memory;
        }
        self.stood = self.stood.saturating_add(self.gap.0);
        (self.gap, self.halves) = (Span(0), 0);
        self.taken = self.taken.saturating_add(UNIT);
        self.waited = self.waited.saturating_add(waited.0);
        let Some(foreseen) = foreseen else { return };
        self.notes = self.notes.saturating_add(u64::from(foreseen.notes) * UNIT);
        self.correct(foreseen, waited > foreseen.wait);
    }

    /// A call that had stood in line is there no more, and was not answered there. If that was before
    /// it could have been, nobody knows how long it would have been.
    pub(crate) fn is_left(&mut self, waited: Span, foreseen: Option<Foreseen>) {
        self.left = self.left.saturating_add(UNIT);
        self.waited = self.waited.saturating_add(waited.0);
        if let Some(foreseen) = foreseen.filter(|foreseen| waited > foreseen.wait) {
            self.correct(foreseen, true);
        }
    }

    fn correct(&mut self, Foreseen { wait, priority, .. }: Foreseen, longer: bool) {
        // Nothing is what it is while somebody is free: no factor makes it more.
        if wait == Span(0) {
            return;
        }
        let correction = &mut self.corrections[usize::from(priority.get())];
        let step = *correction / LEARNS;
        let next = if longer { *correction + step } else { *correction - step };
        *correction = next.clamp(UNIT as u32 / CORRECTION_MAX, UNIT as u32 * CORRECTION_MAX);
    }

    /// What estimates for calls of this priority are multiplied with, in parts of `UNIT`.
    pub(crate) fn correction(&self, priority: Priority) -> u32 {
        self.corrections[usize::from(priority.get())]
    }

    /// Whether any call was taken that had stood in line.
    pub(crate) fn is_known(&self) -> bool {
        self.taken > 0
    }

    /// For how long callers have waited in vain, by each who did.
    pub(crate) fn in_vain(&self) -> Span {
        Span(self.waited.saturating_mul(UNIT).checked_div(self.left).unwrap_or(0))
    }

    /// How many calls are gone, answered or not, in what time; `calls` are those ahead and the call
    /// itself, in parts of `UNIT`.
    ///
    /// Where `taken` were taken while somebody stood in line for `stood`, and one who waits leaves at
    /// `left / waited`, it takes `n / (taken / stood + n / 2 * left / waited)` until `n` are gone: the
    /// more they are, the more leave, on average for half of the time.
    fn until_gone(&self, calls: u64, stood: u64) -> u64 {
        let (calls, taken) = (u128::from(calls), u128::from(self.taken));
        let leave = (calls * u128::from(self.left)).saturating_mul(u128::from(stood))
            / (2 * u128::from(UNIT) * u128::from(self.waited.max(1)));
        let time = calls * u128::from(stood) / (taken + leave).max(1);
        u64::try_from(time).unwrap_or(u64::MAX)
    }

    /// How long until so many calls that are `ahead` are gone and the call itself is taken, while
    /// `notes` agents are at their notes, and `halves` more half minutes have ended with somebody in
    /// line than was told.
    ///
    /// Gaps between calls that are taken vary, and as many waits should be longer as shorter: the
    /// middle of a sum of `n` such gaps is that of `n - 1/3` mean ones. An agent at his notes is about
    /// to take one of those ahead; there are always some, so it only counts by how many they are more
    /// than usual, and each for a half, since others will be at theirs by then.
    pub(crate) fn wait(&self, ahead: u32, notes: u32, halves: u64) -> Span {
        let usual = self.notes.saturating_mul(UNIT).checked_div(self.taken).unwrap_or(0);
        let before = u64::from(ahead) * UNIT + 2 * UNIT / 3 + usual / 2;
        let calls = before.saturating_sub(u64::from(notes) * UNIT / 2).max(UNIT / 3);
        // By chance a gap seldom lasts four times as long as others; this one says that they do now.
        // It has lasted at least for the half minutes that both began and ended in it.
        let whole = self.halves.saturating_add(halves).saturating_sub(1);
        let gap = whole.saturating_mul(Span::HALF_MINUTE.0);
        let at_least = u128::from(gap / 4) * u128::from(self.taken) / u128::from(UNIT);
        let stood = self.stood.max(u64::try_from(at_least).unwrap_or(u64::MAX));
        Span(self.until_gone(calls, stood))
    }

    /// Whether it can have come to this.
    pub(crate) fn is_sound(&self) -> bool {
        let one = UNIT as u32;
        let within = one / CORRECTION_MAX..=one * CORRECTION_MAX;
        self.taken <= UNIT * MEMORY_MAX + UNIT
            && self.corrections.iter().all(|it| within.contains(it))
    }
}

#[cfg(test)]
mod tests;
