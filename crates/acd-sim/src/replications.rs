//! The same thing many times, on all cores, and what the mean of it is worth.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF as _, StudentsT};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The share of such intervals that hold the true value.
const CONFIDENCE: f64 = 0.95;

/// More threads than this do not help on any machine.
const THREADS_MAX: usize = 256;

/// Runs `job` for 0..`count` on `threads` threads; the results in the order of their numbers,
/// whichever thread was the first. After each, `done` hears how many are finished.
///
/// # Errors
/// One of those that a job returned; what has not begun by then does not begin any more.
pub fn replicate<R: Send, E: Send>(
    count: u64,
    threads: usize,
    job: impl Fn(u64) -> Result<R, E> + Sync,
    done: impl Fn(u64) + Sync,
) -> Result<Vec<R>, E> {
    let (begun, finished) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        let mut mine = Vec::new();
        loop {
            let number = begun.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(mine);
            }
            match job(number) {
                Ok(result) => mine.push((number, result)),
                Err(error) => {
                    begun.store(count, Ordering::Relaxed);
                    return Err(error);
                }
            }
            done(finished.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    let shares: Result<Vec<_>, E> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(count as usize).clamp(1, THREADS_MAX))
            .map(|_| scope.spawn(work))
            .collect();
        let joined = workers.into_iter().map(|worker| match worker.join() {
            Ok(share) => share,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect()
    });
    let mut all: Vec<(u64, R)> = shares?.into_iter().flatten().collect();
    all.sort_unstable_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

/// How many threads this machine runs at once.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// A measure of many replications, and how far from it the truth may be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The measure.
    pub value: f64,
    /// Half of the interval that holds the true value with 95 % confidence; infinite if there was only
    /// one replication.
    pub half_width: f64,
}

/// The ratio of two sums over replications, each of which gives (numerator, denominator); none if no
/// denominator is positive.
///
/// The variance is that of a ratio estimator (Law, *Simulation Modeling and Analysis*, 2015, 9.5):
/// of `numerator - ratio * denominator` over replications. A mean per replication has 1 as
/// denominator.
pub fn ratio(of: &[(f64, f64)]) -> Option<Estimate> {
    let count = of.len() as f64;
    let over = of.iter().map(|(_, denominator)| denominator).sum::<f64>();
    if over <= 0.0 {
        return None;
    }
    let value = of.iter().map(|(numerator, _)| numerator).sum::<f64>() / over;
    if of.len() < 2 {
        return Some(Estimate { value, half_width: f64::INFINITY });
    }
    let squares: f64 = of.iter().map(|(above, below)| (above - value * below).powi(2)).sum();
    let error = (squares / (count - 1.0) / count).sqrt() / (over / count);
    let student =
        StudentsT::new(0.0, 1.0, count - 1.0).expect("there are two replications at least");
    let half_width = student.inverse_cdf(f64::midpoint(1.0, CONFIDENCE)) * error;
    Some(Estimate { value, half_width })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_from_however_many_threads() {
        for threads in [1, 3, 20] {
            let squares =
                replicate(10, threads, |n| Ok::<_, ()>(n * n), |_| {}).expect("all went well");
            assert_eq!(squares, [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
        }
        let failed = replicate(10, 2, |n| if n == 3 { Err("three") } else { Ok(n) }, |_| {});
        assert_eq!(failed, Err("three"));
    }

    #[test]
    fn an_interval_is_students() {
        // Mean 2, standard deviation 1, n 3: t(0.975, 2) = 4.302653, half width 4.302653 / sqrt(3).
        let estimate = ratio(&[(1.0, 1.0), (2.0, 1.0), (3.0, 1.0)]).expect("there is a mean");
        assert!((estimate.value - 2.0).abs() < 1e-12);
        assert!((estimate.half_width - 2.484_138).abs() < 1e-5, "{estimate:?}");
        assert_eq!(ratio(&[(1.0, 0.0)]), None);
    }
}
