//! `POST /v3/import`: whole documents, one a line, all or nothing.

use std::collections::BTreeSet;

use licentia_core::wire::{LicenseInput, ProductInput, TokenKeyInput};
use licentia_core::{
    Algorithm, Code, ExpirationStrategy, License, LicenseId, Metadata, MetadataId, Problem,
    Product, Seconds, Timestamp, Totals, parse,
};
use serde::Deserialize;

use super::{licenses, products};
use crate::context::{Context, Fault};
use crate::host::{KeyPair, Publishes, Reply};
use crate::keys;
use crate::store;
use crate::store::tombstone::Kind;

/// Generating an RSA key takes a tenth of a second, in which nobody else is answered.
const MOST_NEW_KEYS: usize = 20;
/// Dates from another server's clock may be a little ahead of ours.
const CLOCKS_DIFFER: Seconds = Seconds(86_400);

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Resource {
    Product,
    License,
}

#[derive(Deserialize)]
struct Head {
    resource: Resource,
}

#[derive(Deserialize)]
struct Line<T> {
    data: T,
}

/// `POST /v3/import`
pub(super) fn import(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let lines: Vec<(usize, &[u8])> = lines(body);
    if lines.is_empty() {
        return Err(Problem::field("body", "it has no line").into());
    }
    let needed = needed_keys(&lines)?;
    if needed.len() != cx.given.key_pairs.len() {
        return Err(Fault::NeedsKeyPairs(needed));
    }
    let mut pairs = cx.given.key_pairs.iter();
    let (mut product_count, mut license_count) = (0_u64, 0_u64);
    for (number, line) in &lines {
        let done = match kind(line) {
            Ok(Resource::Product) => import_product(cx, line, &mut pairs)
                .map(|()| product_count = product_count.saturating_add(1)),
            Ok(Resource::License) => {
                import_license(cx, line).map(|()| license_count = license_count.saturating_add(1))
            }
            Err(problem) => Err(problem.into()),
        };
        done.map_err(|fault| at(*number, fault))?;
    }
    let reply = Reply::json(
        200,
        &serde_json::json!({ "products": product_count, "licenses": license_count }),
    );
    Ok(Reply {
        publishes: Publishes::Later,
        ..reply
    })
}

/// Splits the body into its lines that are not blank, numbered from one.
fn lines(body: &[u8]) -> Vec<(usize, &[u8])> {
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    (1..)
        .zip(lines)
        .filter(|(_, line)| !line.is_empty())
        .collect()
}

fn kind(line: &[u8]) -> Result<Resource, Problem> {
    let head: Head = parse(line)?;
    Ok(head.resource)
}

/// Returns the algorithms of the products that bring no key of their own.
fn needed_keys(lines: &[(usize, &[u8])]) -> Result<Vec<Algorithm>, Fault> {
    let mut needed = Vec::new();
    for (number, line) in lines {
        let resource = kind(line).map_err(|problem| at(*number, problem.into()))?;
        if let Resource::Product = resource {
            let product: Line<ProductInput> =
                parse(line).map_err(|fault| at(*number, Problem::from(fault).into()))?;
            if product
                .data
                .token_keys
                .as_deref()
                .unwrap_or_default()
                .is_empty()
            {
                needed.push(product.data.token_algorithm.unwrap_or_default());
            }
        }
    }
    if needed.len() > MOST_NEW_KEYS {
        let reason = format!(
            "{} products bring no key; one request makes at most {MOST_NEW_KEYS}",
            needed.len()
        );
        return Err(Problem::field("tokenKeys", reason).into());
    }
    Ok(needed)
}

