//! Shared streams: encoded once, without gaps, for those who resume, read slowly, or select.

#![expect(clippy::disallowed_types, reason = "a listener in a test; the driver is not here")]

use super::fold::{Dice, anything, do_as_told};
use super::*;
use crate::subscription::Feed;
use acd_core::Timestamp;
use acd_journal::MemoryLog;
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use tokio::runtime::Handle;

/// What a message says.
#[derive(Clone, Debug, Default)]
struct Said {
    queues: Vec<QueueRow>,
    skill_queues: Vec<SkillQueueRow>,
    agents: Vec<AgentRow>,
    calls_gone: Vec<CallRow>,
    calls: Vec<CallRow>,
    events: Vec<EventRow>,
    decisions: Vec<Step>,
}

impl Said {
    fn of(rows: &Shown<'_>) -> Self {
        fn own<Row: Clone>(rows: &[&Row]) -> Vec<Row> {
            rows.iter().map(|row| (*row).clone()).collect()
        }
        Self {
            queues: own(&rows.queues),
            skill_queues: own(&rows.skill_queues),
            agents: own(&rows.agents),
            calls_gone: own(&rows.calls_gone),
            calls: own(&rows.calls),
            events: own(&rows.events),
            decisions: own(&rows.decisions),
        }
    }
}

/// Keeps what it has encoded; the bytes of a message say where, and make up the length.
#[derive(Clone, Debug, Default)]
struct Notebook {
    said: Arc<Mutex<Vec<Said>>>,
    pad: usize,
}

impl Notebook {
    fn note(&self, rows: &Shown<'_>) -> Bytes {
        let mut said = self.said.lock();
        let mut bytes = said.len().to_be_bytes().to_vec();
        bytes.resize(bytes.len() + self.pad, 0);
        said.push(Said::of(rows));
        bytes.into()
    }

    fn read(&self, bytes: &Bytes) -> Said {
        let at = bytes[..8].try_into().expect("eight bytes");
        self.said.lock()[usize::from_be_bytes(at)].clone()
    }

    fn pages(&self) -> usize {
        self.said.lock().len()
    }
}

impl Encode for Notebook {
    fn snapshot(&self, _: Position, _: Timestamp, rows: &Shown<'_>) -> Bytes {
        self.note(rows)
    }

    fn delta(&self, _: Position, _: Position, _: Timestamp, rows: &Shown<'_>) -> Bytes {
        self.note(rows)
    }
}

fn hubs(running: &Running, notebook: &Notebook) -> Hubs<Notebook> {
    Hubs::new(&running.domain, notebook.clone(), Handle::current())
}

fn wanted(views: Views, every: Duration) -> Wanted {
    Wanted { selection: Selection::of(views), every }
}

fn everything() -> Wanted {
    wanted(Views::ALL, Duration::ZERO)
}

/// What a listener makes of what he gets.
#[derive(Debug, Default)]
struct Copy {
    position: Position,
    snapshots: usize,
    queues: BTreeMap<Arc<str>, QueueRow>,
    skill_queues: BTreeMap<(Arc<str>, Asked), SkillQueueRow>,
    agents: BTreeMap<Arc<str>, AgentRow>,
    calls: BTreeMap<u64, CallRow>,
    events: Vec<EventRow>,
    decisions: Vec<Step>,
}

impl Copy {
    fn take(&mut self, message: &Message, said: Said) {
        match message.after {
            None => {
                let snapshots = self.snapshots + 1;
                *self = Self { snapshots, ..Self::default() };
            }
            Some(after) => assert_eq!(after, self.position, "no gap"),
        }
        self.position = message.position;
        self.queues.extend(said.queues.into_iter().map(|row| (row.queue.clone(), row)));
        let line = |row: &SkillQueueRow| (row.queue.clone(), row.require.clone());
        self.skill_queues.extend(said.skill_queues.into_iter().map(|row| (line(&row), row)));
        self.agents.extend(said.agents.into_iter().map(|row| (row.agent.clone(), row)));
        for row in said.calls_gone {
            self.calls.remove(&row.arrival);
        }
        for row in said.calls {
            match row.state {
                CallState::Ended => drop(self.calls.remove(&row.arrival)),
                _ => drop(self.calls.insert(row.arrival, row)),
            }
        }
        self.events.extend(said.events);
        self.decisions.extend(said.decisions);
    }

