//! Requests and answers as the runtime has them: one text brings the one, one call makes the other.
//!
//! Each header of its own would be a crossing. Every answer has `X-Request-Id` and CORS for every origin without credentials; `http.js` holds their text.

use std::fmt::{Display, Write};
use std::net::IpAddr;

use js_sys::futures::JsFuture;
use js_sys::{Promise, Uint8Array};
use licentia_api::{Actor, Body, Publishes, REPLAYED, Reply, tells_wrong_credential};
use licentia_core::{Area, RequestId, digest, nonce};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::Response;

use crate::config::Stub;
use crate::envelope::{self, Published};
use crate::fault::Fault;

#[wasm_bindgen(module = "/src/http.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn respond(status: u16, headers: &str, body: Option<&[u8]>) -> Result<Response, JsValue>;
    #[wasm_bindgen(catch, js_name = respondInSlices)]
    fn respond_in_slices(
        status: u16,
        headers: &str,
        first: &[u8],
        next: &JsValue,
    ) -> Result<Response, JsValue>;
    #[wasm_bindgen(catch, js_name = preflight)]
    fn respond_to_preflight(request_id: &str) -> Result<Response, JsValue>;
    #[wasm_bindgen(catch, js_name = connect)]
    fn connect_to(gate: &Stub, envelope: &[u8]) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_name = send)]
    fn send_to(ledger: &Stub, envelope: &[u8]) -> Result<Promise, JsValue>;
}

/// Where people read what the API does.
const REFERENCE: &str = "/v3/docs";

/// What the Worker looks at of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// The address of the server that it was sent to, such as `https://licenses.example.com`.
    pub(crate) host: String,
    /// As it was sent, percent-encoded.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    /// Without parameters, in lower case.
    pub(crate) media_type: String,
    /// The length that the client declared.
    pub(crate) length: Option<usize>,
    /// Where Cloudflare says that the request came from. A header that a client can set itself is not looked at.
    pub(crate) address: Option<IpAddr>,
    pub(crate) country: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) if_match: Option<String>,
    /// Where in the country the request came from, if an activation keeps that.
    pub(crate) area: Area,
    pub(crate) passphrase: Option<String>,
    /// What the answer's signature repeats.
    pub(crate) nonce: Option<String>,
    /// Whether it asks for a socket.
    pub(crate) wants_socket: bool,
    /// The digest that the body must fit.
    pub(crate) digest: Option<String>,
}

/// An answer, ready for its headers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) version: Option<i64>,
    pub(crate) published: Option<Published>,
    /// Headers of this answer alone: names and values in turn, a line each.
    pub(crate) headers: String,
    /// What gives the slices that follow `body`: a function whose promises resolve to bytes, and to nothing at the end.
    pub(crate) slices: Option<JsValue>,
    /// Whether it tells that a credential was wrong.
    pub(crate) wrong_credential: bool,
    /// The answer as it is, if it holds a socket.
    pub(crate) socket: Option<Response>,
}

impl Incoming {
    /// Takes apart what `entry.mjs` read of a request: a line each.
    pub(crate) fn parse(lines: &str) -> Self {
        let mut lines = lines.split('\n');
        let mut next = || lines.next().unwrap_or_default();
        let method = next().to_owned();
        let (host, path, query) = split(next());
        Self {
            method,
            host,
            path,
            query,
            authorization: next().to_owned(),
            address: next().parse().ok(),
            media_type: media_type(next()),
            length: next().parse().ok(),
            country: Some(next())
                .filter(|code| is_country(code))
                .map(str::to_owned),
            idempotency_key: sent(next()),
            if_match: sent(next()),
            area: Area {
                region_code: present(next()),
                region_name: present(next()),
                city: present(next()),
                zip_code: present(next()),
                time_zone: present(next()),
                latitude: present(next()),
                longitude: present(next()),
            },
            passphrase: present(next()),
            nonce: nonce(next()).map(str::to_owned),
            wants_socket: next().eq_ignore_ascii_case("websocket"),
            digest: digest(next()).map(str::to_owned),
        }
    }

