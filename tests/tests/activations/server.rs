//! A native host with a product, and how machines and management speak to it.

use licentia_tests::native::NativeHost;
use licentia_tests::run::{Answer, Call, Host};
use serde_json::{Value as Json, json};

/// A native host with a product.
pub struct Server {
    pub host: NativeHost,
    product: String,
}

impl Server {
    pub fn new() -> Self {
        let mut server = Self {
            host: NativeHost::default(),
            product: String::new(),
        };
        let product = json!({ "name": "Acme", "tokenAlgorithm": "EdDSA" });
        let product = body(&server.manage("POST", "/v3/products", &product));
        server.product = text(&product["id"]);
        server
    }

    pub fn send(
        &mut self,
        method: &str,
        target: &str,
        body: &Json,
        token: Option<String>,
    ) -> Answer {
        let headers = token.map(|token| ("Authorization".to_owned(), format!("Bearer {token}")));
        self.host.send(&Call {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.into_iter().collect(),
            body: if body.is_null() {
                String::new()
            } else {
                body.to_string()
            },
        })
    }

    pub fn manage(&mut self, method: &str, target: &str, body: &Json) -> Answer {
        let token = self.host.root_token();
        self.send(method, target, body, Some(token))
    }

    pub fn license(&mut self, terms: &Json) -> Json {
        let mut license = terms.clone();
        license["productId"] = json!(self.product);
        body(&self.manage("POST", "/v3/licenses", &license))
    }

    pub fn machine(&self, license: &Json, fingerprint: &str) -> Json {
        json!({
            "key": license["key"], "productId": self.product, "os": "linux", "fingerprint": fingerprint,
            "hostname": "host", "appVersion": "1.0", "userHash": "user",
        })
    }

    /// Activates, and returns the id of the activation.
    pub fn activate(&mut self, license: &Json, machine: &Json) -> Option<String> {
        let answer = self.send("POST", "/v3/activations", machine, None);
        if answer.status >= 400 {
            return None;
        }
        let list = format!(
            "/v3/activations?licenseId={}&sort=-createdAt",
            text(&license["id"])
        );
        let list = body(&self.manage("GET", &list, &Json::Null));
        Some(text(&list[0]["id"]))
    }

    pub fn read(&mut self, path: &str) -> Json {
        body(&self.manage("GET", path, &Json::Null))
    }
}

pub fn body(answer: &Answer) -> Json {
    assert!(answer.status < 300, "{} {}", answer.status, answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

pub fn text(value: &Json) -> String {
    value.as_str().unwrap().to_owned()
}
