//! What the machine does to a measurement.

use std::time::Instant;

/// How often the system has taken the CPU from this thread against its will; `None` where it does not
/// say. A hypervisor that stops the whole CPU is not seen here.
#[cfg(target_os = "linux")]
pub(crate) fn interruptions() -> Option<i64> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_THREAD).ok()?;
    Some(usage.involuntary_context_switches())
}

/// How long this thread has had a CPU so far, in seconds; `None` where the system does not say.
#[cfg(target_os = "linux")]
pub(crate) fn cpu_seconds() -> Option<f64> {
    use nix::time::{ClockId, clock_gettime};
    let spent = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).ok()?;
    Some(spent.tv_sec() as f64 + spent.tv_nsec() as f64 / 1e9)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn interruptions() -> Option<i64> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn cpu_seconds() -> Option<f64> {
    None
}

/// What it takes to time nothing, in nanoseconds: the median of many times.
pub(crate) fn timer_ns() -> u64 {
    let mut times: Vec<u64> = (0..10_001)
        .map(|_| {
            let started = Instant::now();
            started.elapsed().as_nanos() as u64
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}
