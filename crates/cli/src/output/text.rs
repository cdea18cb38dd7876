//! Words for values: dates, durations, and texts that came from elsewhere.

use licentia_core::{Seconds, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Escapes what would steer a terminal or turn the direction of writing: names of machines come from strangers.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for letter in text.chars() {
        let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (letter.is_control() && letter != '\n') || turns {
            cleaned.extend(letter.escape_unicode());
        } else {
            cleaned.push(letter);
        }
    }
    cleaned
}

/// Writes a date to the minute: `2018-05-06 08:49 UTC`.
pub(crate) fn moment(date: Timestamp) -> String {
    let text = date.to_string();
    let minutes = text.split_at_checked(16).map_or("", |(minutes, _)| minutes);
    format!("{} UTC", minutes.replacen('T', " ", 1))
}

/// Writes the day of a date: `2018-05-06`.
pub(crate) fn day(date: Timestamp) -> String {
    let text = date.to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

/// Writes a date and how far it is away.
pub(crate) fn moment_and_distance(date: Timestamp, now: Timestamp) -> String {
    format!("{} ({})", moment(date), distance(date, now))
}

/// Writes how far a date is away, in its largest unit: `in 3 days`, `2 hours ago`, `now`.
pub(crate) fn distance(date: Timestamp, now: Timestamp) -> String {
    let seconds = date.unix_seconds().saturating_sub(now.unix_seconds());
    let long = parts(seconds.saturating_abs()).next();
    match long {
        None => "now".to_owned(),
        Some(long) if seconds > 0 => format!("in {long}"),
        Some(long) => format!("{long} ago"),
    }
}

/// Writes a duration in its two largest units.
pub(crate) fn span(duration: Seconds) -> String {
    let parts: Vec<String> = parts(duration.0).take(2).collect();
    if parts.is_empty() {
        return "0 seconds".to_owned();
    }
    parts.join(" ")
}

fn parts(seconds: i64) -> impl Iterator<Item = String> {
    let units = [
        (seconds.checked_div(DAY), "day"),
        (
            seconds
                .checked_rem(DAY)
                .and_then(|rest| rest.checked_div(HOUR)),
            "hour",
        ),
        (
            seconds
                .checked_rem(HOUR)
                .and_then(|rest| rest.checked_div(MINUTE)),
            "minute",
        ),
        (seconds.checked_rem(MINUTE), "second"),
    ];
    let counted = units
        .into_iter()
        .filter_map(|(count, unit)| Some((count?, unit)));
    counted
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {unit}{plural}")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check_span(seconds: i64, text: &str) {
        assert_eq!(span(Seconds(seconds)), text);
    }

    #[test]
    fn durations_have_two_units() {
        check_span(0, "0 seconds");
        check_span(3_600, "1 hour");
        check_span(2_595_000, "30 days 50 minutes");
        check_span(90_061, "1 day 1 hour");
        check_span(-5, "0 seconds");
        check_span(i64::MIN, "0 seconds");
    }

    #[test]
    fn a_date_says_how_far_it_is_away() {
        let now = at("2026-01-01T00:00:00Z");
        assert_eq!(
            moment_and_distance(at("2026-01-03T12:00:00Z"), now),
            "2026-01-03 12:00 UTC (in 2 days)"
        );
        assert_eq!(distance(at("2025-12-31T23:00:00Z"), now), "1 hour ago");
        assert_eq!(distance(now, now), "now");
        assert_eq!(distance(Timestamp::MAX, Timestamp::MIN), "in 3652058 days");
    }
}
