//! Answers with a token: whose key signed what, whose it is, and what state the license is in.

use serde_json::{Value, json};

use super::{Asker, LICENSE_KEY, NOW, Vectors, claims, claims_with, expected};

pub(super) fn add(vectors: &mut Vectors) {
    states(vectors);
    clocks(vectors);
    owners(vectors);
    keys(vectors);
    algorithms(vectors);
    forgeries(vectors);
    spellings(vectors);
    shapes(vectors);
}

/// Signs claims with the product's key and takes the verdict from the rules.
fn signed(vectors: &mut Vectors, name: &str, changes: Value, asker: &Asker) {
    let claims = claims_with(changes);
    let token = vectors.signers.product(&claims);
    vectors.token(name, &token, asker, expected(&claims, asker));
}

fn states(vectors: &mut Vectors) {
    let asker = Asker::default();
    let past = NOW - 1;
    let mut case = |name: &str, changes: Value| signed(vectors, name, changes, &asker);
    case("valid", json!({}));
    case("expired", json!({ "eat": past }));
    case("expires now", json!({ "eat": NOW }));
    case("expires later", json!({ "eat": NOW + 1 }));
    case("expired before 1970", json!({ "eat": -1 }));
    case(
        "expired before it was issued",
        json!({ "eat": NOW + 5, "iat": NOW + 10 }),
    );
    case("suspended", json!({ "suspended": true }));
    case(
        "expired hides suspended",
        json!({ "suspended": true, "eat": past }),
    );
    case("grace period over", json!({ "ssgpeat": past }));
    case("grace period over now", json!({ "ssgpeat": NOW }));
    case("no grace limit", json!({ "ssgpeat": 0 }));
    case(
        "no syncs, so no grace limit",
        json!({ "ssgpeat": past, "ssi": 0 }),
    );
    case(
        "grace period hides expired",
        json!({ "ssgpeat": past, "eat": past, "suspended": true }),
    );
    case("lease over", json!({ "leat": past }));
    case("lease over now", json!({ "leat": NOW }));
    case(
        "lease before it was issued",
        json!({ "leat": NOW + 5, "iat": NOW + 10 }),
    );
    case(
        "lease hides all",
        json!({ "leat": past, "ssgpeat": past, "eat": past, "suspended": true }),
    );
    case(
        "all in the far future",
        json!({ "leat": 1_i64 << 52, "ssgpeat": 1_i64 << 52, "eat": 1_i64 << 52 }),
    );
}

fn clocks(vectors: &mut Vectors) {
    let at = |now| Asker {
        now,
        ..Asker::default()
    };
    signed(
        vectors,
        "a clock behind by as much as is allowed",
        json!({}),
        &at(NOW - 3_600),
    );
    signed(
        vectors,
        "a clock behind by a second more",
        json!({}),
        &at(NOW - 3_601),
    );
    signed(
        vectors,
        "a clock set back by two hours",
        json!({}),
        &at(NOW - 7_200),
    );
    signed(
        vectors,
        "a clock set back by two hours, with room for it",
        json!({ "aco": 7_200 }),
        &at(NOW - 7_200),
    );
    signed(
        vectors,
        "a clock set back by years, unchecked",
        json!({ "aco": -1 }),
        &at(1),
    );
    signed(
        vectors,
        "a clock that may not be behind",
        json!({ "aco": 0 }),
        &at(NOW - 1),
    );
    signed(
        vectors,
        "a clock ahead by less than the grace period",
        json!({}),
        &at(NOW + 86_400),
    );
    signed(
        vectors,
        "a clock ahead by more than the grace period",
        json!({}),
        &at(NOW + 86_401),
    );
    signed(
        vectors,
        "a wrong clock hides the end of the lease",
        json!({ "leat": 5 }),
        &at(NOW - 7_200),
    );
    signed(
        vectors,
        "a wrong clock hides a suspension",
        json!({ "suspended": true }),
        &at(NOW - 7_200),
    );
}

fn owners(vectors: &mut Vectors) {
    let asker = Asker::default();
    let mut case = |name: &str, changes: Value| signed(vectors, name, changes, &asker);
    case(
        "a token of another product",
        json!({ "pid": "00000000-0000-4000-8000-000000000000" }),
    );
    case(
        "a token of another license key",
        json!({ "key": "ANOTHER-KEY-0000-0000" }),
    );
    case(
        "a license key in another case",
        json!({ "key": LICENSE_KEY.to_lowercase() }),
    );
    case(
        "a token of another device",
        json!({ "fp": "d00d".repeat(16) }),
    );
    case(
        "another product hides another device",
        json!({ "pid": "0", "fp": "0" }),
    );
    case(
        "another device hides a wrong clock",
        json!({ "fp": "0", "iat": NOW + 7_200 }),
    );
    let upper = Asker {
        product_id: asker.product_id.to_uppercase(),
        ..Asker::default()
    };
    let token = vectors.signers.product(&claims());
    vectors.token(
        "a product id in upper case is the same id",
        &token,
        &upper,
        0,
    );
    let long = "K".repeat(256);
    let owner = Asker {
        license_key: long.clone(),
        ..Asker::default()
    };
    signed(
        vectors,
        "the longest license key",
        json!({ "key": long }),
        &owner,
    );
}

