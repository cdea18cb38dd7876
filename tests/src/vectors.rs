//! The decision vectors: server answers, what the client is, and the verdict that must come of it.
//!
//! Nothing here asks core: tokens are signed by `ring`, and each verdict is written down, or comes from the few lines of
//! `expected`. Everything is drawn from one seed and every signature is deterministic, so the file is the same each time.

mod answers;
mod drawn;
mod headers;
mod machine;
mod matrix;
mod members;
mod order;
mod rfc7520;
mod signatures;
mod tokens;

use std::path::{Path, PathBuf};

use ring::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

const PRODUCT_PRIVATE: &str = include_str!("../vectors/keys/product.private.pem");
const PRODUCT_PUBLIC: &str = include_str!("../vectors/keys/product.public.pem");
const OTHER_PRIVATE: &str = include_str!("../vectors/keys/other.private.pem");
const OTHER_PUBLIC: &str = include_str!("../vectors/keys/other.public.pem");

/// When every vector is decided, unless it says otherwise.
pub const NOW: i64 = 1_760_000_000;
const PRODUCT_ID: &str = "63dfd63e-5c6c-4a4b-9f0a-2f3b7d8a1c55";
const LICENSE_KEY: &str = "0A2035-E8A2A3-4D31B7-8FF9C6-81A6CA-539E54";
const FINGERPRINT: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

/// Returns the files of tests/vectors that are made, with their texts.
#[must_use]
pub fn files() -> Vec<(PathBuf, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    vec![
        (directory.join("decisions.json"), decisions()),
        (directory.join("machine.json"), machine::file()),
        (directory.join("signatures.json"), signatures::file()),
    ]
}

fn decisions() -> String {
    let mut vectors = Vectors::new();
    answers::add(&mut vectors);
    tokens::add(&mut vectors);
    drawn::add(&mut vectors);
    matrix::add(&mut vectors);
    order::add(&mut vectors);
    members::add(&mut vectors);
    headers::add(&mut vectors);
    vectors.text()
}

/// The vectors so far, and the keys that they name.
struct Vectors {
    signers: Signers,
    vectors: Vec<Value>,
}

/// What an answer is judged by. A vector changes the fields that it is about.
#[derive(Clone)]
struct Asker {
    product_id: String,
    license_key: String,
    fingerprint: String,
    public_key: &'static str,
    now: i64,
}

impl Default for Asker {
    fn default() -> Self {
        Self {
            product_id: PRODUCT_ID.to_owned(),
            license_key: LICENSE_KEY.to_owned(),
            fingerprint: FINGERPRINT.to_owned(),
            public_key: "product",
            now: NOW,
        }
    }
}

/// What becomes of the stored activation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Keep,
    Erase,
    /// The token's claims are given out as they were signed.
    Replace,
}

impl Vectors {
    fn new() -> Self {
        Self {
            signers: Signers::new(),
            vectors: Vec::new(),
        }
    }

    /// Adds an answer with its verdict.
    fn add(
        &mut self,
        name: &str,
        status: u16,
        body: &str,
        asker: &Asker,
        code: u8,
        effect: Effect,
    ) {
        let activation = match effect {
            Effect::Keep => "keep",
            Effect::Erase => "erase",
            Effect::Replace => "replace",
        };
        let claims = if effect == Effect::Replace {
            json!("as signed")
        } else {
            Value::Null
        };
        self.vectors.push(json!({
            "id": self.vectors.len() + 1,
            "name": name,
            "response": { "status": status, "body": body },
            "options": {
                "productId": asker.product_id,
                "licenseKey": asker.license_key,
                "fingerprint": asker.fingerprint,
                "publicKey": asker.public_key,
                "now": asker.now,
            },
            "expect": { "code": code, "name": name_of(code), "activation": activation, "claims": claims },
        }));
    }

    /// Adds a successful answer with this token: one that stands replaces what is stored.
    fn token(&mut self, name: &str, token: &str, asker: &Asker, code: u8) {
        let effect = if matches!(code, 0 | 20 | 21 | 22) {
            Effect::Replace
        } else {
            Effect::Keep
        };
        let body = json!({ "activationToken": token }).to_string();
        let status = if self.vectors.len().is_multiple_of(2) {
            200
        } else {
            201
        };
        self.add(name, status, &body, asker, code, effect);
    }

    fn text(&self) -> String {
        let file = json!({
            "about": "Written by `cargo xtask vectors`. `publicKey` names one of `keys`; claims are null, or `as signed` in the token.",
            "keys": self.signers.public_keys(),
            "vectors": self.vectors,
        });
        serde_json::to_string_pretty(&file).unwrap() + "\n"
    }
}

