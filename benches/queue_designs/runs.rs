//! One design, so many threads: how fast it is, then how right.
//!
//! Speed is the median of several runs without notes. Then one run keeps notes of each claim, and
//! threads come to rest many times, so that whatever a race leaves behind is found.

use crate::Row;
use crate::audit::{self, Log};
use crate::concurrent::Concurrent;
use crate::load::{self, Load, Shape};
use crate::one_writer::OneWriter;
use crate::world::{AGENTS, Center, Design, Happening, KINDS, Source};
use acd_core::Router;
use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

/// Happenings of a run, of all threads together, for each unit of size.
const HAPPENINGS: u64 = 60_000;
/// Runs for speed; the median counts.
const RUNS: usize = 7;
/// Happenings of all threads between two rests, and rests for each unit of size.
const UNTIL_REST: u64 = 2_000;
const RESTS: u64 = 40;

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    of[of.len() / 2]
}

/// A clock of its own for each run that keeps notes.
fn clock() -> &'static AtomicU64 {
    Box::leak(Box::new(AtomicU64::new(1)))
}

/// Everybody is at work, each source has its share, and enough calls wait.
fn begin(to: &mut impl Design, sources: &mut [Source], waiting: i64) {
    let mut log = Log::default();
    for agent in 0..AGENTS as u32 {
        to.agent_frees(agent, &mut log);
    }
    let count = sources.len();
    for step in 0..2 * (AGENTS + waiting as usize) {
        let source = &mut sources[step % count];
        if let Some(happening) = source.next() {
            source.happens(happening, to, &mut log);
        }
    }
}

fn sources(count: usize, waiting: i64) -> Vec<Source> {
    (0..count as u64).map(|number| Source::new(number, waiting / count as i64)).collect()
}

/// The whole Router, with offers, answers, deadlines and rules, under the load of the other benches.
pub(crate) fn acdds_router(waiting: i64, size: u64) -> Row {
    let shape = Shape { agents: AGENTS, waiting: waiting as usize, kinds: KINDS as u64 };
    let router = Router::new(Arc::new(load::plan(&shape))).expect("the plan is sound");
    let mut load = Load::new(&shape, router, ());
    load.fill(&shape);
    let pause = shape.pause();
    // Two things happen in a turn: an agent is free, a call arrives.
    let turns = HAPPENINGS * size / 2;
    (0..turns).for_each(|_| load.turn(pause));
    let speeds = (0..RUNS).map(|_| {
        let started = Instant::now();
        (0..turns).for_each(|_| load.turn(pause));
        2.0 * turns as f64 / started.elapsed().as_secs_f64()
    });
    let per_second = median(speeds.collect());
    let (design, audited, stranded) = ("acdd's Router, all that it does", None, None);
    Row { design, threads: 1, waiting, per_second, audited, stranded }
}

/// Matching alone, as acdd's Router does it, and by the thread that hears of what happens.
pub(crate) fn one_writer(waiting: i64, size: u64) -> Row {
    let center = Arc::new(Center::new());
    let mut writer = OneWriter::new(Arc::clone(&center));
    let mut all = sources(1, waiting);
    begin(&mut writer, &mut all, waiting);
    let mut speeds = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        let happened = go_on(&mut all[0], &mut writer, HAPPENINGS * size, &mut Log::default());
        speeds.push(happened as f64 / started.elapsed().as_secs_f64());
    }
    let (mut log, mut stranded) = (Log::by(clock()), 0);
    // What waits already has no note: a run of its own begins with nobody.
    let mut fresh = OneWriter::new(Arc::clone(&center));
    let mut source = Source::new(0, waiting);
    (0..AGENTS as u32).for_each(|agent| {
        fresh.agent_frees(agent, &mut log);
    });
    for _ in 0..RESTS * size {
        go_on(&mut source, &mut fresh, UNTIL_REST, &mut log);
        stranded += fresh.stranded();
    }
    let audited = Some(audit::inversions(&center, vec![log]));
    let per_second = median(speeds);
    let stranded = Some((stranded, RESTS * size));
    Row { design: "one writer, matching alone", threads: 1, waiting, per_second, audited, stranded }
}

/// The same, but other threads hear of what happens and hand it over through a bounded ring.
pub(crate) fn one_writer_behind_a_ring(waiting: i64, senders: usize, size: u64) -> Row {
    let center = Arc::new(Center::new());
    let mut writer = OneWriter::new(center);
    let mut all = sources(senders, waiting);
    begin(&mut writer, &mut all, waiting);
    let each = HAPPENINGS * size / senders as u64;
    let mut speeds = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        all = run_behind_a_ring(&mut writer, all, each);
        speeds.push((each * senders as u64) as f64 / started.elapsed().as_secs_f64());
    }
    let design = "one writer behind a lock-free ring";
    let (threads, per_second) = (senders + 1, median(speeds));
    Row { design, threads, waiting, per_second, audited: None, stranded: None }
}

