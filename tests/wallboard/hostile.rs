//! Names and attributes come from elsewhere: whatever they say is text.

use crate::browser::{Browser, Look};
use crate::harness::{Daemon, call};
use std::collections::HashMap;

const SCRIPT: &str = "<script>window.broken=1</script><img src=x onerror='window.broken=1'>";
const NOTHING_RAN: &str =
    "window.broken === undefined && !document.querySelector('main img, main script')";

fn config() -> String {
    crate::CONFIG.replace("Sam Whitaker", SCRIPT)
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_in_names_is_shown_as_it_is_written() {
    let daemon = Daemon::start(&config()).await;
    let _sam = daemon.agent("sam").await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call(SCRIPT, "billing").await;
    pbx.everything_acknowledged().await;
    let mut page = Browser::open(&format!("http://{}/", daemon.http), Look::DESK).await;
    page.until("acdd.picture.calls.size === 1").await;
    for view in ["calls", "agents", "events"] {
        page.run(&format!("location.hash = '{view}'")).await;
        let text = format!("document.querySelector('#view-{view}').innerText");
        if view != "events" {
            page.until(&format!("{text}.includes('onerror')")).await;
        }
        assert_eq!(page.run(NOTHING_RAN).await, true, "{view}");
    }
    page.run("location.hash = 'calls'").await;
    page.click(".calls .grid-body .row").await;
    page.until("document.querySelector('#details .why p')?.innerText.includes('onerror')").await;
    assert_eq!(page.run("!document.querySelector('#details img, #details script')").await, true);
    assert_eq!(page.run(NOTHING_RAN).await, true);
    assert_eq!(page.complaints(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_are_text_and_only_addresses_of_the_web_become_links() {
    let daemon = Daemon::start(crate::CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut page = Browser::open(&format!("http://{}/agent", daemon.http), Look::PHONE).await;
    page.run("document.getElementById('who').value = 'sam'").await;
    page.click("#log-in [type=submit]").await;
    page.until("acdd.agent()?.presence === 'ready'").await;
    for (number, address, link) in [
        (1, "javascript:window.broken=1", false),
        (2, "data:text/html,<script>1</script>", false),
        (3, "no address", false),
        (4, "https://crm.example/customers/42?tab=\"><b>", true),
    ] {
        let (id, text) = (format!("c{number}"), SCRIPT.to_owned());
        let attributes = HashMap::from([
            ("screen_pop".to_owned(), address.to_owned()),
            ("note".to_owned(), text),
        ]);
        let offered = acd_proto::v1::CallOffered { attributes, ..call(&id, "front-desk") };
        pbx.offer_call_with(offered).await;
        let offer = pbx.expect_offer().await;
        page.until(&format!("document.querySelector('.offer')?.innerText.includes('{id}')")).await;
        let offered = page.run("document.querySelector('.offer').innerText").await;
        let offered = offered.as_str().expect("a text");
        assert!(offered.contains("onerror"), "{offered}");
        let links = page.run("document.querySelectorAll('.offer a').length").await;
        assert_eq!(links, u64::from(link), "{address}");
        if link {
            let rel = page.run("document.querySelector('.offer a').rel").await;
            assert_eq!(rel, "noopener noreferrer");
        } else {
            assert!(offered.contains(address), "it is shown as text: {offered}");
        }
        assert_eq!(page.run(NOTHING_RAN).await, true);
        pbx.end_call(&id).await;
        assert_eq!(pbx.expect_revoke().await.offer_number, offer.offer_number);
        page.until("!document.querySelector('.offer')").await;
    }
}
