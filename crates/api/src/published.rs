//! What is published: the names and documents in KV, and the calls that are answered from them with no ledger call. What KV
//! does not say, or cannot just now, the ledger answers in the same shape.
//!
//! A license lies under its id and under a name that hides its key, the same bytes under both. Without a token only the
//! signed statement is ever served.

pub(crate) mod check;
mod copy;

pub use copy::{Copy, Told};

use licentia_core::wire::{StoredLicense, StoredProduct};
use licentia_core::{
    ActivationId, Code, Jwk, KeySet, License, LicenseId, LicenseKey, Problem, Product, ProductId,
    Statement, VerifyingKey, parse,
};
use serde::{Deserialize, Serialize};

use crate::database::DatabaseError;
use crate::host::Reply;
use crate::route::{Operation, Route};
use crate::vault::Vault;
use check::{By, Check};

/// The one account of today; it stands in every name, so that there can be more.
pub(crate) const ACCOUNT: &str = "default";
/// What lies under the name of a key that a license no longer has.
pub(crate) const FORMER_KEY: &str = r#"{"statement":null,"license":null}"#;
/// What lies under the name of a product that was deleted: its keys are gone with it.
pub(crate) const FORMER_PRODUCT: &str = r#"{"keys":null,"product":null}"#;
/// In how many seconds to ask a ledger again that does not answer.
const RETRY_AFTER: u32 = 5;

pub(crate) fn license_name(id: LicenseId) -> String {
    format!("{ACCOUNT}/license/{id}")
}

pub(crate) fn key_name(name: &str) -> String {
    format!("{ACCOUNT}/key/{name}")
}

fn key_names(key: &str, vault: &Vault) -> Vec<String> {
    let names = vault.names_of(key);
    names.iter().map(|name| key_name(name)).collect()
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
    /// News of a license for a gate at which its applications wait.
    Gate(u32, LicenseId),
    /// News of an activation that is gone, for the gate at which its application waits.
    Activation(ActivationId),
}

impl Subject {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once('/')? {
            ("license", id) => id.parse().ok().map(Self::License),
            ("product", id) => id.parse().ok().map(Self::Product),
            ("status-list", number) => number.parse().ok().map(Self::StatusList),
            ("former-key", name) => Some(Self::FormerKey(name.to_owned())),
            ("gate-of", id) => id.parse().ok().map(Self::Activation),
            ("gate", rest) => {
                let (gate, id) = rest.split_once('/')?;
                Some(Self::Gate(gate.parse().ok()?, id.parse().ok()?))
            }
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
            Self::Gate(gate, id) => write!(f, "gate/{gate}/{id}"),
            Self::Activation(id) => write!(f, "gate-of/{id}"),
        }
    }
}

/// Signs what is true of a license.
pub(crate) fn statement(license: &License, deleted: bool, vault: &Vault) -> String {
    vault.statement_key().sign(&Statement::of(license, deleted))
}

/// The document of a license in KV.
#[derive(Debug, Serialize)]
pub(crate) struct LicenseDocument {
    statement: String,
    license: StoredLicense,
}

impl LicenseDocument {
    pub(crate) fn new(license: &License, statement: &str) -> Self {
        Self {
            statement: statement.to_owned(),
            license: StoredLicense::from(license),
        }
    }
}

/// News of a license, as it is told to applications that wait for it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct News {
    license_id: LicenseId,
    version: i64,
    statement: String,
}

