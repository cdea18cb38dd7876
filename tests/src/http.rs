//! A host over HTTP: a Worker in workerd, or any server of the API.

use licentia_core::Timestamp;

use crate::run::{Answer, Call, Host};

/// A server at an address.
#[derive(Debug)]
pub struct HttpHost {
    url: String,
    token: String,
    agent: ureq::Agent,
}

impl HttpHost {
    /// Talks to the server at `url` (no slash at its end), with its root token.
    #[must_use]
    pub fn new(url: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true);
        let config = config
            .timeout_global(Some(std::time::Duration::from_secs(60)))
            .build();
        Self {
            url: url.to_owned(),
            token: token.to_owned(),
            agent: config.into(),
        }
    }
}

impl Host for HttpHost {
    fn send(&mut self, call: &Call) -> Answer {
        let mut request = ureq::http::Request::builder()
            .method(call.method.as_str())
            .uri(format!("{}{}", self.url, call.target));
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(call.body.clone())
            .expect("the transcript names a request");
        let mut response = self.agent.run(request).expect("the server answers");
        let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (
                name.to_string(),
                value.to_str().unwrap_or_default().to_owned(),
            )
        };
        let headers = response.headers().iter().map(header).collect();
        let status = response.status().as_u16();
        let body = response
            .body_mut()
            .read_to_string()
            .expect("the answer is text");
        Answer {
            status,
            headers,
            body,
        }
    }

    fn root_token(&self) -> String {
        self.token.clone()
    }

    fn now(&self) -> Timestamp {
        now()
    }
}

/// Reads the clock: the one place of the tests that does.
#[expect(clippy::disallowed_methods, reason = "a host reads its clock")]
pub fn now() -> Timestamp {
    let elapsed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_unix_milliseconds(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}
