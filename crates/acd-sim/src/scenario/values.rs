//! What stands behind the keys of a scenario: lengths of time, times of day, shares, and how long
//! things take. What cannot be is told with what would be right.

use crate::distribution::Distribution;
use crate::target::parse_share;
use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::time::Duration;

/// A length of time: `30s`, `2m`, `1h30m`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Length(pub(super) Duration);

impl Length {
    pub(super) fn us(self) -> f64 {
        self.0.as_micros() as f64
    }
}

fn length(text: &str) -> Result<Length, String> {
    let read = text.parse::<SignedDuration>().ok().and_then(|length| length.try_into().ok());
    read.map(Length).ok_or_else(|| {
        format!("`{text}` is no length of time; expected a number with a unit, such as \"4m\"")
    })
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Text("a length of time with its unit, such as \"4m\"", length))
    }
}

/// A time of day, in seconds since midnight; `24:00` is the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) struct Clock(pub(super) f64);

fn clock(text: &str) -> Result<Clock, String> {
    let number = |text: &str| match text.len() {
        2 if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse::<u32>().ok(),
        _ => None,
    };
    let read = text.split_once(':').and_then(|(hour, minute)| {
        let (hour, minute) = (number(hour)?, number(minute)?);
        let within = minute < 60 && hour * 60 + minute <= 24 * 60;
        within.then(|| Clock(f64::from(hour * 60 + minute) * 60.0))
    });
    read.ok_or_else(|| {
        format!("`{text}` is no time of day; expected \"00:00\" to \"24:00\", such as \"08:30\"")
    })
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Text("a time of day in quotes, such as \"08:30\"", clock))
    }
}

/// A share from 0% to 100%.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Share(pub(super) f64);

fn share(text: &str) -> Result<Share, String> {
    match text.trim() {
        "0%" => Ok(Share(0.0)),
        "100%" => Ok(Share(1.0)),
        text => parse_share(text).map(Share).map_err(|_| {
            format!("`{text}` is no share; expected 0% to 100%, such as \"2%\" or \"2.5%\"")
        }),
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Text("a share in quotes, such as \"2%\"", share))
    }
}

/// Reads a text by a function.
struct Text<T>(&'static str, fn(&str) -> Result<T, String>);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).map_err(E::custom)
    }
}

/// Agents: one name or glob, or a list of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Names(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"all\", an agent's id, or a list of ids such as [\"ana\", \"ben\"]")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Names, E> {
                Ok(Names(vec![name.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element::<String>()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        from.deserialize_any(OneOrMany)
    }
}

/// A number that holds all day, or one for each part of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rate {
    Constant(f64),
    List(Vec<f64>),
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Rate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of calls, or a list of them")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Rate, E> {
                self.visit_f64(number as f64)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Rate, E> {
                Ok(Rate::Constant(number))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Rate, A::Error> {
                let mut numbers = Vec::new();
                while let Some(number) = list.next_element::<f64>()? {
                    numbers.push(number);
                }
                Ok(Rate::List(numbers))
            }
        }
        from.deserialize_any(OneOrMany)
    }
}

/// How long something takes: `"4m"`, or a table that says how it varies.
#[derive(Clone, Debug)]
pub(super) struct Lasts(pub(super) Distribution);

/// The table; exactly one of the first five, and what belongs to it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastsTable {
    exponential: Option<Length>,
    lognormal: Option<Length>,
    erlang: Option<Length>,
    exactly: Option<Length>,
    uniform: Option<[Length; 2]>,
    measured: Option<Vec<Length>>,
    cv: Option<Variation>,
    k: Option<f64>,
}

/// A coefficient of variation: 0.8 is a standard deviation of 80 % of the mean.
struct Variation(f64);

/// Whoever writes more has most likely meant percent.
const VARIATION_MAX: f64 = 10.0;

impl<'de> Deserialize<'de> for Variation {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Variation;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number such as 0.8")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Variation, E> {
                self.visit_f64(number as f64)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Variation, E> {
                match number {
                    ..0.0 => Err(E::custom(format!("cv must be at least 0, is {number}"))),
                    0.0..=VARIATION_MAX => Ok(Variation(number)),
                    _ => {
                        let most = "cv must be a number such as 0.8, at most";
                        Err(E::custom(format!("{most} {VARIATION_MAX}, is {number}")))
                    }
                }
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Variation, E> {
                Err(E::custom(format!("cv must be a number such as 0.8, is \"{text}\"")))
            }
        }
        from.deserialize_any(Number)
    }
}

