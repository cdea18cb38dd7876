//! Lines that can be read and are refused all the same, whichever form they have.

use licentia_tests::native::NativeHost;
use serde_json::{Value, json};

use crate::{Chance, accounts, filled, license, parsed, send, sent};

const NOBODY: &str = "00000000-0000-4000-8000-000000000001";

/// One line of each resource: of an export, and as another system has it.
fn a_line_of_each(host: &mut NativeHost) -> Vec<Value> {
    let mut chance = Chance(7);
    let elsewhere = accounts(&mut chance) + &license(&mut chance, 0).to_string();
    let exported = sent(host, "GET", "/v3/export?logs=true", "");
    let lines = exported.lines().chain(elsewhere.lines()).map(parsed);
    let mut each: Vec<Value> = Vec::new();
    for line in lines {
        let same =
            |known: &Value| known["resource"] == line["resource"] && known["form"] == line["form"];
        if line["data"]["createdAt"].is_string() && !each.iter().any(same) {
            each.push(line);
        }
    }
    each
}

#[test]
fn nothing_was_created_before_1834_or_after_2106() {
    let mut host = filled(200);
    let each = a_line_of_each(&mut host);
    // Nine resources of ours have a date of creation, and five from elsewhere.
    assert_eq!(each.len(), 14, "{each:?}");
    let mut other = NativeHost::default();
    for mut line in each {
        for date in [
            "0001-01-01T00:00:00.0000000Z",
            "2200-01-01T00:00:00.0000000Z",
        ] {
            line["data"]["createdAt"] = json!(date);
            let answer = send(&mut other, "POST", "/v3/import", &line.to_string());
            let expected = json!({"code": "INVALID_FIELD",
                "message": "line 1: `data.createdAt` is wrong: it must be between 1834 and 2106"});
            assert_eq!(
                (answer.status, parsed(&answer.body)),
                (400, expected),
                "{line}"
            );
        }
    }
}

#[test]
fn a_license_names_no_additional_user_who_is_not_there() {
    let mut host = filled(200);
    let exported = sent(&mut host, "GET", "/v3/export", "");
    let mut chance = Chance(7);
    let elsewhere = accounts(&mut chance) + &license(&mut chance, 0).to_string();
    for lines in [exported, elsewhere] {
        let mut lines: Vec<Value> = lines.lines().map(parsed).collect();
        let index = lines
            .iter()
            .position(|line| line["resource"] == "license")
            .unwrap();
        lines[index]["data"]["additionalUserIds"] = json!([NOBODY]);
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        let mut other = NativeHost::default();
        let answer = send(&mut other, "POST", "/v3/import", &lines.join("\n"));
        let line = index + 1;
        let message = format!(
            "line {line}: `data.additionalUserIds` is wrong: no user has the id `{NOBODY}`"
        );
        assert_eq!(
            (answer.status, parsed(&answer.body)["message"].as_str()),
            (400, Some(message.as_str()))
        );
    }
}
