//! Requests and answers as the runtime has them: one text brings the one, one call makes the other.
//!
//! Each header of its own would be a crossing. Every answer has `X-Request-Id` and CORS for every origin without credentials; `http.js` holds their text.

use std::net::IpAddr;

use js_sys::futures::JsFuture;
use js_sys::{Promise, Uint8Array};
use licentia_api::{Body, Publishes, Reply};
use licentia_core::RequestId;
use wasm_bindgen::prelude::*;
use web_sys::Response;

use crate::config::LedgerObject;
use crate::envelope::Published;
use crate::fault::Fault;

#[wasm_bindgen(module = "/src/http.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn respond(
        status: u16,
        request_id: &str,
        body: Option<&[u8]>,
        version: Option<f64>,
        published: Option<&str>,
        allow: Option<&str>,
    ) -> Result<Response, JsValue>;
    #[wasm_bindgen(catch, js_name = preflight)]
    fn respond_to_preflight(request_id: &str) -> Result<Response, JsValue>;
    #[wasm_bindgen(catch, js_name = send)]
    fn send_to(ledger: &LedgerObject, envelope: &[u8]) -> Result<Promise, JsValue>;
}

/// What the Worker looks at of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// As it was sent, percent-encoded.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    /// Without parameters, in lower case.
    pub(crate) media_type: String,
    /// The length that the client declared.
    pub(crate) length: Option<usize>,
    /// Where Cloudflare says that the request came from. A header that a client can set itself is not looked at.
    /// Nothing of it is read for a request that changes nothing.
    pub(crate) address: Option<IpAddr>,
    pub(crate) country: Option<String>,
}

/// An answer, ready for its headers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) version: Option<i64>,
    pub(crate) allow: Option<&'static str>,
    pub(crate) published: Option<Published>,
}

impl Incoming {
    /// Takes apart what `entry.mjs` read of a request: a line each.
    pub(crate) fn parse(lines: &str) -> Self {
        let mut lines = lines.split('\n');
        let mut next = || lines.next().unwrap_or_default();
        let method = next().to_owned();
        let (path, query) = split(next());
        Self {
            method,
            path,
            query,
            authorization: next().to_owned(),
            media_type: media_type(next()),
            length: next().parse().ok(),
            address: next().parse().ok(),
            country: Some(next())
                .filter(|code| is_country(code))
                .map(str::to_owned),
        }
    }

    pub(crate) fn is_of_the_api(&self) -> bool {
        self.path == "/v3" || self.path.starts_with("/v3/")
    }

    /// Whether there is nothing to read: most answers need no look at the stream.
    pub(crate) fn has_no_body(&self) -> bool {
        self.length == Some(0) || matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
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
    pub(crate) fn response(self, request_id: RequestId) -> Result<Response, Fault> {
        #[expect(clippy::cast_precision_loss, reason = "versions are far below 2^53")]
        let version = self.version.map(|version| version as f64);
        let published = self.published.map(|published| match published {
            Published::Version(version) => version.to_string(),
            Published::Pending => "pending".to_owned(),
        });
        let (id, body) = (request_id.to_string(), self.body.as_deref());
        Ok(respond(
            self.status,
            &id,
            body,
            version,
            published.as_deref(),
            self.allow,
        )?)
    }
}

/// Answers a browser's question whether a page may send a request.
pub(crate) fn preflight(request_id: RequestId) -> Result<Response, Fault> {
    Ok(respond_to_preflight(&request_id.to_string())?)
}

/// Sends an envelope to the ledger and waits for the one that comes back.
pub(crate) async fn send(envelope: &[u8], ledger: &LedgerObject) -> Result<Vec<u8>, Fault> {
    let promise = send_to(ledger, envelope).map_err(Fault::unreachable)?;
    let bytes = JsFuture::from(promise).await.map_err(Fault::unreachable)?;
    Ok(bytes.unchecked_into::<Uint8Array>().to_vec())
}

/// Returns path and query of an absolute address, as they were sent.
fn split(url: &str) -> (String, String) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    (format!("/{path}"), query.to_owned())
}

fn media_type(header: &str) -> String {
    let media_type = header.split(';').next().unwrap_or_default();
    media_type.trim().to_ascii_lowercase()
}

/// `XX` is an unknown country and `T1` the Tor network.
fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase()) && code != "XX"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, path: &str, query: &str) {
        assert_eq!(split(url), (path.to_owned(), query.to_owned()));
    }

    #[test]
    fn path_and_query_stay_as_they_were_sent() {
        check(
            "https://a.example/v3/licenses?key=a%2Fb?c",
            "/v3/licenses",
            "key=a%2Fb?c",
        );
        check("http://127.0.0.1:8787/v3/a%20b", "/v3/a%20b", "");
        check("http://127.0.0.1:8787/", "/", "");
        check("http://127.0.0.1:8787", "/", "");
    }

    #[test]
    fn what_a_request_lacks_is_absent() {
        let incoming = Incoming::parse("GET\nhttp://a.example/v3/status\n");
        assert!(incoming.is_of_the_api() && incoming.has_no_body());
        assert_eq!(incoming.authorization, "");
        assert_eq!(
            (incoming.length, incoming.address, incoming.country),
            (None, None, None)
        );
    }

    #[test]
    fn a_request_is_read_line_by_line() {
        let lines = "POST\nhttp://a.example/v3/x\nBearer t\nApplication/JSON; charset=utf-8\n12\n2001:db8::1\nDE";
        let incoming = Incoming::parse(lines);
        assert_eq!(incoming.authorization, "Bearer t");
        assert_eq!(incoming.media_type, "application/json");
        assert_eq!(incoming.length, Some(12));
        assert_eq!(incoming.address, "2001:db8::1".parse().ok());
        assert_eq!(incoming.country.as_deref(), Some("DE"));
    }

    #[test]
    fn only_real_countries_are_passed_on() {
        assert!(is_country("DE"));
        for code in ["XX", "T1", "de", "DEU", ""] {
            assert!(!is_country(code), "{code}");
        }
    }
}
