//! Which answers are signed: those to applications and to servers that check licenses, whatever they say.

/// Says whether answers under this path are signed, those to addresses that no call has among them.
#[must_use]
pub fn is_signed(path: &str) -> bool {
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').skip(1).collect();
    matches!(
        segments.as_slice(),
        ["v3", "activations", ..] | ["v3", "licenses", "check"] | ["v3", "products", _, "keys"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_applications_ask_is_signed() {
        for path in [
            "/v3/activations",
            "/v3/activations/",
            "/v3/activations/a/b/c",
            "/v3/licenses/check",
            "/v3/products/a/keys",
        ] {
            assert!(is_signed(path), "{path}");
        }
        for path in [
            "/v3/activation-logs",
            "/v3/licenses",
            "/v3/licenses/a/check",
            "/v3/products/a/keys/b",
            "/v3/status",
            "/activations",
        ] {
            assert!(!is_signed(path), "{path}");
        }
    }
}
