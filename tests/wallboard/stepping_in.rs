//! Interventions by click: what a supervisor asks for on the page takes effect, in his name.

use crate::CONFIG;
use crate::browser::{Browser, Look};
use crate::harness::{Daemon, Watcher};
use acd_proto::v1 as acd;

async fn opened(daemon: &Daemon, view: &str) -> Browser {
    let mut page = Browser::open(&format!("http://{}/#{view}", daemon.http), Look::DESK).await;
    page.until("acdd.hears() && acdd.picture.queues.size === 2").await;
    page
}

/// Chooses an intervention of the open dialog by its title.
async fn choose(page: &mut Browser, title: &str) {
    let find = format!(
        "(() => {{ const it = [...document.querySelectorAll('#details .interventions > .buttons button')]\
         .find(it => !it.hidden && it.textContent === '{title}…'); \
         if (it) it.dataset.chosen = ''; return Boolean(it); }})()"
    );
    page.until(&find).await;
    page.click("#details [data-chosen]").await;
    page.run("delete document.querySelector('#details [data-chosen]').dataset.chosen").await;
    page.until("document.querySelector('#details form')").await;
}

async fn fill(page: &mut Browser, field: &str, text: &str) {
    page.click(&format!("#details form [name='{field}']")).await;
    page.run(&format!("document.querySelector(`#details form [name='{field}']`).select()")).await;
    page.write(text).await;
}

async fn select(page: &mut Browser, field: &str, value: &str) {
    let chosen = format!(
        "(() => {{ const it = document.querySelector(`#details form [name='{field}']`); \
         it.value = '{value}'; it.dispatchEvent(new Event('change')); return it.value; }})()"
    );
    assert_eq!(page.run(&chosen).await, value);
}

async fn confirm(page: &mut Browser) {
    page.click("#details form [type=submit]").await;
}

async fn done(page: &mut Browser) {
    page.until("document.querySelector('#details .said')?.textContent.startsWith('Done')").await;
}

