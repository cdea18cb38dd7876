//! Signatures and key pairs by WebCrypto: RS256 takes a tenth of the time that wasm would.
//!
//! Imported keys are kept in the isolate by `kid`, so that a product's key is unwrapped and parsed once, not per token.

use std::cell::RefCell;
use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use js_sys::futures::JsFuture;
use js_sys::{Array, ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use licentia_api::{KeyPair, Unsigned, Vault};
use licentia_core::Algorithm;
use wasm_bindgen::prelude::*;

use crate::fault::Fault;

/// Beyond so many products in one isolate the kept keys are dropped and imported anew.
const KEPT: usize = 256;

#[wasm_bindgen]
extern "C" {
    type Subtle;
    #[wasm_bindgen(thread_local_v2, js_namespace = crypto, js_name = subtle)]
    static SUBTLE: Subtle;

    #[wasm_bindgen(method, catch, js_name = generateKey)]
    fn generate(
        this: &Subtle,
        algorithm: &Object,
        extractable: bool,
        uses: &Array,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = exportKey)]
    fn export(this: &Subtle, format: &str, key: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = importKey)]
    fn import(
        this: &Subtle,
        format: &str,
        key: &Uint8Array,
        algorithm: &Object,
        extractable: bool,
        uses: &Array,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn sign(
        this: &Subtle,
        algorithm: &str,
        key: &JsValue,
        message: &Uint8Array,
    ) -> Result<Promise, JsValue>;
}

thread_local! {
    static KEYS: RefCell<BTreeMap<String, JsValue>> = const { RefCell::new(BTreeMap::new()) };
}

/// Signs a token and returns it whole: `<header>.<claims>.<signature>`.
pub(crate) async fn sign(unsigned: &Unsigned, vault: &Vault) -> Result<String, Fault> {
    let key = key_of(unsigned, vault).await?;
    let message = Uint8Array::from(unsigned.signing_input.as_bytes());
    let promise = SUBTLE.with(|subtle| subtle.sign(name_of(unsigned.algorithm), &key, &message))?;
    let signature: ArrayBuffer = JsFuture::from(promise).await?.unchecked_into();
    let signature = Uint8Array::new(&signature).to_vec();
    Ok(format!(
        "{}.{}",
        unsigned.signing_input,
        Base64UrlUnpadded::encode_string(&signature)
    ))
}

/// Generates a key pair.
pub(crate) async fn generate(algorithm: Algorithm) -> Result<KeyPair, Fault> {
    let uses = Array::of2(&"sign".into(), &"verify".into());
    let parameters = parameters_of(algorithm)?;
    let pair =
        JsFuture::from(SUBTLE.with(|subtle| subtle.generate(&parameters, true, &uses))?).await?;
    let private = export("pkcs8", &Reflect::get(&pair, &"privateKey".into())?).await?;
    let public = export("spki", &Reflect::get(&pair, &"publicKey".into())?).await?;
    Ok(KeyPair {
        algorithm,
        private,
        public,
    })
}

async fn export(format: &str, key: &JsValue) -> Result<Vec<u8>, Fault> {
    let promise = SUBTLE.with(|subtle| subtle.export(format, key))?;
    let buffer: ArrayBuffer = JsFuture::from(promise).await?.unchecked_into();
    Ok(Uint8Array::new(&buffer).to_vec())
}

async fn key_of(unsigned: &Unsigned, vault: &Vault) -> Result<JsValue, Fault> {
    if let Some(key) = KEYS.with_borrow(|keys| keys.get(&unsigned.kid).cloned()) {
        return Ok(key);
    }
    let private = vault.unwrap(&unsigned.bound_to(), &unsigned.wrapped)?;
    let private = Uint8Array::from(private.as_slice());
    let parameters = parameters_of(unsigned.algorithm)?;
    let uses = Array::of1(&"sign".into());
    let promise =
        SUBTLE.with(|subtle| subtle.import("pkcs8", &private, &parameters, false, &uses))?;
    let key = JsFuture::from(promise).await?;
    KEYS.with_borrow_mut(|keys| {
        if keys.len() >= KEPT {
            keys.clear();
        }
        keys.insert(unsigned.kid.clone(), key.clone());
    });
    Ok(key)
}

fn name_of(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::RS256 => "RSASSA-PKCS1-v1_5",
        Algorithm::EdDSA => "Ed25519",
    }
}

fn parameters_of(algorithm: Algorithm) -> Result<Object, JsValue> {
    let parameters = Object::new();
    let set =
        |name: &str, value: JsValue| Reflect::set(&parameters, &name.into(), &value).map(drop);
    set("name", name_of(algorithm).into())?;
    if algorithm == Algorithm::RS256 {
        set("hash", "SHA-256".into())?;
        set("modulusLength", 2048.into())?;
        set(
            "publicExponent",
            Uint8Array::from([1, 0, 1].as_slice()).into(),
        )?;
    }
    Ok(parameters)
}
