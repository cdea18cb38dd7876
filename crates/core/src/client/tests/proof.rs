//! Whose an answer is: a refusal counts only if it is signed for just this question, and what is signed tells the time.

use super::testing::*;
use crate::answer_signature::{AnswerHeaders, SignedAnswer, content_digest};
use crate::claims::Claims;
use crate::client::*;
use crate::statement::StatementKey;

const DAY: i64 = 86_400;
const BODY: &str = r#"{"key": "0A2035"}"#;
const PATH: &str = "/v3/activations/a";

fn question(nonce: &str) -> Question {
    request("PATCH", PATH, BODY, nonce)
}

fn request(method: &str, path: &str, body: &str, nonce: &str) -> Question {
    let digest = content_digest(body.as_bytes());
    Question::new(method.into(), path.into(), Some(digest), nonce.into())
}

fn sign(status: u16, body: &str, nonce: &str) -> AnswerHeaders {
    let answer = SignedAnswer {
        status,
        body: body.as_bytes(),
        method: "PATCH",
        path: PATH,
        digest: Some(&content_digest(BODY.as_bytes())),
        nonce: Some(nonce),
    };
    answer.sign([account()].iter(), NOW)
}

fn answer(status: u16, body: &str, proof: Proof) -> Response<'_> {
    Response {
        status,
        body,
        proof,
    }
}

fn synced(stored: &Stored, response: Response<'_>, now: i64) -> Decision {
    client().synced(stored, &asked(&claims()), response, now)
}

#[test]
fn an_answer_is_the_servers_if_it_is_signed_for_this_question() {
    let keys = KeySet::from(account().verifying_key());
    let ours = question("1");
    let headers = sign(400, REVOKED, "1");
    assert_eq!(
        ours.proof(400, REVOKED, &headers, &keys),
        Proof::Signed(NOW)
    );
    let others = [
        question("2"),
        request("POST", PATH, BODY, "1"),
        request("PATCH", "/v3/activations/b", BODY, "1"),
        request("PATCH", PATH, "{}", "1"),
    ];
    for other in others {
        assert_eq!(other.proof(400, REVOKED, &headers, &keys), Proof::Missing);
    }
    let none = AnswerHeaders::default();
    assert_eq!(ours.proof(400, REVOKED, &none, &keys), Proof::Missing);
    assert_eq!(ours.proof(404, REVOKED, &headers, &keys), Proof::Missing);
    assert_eq!(ours.proof(400, "{}", &headers, &keys), Proof::Missing);
    let unknown = KeySet::from(StatementKey::from_seed(&[8; 32]).verifying_key());
    assert_eq!(ours.proof(400, REVOKED, &headers, &unknown), Proof::Missing);
}

