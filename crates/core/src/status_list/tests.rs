//! The draft's own vectors, and what a list of ours says to whom.

use std::io::Read;

use flate2::read::ZlibDecoder;
use serde::Deserialize;

use super::*;
use crate::claims::Statement;

/// Appendix C and §4.1 of draft-ietf-oauth-status-list-16.
#[derive(Deserialize)]
struct Vector {
    bits: u8,
    places: usize,
    statuses: Vec<(usize, u8)>,
    lst: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("draft.json")).unwrap()
}

fn inflated(lst: &str) -> Vec<u8> {
    let compressed = Base64UrlUnpadded::decode_vec(lst).unwrap();
    let mut bytes = Vec::new();
    ZlibDecoder::new(compressed.as_slice())
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

#[test]
fn the_drafts_lists_are_read_as_it_says() {
    for vector in vectors() {
        let list = StatusBits::from_bytes(vector.bits, inflated(&vector.lst)).unwrap();
        for (place, status) in &vector.statuses {
            assert_eq!(list.get(*place), Some(*status), "{} {place}", vector.bits);
        }
        let marked = (0..vector.places).filter(|place| list.get(*place) != Some(0));
        assert_eq!(marked.count(), vector.statuses.len());
        assert_eq!(list.get(vector.places), None);
    }
}

#[test]
fn the_drafts_lists_are_made_as_it_says() {
    for vector in vectors() {
        let mut list = StatusBits::new(vector.bits, vector.places).unwrap();
        for (place, status) in vector.statuses {
            list.set(place, status);
        }
        assert_eq!(list.as_bytes(), inflated(&vector.lst));
    }
}

#[test]
fn a_list_has_one_two_four_or_eight_bits_a_place() {
    for bits in 0..=u8::MAX {
        let expected = matches!(bits, 1 | 2 | 4 | 8);
        assert_eq!(StatusBits::new(bits, 8).is_some(), expected, "{bits}");
    }
}

#[test]
fn what_is_set_beyond_the_list_or_its_bits_is_left_out() {
    let mut list = StatusBits::new(2, 4).unwrap();
    list.set(4, 1);
    assert_eq!(list.as_bytes(), [0]);
    list.set(1, 0b1_0101);
    assert_eq!(list.as_bytes(), [0b0100]);
    list.set(1, 2);
    assert_eq!(
        (list.get(0), list.get(1), list.get(2)),
        (Some(0), Some(2), Some(0))
    );
}

#[test]
fn what_is_not_known_restricts() {
    let list = StatusBits::from_bytes(2, vec![0b1110_0100]).unwrap();
    let said = [0, 1, 2, 3].map(|place| list.status(place).unwrap());
    let revoked = ListedStatus::Revoked;
    assert_eq!(
        said,
        [
            ListedStatus::Valid,
            revoked,
            ListedStatus::Suspended,
            revoked
        ]
    );
    assert_eq!(list.status(4), None);
    for status in said {
        assert_eq!(ListedStatus::from_bits(status.bits()), status);
    }
}

fn key() -> StatementKey {
    StatementKey::from_seed(&[7; 32])
}

fn keys() -> KeySet {
    KeySet::from_jwks(&[key().verifying_key().to_jwk()]).unwrap()
}

fn list(ttl: i64) -> StatusList {
    let now = Timestamp::from_unix_seconds(1_000_000);
    let statuses = EncodedStatuses {
        bits: 2,
        lst: "eNo76fITAAPfAgc".to_owned(),
    };
    StatusList::new(3, 17, statuses, Seconds(ttl), now)
}

#[test]
fn a_signed_list_says_what_was_signed() {
    let text = list(60).sign(&key());
    assert_eq!(StatusList::verify(&text, &keys()), Ok(list(60)));
    let header = text.split('.').next().unwrap();
    let header = String::from_utf8(Base64UrlUnpadded::decode_vec(header).unwrap()).unwrap();
    assert!(header.contains(r#""typ":"statuslist+jwt""#), "{header}");
    assert!(header.contains(key().kid()), "{header}");
}

#[test]
fn a_list_is_no_statement_and_another_key_signs_none() {
    let text = list(60).sign(&key());
    let wrong_type = |fault| matches!(fault, Err(TokenFault::WrongType { .. }));
    assert!(wrong_type(Statement::verify(&text, &keys()).map(drop)));
    let other = StatementKey::from_seed(&[8; 32]);
    let unknown = StatusList::verify(&list(60).sign(&other), &keys());
    assert!(matches!(unknown, Err(TokenFault::UnknownKey { .. })));
    let token = key().sign_claims("JWT", &list(60));
    assert!(wrong_type(StatusList::verify(&token, &keys()).map(drop)));
}

#[test]
fn signed_claims_that_are_no_list_are_refused() {
    for claims in [
        r#"{"sub":"x","iat":1,"exp":2,"ttl":3,"ver":4}"#,
        r#"{"sub":"x","iat":1,"exp":2,"ttl":3,"ver":4,"status_list":{"bits":3,"lst":""}}"#,
        r#"{"sub":"x","iat":1,"exp":2,"ttl":3,"ver":4,"status_list":{"bits":2}}"#,
        r#"{"iat":1,"exp":2,"ttl":3,"ver":4,"status_list":{"bits":2,"lst":""}}"#,
        r#"[]"#,
    ] {
        let claims: serde_json::Value = serde_json::from_str(claims).unwrap();
        let refused = StatusList::verify(&key().sign_claims(TYP, &claims), &keys());
        assert!(
            matches!(refused, Err(TokenFault::Claims { .. })),
            "{claims}"
        );
    }
}

#[test]
fn a_list_is_late_after_three_times_its_ttl_and_ends_fifteen_minutes_on() {
    let after = |seconds: i64| Timestamp::from_unix_seconds(1_000_000 + seconds);
    let minutely = list(60);
    assert!(!minutely.is_late(after(180)) && minutely.is_late(after(181)));
    assert!(minutely.stands(after(899)) && !minutely.stands(after(900)));
    let hourly = list(3_600);
    assert!(hourly.stands(after(10_799)) && !hourly.stands(after(10_800)));
}

#[test]
fn an_address_is_that_of_one_list() {
    assert_eq!(StatusList::number_of(&StatusList::address(7)), Some(7));
    for other in [
        "/v3/status-lists/",
        "/v3/status-lists/x",
        "/v3/status-lists/4294967296",
        "7",
    ] {
        assert_eq!(StatusList::number_of(other), None, "{other}");
    }
}
