//! The estimate of patience beside a textbook, and what is drawn from it.

use super::*;
use crate::chance::{Stream, stream};

fn hung_up(us: f64) -> Waited {
    Waited { us, hung_up: true }
}

fn answered(us: f64) -> Waited {
    Waited { us, hung_up: false }
}

fn both(ends: &[f64], censored: &[f64]) -> Vec<Waited> {
    let ends = ends.iter().copied().map(hung_up);
    ends.chain(censored.iter().copied().map(answered)).collect()
}

/// Weeks of remission of 21 patients with 6-mercaptopurine (Freireich et al. 1963), the worked example of
/// Kleinbaum and Klein, *Survival Analysis*, table 2.1; nine ended, twelve were censored.
#[test]
fn it_is_the_estimate_of_the_textbook() {
    let ends = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0];
    let censored = [6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0];
    let estimate = Patience::estimate(&both(&ends, &censored)).expect("some ended");
    let known = [
        (5.9, 1.0),
        (6.0, 0.8571),
        (7.0, 0.8067),
        (10.0, 0.7529),
        (13.0, 0.6902),
        (16.0, 0.6275),
        (22.0, 0.5378),
        (23.0, 0.4482),
        (99.0, 0.4482),
    ];
    for (weeks, share) in known {
        let found = estimate.longer_than(weeks);
        assert!((found - share).abs() < 5e-5, "{weeks}: {found}");
    }
    assert_eq!((estimate.hung_up(), estimate.censored()), (9, 12));
    assert_eq!(estimate.median_us(), Some(23.0));
}

#[test]
fn without_anybody_who_was_answered_it_is_the_share_of_those_who_still_wait() {
    let estimate = Patience::estimate(&both(&[4.0, 1.0, 2.0, 2.0], &[])).expect("all hung up");
    let shares = [0.5, 1.0, 2.0, 3.0, 4.0].map(|us| estimate.longer_than(us));
    assert_eq!(shares, [1.0, 0.75, 0.25, 0.25, 0.0]);
    assert_eq!(Patience::estimate(&both(&[], &[1.0, 2.0])), None, "nobody has shown his patience");
    assert_eq!(Patience::estimate(&[]), None);
}

#[test]
fn who_has_waited_draws_from_what_those_showed_who_waited_as_long() {
    let estimate = Patience::estimate(&both(&[10.0, 20.0, 30.0, 40.0], &[])).expect("all hung up");
    let mut random = stream(1, 0, Stream::Day);
    let mut counts = [0_u32; 5];
    for _ in 0..30_000 {
        let Drawn { us, is_beyond } = estimate.draw(10.0, &mut random);
        assert!(!is_beyond, "the longest patience was seen to its end");
        counts[(us / 10.0) as usize] += 1;
    }
    assert_eq!(counts[..2], [0, 0], "who was answered after 10 had more than 10");
    for count in &counts[2..] {
        assert!(count.abs_diff(10_000) < 400, "{counts:?}");
    }
}

/// Callers with exponential patience of mean 100 who are answered after a wait of 0 to 60: censoring must
/// not bias what is drawn for them, nor where the estimate ends and the tail goes on.
#[test]
fn what_is_drawn_is_the_patience_that_the_answered_had() {
    let mut random = stream(7, 0, Stream::Day);
    let mut seen = Vec::new();
    let mut hidden = Vec::new();
    for _ in 0..40_000 {
        let patience = 100.0 * Distribution::<f64>::sample(&Exp1, &mut random);
        let offered = 60.0 * random.random::<f64>();
        if patience <= offered {
            seen.push(hung_up(patience));
        } else {
            seen.push(answered(offered));
            hidden.push((offered, patience));
        }
    }
    let estimate = Patience::estimate(&seen).expect("some hung up");
    let count = hidden.len() as f64;
    let truth = hidden.iter().map(|(_, patience)| patience).sum::<f64>() / count;
    let mut beyond = 0_u32;
    let drawn: f64 = hidden
        .iter()
        .map(|(offered, _)| {
            let drawn = estimate.draw(*offered, &mut random);
            assert!(drawn.us >= *offered);
            beyond += u32::from(drawn.is_beyond);
            drawn.us
        })
        .sum();
    let drawn = drawn / count;
    // Two thirds of it hang on the rate of the last tenth of hang-ups.
    assert!((drawn / truth - 1.0).abs() < 0.1, "{drawn} for {truth}");
    assert!((f64::from(beyond) / count - 0.69).abs() < 0.1, "{beyond} of {count}");
}

use rand_distr::Distribution;
