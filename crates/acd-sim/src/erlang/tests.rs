//! Known answers, and the formulas of the books computed in their own ways.

use super::*;
use crate::target::ServiceTarget;
use statrs::function::gamma::{gamma_lr, ln_gamma};
use std::time::Duration;

/// With the minute, or whatever a case takes, as the unit of time.
fn load(arrival_rate: f64, handling: f64, patience: Option<f64>, lines: Lines) -> Load {
    Load::new(arrival_rate, handling, patience, lines).expect("a right load")
}

fn steady(load: &Load, agents: u32) -> SteadyState {
    load.steady_state(agents).expect("it has a steady state")
}

#[track_caller]
fn close(what: &str, found: f64, known: f64) {
    assert!((found - known).abs() < 6e-9, "{what}: {found}, known is {known}");
}

#[test]
fn one_agent_and_callers_who_wait_for_ever() {
    let state = steady(&load(0.8, 1.0, None, Lines::Unlimited), 1);
    close("waiting", state.waiting, 0.8);
    close("wait", state.mean_wait, 4.0);
    close("served", state.mean_wait_of_served, 4.0);
    close("in time", state.service_level(1.0), 0.345_015_4);
    close("queue", state.mean_queue, 3.2);
}

#[test]
fn erlang_c() {
    let state = steady(&load(10.0 / 3.0, 3.0, None, Lines::Unlimited), 14);
    close("waiting", state.waiting, 0.174_131_93);
    close("wait", state.mean_wait, 0.130_598_95);
    close("in 20 seconds", state.service_level(1.0 / 3.0), 0.888_350_02);
    close("occupancy", state.occupancy, 0.714_285_71);
    close("abandoned", state.abandoned, 0.0);
}

#[test]
fn erlang_a() {
    let state = steady(&load(10.0 / 3.0, 3.0, Some(5.0), Lines::Unlimited), 13);
    close("waiting", state.waiting, 0.225_797_08);
    close("abandoned", state.abandoned, 0.024_963_30);
    close("wait", state.mean_wait, 0.124_816_52);
    close("served", state.mean_wait_of_served, 0.115_232_81);
    close("occupancy", state.occupancy, 0.750_028_23);
    close("in 20 seconds", state.service_level(1.0 / 3.0), 0.858_177_70);
    close("sometime", state.service_level(1e6), 1.0 - state.abandoned);
}

#[test]
fn impatient_callers_on_a_few_lines() {
    let state = steady(&load(3.0, 4.0, Some(5.0), Lines::AtMost(14)), 10);
    close("blocked", state.blocked, 0.131_392_91);
    close("waiting", state.waiting, 0.654_137_19);
    close("abandoned", state.abandoned, 0.107_623_63);
    close("wait", state.mean_wait, 0.538_118_16);
    close("served", state.mean_wait_of_served, 0.522_981_56);
    close("occupancy", state.occupancy, 0.930_149_33);
    close("in 20 seconds", state.service_level(1.0 / 3.0), 0.474_987_31);
}

#[test]
fn a_single_agent_on_a_few_lines() {
    let state = steady(&load(1.2, 1.0, None, Lines::AtMost(5)), 1);
    close("blocked", state.blocked, 0.250_588_12);
    close("waiting", state.waiting, 0.865_620_3);
    close("wait", state.mean_wait, 2.359_492_58);
    close("occupancy", state.occupancy, 0.899_294_25);
}

#[test]
fn a_hundred_agents_with_more_calls_than_they_can_take() {
    let state = steady(&load(102.0, 1.0, Some(1.0), Lines::AtMost(300)), 100);
    close("waiting", state.waiting, 0.591_718_63);
    close("abandoned", state.abandoned, 0.049_917_98);
    close("queue", state.mean_queue, 5.091_633_55);
    close("served", state.mean_wait_of_served, 0.049_040_92);
}

/// Erlang's own recursion: B(0) = 1, B(n) = a B(n − 1) / (n + a B(n − 1)).
fn erlang_b(offered: f64, agents: u32) -> f64 {
    (1..=agents).fold(1.0, |blocked, n| offered * blocked / (f64::from(n) + offered * blocked))
}

#[test]
fn erlang_b_and_c_agree_with_the_recursion_however_many_agents_there_are() {
    for (offered, agents) in [
        (10.0, 10),
        (0.01, 3),
        (7.5, 40),
        (1e4, 9_000),
        (1e4, 10_000),
        (1e4, 10_050),
        (9e5, 900_500),
    ] {
        let blocked = erlang_b(offered, agents);
        let state = steady(&load(offered, 1.0, None, Lines::AsAgents), agents);
        close("blocked", state.blocked, blocked);
        close("waiting", state.waiting, 0.0);
        close("at once", state.service_level(0.0), 1.0);
        close("occupancy", state.occupancy, offered * (1.0 - blocked) / f64::from(agents));
        let free = 1.0 - offered / f64::from(agents);
        if free > 0.0 {
            let waiting = blocked / (free + (1.0 - free) * blocked);
            let state = steady(&load(offered, 1.0, None, Lines::Unlimited), agents);
            close("waiting", state.waiting, waiting);
        }
    }
    close("of the tables", erlang_b(10.0, 10), 0.214_582_34);
}

