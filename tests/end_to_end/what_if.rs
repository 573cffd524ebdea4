//! What a day of a daemon would have been like under another configuration, by its journal.

use crate::CONFIG;
use crate::harness::{Adapter, Daemon, acdctl, call};
use acd_proto::v1 as acd;
use serde_json::Value;
use std::fs;
use std::time::Duration;

/// So many times as fast as the real clock.
const SCALE: &str = "200";
/// Two minutes of the daemon.
const A_WHILE: Duration = Duration::from_millis(600);

fn with_a_route() -> String {
    CONFIG.replace("[agents]", "[[routes]]\nqueue = \"front-desk\"\n\n[agents]")
}

async fn talks(pbx: &mut Adapter, call_id: &str) {
    let offer = pbx.expect_offer().await;
    let call = offer.call.as_ref().expect("an offer names its call");
    assert_eq!((&*call.call_id, &*offer.agent), (call_id, "sam"));
    pbx.answer(&offer).await;
    tokio::time::sleep(A_WHILE).await;
}

async fn ends(pbx: &mut Adapter, call_id: &str) {
    pbx.end_call(call_id).await;
    pbx.everything_acknowledged().await;
}

/// By routes: `c1` is answered at once, then `c3`, which is urgent, then `c2`, the last that sam takes;
/// `c4` waits longest and hangs up.
async fn a_day(daemon: &Daemon) {
    let mut pbx = daemon.adapter("pbx").await;
    let mut sam = daemon.agent("sam").await;
    for (call_id, priority) in [("c1", None), ("c2", None), ("c3", Some(8)), ("c4", None)] {
        pbx.offer_call_with(acd::CallOffered { priority, ..call(call_id, "") }).await;
    }
    for call_id in ["c1", "c3"] {
        talks(&mut pbx, call_id).await;
        ends(&mut pbx, call_id).await;
        sam.end_wrap_up().await.expect("he takes notes");
    }
    talks(&mut pbx, "c2").await;
    sam.log_out().await.expect("he goes home after this one");
    ends(&mut pbx, "c2").await;
    sam.end_wrap_up().await.expect("he takes notes");
    tokio::time::sleep(A_WHILE).await;
    ends(&mut pbx, "c4").await;
}

fn what_if(daemon: &Daemon, other: &str) -> (Option<i32>, Value, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (now, new) = (path("now.toml"), path("new.toml"));
    fs::write(&now, with_a_route()).expect("it is written");
    fs::write(&new, other).expect("it is written");
    let journal = daemon.journal();
    let journal = journal.to_str().expect("a path in UTF-8");
    let output = acdctl(&[
        "whatif",
        "--journal",
        journal,
        "--config",
        &now,
        "--config",
        &new,
        "--json",
        "--replications",
        "3",
    ]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default(), said)
}

#[tokio::test]
async fn a_journal_is_played_again_by_its_own_rules_and_by_others() {
    let daemon = Daemon::start_kept(&with_a_route(), &["--clock-scale", SCALE]).await;
    a_day(&daemon).await;

    let oldest = with_a_route().replace("order = \"strict\"", "order = \"oldest\"");
    let (code, answer, said) = what_if(&daemon, &oldest);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(answer["calls"], 4);
    let all = &answer["rows"][0]["measures"];
    for (measure, value) in [("answered", 3.0), ("abandoned", 1.0)] {
        assert_eq!(all[measure]["recorded"], value, "{measure}");
        assert_eq!(all[measure]["a"]["value"], value, "{measure}");
        assert_eq!(all[measure]["b"]["value"], value, "{measure}");
    }
    let of = |field: &str| all["average_wait_s"][field].clone();
    let recorded = of("recorded").as_f64().expect("somebody was answered");
    let played = of("a")["value"].as_f64().expect("somebody is answered");
    assert!((recorded - played).abs() < 2.0, "its own rules give {recorded} again, not {played}");
    let mut changed: Vec<(String, String)> = answer["changed"]["listed"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| (it["call"].to_string(), it["wait"].to_string()))
        .collect();
    changed.sort();
    let expected = [("c2", "shorter"), ("c3", "longer")];
    let expected = expected.map(|(call, wait)| (format!("\"{call}\""), format!("\"{wait}\"")));
    assert_eq!(changed, expected, "the oldest comes first under the other");
    let agents = answer["agents"].as_array().expect("a list");
    assert_eq!((agents.len(), &agents[0]["agent"]), (1, &"sam".into()));

    let (code, _, said) = what_if(&daemon, CONFIG);
    assert_eq!(code, Some(2));
    assert!(said.contains("new.toml: calls of the record came by routes"), "{said}");
}
