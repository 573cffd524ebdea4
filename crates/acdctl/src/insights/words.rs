//! What a finding says, and where to look: in the words of those who run the floor.

use super::{Example, FindingRow, SatRow};
use crate::lists::percent;
use crate::output::counted;
use crate::times::{human, seconds};
use acd_journal::tools::insights::{
    FewHolders, Finding, FindingKind, HANDED_ON_WITHIN, SHORTLY_BEFORE, Sat, Span,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// So many agents are named in a sentence.
const NAMED: usize = 3;

pub(super) fn row(finding: &Finding) -> FindingRow {
    let Finding { kind, calls, of, examples } = finding;
    let share = (*of > 0).then(|| crate::rows::thousandths(*calls as f64 / *of as f64));
    let counts = Counts { calls: *calls, of: *of, share };
    let mut row = FindingRow {
        kind: word(kind),
        queue: None,
        agent: None,
        skill: None,
        rule: None,
        to: None,
        calls: *calls,
        of: *of,
        share,
        says: String::new(),
        look_at: String::new(),
        who: Vec::new(),
        examples: examples
            .iter()
            .map(|call| Example { adapter: call.adapter.clone(), call_id: call.call_id.clone() })
            .collect(),
    };
    name(&mut row, kind);
    (row.says, row.look_at) = match kind {
        FindingKind::HandedOn { queue, to, routes } => {
            handed_on(counts, queue, to.as_deref(), routes)
        }
        FindingKind::Missed { agent, declined, in_a_row } => {
            missed(counts, agent, *declined, *in_a_row)
        }
        FindingKind::RungOut { queue, ring, answered_p90 } => {
            rung_out(counts, queue, *ring, *answered_p90)
        }
        FindingKind::SatNotReady { queue, waited, beside, who } => {
            sat_not_ready(counts, queue, (*beside, *waited), who)
        }
        FindingKind::FewHolders(few) => few_holders(counts, few),
        FindingKind::GaveUpBefore { queue, rule, waited } => {
            gave_up_before(counts, queue, rule, *waited)
        }
        FindingKind::NeverActed { queue, rule } => never_acted(counts, queue, rule),
        FindingKind::AlwaysActed { queue, rule } => always_acted(counts, queue, rule),
    };
    row
}

#[derive(Clone, Copy)]
struct Counts {
    calls: u64,
    of: u64,
    share: Option<f64>,
}

impl Counts {
    /// `6 of 10 calls (60%)`.
    fn said(self, noun: &str) -> String {
        let share = self.share.map_or_else(String::new, |it| format!(" ({})", percent(it)));
        format!("{} of {}{share}", self.calls, counted(self.of, noun))
    }
}

fn word(kind: &FindingKind) -> &'static str {
    match kind {
        FindingKind::HandedOn { .. } => "transferred_at_once",
        FindingKind::Missed { .. } => "missed_offers",
        FindingKind::RungOut { .. } => "ring_too_short",
        FindingKind::SatNotReady { .. } => "waited_beside_not_ready",
        FindingKind::FewHolders(_) => "few_with_skill",
        FindingKind::GaveUpBefore { .. } => "gave_up_before_rule",
        FindingKind::NeverActed { .. } => "rule_never_acted",
        FindingKind::AlwaysActed { .. } => "rule_always_acts",
    }
}

/// What each kind is called on a page and in a terminal.
pub(super) fn heading(kind: &str) -> &'static str {
    match kind {
        "transferred_at_once" => "Transferred right after the answer",
        "missed_offers" => "Offers left unanswered",
        "ring_too_short" => "Ringing too briefly",
        "waited_beside_not_ready" => "Waited while somebody qualified was not ready",
        "few_with_skill" => "A skill that few have",
        "gave_up_before_rule" => "Gave up just before a rule would have acted",
        "rule_never_acted" => "A rule that never acted",
        _ => "A rule that acts on nearly every call",
    }
}

fn name(row: &mut FindingRow, kind: &FindingKind) {
    match kind {
        FindingKind::HandedOn { queue, to, .. } => {
            (row.queue, row.to) = (Some(queue.clone()), to.clone());
        }
        FindingKind::Missed { agent, .. } => row.agent = Some(agent.clone()),
        FindingKind::RungOut { queue, .. } => row.queue = Some(queue.clone()),
        FindingKind::SatNotReady { queue, who, .. } => {
            row.queue = Some(queue.clone());
            row.who = who.iter().map(sat).collect();
        }
        FindingKind::FewHolders(FewHolders { queue, skill, .. }) => {
            (row.queue, row.skill) = (Some(queue.clone()), Some(skill.clone()));
        }
        FindingKind::GaveUpBefore { queue, rule, .. }
        | FindingKind::NeverActed { queue, rule }
        | FindingKind::AlwaysActed { queue, rule } => {
            (row.queue, row.rule) = (Some(queue.clone()), Some(rule.clone()));
        }
    }
}

