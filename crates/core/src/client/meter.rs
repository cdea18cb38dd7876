//! Meters: whether uses may be counted, and for which activation.

use serde::Deserialize;

use super::{Asked, Client, Decision, Stored};
use crate::jws::read_object;
use crate::status_code::StatusCode;
use crate::token::Token;

#[derive(Deserialize)]
struct Meters {
    lma: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl Client {
    /// Decides whether uses of a meter may be counted, and for which activation. The answer is that to a sync.
    #[must_use]
    pub fn ask_meter(&self, stored: &Stored, name: &str, now: i64) -> (Decision, Option<Asked>) {
        let (decision, asked) = self.ask_sync(stored, now);
        let is_known = stored.token().is_some_and(|token| has_meter(token, name));
        match asked {
            Some(asked) if is_known => (decision, Some(asked)),
            Some(_) => {
                let unknown = StatusCode::E_METER_ATTRIBUTE_NOT_FOUND;
                (
                    Decision {
                        status: unknown,
                        ..decision
                    },
                    None,
                )
            }
            None => (decision, None),
        }
    }
}

/// A token of another server may write its meters otherwise: then none is known here.
fn has_meter(token: &Token, name: &str) -> bool {
    let meters = read_object::<Meters>(token.claims_json().as_bytes());
    meters.is_ok_and(|meters| {
        let mut names = meters.lma.iter();
        names.any(|meter| meter.name.eq_ignore_ascii_case(name))
    })
}
