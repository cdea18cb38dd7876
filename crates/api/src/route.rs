//! The route table: every call of the API as one row, from which all else about it is read.
//!
//! A new call is a new row: the compiler then asks for its handler (`calls::answer`). Paths are found by comparing texts,
//! and a literal segment wins over a parameter. The table is also where the description of the API comes from.

#[cfg(test)]
mod tests;

use licentia_core::{Code, Problem, Scope, StatusList};
use uuid::Uuid;

use crate::access::Access::{self, Open, OpenOrScoped, Scoped};
use crate::host::{Reply, Request};

const MEBIBYTE: usize = 1_048_576;
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Where a resource has a second address: the first two segments of both.
const ALIASES: [(&str, &str); 1] = [("/v3/license-policies", "/v3/license-templates")];

/// A call of the API: a row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What it is called.
    pub operation: Operation,
    /// The method, in upper case; HEAD is answered wherever GET is.
    pub method: &'static str,
    /// The path; `{id}` is a UUID, `{kid}` a key's name and `{number}` a number. What follows a `?` must be among the query.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Who answers it.
    pub place: Place,
    /// How many bytes of body it takes.
    pub body_limit: usize,
    /// What it does, in a sentence.
    pub summary: &'static str,
}

/// Who answers a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The edge, from KV or from itself, with no call of the ledger (but to ask whether a token lets in).
    Edge,
    /// The ledger.
    Ledger,
    /// A gate, where applications wait for news; it asks the ledger.
    Gate,
}

/// A call with what its path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    endpoint: &'static Endpoint,
    id: Uuid,
    kid: u64,
    number: u32,
}

/// Why a request has no route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteFault {
    /// The path is not one of the API's.
    Unknown,
    /// The path lacks the method; these it has, in the form of `Allow`.
    Method(String),
    /// An id in the path is no UUID.
    Id(String),
    /// A key's name in the path is none.
    Kid(String),
    /// A number in the path is none.
    Number(String),
}

macro_rules! endpoints {
    (@limit) => { MEBIBYTE };
    (@limit $limit:expr) => { $limit };
    ($($operation:ident: $method:literal $path:literal, $access:expr, $place:ident $(($limit:expr))?, $summary:literal;)*) => {
        /// The name of a call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Operation {
            $(#[doc = $summary] $operation,)*
        }

        impl Operation {
            /// Returns the name as it is written.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$operation => stringify!($operation)),* }
            }
        }

        const ENDPOINTS: &[Endpoint] = &[$(Endpoint {
            operation: Operation::$operation,
            method: $method,
            path: $path,
            access: $access,
            place: Place::$place,
            body_limit: endpoints!(@limit $($limit)?),
            summary: $summary,
        }),*];
    };
}

