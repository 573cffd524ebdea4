//! What Prometheus reads: everything that the rules and the dashboard ask for, and nothing of a caller.

use crate::CONFIG;
use crate::harness::{Daemon, soon};
use acd_proto::v1 as acd;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

const FILES: [&str; 3] =
    ["config/prometheus/acdd-alerts.yml", "config/grafana/acdd.json", "docs/monitoring.md"];

fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = text.split(|letter: char| !is_part(letter));
    words.filter(|word| word.starts_with("acdd_")).map(str::to_owned).collect()
}

/// Each sample by its name and labels.
fn samples(page: &str) -> BTreeMap<&str, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            (name, value.parse().expect("a number"))
        })
        .collect()
}

async fn scraped(daemon: &Daemon) -> String {
    let (code, _, page) = crate::running::get(daemon, "/metrics").await;
    assert_eq!(code, 200);
    assert!(page.ends_with("# EOF\n"), "the end tells that it is whole");
    page
}

/// The page as soon as it says this: what is acknowledged is shown a little later.
async fn scraped_with(daemon: &Daemon, part: &str) -> String {
    soon(part, async {
        loop {
            let page = scraped(daemon).await;
            if page.contains(part) {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

#[tokio::test]
async fn rules_dashboard_and_documentation_name_metrics_that_are_there() {
    let daemon = Daemon::start_kept(CONFIG, &[]).await;
    let _pbx = daemon.adapter("pbx").await;
    // A wait is estimated where somebody works.
    let _sam = daemon.agent("sam").await;
    let page = scraped_with(&daemon, r#"estimated_wait_seconds{queue="front-desk"}"#).await;
    let told: BTreeSet<&str> =
        samples(&page).into_keys().map(|name| name.split('{').next().unwrap_or(name)).collect();
    for file in FILES {
        let named = named(&text(file));
        assert!(named.len() > 5, "{file} names metrics: {named:?}");
        for name in named {
            // Only while somebody is not ready.
            let is_told = told.contains(&*name) || name == "acdd_agents_not_ready";
            assert!(is_told, "{file} names {name}");
        }
    }
    let documented = named(&text("docs/monitoring.md"));
    for name in told {
        let name = name.strip_suffix("_bucket").unwrap_or(name);
        let name = name.strip_suffix("_sum").unwrap_or(name);
        let name = name.strip_suffix("_count").unwrap_or(name);
        let is_documented = documented.iter().any(|it| it.starts_with(name));
        assert!(is_documented, "docs/monitoring.md lacks {name}");
    }
}

#[tokio::test]
async fn counters_count_what_happened_and_say_nothing_of_callers() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    let call = acd::CallOffered {
        call_id: "c-0815".to_owned(),
        queue: "front-desk".to_owned(),
        caller: "+15550142".to_owned(),
        attributes: [("crm".to_owned(), "token-4711".to_owned())].into(),
        ..acd::CallOffered::default()
    };
    pbx.offer_call_with(call).await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.offer_call("gives up", "spanish").await;
    pbx.end_call("gives up").await;
    pbx.everything_acknowledged().await;

    let abandoned = r#"acdd_queue_abandoned_total{queue="spanish",short="yes"} 1"#;
    let page = scraped_with(&daemon, abandoned).await;
    for secret in ["+15550142", "token-4711", "c-0815", "gives up"] {
        assert!(!page.contains(secret), "{secret} is nobody's business");
    }
    let samples = samples(&page);
    let of = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("{name} in\n{page}"));
    assert_eq!(of(r#"acdd_queue_entered_total{queue="front-desk"}"#), 1.0);
    assert_eq!(of(r#"acdd_queue_answered_in_time_total{queue="front-desk"}"#), 1.0);
    assert_eq!(of(r#"acdd_queue_wait_seconds_count{queue="front-desk"}"#), 1.0);
    assert_eq!(of(r#"acdd_queue_wait_seconds_bucket{le="+Inf",queue="front-desk"}"#), 1.0);
    assert_eq!(of(r#"acdd_queue_wait_seconds_bucket{le="20.0",queue="front-desk"}"#), 1.0);
    assert_eq!(of(r#"acdd_queue_abandoned_total{queue="spanish",short="yes"}"#), 1.0);
    assert_eq!(of(r#"acdd_queue_calls_connected{queue="front-desk"}"#), 1.0);
    assert_eq!(of(r#"acdd_agents{state="talking"}"#), 1.0);
    let others = ["not_ready", "ready", "wrap_up", "reserved", "connecting", "held"].into_iter();
    others.for_each(|state| assert_eq!(of(&format!(r#"acdd_agents{{state="{state}"}}"#)), 0.0));
    assert_eq!(of(r#"acdd_adapter_connected{adapter="pbx"}"#), 1.0);
    assert_eq!(of(r#"acdd_health{state="serving"}"#), 1.0);
}