const LASTS: &str = "a mean such as \"4m\", or one of { exponential = \"4m\" }, \
    { lognormal = \"4m\", cv = 0.8 }, { erlang = \"4m\", k = 2 }, { exactly = \"3m\" }, \
    { uniform = [\"1m\", \"3m\"] }, { measured = [\"2m10s\", \"3m\"] }";

impl LastsTable {
    fn read(self) -> Result<Lasts, String> {
        let Self { exponential, lognormal, erlang, exactly, uniform, measured, cv, k } = self;
        let made = match (exponential, lognormal, erlang, exactly, uniform, measured, cv, k) {
            (Some(mean), None, None, None, None, None, None, None) => {
                Distribution::exponential(mean.us())
            }
            (None, Some(mean), None, None, None, None, Some(Variation(cv)), None) => {
                Distribution::log_normal(mean.us(), cv * cv)
            }
            (None, None, Some(mean), None, None, None, None, Some(k)) => {
                Distribution::erlang(mean.us(), k)
            }
            (None, None, None, Some(length), None, None, None, None) => {
                Distribution::deterministic(length.us())
            }
            (None, None, None, None, Some([least, most]), None, None, None) => {
                Distribution::uniform(least.us(), most.us())
            }
            (None, None, None, None, None, Some(lengths), None, None) => {
                Distribution::empirical(lengths.into_iter().map(Length::us))
            }
            _ => return Err(format!("these keys do not go together; expected {LASTS}")),
        };
        made.map(Lasts).map_err(|error| error.to_string())
    }
}

impl<'de> Deserialize<'de> for Lasts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Lasts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(LASTS)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Lasts, E> {
                let mean = length(text).map_err(E::custom)?;
                Distribution::exponential(mean.us()).map(Lasts).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Lasts, A::Error> {
                let table = LastsTable::deserialize(de::value::MapAccessDeserializer::new(map))?;
                table.read().map_err(de::Error::custom)
            }
        }
        from.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct One<T> {
        it: T,
    }

    fn read<T: de::DeserializeOwned>(text: &str) -> Result<T, String> {
        let read = toml::from_str::<One<T>>(&format!("it = {text}"));
        read.map(|one| one.it).map_err(|error| error.to_string())
    }

    #[test]
    fn times_and_shares_are_read_as_people_write_them() {
        assert_eq!(read::<Length>("\"1m30s\"").expect("right").us(), 90e6);
        assert_eq!(read::<Clock>("\"08:30\"").expect("right"), Clock(30_600.0));
        assert_eq!(read::<Clock>("\"24:00\"").expect("right"), Clock(86_400.0));
        assert_eq!(read::<Share>("\"2.5%\"").expect("right"), Share(0.025));
        for (text, hint) in [("\"8:30\"", "08:30"), ("\"24:01\"", "24:00"), ("830", "08:30")] {
            let said = read::<Clock>(text).expect_err(text);
            assert!(said.contains(hint), "{said}");
        }
        for text in ["\"-4m\"", "\"4\"", "4"] {
            let said = read::<Length>(text).expect_err(text);
            assert!(said.contains("such as \"4m\""), "{said}");
        }
    }

    #[test]
    fn how_long_something_takes_has_its_mean() {
        for (text, seconds) in [
            ("\"4m\"", 240.0),
            ("{ exponential = \"4m\" }", 240.0),
            ("{ lognormal = \"4m\", cv = 0.8 }", 240.0),
            ("{ erlang = \"4m\", k = 2 }", 240.0),
            ("{ exactly = \"3m\" }", 180.0),
            ("{ uniform = [\"1m\", \"3m\"] }", 120.0),
            ("{ measured = [\"1m\", \"5m\"] }", 180.0),
        ] {
            let Lasts(of) = read(text).expect(text);
            assert!((of.mean_us() / 1e6 - seconds).abs() < 1e-6, "{text}: {}", of.mean_us());
        }
        for text in
            ["{ lognormal = \"4m\" }", "{ exactly = \"3m\", k = 2 }", "{ mean = \"3m\" }", "4"]
        {
            let said = read::<Lasts>(text).expect_err(text);
            assert!(said.contains("lognormal"), "{text}: {said}");
        }
        for (text, hint) in [
            ("{ lognormal = \"4m\", cv = -0.8 }", "cv must be at least 0, is -0.8"),
            (
                "{ lognormal = \"4m\", cv = 80 }",
                "cv must be a number such as 0.8, at most 10, is 80",
            ),
            ("{ lognormal = \"4m\", cv = \"80%\" }", "cv must be a number such as 0.8, is \"80%\""),
            ("{ erlang = \"4m\", k = 0.001 }", "k must be at least 0.01, is 0.001"),
        ] {
            let said = read::<Lasts>(text).expect_err(text);
            assert!(said.contains(hint), "{text}: {said}");
        }
    }
}
