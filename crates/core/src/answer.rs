//! What a server's answer to an activation, a sync or a deactivation means: a token, or a status code and what becomes of the stored activation.
//!
//! Codes are read under HTTP 400, and two under 404 and 409, as existing servers send them. An activation is erased only on
//! our own error shape with a code that says so: no proxy's page, emptied server or wrong address locks anybody out.

use crate::object::Object;
use crate::status_code::StatusCode;

/// What becomes of the stored activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It stays as it is.
    Keep,
    /// It goes; only a new activation brings it back.
    Erase,
    /// The answer's token takes its place.
    Replace,
}

impl Effect {
    /// Returns the word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Erase => "erase",
            Self::Replace => "replace",
        }
    }
}

/// A server's answer, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A token, which nobody has verified.
    Token(String),
    /// Done, with nothing to say: what deactivations are answered.
    Done,
    /// Anything else.
    Refused(StatusCode, Effect),
}

/// One row of the table: a code under its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The HTTP status.
    pub http_status: u16,
    /// The `code` of the body.
    pub code: &'static str,
    /// What it means to a client.
    pub status: StatusCode,
    /// What becomes of the stored activation.
    pub effect: Effect,
}

const fn row(http_status: u16, code: &'static str, status: StatusCode, effect: Effect) -> Row {
    Row {
        http_status,
        code,
        status,
        effect,
    }
}

/// Every code that clients know, as the compatible API has it. Two erasing rules are ours: containers go as virtual
/// machines do, and of the 404s only `ACTIVATION_NOT_FOUND` erases.
pub const ANSWERS: &[Row] = {
    use Effect::{Erase, Keep};
    &[
        row(
            400,
            "ACTIVATION_LIMIT_REACHED",
            StatusCode::E_ACTIVATION_LIMIT,
            Keep,
        ),
        row(
            400,
            "AUTHENTICATION_FAILED",
            StatusCode::E_AUTHENTICATION_FAILED,
            Erase,
        ),
        row(
            400,
            "CONTAINER_ACTIVATION_NOT_ALLOWED",
            StatusCode::E_CONTAINER,
            Erase,
        ),
        row(400, "COUNTRY_NOT_ALLOWED", StatusCode::E_COUNTRY, Erase),
        row(
            400,
            "INVALID_ACTIVATION_FINGERPRINT",
            StatusCode::E_MACHINE_FINGERPRINT,
            Erase,
        ),
        row(400, "INVALID_LICENSE_KEY", StatusCode::E_LICENSE_KEY, Erase),
        row(
            400,
            "INVALID_LICENSE_TYPE",
            StatusCode::E_LICENSE_TYPE,
            Erase,
        ),
        row(400, "INVALID_PRODUCT_ID", StatusCode::E_PRODUCT_ID, Erase),
        row(400, "IP_ADDRESS_NOT_ALLOWED", StatusCode::E_IP, Erase),
        row(
            400,
            "LICENSE_NOT_EFFECTIVE",
            StatusCode::E_LICENSE_NOT_EFFECTIVE,
            Keep,
        ),
        row(
            400,
            "METER_ATTRIBUTE_USES_LIMIT_REACHED",
            StatusCode::E_METER_ATTRIBUTE_USES_LIMIT_REACHED,
            Keep,
        ),
        row(
            400,
            "RELEASE_VERSION_NOT_ALLOWED",
            StatusCode::E_RELEASE_VERSION_NOT_ALLOWED,
            Keep,
        ),
        row(400, "REVOKED_LICENSE", StatusCode::E_REVOKED, Erase),
        row(
            400,
            "TRIAL_ACTIVATION_LIMIT_REACHED",
            StatusCode::E_TRIAL_ACTIVATION_LIMIT,
            Keep,
        ),
        row(
            400,
            "TRIAL_NOT_ALLOWED",
            StatusCode::E_TRIAL_NOT_ALLOWED,
            Keep,
        ),
        row(400, "VM_ACTIVATION_NOT_ALLOWED", StatusCode::E_VM, Erase),
        row(
            404,
            "ACTIVATION_NOT_FOUND",
            StatusCode::E_ACTIVATION_NOT_FOUND,
            Erase,
        ),
        row(
            409,
            "DEACTIVATION_LIMIT_REACHED",
            StatusCode::E_DEACTIVATION_LIMIT,
            Keep,
        ),
    ]
};

/// The code of an error as servers send it: `message` and `code` must both be there, and the code may be null.
fn refused_with(body: &str) -> Option<String> {
    let error = Object::parse(body, &["message", "code"])?;
    error.text("message").ok()?;
    if !error.has("code") {
        return None;
    }
    error
        .optional_text("code")
        .ok()
        .map(Option::unwrap_or_default)
}

impl Answer {
    /// Understands the answer to an activation or a sync.
    #[must_use]
    pub fn to_activation(http_status: u16, body: &str) -> Self {
        if !(200..300).contains(&http_status) {
            return Self::refused(http_status, body);
        }
        match Object::parse(body, &["activationToken"])
            .map(|granted| granted.text("activationToken"))
        {
            Some(Ok(token)) => Self::Token(token),
            _ => Self::Refused(StatusCode::E_INET, Effect::Keep),
        }
    }

    /// Understands the answer to a deactivation: 204, or another success with a JSON object, so that no portal's page passes for one.
    #[must_use]
    pub fn to_deactivation(http_status: u16, body: &str) -> Self {
        let is_object = || Object::parse(body, &[]).is_some();
        match http_status {
            204 => Self::Done,
            200..300 if is_object() => Self::Done,
            200..300 => Self::Refused(StatusCode::E_INET, Effect::Keep),
            _ => Self::refused(http_status, body),
        }
    }

