//! The key of a license: as the request says it, drawn in the form of the template, and kept from everybody else for good.

use licentia_core::wire::LicenseInput;
use licentia_core::{LicenseKey, Problem};

use crate::context::{Context, Fault};
use crate::database::{DatabaseError, Value};
use crate::key_pattern::KeyPattern;
use crate::published::Subject;
use crate::store;
use crate::store::import::Kind as Claim;
use crate::store::tombstone::Kind;

/// A pattern leaves so much to chance that a second draw is a rarity, and a third one never comes.
const MOST_DRAWS: usize = 8;

/// Returns the key that a request names, if it names one, and refuses it if it is taken.
pub(super) fn named(cx: &Context<'_>, input: &LicenseInput) -> Result<Option<LicenseKey>, Fault> {
    let Some(text) = input.key.as_deref().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let key: LicenseKey = text.parse().map_err(|fault| Problem::field("key", fault))?;
    if is_taken(cx, &key)? {
        return Err(taken().into());
    }
    Ok(Some(key))
}

/// Draws a key that nobody has or had: in the form of a template's pattern, or in the standard one.
pub(super) fn drawn(cx: &Context<'_>, pattern: Option<&str>) -> Result<LicenseKey, Fault> {
    let pattern = pattern.map(KeyPattern::parse).transpose()?;
    for _ in 0..MOST_DRAWS {
        let key = match &pattern {
            Some(pattern) => pattern.draw(&mut cx.draw()),
            None => Some(cx.draw().license_key()),
        };
        if let Some(key) = key
            && !is_taken(cx, &key)?
        {
            return Ok(key);
        }
    }
    Err(taken().into())
}

/// Leaves a tombstone of a key that a license no longer has, and takes it out of KV.
pub(super) fn retire(
    cx: &Context<'_>,
    key: &LicenseKey,
    version: i64,
) -> Result<(), DatabaseError> {
    let text = key.as_str();
    store::tombstone::put(cx.db, Kind::LicenseKey, &text, cx.now(), Value::Null)?;
    for name in cx.given.vault.names_of(text) {
        let subject = Subject::FormerKey(name).to_string();
        // A document of the license may be on its way to the former name.
        store::outbox::enqueue_uncertain(cx.db, &subject, version, cx.now())?;
    }
    Ok(())
}

/// A deleted license's key stays taken: running copies are told that it was deleted. So does one that an import reserves.
fn is_taken(cx: &Context<'_>, key: &LicenseKey) -> Result<bool, DatabaseError> {
    let taken = store::import::taken(cx.db, Claim::LicenseKey, &[key.as_str()], "")?;
    Ok(!taken.is_empty())
}

fn taken() -> Problem {
    Claim::LicenseKey.taken("")
}
