//! The calls of the public API that the commands make: every path, parameter and header stands here.

use crate::document::Draft;

pub(crate) const JSON: &str = "application/json";
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// The most lines of a list that one call answers.
pub(crate) const PAGE: usize = 100;
/// The most bytes of lines that one import request or one part of a job takes.
pub(crate) const PART: usize = 4 * 1_048_576;

/// A request, ready to be sent as often as it takes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

impl Call {
    fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self {
            method,
            target: target.into(),
            ..Self::default()
        }
    }

    fn json(self, draft: Draft) -> Self {
        let body = draft.into_body();
        self.header("Content-Type", JSON).body(body)
    }

    fn lines(self, lines: Vec<u8>) -> Self {
        self.header("Content-Type", NDJSON).body(lines)
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn passphrase(self, passphrase: Option<&str>) -> Self {
        match passphrase {
            Some(passphrase) => self.header("Licentia-Passphrase", passphrase),
            None => self,
        }
    }

    fn body(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }

    /// Adds a parameter to the query, encoded.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.target
            .push(if self.target.contains('?') { '&' } else { '?' });
        for part in form_urlencoded::byte_serialize(name.as_bytes()) {
            self.target.push_str(part);
        }
        self.target.push('=');
        for part in form_urlencoded::byte_serialize(value.as_ref().as_bytes()) {
            self.target.push_str(part);
        }
        self
    }

    /// Adds a parameter if there is a value for it.
    pub(crate) fn with_any(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Returns the call of a list's next page, which a header of this one named: the path and query of a URL.
    pub(crate) fn next_page(url: &str) -> Option<Self> {
        let (_host, rest) = url.split_once("/v3/")?;
        Some(Self::new("GET", format!("/v3/{rest}")))
    }
}

pub(crate) fn status() -> Call {
    Call::new("GET", "/v3/status")
}

pub(crate) fn licenses() -> Call {
    Call::new("GET", "/v3/licenses")
}

pub(crate) fn license(id: &str) -> Call {
    Call::new("GET", path(["licenses", id]))
}

pub(crate) fn create_license(draft: Draft) -> Call {
    Call::new("POST", "/v3/licenses").json(draft)
}

pub(crate) fn update_license(id: &str, draft: Draft) -> Call {
    Call::new("PATCH", path(["licenses", id])).json(draft)
}

pub(crate) fn delete_license(id: &str) -> Call {
    Call::new("DELETE", path(["licenses", id]))
}

pub(crate) fn renew_license(id: &str) -> Call {
    Call::new("POST", path(["licenses", id, "renew"])).json(Draft::default())
}

pub(crate) fn extend_license(id: &str, seconds: i64) -> Call {
    let mut draft = Draft::default();
    draft.set("extensionLength", Some(seconds));
    Call::new("POST", path(["licenses", id, "extend"])).json(draft)
}

pub(crate) fn set_expiry(id: &str, date: &str) -> Call {
    let mut draft = Draft::default();
    draft.set("expiresAt", Some(date));
    Call::new("PATCH", path(["licenses", id, "expires-at"])).json(draft)
}

pub(crate) fn products() -> Call {
    Call::new("GET", "/v3/products")
}

pub(crate) fn product(id: &str) -> Call {
    Call::new("GET", path(["products", id]))
}

pub(crate) fn create_product(draft: Draft) -> Call {
    Call::new("POST", "/v3/products").json(draft)
}

pub(crate) fn activations() -> Call {
    Call::new("GET", "/v3/activations")
}

pub(crate) fn activations_of(license: &str) -> Call {
    activations().with("licenseId", license)
}

pub(crate) fn activation(id: &str) -> Call {
    Call::new("GET", path(["activations", id]))
}

pub(crate) fn delete_activation(id: &str) -> Call {
    Call::new("DELETE", path(["activations", id]))
}

pub(crate) fn activate_offline(draft: Draft) -> Call {
    Call::new("POST", "/v3/activations/offline-activate").json(draft)
}

pub(crate) fn deactivate_offline(draft: Draft) -> Call {
    Call::new("POST", "/v3/activations/offline-deactivate").json(draft)
}

/// The newest first: what a person asks a history for.
pub(crate) fn activation_logs_of(license: &str) -> Call {
    Call::new("GET", "/v3/activation-logs")
        .with("licenseId", license)
        .with("sort", "-createdAt")
}

/// The newest first.
pub(crate) fn event_logs_of(resource: &str) -> Call {
    Call::new("GET", "/v3/event-logs")
        .with("resourceId", resource)
        .with("sort", "-createdAt")
}

pub(crate) fn users_by_email(email: &str) -> Call {
    Call::new("GET", "/v3/users").with("email", email)
}

pub(crate) fn tokens() -> Call {
    Call::new("GET", "/v3/personal-access-tokens")
}

pub(crate) fn create_token(draft: Draft) -> Call {
    Call::new("POST", "/v3/personal-access-tokens").json(draft)
}

pub(crate) fn revoke_token(id: &str) -> Call {
    let mut draft = Draft::default();
    draft.set("revoked", Some(true));
    Call::new("PATCH", path(["personal-access-tokens", id])).json(draft)
}

/// Imports lines in one request: all of them or none. The passphrase opens signing keys that are among them.
pub(crate) fn import(lines: Vec<u8>, passphrase: Option<&str>) -> Call {
    Call::new("POST", "/v3/import")
        .lines(lines)
        .passphrase(passphrase)
}

/// Opens an import job, which takes lines in parts.
pub(crate) fn create_import() -> Call {
    Call::new("POST", "/v3/imports").json(Draft::default())
}

/// Sends a part of a job; parts are numbered from one.
pub(crate) fn put_part(job: &str, number: u32, lines: Vec<u8>, passphrase: Option<&str>) -> Call {
    let number = number.to_string();
    Call::new("PUT", path(["imports", job, "parts", &number]))
        .lines(lines)
        .passphrase(passphrase)
}

pub(crate) fn start_import(job: &str) -> Call {
    Call::new("POST", path(["imports", job, "start"])).json(Draft::default())
}

pub(crate) fn read_import(job: &str) -> Call {
    Call::new("GET", path(["imports", job]))
}

pub(crate) fn delete_import(job: &str) -> Call {
    Call::new("DELETE", path(["imports", job]))
}

/// Exports every resource, one a line.
pub(crate) fn export() -> Call {
    Call::new("GET", "/v3/export").header("Accept", NDJSON)
}

/// Exports with the signing keys, which the server encrypts to the passphrase.
pub(crate) fn export_with_keys(passphrase: &str) -> Call {
    export().with("keys", "true").passphrase(Some(passphrase))
}

/// Joins the segments of a path; what is no letter, digit, `-`, `_` or `.` is percent-encoded.
fn path<const N: usize>(segments: [&str; N]) -> String {
    let mut path = String::from("/v3");
    for segment in segments {
        path.push('/');
        for byte in segment.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                    path.push(char::from(byte));
                }
                _ => path.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_types_stays_inside_its_segment() {
        assert_eq!(license("../é").target, "/v3/licenses/..%2F%C3%A9");
    }

    #[test]
    fn parameters_are_encoded() {
        let call = licenses()
            .with("key", "a&b c")
            .with_any("tag", None::<&str>);
        assert_eq!(call.target, "/v3/licenses?key=a%26b+c");
    }

    #[test]
    fn a_next_page_is_asked_of_the_same_server() {
        let call = Call::next_page("https://elsewhere.example/v3/licenses?page=2").unwrap();
        assert_eq!(call.target, "/v3/licenses?page=2");
        assert!(Call::next_page("https://elsewhere.example/other").is_none());
    }
}
