//! The keys that may have signed a token: read from any of the texts that they come in, and asked by name.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::claims::StatementFacts;
use crate::key::{Jwk, KeyFault, VerifyingKey};
use crate::known::Known;
use crate::object::{Misfit, Object};
use crate::rsa::{RsaPrimitive, rsavp1};
use crate::token::Token;

/// Keys that verify, by name. Clones are one set: they remember together what was verified.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Arc<[NamedKey]>,
    /// The account's keys, which verify statements and no token.
    statement_keys: Arc<[NamedKey]>,
    tokens: Arc<Mutex<Known<Token>>>,
    statements: Arc<Mutex<Known<StatementFacts>>>,
    /// None where there is no key at all.
    open: Option<RsaPrimitive>,
}

impl PartialEq for KeySet {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl Eq for KeySet {}

#[derive(Debug, PartialEq, Eq)]
struct NamedKey {
    /// None for a key that came without a name, as from a PEM: it is tried whatever a header says.
    kid: Option<String>,
    key: VerifyingKey,
}

impl KeySet {
    /// Reads keys from a PEM, a JWK Set or a single JWK. Keys of a set that are of another kind are passed over (RFC 7517 §5).
    ///
    /// # Errors
    /// Says that the text cannot be read, or that no key in it can verify.
    pub fn parse(text: &str) -> Result<Self, KeyFault> {
        Self::parse_for(rsavp1, text)
    }

    /// As [`Self::parse`], for a host that opens RSA signatures by itself.
    ///
    /// # Errors
    /// Says that the text cannot be read, or that no key in it can verify.
    pub fn parse_for(open: RsaPrimitive, text: &str) -> Result<Self, KeyFault> {
        let text = text.trim();
        if !text.starts_with('{') {
            let key = VerifyingKey::from_spki_pem(text)?;
            return Ok(Self::of(open, [NamedKey { kid: None, key }]));
        }
        let unreadable = KeyFault::Unreadable {
            reason: "its JSON is neither",
        };
        let document = Object::parse(text, Jwk::MEMBERS).ok_or(unreadable.clone())?;
        let single = Jwk::read(&document).map(|jwk| vec![jwk]);
        let jwks = single.or_else(|_not_one_key| listed(&document, "keys"));
        let keys = Self::from_jwks_for(open, &jwks.map_err(|_misfit| unreadable)?)?;
        let statement_keys = listed(&document, "statementKeys").unwrap_or_default();
        Ok(Self {
            statement_keys: usable(&statement_keys).into(),
            ..keys
        })
    }

    /// Returns the keys that verify statements: they came with those that verify tokens, and are none of them.
    #[must_use]
    pub fn of_statements(&self) -> Self {
        Self {
            keys: Arc::clone(&self.statement_keys),
            statements: Arc::clone(&self.statements),
            open: self.open,
            ..Self::default()
        }
    }

    /// Returns the set with the statement keys of another document in place of its own; none if that has no such key.
    #[must_use]
    pub fn with_statement_keys_of(&self, document: &str) -> Option<Self> {
        let document = Object::parse(document, Jwk::MEMBERS)?;
        let keys = usable(&listed(&document, "statementKeys").ok()?);
        (!keys.is_empty()).then(|| Self {
            statement_keys: keys.into(),
            statements: Arc::default(),
            ..self.clone()
        })
    }

    /// Returns whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Takes keys as JWKs, passing over those of another kind.
    ///
    /// # Errors
    /// Says that no key can verify.
    pub fn from_jwks(jwks: &[Jwk]) -> Result<Self, KeyFault> {
        Self::from_jwks_for(rsavp1, jwks)
    }

    fn from_jwks_for(open: RsaPrimitive, jwks: &[Jwk]) -> Result<Self, KeyFault> {
        let keys = usable(jwks);
        if keys.is_empty() {
            return Err(KeyFault::Unsupported);
        }
        Ok(Self::of(open, keys))
    }

    fn of(open: RsaPrimitive, keys: impl Into<Arc<[NamedKey]>>) -> Self {
        Self {
            keys: keys.into(),
            open: Some(open),
            ..Self::default()
        }
    }

    /// Returns whether `signature` is that of `message` by any key of the set.
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let mut keys = self.keys.iter();
        keys.any(|named| self.verify(&named.key, message, signature))
    }

    /// Returns whether `signature` is that of `message` by this key of the set.
    pub(crate) fn verify(&self, key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
        let by = |open| key.verify_by(open, message, signature);
        self.open.is_some_and(by)
    }

    /// Returns the tokens that these keys have verified.
    pub(crate) fn known_tokens(&self) -> MutexGuard<'_, Known<Token>> {
        held(&self.tokens)
    }

    /// Returns the statements that these keys have verified.
    pub(crate) fn known_statements(&self) -> MutexGuard<'_, Known<StatementFacts>> {
        held(&self.statements)
    }

    /// Returns the names of the keys that have one.
    pub(crate) fn kids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|named| named.kid.as_deref())
    }

    /// Returns the keys that a header with this `kid` may mean.
    pub(crate) fn named<'a>(
        &'a self,
        kid: Option<&'a str>,
    ) -> impl Iterator<Item = &'a VerifyingKey> {
        let may_mean = move |named: &&NamedKey| match (&named.kid, kid) {
            (Some(name), Some(kid)) => name == kid,
            _ => true,
        };
        self.keys.iter().filter(may_mean).map(|named| &named.key)
    }
}

impl From<VerifyingKey> for KeySet {
    fn from(key: VerifyingKey) -> Self {
        let kid = Some(key.kid());
        Self::of(rsavp1, [NamedKey { kid, key }])
    }
}

