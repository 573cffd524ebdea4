//! What has happened in a queue, or the domain, of late: counts by half minutes, and what follows.
//!
//! The present half minute and the 59 before it are the window; they begin at whole half minutes of
//! UTC. What is older is dropped when the queue is looked at next, so that one where nothing happens
//! costs nothing. How its calls move on is kept beside it; an estimate looks at how that was when the last
//! half minute ended, so that it changes by the passing of time only as one ends.

use crate::call::Place;
use crate::event::Outcome;
use crate::ids::{QueueId, Timestamp};
use crate::in_line::{InLine, Stand};
use crate::pace::Pace;
use crate::router::Router;

/// How many half minutes make the window.
const SLOTS: u64 = 60;

/// What is counted in one half minute, or in several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Calls answered through the queue, ...
    pub(crate) answered: u32,
    /// ... and of those the ones within its target.
    pub(crate) in_time: u32,
    /// Calls given up there, the short ones left out.
    pub(crate) abandoned: u32,
}

/// What has happened of late.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// By the number of the half minute, modulo `SLOTS`.
    slots: [Tally; SLOTS as usize],
    /// All of them together.
    total: Tally,
    /// The number of the latest half minute that it has heard of.
    latest: u64,
    /// How calls move on there.
    pub(crate) pace: Pace,
    /// Since when some call stands in line, as far as the pace has not been told.
    pub(crate) since: Option<Timestamp>,
    /// Those who do.
    pub(crate) in_line: InLine,
}

impl Tally {
    const NONE: Self = Self { answered: 0, in_time: 0, abandoned: 0 };

    /// How many percent of the calls answered or given up were answered in time, rounded down; 100
    /// where there were none, so that nothing was missed.
    pub(crate) fn service_level(&self) -> u64 {
        let all = u64::from(self.answered) + u64::from(self.abandoned);
        (u64::from(self.in_time) * 100).checked_div(all).unwrap_or(100)
    }

    fn add(&mut self, more: Self) {
        self.answered = self.answered.saturating_add(more.answered);
        self.in_time = self.in_time.saturating_add(more.in_time);
        self.abandoned = self.abandoned.saturating_add(more.abandoned);
    }

    fn take(&mut self, less: Self) {
        self.answered = self.answered.saturating_sub(less.answered);
        self.in_time = self.in_time.saturating_sub(less.in_time);
        self.abandoned = self.abandoned.saturating_sub(less.abandoned);
    }

    /// Whether a half minute can have come to this.
    fn is_sound(&self) -> bool {
        self.in_time <= self.answered
    }
}

impl Window {
    pub(crate) const EMPTY: Self = Self {
        slots: [Tally::NONE; SLOTS as usize],
        total: Tally::NONE,
        latest: 0,
        pace: Pace::NONE,
        since: None,
        in_line: InLine::NOBODY,
    };

    fn slot_mut(&mut self, number: u64) -> &mut Tally {
        &mut self.slots[(number % SLOTS) as usize]
    }

    /// Drops what is too old by now.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        let present = now.half_minute();
        if present == self.latest {
            return;
        }
        let passed = present.saturating_sub(self.latest).min(SLOTS);
        for number in present + 1 - passed..=present {
            let old = std::mem::take(self.slot_mut(number));
            self.total.take(old);
        }
        self.latest = present;
    }

    fn count(&mut self, now: Timestamp, more: Tally) {
        self.pass(now);
        let present = self.latest;
        self.slot_mut(present).add(more);
        self.total.add(more);
    }

    fn stands(&mut self, stand: Stand, now: Timestamp) {
        self.in_line.join(stand);
        self.since.get_or_insert(now);
    }

    fn stands_no_more(&mut self, stand: Stand, now: Timestamp) {
        self.in_line.leave(stand);
        if self.in_line.calls() > 0 {
            return;
        }
        self.tell_pace(now);
        self.since = None;
    }

    /// Tells the pace how long some call has stood in line up to now.
    fn tell_pace(&mut self, now: Timestamp) {
        let halves = self.halves_besides(now);
        if let Some(since) = &mut self.since {
            self.pace.stands(now.since(std::mem::replace(since, now)), halves);
        }
    }

    /// What was counted in the whole window; to be asked once time has passed.
    pub(crate) fn total(&self) -> Tally {
        self.total
    }

    /// How many half minutes have ended while somebody stood in line, besides those that the pace was
    /// told of.
    pub(crate) fn halves_besides(&self, now: Timestamp) -> u64 {
        self.since.map_or(0, |since| now.half_minute() - since.half_minute())
    }

    /// When the present half minute ends, if that may change something.
    pub(crate) fn turns_at(&self) -> Option<Timestamp> {
        let is_quiet = self.total == Tally::NONE && self.since.is_none();
        (!is_quiet).then(|| Timestamp::of_half_minute(self.latest + 1))
    }

    /// What is not too old at `now`, by half minutes, the earliest first, and since when calls stand in
    /// line: the same however long nobody has looked.
    pub(crate) fn kept(&self, now: Timestamp) -> Vec<(u64, Tally)> {
        let first = (now.half_minute() + 1).saturating_sub(SLOTS);
        let all = (self.latest + 1).saturating_sub(SLOTS)..=self.latest;
        let slots = all.map(|at| (at, self.slots[(at % SLOTS) as usize]));
        slots.filter(|(at, slot)| *at >= first && *slot != Tally::NONE).collect()
    }

    /// The same again; `None` if it cannot be.
    pub(crate) fn of_kept(
        kept: &[(u64, Tally)],
        pace: Pace,
        since: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Self> {
        let (present, mut window) = (now.half_minute(), Self { pace, since, ..Self::EMPTY });
        window.latest = present;
        for (at, slot) in kept {
            if !slot.is_sound() || *at > present || at + SLOTS <= present {
                return None;
            }
            *window.slot_mut(*at) = *slot;
            window.total.add(*slot);
        }
        let in_order = kept.windows(2).all(|pair| pair[0].0 < pair[1].0);
        (in_order && pace.is_sound() && since.is_none_or(|since| since <= now)).then_some(window)
    }
}

