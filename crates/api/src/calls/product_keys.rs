//! `/v3/products/{id}/keys` and `product.dat`: what applications verify with, and how it is renewed.
//!
//! The first key signs. An application that was built with the others only knows tokens of theirs: it takes the new key from
//! `product.dat` or from the open list of keys.

use licentia_core::wire::KeyInput;
use licentia_core::{Product, ProductId};

use super::{changes, parse_json, products};
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::published::KeyDocument;

/// `GET /v3/products/{id}/product.dat`
pub(super) fn file(cx: &Context<'_>, id: ProductId) -> Result<Reply, Fault> {
    let product = products::load(cx, id)?.product;
    let document = KeyDocument::of(&product, cx.given.vault)?.served_at(cx.request.host);
    Ok(Reply::json(200, &document)
        .header(
            "Content-Disposition",
            "attachment; filename=\"product.dat\"",
        )
        .versioned(product.version))
}

/// `POST /v3/products/{id}/keys`
pub(super) fn rotate(cx: &Context<'_>, id: ProductId, body: &[u8]) -> Result<Reply, Fault> {
    let input: KeyInput = match body.trim_ascii() {
        [] => KeyInput::default(),
        _ => parse_json(cx, body)?,
    };
    let known = products::load(cx, id)?.product;
    cx.check_version(known.version)?;
    known.check_room()?;
    let [pair] = cx.given.key_pairs else {
        let before = known.signing_key().map(|key| key.algorithm);
        let algorithm = input.algorithm.or(before).unwrap_or_default();
        return Err(Fault::NeedsKeyPairs(vec![algorithm]));
    };
    let asked = known.rotated(products::wrap(cx, id, pair)?);
    let product = save(cx, &known, asked, "product.keyRotated")?;
    let document = KeyDocument::of(&product, cx.given.vault)?;
    Ok(publishing(Reply::json(201, &document), &product).versioned(product.version))
}

/// `DELETE /v3/products/{id}/keys/{kid}`
pub(super) fn retire(cx: &Context<'_>, id: ProductId, kid: &str) -> Result<Reply, Fault> {
    let known = products::load(cx, id)?.product;
    let asked = known.without_key(kid)?;
    let product = save(cx, &known, asked, "product.keyRetired")?;
    Ok(publishing(Reply::empty(204), &product))
}

/// Saves a product whose keys changed, with its audit entry: which key, never its private half.
fn save(cx: &Context<'_>, known: &Product, asked: Product, action: &str) -> Result<Product, Fault> {
    let product = known.revised(asked, cx.now());
    let product = product.unwrap_or_else(|| known.clone());
    products::save(cx, known, &product)?;
    let changes = changes::of_keys(known, &product);
    cx.record(action, "product", &product.id, changes)?;
    Ok(product)
}

fn publishing(reply: Reply, product: &Product) -> Reply {
    reply.publishing(products::subject(product.id), product.version)
}
