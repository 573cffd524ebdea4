//! What leaves at once, what waits until it is durable, and what a log may do meanwhile.

use super::*;
use crate::driver::BATCH_ENTRIES_MAX;
use acd_core::{Command, Event, Router};
use acd_journal::faulty::{Faults, FaultyLog, Gate};
use acd_journal::{CommandLog as _, MemoryLog};
use crossbeam_channel::{Receiver, Sender, unbounded};
use tokio::task::yield_now;

#[tokio::test(start_paused = true)]
async fn offers_leave_at_once_connects_and_answers_when_durable() {
    let log = FaultyLog::new(MemoryLog::new(), Faults::default());
    let gate = log.gate();
    let running = run_on(log);
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;

    gate.hold();
    pbx.offer("c1", "billing").await;
    let down = pbx.down().await;
    assert_eq!((down.epoch, down.number, down.ack), (1, 2, 1), "the call is not durable yet");
    let DownBody::Order(Order::Offer { offer, agent, address, queue, attributes, .. }) = down.body
    else {
        panic!("an offer leaves as soon as it is decided");
    };
    assert_eq!((offer, &*agent, &*address, &*queue), (1, "ana", "ana", "billing"));
    assert_eq!(*attributes, [("crm".to_owned(), "token".to_owned())]);

    pbx.result(1, OfferResult::Accepted).await;
    assert!(pbx.hears_nothing().await, "a connect may not be taken back, so it waits");
    assert!(running.domain.status().undurable > 0);
    assert_eq!(running.calls()[0].state, CallState::Connecting, "readers see it at once");
    let mut asked =
        Box::pin(running.ask(Request::NotReady { agent: "ana".to_owned(), reason: None }));
    let waits = timeout(Duration::from_millis(50), &mut asked).await;
    assert!(waits.is_err(), "an answer to a person waits too");

    gate.let_go();
    let mut down = pbx.down().await;
    if down.body == DownBody::Acknowledged {
        assert_eq!((down.number, down.ack), (0, 2), "the call stood in a batch of its own");
        down = pbx.down().await;
    }
    assert_eq!((down.number, down.ack), (3, 3), "the connect brings the acknowledgement");
    assert!(matches!(down.body, DownBody::Order(Order::Connect { offer: 1, .. })));
    asked.await.expect("he may");
    assert_eq!(running.domain.status().undurable, 0);

    pbx.say(AdapterMessage::CallBridged { offer: 1, epoch: 0 }).await;
    pbx.acknowledged(4).await;
    assert_eq!(running.calls()[0].state, CallState::Connected);
}

