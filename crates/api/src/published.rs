//! What is published: the names and documents in KV, and the calls that are answered from them with no ledger call.
//!
//! A license lies under its id and under a name that hides its key, the same bytes under both. Without a token only the
//! signed statement is ever served.

use licentia_core::wire::{StoredLicense, StoredProduct};
use licentia_core::{
    Code, Jwk, License, LicenseId, LicenseKey, Problem, Product, ProductId, Statement,
    VerifyingKey, parse,
};
use serde::{Deserialize, Serialize};

use crate::database::DatabaseError;
use crate::host::Reply;
use crate::route::{Operation, Route};
use crate::vault::Vault;

/// The one account of today; it stands in every name, so that there can be more.
pub(crate) const ACCOUNT: &str = "default";
/// What lies under the name of a key that a license no longer has.
pub(crate) const FORMER_KEY: &str = r#"{"statement":null,"license":null}"#;
/// What lies under the name of a product that was deleted: its keys are gone with it.
pub(crate) const FORMER_PRODUCT: &str = r#"{"keys":null,"product":null}"#;

pub(crate) fn license_name(id: LicenseId) -> String {
    format!("{ACCOUNT}/license/{id}")
}

pub(crate) fn key_name(name: &str) -> String {
    format!("{ACCOUNT}/key/{name}")
}

pub(crate) fn product_name(id: ProductId) -> String {
    format!("{ACCOUNT}/product/{id}")
}

pub(crate) fn status_list_name(number: u32) -> String {
    format!("{ACCOUNT}/status-list/{number}")
}

/// What an outbox row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    License(LicenseId),
    Product(ProductId),
    StatusList(u32),
    /// A key that a license no longer has, by the name that hides it.
    FormerKey(String),
}

impl Subject {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once('/')? {
            ("license", id) => id.parse().ok().map(Self::License),
            ("product", id) => id.parse().ok().map(Self::Product),
            ("status-list", number) => number.parse().ok().map(Self::StatusList),
            ("former-key", name) => Some(Self::FormerKey(name.to_owned())),
            _ => None,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::License(id) => write!(f, "license/{id}"),
            Self::Product(id) => write!(f, "product/{id}"),
            Self::StatusList(number) => write!(f, "status-list/{number}"),
            Self::FormerKey(name) => write!(f, "former-key/{name}"),
        }
    }
}

/// The document of a license in KV.
#[derive(Debug, Serialize)]
pub(crate) struct LicenseDocument {
    statement: String,
    license: StoredLicense,
}

impl LicenseDocument {
    pub(crate) fn new(license: &License, deleted: bool, vault: &Vault) -> Self {
        let statement = vault.statement_key().sign(&Statement::of(license, deleted));
        Self {
            statement,
            license: StoredLicense::from(license),
        }
    }
}

/// The document of a product in KV: what clients verify with, and what a ledger is rebuilt from.
#[derive(Debug, Serialize)]
pub(crate) struct ProductDocument {
    keys: Vec<Jwk>,
    product: StoredProduct,
}

impl ProductDocument {
    pub(crate) fn new(product: &Product) -> Result<Self, DatabaseError> {
        Ok(Self {
            keys: jwks(product)?,
            product: StoredProduct::from(product),
        })
    }
}

/// A product's keys as clients read them: a JWK Set (RFC 7517 §5) with members of our own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyDocument<'a, K> {
    product_id: ProductId,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    keys: K,
    /// These verify statements, never tokens. They are the account's, and change when its master key does.
    statement_keys: Vec<Jwk>,
}

impl<'a, K> KeyDocument<'a, K> {
    fn new(product_id: ProductId, keys: K, vault: &Vault) -> Self {
        let statement_keys = vault.statement_keys();
        Self {
            product_id,
            host: None,
            keys,
            statement_keys: statement_keys
                .map(|key| key.verifying_key().to_jwk())
                .collect(),
        }
    }

    /// Returns the document with the address of the server.
    pub(crate) fn served_at(self, host: &'a str) -> Self {
        Self {
            host: Some(host),
            ..self
        }
    }
}

impl KeyDocument<'_, Vec<Jwk>> {
    pub(crate) fn of(product: &Product, vault: &Vault) -> Result<Self, DatabaseError> {
        Ok(Self::new(product.id, jwks(product)?, vault))
    }
}

