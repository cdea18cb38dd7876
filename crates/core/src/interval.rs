//! Subscription intervals: ISO 8601 durations such as `P1Y`, `P3M10D` or `PT12H`, added to a date by the calendar.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::{Seconds, Timestamp};

const LONGEST_TEXT: usize = 64;

/// An ISO 8601 duration of whole numbers, longer than zero; keeps the text that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    text: String,
    months: u32,
    seconds: i64,
}

/// A text that is no ISO 8601 duration of whole numbers, or one of length zero.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ISO 8601 duration such as `P1Y` or `P30D`")]
pub struct MalformedInterval(String);

impl Interval {
    /// Returns the end of the interval that starts at `start`: months by the calendar first, then days and hours.
    #[must_use]
    pub fn after(&self, start: Timestamp) -> Timestamp {
        self.times_after(1, start)
    }

    /// Returns the end of that many intervals in a row: three times `P1M` after the 31st of January is the 30th of April.
    #[must_use]
    pub fn times_after(&self, count: u32, start: Timestamp) -> Timestamp {
        start
            .plus_months(self.months.saturating_mul(count))
            .plus(Seconds(self.seconds.saturating_mul(i64::from(count))))
    }

    fn read(text: &str) -> Option<(u32, i64)> {
        if text.len() > LONGEST_TEXT {
            return None;
        }
        let (date, time) = match text.strip_prefix('P')?.split_once('T') {
            Some((_, "")) => return None,
            Some((date, time)) => (date, time),
            None => (text.strip_prefix('P')?, ""),
        };
        let (mut months, mut seconds) = (0_u32, 0_i64);
        for (count, unit) in components(date, "YMWD")? {
            match unit {
                'Y' => months = months.checked_add(count.checked_mul(12)?)?,
                'M' => months = months.checked_add(count)?,
                'W' => seconds = seconds.checked_add(i64::from(count).checked_mul(604_800)?)?,
                _ => seconds = seconds.checked_add(i64::from(count).checked_mul(86_400)?)?,
            }
        }
        for (count, unit) in components(time, "HMS")? {
            let length = match unit {
                'H' => 3_600,
                'M' => 60,
                _ => 1,
            };
            seconds = seconds.checked_add(i64::from(count).checked_mul(length)?)?;
        }
        (months > 0 || seconds > 0).then_some((months, seconds))
    }
}

/// Splits `1Y2M` into its counts and units; units must stand in the order of `units`, each once.
fn components(text: &str, units: &str) -> Option<Vec<(u32, char)>> {
    let mut found = Vec::new();
    let mut allowed = units.chars();
    let mut digits = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
        } else {
            allowed.find(|unit| *unit == character)?;
            found.push((std::mem::take(&mut digits).parse().ok()?, character));
        }
    }
    digits.is_empty().then_some(found)
}

impl FromStr for Interval {
    type Err = MalformedInterval;

    fn from_str(text: &str) -> Result<Self, MalformedInterval> {
        let (months, seconds) =
            Self::read(text).ok_or_else(|| MalformedInterval(text.chars().take(64).collect()))?;
        Ok(Self {
            text: text.to_owned(),
            months,
            seconds,
        })
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Interval {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(interval: &str, end: &str) {
        let start: Timestamp = "2024-01-31T08:00:00Z".parse().unwrap();
        assert_eq!(
            interval
                .parse::<Interval>()
                .unwrap()
                .after(start)
                .to_string(),
            end
        );
    }

    #[test]
    fn intervals_end_where_the_calendar_says() {
        check("P1Y", "2025-01-31T08:00:00.0000000Z");
        check("P1M", "2024-02-29T08:00:00.0000000Z");
        check("P3M10D", "2024-05-10T08:00:00.0000000Z");
        check("P30D", "2024-03-01T08:00:00.0000000Z");
        check("P2W", "2024-02-14T08:00:00.0000000Z");
        check("PT36H", "2024-02-01T20:00:00.0000000Z");
    }

    #[test]
    fn intervals_in_a_row_lose_no_day_to_a_short_month() {
        let start: Timestamp = "2024-01-31T08:00:00Z".parse().unwrap();
        let month: Interval = "P1M".parse().unwrap();
        assert_eq!(
            month.times_after(3, start).to_string(),
            "2024-04-30T08:00:00.0000000Z"
        );
        assert_eq!(month.times_after(u32::MAX, start), Timestamp::MAX);
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in [
            "",
            "P",
            "PT",
            "P0D",
            "1Y",
            "P1Y1Y",
            "P1D1Y",
            "P-1D",
            "P1.5Y",
            "P1H",
            "P99999999999Y",
        ] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
    }
}