fn sat(sat: &Sat) -> SatRow {
    let Sat { agent, reason, beside } = sat;
    SatRow { agent: agent.clone(), reason: reason.clone(), call_seconds: seconds(length(*beside)) }
}

fn length(span: Span) -> Duration {
    Duration::from_micros(span.0)
}

fn said(span: Span) -> String {
    human(length(span))
}

fn handed_on(
    counts: Counts,
    queue: &str,
    to: Option<&str>,
    routes: &[(usize, u64)],
) -> (String, String) {
    let (within, calls) = (said(HANDED_ON_WITHIN), counts.said("call"));
    let place = to.unwrap_or("somewhere outside");
    let says = format!(
        "{calls} answered through {queue} were transferred to {place} within {within}: they probably came to \
         the wrong place."
    );
    let through = match routes.first() {
        Some((route, through)) => {
            format!("Route {route} brought {through} of them (`acdctl routes`).")
        }
        None => "Their adapters named the queue.".to_owned(),
    };
    let look_at = format!(
        "what leads callers to {queue}: the menu before it, its routes, and what it requires of agents. \
         {through}"
    );
    (says, look_at)
}

fn missed(counts: Counts, agent: &str, declined: u64, in_a_row: u64) -> (String, String) {
    let declined = match declined {
        0 => String::new(),
        declined => format!(", {declined} of them declined"),
    };
    let offers = counts.said("offer");
    let says = format!("{agent} left {offers} unanswered{declined}; at most {in_a_row} in a row.");
    let look_at = "whether they hear their devices ring, and set not ready when they leave; \
        `missed_offers` says after how many in a row acdd does so.";
    (says, look_at.to_owned())
}

fn rung_out(counts: Counts, queue: &str, ring: Span, p90: Span) -> (String, String) {
    let (offers, ring, p90) = (counts.said("offer"), said(ring), said(p90));
    let says = format!(
        "{offers} of {queue} rang out after {ring}, and nine of ten answers take up to {p90}: some agents would \
         have answered a little later."
    );
    (says, format!("`ring` of {queue}, {ring} now."))
}

fn sat_not_ready(
    counts: Counts,
    queue: &str,
    (beside, waited): (Span, Span),
    who: &[Sat],
) -> (String, String) {
    let named: Vec<String> = who.iter().take(NAMED).map(sat_said).collect();
    let more = match who.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let says = format!(
        "{} that waited beyond the target of {queue} did so while somebody who could have taken them was not \
         ready, for {} of {} of waiting: {}{more}.",
        counts.said("call"),
        said(beside),
        said(waited),
        named.join(", ")
    );
    (says, why_they_sat(who).to_owned())
}

fn few_holders(counts: Counts, few: &FewHolders) -> (String, String) {
    let FewHolders { queue, asked, skill, holders, staff, working, longest_line } = few;
    let says = format!(
        "{} that asked for {asked} in {queue} waited beyond its target; {} of {staff} agents who came may take \
         them ({}), on average {working:.1} were ready while they waited, and up to {longest_line} waited at \
         once.",
        counts.said("call"),
        holders.len(),
        listed(holders)
    );
    let look_at = format!(
        "who else could have {skill}; a rule of {queue} that asks for less after a while, or adds another queue."
    );
    (says, look_at)
}

fn gave_up_before(counts: Counts, queue: &str, rule: &str, waited: Span) -> (String, String) {
    let (calls, shortly, waited) = (counts.said("call"), said(SHORTLY_BEFORE), said(waited));
    let says = format!(
        "{calls} given up in {queue} hung up less than {shortly} before the rule `{rule}` would have acted, \
         after {waited}."
    );
    (says, format!("`{rule}` of {queue}: it may come too late."))
}

fn never_acted(counts: Counts, queue: &str, rule: &str) -> (String, String) {
    let calls = counts.said("call");
    let says = format!(
        "{calls} waited beyond the target of {queue}, which was missed, and the rule `{rule}` never acted."
    );
    (says, format!("what `{rule}` of {queue} waits for: it may never come about."))
}

fn always_acted(counts: Counts, queue: &str, rule: &str) -> (String, String) {
    let calls = counts.said("call");
    let says =
        format!("The rule `{rule}` acted on {calls} of {queue}: what it is for is no exception.");
    let look_at = format!(
        "what `{rule}` of {queue} waits for; and if it should act on all, what the queue itself requires."
    );
    (says, look_at)
}

