//! `/v3/products`

use std::collections::BTreeMap;

use licentia_core::wire::{NullableProductFields, ProductInput, ProductView};
use licentia_core::{
    Code, MetadataId, Problem, Product, ProductId, Template, TemplateId, TokenKey, VerifyingKey,
    parse,
};

use super::{changes, page, parse_json, patch, templates};
use crate::context::{Context, Fault};
use crate::host::{KeyPair, Publishes, Reply, bound_to};
use crate::list;
use crate::published::Subject;
use crate::store;
use crate::store::product::Counted;

const RESOURCE: &str = "product";

/// `POST /v3/products`
pub(super) fn create(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let input: ProductInput = parse_json(cx, body)?;
    let draft = draft(
        cx,
        &ProductInput {
            id: None,
            ..input.clone()
        },
    )?;
    let [pair] = cx.given.key_pairs else {
        let algorithm = input.token_algorithm.unwrap_or_default();
        return Err(Fault::NeedsKeyPairs(vec![algorithm]));
    };
    let key = wrap(cx, draft.id, pair)?;
    let product = Product {
        keys: vec![key],
        ..draft
    };
    add(cx, &product, "product.created")?;
    shown(cx, 201, &product, 0)
}

/// `GET /v3/products`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let listed = list::list(cx, &list::PRODUCTS)?;
    let products = listed.rows.iter().map(store::product::from_row);
    let products = products.collect::<Result<Vec<_>, _>>()?;
    let templates = templates_of(cx, &products)?;
    let views: Vec<_> = products
        .iter()
        .map(|Counted { product, licenses }| {
            let template = product.template_id.and_then(|id| templates.get(&id));
            ProductView::new(product, *licenses, template)
        })
        .collect();
    Ok(page(cx, &listed, &views))
}

/// `GET /v3/products/{id}`
pub(super) fn read(cx: &Context<'_>, id: ProductId) -> Result<Reply, Fault> {
    let counted = load(cx, id)?;
    let template = template_of(cx, &counted.product)?;
    let view = ProductView::new(&counted.product, counted.licenses, template.as_ref());
    Ok(Reply::json(200, &view).versioned(counted.product.version))
}

/// `PATCH /v3/products/{id}`
pub(super) fn update(cx: &Context<'_>, id: ProductId, body: &[u8]) -> Result<Reply, Fault> {
    let input: ProductInput = parse_json(cx, body)?;
    let known = load(cx, id)?;
    cx.check_version(known.product.version)?;
    let asked = asked(cx, &known, &input, body)?;
    let Some(product) = known.product.revised(asked, cx.now()) else {
        return unchanged(cx, &known);
    };
    let changes = changes::of_product(&known.product, &product);
    save(cx, &known.product, &product)?;
    cx.record("product.updated", RESOURCE, &id, changes)?;
    shown(cx, 200, &product, known.licenses)
}

/// `DELETE /v3/products/{id}`: its document in KV becomes one that says so.
pub(super) fn delete(cx: &Context<'_>, id: ProductId) -> Result<Reply, Fault> {
    let Counted { product, licenses } = load(cx, id)?;
    cx.check_version(product.version)?;
    if licenses > 0 {
        let message = format!("the product has {licenses} licenses; delete them first");
        return Err(Problem::new(Code::ProductInUse, message).into());
    }
    store::product::delete(cx.db, id)?;
    cx.record("product.deleted", RESOURCE, &id, Vec::new())?;
    let version = product.version_when_deleted(cx.now());
    store::outbox::enqueue(cx.db, &subject(id), version, cx.now())?;
    Ok(Reply::empty(204).publishing(subject(id), version))
}

/// `DELETE /v3/products/metadata/{id}`
pub(super) fn delete_metadata(cx: &Context<'_>, id: MetadataId) -> Result<Reply, Fault> {
    let missing = || Problem::new(Code::MetadataNotFound, "no product has this metadata entry");
    let known = store::product::load_by_metadata(cx.db, id)?.ok_or_else(missing)?;
    let known = known.product;
    let asked = known.without_metadata(id).ok_or_else(missing)?;
    let product = known.revised(asked, cx.now()).ok_or_else(missing)?;
    let changes = changes::of_product(&known, &product);
    save(cx, &known, &product)?;
    cx.record("product.updated", RESOURCE, &product.id, changes)?;
    Ok(Reply::empty(204).publishing(subject(product.id), product.version))
}

