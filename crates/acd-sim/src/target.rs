//! What staffing is to reach: `80% in 20s`, and the shares that are written with a percent sign.

use jiff::SignedDuration;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A service level to reach: so large a share of the calls answered within so long a wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServiceTarget {
    /// The share of the calls, above 0 and below 1.
    pub share: f64,
    /// The longest wait that counts as in time.
    pub within: Duration,
}

impl FromStr for ServiceTarget {
    type Err = String;

    /// Reads `80% in 20s`.
    ///
    /// # Errors
    ///
    /// What was expected, in words, when it is written otherwise, or the share is not between 0%
    /// and 100%, both excluded: a service level of 100% takes agents without end.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected =
            || "expected a share and a length of time, such as \"80% in 20s\"".to_owned();
        let (share, within) = text.split_once(" in ").ok_or_else(expected)?;
        let within = within.trim().parse::<SignedDuration>().map_err(|_| expected())?;
        let within = Duration::try_from(within).map_err(|_| expected())?;
        Ok(Self { share: parse_share(share)?, within })
    }
}

impl fmt::Display for ServiceTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = SignedDuration::try_from(self.within).unwrap_or(SignedDuration::MAX);
        write!(f, "{} in {within:#}", percent(self.share))
    }
}

/// Reads a share between 0% and 100%, both excluded, such as `2.5%`: the result is above 0 and
/// below 1.
///
/// # Errors
///
/// What was expected, in words. Without the percent sign it is refused: `0.8` might be either.
pub fn parse_share(text: &str) -> Result<f64, String> {
    text.trim()
        .strip_suffix('%')
        .and_then(|number| number.trim_end().parse::<f64>().ok())
        .map(|percents| percents / 100.0)
        .filter(|share| *share > 0.0 && *share < 1.0)
        .ok_or_else(|| {
            "expected a share above 0% and below 100%, with the percent sign, such as 5%".to_owned()
        })
}

/// A share as people write it: `80%`, `2.5%`.
#[must_use]
pub fn percent(share: f64) -> String {
    // 0.07 * 100 is 7.000000000000001; nobody means the last digits.
    format!("{}%", (share * 1e10).round() / 1e8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_is_written() {
        for (text, share, within) in [
            ("80% in 20s", 0.8, 20_000),
            ("92.5% in 1m30s", 0.925, 90_000),
            (" 7 %  in 0s ", 0.07, 0),
            ("99.99% in 500ms", 0.9999, 500),
        ] {
            let target: ServiceTarget = text.parse().expect(text);
            assert!((target.share - share).abs() < 1e-12, "{text}: {target:?}");
            assert_eq!(target.within, Duration::from_millis(within), "{text}");
        }
        assert_eq!(
            "92.5% in 90s".parse::<ServiceTarget>().expect("right").to_string(),
            "92.5% in 1m 30s"
        );
    }

    #[test]
    fn nonsense_is_told_what_is_right() {
        for text in ["80%", "80% within 20s", "20s in 80%", "80% in 20", "80% in -20s", "", " in "]
        {
            let said = text.parse::<ServiceTarget>().expect_err(text);
            assert!(said.contains("such as"), "{text}: {said}");
        }
        for text in ["0%", "100%", "-5%", "0.8", "80", "NaN%", "inf%", "1e3%", "%"] {
            let said = parse_share(text).expect_err(text);
            assert!(said.contains("percent sign"), "{text}: {said}");
        }
    }
}
