//! `POST /v3/rewrap`: what an earlier master key protects is protected by the one in use from then on.
//!
//! Signing keys and kept answers are wrapped anew, and everything is published anew, under names and with signatures of
//! the key in use. Whoever goes on with each cursor hears of none once nothing is left and nothing is pending: then the earlier
//! master key is needed here no more.

use licentia_core::{Problem, Product, TokenKey};
use serde_json::json;

use crate::context::{Context, Fault};
use crate::host::{Reply, bound_to};
use crate::outbox::Pace;
use crate::published::Subject;
use crate::store;

/// How many licenses, and how many kept answers, one call takes.
const LICENSES: i64 = 2_000;
const ANSWERS: i64 = 500;
/// The cursor once everything is under way: from there on a call only says what is pending.
const PUBLISHING: &str = "publishing";

/// Where a call goes on.
#[derive(Clone, Copy, PartialEq)]
enum From {
    Start,
    After(i64),
    Publishing,
}

/// `POST /v3/rewrap`
pub(super) fn rewrap(cx: &Context<'_>) -> Result<Reply, Fault> {
    let from = cursor(cx)?;
    let mut pace = Pace::load(cx)?;
    let mut rewrapped = 0_u64;
    if from == From::Start {
        store::status_list::change_all(cx.db)?;
        for product in store::product::load_all(cx.db)? {
            rewrapped =
                rewrapped.saturating_add(u64::from(rewrap_product(cx, &product, &mut pace)?));
        }
    }
    let answers = rewrap_answers(cx)?;
    let licenses = match from {
        From::Start => store::license::after(cx.db, None, LICENSES)?,
        From::After(number) => store::license::after(cx.db, Some(number), LICENSES)?,
        From::Publishing => Vec::new(),
    };
    for (_, id, version) in &licenses {
        let at = pace.next(2);
        store::outbox::enqueue_paced(cx.db, &Subject::License(*id).to_string(), *version, at)?;
    }
    pace.save(cx)?;
    let whole = i64::try_from(licenses.len()).is_ok_and(|count| count == LICENSES);
    let last = licenses.last().filter(|_| whole);
    if from == From::Start {
        cx.record(
            "keys.rewrapped",
            "account",
            &crate::published::ACCOUNT,
            Vec::new(),
        )?;
    }
    let pending = store::outbox::count(cx.db)?;
    let is_done = pending == 0 && answers < ANSWERS;
    let publishing = (!is_done).then(|| PUBLISHING.to_owned());
    let next = last.map(|(number, ..)| number.to_string()).or(publishing);
    let reply = json!({ "keys": rewrapped, "licenses": licenses.len(), "pending": pending, "cursor": next });
    Ok(Reply {
        publishes: crate::host::Publishes::Later,
        ..Reply::json(200, &reply)
    })
}

fn cursor(cx: &Context<'_>) -> Result<From, Problem> {
    let mut pairs = form_urlencoded::parse(cx.request.query.as_bytes());
    match pairs.find(|(name, _)| name == "cursor") {
        None => Ok(From::Start),
        Some((_, value)) if value == PUBLISHING => Ok(From::Publishing),
        Some((_, value)) => {
            let number = value.parse().map(From::After);
            number.map_err(|_number| Problem::field("cursor", "it is not one that this call gave"))
        }
    }
}

/// Wraps the keys of a product anew, and publishes it. Returns how many keys that were.
fn rewrap_product(cx: &Context<'_>, product: &Product, pace: &mut Pace) -> Result<u32, Fault> {
    let vault = cx.given.vault;
    let mut rewrapped = 0_u32;
    let keys = product.keys.iter().map(|key| {
        if vault.is_current(&key.wrapped) {
            return Ok(key.clone());
        }
        rewrapped = rewrapped.saturating_add(1);
        let bound = bound_to(product.id, &key.kid);
        let private = vault.unwrap(&bound, &key.wrapped)?;
        let nonce = cx.draw().nonce();
        let wrapped = vault.wrap(&bound, &private, nonce)?;
        Ok(TokenKey {
            wrapped,
            ..key.clone()
        })
    });
    let asked = Product {
        keys: keys.collect::<Result<_, Fault>>()?,
        ..product.clone()
    };
    let Some(changed) = product.revised(asked, cx.now()) else {
        return Ok(0);
    };
    store::product::save(cx.db, product, &changed)?;
    let subject = Subject::Product(product.id).to_string();
    store::outbox::enqueue_paced(cx.db, &subject, changed.version, pace.next(1))?;
    Ok(rewrapped)
}

/// Wraps kept answers anew, some a call. Returns how many those were.
fn rewrap_answers(cx: &Context<'_>) -> Result<i64, Fault> {
    let vault = cx.given.vault;
    let mut rewrapped = 0_i64;
    for (key_hash, reply) in store::answer::wrapped_by_others(cx.db, vault.current_id(), ANSWERS)? {
        let bound = format!("idempotency/{key_hash}");
        let text = vault.unwrap(&bound, &reply)?;
        let nonce = cx.draw().nonce();
        store::answer::rewrap(cx.db, &key_hash, vault.wrap(&bound, &text, nonce)?)?;
        rewrapped = rewrapped.saturating_add(1);
    }
    Ok(rewrapped)
}
