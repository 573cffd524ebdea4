//! Takes out of a life whatever it can do without, as long as it goes wrong in the same way.

use crate::kept::{Auditor, Nobody};
use crate::site::watches;
use acd_core::{Command, Router, RoutingPlan, Timestamp};
use std::any::Any;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The most lives that are tried for it, ...
const TRIES: usize = 3_000;
/// ... if this does not ask for another number, as it does of the random lives.
const TRIES_ASKED: &str = "PROPTEST_MAX_SHRINK_ITERS";

type Log = Vec<(Timestamp, Command)>;

/// What a panic says.
pub(crate) fn text(why: &(dyn Any + Send)) -> String {
    let owned = why.downcast_ref::<String>().cloned();
    let text = owned.or_else(|| why.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "a panic without words".to_owned())
}

/// A shorter life than this one, if it goes wrong when it is lived again.
pub(crate) fn shortened(plan: &RoutingPlan, log: &Log) -> Log {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    // Time passes by itself, but for the time after the last command.
    let last = log.len().saturating_sub(1);
    let told = |(at, (_, command)): &(usize, &(Timestamp, Command))| {
        *at == last || *command != Command::AdvanceTime
    };
    let mut life: Log =
        log.iter().enumerate().filter(told).map(|(_, entry)| entry.clone()).collect();
    let (wrong, mut shortest) = relived(plan, &life);
    let most = std::env::var(TRIES_ASKED).ok().and_then(|it| it.parse().ok()).unwrap_or(TRIES);
    let mut tries = 0;
    let mut chunk = life.len() / 2;
    while wrong.is_some() && chunk > 0 {
        let mut at = 0;
        while at < life.len() && tries < most {
            let mut without = life.clone();
            without.drain(at..(at + chunk).min(life.len()));
            let (found, lived) = relived(plan, &without);
            tries += 1;
            if found == wrong {
                (life, shortest) = (without, lived);
            } else {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    panic::set_hook(hook);
    if wrong.is_some() { shortest } else { log.clone() }
}

/// In which way it goes wrong, if it does; and all that was accepted up to there.
fn relived(plan: &RoutingPlan, life: &Log) -> (Option<String>, Log) {
    let mut router = Router::new(Arc::new(plan.clone())).unwrap();
    let mut auditor = Auditor::new(router.plan(), watches());
    let mut lived = Log::new();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut tell = |router: &mut Router, now: Timestamp, command: &Command| {
            let mut events = Vec::new();
            lived.push((now, command.clone()));
            if router.apply(now, command.clone(), &mut events).is_err() {
                lived.pop();
                return;
            }
            auditor.hears(now, command, &events, router, &mut Nobody);
            router.check_invariants();
        };
        for (now, command) in life {
            let was_there = *command != Command::EpochBegan;
            while let Some(due) = router.next_deadline().filter(|due| was_there && due <= now) {
                let due = due.max(router.now());
                tell(&mut router, due, &Command::AdvanceTime);
            }
            if *command != Command::AdvanceTime {
                tell(&mut router, *now, command);
            }
        }
    }));
    // What stands before the colon is the promise that is broken.
    let way = |text: String| text.split(':').next().unwrap_or_default().to_owned();
    (outcome.err().map(|why| way(text(why.as_ref()))), lived)
}
