//! What the tests of the client's decisions share: an application, and tokens that the product's key signed.

use base64ct::{Base64, Encoding};

use crate::claims::Claims;
use crate::client::*;
use crate::jws::{join_signature, signing_input};
use crate::product::Algorithm;
use crate::statement::StatementKey;

const PRIVATE: &str = include_str!("../../../../../tests/vectors/keys/product.private.pem");
pub(super) const PUBLIC: &str =
    include_str!("../../../../../tests/vectors/keys/product.public.pem");
pub(super) const NOW: i64 = 1_760_000_000;
pub(super) const KEY: &str = "0A2035-E8A2A3-4D31B7";
pub(super) const REVOKED: &str = r#"{"message": "no", "code": "REVOKED_LICENSE"}"#;

pub(super) fn client() -> Client {
    Client {
        product_id: "p".into(),
        license_key: Some(KEY.into()),
        fingerprint: "f".into(),
        user_hash: Some("u".into()),
        release: Release::default(),
        keys: KeySet::parse(PUBLIC).unwrap(),
    }
}

/// The account's statement key.
pub(super) fn account() -> StatementKey {
    StatementKey::from_seed(&[7; 32])
}

/// A client that knows the account's statement key.
pub(super) fn informed() -> Client {
    let mut product = crate::key::VerifyingKey::from_spki_pem(PUBLIC)
        .unwrap()
        .to_jwk();
    product.kid = None;
    let product = serde_json::to_string(&product).unwrap();
    let account = serde_json::to_string(&account().verifying_key().to_jwk()).unwrap();
    let document = format!(r#"{{"keys": [{product}], "statementKeys": [{account}]}}"#);
    Client {
        keys: KeySet::parse(&document).unwrap(),
        ..client()
    }
}

pub(super) fn claims() -> Claims {
    Claims {
        aid: "a".into(),
        pid: "p".into(),
        key: KEY.into(),
        fp: "f".into(),
        iat: NOW,
        ssi: 60,
        ssgpeat: NOW + 1_000,
        aco: 3_600,
        kind: "node-locked".into(),
        ..Claims::default()
    }
}

pub(super) fn token(claims: &Claims) -> String {
    signed(&serde_json::to_vec(claims).unwrap())
}

/// A token with claims that this server does not issue.
pub(super) fn token_with(more: &serde_json::Value) -> String {
    let mut claims = serde_json::to_value(claims()).unwrap();
    claims
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    signed(claims.to_string().as_bytes())
}

fn signed(claims: &[u8]) -> String {
    let base64: String = PRIVATE
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let pair =
        ring::signature::RsaKeyPair::from_pkcs8(&Base64::decode_vec(&base64).unwrap()).unwrap();
    let input = signing_input(Algorithm::RS256, "k", "JWT", claims);
    let mut signature = vec![0; 256];
    let random = ring::rand::SystemRandom::new();
    pair.sign(
        &ring::signature::RSA_PKCS1_SHA256,
        &random,
        input.as_bytes(),
        &mut signature,
    )
    .unwrap();
    join_signature(&input, &signature)
}

pub(super) fn stored(claims: &Claims) -> Stored {
    holding(&token(claims))
}

/// What is stored once a token was taken.
pub(super) fn holding(text: &str) -> Stored {
    let token = client().verified(text).unwrap();
    Stored::default().activated(text, &token, KEY, NOW)
}

pub(super) fn granted(claims: &Claims) -> String {
    format!(r#"{{"activationToken": "{}"}}"#, token(claims))
}

pub(super) fn asked(claims: &Claims) -> Asked {
    Asked {
        activation: claims.aid.clone(),
        epoch: claims.epoch,
        key: claims.key.clone(),
    }
}

pub(super) fn response(status: u16, body: &str) -> Response<'_> {
    Response::unsigned(status, body)
}

/// Writes what is stored, changes the text as another program might, and reads it again.
pub(super) fn edited(stored: &Stored, edit: impl FnOnce(&mut serde_json::Value)) -> Stored {
    let mut text = serde_json::from_str(&client().write(stored)).unwrap();
    edit(&mut text);
    client().read(&text.to_string())
}

#[track_caller]
pub(super) fn check(decision: &Decision, status: StatusCode, interval: Option<i64>) {
    assert_eq!(decision.status, status, "{}", decision.status.name());
    assert_eq!(decision.interval, interval.map(Seconds));
}
