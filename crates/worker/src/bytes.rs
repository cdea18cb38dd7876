//! Long texts as bytes: wasm-bindgen reads a text letter by letter, the runtime writes its bytes at once.

use js_sys::{JsString, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::fault::Fault;

#[wasm_bindgen]
extern "C" {
    type TextEncoder;
    #[wasm_bindgen(constructor)]
    fn new() -> TextEncoder;
    #[wasm_bindgen(method)]
    fn encode(this: &TextEncoder, text: &JsString) -> Uint8Array;
}

thread_local! {
    static ENCODER: TextEncoder = TextEncoder::new();
}

/// Below this, reading letter by letter is faster.
const SHORT: u32 = 48;

/// Returns a text of the runtime.
pub(crate) fn text(text: &JsString) -> Result<String, Fault> {
    if text.length() < SHORT {
        return Ok(text.into());
    }
    let bytes = ENCODER.with(|encoder| encoder.encode(text)).to_vec();
    Ok(String::from_utf8(bytes)?)
}
