//! A stop loses nothing that was taken in, and leaves nobody waiting.

use super::*;
use acd_journal::MemoryLog;
use acd_journal::faulty::{Faults, FaultyLog};

#[tokio::test(start_paused = true)]
async fn a_stop_drains() {
    let log = FaultyLog::new(MemoryLog::new(), Faults::default());
    let gate = log.gate();
    let running = run_on(log);
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    let mut updates = running.domain.subscribe(None).expect("there is room");
    gate.hold();
    for call in 0..100 {
        pbx.offer(&format!("c{call}"), "billing").await;
    }
    let asked = Request::LogIn { agent: "ben".to_owned(), ready: false };
    let mut asked = Box::pin(running.ask(asked));
    assert!(timeout(Duration::from_millis(1), &mut asked).await.is_err(), "it waits for the log");
    let stop = {
        let domain = running.domain.clone();
        tokio::spawn(async move { domain.stop().await })
    };
    tokio::task::yield_now().await;
    let late = running.ask(Request::LogOut { agent: "ana".to_owned() }).await;
    let late = late.expect_err("nothing new is taken in");
    assert_eq!((late.kind, late.code), (RefusalKind::Unavailable, code::STOPPING));
    assert!(running.domain.open_session(Hello::default()).await.is_err());
    assert!(!stop.is_finished(), "the log has not taken it yet");
    gate.let_go();
    stop.await.expect("no panic");
    asked.await.expect("it was taken in before the stop");
    assert_eq!(running.calls().len(), 100, "what the mailbox held is applied");
    assert!(matches!(pbx.order().await, Order::Offer { .. }));
    assert_eq!(pbx.closed().await, CloseReason::Stopping);
    while updates.next().await.is_some() {}
    assert_eq!(running.driver.await.expect("no panic"), Ended::Stopped);
    running.publisher.await.expect("no panic");
    assert_eq!(running.domain.status().health, Health::Draining);
    assert!(running.domain.subscribe(None).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_log_that_never_answers_does_not_hold_up_a_stop_for_ever() {
    let log = FaultyLog::new(MemoryLog::new(), Faults::default());
    let gate = log.gate();
    let running = run_on(log);
    let mut pbx = running.connect("pbx", 7).await;
    gate.hold();
    pbx.offer("c1", "billing").await;
    running.domain.stop().await;
    assert!(matches!(running.driver.await.expect("no panic"), Ended::Unflushed(2)));
    assert_eq!(
        pbx.session.next().await.map(|down| down.ack),
        Some(1),
        "nothing was promised of the call"
    );
}

#[tokio::test(start_paused = true)]
async fn a_domain_may_be_stopped_before_its_log_answers() {
    let log = FaultyLog::new(MemoryLog::new(), Faults::default());
    log.gate().hold();
    let running = run_on(log);
    tokio::task::yield_now().await;
    running.domain.stop().await;
    assert_eq!(running.driver.await.expect("no panic"), Ended::Unflushed(3), "its first batch");
}
