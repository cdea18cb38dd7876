//! A request's body, read no further than its limit.

use js_sys::futures::JsFuture;
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{ReadableStream, ReadableStreamDefaultReader, Request};

use crate::fault::Fault;
use crate::http::Incoming;

/// Returns the body, or nothing if it is over `limit`.
///
/// A length that the client declared is believed only to refuse by it.
pub(crate) async fn read(
    request: &Request,
    incoming: &Incoming,
    limit: usize,
) -> Result<Option<Vec<u8>>, Fault> {
    match incoming.length {
        _ if incoming.has_no_body() => Ok(Some(Vec::new())),
        Some(length) if length > limit => Ok(None),
        Some(_) => {
            let bytes = whole(request).await?;
            Ok((bytes.len() <= limit).then_some(bytes))
        }
        None => match request.body() {
            Some(stream) => in_pieces(&stream, limit).await,
            None => Ok(Some(Vec::new())),
        },
    }
}

async fn whole(request: &Request) -> Result<Vec<u8>, Fault> {
    let bytes = JsFuture::from(request.array_buffer()?).await?;
    Ok(Uint8Array::new(bytes.unchecked_ref::<ArrayBuffer>()).to_vec())
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
