//! The license check for JavaScript: passes values to core and verdicts back. Nothing is decided here.
//!
//! Options and verdicts cross as objects. Bodies, stored texts and claims cross as the texts they are, so that every byte
//! and every large number arrives as it was signed. Only a public key that cannot be read throws.

mod keys;
mod shape;

use licentia_core::{Client, Decision, Release, Response, StatusCode, Stored};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

/// Judges a server's answer by itself: see `checkActivationResponse` of the npm package.
///
/// # Errors
/// Throws if the public key cannot be read.
#[wasm_bindgen]
pub fn check(client: JsValue, answer: JsValue, now: f64) -> Result<JsValue, JsError> {
    let client = client_of(client)?;
    let answer: shape::Answer = read(answer)?;
    let check = client.check(answer.response(), seconds(now));
    write(&shape::Check::from(&check))
}

/// Decides whether the license is genuine, from what is stored.
///
/// # Errors
/// Throws if the public key cannot be read.
#[wasm_bindgen]
pub fn genuine(client: JsValue, stored: Option<String>, now: f64) -> Result<JsValue, JsError> {
    let client = client_of(client)?;
    let stored = parse(&client, stored);
    let decision = client.genuine(&stored, seconds(now));
    write(&shape::Decision::new(&client, &stored, &decision, None))
}

/// Decides whether an activation may be asked for, and with which license key.
///
/// # Errors
/// Throws if the public key cannot be read.
#[wasm_bindgen(js_name = askActivation)]
pub fn ask_activation(client: JsValue, stored: Option<String>) -> Result<JsValue, JsError> {
    let client = client_of(client)?;
    let asked = client.ask_activation(&parse(&client, stored));
    write(&shape::Activating::from(asked))
}

/// Decides what the answer to an activation does.
///
/// # Errors
/// Throws if the public key cannot be read.
#[wasm_bindgen]
pub fn activated(
    client: JsValue,
    stored: Option<String>,
    key: &str,
    answer: JsValue,
    now: f64,
) -> Result<JsValue, JsError> {
    let answer: shape::Answer = read(answer)?;
    let client = client_of(client)?;
    let stored = parse(&client, stored);
    let decision = client.activated(&stored, key, answer.response(), seconds(now));
    write(&shape::Decision::new(&client, &stored, &decision, None))
}

/// Decides whether the activation may be synced, and which one it is.
///
/// # Errors
/// Throws if the public key cannot be read.
#[wasm_bindgen(js_name = askSync)]
pub fn ask_sync(client: JsValue, stored: Option<String>, now: f64) -> Result<JsValue, JsError> {
    let client = client_of(client)?;
    let stored = parse(&client, stored);
    let (decision, asked) = client.ask_sync(&stored, seconds(now));
    write(&shape::Decision::new(&client, &stored, &decision, asked))
}

/// Decides what the answer to a sync does.
///
/// # Errors
/// Throws if the public key cannot be read.
#[wasm_bindgen]
pub fn synced(
    client: JsValue,
    stored: Option<String>,
    asked: JsValue,
    answer: JsValue,
    now: f64,
) -> Result<JsValue, JsError> {
    answered(client, stored, asked, answer, now, Client::synced)
}

/// Decides whether the activation may be given up, and which one it is.
///
/// # Errors
/// Throws if the public key cannot be read.
#[wasm_bindgen(js_name = askDeactivation)]
pub fn ask_deactivation(
    client: JsValue,
    stored: Option<String>,
    now: f64,
) -> Result<JsValue, JsError> {
    let client = client_of(client)?;
    let stored = parse(&client, stored);
    let (decision, asked) = client.ask_deactivation(&stored, seconds(now));
    write(&shape::Decision::new(&client, &stored, &decision, asked))
}

/// Decides what the answer to a deactivation does.
///
/// # Errors
/// Throws if the public key cannot be read.
#[wasm_bindgen]
pub fn deactivated(
    client: JsValue,
    stored: Option<String>,
    asked: JsValue,
    answer: JsValue,
    now: f64,
) -> Result<JsValue, JsError> {
    answered(client, stored, asked, answer, now, Client::deactivated)
}

/// Reads a public key, so that what is wrong with it is said where it is given.
///
/// # Errors
/// Throws if it cannot be read.
#[wasm_bindgen(js_name = readKey)]
pub fn read_key(public_key: &str) -> Result<(), JsError> {
    keys::parsed(public_key)?;
    Ok(())
}

/// Returns why the stored activation was last erased.
///
/// # Errors
/// Throws if the public key cannot be read.
#[wasm_bindgen(js_name = lastError)]
pub fn last_error(client: JsValue, stored: Option<String>) -> Result<JsValue, JsError> {
    let stored = parse(&client_of(client)?, stored);
    write(&shape::Status::from(stored.last_error()))
}

/// Returns a status code with its name and meaning, or null if there is none with this number.
///
/// # Errors
/// None: the signature is that of all.
#[wasm_bindgen]
pub fn status(number: u8) -> Result<JsValue, JsError> {
    write(&StatusCode::from_number(number).map(shape::Status::from))
}

type Answered = fn(&Client, &Stored, &licentia_core::Asked, Response<'_>, i64) -> Decision;

fn answered(
    client: JsValue,
    stored: Option<String>,
    asked: JsValue,
    answer: JsValue,
    now: f64,
    decide: Answered,
) -> Result<JsValue, JsError> {
    let client = client_of(client)?;
    let asked: shape::Asked = read(asked)?;
    let answer: shape::Answer = read(answer)?;
    let stored = parse(&client, stored);
    let decision = decide(
        &client,
        &stored,
        &asked.into(),
        answer.response(),
        seconds(now),
    );
    write(&shape::Decision::new(&client, &stored, &decision, None))
}

fn client_of(client: JsValue) -> Result<Client, JsError> {
    let client: shape::Client = read(client)?;
    let keys = keys::parsed(&client.public_key)?;
    Ok(Client {
        product_id: client.product_id,
        license_key: client.license_key,
        fingerprint: client.fingerprint,
        user_hash: None,
        release: Release::default(),
        keys,
    })
}

fn parse(client: &Client, stored: Option<String>) -> Stored {
    stored.map_or_else(Stored::default, |text| client.read(&text))
}

/// Whole seconds, rounded down.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn seconds(now: f64) -> i64 {
    now.floor() as i64
}

fn read<T: DeserializeOwned>(value: JsValue) -> Result<T, JsError> {
    Ok(serde_wasm_bindgen::from_value(value)?)
}

fn write(value: &impl Serialize) -> Result<JsValue, JsError> {
    Ok(value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}