    /// The API's own reference is a page, though it lies among the calls.
    pub(crate) fn is_of_the_api(&self) -> bool {
        let path = self.path.trim_end_matches('/');
        path != REFERENCE && (path == "/v3" || path.starts_with("/v3/"))
    }

    /// Whether there is nothing to read: most answers need no look at the stream.
    pub(crate) fn has_no_body(&self) -> bool {
        self.length == Some(0) || matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}

impl Answer {
    /// Whether it was given before, to the same request.
    pub(crate) fn is_replayed(&self) -> bool {
        self.headers.lines().step_by(2).any(|name| name == REPLAYED)
    }

    /// Makes an answer of a reply that is made at the edge; `actor` asked for it.
    pub(crate) fn of(reply: Reply, actor: Actor) -> Self {
        let body = match reply.body {
            Body::Bytes(bytes) => Some(bytes),
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
            published,
            headers: envelope::lines(&reply.headers),
            slices: None,
            wrong_credential: tells_wrong_credential(reply.code, actor),
            socket: None,
        }
    }

    /// Takes an answer that came in an envelope. Its token is signed, and where it goes on is told, by who opened that.
    pub(crate) fn from_envelope(head: envelope::Answer, body: &[u8]) -> Self {
        Self {
            status: head.status,
            body: (!body.is_empty()).then(|| body.to_vec()),
            version: head.version,
            published: head.published,
            headers: head.headers,
            slices: None,
            wrong_credential: head.wrong_credential,
            socket: None,
        }
    }

    /// Returns the answer without its body, as HEAD wants it.
    pub(crate) fn headless(self) -> Self {
        Self {
            body: None,
            slices: None,
            ..self
        }
    }

    /// Says whether it says already how its address stands, as the answer to one request too many does.
    pub(crate) fn tells_standing(&self) -> bool {
        self.headers.contains("X-Rate-Limit-Reset\n")
    }

    /// Adds a header.
    pub(crate) fn header(&mut self, name: &str, value: impl Display) {
        // INVARIANT: a `String` takes whatever is written.
        let _written = writeln!(self.headers, "{name}\n{value}");
    }

    /// Makes the runtime's response.
    pub(crate) fn response(mut self, request_id: RequestId) -> Result<Response, Fault> {
        if let Some(socket) = self.socket {
            return Ok(socket);
        }
        self.header("X-Request-Id", request_id);
        if let Some(version) = self.version {
            self.header("ETag", format_args!("\"{version}\""));
        }
        match self.published {
            Some(Published::Version(version)) => self.header("Licentia-Published", version),
            Some(Published::Pending) => self.header("Licentia-Published", "pending"),
            None => {}
        }
        if self.status == 503 && !self.headers.contains("Retry-After\n") {
            self.header("Retry-After", 1);
        }
        let (headers, body) = (self.headers.as_str(), self.body.as_deref());
        Ok(match &self.slices {
            Some(next) => respond_in_slices(self.status, headers, body.unwrap_or_default(), next)?,
            None => respond(self.status, headers, body)?,
        })
    }
}

/// Answers a browser's question whether a page may send a request.
pub(crate) fn preflight(request_id: RequestId) -> Result<Response, Fault> {
    Ok(respond_to_preflight(&request_id.to_string())?)
}

/// Sends an envelope to an object and waits for the one that comes back.
pub(crate) async fn send(head: &impl Serialize, body: &[u8], to: &Stub) -> Result<Vec<u8>, Fault> {
    let envelope = envelope::seal(head, body)?;
    let promise = send_to(to, &envelope).map_err(Fault::unreachable)?;
    let bytes = JsFuture::from(promise).await.map_err(Fault::unreachable)?;
    Ok(bytes.unchecked_into::<Uint8Array>().to_vec())
}

/// Asks a gate for a socket.
pub(crate) async fn connect(head: &impl Serialize, gate: &Stub) -> Result<Connected, Fault> {
    let promise = connect_to(gate, &envelope::seal(head, &[])?).map_err(Fault::unreachable)?;
    let answer = JsFuture::from(promise).await.map_err(Fault::unreachable)?;
    Ok(match answer.dyn_into::<Response>() {
        Ok(response) => Connected::Socket(response),
        Err(envelope) => Connected::Refused(envelope.unchecked_into::<Uint8Array>().to_vec()),
    })
}

/// What a gate answers to who wants a socket.
pub(crate) enum Connected {
    /// The answer that holds it.
    Socket(Response),
    /// An envelope that says why not.
    Refused(Vec<u8>),
}

/// Returns server, path and query of an absolute address, as they were sent.
fn split(url: &str) -> (String, String, String) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    (
        format!("{scheme}://{host}"),
        format!("/{path}"),
        query.to_owned(),
    )
}