endpoints! {
    GetStatus: "GET" "/v3/status", Open, Edge,
        "Says that the server is well.";

    ListProducts: "GET" "/v3/products", Scoped(Scope::ProductRead), Ledger,
        "Lists products.";
    CreateProduct: "POST" "/v3/products", Scoped(Scope::ProductWrite), Ledger,
        "Creates a product with its signing key.";
    ReadProduct: "GET" "/v3/products/{id}", Scoped(Scope::ProductRead), Ledger,
        "Reads a product.";
    UpdateProduct: "PATCH" "/v3/products/{id}", Scoped(Scope::ProductWrite), Ledger,
        "Changes a product.";
    DeleteProduct: "DELETE" "/v3/products/{id}", Scoped(Scope::ProductWrite), Ledger,
        "Deletes a product that has no licenses.";
    DeleteProductMetadata: "DELETE" "/v3/products/metadata/{id}", Scoped(Scope::ProductWrite), Ledger,
        "Deletes a metadata entry of a product.";
    ReadProductFile: "GET" "/v3/products/{id}/product.dat", Scoped(Scope::ProductRead), Ledger,
        "Downloads what an application is built with: the product's id and keys, and the server's address.";
    CreateProductKey: "POST" "/v3/products/{id}/keys", Scoped(Scope::ProductWrite), Ledger,
        "Makes a new key, which signs a product's tokens at once or later; the keys before it still verify.";
    PromoteProductKey: "POST" "/v3/products/{id}/keys/{kid}/promote", Scoped(Scope::ProductWrite), Ledger,
        "Tells a key to sign a product's tokens from now on.";
    DeleteProductKey: "DELETE" "/v3/products/{id}/keys/{kid}", Scoped(Scope::ProductWrite), Ledger,
        "Retires a key that signs no longer.";
    ReadProductKeys: "GET" "/v3/products/{id}/keys", Open, Edge,
        "Reads what a client needs to verify a product's tokens.";

    ListLicenseTemplates: "GET" "/v3/license-templates", Scoped(Scope::LicenseTemplateRead), Ledger,
        "Lists license templates.";
    CreateLicenseTemplate: "POST" "/v3/license-templates", Scoped(Scope::LicenseTemplateWrite), Ledger,
        "Creates a license template.";
    ReadLicenseTemplate: "GET" "/v3/license-templates/{id}", Scoped(Scope::LicenseTemplateRead), Ledger,
        "Reads a license template.";
    UpdateLicenseTemplate: "PATCH" "/v3/license-templates/{id}", Scoped(Scope::LicenseTemplateWrite), Ledger,
        "Changes a license template, and no license.";
    DeleteLicenseTemplate: "DELETE" "/v3/license-templates/{id}", Scoped(Scope::LicenseTemplateWrite), Ledger,
        "Deletes a license template that is no product's default.";

    ListLicenses: "GET" "/v3/licenses", Scoped(Scope::LicenseRead), Ledger,
        "Lists licenses.";
    ExportLicenses: "GET" "/v3/licenses/export", Scoped(Scope::LicenseRead), Ledger,
        "Exports licenses as CSV, with the filters of their list.";
    CreateLicense: "POST" "/v3/licenses", Scoped(Scope::LicenseWrite), Ledger,
        "Creates a license.";
    CheckLicense: "POST" "/v3/licenses/check", Open, Edge,
        "Returns the signed statement about the license of a key.";
    ReadPublishedLicense: "GET" "/v3/licenses/{id}?source=published", Scoped(Scope::LicenseRead), Edge,
        "Reads the published copy of a license.";
    ReadLicense: "GET" "/v3/licenses/{id}", Scoped(Scope::LicenseRead), Ledger,
        "Reads a license.";
    UpdateLicense: "PATCH" "/v3/licenses/{id}", Scoped(Scope::LicenseWrite), Ledger,
        "Changes, revokes, approves, suspends or resumes a license.";
    DeleteLicense: "DELETE" "/v3/licenses/{id}", Scoped(Scope::LicenseWrite), Ledger,
        "Deletes a license with its activations.";
    RenewLicense: "POST" "/v3/licenses/{id}/renew", Scoped(Scope::LicenseWrite), Ledger,
        "Adds one term to the end of a license.";
    ExtendLicense: "POST" "/v3/licenses/{id}/extend", Scoped(Scope::LicenseWrite), Ledger,
        "Moves the end of a license by some seconds.";
    UpdateExpiresAtLicense: "PATCH" "/v3/licenses/{id}/expires-at", Scoped(Scope::LicenseWrite), Ledger,
        "Sets the end of a license, or takes it away.";
    DeleteMetadataLicense: "DELETE" "/v3/licenses/metadata/{id}", Scoped(Scope::LicenseWrite), Ledger,
        "Deletes a metadata entry of a license.";
    DeleteMeterAttributeLicense: "DELETE" "/v3/licenses/meter-attributes/{id}", Scoped(Scope::LicenseWrite), Ledger,
        "Deletes a meter attribute of a license, with what was counted.";
    ResetMeterAttributeLicense: "POST" "/v3/licenses/meter-attributes/{id}/reset", Scoped(Scope::LicenseWrite), Ledger,
        "Begins to count a meter attribute anew.";

    ListActivations: "GET" "/v3/activations", Scoped(Scope::ActivationRead), Ledger,
        "Lists activations.";
    CreateActivation: "POST" "/v3/activations", Open, Ledger,
        "Activates a license on a machine.";
    ExportActivations: "GET" "/v3/activations/export", Scoped(Scope::ActivationRead), Ledger,
        "Returns activations as CSV.";
    ReadActivation: "GET" "/v3/activations/{id}", Scoped(Scope::ActivationRead), Ledger,
        "Reads an activation.";
    SyncActivation: "PATCH" "/v3/activations/{id}", Open, Ledger,
        "Syncs an activation with the server.";
    FollowActivation: "GET" "/v3/activations/{id}/events", Open, Gate,
        "Waits for news of an activation's license.";
    DeleteActivation: "DELETE" "/v3/activations/{id}", OpenOrScoped(Scope::LicenseWrite), Ledger,
        "Deletes an activation: as its client, or with a token as an administrator.";
    DeactivateActivation: "POST" "/v3/activations/{id}/deactivate", Open, Ledger,
        "Deactivates a machine.";
    BulkDeleteActivation: "DELETE" "/v3/activations", Scoped(Scope::LicenseWrite), Ledger,
        "Deletes activations of a license by their dates of creation.";
    IncrementMeterAttribute: "POST" "/v3/activations/meter-attributes/{id}", Open, Ledger,
        "Counts uses of a meter attribute for an activation.";

    ActivateOffline: "POST" "/v3/activations/offline-activate", Scoped(Scope::LicenseWrite), Ledger,
        "Activates a machine that has no connection, from the request that it wrote.";
    DeactivateOffline: "POST" "/v3/activations/offline-deactivate", Scoped(Scope::LicenseWrite), Ledger,
        "Frees the seat of a machine that has no connection, by the proof that it wrote.";

    ListActivationLogs: "GET" "/v3/activation-logs", Scoped(Scope::ActivationRead), Ledger,
        "Lists when machines took seats and gave them up.";
    ExportActivationLogs: "GET" "/v3/activation-logs/export", Scoped(Scope::ActivationRead), Ledger,
        "Returns the activation log as CSV.";
    ReadActivationLog: "GET" "/v3/activation-logs/{id}", Scoped(Scope::ActivationRead), Ledger,
        "Reads an entry of the activation log.";

    ReadStatusList: "GET" "/v3/status-lists/{number}", Open, Edge,
        "Returns a signed list of what is revoked and suspended: an IETF Token Status List.";

    ReadLicenseStats: "GET" "/v3/analytics/licenses", Scoped(Scope::AnalyticsRead), Ledger,
        "Counts licenses by their status.";
    ReadAccountStats: "GET" "/v3/analytics/stats", Scoped(Scope::AnalyticsRead), Ledger,
        "Counts what the account has of each resource.";

    ListUsers: "GET" "/v3/users", Scoped(Scope::UserRead), Ledger,
        "Lists users.";
    CreateUser: "POST" "/v3/users", Scoped(Scope::UserWrite), Ledger,
        "Creates a user, who may own licenses.";
    ExportUsers: "GET" "/v3/users/export", Scoped(Scope::UserRead), Ledger,
        "Exports users as CSV.";
    ReadUser: "GET" "/v3/users/{id}", Scoped(Scope::UserRead), Ledger,
        "Reads a user.";
    UpdateUser: "PATCH" "/v3/users/{id}", Scoped(Scope::UserWrite), Ledger,
        "Changes a user.";
    DeleteUser: "DELETE" "/v3/users/{id}", Scoped(Scope::UserWrite), Ledger,
        "Deletes a user who has no license.";
    DeleteUserMetadata: "DELETE" "/v3/users/metadata/{id}", Scoped(Scope::UserWrite), Ledger,
        "Deletes a metadata entry of a user.";

    ListTags: "GET" "/v3/tags", Scoped(Scope::TagRead), Ledger,
        "Lists tags.";
    CreateTag: "POST" "/v3/tags", Scoped(Scope::TagWrite), Ledger,
        "Creates a tag.";
    ReadTag: "GET" "/v3/tags/{id}", Scoped(Scope::TagRead), Ledger,
        "Reads a tag.";
    UpdateTag: "PATCH" "/v3/tags/{id}", Scoped(Scope::TagWrite), Ledger,
        "Changes a tag.";
    DeleteTag: "DELETE" "/v3/tags/{id}", Scoped(Scope::TagWrite), Ledger,
        "Deletes a tag; what is marked with its name stays so.";

    ListPersonalAccessTokens: "GET" "/v3/personal-access-tokens", Scoped(Scope::PersonalAccessTokenWrite), Ledger,
        "Lists personal access tokens, without their texts.";
    CreatePersonalAccessToken: "POST" "/v3/personal-access-tokens", Scoped(Scope::PersonalAccessTokenWrite), Ledger,
        "Creates a personal access token, whose text is shown this once.";
    ReadPersonalAccessToken: "GET" "/v3/personal-access-tokens/{id}", Scoped(Scope::PersonalAccessTokenWrite), Ledger,
        "Reads a personal access token, without its text.";
    UpdatePersonalAccessToken: "PATCH" "/v3/personal-access-tokens/{id}", Scoped(Scope::PersonalAccessTokenWrite), Ledger,
        "Revokes or renames a personal access token.";
    DeletePersonalAccessToken: "DELETE" "/v3/personal-access-tokens/{id}", Scoped(Scope::PersonalAccessTokenWrite), Ledger,
        "Deletes a personal access token.";

    ListRoles: "GET" "/v3/roles", Scoped(Scope::RoleRead), Ledger,
        "Lists roles.";
    ListRoleClaims: "GET" "/v3/roles/claims", Scoped(Scope::RoleRead), Ledger,
        "Lists what roles and access tokens may claim.";
    ReadRole: "GET" "/v3/roles/{id}", Scoped(Scope::RoleRead), Ledger,
        "Reads a role.";

    ListEventLogs: "GET" "/v3/event-logs", Scoped(Scope::EventLogRead), Ledger,
        "Lists what happened to resources.";
    ReadEventLog: "GET" "/v3/event-logs/{id}", Scoped(Scope::EventLogRead), Ledger,
        "Reads an entry of the event log.";

    Import: "POST" "/v3/import", Scoped(Scope::AccountWrite), Ledger (MEBIBYTE * 16),
        "Imports whole documents, all or nothing.";
    CreateImport: "POST" "/v3/imports", Scoped(Scope::AccountWrite), Ledger,
        "Begins an import that is sent in parts.";
    ListImports: "GET" "/v3/imports", Scoped(Scope::AccountWrite), Ledger,
        "Lists the latest imports in parts.";
    ReadImport: "GET" "/v3/imports/{id}", Scoped(Scope::AccountWrite), Ledger,
        "Says how far an import in parts is.";
    DeleteImport: "DELETE" "/v3/imports/{id}", Scoped(Scope::AccountWrite), Ledger,
        "Cancels an import that is not being applied.";
    PutImportPart: "PUT" "/v3/imports/{id}/parts/{number}", Scoped(Scope::AccountWrite), Ledger (MEBIBYTE * 8),
        "Sends a part of an import, or sends it anew.";
    StartImport: "POST" "/v3/imports/{id}/start", Scoped(Scope::AccountWrite), Ledger,
        "Applies an import whose parts have all come.";
    Rebuild: "POST" "/v3/rebuild", Scoped(Scope::AccountWrite), Ledger,
        "Takes products and licenses back from what is published, into an empty ledger.";
    Rewrap: "POST" "/v3/rewrap", Scoped(Scope::AccountWrite), Ledger,
        "Protects with the master key in use what an earlier one protects.";
    Export: "GET" "/v3/export", Scoped(Scope::AccountRead), Ledger,
        "Exports everything, a document a line.";
}

