//! Patterns: what an answer's body must be, with values to learn.
//!
//! Objects may have more members than the pattern names; arrays may not, unless the pattern's last entry is `"{{...}}"`.
//! A text `"{{learn name}}"` matches anything and keeps it; `{{any}}`, `{{id}}`, `{{time}}`, `{{text}}`, `{{integer}}`
//! match by kind. Everything else matches itself, after `{{name}}` was replaced by what is known.
//! Of a text that is no JSON each line is compared, and `{{any}}` matches a part of one.

use std::collections::BTreeMap;

use licentia_core::{Seconds, Timestamp};
use serde_json::Value;

/// What a run has learnt.
pub type Known = BTreeMap<String, Value>;

/// Replaces `{{name}}` by what is known, and `{{now+3600}}` by that time; other braces stay.
pub fn fill(text: &str, known: &Known, now: Timestamp) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else {
            break;
        };
        filled.push_str(before);
        filled.push_str(&value_of(name, known, now).unwrap_or_else(|| format!("{{{{{name}}}}}")));
        rest = after;
    }
    filled + rest
}

fn value_of(name: &str, known: &Known, now: Timestamp) -> Option<String> {
    if let Some(seconds) = name.strip_prefix("now") {
        let seconds = if seconds.is_empty() {
            0
        } else {
            seconds.parse().ok()?
        };
        return Some(now.plus(Seconds(seconds)).to_string());
    }
    match known.get(name)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Matches `actual` against `pattern`, and learns from it.
///
/// # Errors
/// Says where they differ.
pub fn matches(
    pattern: &Value,
    actual: &Value,
    path: &str,
    known: &mut Known,
) -> Result<(), String> {
    match (pattern, actual) {
        (Value::String(text), _) if text.starts_with("{{") => {
            matches_kind(text, actual, path, known)
        }
        (Value::Object(pattern), Value::Object(actual)) => {
            pattern.iter().try_for_each(|(name, pattern)| {
                let path = format!("{path}.{name}");
                let value = actual
                    .get(name)
                    .ok_or_else(|| format!("{path} is missing"))?;
                matches(pattern, value, &path, known)
            })
        }
        (Value::Array(pattern), Value::Array(actual)) => {
            matches_array(pattern, actual, path, known)
        }
        _ if pattern == actual => Ok(()),
        _ => Err(format!("{path} is {actual}, not {pattern}")),
    }
}

fn matches_array(
    pattern: &[Value],
    actual: &[Value],
    path: &str,
    known: &mut Known,
) -> Result<(), String> {
    let open = pattern.last().is_some_and(|last| last == "{{...}}");
    let named = if open {
        &pattern[..pattern.len() - 1]
    } else {
        pattern
    };
    if actual.len() < named.len() || (!open && actual.len() > named.len()) {
        return Err(format!(
            "{path} has {} entries, not {}: {}",
            actual.len(),
            named.len(),
            Value::from(actual)
        ));
    }
    let pairs = named.iter().zip(actual).enumerate();
    pairs
        .into_iter()
        .try_for_each(|(index, (pattern, actual))| {
            matches(pattern, actual, &format!("{path}[{index}]"), known)
        })
}

fn matches_kind(text: &str, actual: &Value, path: &str, known: &mut Known) -> Result<(), String> {
    let kind = text.trim_start_matches("{{").trim_end_matches("}}");
    if let Some(name) = kind.strip_prefix("learn ") {
        known.insert(name.to_owned(), actual.clone());
        return Ok(());
    }
    let text = actual.as_str().unwrap_or_default();
    let fits = match kind {
        "any" => true,
        "id" => {
            text.len() == 36
                && text == text.to_lowercase()
                && text.parse::<licentia_core::RequestId>().is_ok()
        }
        "time" => text
            .parse::<Timestamp>()
            .is_ok_and(|time| time.to_string() == text),
        "text" => actual.is_string(),
        "integer" => actual.is_i64(),
        _ => return Err(format!("{path}: nothing is known of `{kind}`")),
    };
    if fits {
        Ok(())
    } else {
        Err(format!("{path} is {actual}, which is no {kind}"))
    }
}

/// Matches the lines of a text.
///
/// # Errors
/// Says which line differs.
pub fn matches_text(pattern: &str, actual: &str) -> Result<(), String> {
    let (wanted, lines) = (pattern.lines(), actual.lines());
    if wanted.clone().count() != lines.clone().count() {
        return Err(format!("the text has other lines: {actual}"));
    }
    let mut pairs = wanted.zip(lines);
    match pairs.find(|(wanted, line)| !matches_line(wanted, line)) {
        None => Ok(()),
        Some((wanted, line)) => Err(format!("a line is `{line}`, not `{wanted}`")),
    }
}

fn matches_line(wanted: &str, line: &str) -> bool {
    match wanted.split_once("{{any}}") {
        None => wanted == line,
        Some((before, after)) => line.strip_prefix(before).is_some_and(|rest| {
            let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.into_iter().any(|at| matches_line(after, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(pattern: Value, actual: Value) -> Result<Known, String> {
        let mut known = Known::new();
        matches(&pattern, &actual, "body", &mut known).map(|()| known)
    }

    #[test]
    fn objects_may_have_more_and_arrays_may_not() {
        assert!(check(json!({"a": 1}), json!({"a": 1, "b": 2})).is_ok());
        assert!(check(json!({"a": 1}), json!({"b": 2})).is_err());
        assert!(check(json!([1]), json!([1, 2])).is_err());
        assert!(check(json!([1, "{{...}}"]), json!([1, 2])).is_ok());
    }

    #[test]
    fn lines_of_a_text_match_one_by_one() {
        assert!(matches_text("a,{{any}},c\n", "a,b,c\r\n").is_ok());
        assert!(matches_text("{{any}},{{any}},c", "a,b,c").is_ok());
        assert!(matches_text("a,{{any}}", "b,c").is_err());
        assert!(matches_text("a", "a\nb").is_err());
    }

    #[test]
    fn values_are_learnt_and_kinds_are_checked() {
        let known = check(
            json!({"id": "{{learn x}}", "at": "{{time}}"}),
            json!({"id": "y", "at": "2018-05-06T08:49:17.9361143Z"}),
        );
        assert_eq!(known.unwrap()["x"], "y");
        assert!(check(json!("{{time}}"), json!("2018-05-06T08:49:17Z")).is_err());
        assert!(check(json!("{{unheard}}"), json!("x")).is_err());
    }
}
