//! Those who take in what the domain decides fall behind: then it leaves unread what comes, and
//! goes on with the rest.

use super::*;
use crate::driver::Backlog;
use acd_journal::MemoryLog;
use acd_journal::faulty::{Faults, FaultyLog};

/// So little that a test can fill it.
const MAILBOX: usize = 8;
const LIMIT: usize = 50;
const CALLS: usize = 1_000;

/// A domain that lets so much pile up; its publisher has not begun.
fn run_behind<L: CommandLog>(log: L, backlog: Backlog) -> (Running, Publisher) {
    let settings = Settings { mailbox_capacity: MAILBOX, ..Settings::default() };
    let begins = (log, Replica::empty());
    let (domain, mut driver, publisher) =
        start(&plan(), clock(), begins, settings).expect("the plan is sound");
    driver.backlog = backlog;
    let driver = tokio::spawn(driver.run());
    let idle = tokio::spawn(async {});
    (Running { domain, driver, publisher: idle }, publisher)
}

/// Offers calls while there is room for them; how many there are then.
async fn flood(pbx: &mut Pbx) -> usize {
    for count in 0..CALLS {
        let (number, message) = (pbx.number + 1, offered(&format!("c{count}"), "billing"));
        let sent = pbx.session.send(number, pbx.ack, message);
        match timeout(Duration::from_millis(50), sent).await {
            Ok(sent) => sent.expect("the session is open"),
            Err(_no_room) => return count,
        }
        pbx.number = number;
    }
    CALLS
}

/// The calls that there was no room for come after all, and each is there once.
async fn the_rest_comes(running: &Running, pbx: &mut Pbx, already: usize) {
    for count in already..CALLS {
        pbx.offer(&format!("c{count}"), "billing").await;
    }
    let last = pbx.number;
    pbx.acknowledged(last).await;
    until(|| running.queue("billing").waiting as usize >= CALLS).await;
    assert_eq!(running.domain.status().rejected, 0);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_stands_still_holds_up_what_comes_and_not_the_time() {
    let log = FaultyLog::new(MemoryLog::new(), Faults::default());
    let gate = log.gate();
    let backlog = Backlog { commands: LIMIT as u64, events: usize::MAX };
    let (running, publisher) = run_behind(log, backlog);
    tokio::spawn(publisher.run());
    running.ready("ben").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("first", "billing").await;
    pbx.rings().await;

    gate.hold();
    let taken = flood(&mut pbx).await;
    assert!((LIMIT..=LIMIT + MAILBOX).contains(&taken), "{taken}");
    let revoked = pbx.order().await;
    assert!(matches!(revoked, Order::Revoke { reason: RevokeReason::NoAnswer, .. }));
    assert!(running.domain.status().undurable <= (LIMIT + MAILBOX) as u64);

    gate.let_go();
    the_rest_comes(&running, &mut pbx, taken).await;
}

#[tokio::test(start_paused = true)]
async fn a_publisher_that_stands_still_holds_up_what_comes() {
    let backlog = Backlog { commands: u64::MAX, events: LIMIT };
    let (running, publisher) = run_behind(MemoryLog::new(), backlog);
    let mut pbx = running.connect("pbx", 7).await;
    let taken = flood(&mut pbx).await;
    assert!((LIMIT / 2..CALLS).contains(&taken), "{taken}");
    tokio::spawn(publisher.run());
    the_rest_comes(&running, &mut pbx, taken).await;
}

#[tokio::test(start_paused = true)]
async fn a_domain_with_a_backlog_may_be_stopped() {
    let log = FaultyLog::new(MemoryLog::new(), Faults::default());
    let gate = log.gate();
    let backlog = Backlog { commands: LIMIT as u64, events: usize::MAX };
    let (running, publisher) = run_behind(log, backlog);
    tokio::spawn(publisher.run());
    let mut pbx = running.connect("pbx", 7).await;
    gate.hold();
    flood(&mut pbx).await;
    let stopped = timeout(NEVER, running.domain.stop()).await;
    assert!(stopped.is_ok(), "what nobody takes in does not hold it up");
    assert!(matches!(running.driver.await.expect("no panic"), Ended::Unflushed(_)));
}
