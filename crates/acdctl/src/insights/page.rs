//! Findings as a part of a report's page.

use super::text::examples;
use super::words::heading;
use super::{Answer, FindingRow};
use acd_sim::report::{Block, Item, Section};

pub(crate) fn section(answer: &Answer) -> Section {
    let of_kind = |one: &FindingRow, other: &FindingRow| one.kind == other.kind;
    let told = |findings: &[FindingRow]| Block::Told {
        title: heading(findings[0].kind).to_owned(),
        items: items(findings),
    };
    let mut text = format!("What stands out, by the journal. {}.", answer.lead());
    if answer.left_out > 0 {
        text.push_str(&format!(" {} more of the same kinds are left out.", answer.left_out));
    }
    Section {
        title: "Insights".to_owned(),
        text,
        blocks: answer.findings.chunk_by(of_kind).map(told).collect(),
    }
}

/// Where to look stands once below all that have it in common.
fn items(findings: &[FindingRow]) -> Vec<Item> {
    let mut items = Vec::with_capacity(findings.len());
    for (index, finding) in findings.iter().enumerate() {
        let next = findings.get(index + 1).map(|next| &next.look_at);
        let such_as = match examples(finding) {
            none if none.is_empty() => none,
            some => format!("Such as {some}. "),
        };
        let look_at = match next == Some(&finding.look_at) {
            true => String::new(),
            false => format!("Look at {}", finding.look_at),
        };
        let below = format!("{such_as}{look_at}").trim_end().to_owned();
        items.push(Item { text: finding.says.clone(), below });
    }
    items
}
