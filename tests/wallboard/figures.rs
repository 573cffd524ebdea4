//! What the page makes of its numbers: alarms in words, and curves.

use crate::CONFIG;
use crate::browser::{Browser, Look};
use crate::harness::Daemon;
use serde_json::json;

async fn opened(daemon: &Daemon) -> Browser {
    let mut page = Browser::open(&format!("http://{}/", daemon.http), Look::DESK).await;
    page.until("acdd.hears() && acdd.picture.queues.size === 2").await;
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn what_misses_its_target_by_little_is_not_rounded_to_it() {
    let daemon = Daemon::start(CONFIG).await;
    let _sam = daemon.agent("sam").await;
    let mut page = opened(&daemon).await;
    for (level, gave_up, text) in [
        (79.6, 0.0, "79.6% in time, target 80%"),
        (79.99, 0.0, "79.9% in time, target 80%"),
        (79.4, 0.0, "79% in time, target 80%"),
        (90.0, 5.01, "5.1% gave up, at most 5%"),
    ] {
        let told = format!(
            "(async () => {{ const {{ troubles }} = await import('/pages/wallboard/figures.js'); \
             const queue = {{ ...acdd.picture.queues.get('billing'), service_level_percent: 80 }}; \
             const statistics = {{ ...acdd.picture.queueStatistics.get('billing'), \
             last_30_minutes: {{ answered: 20, abandoned: 0, service_level: {level}, \
             abandonment_percent: {gave_up} }} }}; \
             return troubles({{ queue, statistics }}, 0).map(it => it.text); }})()"
        );
        assert_eq!(page.run(&told).await, json!([text]));
    }
    let ready = page.until("acdd.written().summary.available_more").await;
    assert_eq!(ready, "of 1 logged in");
}

#[tokio::test(flavor = "multi_thread")]
async fn curves_are_told_apart_without_colours() {
    let daemon = Daemon::start(CONFIG).await;
    let mut page = opened(&daemon).await;
    let drawn = "(async () => { const { curves } = await import('/pages/wallboard/curves.js'); \
         const of = start => ({ start, entered: 9, answered: 7, abandoned: 2, service_level: 70, wait_mean: 9 }); \
         const host = document.body.appendChild(document.createElement('div')); host.className = 'curves'; \
         host.append(...curves([of(0), of(900000)], 80)); \
         const chart = host.firstElementChild; \
         const looks = sort => ['.s1', '.s2'].map(it => sort(chart, it)); \
         return [...looks((it, of) => getComputedStyle(it.querySelector(`path${of}`)).strokeDasharray), \
           ...looks((it, of) => getComputedStyle(it.querySelector(`.key${of}`), '::before').backgroundImage), \
           Math.min(...[...host.querySelectorAll('.tick')].map(it => parseFloat(getComputedStyle(it).fontSize)))]; })()";
    let drawn = page.run(drawn).await;
    assert_ne!(drawn[0], drawn[1], "the lines");
    assert_ne!(drawn[2], drawn[3], "their keys");
    assert!(drawn[4].as_f64().is_some_and(|size| size >= 11.0), "{drawn}");
}
