//! Accessibility as a machine can check it: no violations that axe-core knows of, by WCAG 2.2 A and AA.

use crate::CONFIG;
use crate::browser::{Browser, Look};
use crate::harness::{Daemon, call};
use acd_proto::v1 as acd;
use serde_json::Value;
use std::collections::HashMap;

/// The checker's script, which `run` gets; without it the test says that it is skipped.
fn axe() -> Option<String> {
    let Ok(path) = std::env::var("AXE_CORE") else {
        println!("SKIPPED: axe-core cannot be had here");
        return None;
    };
    Some(std::fs::read_to_string(path).expect("a readable script"))
}

/// As the page looks when it hears nothing.
const LOOKS_STALE: &str = "document.body.dataset.stale = 'true'; \
                           document.getElementById('stale').hidden = false; \
                           document.getElementById('stale-since').textContent = 'Not connected.'";

/// What the checker objects to, now.
async fn check(page: &mut Browser, axe: &str, what: &str) {
    if page.run("typeof axe").await != "object" {
        page.run(axe).await;
    }
    // Colours that are fading in are none that anybody reads.
    let run = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})\
               .then(({violations, passes}) => ({passes: passes.length, violations: violations.map(\
               ({id, help, nodes}) => ({id, help, nodes: nodes.slice(0, 4).map(\
               ({html, failureSummary}) => html.slice(0, 200) + ' :: ' + failureSummary)}))}))";
    let found = page.run(run).await;
    assert!(found["passes"].as_u64().is_some_and(|passes| passes > 10), "it was checked: {found}");
    assert_eq!(found["violations"], Value::Array(Vec::new()), "{what}: {found:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallboard_is_accessible() {
    let Some(axe) = axe() else { return };
    let daemon = Daemon::start(CONFIG).await;
    let _sam = daemon.agent("sam").await;
    let mut pbx = daemon.adapter("pbx").await;
    // An emergency, and a call that nobody is there for: an alarm.
    pbx.offer_call_at("c1", "billing", 9).await;
    pbx.offer_call("c2", "front-desk").await;
    pbx.expect_offer().await;
    for look in [Look::DESK, Look::DARK, Look::PHONE] {
        let mut page = Browser::open(&format!("http://{}/", daemon.http), look).await;
        page.until("document.querySelector('.tile[data-grade=alarm]')").await;
        for view in ["wall", "queues", "agents", "calls", "events"] {
            page.run(&format!("location.hash = '{view}'")).await;
            page.until(&format!("document.body.dataset.view === '{view}'")).await;
            check(&mut page, &axe, &format!("{view}, {look:?}")).await;
        }
        for (view, row) in [
            ("wall", ".tile .name"),
            ("agents", ".agents .grid-body .row"),
            ("calls", ".calls .grid-body .row"),
        ] {
            page.run(&format!("location.hash = '{view}'")).await;
            page.click(row).await;
            page.until("document.getElementById('details').open").await;
            page.click("#details .interventions .buttons button:not([hidden])").await;
            page.click("#details form [type=submit]").await;
            page.until("document.querySelector('#details .wrong')?.textContent").await;
            check(&mut page, &axe, &format!("details in {view}, {look:?}")).await;
            page.run("document.getElementById('details').close()").await;
        }
        page.click("#help-open").await;
        check(&mut page, &axe, &format!("help, {look:?}")).await;
        // What is old is grey, and can be read all the same.
        page.run("document.getElementById('help').close(); location.hash = 'wall'").await;
        page.run(LOOKS_STALE).await;
        check(&mut page, &axe, &format!("stale, {look:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_page_is_accessible() {
    let Some(axe) = axe() else { return };
    let daemon = Daemon::start(CONFIG).await;
    for (number, look) in [Look::DESK, Look::DARK, Look::PHONE].into_iter().enumerate() {
        let mut page = Browser::open(&format!("http://{}/agent", daemon.http), look).await;
        page.until("!document.getElementById('log-in').hidden").await;
        check(&mut page, &axe, &format!("log in, {look:?}")).await;
        page.run("document.getElementById('who').value = 'sam'").await;
        page.click("#log-in [type=submit]").await;
        page.until("acdd.agent()?.presence === 'ready'").await;
        page.press(&["n"]).await;
        check(&mut page, &axe, &format!("ready, {look:?}")).await;
        page.press(&["n"]).await;
        // A new one each time: checking takes longer than an adapter may be silent.
        let mut pbx = daemon.adapter(&format!("pbx-{number}")).await;
        let id = format!("c{number}");
        let attributes = HashMap::from([
            ("screen_pop".to_owned(), "https://crm.example/42".to_owned()),
            ("crm".to_owned(), "token".to_owned()),
        ]);
        pbx.offer_call_with(acd::CallOffered { attributes, ..call(&id, "front-desk") }).await;
        let offer = pbx.expect_offer().await;
        page.until("document.querySelector('.offer')").await;
        check(&mut page, &axe, &format!("ringing, {look:?}")).await;
        page.press(&["a"]).await;
        pbx.expect_connect().await;
        pbx.bridged(&offer).await;
        pbx.end_call(&id).await;
        page.until("document.querySelector('form.hand')").await;
        check(&mut page, &axe, &format!("wrap-up, {look:?}")).await;
        page.press(&["e"]).await;
        page.until("!document.querySelector('form.hand')").await;
        page.click("#log-out").await;
        page.until("!document.getElementById('log-in').hidden").await;
    }
}
