//! The tricks that fooled verifiers of others: headers that choose, signatures that stretch, and second spellings.

use serde_json::{Value, json};

use super::{Asker, PRODUCT_PUBLIC, Vectors, base64, base64url, der, lean, lean_with};

pub(super) fn add(vectors: &mut Vectors) {
    refused(vectors);
    accepted(vectors);
    shared_secrets(vectors);
    algorithms(vectors);
    spellings(vectors);
    rsa_numbers(vectors);
    ed25519_numbers(vectors);
}

fn by(public_key: &'static str) -> Asker {
    Asker {
        public_key,
        ..Asker::default()
    }
}

/// Signs with the product's key whatever the header says.
fn signed(vectors: &mut Vectors, name: &str, header: &str, code: u8) {
    let token = vectors.signers.product_as(header, &lean().to_string());
    vectors.token(name, &token, &by("product"), code);
}

/// Headers that say something that cannot be granted, under a signature that is good.
fn refused(vectors: &mut Vectors) {
    let with = |more: Value| {
        let mut header = json!({ "alg": "RS256" });
        for (name, value) in more.as_object().unwrap() {
            header[name] = value.clone();
        }
        header.to_string()
    };
    let algorithms = [
        json!(1),
        json!(true),
        json!(["RS256"]),
        json!({ "RS256": 1 }),
    ];
    let algorithms = algorithms.into_iter().map(|alg| json!({ "alg": alg }));
    let names = [json!(1), json!(true), json!(["k"]), json!({})];
    let names = names.into_iter().map(|kid| json!({ "kid": kid }));
    let types = [
        json!(1),
        json!([]),
        json!(""),
        json!("JWS"),
        json!("at+jwt"),
        json!("JWE"),
    ];
    let types = types.into_iter().map(|typ| json!({ "typ": typ }));
    let critical = [
        json!([]),
        json!(["exp"]),
        json!(["alg"]),
        json!("b64"),
        json!(1),
        json!({}),
    ];
    let critical = critical.into_iter().map(|crit| json!({ "crit": crit }));
    for more in algorithms.chain(names).chain(types).chain(critical) {
        let header = with(more);
        signed(vectors, &format!("the header {header}"), &header, 1);
    }
    for header in [
        "",
        "{}",
        "null",
        "\"RS256\"",
        "[]",
        "{\"alg\":\"RS256\"",
        "{\"alg\":\"RS256\"}{}",
        "{\"alg\":\"RS256\",}",
        "{'alg':'RS256'}",
        "{\"ALG\":\"RS256\"}",
        "{\"alg \":\"RS256\"}",
        "{\"alg\":\"RS256 \"}",
        "{\"alg\":\"RS256\\u0000\"}",
        "{\"alg\":\"RS256\",\"alg\":\"RS256\"}",
        "{\"alg\":\"RS256\",\"alg\":\"none\"}",
        "{\"alg\":\"RS256\",\"kid\":\"a\",\"kid\":\"b\"}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"typ\":\"JWT\"}",
        "\u{feff}{\"alg\":\"RS256\"}",
    ] {
        signed(vectors, &format!("the header text {header:?}"), header, 1);
    }
}

/// Headers that say more than is read: nothing in them chooses a key.
fn accepted(vectors: &mut Vectors) {
    let evil = json!({ "kty": "oct", "k": "AAAA" });
    for more in [
        json!({ "jwk": evil }),
        json!({ "jku": "https://evil.example/keys" }),
        json!({ "x5u": "https://evil.example/chain" }),
        json!({ "x5c": ["AAAA"] }),
        json!({ "kid": "../../dev/null" }),
        json!({ "kid": "' OR 1=1 --" }),
        json!({ "kid": null }),
        json!({ "typ": null }),
        json!({ "typ": "jWt" }),
        json!({ "cty": "JWT" }),
        json!({ "b64": false }),
        json!({ "zip": "DEF", "enc": "A128GCM" }),
        json!({ "exp": 0, "nbf": 1 }),
        json!({ "__proto__": { "alg": "none" } }),
    ] {
        let mut header = json!({ "alg": "RS256" });
        for (name, value) in more.as_object().unwrap() {
            header[name] = value.clone();
        }
        let header = header.to_string();
        signed(vectors, &format!("the header {header}"), &header, 0);
    }
    for header in [
        " { \"alg\" : \"RS256\" } ",
        "{\"alg\":\"\\u0052S256\"}",
        "{\"a\\u006cg\":\"RS256\"}",
    ] {
        signed(vectors, &format!("the header text {header:?}"), header, 0);
    }
    // Whoever brings a key along has signed with it.
    let header = json!({ "alg": "EdDSA", "jwk": vectors.signers.public_keys()["ed25519 jwk"] });
    let token = vectors
        .signers
        .ed25519_as(&header.to_string(), &lean().to_string());
    vectors.token("a key that came in the header", &token, &by("product"), 1);
}