impl Router {
    /// The window of a queue is another one now.
    fn window_has_changed(&mut self, of: u16) {
        let measured = &self.gauges.all[usize::from(of)];
        if measured.watches_window {
            self.latches.look_at_all(&measured.latches);
        }
    }

    /// A call stands in line in a queue.
    pub(crate) fn stands(&mut self, slot: u32, queue: QueueId) {
        self.windows[queue.index()].stands(self.calls[slot].stand(), self.now);
        self.window_has_changed(queue.0);
    }

    /// A call does not stand in line any more. That it did is kept, for as long as it has the place.
    pub(crate) fn stands_no_more(&mut self, place: u32) {
        let Place { slot, queue, taken, .. } = self.places[place];
        let since = self.calls[slot].stage_since.max(taken);
        self.places[place].stood |= since < self.now;
        self.windows[queue.index()].stands_no_more(self.calls[slot].stand(), self.now);
        self.window_has_changed(queue.0);
    }

    /// The call was answered through a queue.
    pub(crate) fn counts_as_answered(&mut self, slot: u32, queue: QueueId) {
        let Some(place) = self.place_in(slot, queue) else { return };
        let Place { entered, taken, foreseen, .. } = self.places[place];
        let stood = std::mem::take(&mut self.places[place].stood);
        let target = self.plan.queues[queue.index()].service_level.within;
        let is_in_time = self.now.since(entered) <= target;
        let answer = Tally { answered: 1, in_time: u32::from(is_in_time), ..Tally::NONE };
        let window = &mut self.windows[queue.index()];
        window.count(self.now, answer);
        if stood {
            window.tell_pace(self.now);
            window.pace.is_taken(self.now.since(taken), foreseen);
        }
        self.window_has_changed(queue.0);
        let domain = self.gauges.domain();
        self.windows[usize::from(domain)].count(self.now, answer);
        self.window_has_changed(domain);
    }

    /// The caller hung up, if that is how it ended, before anybody answered.
    pub(crate) fn counts_as_abandoned(&mut self, slot: u32, outcome: Outcome) {
        match outcome {
            Outcome::Abandoned => {}
            Outcome::Handled
            | Outcome::ShortAbandoned
            | Outcome::Overflowed
            | Outcome::Vanished
            | Outcome::Transferred
            | Outcome::Rejected => return,
        }
        let given_up = Tally { abandoned: 1, ..Tally::NONE };
        let mut place = self.calls[slot].places;
        while place != crate::slab::NONE {
            let Place { queue, next, .. } = self.places[place];
            self.windows[queue.index()].count(self.now, given_up);
            self.window_has_changed(queue.0);
            place = next;
        }
        let domain = self.gauges.domain();
        self.windows[usize::from(domain)].count(self.now, given_up);
        self.window_has_changed(domain);
    }

