//! Skills that a supervisor gives an agent or takes from him for now: who is offered what, what is shown of
//! it, and that it outlives a restart and a new configuration.

use crate::CONFIG;
use crate::harness::{Daemon, acdctl};
use std::process::Output;

fn asked(daemon: &Daemon, arguments: &[&str]) -> Output {
    let server = daemon.grpc.to_string();
    acdctl(&[&["--server", &server], arguments].concat())
}

/// What the operator's client prints; it must succeed.
fn told(daemon: &Daemon, arguments: &[&str]) -> String {
    let output = asked(daemon, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_given_a_skill_gets_the_call_that_waits_for_it() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ben = daemon.agent("ben").await;
    pbx.offer_call("c1", "spanish").await;
    pbx.everything_acknowledged().await;
    let queue = daemon.queue("spanish").await;
    assert_eq!((queue.agents_qualified, queue.agents_available, queue.waiting), (1, 0, 1));

    let give = ["agent", "skill", "ben", "spanish", "9", "--for", "2h"];
    let who = ["--actor", "olga", "--reason", "ana is ill"];
    let text = told(&daemon, &[&give[..], &who[..]].concat());
    assert_eq!(text, "ben has spanish 9 for 2h 00m\n");
    assert_eq!(pbx.expect_offer().await.agent, "ben");
    let event = watcher.until_told("skill_for_now", "spanish 9").await;
    let origin = event.origin.expect("an origin");
    assert_eq!((&*event.agent, &*origin.name, &*origin.reason), ("ben", "olga", "ana is ill"));
    let queue = daemon.queue("spanish").await;
    assert_eq!((queue.agents_qualified, queue.agents_staffed), (2, 1));
    let text = told(&daemon, &["agents"]);
    assert!(text.contains("spanish 9; for now: spanish 9"), "{text}");

    let text = told(&daemon, &["agent", "skill", "ben", "spanish", "none"]);
    assert_eq!(text, "ben has no spanish\n");
    pbx.expect_revoke().await;
    watcher.until_told("skill_for_now", "spanish none").await;
    let json = told(&daemon, &["agent", "skill", "ben", "spanish", "as-configured", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!((&json["skill"], &json["as_configured"]), (&"spanish".into(), &true.into()));
    watcher.until_told("skill_as_configured", "spanish none").await;
    let ben = daemon.agent_seen("ben").await;
    assert!(ben.skills_for_now.is_empty(), "{ben:?}");
    assert_eq!(daemon.queue("spanish").await.agents_qualified, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_outlives_a_restart_and_a_new_configuration() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    told(&daemon, &["agent", "skill", "ben", "spanish", "9", "--until", "2100-01-01T00:00:00Z"]);
    told(&daemon, &["agent", "skill", "ana", "billing", "2"]);
    // Once from the journal's commands, once from the snapshot of a clean stop, and once more.
    daemon.kill();
    for _ in 0..2 {
        daemon = daemon.start_again().await;
        let ben = daemon.agent_seen("ben").await;
        let [given] = &ben.skills_for_now[..] else { panic!("one: {ben:?}") };
        let until = given.until.expect("it has an end").seconds;
        assert_eq!((&*given.skill, given.level, until), ("spanish", 9, 4_102_444_800));
        let ana = daemon.agent_seen("ana").await;
        assert!(ana.skills.iter().any(|it| (&*it.skill, it.level) == ("billing", 2)), "{ana:?}");
        assert_eq!(daemon.queue("spanish").await.agents_qualified, 2);
        assert_eq!(daemon.queue("billing").await.agents_qualified, 1);
        daemon.signal("TERM");
        assert!(daemon.exit().await.success());
    }
    let config = CONFIG.replace("spanish = 8", "spanish = 7");
    daemon = daemon.start_again_with(Some(&config)).await;
    let ben = daemon.agent_seen("ben").await;
    assert_eq!(ben.skills_for_now.len(), 1, "{ben:?}");
    assert_eq!(daemon.queue("spanish").await.agents_qualified, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_given_is_refused_with_what_is_wrong() {
    let config =
        CONFIG.replace("[queues.front-desk]", "[skills.nurse]\nhard = true\n\n[queues.front-desk]");
    let daemon = Daemon::start(&config).await;
    let wrong = |arguments: &[&str]| {
        let output = asked(&daemon, &[&["agent", "skill"], arguments].concat());
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for (arguments, says) in [
        (
            &["ben", "spansh", "3"][..],
            "no skill `spansh` in the configuration: did you mean `spanish`?",
        ),
        (&["bem", "spanish", "3"], "no agent `bem` in the configuration"),
        (&["ben", "nurse", "3"], "only the configuration gives it"),
        (&["ben", "spanish", "11"], "a level is 1 to 10, or `none`, or `as-configured`"),
        (&["ben", "spanish", "as-configured", "--for", "1h"], "what is as configured has no end"),
        (&["ben", "spanish", "3", "--until", "2001-01-01T00:00:00Z"], "later than now"),
    ] {
        let said = wrong(arguments);
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}
