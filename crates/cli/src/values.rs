//! Values of the command line, parsed once: durations, dates, fields and addresses.

use std::str::FromStr;

use licentia_core::{Seconds, Timestamp};
use serde_json::Value;

/// A duration such as `90s`, `30m`, `12h`, `30d` or `2w`; a number alone counts seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duration(pub(crate) Seconds);

#[derive(Debug, thiserror::Error)]
#[error("it is a whole number above zero with `s`, `m`, `h`, `d` or `w`, such as `30d`")]
pub(crate) struct MalformedDuration;

impl FromStr for Duration {
    type Err = MalformedDuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let unit = match text.strip_prefix(number) {
            Some("" | "s") => 1,
            Some("m") => 60,
            Some("h") => 3_600,
            Some("d") => 86_400,
            Some("w") => 604_800,
            _ => return Err(MalformedDuration),
        };
        let count = number.parse::<i64>().ok().filter(|count| *count > 0);
        let seconds = count.and_then(|count| count.checked_mul(unit));
        seconds.map(Seconds).map(Self).ok_or(MalformedDuration)
    }
}

/// A point in time: a date, or a duration from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    At(Timestamp),
    In(Seconds),
}

#[derive(Debug, thiserror::Error)]
#[error(
    "it is a date such as `2027-01-31` or `2027-01-31T12:00:00Z`, or a duration from now such as `90d`"
)]
pub(crate) struct MalformedWhen;

impl FromStr for When {
    type Err = MalformedWhen;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(Duration(seconds)) = text.parse() {
            return Ok(Self::In(seconds));
        }
        text.parse()
            .map(Self::At)
            .map_err(|_malformed| MalformedWhen)
    }
}

impl When {
    pub(crate) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(date) => date,
            Self::In(duration) => now.plus(duration),
        }
    }
}

/// `name=value`, where the value is JSON if it reads as such, else a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: Value,
}

/// `key=value`, both texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) value: String,
}

#[derive(Debug, thiserror::Error)]
#[error("it has the form `name=value`")]
pub(crate) struct MalformedPair;

impl FromStr for Pair {
    type Err = MalformedPair;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err(MalformedPair),
        }
    }
}

impl FromStr for Field {
    type Err = MalformedPair;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Pair { key, value } = text.parse()?;
        Ok(Self {
            name: key,
            value: serde_json::from_str(&value).unwrap_or(Value::String(value)),
        })
    }
}

/// Hosts that are this machine itself.
const HERE: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The address of a server, without the slash at its end and without `/v3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) String);

impl Address {
    /// Returns whether what is sent there can be read on its way.
    pub(crate) fn is_open(&self) -> bool {
        let plain = self.0.strip_prefix("http://");
        let host = plain.and_then(|rest| rest.parse::<ureq::http::uri::Authority>().ok());
        host.is_some_and(|host| !HERE.contains(&host.host()))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("it begins with `https://` or `http://` and names a host alone")]
pub(crate) struct MalformedAddress;

impl FromStr for Address {
    type Err = MalformedAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.trim().trim_end_matches('/');
        let bare = bare.strip_suffix("/v3").unwrap_or(bare);
        let uri: ureq::http::Uri = bare.parse().map_err(|_invalid| MalformedAddress)?;
        let web = matches!(uri.scheme_str(), Some("http" | "https"));
        let host = uri.host().is_some_and(|host| !host.is_empty());
        let bare_host = uri.path().len() <= 1 && uri.query().is_none();
        if !web || !host || !bare_host {
            return Err(MalformedAddress);
        }
        Ok(Self(bare.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, seconds: Option<i64>) {
        let read = text.parse::<Duration>().ok();
        assert_eq!(read.map(|duration| duration.0.0), seconds, "{text}");
    }

    #[test]
    fn durations_have_one_unit() {
        check("30d", Some(2_592_000));
        check("90", Some(90));
        check("2w", Some(1_209_600));
        for wrong in [
            "",
            "d",
            "0d",
            "-1d",
            "1y",
            "1d2h",
            "9999999999999999w",
            "٣d",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_field_is_json_where_it_reads_as_such() {
        let value = |text: &str| text.parse::<Field>().unwrap().value;
        assert_eq!(value("a=5"), Value::from(5));
        assert_eq!(value("a=P1Y"), Value::from("P1Y"));
        assert_eq!(value("a=x=y"), Value::from("x=y"));
        assert!("=5".parse::<Field>().is_err());
    }

    #[test]
    fn a_plain_address_of_another_machine_is_open() {
        let open = |text: &str| text.parse::<Address>().unwrap().is_open();
        assert!(open("http://h.example:8080"));
        for safe in [
            "https://h.example",
            "http://localhost:1",
            "http://127.0.0.1:8787",
            "http://[::1]:1",
        ] {
            assert!(!open(safe), "{safe}");
        }
    }

    #[test]
    fn an_address_is_that_of_the_host() {
        let read = |text: &str| text.parse::<Address>().map(|address| address.0).ok();
        let bare = Some("https://h.example".to_owned());
        assert_eq!(read("https://h.example/"), bare);
        assert_eq!(read("https://h.example/v3/"), bare);
        for wrong in [
            "h.example",
            "ftp://h",
            "https://",
            "https://h?x=1",
            "https://h/x",
            "ü",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
