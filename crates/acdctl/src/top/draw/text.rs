//! Text in so many letters: cut, padded, folded; and a picture as text.

use ratatui::buffer::Buffer;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// As much of a text as fits, with a mark where it was cut.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fits = |letter: &char| match left.checked_sub(letter.width().unwrap_or_default()) {
        Some(less) => {
            left = less;
            true
        }
        None => false,
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    if width > 0 {
        cut.push('…');
    }
    cut
}

/// As wide as its column.
pub(super) fn padded(text: &str, width: usize, to_the_right: bool) -> String {
    let padding = " ".repeat(width.saturating_sub(text.width()));
    if to_the_right { padding + text } else { text.to_owned() + &padding }
}

/// Parts put into as many lines as it takes, a part never broken.
pub(super) fn flow<P>(
    parts: &[P],
    width: usize,
    gap: usize,
    text: impl Fn(&P) -> &str,
) -> Vec<Vec<&P>> {
    let mut lines: Vec<Vec<&P>> = Vec::new();
    let mut used = 0;
    for part in parts {
        let wide = text(part).width();
        match lines.last_mut() {
            Some(line) if used + gap + wide <= width => {
                line.push(part);
                used += gap + wide;
            }
            _ => {
                lines.push(vec![part]);
                used = wide;
            }
        }
    }
    lines
}

/// Lines of text, those that are too long folded between words, as far in as they began.
pub(super) fn folded<'a>(lines: impl Iterator<Item = &'a str>, width: usize) -> Vec<String> {
    let mut folded = Vec::new();
    for line in lines {
        let begins = line.len() - line.trim_start().len();
        let indent = " ".repeat(begins.min(width / 2));
        let mut written = indent.clone();
        let mut is_empty = true;
        for word in line.split_whitespace() {
            let gap = usize::from(!is_empty);
            if !is_empty && written.width() + gap + word.width() > width {
                folded.push(std::mem::replace(&mut written, indent.clone()));
            } else if !is_empty {
                // As many blanks as there were between a time and what happened then.
                let doubled =
                    written.trim_start().width() <= 12 && line.contains(&format!("  {word}"));
                written.push_str(if doubled { "  " } else { " " });
            }
            written.push_str(word);
            is_empty = false;
        }
        folded.push(written);
    }
    folded
}

/// What is drawn, without its colours: lines without blanks at their ends, and no empty ones at the end.
pub(in super::super) fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let mut line = String::new();
        let mut x = area.left();
        while x < area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(symbol.width()).unwrap_or(1).max(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let end = text.trim_end().len();
    text.truncate(end);
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_by_the_width_that_it_has_on_a_terminal() {
        assert_eq!(cut("billing", 7), "billing");
        assert_eq!(cut("billing", 5), "bill…");
        assert_eq!(cut("客服中心", 5), "客服…");
        assert_eq!(cut("客服中心", 4), "客…");
        assert_eq!(cut("billing", 0), "");
        assert_eq!(padded("7", 3, true), "  7");
        assert_eq!(padded("客", 3, false), "客 ");
    }

    #[test]
    fn parts_flow_into_lines() {
        let parts = ["one", "two", "three"];
        let lines = |width| flow(&parts, width, 2, |part| part).len();
        assert_eq!((lines(80), lines(9), lines(3)), (1, 2, 3));
    }

    #[test]
    fn long_lines_are_folded_between_words_and_stay_as_far_in() {
        let folded = |line: &str, width| folded(std::iter::once(line), width);
        assert_eq!(folded("  it waits for ana", 10), ["  it waits", "  for ana"]);
        assert_eq!(folded("  09:00:00.000  ben did", 80), ["  09:00:00.000  ben did"]);
        assert_eq!(folded("", 10), [""]);
        assert_eq!(folded("unbreakable", 4), ["unbreakable"]);
    }
}
