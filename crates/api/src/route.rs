//! The route table: one `match` on method and path, with who may call each route and who answers it.

use std::str::FromStr;

use licentia_core::{ActivationId, Code, LicenseId, Problem, ProductId};

use crate::access::Access;
use crate::host::Reply;

/// A call of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Status,
    CheckLicense,
    ReadProductKeys(ProductId),
    ReadPublishedLicense(LicenseId),
    Import,
    CreateProduct,
    ListProducts,
    ReadProduct(ProductId),
    CreateLicense,
    ListLicenses,
    ReadLicense(LicenseId),
    UpdateLicense(LicenseId),
    DeleteLicense(LicenseId),
    CreateActivation,
    ListActivations,
    ReadActivation(ActivationId),
    SyncActivation(ActivationId),
    DeleteActivation(ActivationId),
    DeactivateActivation(ActivationId),
}

/// Who answers a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The edge, from KV or from itself, with no call of the ledger.
    Edge,
    /// The ledger.
    Ledger,
}

/// Why a request has no route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteFault {
    /// The path is not one of the API's.
    Unknown,
    /// The path lacks the method; these it has.
    Method(&'static str),
    /// An id in the path is no UUID.
    Id(String),
}

const MEBIBYTE: usize = 1_048_576;

/// Finds the route of a request; `method` is in upper case, `path` begins with `/v3`.
///
/// # Errors
/// Says whether the path, the method or an id is wrong.
pub fn route(method: &str, path: &str, query: &str) -> Result<Route, RouteFault> {
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').skip(1).collect();
    match (segments.as_slice(), method) {
        (["v3", "status"], "GET") => Ok(Route::Status),
        (["v3", "import"], "POST") => Ok(Route::Import),
        (["v3", "products"], "GET") => Ok(Route::ListProducts),
        (["v3", "products"], "POST") => Ok(Route::CreateProduct),
        (["v3", "products", id], "GET") => Ok(Route::ReadProduct(parse(id)?)),
        (["v3", "products", id, "keys"], "GET") => Ok(Route::ReadProductKeys(parse(id)?)),
        (["v3", "licenses"], "GET") => Ok(Route::ListLicenses),
        (["v3", "licenses"], "POST") => Ok(Route::CreateLicense),
        (["v3", "licenses", "check"], "POST") => Ok(Route::CheckLicense),
        (["v3", "licenses", "check"], _) => Err(RouteFault::Method("POST")),
        (["v3", "licenses", id], "GET") => read_license(parse(id)?, query),
        (["v3", "licenses", id], "PATCH") => Ok(Route::UpdateLicense(parse(id)?)),
        (["v3", "licenses", id], "DELETE") => Ok(Route::DeleteLicense(parse(id)?)),
        (["v3", "activations"], "GET") => Ok(Route::ListActivations),
        (["v3", "activations"], "POST") => Ok(Route::CreateActivation),
        (["v3", "activations", id], "GET") => Ok(Route::ReadActivation(parse(id)?)),
        (["v3", "activations", id], "PATCH") => Ok(Route::SyncActivation(parse(id)?)),
        (["v3", "activations", id], "DELETE") => Ok(Route::DeleteActivation(parse(id)?)),
        (["v3", "activations", id, "deactivate"], "POST") => {
            Ok(Route::DeactivateActivation(parse(id)?))
        }
        (segments, _) => Err(methods_of(segments).map_or(RouteFault::Unknown, RouteFault::Method)),
    }
}

/// Returns the methods that a path has, in the form of `Allow`.
fn methods_of(segments: &[&str]) -> Option<&'static str> {
    match segments {
        ["v3", "status"] | ["v3", "products", _] | ["v3", "products", _, "keys"] => {
            Some("GET, HEAD")
        }
        ["v3", "import"] | ["v3", "activations", _, "deactivate"] => Some("POST"),
        ["v3", "products" | "licenses" | "activations"] => Some("GET, HEAD, POST"),
        ["v3", "licenses" | "activations", _] => Some("GET, HEAD, PATCH, DELETE"),
        _ => None,
    }
}

