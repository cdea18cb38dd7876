//! A request's body, read no further than its limit.

use js_sys::futures::JsFuture;
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Headers, ReadableStream, ReadableStreamDefaultReader, Request};

use crate::fault::Fault;

/// Returns the body, or nothing if it is over `limit`.
///
/// A length that the client declared is believed only to refuse by it.
pub(crate) async fn read(
    request: &Request,
    headers: &Headers,
    limit: usize,
) -> Result<Option<Vec<u8>>, Fault> {
    let Some(stream) = request.body() else {
        return Ok(Some(Vec::new()));
    };
    let declared = headers
        .get("Content-Length")?
        .and_then(|text| text.parse::<usize>().ok());
    match declared {
        Some(length) if length > limit => Ok(None),
        Some(_) => whole(request)
            .await
            .map(|bytes| (bytes.len() <= limit).then_some(bytes)),
        None => in_pieces(&stream, limit).await,
    }
}

async fn whole(request: &Request) -> Result<Vec<u8>, Fault> {
    let bytes: ArrayBuffer = JsFuture::from(request.array_buffer()?)
        .await?
        .unchecked_into();
    Ok(Uint8Array::new(&bytes).to_vec())
}

async fn in_pieces(stream: &ReadableStream, limit: usize) -> Result<Option<Vec<u8>>, Fault> {
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut bytes = Vec::new();
    loop {
        let piece = JsFuture::from(reader.read()).await?;
        if Reflect::get(&piece, &"done".into())?.is_truthy() {
            return Ok(Some(bytes));
        }
        let piece: Uint8Array = Reflect::get(&piece, &"value".into())?.unchecked_into();
        bytes.extend_from_slice(&piece.to_vec());
        if bytes.len() > limit {
            JsFuture::from(reader.cancel()).await?;
            return Ok(None);
        }
    }
}
