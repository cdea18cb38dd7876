//! The HTTP client: sends calls, repeats those that were put off, and turns refusals into faults.

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;
use std::time::Duration;

use ureq::http::{HeaderMap, Request, Response};
use ureq::tls::{RootCerts, TlsConfig};

use crate::api::{Call, PAGE};
use crate::clock;
use crate::document::Document;
use crate::fault::{Fault, Refusal};
use crate::output::Notes;
use crate::secret::Secret;

/// How often a call is sent before its refusal stands.
const TRIES: u32 = 5;
/// The longest that a server's `Retry-After` is waited for.
const PATIENCE: u64 = 60;
/// More than the API answers in one document; an export is a stream and has no limit.
const LONGEST_DOCUMENT: u64 = 64 * 1_048_576;

/// A connection to a server.
#[derive(Debug)]
pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
    token: Option<Secret>,
    /// Names this run of the command, so that a repeated creation creates nothing twice.
    key: String,
    posts: Cell<u32>,
    notes: Rc<Notes>,
}

/// An answer that is a success.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: String,
    headers: HeaderMap,
}

/// The lines of a list, as far as they were asked for.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<Document>,
    /// How many there are in all, as the server words it.
    pub(crate) total: Option<String>,
    /// Whether there are more than were asked for.
    pub(crate) more: bool,
}

impl Client {
    pub(crate) fn new(url: String, token: Option<Secret>, key: String, notes: Rc<Notes>) -> Self {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("licentia/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(15)))
            .timeout_recv_response(Some(Duration::from_secs(120)))
            .build();
        Self {
            agent: config.into(),
            url,
            token,
            key,
            posts: Cell::new(0),
            notes,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Sends a call and reads the whole answer.
    pub(crate) fn send(&self, call: &Call) -> Result<Answer, Fault> {
        let response = self.respond(call)?;
        let headers = response.headers().clone();
        let body = response
            .into_body()
            .into_with_config()
            .limit(LONGEST_DOCUMENT);
        let body = body.read_to_string();
        let body = body.map_err(|source| self.unreachable(source))?;
        Ok(Answer { body, headers })
    }

    /// Sends a call and reads the document that it is answered with.
    pub(crate) fn document(&self, call: &Call) -> Result<Document, Fault> {
        Document::read(&self.send(call)?.body)
    }

    /// Sends a call and returns what reads its answer as it comes.
    pub(crate) fn stream(&self, call: &Call) -> Result<impl Read + use<>, Fault> {
        Ok(self.respond(call)?.into_body().into_reader())
    }

    /// Reads a list, page by page, until there are as many lines as are wanted.
    pub(crate) fn list(&self, call: &Call, wanted: usize) -> Result<List, Fault> {
        let mut list = List::default();
        let mut next = Some(
            call.clone()
                .with("limit", wanted.clamp(1, PAGE).to_string()),
        );
        while let Some(call) = next.take_if(|_| list.items.len() < wanted) {
            let answer = self.send(&call)?;
            list.items.extend(Document::read_list(&answer.body)?);
            list.total = answer.header("Pagination-Count").map(str::to_owned);
            next = answer.next_page();
        }
        list.more = next.is_some() || list.items.len() > wanted;
        list.items.truncate(wanted);
        Ok(list)
    }

    fn respond(&self, call: &Call) -> Result<Response<ureq::Body>, Fault> {
        let key = (call.method == "POST").then(|| self.next_key());
        let mut tries = 1;
        loop {
            let fault = match self.attempt(call, key.as_deref()) {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) => self.refusal(response),
                Err(source) => self.unreachable(source),
            };
            let wait = wait_before_repeating(call, &fault, tries);
            let Some(wait) = wait.filter(|_| tries < TRIES) else {
                return Err(fault);
            };
            self.notes
                .say(&format!("{fault}: trying again in {wait} s"));
            clock::pause(wait);
            tries = tries.saturating_add(1);
        }
    }

    fn attempt(&self, call: &Call, key: Option<&str>) -> Result<Response<ureq::Body>, ureq::Error> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(format!("{}{}", self.url, call.target));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {}", token.reveal()));
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        match &call.body {
            Some(body) => self.agent.run(request.body(body.as_slice())?),
            None => self.agent.run(request.body(())?),
        }
    }

    /// Each creation of a command has its own key, and keeps it when it is repeated.
    fn next_key(&self) -> String {
        let number = self.posts.get().saturating_add(1);
        self.posts.set(number);
        format!("{}-{number}", self.key)
    }

    fn refusal(&self, response: Response<ureq::Body>) -> Fault {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.into_body().into_with_config().limit(1_048_576);
        let body = body.lossy_utf8(true).read_to_string().unwrap_or_default();
        let Ok(document) = Document::read(&body) else {
            return self.foreign(status, &headers);
        };
        let fields = document.fields();
        let Some(message) = fields.text("message") else {
            return self.foreign(status, &headers);
        };
        Fault::Refused(Box::new(Refusal {
            status,
            message: message.to_owned(),
            code: fields.text("code").map(str::to_owned),
            request_id: text(&headers, "X-Request-Id").map(str::to_owned),
            retry_after: text(&headers, "Retry-After").and_then(|text| text.trim().parse().ok()),
        }))
    }

    fn foreign(&self, status: u16, headers: &HeaderMap) -> Fault {
        let remedy = match text(headers, "Location") {
            Some(place) => format!("it points to `{place}`: set `--url` to where the server is"),
            None => "check that `--url` names a Licentia server".to_owned(),
        };
        Fault::Foreign(format!(
            "`{}` answers with HTTP {status}, and not as the API does; {remedy}",
            self.url
        ))
    }

    fn unreachable(&self, source: ureq::Error) -> Fault {
        Fault::Unreachable {
            url: self.url.clone(),
            source: Box::new(source),
        }
    }
}

/// Returns the seconds to wait before a call is sent once more, if that may help and does no harm.
fn wait_before_repeating(call: &Call, fault: &Fault, tries: u32) -> Option<u64> {
    let backoff = 1_u64.checked_shl(tries.saturating_sub(1)).unwrap_or(1);
    match fault {
        Fault::Refused(refusal) if put_off(refusal) => {
            let wait = refusal.retry_after.unwrap_or(backoff);
            (wait <= PATIENCE).then_some(wait)
        }
        // Nobody knows whether it was done: a deletion would then be told that there is nothing to delete.
        Fault::Unreachable { source, .. } if call.method != "DELETE" && passes(source) => {
            Some(backoff)
        }
        _ => None,
    }
}

fn put_off(refusal: &Refusal) -> bool {
    let not_configured = refusal.code.as_deref() == Some("NOT_CONFIGURED");
    matches!(refusal.status, 429 | 503) && !not_configured
}

/// Tells a connection that broke from an address that is wrong or a certificate that is refused.
fn passes(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => {
            use std::io::ErrorKind::{
                BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof,
            };
            matches!(
                error.kind(),
                BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof
            )
        }
        _ => false,
    }
}