/// The names of the codes that vectors end in.
fn name_of(code: u8) -> &'static str {
    match code {
        0 => "LA_OK",
        1 => "LA_FAIL",
        20 => "LA_EXPIRED",
        21 => "LA_SUSPENDED",
        22 => "LA_GRACE_PERIOD_OVER",
        43 => "LA_E_PRODUCT_ID",
        47 => "LA_E_TIME",
        48 => "LA_E_INET",
        53 => "LA_E_REVOKED",
        54 => "LA_E_LICENSE_KEY",
        55 => "LA_E_LICENSE_TYPE",
        58 => "LA_E_ACTIVATION_LIMIT",
        59 => "LA_E_ACTIVATION_NOT_FOUND",
        60 => "LA_E_DEACTIVATION_LIMIT",
        61 => "LA_E_TRIAL_NOT_ALLOWED",
        62 => "LA_E_TRIAL_ACTIVATION_LIMIT",
        63 => "LA_E_MACHINE_FINGERPRINT",
        69 => "LA_E_TIME_MODIFIED",
        71 => "LA_E_AUTHENTICATION_FAILED",
        73 => "LA_E_METER_ATTRIBUTE_USES_LIMIT_REACHED",
        77 => "LA_E_RELEASE_VERSION_NOT_ALLOWED",
        80 => "LA_E_VM",
        81 => "LA_E_COUNTRY",
        82 => "LA_E_IP",
        83 => "LA_E_CONTAINER",
        90 => "LA_E_RATE_LIMIT",
        91 => "LA_E_SERVER",
        92 => "LA_E_CLIENT",
        110 => "LA_E_LICENSE_NOT_EFFECTIVE",
        _ => panic!("no vector ends in {code}"),
    }
}

/// The claims of a valid token. A vector changes those that it is about.
fn claims() -> Value {
    json!({
        "aid": "8b0f7a52-7f0e-4a65-9d2b-0c6c1f7f5f10",
        "lid": "23d9646c-34f5-4d37-adeb-f7f77b927bdb",
        "pid": PRODUCT_ID, "key": LICENSE_KEY, "fp": FINGERPRINT, "fms": "exact", "os": "linux",
        "iat": NOW, "eat": 0, "leat": 0, "ssgpeat": NOW + 86_400, "ssi": 3_600, "aco": 3_600, "orv": 0,
        "suspended": false, "type": "node-locked", "fc": 0, "ls": "per-machine", "ld": 0,
        "name": "", "email": "", "company": "",
        "pmd": [], "lmd": [{ "key": "plan", "value": "größer ✓" }], "umd": [], "amd": [], "lma": [], "ama": [],
        "lcat": NOW - 86_400, "laat": NOW - 3_600, "acat": NOW - 3_600, "epoch": 0, "ver": 1_759_913_600_000_i64,
        "status": { "status_list": { "idx": 7, "uri": "/v3/status-lists/1" } },
    })
}

/// The claims of a valid token that decisions lean on, and no more.
fn lean() -> Value {
    json!({
        "aid": "a", "lid": "l", "pid": PRODUCT_ID, "key": LICENSE_KEY, "fp": FINGERPRINT, "iat": NOW, "eat": 0,
        "leat": 0, "ssgpeat": NOW + 86_400, "ssi": 3_600, "aco": 3_600, "suspended": false,
    })
}

/// The claims of a valid token, changed.
fn claims_with(changes: Value) -> Value {
    changed(claims(), changes)
}

fn lean_with(changes: Value) -> Value {
    changed(lean(), changes)
}

