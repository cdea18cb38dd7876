//! Signing keys that leave a server or come to one: encrypted to a passphrase that `Licentia-Passphrase` says.

use std::borrow::Cow;
use std::collections::BTreeMap;

use licentia_core::wire::{ProductKeys, SealedKeys, TokenKeyInput};
use licentia_core::{Algorithm, Draw, ImportId, Problem, Product, ProductId, TokenKey};
use pkcs8::der::pem::LineEnding;
use serde::{Deserialize, Serialize};

use super::products;
use crate::age::{Chances, decrypt, encrypt};
use crate::context::{Context, Fault};
use crate::host::bound_to;
use crate::keys;
use crate::store;

const HEADER: &str = "Licentia-Passphrase";
const SHORTEST: usize = 12;

/// The keys of products, wrapped for this server.
pub(super) type Keyring = BTreeMap<ProductId, Vec<TokenKey>>;

/// Encrypts the signing keys of all products to the request's passphrase.
pub(super) fn seal(cx: &Context<'_>) -> Result<SealedKeys, Fault> {
    let passphrase = passphrase(cx)?;
    let products = store::product::load_all(cx.db)?;
    let keys = products.iter().map(|product| keys_of(cx, product));
    let keys = keys.collect::<Result<Vec<_>, Fault>>()?;
    let text = serde_json::to_vec(&keys).map_err(|fault| Fault::Internal(fault.to_string()))?;
    let chances = chances(&mut cx.draw());
    let age = encrypt(&text, passphrase, &chances);
    let age = age.ok_or_else(|| Fault::Internal("the keys cannot be encrypted".to_owned()))?;
    Ok(SealedKeys { age })
}

/// Opens what `seal` made, perhaps on another server, and wraps the keys for this one.
pub(super) fn open(cx: &Context<'_>, sealed: &SealedKeys) -> Result<Keyring, Fault> {
    let text =
        decrypt(&sealed.age, passphrase(cx)?).map_err(|fault| Problem::field("age", fault))?;
    let keys: Vec<ProductKeys> = serde_json::from_slice(&text)
        .map_err(|_keys| Problem::field("age", "it holds something else than signing keys"))?;
    let wrapped = keys
        .iter()
        .map(|keys| Ok((keys.product_id, wrap_all(cx, keys)?)));
    wrapped.collect()
}

fn wrap_all(cx: &Context<'_>, keys: &ProductKeys) -> Result<Vec<TokenKey>, Fault> {
    let wrapped = keys.token_keys.iter().map(|key| {
        let pair = keys::read_private_key(key.algorithm, &key.private_key)
            .map_err(|fault| Problem::field("age", fault))?;
        products::wrap(cx, keys.product_id, &pair)
    });
    wrapped.collect()
}

fn keys_of(cx: &Context<'_>, product: &Product) -> Result<ProductKeys, Fault> {
    let keys = product.keys.iter().map(|key| {
        let private = cx
            .given
            .vault
            .unwrap(&bound_to(product.id, &key.kid), &key.wrapped)?;
        let private_key = pkcs8::der::pem::encode_string("PRIVATE KEY", LineEnding::LF, &private);
        let private_key = private_key.map_err(|fault| Fault::Internal(fault.to_string()))?;
        Ok(TokenKeyInput {
            algorithm: key.algorithm,
            private_key,
        })
    });
    Ok(ProductKeys {
        product_id: product.id,
        token_keys: keys.collect::<Result<_, Fault>>()?,
    })
}

fn chances(draw: &mut Draw) -> Chances {
    Chances {
        file_key: draw.sixteen(),
        salt: draw.sixteen(),
        nonce: draw.sixteen(),
    }
}

fn passphrase<'a>(cx: &Context<'a>) -> Result<&'a str, Problem> {
    let passphrase = cx.request.passphrase.unwrap_or_default();
    if passphrase.is_empty() {
        return Err(Problem::field(
            HEADER,
            "it is missing, and signing keys move under a passphrase alone",
        ));
    }
    if passphrase.chars().count() < SHORTEST {
        return Err(Problem::field(
            HEADER,
            format!("it has fewer than {SHORTEST} characters"),
        ));
    }
    Ok(passphrase)
}

/// Writes the keys that a part of a job brings. Their private halves are wrapped.
pub(super) fn to_text(keyring: &Keyring) -> Result<String, Fault> {
    let keys = keyring.iter().map(|(id, keys)| {
        let keys: Vec<WrappedKey<'_>> = keys.iter().map(WrappedKey::from).collect();
        (id.to_string(), keys)
    });
    let keys: BTreeMap<String, Vec<WrappedKey<'_>>> = keys.collect();
    serde_json::to_string(&keys).map_err(|fault| Fault::Internal(fault.to_string()))
}

/// Loads the keys that the parts of a job have brought.
pub(super) fn of_job(cx: &Context<'_>, import: ImportId) -> Result<Keyring, Fault> {
    let mut keyring = Keyring::new();
    for text in store::import_job::keys(cx.db, import)? {
        let keys: BTreeMap<ProductId, Vec<WrappedKey<'_>>> =
            serde_json::from_str(&text).map_err(|fault| Fault::Internal(fault.to_string()))?;
        for (id, keys) in keys {
            keyring.insert(id, keys.into_iter().map(TokenKey::from).collect());
        }
    }
    Ok(keyring)
}

/// A wrapped key, while its product waits.
#[derive(Serialize, Deserialize)]
struct WrappedKey<'a> {
    kid: Cow<'a, str>,
    algorithm: Algorithm,
    public_key: Cow<'a, str>,
    wrapped: Cow<'a, str>,
}

impl<'a> From<&'a TokenKey> for WrappedKey<'a> {
    fn from(key: &'a TokenKey) -> Self {
        Self {
            kid: Cow::Borrowed(&key.kid),
            algorithm: key.algorithm,
            public_key: Cow::Borrowed(&key.public_key),
            wrapped: Cow::Borrowed(&key.wrapped),
        }
    }
}

impl From<WrappedKey<'_>> for TokenKey {
    fn from(key: WrappedKey<'_>) -> Self {
        Self {
            kid: key.kid.into_owned(),
            algorithm: key.algorithm,
            public_key: key.public_key.into_owned(),
            wrapped: key.wrapped.into_owned(),
        }
    }
}
