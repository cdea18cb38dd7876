//! Tokens: texts of any kind, and claims and headers of any kind that were signed.

use licentia_core::{Response, Stored, Token, TokenFault, UnverifiedToken};
use serde_json::json;

use crate::choice;
use crate::json::Members;
use crate::known::{CLIENT, FINGERPRINT, GRANTED, KEY, KEYS, PRODUCT, PUBLIC, TIMES, sign};

/// Reads a token, signed claims, or a signed header and claims with a line end between.
pub fn token(data: &[u8]) {
    match choice(data) {
        Some((b't', text)) => any_text(&String::from_utf8_lossy(text)),
        Some((b'c', claims)) => signed_claims(claims),
        Some((b'h', rest)) => {
            let mut parts = rest.splitn(2, |byte| *byte == b'\n');
            let (header, claims) = (parts.next().unwrap_or_default(), parts.next());
            signed_header(header, claims.unwrap_or_default());
        }
        _ => {}
    }
}

fn verify(text: &str) -> Result<Token, TokenFault> {
    UnverifiedToken::parse(text)?.verify(&KEYS)
}

/// Nobody but the server signs: a text that verifies is one of the few.
fn any_text(text: &str) {
    if let Ok(token) = verify(text) {
        assert!(GRANTED.iter().any(|claims| claims == token.claims_json()));
    }
}

/// Claims are read as another reader reads them, and a verdict on them never fails.
fn signed_claims(claims: &[u8]) {
    let header = json!({ "alg": "EdDSA", "kid": PUBLIC.kid() }).to_string();
    let text = sign(header.as_bytes(), claims);
    match verify(&text) {
        Ok(token) => {
            assert_eq!(token.claims_json().as_bytes(), claims);
            agrees(&token);
            verdicts(&text, &token);
        }
        Err(fault) => assert!(matches!(fault, TokenFault::Claims { .. }), "{fault}"),
    }
}

fn agrees(token: &Token) {
    let claims = Members::read(token.claims_json()).unwrap();
    let facts = token.facts();
    let texts = [
        ("aid", &facts.aid),
        ("lid", &facts.lid),
        ("pid", &facts.pid),
        ("key", &facts.key),
        ("fp", &facts.fp),
    ];
    for (name, text) in texts {
        assert_eq!(claims.value(name), json!(text));
    }
    let numbers = [
        ("iat", facts.iat),
        ("eat", facts.eat),
        ("ssgpeat", facts.ssgpeat),
        ("ssi", facts.ssi),
        ("aco", facts.aco),
    ];
    for (name, number) in numbers {
        assert_eq!(claims.value(name), json!(number));
    }
    assert_eq!(claims.value("suspended"), json!(facts.suspended));
    assert_eq!(
        claims.value("leat").as_i64().unwrap_or_default(),
        facts.leat
    );
}

/// What an activation with the token says, the store says afterwards, and only what is this device's is taken.
fn verdicts(text: &str, token: &Token) {
    let body = json!({ "activationToken": text }).to_string();
    let response = Response::unsigned(200, &body);
    let facts = token.facts();
    for now in TIMES
        .into_iter()
        .chain([facts.iat, facts.eat, facts.leat, facts.ssgpeat])
    {
        let decision = CLIENT.activated(&Stored::default(), KEY, response, now);
        if let Some(stored) = &decision.store {
            assert_eq!((facts.key.as_str(), facts.fp.as_str()), (KEY, FINGERPRINT));
            assert!(facts.pid.eq_ignore_ascii_case(PRODUCT));
            assert_eq!(CLIENT.genuine(stored, now).status, decision.status);
            let again = CLIENT.read(&CLIENT.write(stored));
            assert_eq!(CLIENT.genuine(&again, now).status, decision.status);
            let _ = CLIENT.explain(stored, licentia_core::Schedule::default(), now);
        }
        let _ = CLIENT.activated_offline(&Stored::default(), text, now);
    }
}

/// A header chooses nothing: what verifies names the key, or none, and its algorithm.
fn signed_header(header: &[u8], claims: &[u8]) {
    if verify(&sign(header, claims)).is_err() {
        return;
    }
    let header = Members::read(std::str::from_utf8(header).unwrap()).unwrap();
    assert_eq!(header.value("alg"), json!("EdDSA"));
    assert!(header.value("crit").is_null());
    let (kid, typ) = (header.value("kid"), header.value("typ"));
    assert!(kid.is_null() || kid == json!(PUBLIC.kid()));
    assert!(
        typ.is_null()
            || typ
                .as_str()
                .is_some_and(|typ| typ.eq_ignore_ascii_case("JWT"))
    );
}
