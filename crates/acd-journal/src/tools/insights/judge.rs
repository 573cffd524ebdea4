//! When a count is worth telling: each kind of finding with its measure.

use super::sums::{LineSums, QueueSums, Sums};
use super::{
    ALWAYS_PERCENT, ANSWERED_LATE_IN_RING_PERCENT, CALLS_AT_LEAST, Evidence, FEW_PERCENT,
    FEW_WORKING, FINDINGS_MAX, FewHolders, Finding, FindingKind, Insights, MISSED_IN_A_ROW,
    MISSED_PERCENT, PERCENT_AT_LEAST, RUNG_OUT_PERCENT, Sat,
};
use acd_core::Span;
use std::cmp::Reverse;

pub(super) fn judged(sums: &Sums) -> Insights {
    let kinds: [fn(&Sums) -> Vec<Finding>; 8] = [
        sat_not_ready,
        few_holders,
        missed,
        rung_out,
        handed_on,
        gave_up_before,
        never_acted,
        always_acted,
    ];
    let (mut findings, mut left_out) = (Vec::new(), 0);
    for kind in kinds {
        let mut found = kind(sums);
        found.sort_by_key(|finding| Reverse(finding.calls));
        left_out += found.len().saturating_sub(FINDINGS_MAX) as u64;
        found.truncate(FINDINGS_MAX);
        findings.extend(found);
    }
    Insights {
        from: sums.first,
        to: sums.last,
        stays: sums.queues.values().map(|queue| queue.entered).sum(),
        agents: sums.staff.len() as u64,
        findings,
        left_out,
    }
}

/// Whether a part is so many percent of the whole, and more than chance.
fn is_much(part: u64, whole: u64, percent: u64) -> bool {
    part >= CALLS_AT_LEAST && part.saturating_mul(100) >= whole.saturating_mul(percent)
}

fn found(kind: FindingKind, evidence: &Evidence, of: u64) -> Finding {
    Finding { kind, calls: evidence.calls, of, examples: evidence.examples.clone() }
}

fn handed_on(sums: &Sums) -> Vec<Finding> {
    let judge = |((queue, to), it): (&(String, Option<String>), &super::sums::HandedOn)| {
        let answered = sums.queues.get(queue).map_or(0, |queue| queue.answered);
        is_much(it.calls.calls, answered, PERCENT_AT_LEAST).then(|| {
            let (queue, to) = (queue.clone(), to.clone());
            let mut routes: Vec<(usize, u64)> =
                it.routes.iter().map(|(route, calls)| (*route, *calls)).collect();
            routes.sort_by_key(|(_, calls)| Reverse(*calls));
            found(FindingKind::HandedOn { queue, to, routes }, &it.calls, answered)
        })
    };
    sums.handed_on.iter().filter_map(judge).collect()
}

fn missed(sums: &Sums) -> Vec<Finding> {
    let agents = sums.agents.iter().filter(|(_, it)| {
        it.longest_row >= MISSED_IN_A_ROW || is_much(it.missed.calls, it.offers, MISSED_PERCENT)
    });
    let tell = |(agent, it): (&String, &super::sums::AgentSums)| {
        let (agent, declined, in_a_row) = (agent.clone(), it.declined, it.longest_row);
        found(FindingKind::Missed { agent, declined, in_a_row }, &it.missed, it.offers)
    };
    agents.map(tell).collect()
}

fn rung_out(sums: &Sums) -> Vec<Finding> {
    let judge = |(name, it): (&String, &QueueSums)| {
        let p90 = nine_of_ten(&it.answered_after)?;
        let is_late =
            p90.0.saturating_mul(100) >= it.ring.0.saturating_mul(ANSWERED_LATE_IN_RING_PERCENT);
        (is_late && is_much(it.rung_out.calls, it.offers, RUNG_OUT_PERCENT)).then(|| {
            let (queue, ring, answered_p90) = (name.clone(), it.ring, p90);
            found(FindingKind::RungOut { queue, ring, answered_p90 }, &it.rung_out, it.offers)
        })
    };
    sums.queues.iter().filter_map(judge).collect()
}

