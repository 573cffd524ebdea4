//! Findings for a terminal.

use super::words::heading;
use super::{Answer, FindingRow};

/// As wide as a line of text is.
const WIDTH: usize = 96;
const INDENT: &str = "  ";

pub(crate) fn text(answer: &Answer) -> String {
    let mut text = format!("{}\n", answer.lead());
    let of_kind = |one: &FindingRow, other: &FindingRow| one.kind == other.kind;
    for findings in answer.findings.chunk_by(of_kind) {
        text.push_str(&format!("\n{}\n", heading(findings[0].kind)));
        let alike = |one: &FindingRow, other: &FindingRow| one.look_at == other.look_at;
        for findings in findings.chunk_by(alike) {
            findings.iter().for_each(|finding| text.push_str(&told(finding)));
            text.push_str(&filled(&format!("Look at {}", findings[0].look_at), ""));
        }
    }
    if answer.left_out > 0 {
        text.push_str(&format!("\n{} more of the same kinds are left out\n", answer.left_out));
    }
    text
}

fn told(finding: &FindingRow) -> String {
    let mut text = filled(&finding.says, "- ");
    let examples = examples(finding);
    if !examples.is_empty() {
        text.push_str(&filled(&format!("Such as {examples}."), ""));
    }
    text
}

/// The calls that show it, each with its adapter.
pub(super) fn examples(finding: &FindingRow) -> String {
    let examples = finding.examples.iter();
    let named: Vec<String> =
        examples.map(|call| format!("{} ({})", call.call_id, call.adapter)).collect();
    named.join(", ")
}

/// Words in lines, the first one behind a mark.
fn filled(words: &str, mark: &str) -> String {
    let (mut text, mut line) = (String::new(), format!("{INDENT}{mark:2}"));
    let mut is_new = true;
    for word in words.split_whitespace() {
        if !is_new && line.chars().count() + word.chars().count() >= WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(INDENT.len() + 2);
            is_new = true;
        }
        if !is_new {
            line.push(' ');
        }
        line.push_str(word);
        is_new = false;
    }
    format!("{text}{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_filled_and_no_word_is_broken() {
        let words = "word ".repeat(40);
        let text = filled(&words, "- ");
        assert!(text.starts_with("  - word word"), "{text}");
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(text.matches("word").count(), 40);
        assert!(text.lines().skip(1).all(|line| line.starts_with("    word")), "{text}");
        let long = "x".repeat(2 * WIDTH);
        assert_eq!(filled(&long, ""), format!("    {long}\n"));
    }
}
