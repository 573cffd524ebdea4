//! What a pace comes to: by hand where that can be done, and in the long run.

use super::*;
use proptest::prelude::*;

const GAP: Span = Span::from_secs(30);

fn taken(pace: &mut Pace, calls: u32, foreseen: Option<Foreseen>) {
    for _ in 0..calls {
        pace.stands(GAP, 1);
        pace.is_taken(Span::from_secs(60), foreseen);
    }
}

fn foreseen(wait: u64, notes: u32) -> Option<Foreseen> {
    Some(Foreseen { wait: Span::from_secs(wait), notes, priority: Priority::NORMAL })
}

fn wait(pace: &Pace, ahead: u32, notes: u32) -> u64 {
    (pace.wait(ahead, notes, 0).0 + 500_000) / 1_000_000
}

/// As many leave as are taken, each after a minute, while one is taken each half minute: of ten who
/// stand there, a sixth of one leaves each second at first, and on average half of that.
#[test]
fn the_more_are_ahead_the_more_of_them_leave() {
    let mut pace = Pace::NONE;
    for _ in 0..400 {
        taken(&mut pace, 1, None);
        pace.is_left(Span::from_secs(60), None);
    }
    // Both wait a minute, so one leaves for each two minutes that somebody waits.
    // `n / (1 / 30 + n / 2 / 120)`, in thirds of a call.
    let exact = |thirds: u64| 240 * thirds / (24 + thirds);
    for ahead in [0, 1, 10, 100] {
        let exact = exact(3 * u64::from(ahead) + 2);
        assert!(wait(&pace, ahead, 0).abs_diff(exact) <= 1, "{ahead} ahead");
    }
}

#[test]
fn what_was_long_ago_weighs_less_with_each_call_that_is_taken() {
    let mut pace = Pace::NONE;
    taken(&mut pace, 1_000, None);
    for _ in 0..67 {
        pace.stands(Span::from_secs(90), 3);
        pace.is_taken(Span::from_secs(60), None);
    }
    assert!(wait(&pace, 1, 0).abs_diff(100) <= 1, "half of 30 s and half of 90 s");
}

/// A large site takes hundreds of calls in a half hour, and knows its pace the better for it.
#[test]
fn where_many_are_taken_they_are_those_of_half_an_hour() {
    let mut pace = Pace::NONE;
    let take = |pace: &mut Pace, calls: u32, gap: u64| {
        for _ in 0..calls {
            pace.stands(Span::from_millis(gap), 0);
            pace.is_taken(Span::from_secs(60), None);
        }
    };
    take(&mut pace, 10_000, 2_000);
    let before = pace.wait(1, 0, 0);
    take(&mut pace, 67, 4_000);
    let moved = pace.wait(1, 0, 0).0 * 100 / before.0;
    assert!((106..109).contains(&moved), "67 of 900, not half: {moved} %");
    take(&mut pace, 100_000, 1);
    assert!(pace.is_sound(), "it has a bound");
}

#[test]
fn more_agents_at_their_notes_than_usual_make_it_shorter_and_fewer_longer() {
    let mut pace = Pace::NONE;
    taken(&mut pace, 200, foreseen(60, 2));
    let pace = Pace { corrections: Pace::NONE.corrections, ..pace };
    assert_eq!(wait(&pace, 3, 2), 110, "as usual");
    assert_eq!(wait(&pace, 3, 3), 95);
    assert_eq!(wait(&pace, 3, 0), 140);
    assert_eq!(wait(&pace, 3, 99), 10, "a third of a gap at least");
}

#[test]
fn a_gap_that_lasts_much_longer_than_others_is_taken_for_what_will_be() {
    let mut pace = Pace::NONE;
    taken(&mut pace, 1_000, None);
    let after = |gap: u64| pace.wait(3, 0, gap / 30).0 / 1_000_000;
    assert_eq!((after(0), after(120)), (109, 109), "four times as long comes about");
    assert_eq!(after(3_600), 3_272, "an hour but for the half minute that it began in");
}

/// A correction ends where as many waits are longer as shorter.
#[test]
fn it_learns_from_what_became_of_calls() {
    let mut pace = Pace::NONE;
    for call in 0..2_000 {
        let foreseen = foreseen(100 * u64::from(pace.correction(Priority::NORMAL)) / UNIT, 0);
        pace.stands(GAP, 1);
        // Two thirds wait for 150 s, the others not at all.
        pace.is_taken(Span::from_secs(if call % 3 < 2 { 150 } else { 0 }), foreseen);
    }
    let percent = u64::from(pace.correction(Priority::NORMAL)) * 100 / UNIT;
    assert!((148..=152).contains(&percent), "{percent}");
}

#[test]
fn who_leaves_early_says_nothing_of_the_estimate_and_who_leaves_late_that_it_was_too_short() {
    let mut pace = Pace::NONE;
    pace.is_left(Span::from_secs(59), foreseen(60, 0));
    assert_eq!(pace.correction(Priority::NORMAL), UNIT as u32);
    pace.is_left(Span::from_secs(61), foreseen(60, 0));
    assert_eq!(pace.correction(Priority::NORMAL), UNIT as u32 + UNIT as u32 / LEARNS);
    // Somebody was free, and nevertheless it waited.
    pace.is_left(Span::from_secs(61), foreseen(0, 0));
    assert_eq!(pace.correction(Priority::NORMAL), UNIT as u32 + UNIT as u32 / LEARNS);
}

#[test]
fn a_correction_has_bounds() {
    for (wait, bound) in [(59, CORRECTION_MAX * UNIT as u32), (61, UNIT as u32 / CORRECTION_MAX)] {
        let mut pace = Pace::NONE;
        taken(&mut pace, 2_000, foreseen(wait, 0));
        assert_eq!(pace.correction(Priority::NORMAL), bound);
        assert!(pace.is_sound());
    }
    let mut wrong = Pace::NONE;
    wrong.corrections[9] = 0;
    assert!(!wrong.is_sound());
    assert!(!Pace { taken: u64::MAX, ..Pace::NONE }.is_sound());
}

proptest! {
    /// Whatever has happened, more calls ahead take no less time, and more notes no more.
    #[test]
    fn an_estimate_grows_with_those_ahead(
        happened in prop::collection::vec((0..5_u8, 0..10_000_u64, 0..5_u32), 1..200),
        ahead in 0..1_000_u32,
        notes in 0..20_u32,
    ) {
        let mut pace = Pace::NONE;
        for (what, length, notes) in happened {
            let foreseen = foreseen(length / 3, notes);
            match what {
                0 | 1 => pace.stands(Span::from_secs(length), length / 30),
                2 | 3 => pace.is_taken(Span::from_secs(length), foreseen),
                _ => pace.is_left(Span::from_secs(length), foreseen),
            }
        }
        prop_assert!(pace.is_sound());
        let wait = |ahead, notes| pace.wait(ahead, notes, 0);
        prop_assert!(wait(ahead, notes) <= wait(ahead + 1, notes));
        prop_assert!(wait(ahead, notes + 1) <= wait(ahead, notes));
    }
}
