//! Lines that can be read and are refused all the same, whichever form they have.

use licentia_tests::native::NativeHost;
use serde_json::{Value, json};

use crate::{Chance, accounts, filled, license, parsed, send, sent};

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