/// A thread that fails while it holds what is known leaves nothing half done.
fn held<T>(known: &Mutex<T>) -> MutexGuard<'_, T> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The keys of a JWK Set under one of its names. What stands under `statementKeys` verifies no token.
fn listed(set: &Object<'_>, name: &'static str) -> Result<Vec<Jwk>, Misfit> {
    set.objects(name)?.into_iter().map(Jwk::read).collect()
}

/// The keys that can verify; others are passed over.
fn usable(jwks: &[Jwk]) -> Vec<NamedKey> {
    let key = |jwk: &Jwk| {
        let key = VerifyingKey::from_jwk(jwk).ok()?;
        let kid = jwk.kid.clone();
        Some(NamedKey { kid, key })
    };
    jwks.iter().filter_map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::StatementKey;

    const RSA: &str = include_str!("../../../tests/vectors/keys/product.public.pem");

    fn rsa() -> VerifyingKey {
        VerifyingKey::from_spki_pem(RSA).unwrap()
    }

    fn ed25519() -> VerifyingKey {
        StatementKey::from_seed(&[7; 32]).verifying_key()
    }

    #[test]
    fn a_set_is_read_in_every_form() {
        let jwk = serde_json::to_string(&rsa().to_jwk()).unwrap();
        let set = format!(r#"{{"keys": [{jwk}], "statementKeys": [{{}}], "productId": "p"}}"#);
        for text in [jwk.as_str(), &set] {
            assert_eq!(KeySet::parse(text), Ok(KeySet::from(rsa())));
        }
        assert_eq!(KeySet::parse(RSA).unwrap().named(Some("any")).count(), 1);
    }

    #[test]
    fn the_file_of_a_product_is_read_as_its_keys() {
        let jwks = [ed25519(), rsa()].map(|key| key.to_jwk());
        let statement_keys = [StatementKey::from_seed(&[8; 32]).verifying_key()];
        let file = serde_json::json!({
            "productId": "63dfd63e-6a54-4a5b-9c43-0b6d4a7d2b11",
            "host": "https://licenses.example.com",
            "keys": jwks,
            "statementKeys": statement_keys.map(|key| key.to_jwk()),
        });
        let keys = KeySet::parse(&file.to_string()).unwrap();
        assert_eq!(Ok(&keys), KeySet::from_jwks(&jwks).as_ref());
        for key in [ed25519(), rsa()] {
            let kid = key.kid();
            let named: Vec<_> = keys.named(Some(&kid)).collect();
            assert_eq!(named, [&key]);
        }
    }

    #[test]
    fn statement_keys_are_replaced_and_those_of_tokens_stay() {
        let document = |token: &VerifyingKey, seed| {
            let statements = StatementKey::from_seed(&[seed; 32]).verifying_key();
            let jwks = |key: &VerifyingKey| [key.to_jwk()];
            serde_json::json!({ "keys": jwks(token), "statementKeys": jwks(&statements) })
                .to_string()
        };
        let keys = KeySet::parse(&document(&rsa(), 8)).unwrap();
        let renewed = keys
            .with_statement_keys_of(&document(&ed25519(), 9))
            .unwrap();
        assert_eq!(renewed, keys);
        let expected = StatementKey::from_seed(&[9; 32]).verifying_key();
        assert_eq!(renewed.of_statements(), KeySet::from(expected));
        for document in ["{", "{}", r#"{"statementKeys": [{}]}"#] {
            assert!(keys.with_statement_keys_of(document).is_none());
        }
    }

    #[test]
    fn keys_of_another_kind_are_passed_over() {
        let good = serde_json::to_string(&rsa().to_jwk()).unwrap();
        let others = r#"{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}"#;
        let set = format!(r#"{{"keys": [{others}, {good}]}}"#);
        assert_eq!(KeySet::parse(&set), Ok(KeySet::from(rsa())));
        assert_eq!(
            KeySet::parse(&format!(r#"{{"keys": [{others}]}}"#)),
            Err(KeyFault::Unsupported)
        );
    }

    #[test]
    fn a_key_is_read_alike_from_a_set_and_as_its_shape() {
        let jwk = r#"{"kty": "OKP", "crv": "Ed25519", "x": "A", "kid": null, "alg": "EdDSA", "use": "sig", "e": "AQAB", "n": "B"}"#;
        let edits = [
            ("\"kty\"", "\"kind\""),
            ("\"OKP\"", "null"),
            ("\"A\"", "5"),
            ("null", "\"a\""),
            ("null", "false"),
            ("\"use\"", "\"alg\""),
            ("\"e\"", "\"kid\""),
            ("\"n\"", "\"m\""),
            ("}", ", \"more\": [{}]}"),
            ("{", ""),
        ];
        for (from, to) in edits {
            let text = jwk.replacen(from, to, 1);
            let shape = serde_json::from_str::<Jwk>(&text).ok();
            let object = Object::parse(&text, Jwk::MEMBERS);
            assert_eq!(object.and_then(|jwk| Jwk::read(&jwk).ok()), shape, "{text}");
        }
    }

    #[test]
    fn texts_that_hold_no_key_are_refused() {
        let texts = [
            "",
            "{",
            "[]",
            "null",
            "{}",
            r#"{"keys": []}"#,
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----",
        ];
        for text in texts {
            assert!(KeySet::parse(text).is_err(), "{text}");
        }
        let (head, rest) = RSA.split_at(100);
        assert!(KeySet::parse(&format!("{head}!{rest}")).is_err());
    }
}