pub(crate) fn jwks(product: &Product) -> Result<Vec<Jwk>, DatabaseError> {
    let keys = product
        .keys
        .iter()
        .map(|key| VerifyingKey::from_spki_pem(&key.public_key).map(|key| key.to_jwk()));
    keys.collect::<Result<_, _>>()
        .map_err(|fault| DatabaseError::Corrupt(fault.to_string()))
}

#[derive(Deserialize)]
struct CheckRequest {
    key: String,
}

/// Answers the edge routes that need nothing, or says under which KV keys to look, the first that is there.
///
/// # Errors
/// Answers a request that is wrong.
pub fn wanted(route: &Route, body: &[u8], vault: &Vault) -> Result<Vec<String>, Box<Reply>> {
    match route.operation() {
        Operation::ReadPublishedLicense => Ok(vec![license_name(route.id())]),
        Operation::ReadProductKeys => Ok(vec![product_name(route.id())]),
        Operation::CheckLicense => {
            let request: CheckRequest = parse(body).map_err(|fault| refuse(&fault.into()))?;
            let key = request.key.parse::<LicenseKey>();
            let key = key.map_err(|fault| refuse(&Problem::field("key", fault)))?;
            Ok(vault
                .names_of(key.as_str())
                .iter()
                .map(|name| key_name(name))
                .collect())
        }
        Operation::GetStatus => {
            let status = serde_json::json!({ "status": "ok" });
            Err(Box::new(Reply::json(200, &status)))
        }
        _ => Err(refuse(&Problem::new(
            Code::RouteNotFound,
            "this call is answered by the ledger",
        ))),
    }
}

fn refuse(problem: &Problem) -> Box<Reply> {
    Box::new(Reply::problem(problem))
}

#[derive(Deserialize)]
struct Published<'a> {
    #[serde(borrow)]
    statement: Option<&'a str>,
    #[serde(borrow)]
    license: Option<&'a serde_json::value::RawValue>,
}

#[derive(Deserialize)]
struct Version {
    version: i64,
}

#[derive(Deserialize)]
struct PublishedProduct<'a> {
    #[serde(borrow)]
    keys: Option<&'a serde_json::value::RawValue>,
}

/// Answers an edge route from what KV holds.
#[must_use]
pub fn reply(route: &Route, value: Option<&str>, vault: &Vault) -> Reply {
    let reply = value.map(|value| reply_from(route, value, vault));
    match reply {
        Some(Ok(Some(reply))) => reply,
        Some(Err(_unreadable)) => Reply::problem(&internal()),
        Some(Ok(None)) | None => Reply::problem(&missing(route)),
    }
}

fn reply_from(
    route: &Route,
    value: &str,
    vault: &Vault,
) -> Result<Option<Reply>, serde_json::Error> {
    if route.operation() == Operation::ReadProductKeys {
        let product: PublishedProduct<'_> = serde_json::from_str(value)?;
        let document = |keys| KeyDocument::new(route.id(), keys, vault);
        let reply = |keys| Reply::json(200, &document(keys));
        return Ok(product.keys.map(reply));
    }
    let published: Published<'_> = serde_json::from_str(value)?;
    let (Some(statement), Some(license)) = (published.statement, published.license) else {
        return Ok(None);
    };
    let version: Version = serde_json::from_str(license.get())?;
    let reply = match route.operation() {
        Operation::ReadPublishedLicense => Reply::json_text(200, value),
        _ => Reply::json(200, &serde_json::json!({ "statement": statement })),
    };
    Ok(Some(
        reply.versioned(version.version).published(version.version),
    ))
}

fn missing(route: &Route) -> Problem {
    match route.operation() {
        Operation::ReadProductKeys => {
            Problem::new(Code::ProductNotFound, "no product of this id is published")
        }
        Operation::CheckLicense => Problem::new(
            Code::LicenseUnknown,
            "no license with this key is published here",
        ),
        _ => Problem::new(Code::LicenseNotFound, "no license of this id is published"),
    }
}

fn internal() -> Problem {
    Problem::new(Code::InternalError, "internal error")
}
