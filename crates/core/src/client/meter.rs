//! Meters: whether uses may be counted, and for which activation.

use super::{Asked, Client, Decision, Stored};
use crate::object::{Misfit, Object};
use crate::status_code::StatusCode;
use crate::token::Token;

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
    let claims = Object::parse(token.claims_json(), &["lma", "name"]);
    let names = claims.and_then(|claims| names(&claims).ok());
    let mut names = names.unwrap_or_default().into_iter();
    names.any(|known| known.eq_ignore_ascii_case(name))
}

fn names(claims: &Object<'_>) -> Result<Vec<String>, Misfit> {
    let meters = claims.objects("lma")?.into_iter();
    meters.map(|meter| meter.text("name")).collect()
}
