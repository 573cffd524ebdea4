//! An alarm reaches whoever does not look, or cannot see.

use crate::CONFIG;
use crate::browser::{Browser, Look};
use crate::harness::{Daemon, Fate, Network};
use serde_json::json;

/// As browsers do in a page that nobody sees.
const DRAWS_NOTHING: &str = "window.requestAnimationFrame = () => 0";
const VOICE: &str = "document.getElementById('voice')";
/// What stands outside of an open dialog is inert.
const HEARD: &str = "(document.querySelector('dialog[open]') ?? document.body) === \
                     document.getElementById('voice').parentElement";

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

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_reader_hears_of_an_alarm_and_of_silence_in_an_open_dialog() {
    let daemon = Daemon::start(CONFIG).await;
    let network = Network::to_address(daemon.http).await;
    let mut page = Browser::open(&network.server, Look::DESK).await;
    page.until("acdd.hears() && acdd.picture.queues.size === 2").await;
    page.click(".tile .name").await;
    page.until(&format!("document.getElementById('details').open && {HEARD}")).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    page.until(&format!("{VOICE}.textContent.includes('Nobody at work') && {HEARD}")).await;
    page.run("document.getElementById('details').close()").await;
    page.until(HEARD).await;
    page.click("#help-open").await;
    page.until(&format!("document.getElementById('help').open && {HEARD}")).await;
    network.is_closed(true);
    network.all(Fate::FallsSilent);
    page.until(&format!("{VOICE}.textContent.startsWith('Not connected') && {HEARD}")).await;
    network.is_closed(false);
    page.until(&format!("{VOICE}.textContent === 'Connected again.' && {HEARD}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_the_browser_blocks_says_so_until_somebody_clicks() {
    let daemon = Daemon::start(CONFIG).await;
    for page_of in ["", "agent"] {
        let address = format!("http://{}/{page_of}", daemon.http);
        let mut page = Browser::open(&address, Look::DESK).await;
        page.run("localStorage.setItem('acdd.sound', 'on')").await;
        page.go_to(&address).await;
        let told = page.until("document.querySelector('.blocked').textContent").await;
        assert_eq!(told, "No sound until you click");
        // Until the wallboard hears, its head is not yet where it stays.
        page.until(if page_of.is_empty() { "acdd.hears()" } else { "true" }).await;
        let title = page.run("document.getElementById('sound').title").await;
        assert!(
            title.as_str().is_some_and(|it| it.ends_with(": blocked until you click")),
            "{title}"
        );
        // A click on the button itself does not switch it off, either.
        page.click(if page_of.is_empty() { "#main" } else { "#sound" }).await;
        page.until("!document.querySelector('.blocked').textContent").await;
        let title = page.run("document.getElementById('sound').title").await;
        assert!(title.as_str().is_some_and(|it| it.ends_with(": on")), "{title}");
        page.click("#sound").await;
        page.until("document.getElementById('sound').title.endsWith(': off')").await;
        assert_eq!(page.complaints(), [] as [String; 0]);
    }
}

/// More queues than alarms that are named, with names that need their room.
fn many_queues() -> String {
    (0..60).fold(crate::CONFIG.to_owned(), |text, number| {
        format!(
            "[queues.a-queue-with-a-long-name-{number:02}]\n\
             rules = [{{ name = \"end\", when = {{ waited = \"5h\" }}, then = {{ end = \"voicemail\" }} }}]\n\
             {text}"
        )
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_of_alarms_and_every_word_of_a_small_tile_can_be_seen() {
    let daemon = Daemon::start(&many_queues()).await;
    let mut pbx = daemon.adapter("pbx").await;
    for number in 0..9 {
        let queue = format!("a-queue-with-a-long-name-{number:02}");
        pbx.offer_call(&format!("c{number}"), &queue).await;
    }
    pbx.everything_acknowledged().await;
    // As many tiles side by side as letters allow, in the second.
    let small = Look { width: 1_690, height: 900, theme: "light" };
    for look in [Look::DESK, small, Look { width: 700, ..Look::DESK }, Look::PHONE] {
        let mut page = Browser::open(&format!("http://{}/", daemon.http), look).await;
        page.until("document.querySelector('.alarms .more')?.textContent === 'and 3 more'").await;
        page.until("document.querySelectorAll('.tile').length === 62").await;
        let on_top = "(() => { const it = document.querySelector('.alarms .more'); \
                      const box = it.getBoundingClientRect(); return it === document\
                      .elementFromPoint(box.x + box.width / 2, box.y + box.height / 2); })()";
        assert_eq!(page.run(on_top).await, true, "{look:?}");
        let cut = "[...document.querySelectorAll('.tile')].slice(0, 12).flatMap(tile => \
                   [...tile.querySelectorAll('dt, .small, .note, .badge')].filter(it => \
                   parseFloat(getComputedStyle(it).fontSize) < 11 || \
                   it.scrollHeight > it.clientHeight + 1 || it.scrollWidth > it.clientWidth + 1))\
                   .map(it => it.className + it.textContent)";
        assert_eq!(page.run(cut).await, json!([]), "{look:?}");
    }
}