    fn refused(http_status: u16, body: &str) -> Self {
        let (status, effect) = match http_status {
            429 => (StatusCode::E_RATE_LIMIT, Effect::Keep),
            500..600 => (StatusCode::E_SERVER, Effect::Keep),
            400 | 404 | 409 => refused_with(body)
                .map_or((StatusCode::E_INET, Effect::Keep), |code| {
                    coded(http_status, &code)
                }),
            _ => (StatusCode::E_INET, Effect::Keep),
        };
        Self::Refused(status, effect)
    }
}

fn coded(http_status: u16, code: &str) -> (StatusCode, Effect) {
    let row = ANSWERS
        .iter()
        .find(|row| row.http_status == http_status && row.code == code);
    match (row, http_status) {
        (Some(row), _) => (row.status, row.effect),
        (None, 400) => (StatusCode::E_CLIENT, Effect::Keep),
        (None, 404) => (StatusCode::E_ACTIVATION_NOT_FOUND, Effect::Keep),
        (None, _) => (StatusCode::E_INET, Effect::Keep),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(http_status: u16, body: &str, status: StatusCode, effect: Effect) {
        let expected = Answer::Refused(status, effect);
        assert_eq!(Answer::to_activation(http_status, body), expected);
        assert_eq!(Answer::to_deactivation(http_status, body), expected);
    }

    fn body(code: &str) -> String {
        format!(r#"{{"message": "no", "code": "{code}"}}"#)
    }

    #[test]
    fn every_row_holds() {
        for row in ANSWERS {
            check(row.http_status, &body(row.code), row.status, row.effect);
        }
    }

    #[test]
    fn a_code_is_read_under_its_own_status_alone() {
        for row in ANSWERS {
            for http_status in [400, 401, 402, 403, 404, 405, 409, 410, 418, 422, 300, 100] {
                if http_status != row.http_status {
                    let answer = Answer::to_activation(http_status, &body(row.code));
                    let kept = matches!(answer, Answer::Refused(status, Effect::Keep) if status != row.status);
                    assert!(kept, "{http_status} {}: {answer:?}", row.code);
                }
            }
        }
    }

    #[test]
    fn codes_that_are_not_listed_keep_the_activation() {
        check(
            400,
            &body("LICENSE_KEY_MISMATCH"),
            StatusCode::E_CLIENT,
            Effect::Keep,
        );
        check(
            400,
            r#"{"message": "no", "code": null}"#,
            StatusCode::E_CLIENT,
            Effect::Keep,
        );
        check(
            404,
            &body("ACTIVATION_UNKNOWN"),
            StatusCode::E_ACTIVATION_NOT_FOUND,
            Effect::Keep,
        );
        check(
            404,
            r#"{"message": "", "code": null}"#,
            StatusCode::E_ACTIVATION_NOT_FOUND,
            Effect::Keep,
        );
        check(
            409,
            &body("LICENSE_EXISTS"),
            StatusCode::E_INET,
            Effect::Keep,
        );
    }

    #[test]
    fn bodies_that_are_not_ours_are_network_failures() {
        let bodies = [
            "",
            "<!doctype html><title>Sign in</title>",
            "null",
            "[]",
            r#"["no", "REVOKED_LICENSE"]"#,
            r#""REVOKED_LICENSE""#,
            r#"{"code": "REVOKED_LICENSE"}"#,
            r#"{"message": "no"}"#,
            r#"{"message": null, "code": "REVOKED_LICENSE"}"#,
            r#"{"message": "no", "code": 53}"#,
            r#"{"message": "no", "code": "REVOKED_LICENSE"} x"#,
            r#"{"message": "no", "code": "REVOKED_LICENSE""#,
        ];
        for body in bodies {
            for http_status in [400, 404, 409] {
                check(http_status, body, StatusCode::E_INET, Effect::Keep);
            }
            for http_status in [200, 201, 299] {
                let expected = Answer::Refused(StatusCode::E_INET, Effect::Keep);
                assert_eq!(Answer::to_activation(http_status, body), expected, "{body}");
            }
        }
    }

    #[test]
    fn rate_limits_and_faults_of_the_server_need_no_body() {
        for text in ["", "<html>", &body("REVOKED_LICENSE")] {
            check(429, text, StatusCode::E_RATE_LIMIT, Effect::Keep);
            for http_status in [500, 501, 502, 503, 504, 520, 599] {
                check(http_status, text, StatusCode::E_SERVER, Effect::Keep);
            }
            for http_status in [0, 100, 301, 304, 401, 403, 405, 418, 600, 999] {
                check(http_status, text, StatusCode::E_INET, Effect::Keep);
            }
        }
    }

    #[test]
    fn success_is_a_token_for_activations_and_done_for_deactivations() {
        let granted = r#"{"activationToken": "a.b.c", "more": 1}"#;
        assert_eq!(
            Answer::to_activation(201, granted),
            Answer::Token("a.b.c".to_owned())
        );
        assert_eq!(Answer::to_deactivation(200, granted), Answer::Done);
        assert_eq!(Answer::to_deactivation(204, ""), Answer::Done);
        let portal = Answer::Refused(StatusCode::E_INET, Effect::Keep);
        assert_eq!(Answer::to_deactivation(200, "<html>"), portal);
        assert_eq!(Answer::to_deactivation(200, ""), portal);
    }
}