fn read_license(id: LicenseId, query: &str) -> Result<Route, RouteFault> {
    let published = query.split('&').any(|pair| pair == "source=published");
    Ok(if published {
        Route::ReadPublishedLicense(id)
    } else {
        Route::ReadLicense(id)
    })
}

fn parse<T: FromStr>(segment: &str) -> Result<T, RouteFault> {
    segment
        .parse()
        .map_err(|_malformed| RouteFault::Id(segment.chars().take(64).collect()))
}

impl Route {
    /// Returns who may call it.
    #[must_use]
    pub fn access(self) -> Access {
        match self {
            Self::Status | Self::CheckLicense | Self::ReadProductKeys(_) => Access::Open,
            Self::CreateActivation | Self::SyncActivation(_) | Self::DeactivateActivation(_) => {
                Access::Open
            }
            Self::DeleteActivation(_) => Access::OpenOrManagement,
            _ => Access::Management,
        }
    }

    /// Returns who answers it.
    #[must_use]
    pub fn place(self) -> Place {
        match self {
            Self::Status
            | Self::CheckLicense
            | Self::ReadProductKeys(_)
            | Self::ReadPublishedLicense(_) => Place::Edge,
            _ => Place::Ledger,
        }
    }

    /// Returns how many bytes of body it takes.
    #[must_use]
    pub fn body_limit(self) -> usize {
        match self {
            Self::Import => MEBIBYTE.saturating_mul(16),
            _ => MEBIBYTE,
        }
    }
}

impl RouteFault {
    /// Answers a request that has no route.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let problem = match self {
            Self::Unknown => Problem::new(Code::RouteNotFound, "this path is not one of the API's"),
            Self::Method(allow) => Problem::new(
                Code::MethodNotAllowed,
                format!("this path has the methods {allow} only"),
            ),
            Self::Id(id) => {
                Problem::new(Code::InvalidId, format!("`{id}` in the path is not a UUID"))
            }
        };
        let allow = if let Self::Method(allow) = self {
            Some(*allow)
        } else {
            None
        };
        Reply {
            allow,
            ..Reply::problem(&problem)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "23d9646c-34f5-4d37-adeb-f7f77b927bdb";

    #[track_caller]
    fn check(method: &str, path: &str, fault: &RouteFault) {
        assert_eq!(route(method, path, "").as_ref(), Err(fault));
    }

    #[test]
    fn a_path_lacks_a_method_or_is_unknown_or_holds_no_id() {
        check(
            "PUT",
            "/v3/licenses",
            &RouteFault::Method("GET, HEAD, POST"),
        );
        check(
            "POST",
            &format!("/v3/licenses/{ID}"),
            &RouteFault::Method("GET, HEAD, PATCH, DELETE"),
        );
        check("GET", "/v3/licenses/check", &RouteFault::Method("POST"));
        check("GET", "/v3/nothing", &RouteFault::Unknown);
        check("GET", "/v3", &RouteFault::Unknown);
        check("PATCH", "/v3/licenses/5", &RouteFault::Id("5".into()));
    }

    #[test]
    fn the_published_copy_is_another_route() {
        let path = format!("/v3/licenses/{ID}");
        let id = ID.parse().unwrap();
        assert_eq!(route("GET", &path, ""), Ok(Route::ReadLicense(id)));
        assert_eq!(
            route("GET", &path, "a=b&source=published"),
            Ok(Route::ReadPublishedLicense(id))
        );
    }

    #[test]
    fn only_what_applications_call_is_open() {
        assert_eq!(
            route("POST", "/v3/activations", "").unwrap().access(),
            Access::Open
        );
        assert_eq!(
            route("GET", "/v3/activations", "").unwrap().access(),
            Access::Management
        );
        assert_eq!(
            route("POST", "/v3/import", "").unwrap().access(),
            Access::Management
        );
    }
}
