//! Everything can be reached and done without a mouse, and the focus stays where it is while all changes.

use crate::CONFIG;
use crate::browser::{Browser, Look};
use crate::harness::Daemon;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_found_opened_and_raised_by_keys_alone() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    for number in 1..=40 {
        pbx.offer_call(&format!("c{number}"), "billing").await;
    }
    pbx.everything_acknowledged().await;
    let mut page = Browser::open(&format!("http://{}/", daemon.http), Look::DESK).await;
    page.until("acdd.picture.calls.size === 40").await;
    page.press(&["4"]).await;
    page.until("document.body.dataset.view === 'calls'").await;
    page.press(&["/"]).await;
    page.write("c3").await;
    page.until("document.getElementById('shown').textContent === '11 of 40'").await;
    page.press(&["Escape"]).await;
    page.until("document.getElementById('shown').textContent === ''").await;

    // From the top of the page to the table, by the tabulator alone.
    page.run("document.activeElement?.blur()").await;
    let mut steps = 0;
    while page.run("Boolean(document.activeElement?.closest('.calls .grid-body .row'))").await
        != true
    {
        page.press(&["Tab"]).await;
        steps += 1;
        assert!(steps < 40, "the table is reached by the tabulator");
    }
    let focused = "document.activeElement.querySelector('.call')?.textContent";
    page.press(&["Home"]).await;
    assert_eq!(page.run(focused).await, "c1");
    page.press(&["ArrowDown", "ArrowDown"]).await;
    assert_eq!(page.run(focused).await, "c3");
    page.press(&["End"]).await;
    assert_eq!(page.run(focused).await, "c40");
    page.press(&["Home", "ArrowDown"]).await;
    assert_eq!(page.run(focused).await, "c2");

    // The row above goes, and others come: the focus is on the same call.
    pbx.end_call("c1").await;
    pbx.offer_call("c41", "billing").await;
    page.until("acdd.picture.calls.has('pbx\\nc41') && !acdd.picture.calls.has('pbx\\nc1')").await;
    assert_eq!(page.run(focused).await, "c2");
    // The call itself goes: the next one takes the focus.
    pbx.end_call("c2").await;
    page.until("!acdd.picture.calls.has('pbx\\nc2')").await;
    page.until(&format!("{focused} === 'c3'")).await;

    page.press(&["Enter"]).await;
    page.until("document.getElementById('details').open").await;
    let mut steps = 0;
    while page.run("document.activeElement?.textContent === 'Priority…'").await != true {
        page.press(&["Tab"]).await;
        steps += 1;
        assert!(steps < 20, "the interventions are reached by the tabulator");
    }
    page.press(&["Enter"]).await;
    page.until("document.activeElement?.name === 'priority'").await;
    page.press(&["ArrowDown", "ArrowDown"]).await;
    page.press(&["Tab", "Tab"]).await;
    page.until("document.activeElement?.name === 'actor.name'").await;
    page.write("kim").await;
    page.press(&["Enter"]).await;
    page.until("document.querySelector('#details .said')?.textContent.startsWith('Done')").await;
    let calls = daemon.calls().await;
    let raised = calls.iter().find(|it| it.call.as_ref().is_some_and(|it| it.call_id == "c3"));
    assert_eq!(raised.expect("it waits").priority, 9);

    page.press(&["Escape"]).await;
    page.until("!document.getElementById('details').open").await;
    assert_eq!(page.run(focused).await, "c3", "the focus comes back to where it was");
    page.press(&["?"]).await;
    page.until("document.getElementById('help').open").await;
    page.press(&["Escape"]).await;
    assert_eq!(page.complaints(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn single_keys_can_be_switched_off_and_are_not_repeated() {
    let daemon = Daemon::start(CONFIG).await;
    let address = format!("http://{}/", daemon.http);
    let mut page = Browser::open(&address, Look::DESK).await;
    page.until("acdd.picture.queues.size === 2").await;
    let theme = "document.documentElement.dataset.theme ?? 'system'";
    page.press(&["T"]).await;
    assert_eq!(page.run(theme).await, "light");
    let held = json!({"type": "keyDown", "key": "t", "text": "t", "autoRepeat": true});
    page.ask("Input.dispatchKeyEvent", held).await;
    assert_eq!(page.run(theme).await, "light");
    page.press(&["?"]).await;
    page.click("#keys-act").await;
    page.press(&["Escape"]).await;
    page.go_to(&address).await;
    // Until it hears, its head is not yet where it stays.
    page.until("acdd.hears()").await;
    page.press(&["t", "3", "?"]).await;
    assert_eq!(page.run(theme).await, "light");
    assert_eq!(page.run("document.body.dataset.view").await, "wall");
    page.click("#help-open").await;
    page.click("#keys-act").await;
    page.press(&["Escape", "3"]).await;
    page.until("document.body.dataset.view === 'agents'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_takes_the_events_back_to_the_latest() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let address = format!("http://{}/#events", daemon.http);
    let mut page = Browser::open(&address, Look::DESK).await;
    page.until("acdd.hears()").await;
    for number in 1..=60 {
        pbx.offer_call(&format!("c{number}"), "billing").await;
    }
    page.until("acdd.picture.calls.size === 60").await;
    page.run("document.getElementById('events-grid').scrollTop = 300").await;
    page.until("!document.getElementById('events-paused').hidden").await;
    page.press(&["/"]).await;
    page.write("c42").await;
    page.until("/^[12] of /.test(document.getElementById('shown').textContent)").await;
    let rows = "[...document.querySelectorAll('.events .grid-body .row .call')]";
    page.until(&format!("{rows}.length && {rows}.every(it => it.innerText === 'c42')")).await;
    assert_eq!(page.run("document.getElementById('events-paused').hidden").await, true);
}
