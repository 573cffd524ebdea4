//! The page says what the watch says: its numbers are a recorded stream folded to its very position.

mod curves;
mod expected;
mod record;

use crate::CONFIG;
use crate::browser::{Browser, Look};
use crate::harness::Daemon;
use acd_proto::v1::Position;
use curves::Drawn;
use expected::{Cells, Trouble, day, figures, of_agent, of_all, of_call, of_queue, troubles};
use record::{Folded, Record};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How often each view is compared.
const COMPARED: usize = 5;
/// How often each queue and agent is opened.
const OPENED: usize = 2;
/// How many agents are.
const AGENTS_OPENED: usize = 6;
/// How many queues' curves are.
const DRAWN: usize = 3;
/// So much has happened that every figure has something to say.
const BUSY: &str = "acdd.position().number > 200 && acdd.picture.calls.size > 3 && \
    [...acdd.picture.queueStatistics.values()] \
      .some(({today: it}) => it.answered > 10 && it.abandoned > 0 && it.handle_mean > 0) && \
    [...acdd.picture.agentStatistics.values()].some(it => it.connected > 2)";
/// What is written in the page, all at one position and at one instant.
const WRITTEN: &str = "(() => { \
    const shown = acdd.written(); \
    const texts = (node, selector) => \
      [...node.querySelectorAll(selector)].map(it => it.textContent); \
    const rows = [...document.querySelectorAll('#details tbody tr')]; \
    const facts = [...document.querySelectorAll('#details .facts > div')]; \
    return { ...shown, \
      alarms: texts(document, '#alarms:not([hidden]) button'), \
      title: document.title, \
      trouble: texts(details, '.trouble').join(), \
      figures: rows.map(row => [...row.children].map(it => it.textContent)), \
      facts: Object.fromEntries(facts.map(it => [...it.children].map(it => it.textContent))) }; })()";

/// Where the page stands.
fn position(written: &Value) -> Position {
    let part = |name: &str| written["position"][name].as_u64().expect("a number");
    Position { epoch: part("epoch"), number: part("number") }
}

fn now(written: &Value) -> f64 {
    written["now"].as_f64().expect("the page's time")
}

fn troubles_of(queue: &str, folded: &Folded, now: f64) -> Vec<Trouble> {
    troubles(&folded.queues[queue], &folded.queue_statistics[queue], now)
}

