use super::*;

const NONCE: &str = "f4d1b0e2-0001";
const DIGEST: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
const CREATED: i64 = 1_700_000_000;

fn key(number: u8) -> StatementKey {
    StatementKey::from_seed(&[number; 32])
}

fn keys(number: u8) -> KeySet {
    KeySet::from(key(number).verifying_key())
}

fn answer() -> SignedAnswer<'static> {
    SignedAnswer {
        status: 400,
        body: br#"{"message":"the license was revoked","code":"REVOKED_LICENSE"}"#,
        method: "PATCH",
        path: "/v3/activations/23d9646c-34f5-4d37-adeb-f7f77b927bdb",
        digest: Some(DIGEST),
        nonce: Some(NONCE),
    }
}

fn signed() -> AnswerHeaders {
    answer().sign([key(1)].iter(), CREATED)
}

#[track_caller]
fn is_refused(answer: SignedAnswer<'_>, headers: &AnswerHeaders) {
    assert_eq!(answer.verify(headers, &keys(1)), None);
}

/// RFC 9421, B.1.4 and B.2.6.
#[test]
fn the_signature_is_that_of_the_rfcs_example() {
    const PARAMETERS: &str = r#"("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
    const SIGNATURE: &str =
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";
    let covered = Covered::of(&[
        (r#""date""#, Some("Tue, 20 Apr 2021 02:07:55 GMT")),
        (r#""@method""#, Some("POST")),
        (r#""@path""#, Some("/foo")),
        (r#""@authority""#, Some("example.com")),
        (r#""content-type""#, Some("application/json")),
        (r#""content-length""#, Some("18")),
    ]);
    assert!(PARAMETERS.starts_with(&covered.identifiers));
    let expected = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\
        \"@authority\": example.com\n\"content-type\": application/json\n\"content-length\": 18\n\
        \"@signature-params\": ";
    let base = covered.base(PARAMETERS);
    assert_eq!(base, format!("{expected}{PARAMETERS}"));

    let seed = Base64::decode_vec("n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=").unwrap();
    let key = StatementKey::from_seed(&seed.try_into().unwrap());
    let signature = key.sign_bytes(base.as_bytes());
    assert_eq!(Base64::encode_string(&signature), SIGNATURE);
    assert_eq!(
        key.verifying_key().to_jwk().x.as_deref(),
        Some("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs")
    );
}

/// RFC 9530, appendix B.1: the digest of a body with its line end.
#[test]
fn the_digest_is_that_of_the_rfcs_example() {
    assert_eq!(
        content_digest(b"{\"hello\": \"world\"}\n"),
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    );
}

#[test]
fn an_answer_is_taken_at_the_time_that_it_says() {
    assert_eq!(answer().verify(&signed(), &keys(1)), Some(CREATED));
    let without = SignedAnswer {
        nonce: None,
        ..answer()
    };
    let headers = without.sign([key(1)].iter(), -1);
    assert_eq!(without.verify(&headers, &keys(1)), Some(-1));
}

#[test]
fn the_headers_say_what_is_signed() {
    let kid = key(1).kid().to_owned();
    let expected = format!(
        r#"licentia1=("@status" "content-digest" "@method";req "@path";req "content-digest";req "licentia-nonce";req);created={CREATED};keyid="{kid}";alg="ed25519";tag="licentia-answer""#
    );
    assert_eq!(signed().signature_input, expected);
}

#[test]
fn any_key_that_is_known_will_do() {
    let headers = answer().sign([key(1), key(2)].iter(), CREATED);
    for number in [1, 2] {
        assert_eq!(answer().verify(&headers, &keys(number)), Some(CREATED));
    }
    assert_eq!(answer().verify(&headers, &keys(3)), None);
}

#[test]
fn another_answer_is_refused() {
    let others = [
        SignedAnswer {
            status: 200,
            ..answer()
        },
        SignedAnswer {
            method: "DELETE",
            ..answer()
        },
        SignedAnswer {
            path: "/v3/activations",
            ..answer()
        },
        SignedAnswer {
            digest: Some("sha-256=:AAAA:"),
            ..answer()
        },
        SignedAnswer {
            nonce: Some("f4d1b0e2-0002"),
            ..answer()
        },
    ];
    for other in others {
        is_refused(other, &signed());
    }
    let other_body = SignedAnswer {
        body: b"{}",
        ..answer()
    };
    is_refused(other_body, &signed());
    let digest = other_body.sign([key(1)].iter(), CREATED).content_digest;
    let headers = AnswerHeaders {
        content_digest: digest,
        ..signed()
    };
    is_refused(other_body, &headers);
}

#[test]
fn an_answer_to_a_request_that_said_less_answers_none_that_said_more() {
    let others = [
        SignedAnswer {
            nonce: None,
            ..answer()
        },
        SignedAnswer {
            digest: None,
            ..answer()
        },
    ];
    for without in others {
        let headers = without.sign([key(1)].iter(), CREATED);
        is_refused(answer(), &headers);
        is_refused(without, &signed());
    }
}

#[test]
fn a_requests_digest_is_checked_if_it_is_by_an_algorithm_that_is_known() {
    let body = b"{\"hello\": \"world\"}\n";
    let two = format!("sha-512=:AAAA:, {DIGEST}");
    for given in [DIGEST, two.as_str()] {
        assert_eq!(digest(&format!(" {given} ")), Some(given));
        assert!(fits_digest(given, body));
        assert!(!fits_digest(given, b"{}"));
    }
    let long = format!("{DIGEST}, {}", "x".repeat(512));
    let twice = format!("{DIGEST}, {DIGEST}");
    for text in [
        "",
        "sha-256",
        "sha-256=AAAA",
        "sha-256=:A:",
        "sha-512=:AAAA:",
        &long,
        &twice,
    ] {
        assert_eq!(digest(text), None, "{text}");
    }
    assert_eq!(digest(&DIGEST.replace('=', "=\u{7f}")), None);
}

#[test]
fn a_signature_over_less_or_for_another_use_is_refused() {
    let edits = [
        ("\"@status\" ", ""),
        (" \"licentia-nonce\";req", ""),
        ("\"@path\";req", "\"@path\""),
        (";req \"@path\"", ";req  \"@path\""),
        ("licentia-answer", "licentia-list"),
        ("ed25519", "rsa-v1_5-sha256"),
        (";alg=\"ed25519\"", ""),
        (";tag=", ";nonce=\"1\";tag="),
        ("created=1", "created=+1"),
        ("created=1", "created=01"),
        ("licentia1=", ""),
    ];
    for (from, to) in edits {
        let signature_input = signed().signature_input.replacen(from, to, 1);
        assert_ne!(signature_input, signed().signature_input, "{from}");
        let headers = AnswerHeaders {
            signature_input,
            ..signed()
        };
        is_refused(answer(), &headers);
    }
    is_refused(answer(), &AnswerHeaders::default());
}

#[test]
fn a_signature_that_was_tampered_with_is_refused() {
    let later = signed().signature_input.replace("created=1", "created=2");
    let headers = AnswerHeaders {
        signature_input: later,
        ..signed()
    };
    is_refused(answer(), &headers);
    let value = signed().signature;
    for signature in [
        String::new(),
        value.replace("licentia1", "licentia2"),
        value.replace("=:", "="),
        value.to_lowercase(),
        format!("{value}, {value}"),
    ] {
        is_refused(
            answer(),
            &AnswerHeaders {
                signature,
                ..signed()
            },
        );
    }
}

#[test]
fn signatures_of_others_stand_in_nobodys_way() {
    let own = signed();
    let other = r#"proxy=("x, \"y" "z\\");keyid="a,b=c""#;
    let headers = AnswerHeaders {
        signature_input: format!("{other} ,\t{}", own.signature_input),
        signature: format!("proxy=:AA==:,{}", own.signature),
        ..own
    };
    assert_eq!(answer().verify(&headers, &keys(1)), Some(CREATED));
}

#[test]
fn only_visible_ascii_is_a_nonce() {
    let longest = "x".repeat(NONCE_LIMIT);
    assert_eq!(nonce(NONCE), Some(NONCE));
    assert_eq!(nonce(&longest), Some(longest.as_str()));
    for text in ["", "a b", "a\nb", "é", &format!("{longest}x")] {
        assert_eq!(nonce(text), None, "{text}");
    }
}

#[test]
fn an_answer_tells_of_a_key_that_comes_and_of_one_that_has_gone() {
    let known = |numbers: &[u8]| {
        let jwks = numbers
            .iter()
            .map(|number| key(*number).verifying_key().to_jwk());
        KeySet::from_jwks(&jwks.collect::<Vec<_>>()).unwrap()
    };
    let by = |numbers: &[u8]| {
        let signers: Vec<_> = numbers.iter().map(|number| key(*number)).collect();
        answer().sign(signers.iter(), CREATED)
    };
    for (signers, keys, differ) in [
        (&[1][..], &[1][..], false),
        (&[1, 2], &[1], true),
        (&[2, 1], &[1, 2], false),
        (&[2], &[1, 2], true),
    ] {
        assert_eq!(
            by(signers).name_others_than(&known(keys)),
            differ,
            "{signers:?} {keys:?}"
        );
    }
}