/// Makes a product out of what a request says, without keys.
pub(super) fn draft(cx: &Context<'_>, input: &ProductInput) -> Result<Product, Fault> {
    refuse_unknown_template(cx, input)?;
    Ok(input.create(&mut cx.draw(), cx.now())?)
}

/// Lays a request over a product.
fn asked(
    cx: &Context<'_>,
    known: &Counted,
    input: &ProductInput,
    body: &[u8],
) -> Result<Product, Fault> {
    input.refuse_immutable(&known.product)?;
    refuse_unknown_template(cx, input)?;
    let mut cleared = known.product.clone();
    if patch::is_merge_patch(cx) {
        let nulls: NullableProductFields = parse(body).map_err(Problem::from)?;
        nulls.clear(&mut cleared);
        let template = template_of(cx, &cleared)?;
        let view = ProductView::new(&cleared, known.licenses, template.as_ref());
        patch::refuse_nulls(&view, body)?;
        input.drop_unnamed(&mut cleared);
    }
    Ok(input.update(&cleared, &mut cx.draw(), cx.now())?)
}

fn refuse_unknown_template(cx: &Context<'_>, input: &ProductInput) -> Result<(), Fault> {
    let field = match input.license_template_id {
        Some(_) => "licenseTemplateId",
        None => "licensePolicyId",
    };
    match input.template() {
        Some(id) => templates::named(cx, field, id).map(drop),
        None => Ok(()),
    }
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
    cx.record(action, RESOURCE, &product.id, Vec::new())?;
    publish(cx, product)
}

/// Saves a product that was as `before` says, and publishes it.
pub(super) fn save(cx: &Context<'_>, before: &Product, product: &Product) -> Result<(), Fault> {
    store::product::save(cx.db, before, product)?;
    publish(cx, product)
}

fn publish(cx: &Context<'_>, product: &Product) -> Result<(), Fault> {
    store::outbox::enqueue(cx.db, &subject(product.id), product.version, cx.now())?;
    Ok(())
}

/// Loads a product that a path names.
pub(super) fn load(cx: &Context<'_>, id: ProductId) -> Result<Counted, Fault> {
    let missing = || Problem::new(Code::ProductNotFound, "no product has this id");
    Ok(store::product::load(cx.db, id)?.ok_or_else(missing)?)
}

/// Returns what the outbox calls a product.
pub(super) fn subject(id: ProductId) -> String {
    Subject::Product(id).to_string()
}

fn template_of(cx: &Context<'_>, product: &Product) -> Result<Option<Template>, Fault> {
    match product.template_id {
        Some(id) => Ok(store::template::load(cx.db, id)?),
        None => Ok(None),
    }
}

/// Loads the default templates of a page of products.
fn templates_of(
    cx: &Context<'_>,
    products: &[Counted],
) -> Result<BTreeMap<TemplateId, Template>, Fault> {
    let ids = products
        .iter()
        .filter_map(|counted| counted.product.template_id);
    let ids: Vec<TemplateId> = ids.collect();
    let templates = store::template::load_all(cx.db, &ids)?.into_iter();
    Ok(templates.map(|template| (template.id, template)).collect())
}

/// Answers an update that changes nothing, and says whether what it finds is published: a caller may be asking again.
fn unchanged(cx: &Context<'_>, known: &Counted) -> Result<Reply, Fault> {
    let product = &known.product;
    let reply = shown(cx, 200, product, known.licenses)?;
    let publishes = if store::outbox::is_pending(cx.db, &subject(product.id))? {
        Publishes::Later
    } else {
        Publishes::Already(product.version)
    };
    Ok(Reply { publishes, ..reply })
}

fn shown(cx: &Context<'_>, status: u16, product: &Product, licenses: u64) -> Result<Reply, Fault> {
    let template = template_of(cx, product)?;
    let view = ProductView::new(product, licenses, template.as_ref());
    Ok(Reply::json(status, &view)
        .versioned(product.version)
        .publishing(subject(product.id), product.version))
}