    /// It is what a selection shows of the state.
    fn check(&self, selection: &Selection, view: &View) {
        let rows = selection.of_view(view);
        let queues: Vec<_> = rows.queues.iter().map(|row| (&row.queue, *row)).collect();
        let mut held: Vec<_> = self.queues.iter().collect();
        held.sort_by_key(|(name, _)| queues.iter().position(|(it, _)| it == name));
        assert_eq!(held, queues);
        let lines: Vec<_> =
            rows.skill_queues.iter().map(|row| (&row.queue, &row.require)).collect();
        assert_eq!(self.skill_queues.len(), lines.len());
        assert!(self.skill_queues.keys().all(|(queue, asks)| lines.contains(&(queue, asks))));
        let calls: BTreeMap<_, _> = rows.calls.iter().map(|row| (&row.arrival, *row)).collect();
        for row in self.calls.values() {
            assert_eq!(calls.get(&row.arrival), Some(&row), "{selection:?}");
        }
        assert_eq!(self.calls.len(), calls.len(), "{selection:?}");
        let agents: BTreeMap<_, _> = rows.agents.iter().map(|row| (&row.agent, *row)).collect();
        assert_eq!(self.agents.iter().collect::<BTreeMap<_, _>>(), agents);
    }
}

async fn hear(listener: &mut Listener<Notebook>, notebook: &Notebook, copy: &mut Copy) {
    let message = timeout(NEVER, listener.next()).await.expect("it comes").expect("it goes on");
    copy.take(&message, notebook.read(&message.bytes));
}

/// Takes in all that has been told and will be told without anything more happening.
async fn hear_all(listener: &mut Listener<Notebook>, notebook: &Notebook, copy: &mut Copy) {
    while let Ok(message) = timeout(Duration::from_secs(2), listener.next()).await {
        let message = message.expect("it goes on");
        copy.take(&message, notebook.read(&message.bytes));
    }
}

#[tokio::test(start_paused = true)]
async fn what_many_watch_is_encoded_once() {
    let running = run_on(MemoryLog::new());
    let notebook = Notebook::default();
    let hubs = hubs(&running, &notebook);
    let mut listeners: Vec<_> =
        (0..10).map(|_| hubs.listen(everything(), None).expect("there is room")).collect();
    let mut first = Vec::new();
    for listener in &mut listeners {
        first.push(listener.next().await.expect("a snapshot"));
    }
    assert_eq!(notebook.pages(), 1, "one snapshot for all");
    assert!(first.iter().all(|it| it.bytes.as_ptr() == first[0].bytes.as_ptr()), "nobody copies");
    running.ready("ana").await;
    let mut next = Vec::new();
    for listener in &mut listeners {
        next.push(listener.next().await.expect("a delta"));
    }
    assert!(next.iter().all(|it| *it == next[0] && it.after == Some(first[0].position)));
    assert_eq!(notebook.pages(), 2, "one delta for all");
}

#[tokio::test(start_paused = true)]
async fn messages_come_no_more_often_than_asked_for_and_hold_each_row_once() {
    let running = run_on(MemoryLog::new());
    let notebook = Notebook::default();
    let every = Duration::from_secs(1);
    let views = Views { agents: true, events: true, ..Views::default() };
    let mut listener =
        hubs(&running, &notebook).listen(wanted(views, every), None).expect("there is room");
    let mut copy = Copy::default();
    hear(&mut listener, &notebook, &mut copy).await;
    running.ready("ana").await;
    hear(&mut listener, &notebook, &mut copy).await;
    let told = tokio::time::Instant::now();
    for _ in 0..10 {
        running.ask(Request::NotReady { agent: "ana".to_owned(), reason: None }).await.expect("ok");
        running.ask(Request::Ready { agent: "ana".to_owned() }).await.expect("ok");
    }
    let message = timeout(NEVER, listener.next()).await.expect("it comes").expect("it goes on");
    assert!(told.elapsed() >= every - Duration::from_millis(1), "{:?}", told.elapsed());
    let said = notebook.read(&message.bytes);
    let changes = said.events.iter().filter(|event| event.kind == "presence_changed").count();
    assert_eq!((said.agents.len(), changes), (1, 20));
}

#[tokio::test(start_paused = true)]
async fn a_hub_ends_with_its_last_listener_and_there_are_so_many_at_once() {
    let running = run_on(MemoryLog::new());
    let hubs = hubs(&running, &Notebook::default());
    let own = |number: usize| wanted(Views::ALL, Duration::from_millis(number as u64));
    let mut listeners: Vec<_> =
        (0..HUBS_MAX).map(|it| hubs.listen(own(it), None).expect("there is room")).collect();
    let refusal = hubs.listen(own(HUBS_MAX), None).expect_err("full");
    assert_eq!(refusal.code, code::TOO_MANY_SUBSCRIBERS);
    let again = hubs.listen(own(0), None).expect("it is there already");
    assert_eq!(running.domain.status().subscribers, HUBS_MAX as u64 + 1);
    drop(listeners.swap_remove(0));
    assert!(hubs.listen(own(HUBS_MAX), None).is_err(), "somebody listens still");
    drop(again);
    tokio::task::yield_now().await;
    hubs.listen(own(HUBS_MAX), None).expect("its hub has ended");
}

