//! `/v3/products`

use licentia_core::wire::{ProductInput, ProductView};
use licentia_core::{Code, Problem, Product, ProductId, TokenKey, VerifyingKey};

use super::{new_metadata, parse_json};
use crate::context::{Context, Fault};
use crate::host::{KeyPair, Reply};
use crate::list;
use crate::published::{ACCOUNT, Subject};
use crate::store;

const NAME_LIMIT: usize = 256;
const DESCRIPTION_LIMIT: usize = 4_096;

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
    Ok(Reply::json(201, &ProductView::new(&product, 0))
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
        .map(|counted| ProductView::new(&counted.product, counted.licenses))
        .collect();
    Ok(Reply::json(200, &views))
}

/// `GET /v3/products/{id}`
pub(super) fn read(cx: &Context<'_>, id: ProductId) -> Result<Reply, Fault> {
    let counted = store::product::load(cx.db, id)?.ok_or_else(not_found)?;
    let product = &counted.product;
    Ok(Reply::json(200, &ProductView::new(product, counted.licenses)).versioned(product.version))
}

/// Makes a product out of what a request says, without keys.
pub(super) fn draft(cx: &Context<'_>, input: &ProductInput) -> Result<Product, Problem> {
    for (field, reference) in [
        ("licensePolicyId", &input.license_policy_id),
        ("trialPolicyId", &input.trial_policy_id),
    ] {
        if reference
            .as_ref()
            .is_some_and(|reference| !reference.is_empty())
        {
            let message =
                format!("`{field}` refers to something that this server does not have yet");
            return Err(Problem::new(Code::UnsupportedField, message));
        }
    }
    if input
        .email_templates
        .as_ref()
        .is_some_and(|templates| !templates.is_empty())
    {
        let message = "`emailTemplates` refers to something that this server does not have yet";
        return Err(Problem::new(Code::UnsupportedField, message));
    }
    let name = input.name.as_deref().unwrap_or_default().trim();
    if name.is_empty() {
        return Err(Problem::field("name", "it is missing or empty"));
    }
    let display_name = input
        .display_name
        .as_deref()
        .filter(|text| !text.is_empty())
        .unwrap_or(name);
    let description = input.description.as_deref().unwrap_or_default();
    for (field, text, limit) in [
        ("name", name, NAME_LIMIT),
        ("displayName", display_name, NAME_LIMIT),
        ("description", description, DESCRIPTION_LIMIT),
    ] {
        if text.contains(|c: char| c.is_control() && !c.is_ascii_whitespace()) {
            return Err(Problem::field(field, "it has control characters"));
        }
        if text.chars().count() > limit {
            return Err(Problem::field(
                field,
                format!("it has more than {limit} characters"),
            ));
        }
    }
    Ok(Product {
        id: input.id.unwrap_or_else(|| cx.draw().id()),
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        description: description.to_owned(),
        created_at: cx.now(),
        updated_at: cx.now(),
        version: cx.now().unix_milliseconds(),
        keys: Vec::new(),
        metadata: new_metadata(cx, input.metadata.as_deref().unwrap_or_default())?,
    })
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

/// Returns what a product's wrapped key is bound to.
pub(super) fn bound_to(product: ProductId, kid: &str) -> String {
    format!("{ACCOUNT}/{product}/{kid}")
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
