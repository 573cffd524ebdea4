//! The agent page: a working day with one call, from log-in to log-out.

use crate::CONFIG;
use crate::browser::{Browser, Look};
use crate::harness::{Daemon, Network, call};
use acd_proto::v1 as acd;
use serde_json::json;
use std::collections::HashMap;

async fn opened(daemon: &Daemon, look: Look) -> Browser {
    Browser::open(&format!("http://{}/agent", daemon.http), look).await
}

async fn log_in(page: &mut Browser, agent: &str) {
    page.click("#who").await;
    page.write(agent).await;
    page.press(&["Enter"]).await;
    page.until("!document.getElementById('work').hidden").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_taken_from_the_ring_to_its_disposition() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut page = opened(&daemon, Look::PHONE).await;
    log_in(&mut page, "sam").await;
    page.until("document.getElementById('state').textContent === 'ready'").await;
    let seen = daemon.agent_seen("sam").await;
    assert_eq!(seen.presence(), acd::Presence::Ready);
    watcher.until_told("heartbeat_changed", "kept").await;

    let attributes = HashMap::from([("crm".to_owned(), "token-42".to_owned())]);
    let offered = acd::CallOffered { attributes, ..call("c1", "front-desk") };
    pbx.offer_call_with(offered).await;
    let offer = pbx.expect_offer().await;
    let text = page.until("document.querySelector('.offer')?.innerText").await;
    assert!(text.as_str().expect("a text").contains("token-42"), "{text}");
    page.until("document.title.includes('A call for you')").await;
    page.press(&["a"]).await;
    assert_eq!(pbx.expect_connect().await.offer_number, offer.offer_number);
    pbx.bridged(&offer).await;
    page.until("document.getElementById('state').textContent === 'talking'").await;

    pbx.end_call("c1").await;
    page.until("document.querySelector('form.hand .choice')").await;
    let slot = daemon.agent_seen("sam").await.slots[0].clone();
    page.press(&["x"]).await;
    watcher.until_told("wrap_up_extended", "").await;
    let longer = daemon.agent_seen("sam").await.slots[0].clone();
    let seconds = |slot: &acd::Slot| slot.until.expect("an end").seconds;
    assert_eq!(seconds(&longer) - seconds(&slot), 30);
    page.click(".choice:nth-of-type(2) input").await;
    page.press(&["e"]).await;
    let ended = watcher.until("wrap_up_ended", "c1").await;
    assert_eq!(ended.detail, "call-back");
    page.until("document.getElementById('state').textContent === 'ready'").await;

    page.press(&["n"]).await;
    page.until("document.activeElement?.textContent === 'break'").await;
    page.press(&["Tab", "Enter"]).await;
    page.until("document.getElementById('state').textContent === 'not ready: lunch'").await;
    assert_eq!(daemon.agent_seen("sam").await.reason, "lunch");
    page.click("#log-out").await;
    page.until("!document.getElementById('log-in').hidden").await;
    assert_eq!(daemon.agent_seen("sam").await.presence(), acd::Presence::LoggedOut);
    assert_eq!(page.complaints(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_declined_and_goes_to_the_next() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut page = opened(&daemon, Look::DESK).await;
    log_in(&mut page, "sam").await;
    page.until("acdd.agent()?.presence === 'ready'").await;
    pbx.offer_call("c1", "front-desk").await;
    assert_eq!(pbx.expect_offer().await.agent, "sam");
    let _ana = daemon.agent("ana").await;
    page.click(".offer .buttons button:nth-child(2)").await;
    page.until("!document.querySelector('.offer')").await;
    pbx.expect_revoke().await;
    assert_eq!(pbx.expect_offer().await.agent, "ana");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_loaded_again_goes_on_and_a_stranger_is_told() {
    let daemon = Daemon::start(CONFIG).await;
    let mut page = opened(&daemon, Look::DESK).await;
    page.click("#who").await;
    page.write("nobody").await;
    page.press(&["Enter"]).await;
    let wrong = page.until("document.getElementById('log-in-wrong').textContent").await;
    assert!(wrong.as_str().expect("a text").contains("no agent `nobody`"), "{wrong}");
    page.run("document.getElementById('who').value = ''").await;
    log_in(&mut page, "ana").await;
    page.until("acdd.agent()?.presence === 'ready'").await;
    page.go_to(&format!("http://{}/agent", daemon.http)).await;
    page.until("!document.getElementById('work').hidden && acdd.agent()?.presence === 'ready'")
        .await;

    // A desktop that is gone is missed; acdd sends no calls there.
    assert_eq!(daemon.agent_seen("ana").await.heartbeat(), acd::HeartbeatState::Kept);
}

/// A letter that is held down, as a keyboard repeats it.
async fn hold(page: &mut Browser, key: &str) {
    let held = json!({"type": "keyDown", "key": key, "text": key, "autoRepeat": true});
    page.ask("Input.dispatchKeyEvent", held).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_act_in_either_case_not_held_down_and_not_where_they_are_switched_off() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut page = opened(&daemon, Look::DESK).await;
    log_in(&mut page, "sam").await;
    page.until("acdd.agent()?.presence === 'ready'").await;
    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    page.until("document.querySelector('.offer')").await;
    hold(&mut page, "d").await;
    page.click("#keys-act").await;
    page.press(&["d"]).await;
    // It stays as it is when the page is loaded anew.
    page.go_to(&format!("http://{}/agent", daemon.http)).await;
    page.until("document.querySelector('.offer')").await;
    page.press(&["d"]).await;
    page.click("#keys-act").await;
    page.press(&["A"]).await;
    assert_eq!(pbx.expect_connect().await.offer_number, offer.offer_number);
}

async fn tell(daemon: &Daemon, text: &str) {
    let request = acd::MessageAgentsRequest {
        actor: Some(acd::Actor { name: "kim".to_owned(), ..acd::Actor::default() }),
        to: Some(acd::message_agents_request::To::Everybody(true)),
        text: text.to_owned(),
        ..acd::MessageAgentsRequest::default()
    };
    daemon.supervisor().await.message_agents(request).await.expect("a message");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_supervisors_say_stays_until_it_is_read_whatever_becomes_of_the_daemon() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let network = Network::to_address(daemon.http).await;
    let address = format!("{}/agent", network.server);
    let mut page = Browser::open(&address, Look::DESK).await;
    log_in(&mut page, "sam").await;
    let shown =
        "[...document.querySelectorAll('.message p:first-child')].map(it => it.innerText).join()";
    tell(&daemon, "one").await;
    tell(&daemon, "two").await;
    tell(&daemon, "three").await;
    page.until(&format!("{shown} === 'three,two,one'")).await;
    page.click(".message:nth-child(2) button").await;
    page.until(&format!("{shown} === 'three,one'")).await;

    // It counts from 1 again, and knows nothing of the former ones.
    daemon.kill();
    page.until("!acdd.hears()").await;
    let daemon = daemon.start_again().await;
    network.leads_to_address(daemon.http);
    page.until("acdd.hears()").await;
    tell(&daemon, "four").await;
    page.until(&format!("{shown} === 'four,three,one'")).await;
    tell(&daemon, "five").await;
    page.until(&format!("{shown} === 'five,four,three,one'")).await;
    page.click(".message:nth-child(2) button").await;
    page.until(&format!("{shown} === 'five,three,one'")).await;
    page.go_to(&address).await;
    page.until(&format!("{shown} === 'five'")).await;
    assert_eq!(page.complaints(), [] as [String; 0]);
}
