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

/// The same with two or three digits, where there is little room: `4.2 s`, `38 s`, `7.4 min`, `1.3 h`.
#[must_use]
pub fn rough_length(seconds: f64) -> String {
    if seconds < 99.5 {
        length(seconds)
    } else if seconds < 3_600.0 {
        format!("{:.1} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3_600.0)
    }
}

/// The same as [`length`] without a rest of nothing, for the marks of an axis: `30 s`, `2 min`, `1 h`.
#[must_use]
pub fn short_length(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let has_rest = (seconds - seconds.round()).abs() > 1e-9;
    match (whole / 3_600, whole % 3_600 / 60, whole % 60) {
        _ if seconds < 1e-9 => "0".to_owned(),
        _ if has_rest => format!("{seconds:.1} s"),
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02}"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes:02}"),
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
        for (seconds, text) in [
            (0.0, "0"),
            (0.2, "0.2 s"),
            (1.5, "1.5 s"),
            (30.0, "30 s"),
            (120.0, "2 min"),
            (5_400.0, "1 h 30"),
        ] {
            assert_eq!(short_length(seconds), text);
        }
        assert_eq!([38.0, 444.0, 4_680.0].map(rough_length), ["38 s", "7.4 min", "1.3 h"]);
        assert_eq!([percent(0.8342), percent(1.0)], ["83.4 %", "100 %"]);
    }

    #[test]
    fn text_does_not_become_markup() {
        assert_eq!(escape("a <b> & \"c\""), "a &lt;b&gt; &amp; &quot;c&quot;");
    }
}
