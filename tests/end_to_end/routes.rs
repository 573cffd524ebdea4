//! Calls that come without a queue: which one they find, what they ask for, and what is seen of it.

use crate::CONFIG;
use crate::harness::{Daemon, acdctl, call};
use acd_proto::v1 as acd;
use std::fs;

const DIALED: &str = "+15550142";
const CALLER: &str = "+15550199";

fn with_routes() -> String {
    let routes = r#"
[[routes]]
match = { attributes.tier = "stat" }
queue = "billing"
priority = 9

[[routes]]
match = { dialed = "+1555014?", caller = ["+1555*", "+1777*"] }
queue = "front-desk"
require = { spanish = 5 }

[[routes]]
queue = "billing"
"#;
    let drop = "[[queues.front-desk.rules]]\nname = \"never-mind\"\nwhen = { waited = \"20s\" }\n\
                then = { drop = [\"spanish\"] }\n\n[[queues.front-desk.rules]]\nname = \"give-up\"";
    let config = CONFIG.replace("[[queues.front-desk.rules]]\nname = \"give-up\"", drop);
    config.replace("[agents]", &format!("{routes}\n[agents]"))
}

fn by_numbers(call_id: &str, dialed: &str, caller: &str) -> acd::CallOffered {
    let (dialed, caller) = (dialed.to_owned(), caller.to_owned());
    acd::CallOffered { dialed, caller, ..call(call_id, "") }
}

fn asked(call: &acd::Call) -> Vec<(&str, u32)> {
    call.places[0].require.iter().map(|it| (&*it.skill, it.level)).collect()
}

#[tokio::test]
async fn a_call_finds_its_queue_and_asks_for_what_its_route_does_until_a_rule_drops_it() {
    let daemon = Daemon::start_fast(&with_routes(), 50).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;

    pbx.offer_call_with(by_numbers("c1", DIALED, CALLER)).await;
    watcher.until("place_entered", "c1").await;
    let waiting = &daemon.calls().await[0];
    assert_eq!(waiting.places[0].queue, "front-desk");
    assert_eq!(asked(waiting), [("spanish", 5)], "which sam has not");
    let tier = [("tier".to_owned(), "stat".to_owned())].into();
    pbx.offer_call_with(acd::CallOffered { attributes: tier, ..by_numbers("c2", DIALED, CALLER) })
        .await;
    pbx.offer_call_with(by_numbers("c3", "2000", CALLER)).await;
    watcher.until("place_entered", "c3").await;
    let calls = daemon.calls().await;
    let seen: Vec<_> = calls.iter().map(|it| (&*it.places[0].queue, it.priority)).collect();
    assert_eq!(seen, [("front-desk", 5), ("billing", 9), ("billing", 5)]);

    // After 20 s anybody will do.
    let offer = pbx.expect_offer().await;
    assert_eq!((&*offer.agent, &*offer.queue), ("sam", "front-desk"));
    watcher.until("offer_issued", "c1").await;
    let story = watcher.story("c1");
    let dropped = ["rule_fired:never-mind", "requirement_changed:no skill", "offer_issued"];
    assert_eq!(story[story.len() - 3..], dropped.map(str::to_owned), "{story:?}");
}

#[tokio::test]
async fn what_a_route_asked_for_and_the_numbers_are_there_again_after_a_kill() {
    let mut daemon = Daemon::start_kept(&with_routes(), &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call_with(by_numbers("c1", DIALED, CALLER)).await;
    pbx.everything_acknowledged().await;
    let before = daemon.calls().await;
    let hello = pbx.introduction();
    daemon.kill();
    let log = daemon.log();
    assert!(!log.contains("5550142") && !log.contains("5550199"), "numbers are never logged");

    // Ops have taken the route away meanwhile: who came by it asks for what it asked.
    let config = with_routes().replace("require = { spanish = 5 }", "require = { spanish = 8 }");
    let daemon = daemon.start_again_with(Some(&config)).await;
    let after = daemon.calls().await;
    assert_eq!(asked(&after[0]), asked(&before[0]));
    let mut pbx = daemon.welcome(hello).await;
    // A call of which acdd has not heard takes its route as any.
    let calls = vec![by_numbers("c1", DIALED, CALLER), by_numbers("c2", DIALED, CALLER)];
    let (resynced, _) = pbx.resync(calls, Vec::new()).await;
    assert_eq!((resynced.calls_known, resynced.calls_adopted), (1, 1));
    let calls = daemon.calls().await;
    assert_eq!((asked(&calls[0]), asked(&calls[1])), (vec![("spanish", 5)], vec![("spanish", 8)]));

    let journal = daemon.journal();
    let folder = journal.to_str().expect("a plain path");
    let dumped = |arguments: &[&str]| {
        let output = acdctl(&[&["journal", "dump", folder], arguments].concat());
        String::from_utf8(output.stdout).expect("text")
    };
    let plain = dumped(&[]);
    assert!(plain.contains("route=1"), "{plain}");
    assert!(!plain.contains(DIALED) && !plain.contains(CALLER), "{plain}");
    let with_callers = dumped(&["--with-callers"]);
    assert_eq!(with_callers.matches(&format!("dialed={DIALED} caller={CALLER}")).count(), 2);
}

#[tokio::test]
async fn without_routes_a_call_needs_a_queue_and_is_told_so() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call_with(by_numbers("c1", DIALED, CALLER)).await;
    let rejected = pbx.expect_rejected().await;
    assert_eq!((&*rejected.code, &*rejected.field), ("no_routes", "queue"));
    assert!(rejected.message.contains("[[routes]]"), "{}", rejected.message);

    let server = format!("http://{}", daemon.grpc);
    let offer = ["--server", &server, "call", "offer", "--id", "c1", "--dialed", DIALED];
    let output = acdctl(&offer);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(said.contains("FAILED_PRECONDITION") && !said.contains("5550142"), "{said}");
}

#[tokio::test]
async fn a_call_by_hand_takes_its_route_as_acdctl_routes_says() {
    let config = with_routes();
    let daemon = Daemon::start(&config).await;
    let server = format!("http://{}", daemon.grpc);
    let numbers = ["--dialed", DIALED, "--caller", CALLER];
    let offer = ["--server", &server, "call", "offer", "--id", "c1"];
    let output = acdctl(&[&offer[..], &numbers].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let calls = daemon.calls().await;
    assert_eq!(
        (&*calls[0].places[0].queue, asked(&calls[0])),
        ("front-desk", vec![("spanish", 5)])
    );

    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("acdd.toml");
    fs::write(&file, config).expect("it is written");
    let file = file.to_str().expect("a plain path");
    let output = acdctl(&[&["routes", file, "--json"][..], &numbers].concat());
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&shown["taken"], &shown["routes"][1]["queue"]), (&1.into(), &"front-desk".into()));
}

#[tokio::test]
async fn a_caller_handed_on_to_a_number_waits_where_the_routes_say() {
    let daemon = Daemon::start(&with_routes()).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ana = daemon.agent("ana").await;
    pbx.offer_call_with(by_numbers("c1", DIALED, CALLER)).await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.say(acd::adapter_message::Body::CallTransferred(acd::CallTransferred {
        call_id: "c1".to_owned(),
        dialed: Some("2000".to_owned()),
        ..acd::CallTransferred::default()
    }))
    .await;
    pbx.everything_acknowledged().await;
    let calls = daemon.calls().await;
    assert_eq!(calls[0].places[0].queue, "billing");
    assert_eq!(asked(&calls[0]), [("billing", 3), ("spanish", 5)], "it asks for Spanish still");
}
