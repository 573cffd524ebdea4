//! What an operator can do with the journal of a daemon, while it runs and after it has failed.

use crate::CONFIG;
use crate::harness::{Daemon, acdctl};
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// What a tool answers in JSON, with the exit code that is expected.
fn tool(daemon: &Daemon, tool: &str, more: &[&str], code: i32) -> Value {
    tool_on(&daemon.journal(), tool, more, code)
}

fn tool_on(journal: &Path, tool: &str, more: &[&str], code: i32) -> Value {
    let journal = journal.to_str().expect("a path in UTF-8");
    let output = acdctl(&[&["journal", tool, journal, "--json"], more].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{tool}: {said}");
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = fs::File::options().append(true).open(path).expect("writable");
    file.write_all(bytes).expect("writable");
}

#[tokio::test]
async fn the_journal_of_a_daemon_that_runs_is_read_and_the_daemon_goes_on() {
    let daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    let journal = daemon.journal();
    let reading = tokio::task::spawn_blocking(move || {
        for _ in 0..10 {
            let verified = tool_on(&journal, "verify", &[], 0);
            let replayed = tool_on(&journal, "replay", &[], 0);
            assert!(replayed["last_sequence"].as_u64() >= verified["last_sequence"].as_u64());
        }
    });
    let mut calls = 0;
    while !reading.is_finished() {
        pbx.offer_call(&format!("pbx-{calls}"), "billing").await;
        pbx.everything_acknowledged().await;
        calls += 1;
    }
    reading.await.expect("every reading is whole");
    assert_eq!(tool(&daemon, "replay", &[], 0)["calls"], calls);
    let journal = daemon.journal();
    let journal = journal.to_str().expect("a path in UTF-8");
    let shown = acdctl(&["journal", "dump", journal]);
    let shown = String::from_utf8(shown.stdout).expect("text");
    let offered = shown.lines().filter(|line| line.contains("call_offered"));
    assert_eq!(offered.filter(|line| line.contains("queue=billing")).count(), calls, "{shown}");
    assert!(shown.contains("agent_log_in agent=sam") && !shown.contains("pbx-"), "{shown}");

    tool(&daemon, "repair", &["--keep-until", "0", "--yes"], 1);
    assert_eq!(daemon.status().await.health, "serving");
    pbx.offer_call("one-more", "billing").await;
    pbx.everything_acknowledged().await;
    assert_eq!(daemon.calls().await.len(), calls + 1);
}

#[tokio::test]
async fn a_clean_stop_leaves_a_snapshot_that_a_replay_comes_to() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("waits", "billing").await;
    pbx.everything_acknowledged().await;
    daemon.signal("TERM");
    assert!(daemon.exit().await.success());
    let replayed = tool(&daemon, "replay", &[], 0);
    let verified = tool(&daemon, "verify", &[], 0);
    assert_eq!(replayed["snapshots"].as_array().map(Vec::len), Some(1));
    assert_eq!(replayed["snapshots"][0], verified["start_snapshot"]);
    assert_eq!((&replayed["base_sequence"], &replayed["calls"]), (&0.into(), &1.into()));
}

#[tokio::test]
async fn a_torn_end_is_told_and_a_start_cuts_it_off() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("waits", "billing").await;
    pbx.everything_acknowledged().await;
    daemon.kill();
    append(&daemon.last_segment(), &[0x5a; 21]);
    let verified = tool(&daemon, "verify", &[], 0);
    assert_eq!(verified["torn"]["bytes"], 21);
    assert_eq!(tool(&daemon, "replay", &[], 0)["calls"], 1);
    let daemon = daemon.start_again().await;
    assert_eq!(tool(&daemon, "verify", &[], 0)["torn"], Value::Null);
}

#[tokio::test]
async fn a_start_that_damage_refuses_goes_on_after_a_repair() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("before", "billing").await;
    pbx.everything_acknowledged().await;
    let segment = daemon.last_segment();
    let sound = tool(&daemon, "verify", &[], 0)["last_sequence"].as_u64().expect("a number");
    let length = usize::try_from(fs::metadata(&segment).expect("it is there").len()).expect("few");
    for call in ["second", "third"] {
        pbx.offer_call(call, "billing").await;
        pbx.everything_acknowledged().await;
    }
    let hello = pbx.introduction();
    daemon.kill();
    let mut bytes = fs::read(&segment).expect("readable");
    // In the record of the second call; that of the third follows it.
    bytes[length + 60] ^= 1;
    fs::write(&segment, &bytes).expect("writable");

    let verified = tool(&daemon, "verify", &[], 1);
    assert_eq!(verified["segments"][0]["damage"]["offset"], length);
    assert_eq!(verified["segments"][0]["damage"]["last_good_sequence"], sound);
    assert_eq!(tool(&daemon, "replay", &[], 1)["last_good_sequence"], sound);
    let (_, said) = daemon.refuses_to_start();
    let keep = sound.to_string();
    assert!(said.contains(&format!("--keep-until {keep}")), "{said}");
    assert!(said.contains("acdctl journal repair"), "{said}");

    let preview = tool(&daemon, "repair", &["--keep-until", &keep], 1);
    assert_eq!(preview["done"], false);
    let repaired = tool(&daemon, "repair", &["--keep-until", &keep, "--yes"], 0);
    assert_eq!((&repaired["done"], &repaired["last_sequence"]), (&true.into(), &sound.into()));
    let kept_in = Path::new(repaired["kept_in"].as_str().expect("a folder"));
    let kept = fs::read_dir(kept_in).expect("it is there").next().expect("a file").expect("it");
    assert_eq!(fs::read(kept.path()).expect("readable"), bytes[length..], "nothing is thrown away");

    // The daemon knows the first call; its adapter brings back the others.
    let daemon = daemon.start_again().await;
    let calls = daemon.calls().await;
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].call.as_ref().expect("a name").call_id, "before");
    let mut pbx = daemon.welcome(hello).await;
    let held = ["before", "second", "third"].map(|id| crate::harness::call(id, "billing"));
    let (resynced, _) = pbx.resync(held.to_vec(), Vec::new()).await;
    assert_eq!((resynced.calls_known, resynced.calls_adopted), (1, 2));
    pbx.everything_acknowledged().await;
    tool(&daemon, "verify", &[], 0);
    assert_eq!(tool(&daemon, "replay", &[], 0)["calls"], 3);
}