/// Returns the table.
#[must_use]
pub fn endpoints() -> &'static [Endpoint] {
    ENDPOINTS
}

/// Returns where resources have a second address: the first two segments of that, and of the first one.
#[must_use]
pub fn aliases() -> &'static [(&'static str, &'static str)] {
    &ALIASES
}

/// Finds the route of a request; `method` is in upper case.
///
/// # Errors
/// Says whether the path, the method, or an id in the path is wrong.
pub fn route(method: &str, path: &str, query: &str) -> Result<Route, RouteFault> {
    find(ENDPOINTS, method, path, query)
}

/// Says whether a request changes nothing. A list that is asked for is signed, and of who waits at a gate a note is made.
#[must_use]
pub fn only_reads(request: &Request<'_>) -> bool {
    let signs = request.path.starts_with(StatusList::ADDRESS);
    request.method == "GET" && request.gate.is_none() && !signs
}

/// Returns what a query says under a name, as it was sent.
#[must_use]
pub fn asked_for<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = query.split('&');
    pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn find(
    table: &'static [Endpoint],
    method: &str,
    path: &str,
    query: &str,
) -> Result<Route, RouteFault> {
    let (head, tail) = halves(path.trim_end_matches('/'));
    let fitting = || table.iter().filter(|endpoint| endpoint.fits(head, tail));
    let template = fitting()
        .map(Endpoint::template)
        .min_by_key(|template| template.matches('{').count())
        .ok_or(RouteFault::Unknown)?;
    let here = || fitting().filter(|endpoint| endpoint.template() == template);
    let wanted = here().find(|endpoint| endpoint.method == method && endpoint.asked_by(query));
    let endpoint = wanted.ok_or_else(|| RouteFault::Method(allowed(here())))?;
    Route::read(endpoint, tail)
}

