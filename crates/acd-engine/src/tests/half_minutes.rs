//! Half minutes that are over: one event for each, and one for all of which nobody could tell.

use super::*;
use acd_core::{Command, Timestamp};
use acd_journal::{MemoryLog, Origin};

/// When the log says that a half minute was over.
async fn told_of(log: &MemoryLog) -> Vec<Timestamp> {
    let batches = log.read(1).await.expect("it is in memory");
    let all = batches.iter().flat_map(|batch| &batch.entries);
    let told = all.filter(|it| it.command == Command::HalfMinutePassed);
    told.inspect(|it| assert_eq!(*it.origin, Origin::Time)).map(|it| it.at).collect()
}

#[tokio::test(start_paused = true)]
async fn each_half_minute_is_told_of_as_it_is_over() {
    let log = Arc::new(MemoryLog::new());
    let running = run_on(Shared(Arc::clone(&log)));
    let mut updates = running.domain.subscribe(None).expect("there is room");
    let Some(Update::Snapshot(_)) = updates.next().await else { panic!("first a snapshot") };
    for _ in 0..3 {
        let Some(Update::Delta(delta)) = updates.next().await else { panic!("a delta follows") };
        let kinds: Vec<&str> = delta.events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, ["half_minute_passed"]);
    }
    running.domain.stop().await;
    let told = told_of(&log).await;
    let first = told[0].half_minute();
    let ends: Vec<Timestamp> = (first..first + 3).map(Timestamp::of_half_minute).collect();
    assert_eq!(told, ends, "at the very instant");
}

#[tokio::test(start_paused = true)]
async fn of_those_that_nobody_saw_end_only_the_last_is_told_of() {
    let log = Arc::new(MemoryLog::new());
    let running = run_on(Shared(Arc::clone(&log)));
    running.ready("ana").await;
    let before = told_of(&log).await.len();
    tokio::time::advance(Duration::from_secs(100)).await;
    running.ready("ben").await;
    let told = told_of(&log).await;
    assert_eq!(told.len(), before + 1, "three or four are over");
    assert_eq!(told[before], Timestamp::of_half_minute(running.domain.clock().now().half_minute()));
    running.domain.stop().await;

    let (told, found) = (told.len(), recovered(&*log).await);
    let later = running.domain.clock().now() + Span::from_secs(200);
    let clock = clock().not_before(later);
    let begins = (Shared(Arc::clone(&log)), found);
    let settings = super::recovery::epoch(2);
    let (next, driver, publisher) = start(&plan(), clock, begins, settings).expect("it goes on");
    let _runs = (tokio::spawn(driver.run()), tokio::spawn(publisher.run()));
    let log_in = Request::LogIn { agent: "cleo".to_owned(), ready: true };
    let person = Person { name: "pat".to_owned(), reason: String::new() };
    next.request(log_in, person).await.expect("she may");
    let since = told_of(&log).await.split_off(told);
    assert_eq!(since, [later.max(Timestamp::of_half_minute(later.half_minute()))]);
}
