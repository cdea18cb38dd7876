//! Documents from elsewhere: read as requests are, and whole, with their ids, keys and dates.

use std::collections::BTreeSet;

use licentia_core::wire::{
    ImportLine, LicenseInput, Merging, ProductInput, Resource, TagInput, TemplateInput,
    TokenKeyInput, UserInput,
};
use licentia_core::{
    Change, ExpirationStrategy, License, Metadata, MetadataId, Place, Problem, Product, Seconds,
    Tag, Template, Terms, Timestamp, Totals, User, parse,
};
use serde::de::DeserializeOwned;

use super::line::{NewLicense, NewProduct, Thing};
use crate::calls::products;
use crate::context::{Context, Fault};
use crate::key_pattern::KeyPattern;
use crate::keys;

/// Dates from another server's clock may be a little ahead of ours.
const CLOCKS_DIFFER: Seconds = Seconds(86_400);

pub(super) fn read(cx: &Context<'_>, line: &ImportLine) -> Result<Thing, Fault> {
    match line.resource {
        Resource::LicenseTemplate => template(cx, &document(line)?),
        Resource::Product => product(cx, &document(line)?),
        Resource::User => user(cx, &document(line)?),
        Resource::Tag => tag(cx, &document(line)?),
        Resource::License => license(cx, &document(line)?),
        _ => {
            let reason = "only an export of this server has such a line, with its `form`";
            Err(Problem::field("resource", reason).into())
        }
    }
}

fn document<T: DeserializeOwned>(line: &ImportLine) -> Result<T, Problem> {
    Ok(parse(line.data.get().as_bytes())?)
}

/// A date that is yet to come would keep `updatedAt` from moving on.
pub(super) fn refuse_later(
    cx: &Context<'_>,
    field: &str,
    date: Option<Timestamp>,
) -> Result<(), Problem> {
    let latest = cx.now().plus(CLOCKS_DIFFER);
    match date {
        Some(date) if date > latest => Err(Problem::field(field, "it is yet to come")),
        _ => Ok(()),
    }
}

fn required<T>(field: &str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::field(field, "it is missing"))
}

fn template(cx: &Context<'_>, input: &TemplateInput) -> Result<Thing, Fault> {
    required("id", input.id)?;
    refuse_later(cx, "updatedAt", input.updated_at)?;
    let template = input.create(&mut cx.draw(), cx.now())?;
    let template = template.checked(cx.given.settings.min_sync_interval)?;
    if let Some(pattern) = &template.key_pattern {
        KeyPattern::parse(pattern)?;
    }
    Ok(Thing::Template(Box::new(Template {
        created_at: input.created_at.unwrap_or(template.created_at),
        updated_at: input.updated_at.unwrap_or(template.updated_at),
        ..template
    })))
}

fn product(cx: &Context<'_>, input: &ProductInput) -> Result<Thing, Fault> {
    required("id", input.id)?;
    refuse_later(cx, "updatedAt", input.updated_at)?;
    let product = input.create(&mut cx.draw(), cx.now())?;
    let brought = input.token_keys.as_deref().unwrap_or_default().iter();
    let keys = brought.map(|key| {
        let TokenKeyInput {
            algorithm,
            private_key,
        } = key;
        let pair = keys::read_private_key(*algorithm, private_key)
            .map_err(|fault| Problem::field("tokenKeys", fault))?;
        products::wrap(cx, product.id, &pair)
    });
    Ok(Thing::Product(Box::new(NewProduct {
        keys: keys.collect::<Result<_, Fault>>()?,
        algorithm: input.token_algorithm.unwrap_or_default(),
        product: Product {
            created_at: input.created_at.unwrap_or(product.created_at),
            updated_at: input.updated_at.unwrap_or(product.updated_at),
            ..product
        },
    })))
}

fn user(cx: &Context<'_>, input: &UserInput) -> Result<Thing, Fault> {
    required("id", input.id)?;
    refuse_later(cx, "updatedAt", input.updated_at)?;
    let user = input.create(&mut cx.draw(), cx.now())?;
    Ok(Thing::User(Box::new(User {
        created_at: input.created_at.unwrap_or(user.created_at),
        updated_at: input.updated_at.unwrap_or(user.updated_at),
        ..user
    })))
}