#[test]
fn a_refusal_that_is_not_signed_is_a_failure_of_the_network() {
    let stored = stored(&claims());
    for (status, body) in [
        (400, REVOKED),
        (404, r#"{"message": "no", "code": "ACTIVATION_NOT_FOUND"}"#),
        (
            409,
            r#"{"message": "no", "code": "DEACTIVATION_LIMIT_REACHED"}"#,
        ),
    ] {
        let unsigned = answer(status, body, Proof::Missing);
        let decision = synced(&stored, unsigned, NOW);
        check(&decision, StatusCode::E_INET, Some(60));
        assert_eq!(decision.store, None);
        let decision = client().activated(&stored, KEY, unsigned, NOW);
        assert_eq!(
            (decision.status, decision.store),
            (StatusCode::E_INET, None)
        );
        let decision = client().deactivated(&stored, &asked(&claims()), unsigned, NOW);
        assert_eq!(
            (decision.status, decision.store),
            (StatusCode::E_INET, None)
        );
    }
    let signed = answer(400, REVOKED, Proof::Signed(NOW));
    let decision = synced(&stored, signed, NOW);
    assert_eq!(decision.status, StatusCode::E_REVOKED);
    assert!(decision.store.unwrap().token().is_none());
}

#[test]
fn a_seat_is_given_back_only_by_who_signs_that_it_is() {
    let stored = stored(&claims());
    let deactivated =
        |proof| client().deactivated(&stored, &asked(&claims()), answer(204, "", proof), NOW);
    assert_eq!(deactivated(Proof::Missing).status, StatusCode::E_INET);
    assert_eq!(deactivated(Proof::Missing).store, None);
    assert_eq!(deactivated(Proof::Signed(NOW)).status, StatusCode::OK);
}

#[test]
fn no_token_of_before_a_signed_end_brings_the_activation_back() {
    let held = stored(&claims());
    let renewed = |aid: &str, seconds| {
        let claims = Claims {
            aid: aid.into(),
            iat: NOW + seconds,
            ..claims()
        };
        granted(&claims)
    };
    let ends = |proof| {
        let (refusal, done) = (answer(400, REVOKED, proof), answer(204, "", proof));
        let asked = asked(&claims());
        [
            client().synced(&held, &asked, refusal, NOW + 9),
            client().activated(&held, KEY, refusal, NOW + 9),
            client().deactivated(&held, &asked, done, NOW + 9),
        ]
    };
    let then = |end: Decision, token: &str| {
        let after = client().read(&client().write(&end.store.unwrap()));
        let late = answer(200, token, Proof::Missing);
        client().activated(&after, KEY, late, NOW + 9).status
    };
    for end in ends(Proof::Signed(NOW + 9)) {
        for seconds in [5, 9] {
            assert_eq!(
                then(end.clone(), &renewed("a", seconds)),
                StatusCode::E_INET
            );
        }
        assert_eq!(then(end.clone(), &renewed("a", 10)), StatusCode::OK);
        assert_eq!(then(end, &renewed("b", 9)), StatusCode::OK);
    }
    for end in ends(Proof::Unasked) {
        assert_eq!(
            then(end, &renewed("a", 5)),
            StatusCode::OK,
            "no time was told"
        );
    }
}

#[test]
fn a_token_speaks_for_itself_and_so_do_faults_and_limits() {
    let stored = stored(&claims());
    let renewed = Claims {
        iat: NOW + 10,
        ..claims()
    };
    let body = granted(&renewed);
    let decision = synced(&stored, answer(200, &body, Proof::Missing), NOW + 10);
    check(&decision, StatusCode::OK, Some(60));
    assert_eq!(
        decision.store.unwrap().token().unwrap().facts().iat,
        NOW + 10
    );
    for (status, expected) in [(429, StatusCode::E_RATE_LIMIT), (503, StatusCode::E_SERVER)] {
        let decision = synced(&stored, answer(status, "", Proof::Missing), NOW);
        check(&decision, expected, Some(60));
    }
}

/// A device that was off for ten days, and whose clock stood still meanwhile.
#[test]
fn a_clock_that_the_server_has_seen_behind_stays_noticed_without_the_server() {
    let stored = stored(&claims());
    let (server, now) = (NOW + 10 * DAY, NOW + 60);
    assert_eq!(client().genuine(&stored, now).status, StatusCode::OK);
    let fault = answer(503, "", Proof::Signed(server));
    let after = synced(&stored, fault, now).store.unwrap();
    assert_eq!(after.seen(), server - claims().aco);
    assert_eq!(
        client().genuine(&after, now).status,
        StatusCode::E_TIME_MODIFIED
    );
    assert_eq!(
        client().genuine(&after, server).status,
        StatusCode::GRACE_PERIOD_OVER,
        "the clock is right again"
    );
}

#[test]
fn a_clock_that_the_license_lets_be_behind_is_let_be() {
    for (aco, behind) in [(3_600, 3_600 + 3_700), (0, 3_700), (-1, 400 * DAY)] {
        let held = stored(&Claims { aco, ..claims() });
        let fault = answer(503, "", Proof::Signed(NOW + behind));
        let after = synced(&held, fault, NOW).store.unwrap_or(held);
        assert_eq!(
            client().genuine(&after, NOW).status,
            StatusCode::OK,
            "{aco}"
        );
    }
}

#[test]
fn who_signs_nothing_tells_no_time() {
    let stored = stored(&claims());
    for proof in [Proof::Unasked, Proof::Missing] {
        let fault = answer(503, "", proof);
        assert_eq!(synced(&stored, fault, NOW + 60).store, None);
    }
}
