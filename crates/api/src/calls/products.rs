//! `/v3/products`

use licentia_core::wire::{ProductInput, ProductView};
use licentia_core::{Code, Problem, Product, ProductId, TokenKey, VerifyingKey};

use super::{page, parse_json};
use crate::context::{Context, Fault};
use crate::host::{KeyPair, Reply, bound_to};
use crate::list;
use crate::published::Subject;
use crate::store;

/// `POST /v3/products`
pub(super) fn create(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let input: ProductInput = parse_json(cx, body)?;
    let draft = draft(cx, &input)?;
    let [pair] = cx.given.key_pairs else {
        return Err(Fault::NeedsKeyPairs(vec![
            input.token_algorithm.unwrap_or_default(),
        ]));
    };
    let key = wrap(cx, draft.id, pair)?;
    let product = Product {
        keys: vec![key],
        ..draft
    };
    add(cx, &product, "product.created")?;
    let subject = Subject::Product(product.id).to_string();
    Ok(Reply::json(201, &ProductView::new(&product, 0, None))
        .versioned(product.version)
        .publishing(subject, product.version))
}

/// `GET /v3/products`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let listed = list::list(cx, &list::PRODUCTS)?;
    let products = listed.rows.iter().map(store::product::from_row);
    let products = products.collect::<Result<Vec<_>, _>>()?;
    let views: Vec<_> = products
        .iter()
        .map(|counted| ProductView::new(&counted.product, counted.licenses, None))
        .collect();
    Ok(page(cx, &listed, &views))
}

/// `GET /v3/products/{id}`
pub(super) fn read(cx: &Context<'_>, id: ProductId) -> Result<Reply, Fault> {
    let counted = store::product::load(cx.db, id)?.ok_or_else(not_found)?;
    let product = &counted.product;
    Ok(
        Reply::json(200, &ProductView::new(product, counted.licenses, None))
            .versioned(product.version),
    )
}

/// Makes a product out of what a request says, without keys.
pub(super) fn draft(cx: &Context<'_>, input: &ProductInput) -> Result<Product, Problem> {
    if input.template().is_some() {
        let message = "`licensePolicyId` refers to something that this server does not have yet";
        return Err(Problem::new(Code::UnsupportedField, message));
    }
    input.create(&mut cx.draw(), cx.now())
}

/// Wraps a key pair for a product.
pub(super) fn wrap(
    cx: &Context<'_>,
    product: ProductId,
    pair: &KeyPair,
) -> Result<TokenKey, Fault> {
    let public = VerifyingKey::from_spki_der(&pair.public)
        .map_err(|fault| Fault::Internal(fault.to_string()))?;
    let kid = public.kid();
    let nonce = cx.draw().nonce();
    let wrapped = cx
        .given
        .vault
        .wrap(&bound_to(product, &kid), &pair.private, nonce)?;
    Ok(TokenKey {
        kid,
        algorithm: pair.algorithm,
        public_key: public.to_spki_pem(),
        wrapped,
    })
}

/// Adds a product, with its audit entry and publication.
pub(super) fn add(cx: &Context<'_>, product: &Product, action: &str) -> Result<(), Fault> {
    store::product::insert(cx.db, product)?;
    cx.record(action, "product", &product.id, Vec::new())?;
    store::outbox::enqueue(
        cx.db,
        &Subject::Product(product.id).to_string(),
        product.version,
        cx.now(),
    )?;
    Ok(())
}

pub(super) fn not_found() -> Problem {
    Problem::new(Code::ProductNotFound, "no product has this id")
}