fn run_behind_a_ring(writer: &mut OneWriter, all: Vec<Source>, each: u64) -> Vec<Source> {
    let (ring, mailbox) = crossbeam_channel::bounded::<(usize, Happening)>(1_024);
    thread::scope(|scope| {
        let mut answers = Vec::new();
        let mut threads = Vec::new();
        for (number, mut source) in all.into_iter().enumerate() {
            let (answer, answered) = crossbeam_channel::unbounded();
            answers.push(answer);
            let ring = ring.clone();
            threads.push(scope.spawn(move || {
                let mut sent = 0;
                while sent < each {
                    answered.try_iter().for_each(|agent| source.talks(agent));
                    match source.next() {
                        Some(happening) => {
                            push(&ring, (number, happening));
                            sent += 1;
                        }
                        None => thread::yield_now(),
                    }
                }
                drop(ring);
                // Until the writer has heard all.
                answered.iter().for_each(|agent| source.talks(agent));
                source
            }));
        }
        drop(ring);
        let mut log = Log::default();
        while let Some((number, happening)) = pop(&mailbox) {
            let agent = match happening {
                Happening::Call { line, priority } => writer.call_arrives(line, priority, &mut log),
                Happening::Agent(agent) => writer.agent_frees(agent, &mut log).then_some(agent),
            };
            if let Some(agent) = agent {
                answers[number].send(agent).expect("the source waits for it");
            }
        }
        drop(answers);
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    })
}

/// As acdd's mailbox: without ever going to sleep in the channel, which takes a lock.
fn push<T>(ring: &Sender<T>, mut message: T) {
    while let Err(TrySendError::Full(back)) = ring.try_send(message) {
        message = back;
        thread::yield_now();
    }
}

/// None when all senders have gone.
fn pop<T>(ring: &Receiver<T>) -> Option<T> {
    loop {
        match ring.try_recv() {
            Ok(message) => return Some(message),
            Err(TryRecvError::Empty) => thread::yield_now(),
            Err(TryRecvError::Disconnected) => return None,
        }
    }
}

/// Every thread hears of a part of what happens, and matches it.
pub(crate) fn concurrent(waiting: i64, threads: usize, size: u64) -> Row {
    let center = Arc::new(Center::new());
    let design = Concurrent::new(Arc::clone(&center));
    let mut all = sources(threads, waiting);
    begin(&mut &design, &mut all, waiting);
    let each = HAPPENINGS * size / threads as u64;
    let mut speeds = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        let happened: u64 = thread::scope(|scope| {
            let run = |source| {
                let mut design = &design;
                scope.spawn(move || go_on(source, &mut design, each, &mut Log::default()))
            };
            let matchers: Vec<_> = all.iter_mut().map(run).collect();
            matchers.into_iter().map(|it| it.join().expect("no thread panics")).sum()
        });
        speeds.push(happened as f64 / started.elapsed().as_secs_f64());
    }
    let (audited, stranded) = audit_concurrent(&center, waiting, threads, size);
    Row {
        design: "concurrent skip lists",
        threads,
        waiting,
        per_second: median(speeds),
        audited: Some(audited),
        stranded: Some((stranded, RESTS * size)),
    }
}

/// How much did happen: a source has nothing while all of its agents are free.
fn go_on(source: &mut Source, to: &mut impl Design, happenings: u64, log: &mut Log) -> u64 {
    let mut happened = 0;
    for _ in 0..happenings {
        match source.next() {
            Some(happening) => {
                source.happens(happening, to, log);
                happened += 1;
            }
            None => thread::yield_now(),
        }
    }
    happened
}

/// Notes of a run that begins with nobody waiting; and what is left behind at each rest.
fn audit_concurrent(
    center: &Arc<Center>,
    waiting: i64,
    threads: usize,
    size: u64,
) -> ((u64, u64), u64) {
    let (design, clock) = (Concurrent::new(Arc::clone(center)), clock());
    let mut own = Log::by(clock);
    (0..AGENTS as u32).for_each(|agent| {
        (&design).agent_frees(agent, &mut own);
    });
    let (rest, is_over) = (Barrier::new(threads + 1), AtomicBool::new(false));
    let mut stranded = 0;
    let logs = thread::scope(|scope| {
        let matchers: Vec<_> = sources(threads, waiting)
            .into_iter()
            .map(|mut source| {
                let (design, rest, is_over) = (&design, &rest, &is_over);
                scope.spawn(move || {
                    let mut log = Log::by(clock);
                    loop {
                        rest.wait();
                        if is_over.load(Ordering::SeqCst) {
                            return log;
                        }
                        go_on(&mut source, &mut &*design, UNTIL_REST / threads as u64, &mut log);
                        rest.wait();
                    }
                })
            })
            .collect();
        for _ in 0..RESTS * size {
            rest.wait();
            rest.wait();
            stranded += design.stranded();
        }
        is_over.store(true, Ordering::SeqCst);
        rest.wait();
        matchers.into_iter().map(|matcher| matcher.join().expect("no thread panics")).collect()
    });
    (audit::inversions(center, logs), stranded)
}
