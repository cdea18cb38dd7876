//! The signed examples of RFC 7520 (JOSE Cookbook) §4: one payload, signed in every way that JOSE has.
//!
//! One way is ours: RS256 with a protected header, in the compact form (§4.1). Every other one must be refused, each for
//! its own reason. The values are the RFC's; the texts are put together from them as its output sections show them.

use serde_json::{Value, json};

/// Figure 7: a sentence, in base64url.
const PAYLOAD: &str = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";

const BILBO: &str = "bilbo.baggins@hobbiton.example";
const SECRET: &str = "018c0ae5-4d9b-471b-bfd6-eef314bc7037";
/// Figure 3: the modulus of the RSA key.
const N: &str = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw";
/// Figure 1: the point of the P-521 key.
const X: &str =
    "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt";
const Y: &str =
    "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1";
/// Figure 5: the shared secret.
const K: &str = "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg";

const RS256: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
const RS256_SIGNATURE: &str = "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";
const PS384: &str = "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
const PS384_SIGNATURE: &str = "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw";
const ES512: &str = "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
const ES512_SIGNATURE: &str = "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2";
const HS256: &str =
    "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9";
const HS256_SIGNATURE: &str = "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";
/// §4.6: `{"alg":"HS256"}`.
const HS256_NAMELESS: &str = "eyJhbGciOiJIUzI1NiJ9";
const HS256_NAMELESS_SIGNATURE: &str = "bWUSVaxorn7bEF1djytBd0kHv70Ly5pvbomzMWSOr20";
const HS256_UNPROTECTED_SIGNATURE: &str = "xuLifqLGiblpv9zBpuZczWhNj1gARaLV3UxvxhJxZuk";
/// §4.8.2: `{"alg":"RS256"}`.
const RS256_NAMELESS: &str = "eyJhbGciOiJSUzI1NiJ9";
const RS256_NAMELESS_SIGNATURE: &str = "MIsjqtVlOpa71KE-Mss8_Nq2YH4FGhiocsqrgi5NvyG53uoimic1tcMdSg-qptrzZc7CG6Svw2Y13TDIqHzTUrL_lR2ZFcryNFiHkSw129EghGpwkpxaTn_THJTCglNbADko1MZBCdwzJxwqZc-1RlpO2HibUYyXSwO97BSe0_evZKdjvvKSgsIqjytKSeAMbhMBdMma622_BG5t4sdbuCHtFjp9iJmkio47AIwqkZV1aIZsv33uPUqBBCXbYoQJwt7mxPftHmNlGoOSMxR_3thmXTCm4US-xiNOyhbm8afKK64jU6_TPtQHiJeQJxz9G3Tx-083B745_AfYOnlC9w";
const ES512_UNPROTECTED_SIGNATURE: &str = "ARcVLnaJJaUWG8fG-8t5BREVAuTY8n8YHjwDO1muhcdCoFZFFjfISu0Cdkn9Ybdlmi54ho0x924DUz8sK7ZXkhc7AFM8ObLfTvNCrqcI3Jkl2U5IX3utNhODH6v7xgy1Qahsn0fyb4zSAkje8bAWz4vIfj5pCMYxxm4fgV3q7ZYhm5eD";

/// The keys of §3, with the names under which cases know them.
pub(super) fn keys() -> [(&'static str, Value); 3] {
    [
        (
            "RFC 7520 §3.3",
            json!({ "kty": "RSA", "kid": BILBO, "use": "sig", "n": N, "e": "AQAB" }),
        ),
        (
            "RFC 7520 §3.1",
            json!({ "kty": "EC", "kid": BILBO, "use": "sig", "crv": "P-521", "x": X, "y": Y }),
        ),
        (
            "RFC 7520 §3.5",
            json!({ "kty": "oct", "kid": SECRET, "use": "sig", "alg": "HS256", "k": K }),
        ),
    ]
}

/// Signatures by themselves: section, signed text, signature, and whether it is an RS256 signature by the RSA key.
pub(super) fn signatures() -> [(&'static str, String, &'static str, bool); 4] {
    let over = |header: &str| format!("{header}.{PAYLOAD}");
    [
        ("§4.1", over(RS256), RS256_SIGNATURE, true),
        ("§4.2", over(PS384), PS384_SIGNATURE, false),
        ("§4.3", over(ES512), ES512_SIGNATURE, false),
        (
            "§4.8.2",
            over(RS256_NAMELESS),
            RS256_NAMELESS_SIGNATURE,
            true,
        ),
    ]
}

/// Whole texts, and what a verifier that has the RSA key says of each: `signed` or why it refuses.
pub(super) fn texts() -> Vec<(&'static str, String, &'static str)> {
    let compact = |header: &str, signature: &str| format!("{header}.{PAYLOAD}.{signature}");
    let flattened = |mut signature: Value| {
        signature["payload"] = json!(PAYLOAD);
        signature.to_string()
    };
    let general =
        |signatures: &[Value]| json!({ "payload": PAYLOAD, "signatures": signatures }).to_string();
    let rs256 = json!({ "protected": RS256, "signature": RS256_SIGNATURE });
    let nameless = json!({
        "protected": HS256_NAMELESS, "header": { "kid": SECRET }, "signature": HS256_NAMELESS_SIGNATURE,
    });
    let unprotected = json!({
        "header": { "alg": "HS256", "kid": SECRET }, "signature": HS256_UNPROTECTED_SIGNATURE,
    });
    vec![
        ("§4.1, compact", compact(RS256, RS256_SIGNATURE), "signed"),
        (
            "§4.1, JSON",
            general(std::slice::from_ref(&rs256)),
            "malformed",
        ),
        ("§4.1, flattened JSON", flattened(rs256), "malformed"),
        (
            "§4.2, compact",
            compact(PS384, PS384_SIGNATURE),
            "algorithm",
        ),
        (
            "§4.3, compact",
            compact(ES512, ES512_SIGNATURE),
            "algorithm",
        ),
        ("§4.4, compact", compact(HS256, HS256_SIGNATURE), "key"),
        (
            "§4.5, compact, detached",
            format!("{HS256}..{HS256_SIGNATURE}"),
            "key",
        ),
        (
            "§4.6, JSON",
            general(std::slice::from_ref(&nameless)),
            "malformed",
        ),
        ("§4.6, flattened JSON", flattened(nameless), "malformed"),
        (
            "§4.7, JSON",
            general(std::slice::from_ref(&unprotected)),
            "malformed",
        ),
        ("§4.7, flattened JSON", flattened(unprotected), "malformed"),
        ("§4.8, JSON", general(&three()), "malformed"),
    ]
}

/// §4.8: three signatures, one without a protected header.
fn three() -> [Value; 3] {
    [
        json!({ "protected": RS256_NAMELESS, "header": { "kid": BILBO }, "signature": RS256_NAMELESS_SIGNATURE }),
        json!({ "header": { "alg": "ES512", "kid": BILBO }, "signature": ES512_UNPROTECTED_SIGNATURE }),
        json!({ "protected": HS256, "signature": HS256_SIGNATURE }),
    ]
}
