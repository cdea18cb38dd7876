//! The history of a license: what was changed by whom, and which machines came and went, as one list.

use licentia_core::Timestamp;

use crate::document::{Document, Fields};
use crate::output::{Cell, HEADING, Table, Tone, moment, styled};

/// The longest text of a value; a history is to be glanced over.
const LONGEST_VALUE: usize = 40;

/// Words the newest entries of event logs and activation logs as a section of `license show`.
pub(super) fn section(logs: &[Vec<Document>; 2], most: usize) -> String {
    let mut entries: Vec<Fields<'_>> = logs.iter().flatten().map(Document::fields).collect();
    if entries.is_empty() {
        return String::new();
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(date(*entry)));
    let mut table = Table::new(&["  WHEN", "WHAT", "WHO", "FROM", "DETAILS"], &[2, 4]);
    for entry in entries.into_iter().take(most) {
        let when = entry.date("createdAt").map(moment).unwrap_or_default();
        table.add([
            format!("  {when}").into(),
            entry.plain("action").into(),
            who(entry),
            Cell::maybe(address(entry)),
            details(entry).into(),
        ]);
    }
    format!("\n\n{}\n{table}", styled(HEADING, "History"))
}

fn date(entry: Fields<'_>) -> Timestamp {
    entry.date("createdAt").unwrap_or(Timestamp::MIN)
}

/// An activation log has no actor: an application called, on the machine that it names.
fn who(entry: Fields<'_>) -> Cell {
    let user = entry.object("user").and_then(|user| user.text("email"));
    let actor = entry.text("actor").or(user);
    match actor.or(entry.text("hostname")) {
        Some(name) => name.into(),
        None => Cell::new("–", Tone::Quiet),
    }
}

fn address(entry: Fields<'_>) -> Option<&str> {
    let location = entry.object("location");
    let located = location.and_then(|location| location.text("ipAddress"));
    entry.text("ipAddress").or(located)
}

fn details(entry: Fields<'_>) -> String {
    let changes: Vec<String> = entry.objects("changes").map(change).collect();
    let version = entry
        .text("appVersion")
        .map(|version| format!("version {version}"));
    match version {
        Some(version) if changes.is_empty() => version,
        _ => changes.join("\n"),
    }
}

fn change(change: Fields<'_>) -> String {
    let value = |name| shortened(&change.plain(name));
    let name = change.plain("propertyName");
    let (old, new) = (value("oldValue"), value("newValue"));
    // Of a secret, such as a license key, the log tells that it changed and not into what.
    if old == new {
        return format!("{name}: changed");
    }
    format!("{name}: {old} → {new}")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::read(text).unwrap()
    }

    #[test]
    fn both_logs_are_one_history_the_newest_first() {
        let logs = [
            vec![document(
                r#"{"createdAt": "2026-01-02T10:00:00Z", "action": "license.revoked", "actor": "root", "ipAddress": "192.0.2.1",
                    "changes": [{"propertyName": "revoked", "oldValue": false, "newValue": true}]}"#,
            )],
            vec![document(
                r#"{"createdAt": "2026-01-03T10:00:00Z", "action": "activation.created", "hostname": "ada", "appVersion": "2.1",
                    "location": {"ipAddress": "192.0.2.9"}}"#,
            )],
        ];
        let text = anstream::adapter::strip_str(&section(&logs, 9)).to_string();
        let lines: Vec<&str> = text.lines().skip(2).map(str::trim_end).collect();
        assert_eq!(
            lines,
            [
                "History",
                "  WHEN                  WHAT                WHO   FROM       DETAILS",
                "  2026-01-03 10:00 UTC  activation.created  ada   192.0.2.9  version 2.1",
                "  2026-01-02 10:00 UTC  license.revoked     root  192.0.2.1  revoked: false → true",
            ]
        );
    }

    #[test]
    fn a_secret_that_changed_is_told_without_its_values() {
        let changed = document(r#"{"propertyName": "key", "oldValue": null, "newValue": null}"#);
        assert_eq!(change(changed.fields()), "key: changed");
    }

    #[test]
    fn a_long_value_is_cut_between_letters() {
        assert_eq!(shortened(&"é".repeat(41)), format!("{}…", "é".repeat(40)));
        assert_eq!(shortened("short"), "short");
    }
}
