//! Tokens and statements, signed by `ring` and by ourselves, and every way in which one can be wrong.

use std::cell::Cell;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};

use super::*;
use crate::claims::{Claims, Statement, StatusClaim, StatusListPlace};
use crate::jws::{join_signature, signing_input};
use crate::key::VerifyingKey;
use crate::product::Algorithm;
use crate::rsa::{RsaNumber, RsaPrimitive, rsavp1};
use crate::statement::StatementKey;

const PRODUCT: &str = include_str!("../../../../tests/vectors/keys/product.private.pem");
const PRODUCT_PUBLIC: &str = include_str!("../../../../tests/vectors/keys/product.public.pem");
const OTHER: &str = include_str!("../../../../tests/vectors/keys/other.private.pem");

fn rs256(pem: &str, message: &[u8]) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pair =
        ring::signature::RsaKeyPair::from_pkcs8(&Base64::decode_vec(&base64).unwrap()).unwrap();
    let mut signature = vec![0; pair.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    pair.sign(
        &ring::signature::RSA_PKCS1_SHA256,
        &random,
        message,
        &mut signature,
    )
    .unwrap();
    signature
}

fn ed25519(message: &[u8]) -> Vec<u8> {
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    pair.sign(message).as_ref().to_vec()
}

fn ed25519_public() -> VerifyingKey {
    StatementKey::from_seed(&[7; 32]).verifying_key()
}

fn product_public() -> VerifyingKey {
    VerifyingKey::from_spki_pem(PRODUCT_PUBLIC).unwrap()
}

fn claims() -> Claims {
    Claims {
        aid: "a".into(),
        key: "k".into(),
        iat: 1,
        ..Claims::default()
    }
}

fn claims_json() -> Vec<u8> {
    serde_json::to_vec(&claims()).unwrap()
}

/// A token with any header.
fn token(header: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let header = Base64UrlUnpadded::encode_string(header.as_bytes());
    let input = format!(
        "{header}.{}",
        Base64UrlUnpadded::encode_string(&claims_json())
    );
    let signature = sign(input.as_bytes());
    join_signature(&input, &signature)
}

fn rs256_token() -> String {
    let input = signing_input(
        Algorithm::RS256,
        &product_public().kid(),
        "JWT",
        &claims_json(),
    );
    let signature = rs256(PRODUCT, input.as_bytes());
    join_signature(&input, &signature)
}

fn verify(text: &str, keys: &KeySet) -> Result<Token, TokenFault> {
    UnverifiedToken::parse(text)?.verify(keys)
}

#[track_caller]
fn check(text: &str, keys: &KeySet, expected: &str) {
    let verdict = verify(text, keys).map(|token| token.facts().aid.clone());
    let said = verdict.unwrap_or_else(|fault| fault.to_string());
    assert!(said.starts_with(expected), "{said}");
}

fn both_keys() -> KeySet {
    KeySet::from_jwks(&[ed25519_public().to_jwk(), product_public().to_jwk()]).unwrap()
}

#[test]
fn a_token_of_either_algorithm_verifies() {
    check(&rs256_token(), &both_keys(), "a");
    let header = format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, ed25519_public().kid());
    check(&token(&header, ed25519), &both_keys(), "a");
}

#[test]
fn claims_are_kept_as_they_were_signed() {
    let token = verify(&rs256_token(), &both_keys()).unwrap();
    assert_eq!(token.claims_json().as_bytes(), claims_json());
}

