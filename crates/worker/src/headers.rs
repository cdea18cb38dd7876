//! What stands on every answer: `X-Request-Id`, CORS for every origin without credentials, and the headers of the API.

use js_sys::Uint8Array;
use licentia_api::{Body, Publishes, Reply};
use licentia_core::RequestId;
use wasm_bindgen::prelude::*;
use web_sys::{Headers, ResponseInit};

use crate::envelope::Published;
use crate::fault::Fault;

/// The request headers that a page may send.
const REQUEST_HEADERS: &str =
    "Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, Licentia-Nonce";
/// Our headers that a page may read.
const EXPOSED: &str =
    "X-Request-Id, ETag, Licentia-Published, Licentia-Signature, Retry-After, Allow, Link";
const METHODS: &str = "GET, HEAD, POST, PATCH, DELETE, OPTIONS";
const A_DAY: &str = "86400";

/// An answer, ready for its headers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) version: Option<i64>,
    pub(crate) allow: Option<&'static str>,
    pub(crate) published: Option<Published>,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        let body = match reply.body {
            Body::Json(bytes) => Some(bytes),
            // INVARIANT: tokens come from the ledger alone, and are signed before they come here.
            Body::Empty | Body::Token(_) => None,
        };
        let published = match reply.publishes {
            Publishes::Already(version) => Some(Published::Version(version)),
            _ => None,
        };
        Self {
            status: reply.status,
            body,
            version: reply.version,
            allow: reply.allow,
            published,
        }
    }
}

impl Answer {
    /// Returns the answer without its body, as HEAD wants it.
    pub(crate) fn headless(self) -> Self {
        Self { body: None, ..self }
    }

    /// Makes the runtime's response.
    pub(crate) fn response(self, request_id: RequestId) -> Result<web_sys::Response, Fault> {
        let headers = common(request_id)?;
        if self.body.is_some() {
            headers.set("Content-Type", "application/json")?;
        }
        if let Some(version) = self.version {
            headers.set("ETag", &format!("\"{version}\""))?;
        }
        if let Some(allow) = self.allow {
            headers.set("Allow", allow)?;
        }
        match self.published {
            Some(Published::Version(version)) => {
                headers.set("Licentia-Published", &version.to_string())?
            }
            Some(Published::Pending) => headers.set("Licentia-Published", "pending")?,
            None => {}
        }
        if self.status == 503 {
            headers.set("Retry-After", "1")?;
        }
        respond(self.status, &headers, self.body.as_deref())
    }
}

/// Answers a browser's question whether a page may send a request.
pub(crate) fn preflight(request_id: RequestId) -> Result<web_sys::Response, Fault> {
    let headers = common(request_id)?;
    headers.set("Access-Control-Allow-Methods", METHODS)?;
    headers.set("Access-Control-Allow-Headers", REQUEST_HEADERS)?;
    headers.set("Access-Control-Max-Age", A_DAY)?;
    respond(204, &headers, None)
}

thread_local! {
    /// The headers of every answer, of which each gets a copy: one crossing in place of one a header.
    static BASE: Option<Headers> = base().ok();
}

fn base() -> Result<Headers, JsValue> {
    let headers = Headers::new()?;
    headers.set("Access-Control-Allow-Origin", "*")?;
    headers.set("Access-Control-Expose-Headers", EXPOSED)?;
    headers.set("Cache-Control", "no-store")?;
    Ok(headers)
}

fn common(request_id: RequestId) -> Result<Headers, JsValue> {
    let headers = BASE.with(|base| match base {
        Some(base) => Headers::new_with_headers(base),
        None => self::base(),
    })?;
    headers.set("X-Request-Id", &request_id.to_string())?;
    Ok(headers)
}

fn respond(
    status: u16,
    headers: &Headers,
    body: Option<&[u8]>,
) -> Result<web_sys::Response, Fault> {
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(headers);
    let body = body.map(Uint8Array::from);
    let body = body
        .as_ref()
        .map(Uint8Array::unchecked_ref::<js_sys::Object>);
    Ok(web_sys::Response::new_with_opt_buffer_source_and_init(
        body, &init,
    )?)
}