#[tokio::test(start_paused = true)]
async fn one_who_comes_back_gets_what_he_missed_and_then_goes_on_with_the_others() {
    let running = run_on(MemoryLog::new());
    let notebook = Notebook::default();
    let hubs = hubs(&running, &notebook);
    let had = running.ask(Request::LogIn { agent: "ana".to_owned(), ready: true }).await;
    let had = had.expect("she may");
    let mut other = hubs.listen(everything(), None).expect("there is room");
    let mut others = Copy::default();
    hear(&mut other, &notebook, &mut others).await;
    running.ready("ben").await;
    running.ready("cleo").await;
    hear_all(&mut other, &notebook, &mut others).await;

    let mut back = hubs.listen(everything(), Some(had)).expect("there is room");
    let mut copy = Copy { position: had, ..Copy::default() };
    hear_all(&mut back, &notebook, &mut copy).await;
    assert_eq!(copy.snapshots, 0);
    let missed = running.domain.view().position().number - had.number;
    assert_eq!(copy.events.len() as u64, missed, "every event");
    let pages = notebook.pages();
    running.ask(Request::LogOut { agent: "ana".to_owned() }).await.expect("she may");
    hear_all(&mut other, &notebook, &mut others).await;
    hear_all(&mut back, &notebook, &mut copy).await;
    assert_eq!(copy.position, others.position);
    assert_eq!(notebook.pages(), pages + 1, "he shares what the others get");

    let elsewhere = Position { epoch: had.epoch + 1, ..had };
    let mut lost = hubs.listen(everything(), Some(elsewhere)).expect("there is room");
    assert_eq!(lost.next().await.expect("a snapshot").after, None);
}

