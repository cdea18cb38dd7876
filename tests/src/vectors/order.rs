//! Which verdict hides which: every combination of eight things that can be wrong with a token, and the edges of every instant.

use serde_json::{Value, json};

use super::{Asker, NOW, Vectors, expected, lean_with};

/// What is wrong, and the claims that say so, in the order in which it is noticed.
fn faults() -> [(&'static str, Value); 8] {
    [
        ("key", json!({ "key": "ANOTHER-KEY-0000-0000" })),
        ("product", json!({ "pid": "another" })),
        ("device", json!({ "fp": "another" })),
        ("clock", json!({ "aco": 60, "iat": NOW + 61 })),
        ("lease", json!({ "leat": NOW - 1 })),
        ("grace", json!({ "ssgpeat": NOW - 1 })),
        ("expired", json!({ "eat": NOW - 1 })),
        ("suspended", json!({ "suspended": true })),
    ]
}

pub(super) fn add(vectors: &mut Vectors) {
    combinations(vectors);
    instants(vectors);
    clocks(vectors);
    extremes(vectors);
}

fn signed(vectors: &mut Vectors, name: &str, changes: Value, asker: &Asker) {
    let claims = lean_with(changes);
    let token = vectors.signers.eddsa(&claims);
    vectors.token(name, &token, asker, expected(&claims, asker));
}

fn asker() -> Asker {
    Asker {
        public_key: "ed25519",
        ..Asker::default()
    }
}

fn combinations(vectors: &mut Vectors) {
    for chosen in 0..1_u32 << faults().len() {
        let mut name = String::from("wrong:");
        let mut changes = json!({});
        for (place, (fault, wrong)) in faults().into_iter().enumerate() {
            if chosen >> place & 1 == 1 {
                name = format!("{name} {fault}");
                for (claim, value) in wrong.as_object().unwrap() {
                    changes[claim] = value.clone();
                }
            }
        }
        signed(vectors, &name, changes, &asker());
    }
}

/// A second before, at and after each instant, by the device's clock and by the server's when it signed.
fn instants(vectors: &mut Vectors) {
    for claim in ["eat", "leat", "ssgpeat"] {
        for (clock, issued) in [("device", NOW), ("server", NOW + 600)] {
            for distance in [-86_400, -1, 0, 1, 86_400] {
                let instant = issued + distance;
                signed(
                    vectors,
                    &format!("{claim} at {distance} of the {clock}'s clock"),
                    json!({ claim: instant, "iat": issued }),
                    &asker(),
                );
            }
        }
        for instant in [-1, 0, 1] {
            signed(
                vectors,
                &format!("{claim} is {instant}"),
                json!({ claim: instant }),
                &asker(),
            );
        }
    }
    for interval in [-1, 0, 1] {
        let changes = json!({ "ssi": interval, "ssgpeat": NOW - 1 });
        signed(
            vectors,
            &format!("ssi is {interval}, grace over"),
            changes,
            &asker(),
        );
    }
}

/// How far the clock may lie behind, to the second.
fn clocks(vectors: &mut Vectors) {
    for allowed in [-1, 0, 1, 60, 3_600, 86_400] {
        for beyond in [-1, 0, 1] {
            let asker = Asker {
                now: NOW - allowed - beyond,
                ..asker()
            };
            signed(
                vectors,
                &format!("a clock behind by {beyond} more than the {allowed} that are allowed"),
                json!({ "aco": allowed }),
                &asker,
            );
        }
    }
    for (name, now) in [("in 1970", 0), ("after 2106", 1 << 33)] {
        let asker = Asker { now, ..asker() };
        signed(vectors, &format!("a clock {name}"), json!({}), &asker);
        let unchecked = json!({ "aco": -1, "ssgpeat": 0 });
        signed(
            vectors,
            &format!("a clock {name}, unchecked"),
            unchecked,
            &asker,
        );
    }
}

/// Numbers of 64 bits: no sum of them may wrap.
fn extremes(vectors: &mut Vectors) {
    for claim in ["iat", "eat", "leat", "ssgpeat", "ssi", "aco"] {
        for (name, value) in [("largest", i64::MAX), ("smallest", i64::MIN)] {
            // A negative allowance other than -1 is none that a server gives.
            if (claim, value) != ("aco", i64::MIN) {
                signed(
                    vectors,
                    &format!("the {name} {claim}"),
                    json!({ claim: value }),
                    &asker(),
                );
            }
        }
    }
}
