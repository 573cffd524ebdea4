//! An alarm reaches whoever does not look, or cannot see.

use crate::CONFIG;
use crate::browser::{Browser, Look};
use crate::harness::Daemon;

/// As browsers do in a page that nobody sees.
const DRAWS_NOTHING: &str = "window.requestAnimationFrame = () => 0";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_nobody_sees_tells_of_an_alarm() {
    let daemon = Daemon::start(CONFIG).await;
    let mut page = Browser::open(&format!("http://{}/", daemon.http), Look::DESK).await;
    page.until("acdd.hears() && acdd.picture.queues.size === 2").await;
    page.run(DRAWS_NOTHING).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    page.until("document.title === '▲ 1 · acdd'").await;
    let told = page.run("document.getElementById('voice').textContent").await;
    assert_eq!(told, "Alarm. billing: Nobody at work, 1 waits.");
}