/// Erlang A by incomplete gamma functions (Garnett, Mandelbaum and Reiman 2002): the probability of
/// waiting is A B / (1 + (A − 1) B), and A(x, y) = x e^y y^−x γ(x, y) with x = n μ / θ, y = λ / θ.
fn erlang_a_waiting(offered: f64, agents: u32, patience: f64) -> f64 {
    let (x, y) = (f64::from(agents) * patience, offered * patience);
    let a = (x.ln() + y - x * y.ln() + ln_gamma(x) + gamma_lr(x, y).ln()).exp();
    let b = erlang_b(offered, agents);
    a * b / (1.0 + (a - 1.0) * b)
}

/// Served within t, by the density of the wait that is offered (Mandelbaum and Zeltyn):
/// v(x) = v(0) exp(λ (1 − e^−θx) / θ − n μ x), of whom e^−θx are still there. Simpson's rule.
fn erlang_a_in_time(state: &SteadyState, offered: f64, patience: f64, within: f64) -> f64 {
    let still_there = |x: f64| (-x / patience).exp();
    let density =
        |x: f64| (offered * patience * (1.0 - still_there(x)) - f64::from(state.agents) * x).exp();
    let integral = |of: &dyn Fn(f64) -> f64, to: f64| {
        let steps = 200_000;
        let width = to / f64::from(steps);
        let weight = |step| match step {
            0 => 1.0,
            step if step == steps => 1.0,
            step if step % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let terms = (0..=steps).map(|step| weight(step) * of(f64::from(step) * width));
        terms.sum::<f64>() * width / 3.0
    };
    let waiters = integral(&density, 40.0 * patience);
    let in_time = integral(&|x| density(x) * still_there(x), within);
    1.0 - state.waiting + state.waiting * in_time / waiters
}

#[test]
fn erlang_a_agrees_with_the_formulas_of_the_books() {
    for (offered, agents, patience) in
        [(10.0, 13, 5.0 / 3.0), (10.0, 8, 0.5), (102.0, 100, 1.0), (130.0, 100, 0.2), (0.5, 1, 3.0)]
    {
        let state = steady(&load(offered, 1.0, Some(patience), Lines::Unlimited), agents);
        let known = erlang_a_waiting(offered, agents, patience);
        close("waiting", state.waiting, known);
        for within in [0.0, 0.01, 0.1, 0.5, 3.0] {
            let known = erlang_a_in_time(&state, offered, patience, within);
            close(&format!("{offered} in {within}"), state.service_level(within), known);
        }
    }
}

#[test]
fn what_comes_in_goes_out() {
    for (offered, patience, lines) in [
        (95.0, None, Lines::Unlimited),
        (95.0, Some(0.01), Lines::Unlimited),
        (300.0, Some(40.0), Lines::Unlimited),
        (101.0, None, Lines::AtMost(5_000)),
        (150.0, Some(2.0), Lines::AtMost(120)),
        (1e-6, Some(1e-6), Lines::AtMost(200)),
    ] {
        let state = steady(&load(offered, 1.0, patience, lines), 100);
        let served = (1.0 - state.blocked) * (1.0 - state.abandoned) * offered;
        close("busy", state.occupancy * 100.0, served);
        let ends = state.mean_wait_of_served * (1.0 - state.abandoned);
        assert!(ends <= state.mean_wait + 1e-9, "{offered}: {ends} of {}", state.mean_wait);
        close("sometime", state.service_level(1e5), 1.0 - state.abandoned);
        close("at once", state.service_level(0.0), 1.0 - state.waiting);
    }
}

#[test]
fn patience_without_end_is_erlang_c_and_lines_without_end_are_none() {
    let endless = steady(&load(95.0, 1.0, None, Lines::Unlimited), 100);
    for other in [
        load(95.0, 1.0, Some(1e4), Lines::Unlimited),
        load(95.0, 1.0, None, Lines::AtMost(100_000)),
    ] {
        let other = steady(&other, 100);
        for (what, one, two) in [
            ("waiting", endless.waiting, other.waiting),
            ("wait", endless.mean_wait, other.mean_wait),
            ("served", endless.mean_wait_of_served, other.mean_wait_of_served),
            ("in time", endless.service_level(0.1), other.service_level(0.1)),
            ("later", endless.service_level(2.0), other.service_level(2.0)),
        ] {
            assert!((one - two).abs() < 2e-3, "{what}: {one} and {two}");
        }
    }
}

#[test]
fn sites_of_any_size_have_figures_that_are_numbers() {
    for agents in [1, 100, 10_000, 1_000_000] {
        for busy in [0.01, 0.9, 0.999, 1.0, 1.5, 20.0] {
            for patience in [None, Some(1e-3), Some(0.5), Some(5.0)] {
                for lines in [Lines::Unlimited, Lines::AsAgents, Lines::AtMost(agents.max(1_000))] {
                    let offered = busy * f64::from(agents);
                    let Ok(load) = Load::new(offered, 1.0, patience, lines) else { continue };
                    let Ok(state) = load.steady_state(agents) else {
                        assert!(busy >= 1.0 && patience.is_none() && lines == Lines::Unlimited);
                        continue;
                    };
                    for share in [
                        state.blocked,
                        state.waiting,
                        state.abandoned,
                        state.occupancy,
                        state.service_level(0.1),
                    ] {
                        assert!((0.0..=1.0 + 1e-9).contains(&share), "{busy} {load:?} {state:?}");
                    }
                    for number in [state.mean_wait, state.mean_wait_of_served, state.mean_queue] {
                        assert!(number.is_finite() && number >= 0.0, "{busy} {load:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_line_that_grows_without_end_has_no_figures() {
    let full = load(14.0, 1.0, None, Lines::Unlimited);
    let error = full.steady_state(14).expect_err("exactly as many calls as agents are too many");
    assert_eq!(error, NoFigures::Overloaded { agents: 14, offered: 14.0, fewest: 15 });
    assert!(error.to_string().contains("it takes 15 at least"), "{error}");
    assert!(full.steady_state(15).is_ok());
    // Nor is a line endless or not by the last bit of a division.
    let nearly = load(14.0 * (1.0 - 1e-15), 1.0, None, Lines::Unlimited);
    assert!(matches!(nearly.steady_state(14), Err(NoFigures::Overloaded { fewest: 15, .. })));
    assert!(load(14.0, 1.0, Some(1e3), Lines::Unlimited).steady_state(2).is_ok());
    assert!(load(14.0, 1.0, None, Lines::AtMost(50)).steady_state(2).is_ok());
}

#[test]
fn what_is_no_load_is_named() {
    let said = |rate, handling, patience, lines| {
        Load::new(rate, handling, patience, lines).expect_err("no load").to_string()
    };
    assert_eq!(
        said(0.0, 1.0, None, Lines::Unlimited),
        "the rate of calls is 0; it must be above 0"
    );
    assert!(said(1.0, f64::NAN, None, Lines::Unlimited).contains("the handling time is NaN"));
    assert!(said(1.0, 1.0, Some(-1.0), Lines::Unlimited).contains("the patience is -1"));
    assert!(said(1.0, 1.0, None, Lines::AtMost(0)).contains("the number of lines is 0"));
    assert!(said(1e4, 1e3, None, Lines::Unlimited).contains("the offered load in erlang"));
    assert!(said(1e4, 1.0, Some(1e4), Lines::Unlimited).contains("in one mean patience"));
    let few = load(1.0, 1.0, None, Lines::AtMost(3)).steady_state(4).expect_err("too few");
    assert_eq!(few, NoFigures::TooFewLines { agents: 4, lines: 3 });
    let none = load(1.0, 1.0, None, Lines::Unlimited).steady_state(0).expect_err("nobody");
    assert_eq!(none, NoFigures::Agents { agents: 0 });
}

#[test]
fn the_fewest_agents_are_those_of_whom_one_less_is_too_few() {
    let target = |share, within| {
        let within = Duration::from_secs_f64(within);
        Goals { service_level: Some(ServiceTarget { share, within }), ..Goals::default() }
    };
    let goals = [
        target(0.8, 0.1),
        target(0.99, 0.0),
        Goals { mean_wait_of_served: Some(0.02), ..Goals::default() },
        Goals { occupancy: Some(0.7), ..Goals::default() },
        Goals { abandoned: Some(0.03), occupancy: Some(0.9), ..Goals::default() },
        Goals { blocked: Some(0.05), ..Goals::default() },
    ];
    for offered in [0.2, 3.0, 41.5] {
        for patience in [None, Some(0.3), Some(3.0)] {
            for lines in [Lines::Unlimited, Lines::AsAgents, Lines::AtMost(70)] {
                let load = load(offered, 1.0, patience, lines);
                for goals in &goals {
                    let found = load.fewest_agents(goals).expect("there are enough lines").agents;
                    let first = (1..).find(|agents| {
                        load.steady_state(*agents).is_ok_and(|state| goals.met_by(&state))
                    });
                    assert_eq!(Some(found), first, "{load:?} {goals:?}");
                }
            }
        }
    }
}

#[test]
fn goals_that_nobody_can_reach_are_refused_with_what_is_missed() {
    let load = load(10.0, 1.0, None, Lines::AtMost(10));
    let goals = Goals { blocked: Some(0.01), ..Goals::default() };
    let error = load.fewest_agents(&goals).expect_err("ten lines are too few");
    assert_eq!(
        error.to_string(),
        "no number of agents reaches it: 10, as many as there can be, have blocking 21.5%, at most 1%"
    );
}