impl List {
    /// Makes the list of one document.
    pub(crate) fn of(document: Document) -> Self {
        Self {
            items: vec![document],
            ..Self::default()
        }
    }

    /// Says that there are more than are shown, if there are.
    pub(crate) fn say_what_is_left(&self, notes: &Notes) {
        if !self.more {
            return;
        }
        let shown = self.items.len();
        notes.say(&match &self.total {
            Some(total) => format!("These are {shown} of {total}: a higher `--limit` shows more."),
            None => format!("These are the first {shown}: a higher `--limit` shows more."),
        });
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        text(&self.headers, name)
    }

    /// Finds the `rel="next"` of the `Link` header (RFC 8288).
    fn next_page(&self) -> Option<Call> {
        let links = self.header("Link")?.split(',');
        let (target, _) = links
            .filter_map(|link| link.split_once('>'))
            .find(|(_, parameters)| parameters.contains("rel=\"next\""))?;
        Call::next_page(target.trim().strip_prefix('<')?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str, retry_after: Option<u64>) -> Fault {
        Fault::Refused(Box::new(Refusal {
            status,
            message: String::new(),
            code: Some(code.into()),
            request_id: None,
            retry_after,
        }))
    }

    #[track_caller]
    fn check(fault: &Fault, tries: u32, wait: Option<u64>) {
        let call = crate::api::status();
        assert_eq!(wait_before_repeating(&call, fault, tries), wait);
    }

    #[test]
    fn a_server_that_says_when_is_obeyed() {
        check(&refused(429, "X", Some(7)), 1, Some(7));
        check(&refused(503, "REQUEST_TIMEOUT", None), 3, Some(4));
    }

    #[test]
    fn what_no_waiting_mends_is_not_repeated() {
        check(&refused(429, "X", Some(86_400)), 1, None);
        check(&refused(503, "NOT_CONFIGURED", None), 1, None);
        check(&refused(400, "X", Some(1)), 1, None);
        check(&refused(500, "INTERNAL_ERROR", None), 1, None);
    }

    #[test]
    fn the_next_page_is_read_among_other_links() {
        let mut headers = HeaderMap::new();
        let links = r#"<https://h/v3/a?page=1>; rel="first", <https://h/v3/a?page=3>; rel="next""#;
        headers.insert("Link", links.parse().unwrap());
        let answer = Answer {
            body: String::new(),
            headers,
        };
        assert_eq!(answer.next_page().unwrap().target, "/v3/a?page=3");
    }
}
