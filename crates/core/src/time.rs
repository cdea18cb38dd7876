//! Time: instants as 100-nanosecond ticks, written as fixed-width UTC text, and durations in seconds.
//!
//! The text has seven fractional digits and `Z`, so that its byte order is its order in time and SQL can compare it.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::str::FromStr;

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime, Timelike, Utc};
use serde::{Deserialize, Serialize};

const TICKS_A_SECOND: i64 = 10_000_000;
const TICKS_A_MILLISECOND: i64 = 10_000;
const NANOSECONDS_A_TICK: i64 = 100;

/// A whole number of seconds: every duration of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub i64);

/// An instant, in ticks of 100 nanoseconds since 1970-01-01T00:00:00Z, between the years 1 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is no date and time between the years 1 and 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date and time such as `2018-05-06T08:49:17.9361143Z`")]
pub struct MalformedTimestamp(String);

impl Timestamp {
    /// The last instant that the text form can hold.
    pub const MAX: Self = Self(2_534_023_007_999_999_999);
    /// The first instant that the text form can hold.
    pub const MIN: Self = Self(-621_355_968_000_000_000);

    /// Returns the instant that lies `milliseconds` after 1970, held within the range.
    #[must_use]
    pub fn from_unix_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds.saturating_mul(TICKS_A_MILLISECOND)).clamped()
    }

    /// Returns the instant that lies `seconds` after 1970, held within the range.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(TICKS_A_SECOND)).clamped()
    }

    /// Returns whole seconds since 1970, rounded down: the form of a token's claims.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(TICKS_A_SECOND)
    }

    /// Returns whole milliseconds since 1970, rounded down.
    #[must_use]
    pub fn unix_milliseconds(self) -> i64 {
        self.0.div_euclid(TICKS_A_MILLISECOND)
    }

    /// Returns the instant that many seconds later, held within the range.
    #[must_use]
    pub fn plus(self, duration: Seconds) -> Self {
        Self(
            self.0
                .saturating_add(duration.0.saturating_mul(TICKS_A_SECOND)),
        )
        .clamped()
    }

    /// Returns the next instant that can be told apart.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1)).clamped()
    }

    /// Returns the same time of day that many calendar months later; the 31st becomes the last day of a shorter month.
    #[must_use]
    pub(crate) fn plus_months(self, months: u32) -> Self {
        let later = self.calendar().checked_add_months(Months::new(months));
        later
            .and_then(|later| Self::from_calendar(&later))
            .unwrap_or(Self::MAX)
    }

    fn clamped(self) -> Self {
        Self(self.0.clamp(Self::MIN.0, Self::MAX.0))
    }

    fn calendar(self) -> DateTime<Utc> {
        let seconds = self.0.div_euclid(TICKS_A_SECOND);
        let nanoseconds = self
            .0
            .rem_euclid(TICKS_A_SECOND)
            .saturating_mul(NANOSECONDS_A_TICK);
        let nanoseconds = u32::try_from(nanoseconds).unwrap_or(0);
        // INVARIANT: MIN and MAX lie inside chrono's range, so this never falls back.
        DateTime::from_timestamp(seconds, nanoseconds).unwrap_or_default()
    }

    fn from_calendar(time: &DateTime<Utc>) -> Option<Self> {
        if !(1..=9999).contains(&time.year()) {
            return None;
        }
        let whole = time.timestamp().checked_mul(TICKS_A_SECOND)?;
        let fraction = i64::from(time.timestamp_subsec_nanos()).checked_div(NANOSECONDS_A_TICK)?;
        let ticks = whole.checked_add(fraction)?;
        // A leap second of the last year would lie past the end.
        (Self::MIN.0..=Self::MAX.0)
            .contains(&ticks)
            .then_some(Self(ticks))
    }
}

impl fmt::Display for Timestamp {
    /// Writes digit by digit: every document has several, and a format string would be read for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.calendar();
        let fraction = self.0.rem_euclid(TICKS_A_SECOND);
        let parts = [
            (4, i64::from(time.year()), '-'),
            (2, time.month().into(), '-'),
            (2, time.day().into(), 'T'),
            (2, time.hour().into(), ':'),
            (2, time.minute().into(), ':'),
            (2, time.second().into(), '.'),
            (7, fraction, 'Z'),
        ];
        for (width, number, end) in parts {
            write_digits(f, width, number)?;
            f.write_char(end)?;
        }
        Ok(())
    }
}

/// Writes the last `width` decimal digits of a number that is not negative.
fn write_digits(f: &mut fmt::Formatter<'_>, width: usize, mut number: i64) -> fmt::Result {
    let mut digits = [b'0'; 7];
    for digit in digits.iter_mut().rev() {
        *digit = b'0'.saturating_add(u8::try_from(number % 10).unwrap_or(0));
        number /= 10;
    }
    let text = str::from_utf8(&digits).unwrap_or_default();
    f.write_str(
        text.get(digits.len().saturating_sub(width)..)
            .unwrap_or_default(),
    )
}

/// Reads RFC 3339, and what clients send besides: no zone (taken as UTC), a space for the `T`, a date alone.
impl FromStr for Timestamp {
    type Err = MalformedTimestamp;

    fn from_str(text: &str) -> Result<Self, MalformedTimestamp> {
        let text = text.trim();
        let zoned = DateTime::parse_from_rfc3339(text)
            .map(|time| time.with_timezone(&Utc))
            .ok();
        let time = zoned.or_else(|| parse_without_zone(text));
        time.and_then(|time| Self::from_calendar(&time))
            .ok_or_else(|| MalformedTimestamp(text.chars().take(64).collect()))
    }
}

fn parse_without_zone(text: &str) -> Option<DateTime<Utc>> {
    let time = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let midnight = || {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()?
            .and_hms_opt(0, 0, 0)
    };
    time.or_else(midnight).map(|time| time.and_utc())
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, written: &str) {
        assert_eq!(input.parse::<Timestamp>().unwrap().to_string(), written);
    }

    #[test]
    fn timestamps_keep_seven_fractional_digits() {
        check(
            "2018-05-06T08:49:17.9361143Z",
            "2018-05-06T08:49:17.9361143Z",
        );
        check("2018-05-06T08:49:17Z", "2018-05-06T08:49:17.0000000Z");
        check(
            "1969-12-31T23:59:59.9999999Z",
            "1969-12-31T23:59:59.9999999Z",
        );
        check(
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:59.9999999Z",
        );
        check("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000Z");
    }

    #[test]
    fn what_clients_send_is_read_as_utc() {
        check("2015-05-01 11:16:16", "2015-05-01T11:16:16.0000000Z");
        check("2018-06-29T13:11:33.852642", "2018-06-29T13:11:33.8526420Z");
        check("2018-06-29T13:11:33+02:00", "2018-06-29T11:11:33.0000000Z");
        check("2018-06-29", "2018-06-29T00:00:00.0000000Z");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2018-13-01",
            "10000-01-01T00:00:00Z",
            "1525596557",
            "9999-12-31T23:59:60Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn months_are_calendar_true() {
        let january: Timestamp = "2024-01-31T10:00:00Z".parse().unwrap();
        assert_eq!(
            january.plus_months(1).to_string(),
            "2024-02-29T10:00:00.0000000Z"
        );
        assert_eq!(Timestamp::MAX.plus_months(1), Timestamp::MAX);
    }
}