async fn event(watcher: &mut Watcher, kind: &str) -> acd::Event {
    loop {
        if let Some(event) = watcher.events.iter().find(|event| event.kind == kind) {
            return event.clone();
        }
        watcher.take_in().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_moved_raised_and_ended_by_click() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;
    let mut page = opened(&daemon, "calls").await;
    page.click(".calls .grid-body .row").await;
    page.until("document.querySelector('#details .why .story li')").await;

    choose(&mut page, "Move").await;
    select(&mut page, "queue", "front-desk").await;
    // Nobody steps in without a name.
    confirm(&mut page).await;
    let wrong = page.until("document.querySelector('#details .wrong').textContent").await;
    assert!(wrong.as_str().expect("a text").contains("who you are"), "{wrong}");
    fill(&mut page, "actor.name", "kim").await;
    fill(&mut page, "actor.reason", "the right queue").await;
    confirm(&mut page).await;
    done(&mut page).await;
    let left = event(&mut watcher, "place_left").await;
    let origin = left.origin.clone().expect("an origin");
    assert_eq!((&*left.queue, &*left.detail), ("billing", "moved"));
    assert_eq!((&*origin.name, &*origin.reason), ("kim", "the right queue"));
    assert_eq!(daemon.calls().await[0].places[0].queue, "front-desk");

    choose(&mut page, "Priority").await;
    select(&mut page, "priority", "9").await;
    let name = page.run("document.querySelector(`#details [name='actor.name']`).value").await;
    assert_eq!(name, "kim", "the browser remembers who steps in");
    confirm(&mut page).await;
    done(&mut page).await;
    assert_eq!(daemon.calls().await[0].priority, 9);

    // It is offered to the one who was there first, until somebody else is to have it.
    let _sam = daemon.agent("sam").await;
    assert_eq!(pbx.expect_offer().await.agent, "sam");
    let _ana = daemon.agent("ana").await;
    choose(&mut page, "Give to").await;
    fill(&mut page, "agent", "ana").await;
    confirm(&mut page).await;
    done(&mut page).await;
    assert_eq!(pbx.expect_revoke().await.reason(), acd::revoke::Reason::Picked);
    assert_eq!(pbx.expect_offer().await.agent, "ana");

    choose(&mut page, "End").await;
    select(&mut page, "treatment", "VOICEMAIL").await;
    confirm(&mut page).await;
    pbx.expect_revoke().await;
    let end = pbx.expect_end().await;
    assert_eq!(end.treatment(), acd::Treatment::Voicemail);
    page.until("acdd.picture.calls.size === 0").await;
    page.until("document.querySelector('#details').innerText.includes('c1 (pbx) is over')").await;
    assert_eq!(page.complaints(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_closed_and_an_agent_sent_home_by_click() {
    let daemon = Daemon::start(CONFIG).await;
    let _sam = daemon.agent("sam").await;
    let mut page = opened(&daemon, "wall").await;
    page.click(".tile .name").await;
    choose(&mut page, "Close").await;
    fill(&mut page, "actor.name", "kim").await;
    confirm(&mut page).await;
    done(&mut page).await;
    let closed = daemon.queue("front-desk").await.closed || daemon.queue("billing").await.closed;
    assert!(closed);
    page.until("document.querySelector('.tile .badge').textContent === 'Closed'").await;
    choose(&mut page, "Open").await;
    confirm(&mut page).await;
    done(&mut page).await;
    page.press(&["Escape"]).await;
    page.until("!document.querySelector('dialog[open]')").await;

    page.press(&["3"]).await;
    page.until("document.querySelector('.agents .grid-body .row')").await;
    let ready =
        "[...document.querySelectorAll('.agents .row')].find(it => it.innerText.includes('Sam'))";
    page.until(&format!("{ready}?.innerText.includes('ready')")).await;
    page.run(&format!("{ready}.dataset.chosen = ''")).await;
    page.click(".agents [data-chosen]").await;
    choose(&mut page, "Set presence").await;
    select(&mut page, "presence", "LOGGED_OUT").await;
    confirm(&mut page).await;
    done(&mut page).await;
    assert_eq!(daemon.agent_seen("sam").await.presence(), acd::Presence::LoggedOut);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_said_where_it_was_asked() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;
    let mut page = opened(&daemon, "calls").await;
    page.click(".calls .grid-body .row").await;
    choose(&mut page, "Move").await;
    select(&mut page, "queue", "billing").await;
    fill(&mut page, "actor.name", "kim").await;
    confirm(&mut page).await;
    let wrong = page.until("document.querySelector('#details .wrong').textContent").await;
    assert!(!wrong.as_str().expect("a text").is_empty());
    assert_eq!(daemon.calls().await[0].places[0].queue, "billing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_the_page_of_its_agent() {
    let daemon = Daemon::start(CONFIG).await;
    let mut desk = Browser::open(&format!("http://{}/agent", daemon.http), Look::PHONE).await;
    desk.run("document.getElementById('who').value = 'sam'").await;
    desk.click("#log-in [type=submit]").await;
    desk.until("acdd.agent()?.presence === 'ready'").await;
    let mut page = opened(&daemon, "agents").await;
    page.click("#everybody").await;
    choose(&mut page, "Message").await;
    fill(&mut page, "text", "the line to the lab is <b>down</b>").await;
    fill(&mut page, "actor.name", "kim").await;
    confirm(&mut page).await;
    done(&mut page).await;
    let told = desk.until("document.querySelector('.message')?.innerText").await;
    let told = told.as_str().expect("a text");
    assert!(told.contains("the line to the lab is <b>down</b>") && told.contains("kim"), "{told}");
    desk.click(".message button").await;
    desk.until("!document.querySelector('.message')").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_closed_for_a_time() {
    let daemon = Daemon::start(CONFIG).await;
    let mut page = opened(&daemon, "queues").await;
    page.click(".queues .grid-body .row").await;
    choose(&mut page, "Close").await;
    select(&mut page, "lasting", "1800s").await;
    fill(&mut page, "actor.name", "kim").await;
    fill(&mut page, "actor.reason", "fire drill").await;
    confirm(&mut page).await;
    done(&mut page).await;
    let queue = daemon.queue("front-desk").await;
    assert!(queue.closed && queue.closed_until.is_some());
    let said = page.until("document.querySelector('#details .closed').textContent").await;
    let said = said.as_str().expect("a text");
    assert!(said.starts_with("Closed to new calls until "), "{said}");
    assert!(said.ends_with(" by kim: fire drill"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skill_is_given_by_click_and_the_call_that_waits_goes_to_whoever_has_it_now() {
    let daemon = Daemon::start(CONFIG).await;
    let _sam = daemon.agent("sam").await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;
    let mut page = opened(&daemon, "agents").await;
    let sam =
        "[...document.querySelectorAll('.agents .row')].find(it => it.innerText.includes('Sam'))";
    page.until(&format!("{sam}?.innerText.includes('ready')")).await;
    page.run(&format!("{sam}.dataset.chosen = ''")).await;
    page.click(".agents [data-chosen]").await;
    choose(&mut page, "Skill").await;
    fill(&mut page, "skill", "biling").await;
    select(&mut page, "level", "3").await;
    select(&mut page, "lasting", "3600s").await;
    fill(&mut page, "actor.name", "kim").await;
    confirm(&mut page).await;
    let wrong = page.until("document.querySelector('#details .wrong').textContent").await;
    assert!(wrong.as_str().expect("a text").contains("did you mean `billing`"), "{wrong}");
    fill(&mut page, "skill", "billing").await;
    confirm(&mut page).await;
    done(&mut page).await;
    assert_eq!(pbx.expect_offer().await.agent, "sam");
    page.until("document.querySelector('#details').innerText.includes('billing 3 until ')").await;

    choose(&mut page, "Skill").await;
    fill(&mut page, "skill", "billing").await;
    select(&mut page, "level", "configured").await;
    confirm(&mut page).await;
    done(&mut page).await;
    pbx.expect_revoke().await;
    let sam = daemon.agent_seen("sam").await;
    assert!(sam.skills.is_empty() && sam.skills_for_now.is_empty(), "{sam:?}");
    assert_eq!(page.complaints(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_call_waits_is_told_as_it_is_now_for_as_long_as_it_is_open() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    let mut page = opened(&daemon, "calls").await;
    page.click(".calls .grid-body .row").await;
    page.until("document.querySelector('#details .why .story li')").await;
    page.run(
        "window.before = [...document.querySelectorAll('#details .why > *, #details .story li')]",
    )
    .await;
    let focused = page.run("document.activeElement.className").await;
    // Nothing happens to the call itself.
    daemon.agent_at_home("ana").await.log_in(false).await.expect("she logs in");
    page.until("document.querySelector('#details .present').innerText.includes('not ready')").await;
    assert_eq!(page.run("before.every(it => it.isConnected)").await, true, "it is written over");
    assert_eq!(page.run("document.activeElement.className").await, focused);
}