fn present(line: &str) -> Option<String> {
    Some(line)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
}

/// A header that was sent stands after a sign, so that an empty one is told from none.
fn sent(line: &str) -> Option<String> {
    line.strip_prefix('=').map(str::to_owned)
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
    fn check(host: &str, rest: &str, path: &str, query: &str) {
        let parts = [host, path, query].map(str::to_owned);
        assert_eq!(<[String; 3]>::from(split(&format!("{host}{rest}"))), parts);
    }

    #[test]
    fn path_and_query_stay_as_they_were_sent() {
        let (public, local) = ("https://a.example", "http://127.0.0.1:8787");
        check(
            public,
            "/v3/licenses?key=a%2Fb?c",
            "/v3/licenses",
            "key=a%2Fb?c",
        );
        check(local, "/v3/a%20b", "/v3/a%20b", "");
        check(local, "/", "/", "");
        check(local, "", "/", "");
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
        let lines = "POST\nhttp://a.example/v3/x\nBearer t\n2001:db8::1\nApplication/JSON; charset=utf-8\n12\nDE\n=key 1\n=";
        let incoming = Incoming::parse(lines);
        assert_eq!(incoming.authorization, "Bearer t");
        assert_eq!(incoming.media_type, "application/json");
        assert_eq!(incoming.length, Some(12));
        assert_eq!(incoming.address, "2001:db8::1".parse().ok());
        assert_eq!(incoming.country.as_deref(), Some("DE"));
        assert_eq!(incoming.idempotency_key.as_deref(), Some("key 1"));
        assert_eq!(incoming.if_match.as_deref(), Some(""));
        assert_eq!(incoming.area, Area::default());
    }

    #[test]
    fn a_place_follows_the_headers() {
        let lines = "POST\nhttp://a.example/v3/activations\n\n\n\n\nUS\n\n\nTX\nTexas\nAustin\n\nAmerica/Chicago\n30.27\n-97.74";
        let area = Incoming::parse(lines).area;
        assert_eq!(area.region_code.as_deref(), Some("TX"));
        assert_eq!(area.city.as_deref(), Some("Austin"));
        assert_eq!(area.zip_code, None);
        assert_eq!(area.longitude.as_deref(), Some("-97.74"));
    }

    #[test]
    fn the_reference_is_a_page_among_the_calls() {
        let is_of_the_api =
            |path| Incoming::parse(&format!("GET\nhttp://a.example{path}")).is_of_the_api();
        for path in ["/v3", "/v3/", "/v3/licenses", "/v3/docs/x", "/v3/docsx"] {
            assert!(is_of_the_api(path), "{path}");
        }
        for path in [
            "/",
            "/v3/docs",
            "/v3/docs/",
            "/v3x",
            "/api-docs/v3/swagger.json",
        ] {
            assert!(!is_of_the_api(path), "{path}");
        }
    }

    #[test]
    fn only_real_countries_are_passed_on() {
        assert!(is_country("DE"));
        for code in ["XX", "T1", "de", "DEU", ""] {
            assert!(!is_country(code), "{code}");
        }
    }
}