fn changed(mut claims: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

/// The verdict on a signed token: what the compatible client does, in its order.
fn expected(claims: &Value, asker: &Asker) -> u8 {
    let number = |name: &str| i128::from(claims[name].as_i64().unwrap());
    let now = i128::from(asker.now);
    let past =
        |name: &str| number(name) != 0 && (number(name) < now || number(name) < number("iat"));
    if claims["key"] != json!(asker.license_key) || claims["pid"] != json!(asker.product_id) {
        return 1;
    }
    if claims["fp"] != json!(asker.fingerprint) {
        return 63;
    }
    if number("aco") != -1 && number("iat") - now > number("aco") {
        return 47;
    }
    if past("leat") {
        return 1;
    }
    if number("ssi") != 0 && number("ssgpeat") != 0 && number("ssgpeat") < now {
        return 22;
    }
    if past("eat") {
        return 20;
    }
    if claims["suspended"] == json!(true) {
        21
    } else {
        0
    }
}

/// The private halves.
struct Signers {
    product: RsaKeyPair,
    other: RsaKeyPair,
    ed25519: Ed25519KeyPair,
}

impl Signers {
    fn new() -> Self {
        Self {
            product: RsaKeyPair::from_pkcs8(&der(PRODUCT_PRIVATE)).unwrap(),
            other: RsaKeyPair::from_pkcs8(&der(OTHER_PRIVATE)).unwrap(),
            ed25519: Ed25519KeyPair::from_seed_unchecked(&[0x5a; 32]).unwrap(),
        }
    }

    fn rs256(pair: &RsaKeyPair, message: &str) -> Vec<u8> {
        let mut signature = vec![0; pair.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        pair.sign(
            &RSA_PKCS1_SHA256,
            &random,
            message.as_bytes(),
            &mut signature,
        )
        .unwrap();
        signature
    }

    /// A token by the product's key, with the header of our server.
    fn product(&self, claims: &Value) -> String {
        let kid = kid(&der(PRODUCT_PUBLIC));
        let header = json!({ "alg": "RS256", "kid": kid, "typ": "JWT" }).to_string();
        self.product_as(&header, &claims.to_string())
    }

    fn product_as(&self, header: &str, claims: &str) -> String {
        self.product_bytes(header.as_bytes(), claims.as_bytes())
    }

    fn product_bytes(&self, header: &[u8], claims: &[u8]) -> String {
        self.product_parts(&base64url(header), &base64url(claims))
    }

    /// A token whose first two parts are these texts, whatever they are.
    fn product_parts(&self, header: &str, claims: &str) -> String {
        let input = format!("{header}.{claims}");
        let signature = base64url(&Self::rs256(&self.product, &input));
        format!("{input}.{signature}")
    }

    /// A token by the Ed25519 key, with the header of our server.
    fn eddsa(&self, claims: &Value) -> String {
        let kid = kid(&self.ed25519_spki());
        let header = json!({ "alg": "EdDSA", "kid": kid, "typ": "JWT" }).to_string();
        self.ed25519_as(&header, &claims.to_string())
    }

    fn other_as(&self, header: &str, claims: &str) -> String {
        compact(header, claims, |input| Self::rs256(&self.other, input))
    }

    fn ed25519_as(&self, header: &str, claims: &str) -> String {
        compact(header, claims, |input| {
            self.ed25519.sign(input.as_bytes()).as_ref().to_vec()
        })
    }

    fn ed25519_spki(&self) -> Vec<u8> {
        let prefix = [
            0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
        ];
        [&prefix[..], self.ed25519.public_key().as_ref()].concat()
    }

    /// The keys that vectors name, in the forms that the check takes.
    fn public_keys(&self) -> Value {
        let jwk_of = |pair: &RsaKeyPair, pem: &str| {
            let components: ring::rsa::PublicKeyComponents<Vec<u8>> = pair.public().into();
            json!({
                "kty": "RSA", "n": base64url(&components.n), "e": base64url(&components.e),
                "alg": "RS256", "kid": kid(&der(pem)), "use": "sig",
            })
        };
        let product = jwk_of(&self.product, PRODUCT_PUBLIC);
        let other = jwk_of(&self.other, OTHER_PUBLIC);
        let spki = self.ed25519_spki();
        let ed25519 = json!({
            "kty": "OKP", "crv": "Ed25519", "x": base64url(self.ed25519.public_key().as_ref()),
            "alg": "EdDSA", "kid": kid(&spki), "use": "sig",
        });
        let pem = base64(&spki);
        json!({
            "product": PRODUCT_PUBLIC,
            "product jwk": product,
            "product jwk as text": product.to_string(),
            "other": OTHER_PUBLIC,
            "ed25519": format!("-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n"),
            "ed25519 jwk": ed25519,
            "set with one name for two": { "keys": [renamed(&ed25519, "k"), renamed(&product, "k")] },
            "set": { "keys": [other, ed25519, product], "statementKeys": [], "productId": PRODUCT_ID },
            "set with product for statements": { "keys": [other], "statementKeys": [product], "productId": PRODUCT_ID },
        })
    }
}

fn renamed(jwk: &Value, kid: &str) -> Value {
    changed(jwk.clone(), json!({ "kid": kid }))
}

fn compact(header: &str, claims: &str, sign: impl Fn(&str) -> Vec<u8>) -> String {
    let input = format!(
        "{}.{}",
        base64url(header.as_bytes()),
        base64url(claims.as_bytes())
    );
    let signature = base64url(&sign(&input));
    format!("{input}.{signature}")
}

/// The name of a key: the first 16 hexadecimal digits of its SPKI's SHA-256.
fn kid(spki: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, spki);
    digest.as_ref()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn der(pem: &str) -> Vec<u8> {
    let digits = pem
        .lines()
        .filter(|line| !line.starts_with('-'))
        .flat_map(str::bytes);
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for digit in digits.filter(|digit| *digit != b'=') {
        let value = DIGITS.iter().position(|known| *known == digit).unwrap();
        held = held << 6 | u32::try_from(value).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff) as u8);
        }
    }
    bytes
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let digit = |value: u32| char::from(DIGITS[value as usize & 63]);
    let group = |chunk: &[u8]| {
        let at = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let held = at(0) << 16 | at(1) << 8 | at(2);
        let digits = [18, 12, 6, 0].map(|shift| digit(held >> shift));
        digits
            .into_iter()
            .take(chunk.len() + 1)
            .chain("==".chars().take(3 - chunk.len()))
            .collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

fn base64url(bytes: &[u8]) -> String {
    base64(bytes)
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_")
}