#[tokio::test(start_paused = true)]
async fn an_offer_passes_connects_of_others_and_nothing_else() {
    let log = FaultyLog::new(MemoryLog::new(), Faults::default());
    let gate = log.gate();
    let running = run_on(log);
    running.ready("cleo").await;
    running.ready("ben").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "nurse").await;
    let offer = pbx.rings().await;

    gate.hold();
    pbx.result(offer, OfferResult::Accepted).await;
    assert!(pbx.hears_nothing().await, "the connect waits for the log");
    pbx.offer("c2", "billing").await;
    pbx.rings().await;
    pbx.say(ended("c2")).await;
    let revoked = pbx.order().await;
    assert!(matches!(revoked, Order::Revoke { reason: RevokeReason::CallEnded, .. }));
    pbx.offer("c3", "nurse").await;
    assert!(pbx.hears_nothing().await, "cleo is to hear of c1 first");
    pbx.offer("c4", "billing").await;
    assert!(pbx.hears_nothing().await, "what waits is passed by nobody");

    gate.let_go();
    assert!(matches!(pbx.order().await, Order::Connect { .. }));
    for expected in ["c3", "c4"] {
        let order = pbx.order().await;
        let Order::Offer { call, .. } = order else { panic!("an offer, not {order:?}") };
        assert_eq!(call.call_id, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_moment_shares_a_batch_and_a_lone_message_has_one_at_once() {
    let log = Arc::new(MemoryLog::new());
    let running = run_on(Shared(Arc::clone(&log)));
    let mut pbx = running.connect("pbx", 7).await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    let began = tokio::time::Instant::now();
    pbx.offer("lone", "billing").await;
    pbx.acknowledged(2).await;
    assert_eq!(began.elapsed(), Duration::ZERO, "it waits for nobody");

    let before = log.tail().await.expect("it is memory").batch;
    for number in 0..50 {
        pbx.offer(&format!("c{number}"), "billing").await;
        for _ in 0..10 {
            yield_now().await;
        }
    }
    pbx.acknowledged(52).await;
    let batches = log.tail().await.expect("it is memory").batch - before;
    assert!(batches <= 2, "{batches} batches for one millisecond");
}

#[tokio::test(start_paused = true)]
async fn whatever_the_log_does_each_command_is_stored_once() {
    for seed in 0..20 {
        let faults = Faults {
            seed,
            unknown_stored: 200,
            unknown_lost: 200,
            late: 100,
            slow: 100,
            tail_fails: 300,
            delay: Duration::from_millis(30),
            ..Faults::default()
        };
        let log = Arc::new(FaultyLog::new(MemoryLog::new(), faults));
        let running = run_on(Shared(Arc::clone(&log)));
        let mut updates = running.domain.subscribe(None).expect("there is room");
        assert!(matches!(updates.next().await, Some(Update::Snapshot(_))));
        one_of_everything(&running).await;
        running.domain.stop().await;
        let mut told = Vec::new();
        while let Some(update) = updates.next().await {
            if let Update::Delta(delta) = update {
                told.extend(delta.events.iter().map(|event| (event.at, event.kind)));
            }
        }
        let batches = log.read(1).await.expect("it is all there");
        // Readers begin with the state as the first batch leaves it.
        let before = replayed(&batches[..1]).len();
        let recorded = &replayed(&batches)[before..];
        assert_eq!(recorded, told, "seed {seed}: the log tells another story");
        assert_eq!(batches[0].entries[0].command, Command::EpochBegan, "it opens the epoch");
        assert_eq!(running.domain.status().health, Health::Draining, "seed {seed}");
    }
}

/// An offer that is declined, one that rings out, an abandoned call, a handled one.
async fn one_of_everything(running: &Running) {
    let mut pbx = running.connect("pbx", 7).await;
    running.ready("ana").await;
    running.ready("cleo").await;
    pbx.offer("c1", "billing").await;
    let offer = pbx.rings().await;
    pbx.result(offer, OfferResult::Declined).await;
    running.ready("ben").await;
    let offer = pbx.rings().await;
    running.accept("ben", Some(offer)).await.expect("it is out to him");
    while !matches!(pbx.order().await, Order::Connect { .. }) {}
    pbx.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await;
    pbx.offer("c2", "nurse").await;
    tokio::time::sleep(Duration::from_secs(RING_SECS + 1)).await;
    pbx.say(ended("c2")).await;
    pbx.say(ended("c1")).await;
    let last = pbx.number;
    pbx.acknowledged(last).await;
}

/// A log that keeps every batch it was given, behind a gate.
struct Noting {
    inner: FaultyLog<MemoryLog>,
    noted: Sender<Arc<Batch>>,
}

impl CommandLog for Noting {
    async fn append(&self, batch: Arc<Batch>, expect: Tail) -> Appended {
        let appended = self.inner.append(Arc::clone(&batch), expect).await;
        self.noted.send(batch).expect("the test listens");
        appended
    }

    async fn read(&self, from: u64) -> Result<Vec<Arc<Batch>>, LogError> {
        self.inner.read(from).await
    }

    async fn truncate(&self, to: u64) -> Result<(), LogError> {
        self.inner.truncate(to).await
    }

    async fn tail(&self) -> Result<Tail, LogError> {
        self.inner.tail().await
    }
}

/// A domain, the gate of its log, and the batches that pass.
fn run_noting(settings: Settings) -> (Running, Gate, Receiver<Arc<Batch>>) {
    let inner = FaultyLog::new(MemoryLog::new(), Faults::default());
    let gate = inner.gate();
    let (noted, passed) = unbounded();
    (run_with(Noting { inner, noted }, settings), gate, passed)
}

/// Each batch decides as it did, by its own digest.
fn folds(batches: &[Arc<Batch>]) {
    let mut replica = Replica::empty();
    for batch in batches {
        replica.fold(batch).expect("what was applied is applied again");
    }
}

#[tokio::test(start_paused = true)]
async fn each_message_may_be_stored_by_itself_with_the_note_that_it_was_heard() {
    let settings = Settings { each_message_by_itself: true, ..Settings::default() };
    let (running, _, passed) = run_noting(settings);
    one_of_everything(&running).await;
    running.domain.stop().await;
    assert_eq!(running.driver.await.expect("no panic"), Ended::Stopped);
    let batches: Vec<_> = passed.try_iter().collect();
    assert!(batches.len() > 12, "{}", batches.len());
    assert!(batches.iter().all(|batch| batch.entries.len() <= 3), "one message and what fell due");
    folds(&batches);
}

#[tokio::test(start_paused = true)]
async fn what_piled_up_while_the_log_failed_is_stored_in_batches_that_can_be_read() {
    let (running, gate, passed) = run_noting(Settings::default());
    let mut pbx = running.connect("pbx", 7).await;
    gate.hold();
    let calls = 2 * BATCH_ENTRIES_MAX + 100;
    for number in 0..calls {
        pbx.offer(&format!("c{number}"), "billing").await;
    }
    let last = pbx.number;
    while running.domain.status().undurable < calls as u64 {
        tokio::task::yield_now().await;
    }
    gate.let_go();
    pbx.acknowledged(last).await;
    let batches: Vec<_> = passed.try_iter().collect();
    let largest = batches.iter().map(|batch| batch.entries.len()).max();
    assert!(largest.is_some_and(|largest| largest <= BATCH_ENTRIES_MAX), "{largest:?}");
    assert!(batches.len() > 2, "{}", batches.len());
    folds(&batches);
}

/// What a fresh Router makes of a log: the kinds of all events, with their times.
fn replayed(batches: &[Arc<Batch>]) -> Vec<(acd_core::Timestamp, &'static str)> {
    let mut router = Router::new(Arc::default()).expect("a plan of nothing is sound");
    let mut kinds = Vec::new();
    let mut events: Vec<Event> = Vec::new();
    let mut sequence = 0;
    for entry in batches.iter().flat_map(|batch| &batch.entries) {
        sequence += 1;
        assert_eq!(entry.sequence, sequence, "sequences leave no gap");
        router.apply(entry.at, entry.command.clone(), &mut events).expect("it was applied before");
        kinds.extend(events.drain(..).map(|event| (entry.at, crate::view::kind(&event))));
    }
    kinds
}

#[tokio::test(start_paused = true)]
async fn another_writer_mutes_the_domain() {
    let log = Arc::new(MemoryLog::new());
    let running = run_on(Shared(Arc::clone(&log)));
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    let offer = pbx.rings().await;
    let last = pbx.number;
    pbx.acknowledged(last).await;

    let tail = log.tail().await.expect("memory answers");
    let theirs = acd_journal::contract::batch_of(tail, 2, 0);
    log.append(theirs, tail).await;
    pbx.result(offer, OfferResult::Accepted).await;
    assert_eq!(pbx.closed().await, CloseReason::Fenced, "no connect leaves any more");
    assert_eq!(running.driver.await.expect("no panic"), Ended::Fenced);
    let status = running.domain.status();
    assert_eq!(status.health, Health::Degraded);
    assert!(status.health_reason.contains("another daemon"), "{}", status.health_reason);
    let asked = running.domain.request(
        Request::LogOut { agent: "ana".to_owned() },
        Person { name: "pat".to_owned(), reason: String::new() },
    );
    let refusal = asked.await.expect_err("nobody serves");
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::Unavailable, code::FENCED));
}

