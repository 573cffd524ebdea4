//! What is old is said to be old, and heals without anybody doing anything.

use crate::CONFIG;
use crate::browser::{Browser, Look};
use crate::harness::{Daemon, Fate, Network};
use serde_json::json;

/// The page is old, says so, and shows no age that goes on.
const IS_STALE: &str = "document.body.dataset.stale === 'true' && \
                        !document.getElementById('stale').hidden && !acdd.hears()";
const IS_FRESH: &str = "document.body.dataset.stale === 'false' && \
                        document.getElementById('stale').hidden && acdd.hears()";
/// Keeps what the page has heard of the daemon's time.
const NOTES_BEATS: &str = "const listen = EventSource.prototype.addEventListener; \
     EventSource.prototype.addEventListener = function (kind, take) { \
       if (kind === 'heartbeat') listen.call(this, kind, it => window.beat = JSON.parse(it.data)); \
       listen.call(this, kind, take); }";
const LAST_BEAT: &str = "new Date(beat.at_us / 1000).toTimeString().slice(0, 8)";

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_falls_silent_is_told_and_heals() {
    let daemon = Daemon::start(CONFIG).await;
    let network = Network::to_address(daemon.http).await;
    let mut page = Browser::open(&network.server, Look::DESK).await;
    page.ask("Page.addScriptToEvaluateOnNewDocument", json!({"source": NOTES_BEATS})).await;
    page.go_to(&network.server).await;
    page.until("acdd.hears() && acdd.picture.queues.size === 2").await;
    page.until(IS_FRESH).await;

    // Both ends are open, and nothing passes: no error tells of it.
    network.is_closed(true);
    network.all(Fate::FallsSilent);
    page.until(IS_STALE).await;
    let clock = page.run(LAST_BEAT).await;
    let clock = clock.as_str().expect("a time of day");
    let told = page.run("document.getElementById('stale-since').innerText").await;
    assert_eq!(told, format!("Not connected. What you see is as it was at {clock}."));
    assert_eq!(page.run("document.getElementById('clock').textContent").await, clock);

    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;
    daemon.watcher().await.until_calls(1).await;
    assert_eq!(page.run("acdd.picture.calls.size").await, 0, "it cannot know");
    assert_eq!(page.run("document.getElementById('clock').textContent").await, clock);

    network.is_closed(false);
    page.until(IS_FRESH).await;
    page.until("acdd.picture.calls.size === 1").await;
    assert_eq!(page.run("performance.getEntriesByType('navigation').length").await, 1);
    assert_eq!(
        page.run("acdd.picture.events.some(it => it.kind === 'events_missed')").await,
        false
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_starts_anew_is_followed_into_its_epoch() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let network = Network::to_address(daemon.http).await;
    let mut page = Browser::open(&network.server, Look::DESK).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;
    page.until("acdd.picture.calls.size === 1").await;
    let before = page.run("acdd.position().epoch").await.as_u64().expect("an epoch");

    daemon.kill();
    page.until(IS_STALE).await;
    let daemon = daemon.start_again().await;
    network.leads_to_address(daemon.http);
    page.until(IS_FRESH).await;
    let after = page.until(&format!("acdd.position().epoch > {before}")).await;
    assert_eq!(after, true);
    page.until("acdd.picture.calls.size === 1").await;
    let queue = "document.querySelector('.tile:nth-child(2) .waiting dd')?.textContent === '1' || \
                 document.querySelector('.tile:nth-child(1) .waiting dd')?.textContent === '1'";
    page.until(queue).await;
}
