//! Desktops that are expected to be heard, and are not.

use super::recovery::epoch;
use super::*;
use acd_core::{Command, HeartbeatState, Presence};
use acd_journal::MemoryLog;
use acd_journal::faulty::{Faults, FaultyLog};

/// Longer than nothing, and well within the default of 30 s.
const INTERVAL: Duration = Duration::from_secs(10);

async fn heartbeat(running: &Running, agent: &str) {
    running.ask(Request::Heartbeat { agent: agent.to_owned() }).await.expect("he is known");
}

fn is_ready(running: &Running, agent: &str) -> bool {
    running.agent(agent).state == "ready"
}

#[tokio::test(start_paused = true)]
async fn a_desktop_that_falls_silent_gets_no_offers_until_it_is_heard_again() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    running.ready("ana").await;
    running.ready("ben").await;
    assert_eq!(running.agent("ana").heartbeat, HeartbeatState::None);
    for _ in 0..12 {
        heartbeat(&running, "ana").await;
        tokio::time::sleep(INTERVAL).await;
    }
    assert!(is_ready(&running, "ana"), "two minutes of heartbeats");

    tokio::time::sleep(INTERVAL * 3).await;
    let ana = running.agent("ana");
    let shown = (ana.state, &*ana.reason, ana.heartbeat, ana.pending);
    let lost = HeartbeatState::Lost;
    assert_eq!(shown, ("not_ready", "heartbeat_lost", lost, Some(Presence::Ready)));
    assert!(is_ready(&running, "ben"), "a desktop that was never heard is not missed");
    // She has been idle for longer.
    pbx.offer("c1", "billing").await;
    pbx.rings().await;
    assert!(running.offer_to("ben").is_some());

    heartbeat(&running, "ana").await;
    assert!(is_ready(&running, "ana"));
    let unknown = running.ask(Request::Heartbeat { agent: "nobody".to_owned() }).await;
    assert_eq!(unknown.expect_err("who").code, code::UNKNOWN_AGENT);
}

#[tokio::test(start_paused = true)]
async fn heartbeats_that_change_nothing_are_not_in_the_log() {
    let log = Arc::new(MemoryLog::new());
    let running = run_on(Shared(Arc::clone(&log)));
    running.ready("ana").await;
    for _ in 0..20 {
        heartbeat(&running, "ana").await;
        tokio::time::sleep(INTERVAL).await;
    }
    tokio::time::sleep(INTERVAL * 3).await;
    let batches = log.read(1).await.expect("it is all there");
    let all = batches.iter().flat_map(|batch| &batch.entries);
    let kept = all.clone().filter(|it| matches!(it.command, Command::HeartbeatKept { .. }));
    let lost = all.filter(|it| matches!(it.command, Command::HeartbeatLost { .. }));
    let lost: Vec<_> = lost.map(|entry| &*entry.origin).collect();
    assert_eq!((kept.count(), lost), (1, vec![&Origin::Time]));
}

#[tokio::test(start_paused = true)]
async fn a_desktop_has_all_of_its_time_after_a_start_and_is_missed_then() {
    let log = Arc::new(MemoryLog::new());
    let first = run_on(Shared(Arc::clone(&log)));
    for agent in ["ana", "ben"] {
        first.ready(agent).await;
        heartbeat(&first, agent).await;
    }
    tokio::time::sleep(INTERVAL * 2).await;
    first.domain.stop().await;

    let found = recovered(&*log).await;
    let next = run_from(plan(), Shared(log), found, epoch(2));
    assert_eq!(next.agent("ana").heartbeat, HeartbeatState::Kept);
    tokio::time::sleep(INTERVAL * 2).await;
    assert!(is_ready(&next, "ana") && is_ready(&next, "ben"));
    heartbeat(&next, "ben").await;
    tokio::time::sleep(INTERVAL * 2).await;
    assert_eq!(&*next.agent("ana").reason, "heartbeat_lost");
    assert!(is_ready(&next, "ben"));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_missed_for_a_pause_of_the_daemon() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    heartbeat(&running, "ana").await;
    // As when the machine was suspended: what was sent meanwhile is not read yet.
    tokio::time::advance(INTERVAL * 6).await;
    tokio::time::sleep(INTERVAL).await;
    assert!(is_ready(&running, "ana"));
    tokio::time::sleep(INTERVAL * 3).await;
    assert_eq!(&*running.agent("ana").reason, "heartbeat_lost", "she was silent after it, too");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_missed_while_answers_wait_for_a_log_that_hangs() {
    let log = FaultyLog::new(MemoryLog::new(), Faults::default());
    let gate = log.gate();
    let running = run_on(log);
    for agent in ["ana", "ben"] {
        running.ready(agent).await;
        heartbeat(&running, agent).await;
    }
    gate.hold();
    let domain = running.domain.clone();
    let request = Request::NotReady { agent: "ben".to_owned(), reason: None };
    let person = Person { name: "ben".to_owned(), reason: String::new() };
    let hangs = tokio::spawn(async move { domain.request(request, person).await });
    tokio::time::sleep(INTERVAL * 12).await;
    assert!(is_ready(&running, "ana"), "her desktop waits for its answer, perhaps");
    gate.let_go();
    hangs.await.expect("no panic").expect("it is durable now");
    tokio::time::sleep(INTERVAL * 6).await;
    assert_eq!(&*running.agent("ana").reason, "heartbeat_lost");
}

#[tokio::test(start_paused = true)]
async fn whoever_has_logged_out_is_not_missed() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    heartbeat(&running, "ana").await;
    running.ask(Request::LogOut { agent: "ana".to_owned() }).await.expect("she was at work");
    running.ready("ana").await;
    tokio::time::sleep(INTERVAL * 6).await;
    assert!(is_ready(&running, "ana"), "today she works without a desktop");
}