#[tokio::test(start_paused = true)]
async fn an_epoch_that_the_log_has_seen_does_not_begin_again() {
    let log = Arc::new(MemoryLog::new());
    let first = run_with(Shared(Arc::clone(&log)), Settings { epoch: 3, ..Settings::default() });
    first.ready("ana").await;
    first.domain.stop().await;
    let begin = async |epoch| {
        let settings = Settings { epoch, ..Settings::default() };
        let found = (Shared(Arc::clone(&log)), recovered(&*log).await);
        start(&plan(), clock(), found, settings).err()
    };
    let refused = begin(3).await.expect("the epoch has been");
    assert!(refused.to_string().contains("higher than any before"), "{refused}");
    let settings = Settings { epoch: 4, ..Settings::default() };
    let found = recovered(&*log).await;
    let next = run_from(plan(), Shared(Arc::clone(&log)), found, settings);
    next.ready("ben").await;
    next.domain.stop().await;
    let batches = log.read(1).await.expect("it is all there");
    let epochs: Vec<u64> = batches.iter().map(|batch| batch.epoch).collect();
    assert_eq!(epochs, [3, 3, 4, 4]);
    let before = batches[1].first_sequence + batches[1].entries.len() as u64;
    assert_eq!(batches[2].first_sequence, before, "sequences go on");
}