/// The public key taken for a shared secret, in every form in which somebody has it.
fn shared_secrets(vectors: &mut Vectors) {
    let spki = der(PRODUCT_PUBLIC);
    let forms = [
        ("PEM", PRODUCT_PUBLIC.as_bytes().to_vec()),
        (
            "PEM without its last line end",
            PRODUCT_PUBLIC.trim().as_bytes().to_vec(),
        ),
        ("DER", spki.clone()),
        ("DER in base64", base64(&spki).into_bytes()),
        ("modulus", spki[33..289].to_vec()),
        ("empty text", Vec::new()),
    ];
    for (form, secret) in forms {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
        for alg in ["HS256", "RS256"] {
            let header = json!({ "alg": alg, "typ": "JWT" }).to_string();
            let token = super::compact(&header, &lean().to_string(), |input| {
                ring::hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
            });
            let name = format!("{alg} by HMAC under the key's {form}");
            vectors.token(&name, &token, &by("product"), 1);
        }
    }
}

/// Every algorithm of JOSE over every kind of signature and key.
fn algorithms(vectors: &mut Vectors) {
    let names = [
        "none", "NONE", "nOnE", "HS256", "HS384", "HS512", "RS1", "RS384", "RS512", "PS256",
        "PS384", "PS512", "ES256", "ES256K", "ES384", "ES512", "Ed448", "RSA1_5", "dir", "RS256 ",
        "EdDSA\n",
    ];
    for alg in names {
        let header = json!({ "alg": alg }).to_string();
        let claims = lean().to_string();
        let eddsa = vectors.signers.ed25519_as(&header, &claims);
        vectors.token(
            &format!("alg {alg:?} over EdDSA"),
            &eddsa,
            &by("ed25519"),
            1,
        );
        let rs256 = vectors.signers.product_as(&header, &claims);
        vectors.token(&format!("alg {alg:?} over RS256"), &rs256, &by("set"), 1);
        let (input, _) = rs256.rsplit_once('.').unwrap();
        vectors.token(
            &format!("alg {alg:?} over nothing"),
            &format!("{input}."),
            &by("set"),
            1,
        );
    }
    let crossed = vectors
        .signers
        .product_as(r#"{"alg":"EdDSA"}"#, &lean().to_string());
    vectors.token(
        "RS256 called EdDSA, and a set of both",
        &crossed,
        &by("set"),
        1,
    );
    let crossed = vectors
        .signers
        .ed25519_as(r#"{"alg":"RS256"}"#, &lean().to_string());
    vectors.token(
        "EdDSA called RS256, and a set of both",
        &crossed,
        &by("set"),
        1,
    );
}

/// Second spellings of header and claims that were signed as they stand: a verifier reads one spelling.
fn spellings(vectors: &mut Vectors) {
    let header = base64url(br#"{"alg":"RS256"}"#);
    // Of this length base64url would pad; in the last digit are bits that count for nothing.
    let claims = base64url(format!("{} ", lean()).as_bytes());
    let claims = if claims.len().is_multiple_of(4) {
        base64url(lean().to_string().as_bytes())
    } else {
        claims
    };
    let stray = super::tokens::stray_bits(&claims);
    let padded = format!("{claims}{}", "=".repeat(4 - claims.len() % 4));
    let within = |what: &str| format!("{}{what}{}", &claims[..40], &claims[40..]);
    for (name, header, claims) in [
        (
            "padding after the header",
            format!("{header}="),
            claims.clone(),
        ),
        ("padding after the claims", header.clone(), padded),
        ("stray bits in the claims", header.clone(), stray),
        ("a space in the claims", header.clone(), within(" ")),
        ("a line end in the claims", header.clone(), within("\n")),
        ("a plus in the claims", header.clone(), within("++++")),
        ("a slash in the claims", header.clone(), within("////")),
        (
            "a percent sign in the claims",
            header.clone(),
            within("%2D"),
        ),
        ("NUL in the claims", header.clone(), within("\0")),
        (
            "a letter that only looks like one",
            header.clone(),
            within("А"),
        ),
        ("no header", String::new(), claims.clone()),
        ("no claims", header.clone(), String::new()),
        (
            "the claims thrice",
            header.clone(),
            format!("{claims}.{claims}.{claims}"),
        ),
    ] {
        let token = vectors.signers.product_parts(&header, &claims);
        vectors.token(&format!("signed, with {name}"), &token, &by("product"), 1);
    }
}

/// Numbers that are the signature modulo the key, and are not it.
fn rsa_numbers(vectors: &mut Vectors) {
    let modulus = &der(PRODUCT_PUBLIC)[33..289];
    let small = signature_that(vectors, |signature| signature[0] < 0x3e);
    let (input, signature) = &small;
    vectors.token(
        "a small signature",
        &joined(input, signature),
        &by("product"),
        0,
    );
    let plus = sum(signature, modulus);
    vectors.token(
        "the signature plus the modulus",
        &joined(input, &plus),
        &by("product"),
        1,
    );
    let negative = difference(modulus, signature);
    vectors.token(
        "the modulus less the signature",
        &joined(input, &negative),
        &by("product"),
        1,
    );
    let (input, signature) = signature_that(vectors, |signature| signature[0] == 0);
    vectors.token(
        "a signature that begins with zero",
        &joined(&input, &signature),
        &by("product"),
        0,
    );
    vectors.token(
        "its zero left out",
        &joined(&input, &signature[1..]),
        &by("product"),
        1,
    );
    vectors.token(
        "a zero before it",
        &joined(&input, &[&[0], &signature[..]].concat()),
        &by("product"),
        1,
    );
    vectors.token(
        "a zero after it",
        &joined(&input, &[&signature[..], &[0]].concat()),
        &by("product"),
        1,
    );
    let (backward, _) = (signature.iter().rev().copied().collect::<Vec<u8>>(), ());
    vectors.token(
        "its bytes backward",
        &joined(&input, &backward),
        &by("product"),
        1,
    );
    vectors.token(
        "the modulus itself",
        &joined(&input, modulus),
        &by("product"),
        1,
    );
}

fn joined(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", base64url(signature))
}

/// The first of some tokens whose signature is of a kind.
fn signature_that(vectors: &Vectors, is_one: impl Fn(&[u8]) -> bool) -> (String, Vec<u8>) {
    let tries = (0..10_000).map(|ver| {
        let claims = lean_with(json!({ "ver": ver })).to_string();
        let token = vectors.signers.product_as(r#"{"alg":"RS256"}"#, &claims);
        let (input, _) = token.rsplit_once('.').unwrap();
        (
            input.to_owned(),
            super::Signers::rs256(&vectors.signers.product, input),
        )
    });
    tries
        .into_iter()
        .find(|(_, signature)| is_one(signature))
        .unwrap()
}

/// The sum of two numbers, most significant byte first; it must fit.
fn sum(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; a.len()];
    let mut carry = 0;
    for place in (0..a.len()).rev() {
        let digit = u16::from(a[place]) + u16::from(b[place]) + carry;
        bytes[place] = (digit & 0xff) as u8;
        carry = digit >> 8;
    }
    assert_eq!(carry, 0);
    bytes
}

fn difference(a: &[u8], b: &[u8]) -> Vec<u8> {
    let complement: Vec<u8> = a.iter().map(|byte| !byte).collect();
    sum(&complement, b).iter().map(|byte| !byte).collect()
}

/// The order of Ed25519's group (RFC 8032 §5.1), least significant byte first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Numbers that are the signature modulo the group, and points that sign for everybody.
fn ed25519_numbers(vectors: &mut Vectors) {
    let token = vectors
        .signers
        .ed25519_as(r#"{"alg":"EdDSA"}"#, &lean().to_string());
    let (input, _) = token.rsplit_once('.').unwrap();
    let signature = vectors
        .signers
        .ed25519
        .sign(input.as_bytes())
        .as_ref()
        .to_vec();
    let (r, s) = signature.split_at(32);
    let reversed = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<u8>>();
    let s_plus = reversed(&sum(&reversed(s), &reversed(&ORDER)));
    let identity = [&[1], &[0; 31][..]].concat();
    let zero = vec![0; 32];
    let cases = [
        ("as it was made", signature.clone(), 0),
        (
            "S plus the order of the group",
            [r, &s_plus[..]].concat(),
            1,
        ),
        ("the two halves in the other order", [s, r].concat(), 1),
        ("the identity and zero", [&identity[..], &zero].concat(), 1),
        ("zero and zero", [&zero[..], &zero].concat(), 1),
        ("R and zero", [r, &zero].concat(), 1),
        ("the identity and S", [&identity, s].concat(), 1),
        ("all ones", vec![0xff; 64], 1),
        ("nothing", Vec::new(), 1),
        ("a byte short", signature[..63].to_vec(), 1),
        ("a byte long", [&signature[..], &[0]].concat(), 1),
        ("twice", signature.repeat(2), 1),
        ("of RSA's length", signature.repeat(4), 1),
    ];
    for (name, bytes, code) in cases {
        let name = format!("an EdDSA signature: {name}");
        vectors.token(&name, &joined(input, &bytes), &by("ed25519"), code);
    }
    for bit in (0..512).step_by(37) {
        let mut flipped = signature.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let name = format!("an EdDSA signature with bit {bit} flipped");
        vectors.token(&name, &joined(input, &flipped), &by("ed25519"), 1);
    }
}