impl News {
    pub(crate) fn new(license: &License, statement: &str) -> Self {
        Self {
            license_id: license.id,
            version: license.version,
            statement: statement.to_owned(),
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

/// What an edge route is asked, once it is read.
#[derive(Debug)]
pub struct Question<'a> {
    route: &'a Route,
    check: Option<Check>,
}

/// What KV holds.
#[derive(Debug)]
pub enum Found<'a> {
    /// The answer.
    Reply(Box<Reply>),
    /// A license, of which a status list tells how fresh it is.
    License(Box<Copy<'a>>),
}

impl<'a> Question<'a> {
    /// Reads the request of an edge route, or answers one that needs nothing or is wrong.
    ///
    /// # Errors
    /// Returns that answer.
    pub fn read(route: &'a Route, body: &[u8]) -> Result<Self, Box<Reply>> {
        let check = match route.operation() {
            Operation::ReadPublishedLicense | Operation::ReadProductKeys => None,
            Operation::CheckLicense => Some(Check::read(body).map_err(refuse)?),
            Operation::GetStatus => {
                let status = serde_json::json!({ "status": "ok" });
                return Err(Box::new(Reply::json(200, &status)));
            }
            _ => {
                let message = "this call is answered by the ledger";
                return Err(refuse(Problem::new(Code::RouteNotFound, message)));
            }
        };
        Ok(Self { route, check })
    }

    /// Says whether KV is passed over, since the request asks for what is so now: `?fresh=1`.
    #[must_use]
    pub fn is_for_the_ledger(&self, query: &str) -> bool {
        let fresh = |pair| matches!(pair, "fresh=1" | "fresh=true");
        self.check.is_some() && query.split('&').any(fresh)
    }

    /// Says whether the ledger answers what KV does not: a published copy is what KV has, or nothing.
    #[must_use]
    pub fn may_go_to_the_ledger(&self) -> bool {
        self.route.operation() != Operation::ReadPublishedLicense
    }

    /// Returns under which KV key the keys lie that verify the token which the request names a license by.
    #[must_use]
    pub fn keys_name(&self) -> Option<String> {
        match &self.check.as_ref()?.by {
            By::Text(_, product) => Some(product_name(*product)),
            By::Key(_) | By::Token(..) => None,
        }
    }

    /// Verifies that token, and returns whether KV can say more: with keys that are older than the token it cannot.
    ///
    /// # Errors
    /// Answers a request whose token is wrong.
    pub fn verify(&mut self, keys: &KeySet) -> Result<bool, Box<Reply>> {
        match &mut self.check {
            Some(check) => check.verify(keys).map_err(refuse),
            None => Ok(true),
        }
    }

    /// Returns under which KV keys to look: the first that is there counts.
    #[must_use]
    pub fn names(&self, vault: &Vault) -> Vec<String> {
        match self.check.as_ref().map(|check| &check.by) {
            Some(By::Key(key)) => key_names(key.as_str(), vault),
            Some(By::Token(_, license)) => vec![license_name(*license)],
            Some(By::Text(..)) => Vec::new(),
            None if self.route.operation() == Operation::ReadProductKeys => {
                vec![product_name(self.route.id())]
            }
            None => vec![license_name(self.route.id())],
        }
    }

    /// Reads what KV holds there.
    ///
    /// # Errors
    /// Says why that is no document of ours.
    pub fn find(&'a self, value: &'a str, vault: &Vault) -> Result<Found<'a>, DatabaseError> {
        let found = self.read_value(value, vault)?;
        Ok(found.unwrap_or_else(|| Found::Reply(Box::new(self.missing()))))
    }

    fn read_value(
        &'a self,
        value: &'a str,
        vault: &Vault,
    ) -> Result<Option<Found<'a>>, DatabaseError> {
        if self.route.operation() == Operation::ReadProductKeys {
            let product: PublishedProduct<'_> = from_json(value)?;
            let document = |keys| KeyDocument::new(self.route.id(), keys, vault);
            let reply = |keys| Found::Reply(Box::new(Reply::json(200, &document(keys))));
            return Ok(product.keys.map(reply));
        }
        let published: Published<'_> = from_json(value)?;
        let Some(text) = published.statement else {
            return Ok(None);
        };
        let statement = Statement::trusted(text);
        let statement = statement.map_err(|fault| DatabaseError::Corrupt(fault.to_string()))?;
        Ok(Some(Found::License(Box::new(Copy {
            question: self,
            value,
            text,
            statement,
        }))))
    }

    /// Answers where nothing is published.
    #[must_use]
    pub fn missing(&self) -> Reply {
        Reply::problem(&match self.route.operation() {
            Operation::ReadProductKeys => {
                Problem::new(Code::ProductNotFound, "no product of this id is published")
            }
            Operation::CheckLicense => check::unknown(),
            _ => Problem::new(Code::LicenseNotFound, "no license of this id is published"),
        })
    }
}

/// Reads the keys that a product's document holds.
#[must_use]
pub fn keys_of(value: &str) -> Option<KeySet> {
    let product: PublishedProduct<'_> = serde_json::from_str(value).ok()?;
    KeySet::parse(&format!("{{\"keys\":{}}}", product.keys?.get())).ok()
}

#[derive(Deserialize)]
struct Named {
    key: String,
}

/// Returns under which KV keys the license lies that an application's request names by its key.
#[must_use]
pub fn named_by(body: &[u8], vault: &Vault) -> Vec<String> {
    let named = parse::<Named>(body).ok();
    let key = named.and_then(|named| named.key.parse::<LicenseKey>().ok());
    key.map_or_else(Vec::new, |key| key_names(key.as_str(), vault))
}

/// Answers an application whose ledger does not, with what KV holds of its license.
#[must_use]
pub fn unavailable(value: Option<&str>) -> Reply {
    let published = value.and_then(|value| serde_json::from_str::<Published<'_>>(value).ok());
    let code = Code::LedgerUnavailable;
    let document = Unavailable {
        message: "the server cannot answer just now; try again later",
        code: code.as_str(),
        statement: published.and_then(|published| published.statement),
    };
    let reply = Reply::json(code.http_status(), &document).header("Retry-After", RETRY_AFTER);
    Reply {
        code: Some(code),
        ..reply
    }
}

#[derive(Serialize)]
struct Unavailable<'a> {
    message: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<&'a str>,
}

fn refuse(problem: Problem) -> Box<Reply> {
    Box::new(Reply::problem(&problem))
}

fn from_json<'a, T: Deserialize<'a>>(value: &'a str) -> Result<T, DatabaseError> {
    serde_json::from_str(value).map_err(|fault| DatabaseError::Corrupt(fault.to_string()))
}

#[derive(Deserialize)]
struct Published<'a> {
    #[serde(borrow)]
    statement: Option<&'a str>,
}

#[derive(Deserialize)]
struct PublishedProduct<'a> {
    #[serde(borrow)]
    keys: Option<&'a serde_json::value::RawValue>,
}