fn tag(cx: &Context<'_>, input: &TagInput) -> Result<Thing, Fault> {
    required("id", input.id)?;
    refuse_later(cx, "updatedAt", input.updated_at)?;
    let tag = input.create(&mut cx.draw(), cx.now())?;
    Ok(Thing::Tag(Tag {
        id: input.id.unwrap_or(tag.id),
        created_at: input.created_at.unwrap_or(tag.created_at),
        updated_at: input.updated_at.unwrap_or(tag.updated_at),
        ..tag
    }))
}

fn license(cx: &Context<'_>, input: &LicenseInput) -> Result<Thing, Fault> {
    let license = draft(cx, input)?;
    let activated_at = input
        .activated_at
        .or_else(|| activated_elsewhere(input, &license));
    Ok(Thing::License(Box::new(NewLicense {
        license: License {
            expires_at: end(input, &license)?,
            activated_at,
            metadata: metadata(input, &license)?,
            ..license
        },
        placed: false,
        names_template: true,
    })))
}

fn draft(cx: &Context<'_>, input: &LicenseInput) -> Result<License, Fault> {
    input.refuse_unsupported()?;
    refuse_later(cx, "updatedAt", input.updated_at)?;
    refuse_later(cx, "activatedAt", input.activated_at)?;
    let id = required("id", input.id)?;
    let key = required("key", input.key.as_deref().filter(|key| !key.is_empty()))?;
    let key = key.parse().map_err(|fault| Problem::field("key", fault))?;
    let mut change = Change::new(key, input.new_terms(Terms::default()));
    input.lay_over_change(&mut change, Merging::Whole, &mut cx.draw(), cx.now())?;
    change.terms = change.terms.checked(cx.given.settings.min_sync_interval)?;
    let created_at = input.created_at.unwrap_or(cx.now());
    let product_id = required("productId", input.product_id)?;
    // Its place is drawn when the license is kept.
    let place = Place { list: 0, index: 0 };
    let license = License::new(id, product_id, change, place, created_at, cx.now());
    Ok(License {
        updated_at: input.updated_at.unwrap_or(license.updated_at),
        revoked: input.revoked.unwrap_or(false),
        suspended: input.suspended.unwrap_or(false),
        template_id: input.template(),
        totals: Totals {
            deactivations: deactivations(input)?,
            ..Totals::default()
        },
        ..license
    })
}

/// A document that says null has no end; one that says nothing has the end of a new license.
fn end(input: &LicenseInput, draft: &License) -> Result<Option<Timestamp>, Problem> {
    let end = input.expires_at.unwrap_or(draft.expires_at);
    if end.is_some() && draft.terms.expiration_strategy == ExpirationStrategy::Rolling {
        return Err(Problem::field(
            "expiresAt",
            "a license whose term rolls has no end of its own",
        ));
    }
    Ok(end)
}

/// A license that has an end although its term begins with its first activation was activated where it comes from.
fn activated_elsewhere(input: &LicenseInput, draft: &License) -> Option<Timestamp> {
    input
        .expires_at
        .flatten()
        .filter(|_| License::ends_by_activation(&draft.terms))
        .map(|_| draft.created_at)
}

fn deactivations(input: &LicenseInput) -> Result<u64, Problem> {
    let count = input.total_deactivations.unwrap_or(0);
    if i32::try_from(count).is_err() {
        return Err(Problem::field(
            "totalDeactivations",
            format!("it must be at most {}", i32::MAX),
        ));
    }
    Ok(count)
}

/// Metadata keeps its ids and dates.
fn metadata(input: &LicenseInput, draft: &License) -> Result<Vec<Metadata>, Problem> {
    let named = input.metadata.as_deref().unwrap_or_default();
    let kept = draft
        .metadata
        .iter()
        .cloned()
        .zip(named)
        .map(|(entry, named)| Metadata {
            id: named.id.unwrap_or(entry.id),
            created_at: named.created_at.unwrap_or(entry.created_at),
            updated_at: named.updated_at.unwrap_or(entry.updated_at),
            ..entry
        });
    let kept: Vec<Metadata> = kept.collect();
    let ids: BTreeSet<MetadataId> = kept.iter().map(|entry| entry.id).collect();
    if ids.len() < kept.len() {
        return Err(Problem::field("metadata", "two entries have the same id"));
    }
    Ok(kept)
}