/// What nine of ten do not exceed.
fn nine_of_ten(spans: &[Span]) -> Option<Span> {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    sorted.get((sorted.len() * 9).div_ceil(10).checked_sub(1)?).copied()
}

fn sat_not_ready(sums: &Sums) -> Vec<Finding> {
    let judge = |(name, it): (&String, &QueueSums)| {
        is_much(it.beside.calls, it.late, PERCENT_AT_LEAST).then(|| {
            let mut who: Vec<Sat> = it
                .who_us
                .iter()
                .map(|((agent, reason), us)| {
                    let (agent, reason) = (agent.clone(), reason.clone());
                    Sat { agent, reason, beside: Span(*us) }
                })
                .collect();
            who.sort_by_key(|sat| Reverse(sat.beside));
            let kind = FindingKind::SatNotReady {
                queue: name.clone(),
                waited: Span(it.waited_us),
                beside: Span(it.beside_us),
                who,
            };
            found(kind, &it.beside, it.late)
        })
    };
    sums.queues.iter().filter_map(judge).collect()
}

fn few_holders(sums: &Sums) -> Vec<Finding> {
    let staff = sums.staff.len() as u64;
    let judge = |((queue, asked), it): (&(String, String), &LineSums)| {
        let holders = it.holders.len() as u64;
        let few_work = it.working_us <= it.waited_us.saturating_mul(FEW_WORKING);
        let is_rare = holders.saturating_mul(100) <= staff.saturating_mul(FEW_PERCENT);
        // Where all have it, it is not the skill that is short.
        let is_special = !it.skill.is_empty() && holders * 2 <= staff;
        let misses = it.late.calls >= CALLS_AT_LEAST && it.in_time * 100 < it.promised * it.over;
        (misses && is_special && (few_work || is_rare)).then(|| {
            let kind = FindingKind::FewHolders(FewHolders {
                queue: queue.clone(),
                asked: asked.clone(),
                skill: it.skill.clone(),
                holders: it.holders.iter().cloned().collect(),
                staff,
                working: it.working_us as f64 / it.waited_us.max(1) as f64,
                longest_line: it.longest,
            });
            found(kind, &it.late, it.over.max(it.late.calls))
        })
    };
    sums.lines.iter().filter_map(judge).collect()
}

fn gave_up_before(sums: &Sums) -> Vec<Finding> {
    let judge = |((queue, rule), it): (&(String, String), &super::sums::RuleSums)| {
        let given_up = sums.queues.get(queue).map_or(0, |queue| queue.given_up);
        is_much(it.gave_up_before.calls, given_up, MISSED_PERCENT).then(|| {
            let (queue, rule, waited) = (queue.clone(), rule.clone(), it.waited);
            let kind = FindingKind::GaveUpBefore { queue, rule, waited };
            found(kind, &it.gave_up_before, given_up)
        })
    };
    sums.rules.iter().filter_map(judge).collect()
}

fn never_acted(sums: &Sums) -> Vec<Finding> {
    let rules = sums.rules.iter().filter(|(_, it)| it.is_for_exceptions && it.acted == 0);
    let judge = |((queue, rule), _): (&(String, String), &super::sums::RuleSums)| {
        let it = sums.queues.get(queue)?;
        let would_have_helped = it.late >= CALLS_AT_LEAST && it.missed_its_target();
        would_have_helped.then(|| {
            let kind = FindingKind::NeverActed { queue: queue.clone(), rule: rule.clone() };
            Finding { kind, calls: it.late, of: it.entered, examples: Vec::new() }
        })
    };
    rules.filter_map(judge).collect()
}

fn always_acted(sums: &Sums) -> Vec<Finding> {
    let rules = sums.rules.iter().filter(|(_, it)| it.is_for_exceptions);
    let judge = |((queue, rule), it): (&(String, String), &super::sums::RuleSums)| {
        let entered = sums.queues.get(queue).map_or(0, |queue| queue.entered);
        is_much(it.acted, entered, ALWAYS_PERCENT).then(|| {
            let kind = FindingKind::AlwaysActed { queue: queue.clone(), rule: rule.clone() };
            Finding { kind, calls: it.acted.min(entered), of: entered, examples: Vec::new() }
        })
    };
    rules.filter_map(judge).collect()
}
