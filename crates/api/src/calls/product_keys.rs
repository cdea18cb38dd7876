//! `/v3/products/{id}/keys` and `product.dat`: what applications verify with, and how it is renewed.
//!
//! The first key signs, all verify. An application that was built before a key was made refuses what that key signs, and
//! keeps what it has: where such applications are about, a new key is made, shipped, and told to sign once they are not.

use licentia_core::wire::KeyInput;
use licentia_core::{Product, ProductId};

use super::{changes, parse_json, products};
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::published::KeyDocument;

/// `GET /v3/products/{id}/keys`, where nothing is published of the product.
pub(super) fn read(cx: &Context<'_>, id: ProductId) -> Result<Reply, Fault> {
    let product = products::load(cx, id)?.product;
    Ok(Reply::json(
        200,
        &KeyDocument::of(&product, cx.given.vault)?,
    ))
}

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
pub(super) fn create(cx: &Context<'_>, id: ProductId, body: &[u8]) -> Result<Reply, Fault> {
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
    let key = products::wrap(cx, id, pair)?;
    let with_key = known.with_key(key.clone());
    let product = if input.signs == Some(false) {
        save(cx, &known, with_key, "product.keyAdded")?
    } else {
        let signing = with_key.signing_with(&key.kid)?;
        save(cx, &known, signing, "product.keyRotated")?
    };
    shown(cx, 201, &product)
}

/// `POST /v3/products/{id}/keys/{kid}/promote`
pub(super) fn promote(cx: &Context<'_>, id: ProductId, kid: &str) -> Result<Reply, Fault> {
    let known = products::load(cx, id)?.product;
    cx.check_version(known.version)?;
    let asked = known.signing_with(kid)?;
    if asked == known {
        return shown(cx, 200, &known);
    }
    let product = save(cx, &known, asked, "product.keyRotated")?;
    shown(cx, 200, &product)
}

/// `DELETE /v3/products/{id}/keys/{kid}`
pub(super) fn retire(cx: &Context<'_>, id: ProductId, kid: &str) -> Result<Reply, Fault> {
    let known = products::load(cx, id)?.product;
    cx.check_version(known.version)?;
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

fn shown(cx: &Context<'_>, status: u16, product: &Product) -> Result<Reply, Fault> {
    let document = KeyDocument::of(product, cx.given.vault)?;
    let reply = Reply::json(status, &document).versioned(product.version);
    Ok(publishing(reply, product))
}

fn publishing(reply: Reply, product: &Product) -> Reply {
    reply.publishing(products::subject(product.id), product.version)
}
