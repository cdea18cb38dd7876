//! What is stored: texts of any kind.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_core::{Schedule, Stored};
use ring::digest::{Context, SHA256};
use serde_json::Value;

use crate::json::Members;
use crate::known::{CLIENT, FINGERPRINT, GRANTED, PRODUCT, TIMES};

/// Reads a stored text.
pub fn stored(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let stored = CLIENT.read(&text);
    let written = CLIENT.write(&stored);
    assert_eq!(CLIENT.read(&written), stored, "{written}");
    for now in TIMES {
        verdict(&text, &stored, now);
    }
    others_survive(&text, &written, &stored);
}

/// A store that lets something run holds a token that was granted, and nothing in it was edited.
fn verdict(text: &str, stored: &Stored, now: i64) {
    let decision = CLIENT.genuine(stored, now);
    let _ = CLIENT.explain(stored, Schedule::default(), now);
    let _ = CLIENT.local_trial(stored, now);
    let _ = CLIENT.ask_deactivation(stored, now);
    if !decision.stands {
        return;
    }
    let token = stored.token().unwrap();
    assert!(GRANTED.iter().any(|claims| claims == token.claims_json()));
    let members = Members::read(text).unwrap();
    for name in ["token", "key", "seen"] {
        let sealed = format!("{name}Seal");
        let seal = seal_of(&sealed, &members.value(name));
        assert_eq!(members.value(&sealed), seal, "{name}");
    }
}

/// The first sixteen bytes of SHA-256 over the parts, each with its length before it.
fn seal_of(name: &str, value: &Value) -> String {
    let mut digest = Context::new(&SHA256);
    for part in ["licentia", PRODUCT, FINGERPRINT, name, &value.to_string()] {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    Base64UrlUnpadded::encode_string(&digest.finish().as_ref()[..16])
}

/// Members of other versions are still there, as they were.
fn others_survive(text: &str, written: &str, stored: &Stored) {
    let ours = [
        "token",
        "key",
        "seen",
        "trial",
        "ended",
        "word",
        "listed",
        "lastError",
    ];
    let others = |text: &str| Members::read(text).map(|members| members.without(&ours));
    if *stored != Stored::default() {
        assert_eq!(others(text), others(written));
    }
}