/// Splits a path after its second segment, and gives the first half its one name.
fn halves(path: &str) -> (&str, &str) {
    let third = path
        .match_indices('/')
        .nth(2)
        .map_or(path.len(), |(at, _)| at);
    let (head, tail) = path.split_at_checked(third).unwrap_or((path, ""));
    let alias = ALIASES.iter().find(|(alias, _)| *alias == head);
    (alias.map_or(head, |(_, name)| *name), tail)
}

fn allowed<'a>(here: impl Iterator<Item = &'a Endpoint> + Clone) -> String {
    let has = |method: &&str| here.clone().any(|endpoint| endpoint.method == *method);
    let allowed: Vec<&str> = METHODS.into_iter().filter(has).collect();
    allowed.join(", ").replace("GET", "GET, HEAD")
}

impl Endpoint {
    /// Returns the path without what must be among the query.
    #[must_use]
    pub fn template(&self) -> &'static str {
        self.path
            .split_once('?')
            .map_or(self.path, |(path, _)| path)
    }

    /// Returns the resource that it is about: the second segment of the path.
    #[must_use]
    pub fn tag(&self) -> &'static str {
        self.template().split('/').nth(2).unwrap_or_default()
    }

    /// Says whether an `Idempotency-Key` makes it answer a second request as it did the first.
    #[must_use]
    pub fn replays(&self) -> bool {
        let ledger = self.place == Place::Ledger;
        ledger && (self.method == "POST" || self.operation == Operation::SyncActivation)
    }

    /// `head` holds two segments and is compared as a text, which rules out most of the table at once.
    fn fits(&self, head: &str, tail: &str) -> bool {
        let Some(template) = self.template().strip_prefix(head) else {
            return false;
        };
        let mut given = tail.split('/');
        let fits = template.split('/').all(|wanted| {
            let given = given.next();
            given.is_some_and(|given| wanted == given || is_parameter(wanted))
        });
        fits && given.next().is_none()
    }

    fn asked_by(&self, query: &str) -> bool {
        match self.path.split_once('?') {
            Some((_, wanted)) => query.split('&').any(|pair| pair == wanted),
            None => true,
        }
    }
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

