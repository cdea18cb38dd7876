//! Names in any case, texts for numbers, empty texts for nothing, and faults that repeat no text.

use super::*;

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Outer {
    license_key: Option<String>,
    items: Vec<Inner>,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Inner {
    value: i64,
}

#[track_caller]
fn fault(body: &str) -> String {
    parse::<Outer>(body.as_bytes()).unwrap_err().to_string()
}

#[test]
fn names_match_in_any_case_at_every_depth() {
    let outer: Outer =
        parse(br#"{"LICENSEKEY": "k", "Items": [{"Value": 1}, {"value": 2}], "other": {}}"#)
            .unwrap();
    let items = vec![Inner { value: 1 }, Inner { value: 2 }];
    assert_eq!(
        outer,
        Outer {
            license_key: Some("k".into()),
            items
        }
    );
}

#[test]
fn numbers_and_booleans_may_come_as_texts() {
    let items = |body: &str| parse::<Outer>(body.as_bytes()).map(|outer| outer.items);
    assert_eq!(
        items(r#"{"items": [{"value": "-5"}]}"#).unwrap(),
        [Inner { value: -5 }]
    );
    assert!(items(r#"{"items": [{"value": "five"}]}"#).is_err());
    assert!(parse::<bool>(br#""True""#).unwrap());
    assert!(parse::<bool>(br#""1""#).is_err());
}

#[test]
fn an_empty_text_is_absent_whatever_is_optional() {
    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default)]
    struct Optionals {
        number: Option<i64>,
        flag: Option<bool>,
        word: Option<crate::terms::StartTrigger>,
        id: Option<crate::id::UserId>,
        date: Option<crate::time::Timestamp>,
        list: Option<Vec<Inner>>,
        items: Option<Inner>,
        #[serde(deserialize_with = "text")]
        notes: Option<String>,
        #[serde(deserialize_with = "nullable")]
        end: Option<Option<i64>>,
    }
    let empty = br#"{"number": "", "flag": "", "word": "", "id": "", "date": "", "list": "", "items": "", "end": ""}"#;
    assert_eq!(parse::<Optionals>(empty).unwrap(), Optionals::default());
    let cleared: Optionals = parse(br#"{"notes": "", "end": null, "flag": null}"#).unwrap();
    assert_eq!(
        (cleared.notes, cleared.end),
        (Some(String::new()), Some(None))
    );
    let said = br#"{"Number": "5", "FLAG": "True", "word": "creation", "list": [{"VALUE": "1"}], "items": {"Value": 2}, "end": 7}"#;
    let said: Optionals = parse(said).unwrap();
    assert_eq!(
        (said.number, said.flag, said.end),
        (Some(5), Some(true), Some(Some(7)))
    );
    assert_eq!(
        (said.list, said.items),
        (Some(vec![Inner { value: 1 }]), Some(Inner { value: 2 }))
    );
}

#[test]
fn a_fault_names_its_field() {
    assert!(
        fault(r#"{"items": [{"value": "x"}]}"#)
            .starts_with("`items[0].value` is wrong: invalid type: a text, expected i64")
    );
    assert!(fault(r#"{"items": [{}]}"#).starts_with("`items[0]` is wrong: missing field `value`"));
    assert!(fault(r#"{"licenseKey": 5}"#).starts_with("`licenseKey` is wrong"));
}

#[test]
fn a_byte_order_mark_is_ignored() {
    assert!(parse::<Outer>(b"\xef\xbb\xbf{}").is_ok());
}

#[test]
fn a_fault_repeats_no_text() {
    let secret = "-----BEGIN PRIVATE KEY-----, expected AAAA";
    for body in [
        format!(r#"{{"items": "{secret}"}}"#),
        format!(r#"{{"items": [{{"value": "{secret}"}}]}}"#),
    ] {
        assert!(!fault(&body).contains("PRIVATE"), "{}", fault(&body));
    }
    assert!(fault(r#"{"items": [5]}"#).ends_with("expected an object"));
}

#[test]
fn broken_text_is_told_from_a_wrong_shape() {
    assert!(fault("{").starts_with("the body is not JSON"));
    assert!(fault("{} x").starts_with("the body is not JSON"));
    assert!(fault("").starts_with("the body is not JSON"));
    assert!(fault("[]").starts_with("`body` is wrong"));
    assert!(
        fault(r#"{"key": 1, "licenseKey": "a", "LicenseKey": "b"}"#).contains("duplicate field")
    );
}