fn import_product<'a>(
    cx: &Context<'_>,
    line: &[u8],
    pairs: &mut impl Iterator<Item = &'a KeyPair>,
) -> Result<(), Fault> {
    let Line { data: input } = parse::<Line<ProductInput>>(line).map_err(Problem::from)?;
    let id = input
        .id
        .ok_or_else(|| Problem::field("id", "it is missing"))?;
    if store::product::load(cx.db, id)?.is_some() {
        return Err(Problem::new(
            Code::ProductExists,
            format!("a product has the id `{id}` already"),
        )
        .into());
    }
    let draft = products::draft(cx, &input)?;
    let brought = input
        .token_keys
        .as_deref()
        .unwrap_or_default()
        .iter()
        .map(brought);
    let mut brought = brought.collect::<Result<Vec<KeyPair>, Problem>>()?;
    if brought.is_empty() {
        brought.extend(pairs.next().cloned());
    }
    let keys = brought
        .iter()
        .map(|pair| products::wrap(cx, id, pair))
        .collect::<Result<Vec<_>, _>>()?;
    let product = Product {
        keys,
        created_at: input.created_at.unwrap_or(draft.created_at),
        updated_at: input.updated_at.unwrap_or(draft.updated_at),
        ..draft
    };
    products::add(cx, &product, "product.imported")
}

/// Reads a key that a product brings; its public half is computed, so that the two belong together.
fn brought(input: &TokenKeyInput) -> Result<KeyPair, Problem> {
    keys::read_private_key(input.algorithm, &input.private_key)
        .map_err(|fault| Problem::field("tokenKeys", fault))
}

fn import_license(cx: &Context<'_>, line: &[u8]) -> Result<(), Fault> {
    let Line { data: input } = parse::<Line<LicenseInput>>(line).map_err(Problem::from)?;
    let id = input
        .id
        .ok_or_else(|| Problem::field("id", "it is missing"))?;
    if input.key.as_deref().unwrap_or_default().is_empty() {
        return Err(Problem::field("key", "it is missing").into());
    }
    refuse_later(cx, "updatedAt", input.updated_at)?;
    refuse_later(cx, "activatedAt", input.activated_at)?;
    refuse_known(cx, id)?;
    let draft = licenses::draft(cx, &input)?;
    let license = License {
        expires_at: imported_end(&input, &draft)?,
        activated_at: input
            .activated_at
            .or_else(|| activated_elsewhere(&input, &draft)),
        metadata: imported_metadata(&input, &draft)?,
        totals: Totals {
            activations: 0,
            deactivations: deactivations(&input)?,
            ..Totals::default()
        },
        ..draft
    };
    licenses::add(cx, &license, "license.imported")
}

fn refuse_known(cx: &Context<'_>, id: LicenseId) -> Result<(), Fault> {
    let exists = store::license::load(cx.db, id)?.is_some();
    if exists || store::tombstone::exists(cx.db, Kind::License, &id)? {
        let had = if exists {
            "has"
        } else {
            "that was deleted had"
        };
        return Err(Problem::new(
            Code::LicenseExists,
            format!("a license {had} the id `{id}` already"),
        )
        .into());
    }
    Ok(())
}

/// A date that is yet to come would keep `updatedAt` from moving on.
fn refuse_later(cx: &Context<'_>, field: &str, date: Option<Timestamp>) -> Result<(), Problem> {
    let latest = cx.now().plus(CLOCKS_DIFFER);
    match date {
        Some(date) if date > latest => Err(Problem::field(field, "it is yet to come")),
        _ => Ok(()),
    }
}

/// A document that says null has no end; one that says nothing has the end of a new license.
fn imported_end(input: &LicenseInput, draft: &License) -> Result<Option<Timestamp>, Problem> {
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
fn imported_metadata(input: &LicenseInput, draft: &License) -> Result<Vec<Metadata>, Problem> {
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

/// Says in which line a fault is, and that the field is one of the line's `data`.
fn at(number: usize, fault: Fault) -> Fault {
    match fault {
        Fault::Problem(Problem { message, code }) => {
            let inside = message.strip_prefix('`').filter(|rest| {
                !rest.starts_with("data")
                    && !rest.starts_with("body")
                    && !rest.starts_with("resource")
            });
            let message = inside.map_or(message.clone(), |rest| format!("`data.{rest}"));
            Problem::new(code, format!("line {number}: {message}")).into()
        }
        other => other,
    }
}
