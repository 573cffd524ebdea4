//! What the files that ship with acdd promise: they can be read, they mean what their comments say,
//! and the schema and the reference are those of the reader.

use acd_core::{Action, QueuePlan, RoutingPlan};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// How many agents every queue of the clinic can count on at once.
const AGENTS_A_QUEUE_MIN: usize = 3;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn plan(name: &str) -> RoutingPlan {
    match acd_config::load(&project().join("config").join(name)) {
        Ok(config) => config.plan,
        Err(error) => panic!("{name}: {error}"),
    }
}

#[test]
fn every_configuration_that_ships_can_be_read() {
    let mut read = Vec::new();
    for entry in fs::read_dir(project().join("config")).expect("the folder is there") {
        let path = entry.expect("the folder can be listed").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            acd_config::load(&path).unwrap_or_else(|error| panic!("{error}"));
            read.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    read.sort();
    assert_eq!(read, ["acdd.toml", "bank.toml", "minimal.toml"]);
}

#[test]
fn the_embedded_default_is_the_clinic() {
    let config = acd_config::parse("built-in", acd_config::DEFAULT).expect("the default is sound");
    assert_eq!(config.plan, plan("acdd.toml"));
    let queues: Vec<&str> = config.plan.queues.iter().map(|queue| queue.name.as_str()).collect();
    assert_eq!(
        queues,
        [
            "front-desk",
            "billing",
            "scheduling",
            "prescriptions",
            "test-results",
            "nurse-line",
            "spanish"
        ]
    );
}

#[test]
fn every_queue_of_the_clinic_has_several_agents_and_the_front_desk_has_all() {
    let plan = plan("acdd.toml");
    let qualified = |queue: &QueuePlan| {
        plan.agents.iter().filter(|agent| queue.require.level_of(&agent.skills).is_some()).count()
    };
    for queue in &plan.queues {
        assert!(qualified(queue) >= AGENTS_A_QUEUE_MIN, "{}: {}", queue.name, qualified(queue));
    }
    assert_eq!(qualified(&plan.queues[0]), plan.agents.len());
    assert!(plan.agents.len() >= 20);
}

#[test]
fn billing_calls_of_the_clinic_stay_with_people_who_can_bill() {
    let plan = plan("acdd.toml");
    let billing = &plan.queues[1];
    assert_eq!(billing.name, "billing");
    let skill = |name: &str| plan.skills.iter().position(|skill| skill == name);
    let asks_for_billing = |requirement: &acd_core::Requirement| {
        requirement.skills.iter().any(|(asked, _)| Some(asked.index()) == skill("billing"))
    };
    assert!(asks_for_billing(&billing.require));
    for action in billing.rules.iter().flat_map(|rule| &rule.then) {
        match action {
            Action::Require(requirement) => assert!(asks_for_billing(requirement)),
            Action::AddQueue { .. } | Action::MoveTo(_) | Action::TransferTo(_) => {
                panic!("billing leads elsewhere")
            }
            Action::RaisePriority(_)
            | Action::Drop(_)
            | Action::Play(_)
            | Action::OfferCallback
            | Action::Ladder(_)
            | Action::End(_) => {}
        }
    }
}

#[test]
fn the_sample_trace_can_be_played_against_the_bank() {
    let plan = plan("bank.toml");
    let trace =
        fs::read_to_string(project().join("config/sample-trace.csv")).expect("the sample is there");
    let mut lines = trace.lines();
    assert_eq!(
        lines.next(),
        Some("call,day,offered_s,type,priority,wait_s,result,service_s,agent")
    );
    let mut calls = 0;
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let [_, day, _, kind, _, _, result, _, agent] = fields.as_slice() else {
            panic!("{line}: nine fields are expected")
        };
        assert_eq!(*day, "2026-03-10", "{line}");
        assert!(plan.queues.iter().any(|queue| queue.name == *kind), "{line}");
        let known = plan.agents.iter().any(|known| known.id == *agent);
        assert_eq!(known, *result == "served", "{line}");
        calls += 1;
    }
    assert!(calls >= 300, "{calls} calls");
}

#[test]
fn the_schema_that_ships_is_the_readers() {
    let path = project().join("config/acdd.schema.json");
    let text = fs::read_to_string(path).unwrap_or_default();
    let shipped: Value = serde_json::from_str(&text).unwrap_or_default();
    assert!(
        shipped == acd_config::json_schema(),
        "config/acdd.schema.json is not current: run `cargo xtask schema`"
    );
}

/// Every key of a file, with the names of queues and the like written as `NAME`, and its default.
fn keys(schema: &Value, at: &str, found: &mut Vec<(String, Option<Value>)>) {
    let nested = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    let mut alternatives = vec![schema];
    alternatives.extend(schema["anyOf"].as_array().into_iter().flatten());
    for schema in alternatives {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            found.push((nested(name), property.get("default").cloned()));
            keys(property, &nested(name), found);
        }
        if schema["additionalProperties"].is_object() {
            keys(&schema["additionalProperties"], &nested("NAME"), found);
        }
    }
    if schema["items"].is_object() {
        keys(&schema["items"], at, found);
    }
}

#[test]
fn the_reference_has_a_row_for_every_key_with_its_default_and_for_no_other() {
    let reference = fs::read_to_string(project().join("docs/configuration.md"))
        .expect("the reference is there");
    let rows: BTreeMap<&str, &str> = reference
        .lines()
        .filter_map(|row| Some((row.strip_prefix("| `")?.split_once('`')?.0, row)))
        .collect();
    let mut found = Vec::new();
    keys(&acd_config::json_schema(), "", &mut found);
    for (key, default) in &found {
        let Some(row) = rows.get(key.as_str()) else {
            panic!("docs/configuration.md has no row for `{key}`")
        };
        if let Some(default @ (Value::String(_) | Value::Number(_))) = default {
            let default = format!("| `{default}` ");
            assert!(row.contains(&default), "docs/configuration.md: not the default:\n{row}");
        }
    }
    for key in rows.keys() {
        assert!(
            found.iter().any(|(known, _)| known == key),
            "docs/configuration.md has a row for `{key}`, which is no key"
        );
    }
}
