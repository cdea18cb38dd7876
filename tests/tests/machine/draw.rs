//! Draws grants and sequences of steps, around the edges of every rule.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::grant::{Answer, Grant};
use super::{Outage, Step};

/// How far an instant lies from when it is set; 0 for none.
fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![
        3 => Just(0),
        2 => 1_i64..5_000,
        2 => 5_000_i64..200_000,
        1 => select(vec![-1, 1, 60, 3_600, -100_000]),
    ]
}

pub fn grant() -> impl Strategy<Value = Grant> {
    let instants = (instant(), instant(), instant());
    let interval = select(vec![0, 60, 3_600, 86_400]);
    let behind = select(vec![-1, 0, 60, 3_600]);
    let ids = (0_u8..2, 0_i64..2);
    let flags = (prop::bool::weighted(0.15), prop::bool::weighted(0.9));
    (instants, interval, behind, ids, flags).prop_map(
        |((ends, lease, grace), interval, behind, (activation, epoch), (suspended, is_mine))| {
            Grant {
                activation,
                issued: 0,
                ends,
                lease,
                grace,
                interval,
                behind,
                suspended,
                epoch,
                is_mine,
            }
        },
    )
}

/// Codes that end an activation, codes that do not, and codes under a status that is not theirs.
const REFUSALS: [(u16, &str); 12] = [
    (400, "REVOKED_LICENSE"),
    (400, "COUNTRY_NOT_ALLOWED"),
    (400, "INVALID_LICENSE_KEY"),
    (400, "INVALID_PRODUCT_ID"),
    (404, "ACTIVATION_NOT_FOUND"),
    (404, "ACTIVATION_UNKNOWN"),
    (404, "REVOKED_LICENSE"),
    (400, "ACTIVATION_NOT_FOUND"),
    (400, "ACTIVATION_LIMIT_REACHED"),
    (400, "RELEASE_VERSION_NOT_ALLOWED"),
    (403, "REVOKED_LICENSE"),
    (503, "REVOKED_LICENSE"),
];

/// What comes of a network that is out, or that is somebody else's.
const FAILURES: [(u16, &str); 17] = [
    (0, ""),
    (200, ""),
    (200, "<!doctype html><title>Sign in</title>"),
    (200, r#"{"message":"no","code":"REVOKED_LICENSE"}"#),
    (302, ""),
    (400, "<html>"),
    (400, r#"{"code":"REVOKED_LICENSE"}"#),
    (200, r#"{"activationToken":"a.b.c"}"#),
    (400, r#"{"message":"no","code":"BAD_REQUEST"}"#),
    (400, r#"{"message":"no","code":null}"#),
    (401, r#"{"message":"no","code":"REVOKED_LICENSE"}"#),
    (404, "not found"),
    (404, r#"{"message":"no","code":"ACTIVATION_UNKNOWN"}"#),
    (407, "proxy"),
    (429, r#"{"message":"no","code":"REVOKED_LICENSE"}"#),
    (500, r#"{"message":"no","code":"REVOKED_LICENSE"}"#),
    (503, ""),
];

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        6 => grant().prop_map(Answer::Granted),
        2 => (0_usize..20).prop_map(Answer::Repeated),
        1 => grant().prop_map(Answer::Forged),
        2 => select(&REFUSALS[..]).prop_map(|(status, code)| Answer::Refused(status, code)),
        2 => select(&FAILURES[..]).prop_map(|(status, body)| Answer::Other(status, body)),
        1 => Just(Answer::Other(204, "")),
    ]
}

fn seconds() -> impl Strategy<Value = i64> {
    prop_oneof![1_i64..100, 100_i64..10_000, 10_000_i64..200_000]
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => answer().prop_map(Step::Activate),
        6 => answer().prop_map(Step::Sync),
        1 => answer().prop_map(Step::Deactivate),
        2 => Just(Step::Restart),
        5 => seconds().prop_map(Step::Pass),
        2 => prop_oneof![-10_000_i64..10_000, -300_000_i64..300_000].prop_map(Step::SetClock),
        1 => select(vec!["seen", "key", "token"]).prop_map(Step::Edit),
    ];
    vec(step, 1..40)
}

pub fn outage() -> impl Strategy<Value = Outage> {
    prop_oneof![
        5 => select(&FAILURES[..]).prop_map(|(status, body)| Outage::Fail(status, body)),
        1 => Just(Outage::Restart),
        4 => seconds().prop_map(Outage::Pass),
        1 => (-1_800_i64..1_800).prop_map(Outage::Wobble),
    ]
}
