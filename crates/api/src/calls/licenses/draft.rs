//! New licenses: the request's fields over those of a template, as a license that nobody has seen yet.

use licentia_core::wire::{LicenseInput, Merging};
use licentia_core::{Change, License, Problem, Product, Template, Terms, Timestamp, UserId};

use super::key;
use crate::calls::templates;
use crate::context::{Context, Fault};
use crate::store;

/// Makes a new license, which must bring what its template requires.
pub(super) fn new(cx: &Context<'_>, input: &LicenseInput) -> Result<License, Fault> {
    let product = known_product(cx, input)?;
    let template = templates::for_new_license(cx, &product, input.template())?;
    let license = of(cx, input, &product, template.as_ref())?;
    if let Some(template) = &template {
        template.check_requirements(&license.metadata, &license.meters)?;
    }
    if license.expires_at.is_some() && License::ends_by_activation(&license.terms) {
        let reason = "under this expiration strategy it follows from an activation";
        return Err(Problem::field("expiresAt", reason).into());
    }
    Ok(license)
}

/// Loads the product that a request names.
pub(super) fn known_product(cx: &Context<'_>, input: &LicenseInput) -> Result<Product, Fault> {
    let id = input
        .product_id
        .ok_or_else(|| Problem::field("productId", "it is missing"))?;
    match store::product::load(cx.db, id)? {
        Some(counted) => Ok(counted.product),
        None => {
            let reason = format!("no product has the id `{id}`");
            Err(Problem::field("productId", reason).into())
        }
    }
}

/// Lays a request over a template, or over the built-in one.
pub(super) fn of(
    cx: &Context<'_>,
    input: &LicenseInput,
    product: &Product,
    template: Option<&Template>,
) -> Result<License, Fault> {
    let change = asked(cx, input, template)?;
    let id = input.id.unwrap_or_else(|| cx.draw().id());
    let created_at = created_at(cx, input)?;
    let place = store::place::give(cx.db, &mut cx.draw(), id)?;
    let license = License::new(id, product.id, change, place, created_at, cx.now());
    Ok(License {
        updated_at: input.updated_at.unwrap_or(license.updated_at),
        revoked: input.revoked.unwrap_or(false),
        suspended: input.suspended.unwrap_or(false),
        expires_at: input.expires_at.flatten().or(license.expires_at),
        activated_at: input.activated_at,
        template_id: template.map(|template| template.id),
        ..license
    })
}

fn created_at(cx: &Context<'_>, input: &LicenseInput) -> Result<Timestamp, Problem> {
    let at = input.created_at.unwrap_or(cx.now());
    if store::row::has_places(at) {
        return Ok(at);
    }
    let reason = "licenses are created between 1834 and 2106";
    Err(Problem::field("createdAt", reason))
}

/// Returns the facts of a new license that an update could set as well.
fn asked(
    cx: &Context<'_>,
    input: &LicenseInput,
    template: Option<&Template>,
) -> Result<Change, Fault> {
    input.refuse_unsupported()?;
    let terms = template.map_or_else(Terms::default, |template| template.terms.clone());
    let pattern = template.and_then(|template| template.key_pattern.as_deref());
    let key = match key::named(cx, input)? {
        Some(key) => key,
        None => key::drawn(cx, pattern)?,
    };
    let mut change = Change::new(key, input.new_terms(terms));
    input.lay_over_change(&mut change, Merging::Whole, &mut cx.draw(), cx.now())?;
    change.terms = change.terms.checked(cx.given.settings.min_sync_interval)?;
    check_users(cx, &[], &change)?;
    Ok(change)
}

/// Refuses users that there are not. Those that are `known` are there: a user who has licenses is not deleted.
pub(super) fn check_users(
    cx: &Context<'_>,
    known: &[UserId],
    change: &Change,
) -> Result<(), Fault> {
    let additional = change.additional_user_ids.iter();
    let named = additional.map(|id| ("additionalUserIds", *id));
    let named = change
        .user_id
        .map(|id| ("userId", id))
        .into_iter()
        .chain(named);
    let named: Vec<_> = named.filter(|(_, id)| !known.contains(id)).collect();
    let ids: Vec<UserId> = named.iter().map(|(_, id)| *id).collect();
    let found = store::user::load_all(cx.db, &ids)?;
    let lacking = |(_, id): &&(&str, UserId)| !found.iter().any(|user| user.id == *id);
    match named.iter().find(lacking) {
        Some((field, id)) => {
            let reason = format!("no user has the id `{id}`");
            Err(Problem::field(field, reason).into())
        }
        None => Ok(()),
    }
}