fn keys(vectors: &mut Vectors) {
    let by = |public_key| Asker {
        public_key,
        ..Asker::default()
    };
    let kid = super::kid(&super::der(super::PRODUCT_PUBLIC));
    let text = claims().to_string();
    let ours = vectors.signers.product(&claims());
    let nameless = vectors
        .signers
        .product_as(r#"{"alg":"RS256","typ":"JWT"}"#, &text);
    let renamed = vectors
        .signers
        .product_as(r#"{"alg":"RS256","kid":"renamed","typ":"JWT"}"#, &text);
    for key in ["product", "product jwk", "product jwk as text", "set"] {
        vectors.token(&format!("verified by the key `{key}`"), &ours, &by(key), 0);
        vectors.token(
            &format!("no kid, verified by the key `{key}`"),
            &nameless,
            &by(key),
            0,
        );
    }
    vectors.token(
        "an unknown kid, verified by a key without a name",
        &renamed,
        &by("product"),
        0,
    );
    vectors.token(
        "an unknown kid and a key that has a name",
        &renamed,
        &by("product jwk"),
        1,
    );
    vectors.token("an unknown kid and a set", &renamed, &by("set"), 1);
    for key in [
        "other",
        "ed25519",
        "ed25519 jwk",
        "set with product for statements",
    ] {
        vectors.token(
            &format!("not verified by the key `{key}`"),
            &ours,
            &by(key),
            1,
        );
    }
    let spki = vectors.signers.ed25519_spki();
    let header = json!({ "alg": "EdDSA", "kid": super::kid(&spki), "typ": "JWT" }).to_string();
    let eddsa = vectors.signers.ed25519_as(&header, &text);
    for (key, code) in [
        ("ed25519", 0),
        ("ed25519 jwk", 0),
        ("set", 0),
        ("product", 1),
    ] {
        vectors.token(
            &format!("EdDSA, and the key `{key}`"),
            &eddsa,
            &by(key),
            code,
        );
    }
    let misnamed = json!({ "alg": "EdDSA", "kid": kid, "typ": "JWT" }).to_string();
    let misnamed = vectors.signers.ed25519_as(&misnamed, &text);
    vectors.token(
        "signed by one key of the set under the name of another",
        &misnamed,
        &by("set"),
        1,
    );
}

fn algorithms(vectors: &mut Vectors) {
    let text = claims().to_string();
    let by = |public_key| Asker {
        public_key,
        ..Asker::default()
    };
    for algorithm in [
        "none", "None", "", "HS256", "RS384", "PS256", "EdDSA", "rs256",
    ] {
        let header = json!({ "alg": algorithm, "typ": "JWT" }).to_string();
        let token = vectors.signers.product_as(&header, &text);
        vectors.token(
            &format!("alg `{algorithm}` with a good signature"),
            &token,
            &by("product"),
            1,
        );
        let (input, _) = token.rsplit_once('.').unwrap();
        vectors.token(
            &format!("alg `{algorithm}` without a signature"),
            &format!("{input}."),
            &by("product"),
            1,
        );
    }
    for (name, header) in [
        ("no alg", r#"{"typ":"JWT"}"#),
        ("an alg that is null", r#"{"alg":null}"#),
        (
            "an alg that is said twice",
            r#"{"alg":"none","alg":"RS256"}"#,
        ),
        ("a header that is an array", r#"["RS256"]"#),
        ("a header that is no JSON", "RS256"),
        (
            "a critical extension",
            r#"{"alg":"RS256","crit":["b64"],"b64":false}"#,
        ),
        (
            "a statement's type",
            r#"{"alg":"RS256","typ":"license-statement+jwt"}"#,
        ),
    ] {
        let token = vectors.signers.product_as(header, &text);
        vectors.token(&format!("a header with {name}"), &token, &by("product"), 1);
    }
    for header in [
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"RS256","typ":"jwt"}"#,
        r#"{"alg":"RS256","jku":"https://evil.example","typ":"JWT"}"#,
    ] {
        let token = vectors.signers.product_as(header, &text);
        vectors.token(&format!("the header {header}"), &token, &by("product"), 0);
    }
}

fn forgeries(vectors: &mut Vectors) {
    let asker = Asker::default();
    let token = vectors.signers.product(&claims());
    let forged = vectors
        .signers
        .other_as(r#"{"alg":"RS256","typ":"JWT"}"#, &claims().to_string());
    vectors.token("signed by another key", &forged, &asker, 1);
    let parts: Vec<&str> = token.split('.').collect();
    let revived = super::base64url(
        claims_with(json!({ "eat": NOW + 9 }))
            .to_string()
            .as_bytes(),
    );
    vectors.token(
        "other claims under the signature",
        &format!("{}.{revived}.{}", parts[0], parts[2]),
        &asker,
        1,
    );
    let of_other = vectors
        .signers
        .product(&claims_with(json!({ "suspended": true })));
    let signature = of_other.rsplit_once('.').unwrap().1;
    vectors.token(
        "the signature of another token",
        &format!("{}.{}.{signature}", parts[0], parts[1]),
        &asker,
        1,
    );
    for (name, bytes) in [
        ("empty", vec![]),
        ("zero", vec![0; 256]),
        ("one", [vec![0; 255], vec![1]].concat()),
        ("all ones", vec![0xff; 256]),
        ("a byte short", vec![1; 255]),
        ("a byte long", vec![1; 257]),
    ] {
        let signature = super::base64url(&bytes);
        vectors.token(
            &format!("a signature that is {name}"),
            &format!("{}.{}.{signature}", parts[0], parts[1]),
            &asker,
            1,
        );
    }
    for (part, text) in parts.iter().enumerate() {
        for bit in [0, 7, text.len() * 6 / 2, text.len() * 6 - 7] {
            let mut flipped: Vec<String> = parts.iter().map(|&part| part.to_owned()).collect();
            flipped[part] = flip(text, bit);
            vectors.token(
                &format!("bit {bit} of part {part} flipped"),
                &flipped.join("."),
                &asker,
                1,
            );
        }
    }
}

/// Flips one bit of a base64url text.
fn flip(text: &str, bit: usize) -> String {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut characters: Vec<char> = text.chars().collect();
    let value = digits.find(characters[bit / 6]).unwrap() ^ (1 << (bit % 6));
    characters[bit / 6] = digits.chars().nth(value).unwrap();
    characters.into_iter().collect()
}

fn spellings(vectors: &mut Vectors) {
    let asker = Asker::default();
    let token = vectors.signers.product(&claims());
    let parts: Vec<&str> = token.split('.').collect();
    let two = format!("{}.{}", parts[0], parts[1]);
    let texts = [
        ("no text", String::new()),
        ("two parts", two.clone()),
        ("two parts and a dot", format!("{two}.")),
        ("four parts", format!("{token}.AA")),
        ("padding", format!("{token}==")),
        ("a line end", format!("{token}\n")),
        ("a space before", format!(" {token}")),
        ("a space within", token.replacen('.', " .", 1)),
        (
            "the other base64 alphabet",
            token.replace('-', "+").replace('_', "/"),
        ),
        ("a last digit with stray bits", stray_bits(&token)),
        ("letters beyond ASCII", format!("{two}.ä")),
    ];
    for (name, text) in texts {
        vectors.token(&format!("a token with {name}"), &text, &asker, 1);
    }
}

/// Sets the unused low bits of the last digit: a second spelling of the same bytes.
pub(super) fn stray_bits(token: &str) -> String {
    let mut text = token.to_owned();
    let last = text.pop().unwrap();
    text + &flip(&last.to_string(), 0)
}

/// What the product's key signed but is no token of ours.
fn shapes(vectors: &mut Vectors) {
    let asker = Asker::default();
    let header = r#"{"alg":"RS256","typ":"JWT"}"#;
    let mut texts = vec![
        ("no JSON".to_owned(), "claims".to_owned()),
        ("an array".to_owned(), "[]".to_owned()),
        ("nothing".to_owned(), String::new()),
        ("an empty object".to_owned(), "{}".to_owned()),
    ];
    for missing in [
        "aid",
        "lid",
        "pid",
        "key",
        "fp",
        "iat",
        "eat",
        "ssgpeat",
        "ssi",
        "aco",
        "suspended",
    ] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(missing);
        texts.push((format!("no `{missing}`"), claims.to_string()));
    }
    for (name, wrong) in [
        ("eat", json!("0")),
        ("iat", json!(1.5)),
        ("suspended", json!("false")),
        ("fp", Value::Null),
        ("aco", json!(1e30)),
    ] {
        texts.push((
            format!("a wrong `{name}`"),
            claims_with(json!({ name: wrong })).to_string(),
        ));
    }
    for (name, text) in texts {
        let token = vectors.signers.product_as(header, &text);
        vectors.token(&format!("claims with {name}"), &token, &asker, 1);
    }
    let later = claims_with(
        json!({ "new": { "of": ["a", "later", 1.25, null] }, "__proto__": { "code": 0 } }),
    );
    let token = vectors.signers.product(&later);
    vectors.token("claims of later servers", &token, &asker, 0);
    let mut old = claims();
    for ours in ["epoch", "ver", "status", "acat", "leat", "fms", "lmd"] {
        old.as_object_mut().unwrap().remove(ours);
    }
    let token = vectors.signers.product(&old);
    vectors.token("claims of a server that has fewer", &token, &asker, 0);
}
