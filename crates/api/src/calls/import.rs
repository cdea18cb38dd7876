//! `POST /v3/import`: whole documents, one a line, all or nothing.

use licentia_core::wire::{LicenseInput, ProductInput, TokenKeyInput};
use licentia_core::{Algorithm, Code, License, Problem, Product, parse};
use serde::Deserialize;

use super::{licenses, products};
use crate::context::{Context, Fault};
use crate::host::{KeyPair, Reply};
use crate::keys;
use crate::store;

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Resource {
    Product,
    License,
}

#[derive(Deserialize)]
struct Kind {
    resource: Resource,
}

#[derive(Deserialize)]
struct Line<T> {
    data: T,
}

/// `POST /v3/import`
pub(super) fn import(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let lines: Vec<(usize, &[u8])> = lines(body);
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
    Ok(products::later(reply))
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
    let kind: Kind = parse(line)?;
    Ok(kind.resource)
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
        .ok_or_else(|| Problem::field("data.id", "it is missing"))?;
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
    products::add(cx, &product)
}

/// Reads a key that a product brings; its public half is computed, so that the two belong together.
fn brought(input: &TokenKeyInput) -> Result<KeyPair, Problem> {
    keys::read_private_key(input.algorithm, &input.private_key)
        .map_err(|fault| Problem::field("data.tokenKeys", fault))
}

fn import_license(cx: &Context<'_>, line: &[u8]) -> Result<(), Fault> {
    let Line { data: input } = parse::<Line<LicenseInput>>(line).map_err(Problem::from)?;
    let id = input
        .id
        .ok_or_else(|| Problem::field("data.id", "it is missing"))?;
    if input.key.as_deref().unwrap_or_default().is_empty() {
        return Err(Problem::field("data.key", "it is missing").into());
    }
    if store::license::load(cx.db, id)?.is_some() {
        return Err(Problem::new(
            Code::LicenseExists,
            format!("a license has the id `{id}` already"),
        )
        .into());
    }
    let draft = licenses::draft(cx, &input)?;
    let deactivations = input.total_deactivations.unwrap_or(0);
    let license = License {
        expires_at: input.expires_at,
        totals: licentia_core::Totals {
            activations: 0,
            deactivations,
        },
        ..draft
    };
    licenses::add(cx, &license, "license.imported")
}

/// Says in which line a fault is.
fn at(number: usize, fault: Fault) -> Fault {
    match fault {
        Fault::Problem(problem) => Problem {
            message: format!("line {number}: {}", problem.message),
            ..problem
        }
        .into(),
        other => other,
    }
}