#[test]
fn a_key_without_a_name_verifies_whatever_the_header_calls_it() {
    let keys = KeySet::parse(PRODUCT_PUBLIC).unwrap();
    let sign = |message: &[u8]| rs256(PRODUCT, message);
    check(&rs256_token(), &keys, "a");
    check(&token(r#"{"alg":"RS256","kid":"else"}"#, sign), &keys, "a");
    check(&token(r#"{"alg":"RS256"}"#, sign), &keys, "a");
    check(&token(r#"{"alg":"RS256"}"#, sign), &both_keys(), "a");
    check(
        &token(r#"{"alg":"RS256","kid":"else"}"#, sign),
        &both_keys(),
        "no key is named `else`",
    );
}

#[test]
fn the_algorithm_belongs_to_the_key() {
    let kid = product_public().kid();
    for algorithm in [
        "none", "None", "HS256", "EdDSA", "RS384", "PS256", "rs256", "",
    ] {
        let header = format!(r#"{{"alg":"{algorithm}","kid":"{kid}"}}"#);
        for sign in [
            |_: &[u8]| Vec::new(),
            |message: &[u8]| rs256(PRODUCT, message),
        ] {
            let expected = format!("the algorithm `{algorithm}` is not that of the key");
            check(&token(&header, sign), &both_keys(), &expected);
        }
    }
}

#[test]
fn a_signature_by_another_key_is_refused() {
    let header = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, product_public().kid());
    let forged = token(&header, |message| rs256(OTHER, message));
    check(&forged, &both_keys(), "the signature is not by the key");
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let good = rs256_token();
    let keys = both_keys();
    for position in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[position] ^= 1;
        if let Ok(text) = String::from_utf8(bytes) {
            assert!(verify(&text, &keys).is_err(), "at {position}: {text}");
        }
    }
}

#[test]
fn signature_is_checked_before_claims() {
    let input = signing_input(
        Algorithm::RS256,
        &product_public().kid(),
        "JWT",
        b"not claims",
    );
    let forged = join_signature(&input, &[0; 256]);
    check(&forged, &both_keys(), "the signature is not by the key");
    let signed = join_signature(&input, &rs256(PRODUCT, input.as_bytes()));
    check(&signed, &both_keys(), "the claims do not fit");
}

#[test]
fn signatures_of_another_length_or_beyond_the_modulus_are_refused() {
    let input = signing_input(
        Algorithm::RS256,
        &product_public().kid(),
        "JWT",
        &claims_json(),
    );
    let good = rs256(PRODUCT, input.as_bytes());
    let short = good[1..].to_vec();
    let long = [&[0], &good[..]].concat();
    for signature in [Vec::new(), short, long, vec![0; 256], vec![0xff; 256]] {
        let forged = join_signature(&input, &signature);
        check(&forged, &both_keys(), "the signature is not by the key");
    }
}

#[test]
fn texts_that_are_no_token_are_refused() {
    let good = rs256_token();
    let keys = both_keys();
    let parts: Vec<&str> = good.split('.').collect();
    let texts = [
        String::new(),
        ".".into(),
        "..".into(),
        "a.b".into(),
        format!("{good}."),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}\n"),
        good.replacen('.', "..", 1),
        format!("{}.{}", parts[0], parts[1]),
        format!("W10.{}.{}", parts[1], parts[2]),
        "a".repeat((1 << 20) + 1),
    ];
    for text in texts {
        check(&text, &keys, "not a signed token");
    }
}

#[test]
fn base64url_has_one_spelling() {
    let good = rs256_token();
    let keys = both_keys();
    // 256 bytes end in a digit of which four bits are padding: fifteen more digits would decode to the same bytes.
    let spellings = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut body = good.clone();
    let last = body.pop().unwrap();
    for digit in spellings.chars().filter(|&digit| digit != last) {
        assert!(verify(&format!("{body}{digit}"), &keys).is_err(), "{digit}");
    }
}

#[test]
fn critical_extensions_are_refused() {
    let header = r#"{"alg":"RS256","crit":["b64"]}"#;
    check(
        &token(header, |message| rs256(PRODUCT, message)),
        &both_keys(),
        "not a signed token: its header has critical extensions",
    );
}

fn statement() -> Statement {
    let place = StatusListPlace {
        idx: 5,
        uri: "/v3/status-lists/1".into(),
    };
    Statement {
        lid: "l".into(),
        pid: "p".into(),
        kind: "node-locked".into(),
        revoked: true,
        suspended: false,
        deleted: false,
        eat: 0,
        lcat: 1,
        laat: 0,
        allowed_activations: 1,
        ssi: 3600,
        ssgp: 0,
        aco: 3600,
        epoch: 1,
        ver: 2,
        iat: 3,
        status: StatusClaim { status_list: place },
    }
}

#[test]
fn a_statement_verifies_and_is_the_same_each_time() {
    let key = StatementKey::from_seed(&[7; 32]);
    let text = key.sign(&statement());
    assert_eq!(text, key.sign(&statement()));
    assert_eq!(Statement::verify(&text, &both_keys()).unwrap(), statement());
    assert!(Statement::verify(&text, &KeySet::from(product_public())).is_err());
}

#[test]
fn a_statement_is_no_token_and_a_token_no_statement() {
    let key = StatementKey::from_seed(&[7; 32]);
    let text = key.sign(&statement());
    check(&text, &both_keys(), "the text is a `license-statement+jwt`");
    let fault = Statement::verify(&rs256_token(), &both_keys()).unwrap_err();
    assert_eq!(fault.to_string(), "the text is a `JWT`");
}

thread_local! {
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

/// The primitive, counted.
fn counted(modulus: &RsaNumber, signature: &RsaNumber) -> Option<RsaNumber> {
    ASKED.set(ASKED.get().saturating_add(1));
    rsavp1(modulus, signature)
}

/// The product's key for a host that opens signatures so; nothing was asked of it yet.
fn opened_by(open: RsaPrimitive) -> KeySet {
    ASKED.set(0);
    KeySet::parse_for(open, PRODUCT_PUBLIC).unwrap()
}

/// A good token whose header is as long as is wanted.
fn long_token(length: usize) -> String {
    let header = format!(r#"{{"alg":"RS256","n":"{}"}}"#, "x".repeat(length));
    token(&header, |message| rs256(PRODUCT, message))
}

#[test]
fn the_same_text_is_verified_once_by_a_set_and_its_clones() {
    let keys = opened_by(counted);
    let text = rs256_token();
    let first = keys.token(&text).unwrap();
    assert_eq!(keys.clone().token(&text), Some(first));
    assert_eq!(ASKED.get(), 1);
    keys.token(&long_token(1)).unwrap();
    assert_eq!(ASKED.get(), 2);
}

#[test]
fn a_refusal_is_not_remembered_and_neither_is_another_sets_verdict() {
    let keys = opened_by(counted);
    let forged = token(r#"{"alg":"RS256"}"#, |_| vec![1; 256]);
    for asked in 1..=2 {
        assert!(keys.token(&forged).is_none());
        assert_eq!(ASKED.get(), asked);
    }
    let text = rs256_token();
    both_keys().token(&text).unwrap();
    keys.token(&text).unwrap();
    assert_eq!(ASKED.get(), 3);
    assert!(KeySet::from(ed25519_public()).token(&text).is_none());
}

#[test]
fn only_the_latest_tokens_are_remembered_and_none_that_is_long() {
    let keys = opened_by(counted);
    for number in 0..20 {
        keys.token(&long_token(number)).unwrap();
    }
    assert_eq!(ASKED.get(), 20);
    keys.token(&long_token(19)).unwrap();
    assert_eq!(ASKED.get(), 20);
    keys.token(&long_token(0)).unwrap();
    assert_eq!(ASKED.get(), 21);
    for _ in 0..2 {
        keys.token(&long_token(20_000)).unwrap();
    }
    assert_eq!(ASKED.get(), 23);
}

#[test]
fn a_host_decides_nothing_it_opens_what_is_a_number_and_what_comes_out_is_compared() {
    let good = rs256_token();
    let hosts: [RsaPrimitive; 3] = [
        |_, _| None,
        |_, signature| Some(*signature),
        |modulus, _| Some(*modulus),
    ];
    for host in hosts {
        assert!(opened_by(host).token(&good).is_none());
    }
    let keys = opened_by(counted);
    for signature in [vec![1; 255], vec![1; 257], vec![0xff; 256]] {
        let text = token(r#"{"alg":"RS256"}"#, |_| signature.clone());
        assert!(keys.token(&text).is_none());
    }
    assert_eq!(ASKED.get(), 0);
}