#[tokio::test(start_paused = true)]
async fn callers_are_connected_though_the_disk_hangs() {
    let log = FaultyLog::new(MemoryLog::new(), Faults::default());
    let gate = log.gate();
    let running = run_on(log);
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    gate.hold();
    pbx.offer("c1", "billing").await;
    let offer = pbx.rings().await;
    pbx.result(offer, OfferResult::Accepted).await;
    let connect = timeout(Duration::from_secs(CONNECT_SECS), pbx.order()).await;
    let connect = connect.expect("in time for the bridge");
    assert!(matches!(connect, Order::Connect { .. }), "{connect:?}");
    assert_eq!(running.domain.status().health, Health::Degraded);
    gate.let_go();
    let last = pbx.number;
    pbx.acknowledged(last).await;
    assert_eq!(running.domain.status().health, Health::Serving);
}

#[tokio::test(start_paused = true)]
async fn who_would_rather_stop_than_go_on_without_his_log_waits_for_one_that_hangs() {
    let settings = Settings { stop_when_log_fails: true, ..Settings::default() };
    let (running, gate, _passed) = run_noting(settings);
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    gate.hold();
    pbx.offer("c1", "billing").await;
    let offer = pbx.rings().await;
    pbx.result(offer, OfferResult::Accepted).await;
    let quiet = timeout(Duration::from_secs(CONNECT_SECS - 1), pbx.order()).await;
    assert!(quiet.is_err(), "nothing leaves that might be forgotten");
    gate.let_go();
    assert!(matches!(pbx.order().await, Order::Connect { .. }));
}

#[tokio::test(start_paused = true)]
async fn what_an_adapter_said_and_that_it_was_heard_are_stored_together() {
    for each_message_by_itself in [true, false] {
        let log = Arc::new(MemoryLog::new());
        let settings = Settings { each_message_by_itself, ..Settings::default() };
        let first = run_with(Shared(Arc::clone(&log)), settings);
        let mut pbx = first.connect("pbx", 7).await;
        pbx.offer("c1", "billing").await;
        pbx.say(ended("c1")).await;
        let last = pbx.number;
        pbx.acknowledged(last).await;
        first.domain.stop().await;
        // A crash may leave any number of whole batches; those of the beginning are acknowledged.
        let all = log.read(1).await.expect("memory answers");
        for kept in 4..=all.len() {
            let log = Arc::new(MemoryLog::new());
            for batch in &all[..kept] {
                let tail = log.tail().await.expect("memory answers");
                log.append(Arc::clone(batch), tail).await;
            }
            is_said_once(log, [(2, offered("c1", "billing")), (3, ended("c1"))]).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_resync_that_lets_go_of_many_parts_no_message_from_the_note_that_it_was_heard() {
    let (running, gate, passed) = run_noting(Settings::default());
    let mut pbx = running.connect("pbx", 7).await;
    for number in 0..BATCH_ENTRIES_MAX + 100 {
        pbx.offer(&format!("c{number}"), "billing").await;
    }
    let last = pbx.number;
    pbx.acknowledged(last).await;
    let before = passed.try_iter().count();
    assert!(before > 0);

    // In one round: a call that is new, and the end of a resync that names none of the others.
    let mut again = running.open(hello("pbx", 7, 0, 0)).await;
    gate.hold();
    again.offer("new", "billing").await;
    again.holds(ResyncPart::Done).await;
    while running.calls().len() > 1 {
        tokio::task::yield_now().await;
    }
    gate.let_go();
    let last = again.number;
    again.acknowledged(last).await;
    let batches: Vec<_> = passed.try_iter().collect();
    let has = |batch: &Batch, is_it: fn(&Command) -> bool| {
        batch.entries.iter().any(|entry| is_it(&entry.command))
    };
    let offers = |batch: &Batch| has(batch, |it| matches!(it, Command::CallOffered { .. }));
    let offered = batches.iter().find(|batch| offers(batch)).expect("it was stored");
    assert!(has(offered, |it| matches!(it, Command::AdapterHeard { .. })));
    assert!(batches.len() > 1, "the rest did not fit into one");
}

/// An adapter comes back to what a log holds, and says again what that does not know of.
async fn is_said_once(log: Arc<MemoryLog>, said: [(u64, AdapterMessage); 2]) {
    let found = recovered(&*log).await;
    let settings = Settings { epoch: 2, ..Settings::default() };
    let next = run_from(plan(), Shared(Arc::clone(&log)), found, settings);
    let mut again = next.open(hello("pbx", 7, 1, 0)).await;
    for (number, message) in said {
        if number > again.session.welcome.received {
            again.say(message).await;
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let batches = log.read(1).await.expect("memory answers");
    let entries = batches.iter().flat_map(|batch| &batch.entries);
    let arrivals =
        entries.filter(|entry| matches!(entry.command, Command::CallOffered { .. })).count();
    let rejected = next.domain.status().rejected;
    assert_eq!((arrivals, rejected), (1, 0), "the call came once, and nothing was refused");
}
