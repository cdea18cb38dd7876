//! Error codes: the contract of every error answer, with the HTTP status that carries each.
//!
//! The table is also where `docs/errors.md` comes from. Activation refusals are 400, since existing clients
//! read codes under that status alone; 409 says "deactivation limit" to them and nothing else.

/// An error as the API sends it: `{"message", "code"}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What happened, to which value, and what to do about it. Never a secret.
    pub message: String,
    /// The code.
    pub code: Code,
}

macro_rules! codes {
    ($($variant:ident $status:literal $text:literal $cause:literal $remedy:literal;)*) => {
        /// The code of an error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $cause] $variant,)*
        }

        impl Code {
            /// Every code, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the code as it is sent.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Returns the HTTP status that carries it.
            #[must_use]
            pub fn http_status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }

            /// Returns what brings it about.
            #[must_use]
            pub fn cause(self) -> &'static str {
                match self { $(Self::$variant => $cause),* }
            }

            /// Returns what to do about it.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy),* }
            }
        }
    };
}

codes! {
    ActivationExists 409 "ACTIVATION_EXISTS"
        "An imported activation has the id of one that exists, or that was deleted." "Leave the line out.";
    ActivationLimitReached 400 "ACTIVATION_LIMIT_REACHED"
        "Every seat of the license is taken." "Deactivate a machine, or raise `allowedActivations`.";
    ActivationLogNotFound 404 "ACTIVATION_LOG_NOT_FOUND"
        "No entry of the activation log has this id." "Check the id.";
    ActivationNotFound 404 "ACTIVATION_NOT_FOUND"
        "The activation existed and was deleted." "Activate again.";
    ActivationUnknown 404 "ACTIVATION_UNKNOWN"
        "No activation with this id was ever known here. A client keeps what it has." "Check the host address and the id.";
    BodyTooLarge 413 "BODY_TOO_LARGE"
        "The body is over 1 MiB (16 MiB for an import)." "Send less, or import in several requests.";
    ContainerActivationNotAllowed 400 "CONTAINER_ACTIVATION_NOT_ALLOWED"
        "The machine is a container and the license forbids that." "Set `allowContainerActivation`, or use another machine.";
    ContentDigestMismatch 400 "CONTENT_DIGEST_MISMATCH"
        "The request's `Content-Digest` is not that of its body, which was changed on its way." "Send it again, and look at what stands in between.";
    CountryNotAllowed 400 "COUNTRY_NOT_ALLOWED"
        "The request's country is not allowed by the license." "Change `allowedCountries` or `disallowedCountries`.";
    DeactivationLimitReached 409 "DEACTIVATION_LIMIT_REACHED"
        "Clients have deactivated this license as often as `allowedDeactivations` lets them." "Delete the activation with a management token, or raise the limit.";
    EventLogNotFound 404 "EVENT_LOG_NOT_FOUND"
        "No entry of the event log has this id." "Check the id.";
    Forbidden 403 "FORBIDDEN"
        "The access token lacks the scope that this call needs, or one that it would hand on in a token or a role; the message names it." "Use a token with that scope.";
    IdempotencyKeyReused 422 "IDEMPOTENCY_KEY_REUSED"
        "The `Idempotency-Key` was sent before with another body." "Draw a new key for every new request.";
    ImmutableField 400 "IMMUTABLE_FIELD"
        "An update names a field that cannot change, with another value than it has." "Leave the field out.";
    ImportNotFound 404 "IMPORT_NOT_FOUND"
        "No import has this id." "Check the id.";
    ImportState 409 "IMPORT_STATE"
        "The import is not in the state that this call needs; the message says which it is in." "Read the import, and go on from there.";
    InternalError 500 "INTERNAL_ERROR"
        "A fault of the server." "Try again; if it stays, report the `X-Request-Id`.";
    InvalidActivationFingerprint 400 "INVALID_ACTIVATION_FINGERPRINT"
        "The fingerprint, or the user of a user-locked license, is another than the one that was activated." "Activate this machine.";
    InvalidCursor 400 "INVALID_CURSOR"
        "The `cursor` of a list is not one that a `Link` has given." "Follow the `Link` as it is, or begin at the first page.";
    InvalidField 400 "INVALID_FIELD"
        "A field of the body or the query has a wrong type or value; the message names it." "Correct the field.";
    InvalidId 400 "INVALID_ID"
        "An id in the path is no UUID." "Send the id as 8-4-4-4-12 hexadecimal digits.";
    InvalidJson 400 "INVALID_JSON"
        "The body is not JSON." "Send JSON, in UTF-8.";
    InvalidLicenseKey 400 "INVALID_LICENSE_KEY"
        "At activation: no license has this key. At a sync: the license was deleted, or its key was changed." "Check the key.";
    InvalidLicenseType 400 "INVALID_LICENSE_TYPE"
        "The license is for an on-premise floating server." "Activate that server with it.";
    InvalidOfflineRequest 400 "INVALID_OFFLINE_REQUEST"
        "An offline request is no whole one, is of another kind, or says what does not fit; the message says which." "Copy the whole file, or let the application make a new one.";
    InvalidProductId 400 "INVALID_PRODUCT_ID"
        "The license is for another product." "Check the product id that the application was built with.";
    IpAddressNotAllowed 400 "IP_ADDRESS_NOT_ALLOWED"
        "The request's address is not allowed by the license." "Change the license's lists of addresses.";
    KeyInUse 409 "KEY_IN_USE"
        "The key signs the product's tokens." "Make another key first, and give applications the time to sync.";
    KeyLimitReached 409 "KEY_LIMIT_REACHED"
        "The product has as many keys as it may have." "Retire a key that no stored token was signed with any more.";
    KeyNotFound 404 "KEY_NOT_FOUND"
        "The product has no key of this name." "Read its keys.";
    LedgerUnavailable 503 "LEDGER_UNAVAILABLE"
        "The ledger failed, or did not answer in time. What is published of the license stands in `statement`, if the request names its key. A client keeps what it has." "Try again after the seconds that `Retry-After` says.";
    LicenseExists 409 "LICENSE_EXISTS"
        "An imported license has the id of one that exists, or that was deleted." "Leave the line out.";
    LicenseKeyExists 409 "LICENSE_KEY_EXISTS"
        "Another license has this key, or a deleted one had it." "Choose another key.";
    LicenseKeyMismatch 400 "LICENSE_KEY_MISMATCH"
        "A sync names a license key that is not the activation's, or an offline request is of another license. A client keeps what it has." "Send the key that was activated, or name the license that the request is of.";
    LicenseNotEffective 400 "LICENSE_NOT_EFFECTIVE"
        "The license's `effectiveAt` is yet to come." "Activate then, or change `effectiveAt`.";
    LicenseNotFound 404 "LICENSE_NOT_FOUND"
        "No license has this id." "Check the id.";
    LicenseNotRenewable 400 "LICENSE_NOT_RENEWABLE"
        "The license has no end that could be moved: it is perpetual, or each activation has an end of its own." "Leave it as it is, or set `expiresAt` where its term does not roll.";
    LicenseUnknown 404 "LICENSE_UNKNOWN"
        "A check names a license that was never known here. A client keeps what it has." "Check the key and the host address.";
    MetadataNotFound 404 "METADATA_NOT_FOUND"
        "No metadata entry has this id." "Check the id.";
    MeterAttributeNotFound 404 "METER_ATTRIBUTE_NOT_FOUND"
        "No meter attribute has this id." "Check the id.";
    MeterAttributeUsesLimitReached 400 "METER_ATTRIBUTE_USES_LIMIT_REACHED"
        "The uses asked for would exceed the meter attribute's `allowedUses`." "Give uses back, reset the meter attribute, or raise `allowedUses`.";
    MethodNotAllowed 405 "METHOD_NOT_ALLOWED"
        "The path exists and lacks this method; `Allow` lists those that it has." "Use one of them.";
    NotConfigured 503 "NOT_CONFIGURED"
        "The server lacks `LICENTIA_ROOT_TOKEN` or `LICENTIA_MASTER_KEYS`, or they cannot be read." "Set the secrets.";
    ProductExists 409 "PRODUCT_EXISTS"
        "An imported product has the id of one that exists." "Leave the line out.";
    ProductInUse 409 "PRODUCT_IN_USE"
        "The product has licenses." "Delete its licenses first.";
    ProductMismatch 400 "PRODUCT_MISMATCH"
        "A sync names a product that is not the activation's. A client keeps what it has." "Send the product id that was activated.";
    ProductNotFound 404 "PRODUCT_NOT_FOUND"
        "No product has this id." "Check the id.";
    RateLimitExceeded 429 "RATE_LIMIT_EXCEEDED"
        "Too many requests came from this address." "Wait for the seconds that `Retry-After` says.";
    RequestTimeout 503 "REQUEST_TIMEOUT"
        "The server did not finish in time." "Try again.";
    RequiredMetadataMissing 400 "REQUIRED_METADATA_MISSING"
        "The license template requires a metadata key that the license lacks; the message names it." "Send the metadata entry.";
    RequiredMeterAttributeMissing 400 "REQUIRED_METER_ATTRIBUTE_MISSING"
        "The license template requires a meter attribute that the license lacks; the message names it." "Send the meter attribute.";
    RevokedLicense 400 "REVOKED_LICENSE"
        "The license is revoked, or was revoked after this machine had activated." "Approve the license, then activate again.";
    RoleNotFound 404 "ROLE_NOT_FOUND"
        "No role has this id." "Check the id.";
    RouteNotFound 404 "ROUTE_NOT_FOUND"
        "The path is not one of the API's." "Check the path.";
    StatusListNotFound 404 "STATUS_LIST_NOT_FOUND"
        "No status list has this number: no license has a place in it." "Take the address from a token or a statement.";
    TagExists 409 "TAG_EXISTS"
        "Another tag has this name." "Choose another name.";
    TagNotFound 404 "TAG_NOT_FOUND"
        "No tag has this id." "Check the id.";
    TemplateExists 409 "TEMPLATE_EXISTS"
        "An imported license template has the id of one that exists." "Leave the line out.";
    TemplateInUse 409 "TEMPLATE_IN_USE"
        "A product creates its licenses from this template." "Give the product another template first.";
    TemplateNotFound 404 "TEMPLATE_NOT_FOUND"
        "No license template has this id." "Check the id.";
    TokenExists 409 "TOKEN_EXISTS"
        "An imported access token is here already." "Leave the line out.";
    TokenNotFound 404 "TOKEN_NOT_FOUND"
        "No personal access token has this id." "Check the id.";
    TooManyConnections 429 "TOO_MANY_CONNECTIONS"
        "The activation waits for news at too many sockets." "Close one, or open none beside the first.";
    Unauthorized 401 "UNAUTHORIZED"
        "The access token is missing, malformed or wrong." "Send `Authorization: Bearer <token>`.";
    UnsupportedField 400 "UNSUPPORTED_FIELD"
        "A field refers to something that this server does not have yet; the message names it." "Leave the field out.";
    UnsupportedMediaType 415 "UNSUPPORTED_MEDIA_TYPE"
        "The body's `Content-Type` is not one that this path reads." "Send `application/json`.";
    UserExists 409 "USER_EXISTS"
        "Another user has this e-mail address." "Use that user, or another address.";
    UserInUse 409 "USER_IN_USE"
        "The user owns a license, or is among the additional users of one." "Give the licenses other users, or delete them first.";
    UserNotFound 404 "USER_NOT_FOUND"
        "No user has this id." "Check the id.";
    VersionMismatch 412 "VERSION_MISMATCH"
        "The version that `If-Match` names is not the current one." "Read the resource again, and decide anew.";
    VmActivationNotAllowed 400 "VM_ACTIVATION_NOT_ALLOWED"
        "The machine is virtual and the license forbids that." "Set `allowVmActivation`, or use another machine.";
}

impl Problem {
    /// Makes a problem with its words.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code,
        }
    }

    /// Makes a problem about a field of the body or the query.
    #[must_use]
    pub fn field(field: &str, reason: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidField, format!("`{field}` is wrong: {reason}"))
    }

    /// Makes a problem about a field that an update cannot change.
    #[must_use]
    pub fn immutable(field: &str) -> Self {
        Self::new(
            Code::ImmutableField,
            format!("`{field}` cannot be changed by an update"),
        )
    }
}

impl From<crate::json::JsonFault> for Problem {
    fn from(fault: crate::json::JsonFault) -> Self {
        let code = match fault {
            crate::json::JsonFault::Syntax { .. } => Code::InvalidJson,
            crate::json::JsonFault::Field { .. } => Code::InvalidField,
        };
        Self::new(code, fault.to_string())
    }
}

impl From<crate::license::Refusal> for Problem {
    fn from(refusal: crate::license::Refusal) -> Self {
        Self::new(refusal.code(), refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_listed_once_and_in_order() {
        let texts: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(texts.is_sorted_by(|a, b| a < b), "{texts:?}");
    }
}