#[tokio::test(start_paused = true)]
async fn one_who_reads_nothing_costs_a_bounded_store_and_then_gets_a_snapshot() {
    let running = run_on(MemoryLog::new());
    let notebook = Notebook { pad: HUB_BYTES_KEPT / 16, ..Notebook::default() };
    let hubs = hubs(&running, &notebook);
    let mut slow = hubs.listen(everything(), None).expect("there is room");
    let mut quick = hubs.listen(everything(), None).expect("there is room");
    let (mut copy, mut others) = (Copy::default(), Copy::default());
    hear(&mut slow, &notebook, &mut copy).await;
    hear(&mut quick, &notebook, &mut others).await;
    running.ready("ana").await;
    hear(&mut slow, &notebook, &mut copy).await;
    for _ in 0..20 {
        running.ask(Request::NotReady { agent: "ana".to_owned(), reason: None }).await.expect("ok");
        running.ask(Request::Ready { agent: "ana".to_owned() }).await.expect("ok");
        hear_all(&mut quick, &notebook, &mut others).await;
    }
    assert_eq!(others.snapshots, 1, "the others are not held up");
    hear(&mut slow, &notebook, &mut copy).await;
    assert_eq!((copy.snapshots, copy.position), (2, running.domain.view().position()));
    copy.check(&everything().selection, &running.domain.view());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_domain_ends_the_stream_after_all_has_been_told() {
    let running = run_on(MemoryLog::new());
    let notebook = Notebook::default();
    let hubs = hubs(&running, &notebook);
    let every = Duration::from_secs(60);
    let mut listener = hubs.listen(wanted(Views::ALL, every), None).expect("there is room");
    let mut copy = Copy::default();
    hear(&mut listener, &notebook, &mut copy).await;
    running.ready("ana").await;
    hear(&mut listener, &notebook, &mut copy).await;
    running.ready("ben").await;
    running.domain.stop().await;
    while let Some(message) = timeout(NEVER, listener.next()).await.expect("it comes") {
        copy.take(&message, notebook.read(&message.bytes));
    }
    assert_eq!(copy.position, running.domain.view().position());
    assert!(hubs.listen(everything(), None).is_err(), "nobody begins anything any more");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_none_is_refused_and_what_is_close_is_named() {
    let running = run_on(MemoryLog::new());
    let select = |queues: &[&str], agents: &[&str]| {
        let own = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        running.domain.select(Views::ALL, &own(queues), &own(agents))
    };
    assert_eq!(select(&["billing"], &["ana"]), select(&["billing", "billing"], &["ana"]));
    let refusal = select(&["biling"], &[]).expect_err("no such queue");
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::NotFound, code::UNKNOWN_QUEUE));
    assert_eq!(
        (&*refusal.message, refusal.field),
        ("no queue `biling` in the configuration: did you mean `billing`?", "queues",)
    );
    let refusal = select(&[], &["zoe"]).expect_err("no such agent");
    assert_eq!(refusal.message, "no agent `zoe` in the configuration");
    let longer = "x".repeat(ID_BYTES_MAX + 1);
    assert_eq!(select(&[], &[&longer]).expect_err("too long").code, code::TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn decisions_say_why_each_offer_was_made_and_which_rule_fired() {
    let running = run_on(MemoryLog::new());
    let notebook = Notebook::default();
    let views = Views { decisions: true, ..Views::default() };
    let mut listener = hubs(&running, &notebook)
        .listen(wanted(views, Duration::ZERO), None)
        .expect("there is room");
    let mut copy = Copy::default();
    hear(&mut listener, &notebook, &mut copy).await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    // By then it has asked for less, and cleo will do.
    pbx.acknowledged(2).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    running.ready("cleo").await;
    pbx.rings().await;
    hear_all(&mut listener, &notebook, &mut copy).await;
    let told: Vec<_> = copy
        .decisions
        .iter()
        .map(|step| (step.event.kind, &*step.event.detail, step.decision.is_some()))
        .collect();
    assert_eq!(told, [("rule_fired", "widen", false), ("offer_issued", "", true)]);
    assert!(copy.queues.is_empty() && copy.events.is_empty());
}

/// Selections of all kinds, at rates of all kinds.
fn selections(running: &Running) -> Vec<Wanted> {
    let named = |queues: &[&str], agents: &[&str]| {
        let own = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        running.domain.select(Views::ALL, &own(queues), &own(agents)).expect("they are configured")
    };
    let calls = Selection::of(Views { calls: true, ..Views::default() });
    let quiet = Selection::of(Views { queues: true, ..Views::default() });
    let selections = [
        named(&[], &[]),
        named(&["billing"], &[]),
        named(&["nurse"], &["ben"]),
        named(&[], &["ana"]),
        calls,
        quiet,
    ];
    let rates = [Duration::ZERO, Duration::from_millis(700), Duration::from_secs(20)];
    let every =
        |selection: Selection| rates.map(|every| Wanted { selection: selection.clone(), every });
    selections.into_iter().flat_map(every).collect()
}

#[tokio::test(start_paused = true)]
async fn whatever_is_selected_the_messages_add_up_to_what_it_shows() {
    let mut events = 0;
    for seed in 0..6 {
        let running = run_on(MemoryLog::new());
        let notebook = Notebook::default();
        let hubs = hubs(&running, &notebook);
        let mut pbx = running.connect("pbx", 7).await;
        let (mut dice, mut calls) = (Dice(seed), 0);
        for agent in ["ana", "ben", "cleo"] {
            running.ready(agent).await;
        }
        let mut heard = Vec::new();
        for wanted in selections(&running) {
            let listener = hubs.listen(wanted.clone(), None).expect("there is room");
            heard.push((wanted, listener, Copy::default()));
        }
        for _ in 0..150 {
            anything(&running, &mut pbx, &mut dice, &mut calls).await;
            do_as_told(&mut pbx, &mut dice).await;
            let (wanted, listener, copy) = &mut heard[dice.roll(18) as usize];
            match dice.roll(4) {
                // He goes and comes back with what he has, which may be of a snapshot.
                0 if copy.snapshots > 0 => {
                    *listener = hubs.listen(wanted.clone(), Some(copy.position)).expect("a place");
                }
                0 => {}
                _ => {
                    while let Ok(message) = timeout(Duration::ZERO, listener.next()).await {
                        let message = message.expect("it goes on");
                        copy.take(&message, notebook.read(&message.bytes));
                    }
                }
            }
        }
        running.domain.stop().await;
        for (wanted, mut listener, mut copy) in heard {
            while let Some(message) = timeout(NEVER, listener.next()).await.expect("it comes") {
                copy.take(&message, notebook.read(&message.bytes));
            }
            copy.check(&wanted.selection, &running.domain.view());
            events += copy.events.len();
        }
    }
    assert!(events > 3_000, "only {events} events were told: too little happens");
}

/// Makes sure that the publisher could go on while it encodes.
struct Aside(Arc<Feed>);

impl Encode for Aside {
    fn snapshot(&self, _: Position, _: Timestamp, rows: &Shown<'_>) -> Bytes {
        assert!(!self.0.is_held(), "the publisher would wait for the bytes");
        vec![0; rows.queues.len() + rows.agents.len() + rows.agent_statistics.len()].into()
    }

    fn delta(&self, _: Position, _: Position, _: Timestamp, _: &Shown<'_>) -> Bytes {
        Bytes::new()
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_holds_the_view_while_a_snapshot_is_encoded() {
    let running = run_on(MemoryLog::new());
    let hubs = Hubs::new(&running.domain, Aside(running.domain.feed()), Handle::current());
    let mut listener = hubs.listen(everything(), None).expect("there is room");
    let snapshot = listener.next().await.expect("a snapshot comes first");
    assert_eq!(snapshot.bytes.len(), 2 + 3 + 3, "with the rows of all");
}
