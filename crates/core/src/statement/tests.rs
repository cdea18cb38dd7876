use super::*;
use crate::claims::{StatusClaim, StatusListPlace};

const NOW: i64 = 1_700_000_000;

fn statement() -> Statement {
    Statement {
        lid: "l".to_owned(),
        pid: "p".to_owned(),
        kind: "node-locked".to_owned(),
        revoked: false,
        suspended: false,
        deleted: false,
        eat: 0,
        lcat: 1,
        laat: 0,
        allowed_activations: 1,
        ssi: 1,
        ssgp: 1,
        aco: 1,
        epoch: 0,
        ver: 7,
        iat: 1,
        status: StatusClaim {
            status_list: StatusListPlace {
                idx: 3,
                uri: "/v3/status-lists/0".to_owned(),
            },
        },
    }
}

fn facts() -> StatementFacts {
    StatementFacts {
        lid: "l".to_owned(),
        pid: "p".to_owned(),
        revoked: false,
        suspended: false,
        deleted: false,
        eat: 0,
        epoch: 0,
        iat: 1,
        ver: 7,
    }
}

fn key() -> StatementKey {
    StatementKey::from_seed(&[1; 32])
}

#[test]
fn a_statement_is_read_as_it_was_signed() {
    let text = key().sign(&statement());
    let keys = KeySet::from(key().verifying_key());
    assert_eq!(Statement::verify(&text, &keys), Ok(statement()));
    let json = serde_json::to_string(&statement()).unwrap();
    assert_eq!(StatementFacts::verify(&text, &keys), Ok((facts(), json)));
    assert_eq!(Statement::trusted(&text), Ok(statement()));
}

#[test]
fn a_statement_of_another_key_is_none() {
    let text = StatementKey::from_seed(&[2; 32]).sign(&statement());
    let keys = KeySet::from(key().verifying_key());
    let kid = StatementKey::from_seed(&[2; 32]).kid().to_owned();
    assert_eq!(
        StatementFacts::verify(&text, &keys),
        Err(TokenFault::UnknownKey { kid })
    );
}

#[test]
fn what_keys_have_verified_their_clones_know_and_no_other_keys_do() {
    let jwk = key().verifying_key().to_jwk();
    let document = serde_json::json!({ "keys": [&jwk], "statementKeys": [&jwk] }).to_string();
    let keys = KeySet::parse(&document).unwrap();
    let text = key().sign(&statement());
    assert_eq!(keys.of_statements().statement(&text), Ok(facts()));
    let knows = |keys: &KeySet| keys.known_statements().find(&text).is_some();
    assert!(knows(&keys.clone().of_statements()));
    assert!(!knows(&KeySet::parse(&document).unwrap()));
    let forged = StatementKey::from_seed(&[2; 32]).sign(&statement());
    assert!(keys.of_statements().statement(&forged).is_err());
    assert_eq!(keys.known_statements().find(&forged), None);
}

#[test]
fn a_signed_text_of_another_kind_is_no_statement() {
    let claims = serde_json::to_vec(&statement()).unwrap();
    let input = signing_input(Algorithm::EdDSA, key().kid(), "JWT", &claims);
    let text = join_signature(&input, &key().sign_bytes(input.as_bytes()));
    let keys = KeySet::from(key().verifying_key());
    assert!(matches!(
        Statement::verify(&text, &keys),
        Err(TokenFault::WrongType { .. })
    ));
}

#[test]
fn revoked_outranks_expired_and_deleted_outranks_all() {
    let mut facts = facts();
    assert_eq!(facts.status(NOW), StatusCode::OK);
    facts.suspended = true;
    assert_eq!(facts.status(NOW), StatusCode::SUSPENDED);
    facts.eat = NOW - 1;
    assert_eq!(facts.status(NOW), StatusCode::EXPIRED);
    facts.revoked = true;
    assert_eq!(facts.status(NOW), StatusCode::E_REVOKED);
    facts.deleted = true;
    assert_eq!(facts.status(NOW), StatusCode::E_LICENSE_KEY);
}

#[test]
fn a_license_is_good_up_to_its_last_second() {
    let facts = StatementFacts {
        eat: NOW,
        ..facts()
    };
    assert_eq!(facts.status(NOW), StatusCode::OK);
    assert_eq!(facts.status(NOW + 1), StatusCode::EXPIRED);
}

#[test]
fn a_status_besides_restricts_and_allows_nothing_and_another_product_is_none() {
    let good = facts();
    let suspended = StatementFacts {
        suspended: true,
        ..facts()
    };
    let deleted = StatementFacts {
        deleted: true,
        ..facts()
    };
    for (facts, status, expected) in [
        (&good, "active", StatusCode::OK),
        (&good, "suspended", StatusCode::SUSPENDED),
        (&good, "revoked", StatusCode::E_REVOKED),
        (&suspended, "active", StatusCode::SUSPENDED),
        (&suspended, "revoked", StatusCode::E_REVOKED),
        (&deleted, "revoked", StatusCode::E_LICENSE_KEY),
    ] {
        for product in [None, Some("p")] {
            assert_eq!(
                facts.status_besides(product, status, NOW),
                expected,
                "{status}"
            );
        }
        let other = facts.status_besides(Some("other"), status, NOW);
        assert_eq!(other, StatusCode::E_PRODUCT_ID);
    }
}
