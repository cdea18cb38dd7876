//! An application, the key that signs for it, and the few tokens that were ever signed.

use std::sync::LazyLock;

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_core::{Client, KeySet, Release, VerifyingKey};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

pub(crate) const NOW: i64 = 1_760_000_000;
pub(crate) const PRODUCT: &str = "p";
pub(crate) const KEY: &str = "KKKKKKKKKKKKKKKK";
pub(crate) const FINGERPRINT: &str = "f";
/// Times at which verdicts are asked for.
pub(crate) const TIMES: [i64; 7] = [i64::MIN, -1, 0, NOW - 4_000, NOW, NOW + 90_000, i64::MAX];

const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

static PAIR: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[0x5a; 32]).unwrap());

pub(crate) static PUBLIC: LazyLock<VerifyingKey> = LazyLock::new(|| {
    let spki = [&SPKI_PREFIX[..], PAIR.public_key().as_ref()].concat();
    VerifyingKey::from_spki_der(&spki).unwrap()
});

pub(crate) static KEYS: LazyLock<KeySet> = LazyLock::new(|| KeySet::from(PUBLIC.clone()));

pub(crate) static CLIENT: LazyLock<Client> = LazyLock::new(|| Client {
    product_id: PRODUCT.to_owned(),
    license_key: None,
    fingerprint: FINGERPRINT.to_owned(),
    user_hash: None,
    release: Release::default(),
    keys: KEYS.clone(),
});

/// Claims of tokens that the server granted.
pub(crate) static GRANTED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let claims = |changes: Value| {
        let mut claims = json!({
            "aid": "a", "lid": "l", "pid": PRODUCT, "key": KEY, "fp": FINGERPRINT, "iat": NOW, "eat": 0, "leat": 0,
            "ssgpeat": NOW + 1_000, "ssi": 60, "aco": 3_600, "suspended": false,
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.to_string()
    };
    [
        json!({}),
        json!({ "suspended": true, "iat": NOW + 5 }),
        json!({ "eat": NOW - 1, "iat": NOW + 9, "epoch": 1 }),
        json!({ "leat": NOW + 9, "orv": NOW + 86_400, "type": "hosted-floating" }),
    ]
    .map(claims)
    .into()
});

/// The tokens themselves, which the fuzzer may find in its corpus.
pub(crate) static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let header = json!({ "alg": "EdDSA", "kid": PUBLIC.kid(), "typ": "JWT" }).to_string();
    let signed = |claims: &String| sign(header.as_bytes(), claims.as_bytes());
    GRANTED.iter().map(signed).collect()
});

/// Signs a header and claims, whatever they are.
pub(crate) fn sign(header: &[u8], claims: &[u8]) -> String {
    let encode = Base64UrlUnpadded::encode_string;
    let input = format!("{}.{}", encode(header), encode(claims));
    let signature = PAIR.sign(input.as_bytes());
    format!("{input}.{}", encode(signature.as_ref()))
}
