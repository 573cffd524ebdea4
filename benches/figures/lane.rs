//! One size of center: a world that goes on, and a Router to which the same happens once more, alone.
//!
//! The world's bookkeeping is as much work as the Router's. So the world runs on a Router of its own
//! and writes down its commands, a stretch at a time; what is measured applies them to another
//! Router, which has nothing else to do.

use crate::load::{self, Load, Shape, Witness};
use crate::machine;
use acd_core::{Command, Event, Router, Span, Timestamp};
use hdrhistogram::Histogram;
use stats_alloc::Region;
use std::sync::Arc;
use std::time::Instant;

/// About ten for each queue.
const EARLY_CALLS: usize = 640;
/// After so many commands the depths of lines are read, as the engine publishes them for each batch.
const BATCH: u32 = 64;
/// So many commands are timed between two looks at whether the thread was interrupted.
const BLOCK: usize = 32;
/// No command of the load causes more events, so that the list of them does not grow.
const EVENTS_MAX: usize = 1 << 16;
/// A command is never so slow.
const NANOSECONDS_MAX: u64 = 10_000_000_000;

pub(crate) struct Lane {
    pub(crate) load: Load<Tape>,
    shape: Shape,
    router: Router,
    events: Vec<Event>,
    /// The sum of the depths read, so that reading them is not left out.
    depths: u64,
}

/// The commands of a stretch, with their times.
#[derive(Default)]
pub(crate) struct Tape(Vec<(Timestamp, Command)>);

impl Witness for Tape {
    fn saw(&mut self, at: Timestamp, command: Command, _: &[Event]) {
        self.0.push((at, command));
    }
}

/// What one stretch took.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stretch {
    pub(crate) commands: u64,
    pub(crate) events: u64,
    pub(crate) allocations: u64,
    pub(crate) seconds: f64,
    /// Of these, the ones in which the thread had a CPU.
    pub(crate) cpu_seconds: Option<f64>,
}

impl Stretch {
    pub(crate) fn seconds_per_command(&self) -> f64 {
        self.seconds / self.commands as f64
    }
}

/// How long single commands took, in nanoseconds; those during which the thread was interrupted are
/// left out.
pub(crate) struct Latencies {
    pub(crate) kept: Histogram<u64>,
    pub(crate) dropped: u64,
}

impl Latencies {
    pub(crate) fn new() -> Self {
        let kept = Histogram::new_with_bounds(1, NANOSECONDS_MAX, 3).expect("the bounds are sound");
        Self { kept, dropped: 0 }
    }
}

impl Lane {
    /// Nothing has happened yet.
    pub(crate) fn empty(shape: Shape) -> Self {
        let plan = Arc::new(load::plan(&shape));
        let router = || Router::new(Arc::clone(&plan)).expect("the plan is sound");
        let load = Load::new(&shape, router(), Tape::default());
        Self { load, shape, router: router(), events: Vec::with_capacity(EVENTS_MAX), depths: 0 }
    }

    /// Everybody talks, enough calls wait, and so many turns have passed since. Before that, callers
    /// have waited for the first agent so long that all that can be asked for has been.
    pub(crate) fn busy(shape: Shape, turns: u64) -> Self {
        let mut lane = Self::empty(shape);
        lane.load.open();
        (0..EARLY_CALLS.min(lane.shape.waiting)).for_each(|_| lane.load.arrive());
        lane.load.now = lane.load.now + Span(10 * lane.shape.wait().0);
        lane.load.fill(&lane.shape);
        lane.play();
        for _ in 0..turns / STRETCH_MAX + 1 {
            lane.go_on(turns.min(STRETCH_MAX));
            lane.play();
        }
        lane
    }

    /// Callers come while nobody is at work, the last ones a tenth later than the first begin to wait
    /// in a second queue.
    pub(crate) fn gather(&mut self) {
        self.load.open();
        let step = Span(self.shape.wait().0 * 11 / 10 / self.shape.waiting as u64);
        for _ in 0..self.shape.waiting {
            self.load.now = self.load.now + step;
            self.load.arrive();
        }
    }

    /// Lets the world go on for so many turns.
    pub(crate) fn go_on(&mut self, turns: u64) {
        let pause = self.shape.pause();
        (0..turns).for_each(|_| self.load.turn(pause));
    }

    /// Applies what has happened to the other Router.
    pub(crate) fn play(&mut self) -> Stretch {
        let Self { load, router, events, depths, .. } = self;
        let mut stretch = Stretch::default();
        let allocated = Region::new(crate::ALLOCATOR);
        let (started, cpu_before) = (Instant::now(), machine::cpu_seconds());
        let mut until_batch = BATCH;
        for (at, command) in load.witness.0.drain(..) {
            events.clear();
            router.apply(at, command, events).expect("it was applied before");
            stretch.commands += 1;
            stretch.events += events.len() as u64;
            until_batch -= 1;
            if until_batch == 0 {
                until_batch = BATCH;
                router.take_changed_lines(&mut |_, line| *depths += u64::from(line.depth));
            }
        }
        stretch.seconds = started.elapsed().as_secs_f64();
        stretch.cpu_seconds =
            machine::cpu_seconds().zip(cpu_before).map(|(now, before)| now - before);
        let allocated = allocated.change();
        stretch.allocations = (allocated.allocations + allocated.reallocations) as u64;
        std::hint::black_box(*depths);
        stretch
    }

    /// The same with each command timed by itself.
    pub(crate) fn play_timed(&mut self, latencies: &mut Latencies) {
        let Self { load, router, events, depths, .. } = self;
        let mut block = [0_u64; BLOCK];
        let mut commands = load.witness.0.drain(..);
        loop {
            let interrupted = machine::interruptions();
            let mut timed = 0;
            for (at, command) in commands.by_ref().take(BLOCK) {
                events.clear();
                let started = Instant::now();
                router.apply(at, command, events).expect("it was applied before");
                block[timed] = started.elapsed().as_nanos() as u64;
                timed += 1;
            }
            if timed == 0 {
                break;
            }
            if machine::interruptions() == interrupted {
                block[..timed].iter().for_each(|took| latencies.kept.saturating_record(*took));
            } else {
                latencies.dropped += timed as u64;
            }
            router.take_changed_lines(&mut |_, line| *depths += u64::from(line.depth));
        }
        std::hint::black_box(*depths);
    }

    /// Calls that stand in more than one queue at present, of those that wait.
    pub(crate) fn spread(&self) -> f64 {
        let waits = self.router.calls().filter(|call| !call.places.is_empty());
        let (all, spread) = waits.fold((0_u64, 0_u64), |(all, spread), call| {
            (all + 1, spread + u64::from(call.places.len() > 1))
        });
        spread as f64 / all as f64
    }
}

/// The longest stretch that is written down at once, in turns.
const STRETCH_MAX: u64 = 10_000;