    /// A place is given up: who had stood in line there has left it without being answered.
    pub(crate) fn leaves_line_for_good(&mut self, place: &Place) {
        let Place { queue, taken, stood, foreseen, .. } = *place;
        if stood {
            let pace = &mut self.windows[queue.index()].pace;
            pace.is_left(self.now.since(taken), foreseen);
            self.window_has_changed(queue.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Priority, Span};
    use proptest::prelude::*;

    const CALL: Stand = Stand { priority: Priority::NORMAL, since: Timestamp(0), first: false };

    fn seconds(at: u64) -> Timestamp {
        Timestamp(at * 1_000_000)
    }

    #[test]
    fn for_how_long_somebody_stands_is_told_when_the_last_one_goes_or_one_is_taken() {
        let mut window = Window::EMPTY;
        window.stands(CALL, seconds(25));
        window.stands(CALL, seconds(26));
        window.stands_no_more(CALL, seconds(40));
        assert_eq!((window.pace.gap, window.pace.halves), (Span(0), 0));
        assert_eq!(window.halves_besides(seconds(59)), 1);
        assert_eq!(window.halves_besides(seconds(60)), 2);
        window.tell_pace(seconds(50));
        assert_eq!((window.pace.gap, window.pace.halves), (Span::from_secs(25), 1));
        window.stands_no_more(CALL, seconds(65));
        assert_eq!((window.pace.gap, window.pace.halves), (Span::from_secs(40), 2));
        window.tell_pace(seconds(99));
        assert_eq!((window.pace.gap, window.since), (Span::from_secs(40), None));
        window.pass(seconds(100));
        assert_eq!(window.turns_at(), None, "it is no matter of time");
    }

    #[test]
    fn while_somebody_stands_the_end_of_a_half_minute_may_change_something() {
        let mut window = Window::EMPTY;
        window.stands(CALL, seconds(10));
        window.pass(seconds(80));
        assert_eq!(window.turns_at(), Some(seconds(90)));
    }

    #[test]
    fn a_service_level_is_what_was_in_time_of_all_that_was_answered_or_given_up() {
        let of =
            |in_time, answered, abandoned| Tally { in_time, answered, abandoned }.service_level();
        assert_eq!((of(0, 0, 0), of(0, 1, 0), of(0, 0, 1), of(1, 1, 0)), (100, 0, 0, 100));
        assert_eq!(of(7, 8, 1), 77, "7 of 9, rounded down");
        assert_eq!(of(u32::MAX, u32::MAX, u32::MAX), 50);
    }

    /// What no half minute can have come to is not read from a snapshot.
    #[test]
    fn a_window_that_cannot_be_is_refused() {
        let now = seconds(30 * 100);
        let all = Tally { answered: 3, in_time: 3, ..Tally::NONE };
        let of = |kept: &[(u64, Tally)], pace, since| Window::of_kept(kept, pace, since, now);
        let read = |kept: &[(u64, Tally)], since| of(kept, Pace::NONE, since).is_some();
        assert!(read(&[(41, all), (100, all)], Some(now)), "the oldest and the present one");
        assert!(!read(&[(100, Tally { in_time: 4, ..all })], None));
        let pace = Pace { corrections: [0; 10], ..Pace::NONE };
        assert!(of(&[], pace, None).is_none());
        for at in [[100, 101], [40, 41], [50, 50], [51, 50]] {
            assert!(!read(&at.map(|at| (at, all)), None), "{at:?}");
        }
        assert!(!read(&[], Some(now + Span(1))), "it begins later");
    }

    proptest! {
        /// Whenever it is looked at, the window is what a list of all that happened says; and kept and
        /// read again it is the same.
        #[test]
        fn a_window_is_what_a_list_says(
            steps in prop::collection::vec((0..200_u64, 0..4_u8, any::<bool>()), 0..80),
        ) {
            let (mut window, mut now) = (Window::EMPTY, seconds(1_000));
            let mut all: Vec<(u64, Tally)> = Vec::new();
            for (pause, what, looks) in steps {
                now = now + Span::from_secs(pause);
                let mut more = Tally::NONE;
                match what {
                    0 => (more.answered, more.in_time) = (1, 1),
                    1 => more.abandoned = 1,
                    2 => more.answered = 1,
                    _ => now = now + Span::from_secs(1_700),
                }
                if more != Tally::NONE {
                    all.push((now.half_minute(), more));
                    window.count(now, more);
                }
                let mut expected = Tally::NONE;
                let recent = all.iter().filter(|(at, _)| at + SLOTS > now.half_minute());
                recent.for_each(|(_, more)| expected.add(*more));
                let kept = window.kept(now);
                let again = Window::of_kept(&kept, Pace::NONE, window.since, now).expect("it is sound");
                prop_assert_eq!(again.total(), expected);
                prop_assert_eq!(again.kept(now), kept);
                if looks {
                    window.pass(now);
                    prop_assert_eq!(window.total(), expected);
                }
            }
        }
    }
}