impl Route {
    fn read(endpoint: &'static Endpoint, tail: &str) -> Result<Self, RouteFault> {
        let mut route = Self {
            endpoint,
            id: Uuid::nil(),
            kid: 0,
            number: 0,
        };
        let template = endpoint.template().rsplit('/');
        for (wanted, given) in template.zip(tail.rsplit('/')) {
            let shown = || given.chars().take(64).collect();
            match wanted {
                "{id}" => route.id = parse_id(given).ok_or_else(|| RouteFault::Id(shown()))?,
                "{kid}" => route.kid = parse_kid(given).ok_or_else(|| RouteFault::Kid(shown()))?,
                "{number}" => {
                    let number = parse_number(given);
                    route.number = number.ok_or_else(|| RouteFault::Number(shown()))?;
                }
                _ => {}
            }
        }
        Ok(route)
    }

    /// Returns the row of the table.
    #[must_use]
    pub fn endpoint(&self) -> &'static Endpoint {
        self.endpoint
    }

    /// Returns the name of the call.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.endpoint.operation
    }

    /// Returns the id in the path. A path that has none is not asked for it: it would be the nil id, which is no thing's.
    #[must_use]
    pub fn id<T: From<Uuid>>(&self) -> T {
        T::from(self.id)
    }

    /// Returns the key's name in the path.
    #[must_use]
    pub fn kid(&self) -> String {
        format!("{:016x}", self.kid)
    }

    /// Returns the number in the path, or 0 if it has none.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }
}

/// Reads the hyphenated form alone, as every id is read.
fn parse_id(segment: &str) -> Option<Uuid> {
    Uuid::try_parse(segment)
        .ok()
        .filter(|_| segment.len() == 36)
}

/// Reads a number in its shortest form alone, so that each thing has one address.
fn parse_number(segment: &str) -> Option<u32> {
    let number: u32 = segment.parse().ok()?;
    (number.to_string() == segment).then_some(number)
}

/// Reads the name of a key: 16 hexadecimal digits, in lower case.
fn parse_kid(segment: &str) -> Option<u64> {
    let number = u64::from_str_radix(segment, 16).ok()?;
    (format!("{number:016x}") == segment).then_some(number)
}

impl RouteFault {
    /// Answers a request that has no route.
    #[must_use]
    pub fn reply(&self) -> Reply {
        match self {
            Self::Unknown => refuse(Code::RouteNotFound, "this path is not one of the API's"),
            Self::Method(allow) => {
                let message = format!("this path has the methods {allow} only");
                refuse(Code::MethodNotAllowed, message).header("Allow", allow.clone())
            }
            Self::Id(id) => refuse(Code::InvalidId, format!("`{id}` in the path is not a UUID")),
            Self::Kid(text) => refuse(
                Code::InvalidId,
                format!("`{text}` in the path is not the name of a key"),
            ),
            Self::Number(text) => refuse(
                Code::InvalidId,
                format!("`{text}` in the path is not a number"),
            ),
        }
    }
}

fn refuse(code: Code, message: impl Into<String>) -> Reply {
    Reply::problem(&Problem::new(code, message))
}