/// What a view has written, against what it should have.
fn compare(view: &str, written: &Value, folded: &Folded) {
    let now = now(written);
    let expected: BTreeMap<String, Cells> = match view {
        "wall" | "queues" => {
            let of = |(key, row): (&String, _)| {
                (key.clone(), of_queue(row, &folded.queue_statistics[key], now))
            };
            folded.queues.iter().map(of).collect()
        }
        "agents" => {
            let of = |(key, row): (&String, _)| {
                (key.clone(), of_agent(row, &folded.agent_statistics[key], now))
            };
            folded.agents.iter().map(of).collect()
        }
        _ => folded.calls.iter().map(|(key, row)| (key.clone(), of_call(row, now))).collect(),
    };
    let rows = written["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), expected.len(), "all rows are there: {view}");
    for row in rows {
        let key = row["key"].as_str().expect("a key");
        for (column, text) in &expected[key] {
            let cell = row["cells"][column].as_str().expect("a cell");
            assert_eq!(cell, text, "{view}, {key:?}, {column}, at {:?}", folded.position);
        }
        let found = match view {
            "wall" | "queues" => troubles_of(key, folded, now),
            _ => continue,
        };
        let (cell, text) = match view {
            "wall" => {
                let texts: Vec<&str> = found.iter().map(|it| it.text.as_str()).collect();
                ("note", texts.join(" · "))
            }
            _ => ("trouble", found.first().map_or_else(String::new, Trouble::marked)),
        };
        let cell = row["cells"][cell].as_str().expect("a cell");
        let says_other = |it: &str| {
            ["Target ", "Rule in force: ", "Closed", "Open"].iter().any(|word| it.starts_with(word))
        };
        let is_calm = text.is_empty() && (cell.is_empty() || says_other(cell));
        assert!(
            is_calm || cell == text,
            "{view}, {key:?}, at {:?}: {cell}: {text}",
            folded.position
        );
    }
    if view == "wall" {
        for (name, text) in of_all(folded, now) {
            assert_eq!(written["summary"][name], text, "{name}, at {:?}", folded.position);
        }
    }
}

/// The line of alarms, which stands above every view.
fn compare_alarms(written: &Value, folded: &Folded) {
    let now = now(written);
    let alarms: Vec<String> = folded
        .queues
        .keys()
        .flat_map(|queue| troubles_of(queue, folded, now).into_iter().map(move |it| (queue, it)))
        .filter(|(_, trouble)| trouble.is_alarm)
        .map(|(queue, trouble)| format!("▲ {queue}: {}", trouble.text))
        .collect();
    let title = match alarms.len() {
        0 => "acdd".to_owned(),
        many => format!("▲ {many} · acdd"),
    };
    assert_eq!(written["title"], title, "{alarms:?}");
    let named = written["alarms"].as_array().expect("alarms");
    // The line holds the first six.
    assert_eq!(named.len(), alarms.len().min(6));
    for name in named {
        let name = name.as_str().expect("a text");
        assert!(alarms.iter().any(|alarm| alarm == name), "{name}: {alarms:?}");
    }
}

/// Opens a row as a person does.
async fn open(page: &mut Browser, view: &str, key: &str, title: &str) {
    let key = json!(key);
    let row = format!("document.querySelector(`.{view} .row[data-key=${{CSS.escape({key})}}]`)");
    page.run(&format!("{row}.click()")).await;
    let title = json!(title);
    page.until(&format!("details.open && details.querySelector('h2').textContent === {title}"))
        .await;
}

async fn close(page: &mut Browser) {
    page.run("details.querySelector('.close').click()").await;
    page.until("!details.open").await;
}

/// Waits until the page stands behind this.
async fn goes_on(page: &mut Browser, after: Position) {
    page.until(&format!("acdd.position().number > {}", after.number)).await;
}

async fn at_a_busy_time() -> (Daemon, Record, Browser) {
    let daemon = Daemon::start_built_in(&["--demo", "--clock-scale", "60"]).await;
    let record = Record::begin(&daemon).await;
    // So high that every row is in sight.
    let look = Look { width: 1600, height: 6000, theme: "light" };
    let mut page = Browser::open(&format!("http://{}/", daemon.http), look).await;
    page.until(BUSY).await;
    (daemon, record, page)
}

async fn show(page: &mut Browser, view: &str) {
    page.run(&format!("location.hash = '{view}'")).await;
    page.until(&format!("document.body.dataset.view === '{view}'")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_is_the_watch_folded_to_the_same_event() {
    let (_daemon, mut record, mut page) = at_a_busy_time().await;
    let mut last = Position::default();
    for _ in 0..COMPARED {
        for view in ["wall", "queues", "agents", "calls"] {
            show(&mut page, view).await;
            goes_on(&mut page, last).await;
            let written = page.run(WRITTEN).await;
            last = position(&written);
            let folded = record.folded_to(last).await;
            compare(view, &written, &folded);
            compare_alarms(&written, &folded);
        }
    }
    assert_eq!(page.complaints(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_whatever_is_opened_are_the_watch_folded_to_the_same_event() {
    let (_daemon, mut record, mut page) = at_a_busy_time().await;
    let written = page.run(WRITTEN).await;
    let mut last = position(&written);
    let folded = record.folded_to(last).await;
    for _ in 0..OPENED {
        show(&mut page, "queues").await;
        for queue in folded.queues.keys() {
            open(&mut page, "queues", queue, queue).await;
            goes_on(&mut page, last).await;
            let written = page.run(WRITTEN).await;
            last = position(&written);
            let folded = record.folded_to(last).await;
            let statistics = &folded.queue_statistics[queue];
            assert_eq!(written["figures"], json!(figures(statistics)), "{queue}, at {last:?}");
            let found = troubles_of(queue, &folded, now(&written));
            let found: Vec<String> = found.iter().map(Trouble::marked).collect();
            assert_eq!(written["trouble"], found.join(" · "), "{queue}, at {last:?}");
            close(&mut page).await;
        }
        show(&mut page, "agents").await;
        let mut busiest: Vec<_> = folded.agent_statistics.iter().collect();
        busiest.sort_by_key(|(_, it)| it.today.as_ref().map_or(0, |today| today.connected));
        for (agent, _) in busiest.into_iter().rev().take(AGENTS_OPENED) {
            let name = &folded.agents[agent].name;
            open(&mut page, "agents", agent, &format!("{name} ({agent})")).await;
            goes_on(&mut page, last).await;
            let written = page.run(WRITTEN).await;
            last = position(&written);
            let folded = record.folded_to(last).await;
            for (name, text) in day(&folded.agent_statistics[agent]) {
                assert_eq!(written["facts"][name], text, "{agent}, {name}, at {last:?}");
            }
            close(&mut page).await;
        }
    }
    assert_eq!(page.complaints(), [] as [String; 0]);
}

/// The page asks for them when it opens a queue, and the answer does not say for which event it holds. So the record
/// must have come past what is drawn, between the event at which it was asked for and the one at which it was there.
#[tokio::test(flavor = "multi_thread")]
async fn the_curves_of_a_queue_add_up_to_what_the_watch_told_meanwhile() {
    let (daemon, mut record, mut page) = at_a_busy_time().await;
    show(&mut page, "queues").await;
    let mut drawn_queues: Vec<String> = Vec::new();
    while drawn_queues.len() < DRAWN {
        let another = format!(
            "[...acdd.picture.queueStatistics.values()].find(it => \
               it.today.answered > 0 && !{}.includes(it.queue)).queue",
            json!(drawn_queues)
        );
        let queue = page.until(&another).await.as_str().expect("a name").to_owned();
        let asked = position(&page.run(WRITTEN).await);
        open(&mut page, "queues", &queue, &queue).await;
        page.until("document.querySelectorAll('#details .curve').length === 3").await;
        let drawn = Drawn::of(&page.run(curves::READ).await);
        let there = daemon.status().await.position.expect("a position");
        let (mut came_past, mut seen) = (false, Vec::new());
        record
            .each(asked, there, |folded| {
                let today = folded.queue_statistics[&queue].today.expect("figures");
                came_past |= drawn.is(&today);
                seen.push((today.entered, today.answered, today.abandoned, today.wait_sum));
            })
            .await;
        seen.dedup();
        assert!(came_past, "{queue}, from {asked:?} to {there:?}: {drawn:?} is none of {seen:?}");
        drawn_queues.push(queue);
        close(&mut page).await;
    }
    assert_eq!(page.complaints(), [] as [String; 0]);
}

/// That a dialog is closed is told with the next frame, when another one may be open.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_opened_as_another_is_closed_goes_on() {
    let daemon = Daemon::start(CONFIG).await;
    let mut page = Browser::open(&format!("http://{}/", daemon.http), Look::DESK).await;
    page.until("document.querySelectorAll('.tile').length === 2").await;
    page.run("document.querySelector('.tile button[title=billing]').click()").await;
    page.until("details.open").await;
    page.run(
        "details.querySelector('.close').click(); \
         document.querySelector('.tile button[title=front-desk]').click()",
    )
    .await;
    page.until("details.open && details.querySelector('h2').textContent === 'front-desk'").await;
    // Two frames on, whatever has to be told has been.
    page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))").await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "front-desk").await;
    pbx.everything_acknowledged().await;
    page.until("details.querySelector('.facts dd').textContent === '1'").await;
}
