//! Queueing models with known answers: what the Router makes of them is what theory, exact chains and
//! published simulations say.
//!
//! A few run here, a hundredth as long as their experiments say. All of them, at full length (minutes on
//! two cores): `cargo test --release -p acd-sim --test models -- --ignored`. What each is, and where its
//! figures come from, stands in `models.json`.

#![allow(missing_docs, reason = "a test is no library")]

use acd_sim::{Known, Measured, Models, Run, cores};

const FILE: &str = include_str!("models.json");

/// One of each: blocking, abandonment, priorities, levels, a fixed order, notes, overflow, several
/// skills, a day whose staff changes.
const SHORT: [&str; 10] = [
    "mm1k",
    "erla13",
    "prio3",
    "ordered_hunt",
    "fast_slow_level",
    "acw4",
    "ovf_loss",
    "alis_N",
    "ww_mini_2skill",
    "udem_simplemsk",
];

fn models() -> Models {
    let models = Models::read(FILE).expect("the file is sound");
    assert_eq!(models.problems(), []);
    models
}

fn run(model: &Known, run: Run) -> Measured {
    model.run(run, |_| {}).expect("the Router takes what the model does")
}

/// Every measure that is not where it should be.
fn outside(model: &Known, of: Run) -> Vec<String> {
    let compared = model.compare(&run(model, of), of);
    assert!(!compared.is_empty(), "{} has nothing to be compared with", model.id());
    let wrong = compared.into_iter().filter(|(_, of)| !of.is_within());
    wrong.map(|(name, of)| format!("{} {name}: {of:?}", model.id())).collect()
}

#[test]
fn the_router_does_what_theory_says() {
    let models = models();
    let short = Run { effort: 0.01, seed: 1, threads: cores() };
    let find = |id: &&str| models.find(id).expect("the file has it");
    let wrong: Vec<String> = SHORT.iter().map(find).flat_map(|of| outside(of, short)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "minutes: all models at full length"]
fn all_models_at_full_length() {
    let models = models();
    let whole = Run { effort: 1.0, seed: 1, threads: cores() };
    let wrong: Vec<String> = models.iter().flat_map(|of| outside(of, whole)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_measure_that_is_off_is_told() {
    let off = FILE.replace("\"value\": 0.25058812", "\"value\": 0.27058812");
    assert_ne!(off, FILE, "the model says so");
    let models = Models::read(&off).expect("the file is sound");
    let model = models.find("mm1k").expect("the file has it");
    let wrong = outside(model, Run { effort: 0.1, seed: 1, threads: cores() });
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("mm1k p_block: "), "{wrong:?}");
}

#[test]
fn a_seed_gives_the_same_figures_on_however_many_threads() {
    let models = models();
    let model = models.find("udem_simplemsk").expect("the file has it");
    let figures = |seed, threads| {
        run(model, Run { effort: 0.003, seed, threads })
            .measures
            .into_iter()
            .map(|(name, of)| (name, of.value.to_bits(), of.half_width.to_bits()))
            .collect::<Vec<_>>()
    };
    assert_eq!(figures(7, 1), figures(7, 2));
    assert_ne!(figures(7, 2), figures(8, 2));
}

#[test]
fn a_model_that_cannot_be_is_told_by_name_and_place() {
    let complaint = |from: &str, to: &str| {
        let text = FILE.replacen(from, to, 1);
        assert_ne!(text, FILE, "the file has {from}");
        let models = Models::read(&text).expect("it is a file of models");
        assert!(models.find("erlc14").is_some(), "the others can be run");
        models.problems().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let unknown = complaint("\"patience\": null", "\"impatience\": null");
    assert!(unknown.starts_with("model mm1: unknown field `impatience`, expected"), "{unknown}");
    let negative =
        complaint("{\"dist\": \"exp\", \"mean\": 1.0}", "{\"dist\": \"exp\", \"mean\": -1.0}");
    let said = "model mm1: call type A: service: the mean must be more than 0 and at most 31 days, is -60 s";
    assert_eq!(negative, said);
    let stranger = complaint("{\"type\": \"A\", \"level\": 1}", "{\"type\": \"Z\", \"level\": 1}");
    assert_eq!(stranger, "model mm1: agent group G: no call type Z");
    let level = complaint("{\"type\": \"A\", \"level\": 1}", "{\"type\": \"A\", \"level\": 11}");
    assert_eq!(level, "model mm1: agent group G: skill A: level is 11, must be 1 to 10");
    let lacking =
        complaint("{\"dist\": \"exp\", \"mean\": 1.0}", "{\"dist\": \"erlang\", \"mean\": 1.0}");
    assert_eq!(lacking, "model mm1: call type A: service: Erlang needs `k`");
    let changing = complaint("\"rate\": 0.8", "\"rate\": [0.8, 0.9]");
    assert_eq!(changing, "model mm1: call type A: 2 values for 1 periods");
    let head = "\"system\": {\"time_unit\": \"minute\", ";
    let kind = "{\"name\": \"A\", ";
    for (from, to, said) in [
        (
            head,
            format!("{head}\"periods\": {{\"count\": 1, \"length\": 0}}, "),
            "model mm1: periods.length is 0, must be more than 0",
        ),
        (
            head,
            format!("{head}\"busyness_gamma_alpha\": -1, "),
            "model mm1: busyness_gamma_alpha is -1, must be at least 0.01",
        ),
        (
            kind,
            format!("{kind}\"wait_credit\": -2, "),
            "model mm1: call type A: wait_credit is -2, must be at least 0 and at most 31 days",
        ),
        (
            "\"horizon\": 360",
            "\"horizon\": 44641".to_owned(),
            "model udem_simplemsk: horizon is 44641, must be at least 0 and at most 31 days",
        ),
        (
            "\"horizon\": 360",
            "\"horizon\": -360".to_owned(),
            "model udem_simplemsk: horizon is -360, must be at least 0 and at most 31 days",
        ),
        (
            "\"tol_abs\": 0.00299",
            "\"tol_abs\": -0.00299".to_owned(),
            "model mm1: p_wait: tol_abs is -0.00299, must be at least 0",
        ),
        ("\"mid\"", "\"hi\"".to_owned(), "model prio3: call_types: hi is there twice"),
        ("\"a2\"", "\"a1\"".to_owned(), "model ordered_hunt: agent_groups: a1 is there twice"),
    ] {
        assert_eq!(complaint(from, &to), said);
    }
}