/// What to look at, by the reason that most of the waiting passed beside.
fn why_they_sat(who: &[Sat]) -> &'static str {
    let mut by_reason: BTreeMap<&str, u64> = BTreeMap::new();
    for sat in who {
        *by_reason.entry(&sat.reason).or_default() += sat.beside.0;
    }
    let most = by_reason.into_iter().max_by_key(|(_, us)| *us).map(|(reason, _)| reason);
    match most {
        Some("missed_offers") => {
            "why they leave offers unanswered: after some in a row acdd sets them not ready, and they stay so \
             until they say otherwise."
        }
        Some("device_out_of_service" | "heartbeat_lost") => {
            "why their devices or desktops are away: the network, the PBX, the computers."
        }
        Some("forced") => "why supervisors set them not ready, and whether they are told.",
        Some(_) | None => {
            "when breaks and other work are planned, against when calls come; a reason that is used much may \
             hide something to be solved."
        }
    }
}

/// `ana (lunch, 12m 05s)`.
fn sat_said(sat: &Sat) -> String {
    format!("{} ({}, {})", sat.agent, sat.reason.replace('_', " "), said(sat.beside))
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        few if few.len() <= NAMED => few.join(", "),
        many => format!("{} and {} more", many[..NAMED].join(", "), many.len() - NAMED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acd_journal::tools::insights::CallName;

    fn said_of(kind: FindingKind) -> String {
        let examples = vec![CallName { adapter: "pbx".to_owned(), call_id: "c1".to_owned() }];
        let row = row(&Finding { kind, calls: 6, of: 10, examples });
        assert_eq!((row.calls, row.of, row.share), (6, 10, Some(0.6)));
        assert_eq!(row.examples[0].call_id, "c1");
        format!("{}: {} Look at {}", heading(row.kind), row.says, row.look_at)
    }

    #[test]
    fn each_kind_says_what_happened_and_where_to_look() {
        let (queue, rule) = (|| "billing".to_owned(), || "onwards".to_owned());
        let to = Some("front-desk".to_owned());
        let minute = Span::from_secs(60);
        let who =
            Sat { agent: "ana".to_owned(), reason: "missed_offers".to_owned(), beside: minute };
        let few = FindingKind::FewHolders(FewHolders {
            queue: queue(),
            asked: "billing 3".to_owned(),
            skill: "billing".to_owned(),
            holders: ["ana", "bo", "cy", "di", "ed"].map(str::to_owned).to_vec(),
            staff: 40,
            working: 1.25,
            longest_line: 9,
        });
        let sat = FindingKind::SatNotReady {
            queue: queue(),
            waited: minute,
            beside: minute,
            who: vec![who],
        };
        let rung = FindingKind::RungOut {
            queue: queue(),
            ring: Span::from_secs(15),
            answered_p90: Span::from_secs(13),
        };
        let cases = [
            (
                FindingKind::HandedOn { queue: queue(), to, routes: vec![(2, 5), (0, 1)] },
                ["6 of 10 calls (60%) answered through billing", "Route 2 brought 5 of them"],
            ),
            (
                FindingKind::HandedOn { queue: queue(), to: None, routes: Vec::new() },
                ["transferred to somewhere outside within 30s", "adapters named the queue"],
            ),
            (
                FindingKind::Missed { agent: "ana".to_owned(), declined: 2, in_a_row: 4 },
                ["ana left 6 of 10 offers (60%) unanswered, 2 of them declined", "4 in a row"],
            ),
            (rung, ["rang out after 15s", "`ring` of billing"]),
            (
                sat,
                [
                    "1m 00s of waiting: ana (missed offers, 1m 00s)",
                    "why they leave offers unanswered",
                ],
            ),
            (few, ["5 of 40 agents", "(ana, bo, cy and 2 more), on average 1.2 were ready"]),
            (
                FindingKind::GaveUpBefore { queue: queue(), rule: rule(), waited: minute },
                ["less than 10s before the rule `onwards`", "after 1m 00s"],
            ),
            (
                FindingKind::NeverActed { queue: queue(), rule: rule() },
                ["never acted", "what `onwards` of billing waits for"],
            ),
            (
                FindingKind::AlwaysActed { queue: queue(), rule: rule() },
                ["acted on 6 of 10 calls (60%) of billing", "no exception"],
            ),
        ];
        for (kind, words) in cases {
            let said = said_of(kind);
            words.iter().for_each(|words| assert!(said.contains(words), "{said}"));
        }
    }
}
