//! Numbers as people read them, and text as HTML wants it.

/// A time of day, such as `08:30`, of seconds since midnight; beyond the last second of a day it
/// goes on, `24:00` and `25:30`.
#[must_use]
pub fn clock(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round().max(0.0) as u64;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A length of time with the digits that matter: `4.2 s`, `38 s`, `2 min 05 s`, `1 h 20 min`.
#[must_use]
pub fn length(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    if !seconds.is_finite() {
        "–".to_owned()
    } else if seconds < 9.95 {
        format!("{:.1} s", seconds.max(0.0))
    } else if whole < 100 {
        format!("{whole} s")
    } else if whole < 3_600 {
        format!("{} min {:02} s", whole / 60, whole % 60)
    } else {
        format!("{} h {:02} min", whole / 3_600, whole % 3_600 / 60)
    }
}

/// The same without a rest of nothing, for the marks of an axis: `30 s`, `2 min`, `1 h`.
#[must_use]
pub fn short_length(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0 => "0".to_owned(),
        _ if seconds < 1.0 || (seconds - seconds.round()).abs() > 1e-9 => format!("{seconds:.1} s"),
        _ if whole < 60 => format!("{whole} s"),
        _ if whole % 3_600 == 0 => format!("{} h", whole / 3_600),
        _ if whole % 60 == 0 && whole < 3_600 => format!("{} min", whole / 60),
        _ if whole % 60 == 0 => format!("{} h {:02}", whole / 3_600, whole % 3_600 / 60),
        _ => format!("{} min {:02}", whole / 60, whole % 60),
    }
}

/// A share as `83.4 %`; without a digit after the point from 99.95 % on, when it is a whole.
#[must_use]
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "–".to_owned();
    }
    let percents = share * 100.0;
    if percents >= 99.95 { format!("{percents:.0} %") } else { format!("{percents:.1} %") }
}

/// Text as the content or an attribute of an HTML element.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(clock(8.5 * 3_600.0), "08:30");
        assert_eq!(clock(25.0 * 3_600.0), "25:00");
        for (seconds, text) in [
            (0.0, "0.0 s"),
            (4.21, "4.2 s"),
            (9.97, "10 s"),
            (61.0, "61 s"),
            (125.4, "2 min 05 s"),
            (4_800.0, "1 h 20 min"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(length(seconds), text);
        }
        for (seconds, text) in
            [(0.0, "0"), (0.5, "0.5 s"), (30.0, "30 s"), (120.0, "2 min"), (5_400.0, "1 h 30")]
        {
            assert_eq!(short_length(seconds), text);
        }
        assert_eq!([percent(0.8342), percent(1.0)], ["83.4 %", "100 %"]);
    }

    #[test]
    fn text_does_not_become_markup() {
        assert_eq!(escape("a <b> & \"c\""), "a &lt;b&gt; &amp; &quot;c&quot;");
    }
}
