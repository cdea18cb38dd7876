//! Which row a request finds, and what is said of one that finds none.

use std::collections::BTreeSet;

use licentia_core::LicenseId;

use super::*;

const ID: &str = "23d9646c-34f5-4d37-adeb-f7f77b927bdb";
const KID: &str = "00d9646c34f5adeb";

const fn row(operation: Operation, method: &'static str, path: &'static str) -> Endpoint {
    Endpoint {
        operation,
        method,
        path,
        access: Open,
        place: Place::Ledger,
        body_limit: MEBIBYTE,
        summary: "",
    }
}

/// Paths of every form, named by operations that have nothing to do with them.
const TABLE: &[Endpoint] = &[
    row(Operation::ReadLicense, "GET", "/v3/licenses/{id}"),
    row(Operation::ListLicenses, "GET", "/v3/licenses/export"),
    row(
        Operation::DeleteLicense,
        "DELETE",
        "/v3/licenses/metadata/{id}",
    ),
    row(Operation::UpdateLicense, "POST", "/v3/licenses/{id}/renew"),
    row(Operation::ReadProduct, "GET", "/v3/license-templates/{id}"),
    row(Operation::Import, "PUT", "/v3/imports/{id}/parts/{number}"),
];

#[track_caller]
fn check(method: &str, path: &str, operation: Operation) {
    let path = path.replace("ID", ID);
    let found = find(TABLE, method, &path, "").unwrap();
    assert_eq!(found.operation(), operation);
    assert_eq!(found.id::<LicenseId>().to_string() == ID, path.contains(ID));
}

#[track_caller]
fn refused(method: &str, path: &str, fault: &RouteFault) {
    assert_eq!(route(method, path, "").as_ref(), Err(fault));
}

#[test]
fn a_literal_segment_wins_over_a_parameter() {
    check("GET", "/v3/licenses/export", Operation::ListLicenses);
    check("GET", "/v3/licenses/export/", Operation::ListLicenses);
    check("GET", "/v3/licenses/ID", Operation::ReadLicense);
    check(
        "DELETE",
        "/v3/licenses/metadata/ID",
        Operation::DeleteLicense,
    );
    check("POST", "/v3/licenses/ID/renew", Operation::UpdateLicense);
}

#[test]
fn one_resource_has_two_addresses() {
    check("GET", "/v3/license-templates/ID", Operation::ReadProduct);
    check("GET", "/v3/license-policies/ID", Operation::ReadProduct);
}

#[test]
fn a_path_may_hold_a_number_after_its_id() {
    let path = format!("/v3/imports/{ID}/parts");
    check("PUT", &format!("{path}/7"), Operation::Import);
    let found = find(TABLE, "PUT", &format!("{path}/7"), "").unwrap();
    assert_eq!(found.number(), 7);
    for number in ["x", "+7", "07", "-7", "4294967296"] {
        let fault = find(TABLE, "PUT", &format!("{path}/{number}"), "");
        assert_eq!(fault, Err(RouteFault::Number(number.into())));
    }
}

#[test]
fn a_path_may_hold_the_name_of_a_key_after_its_id() {
    let path = format!("/v3/products/{ID}/keys");
    let found = route("DELETE", &format!("{path}/{KID}"), "").unwrap();
    assert_eq!(found.kid(), KID);
    for kid in [
        "",
        "0",
        "+0d9646c34f5adeb",
        "00D9646C34F5ADEB",
        "000d9646c34f5adeb",
    ] {
        assert!(
            route("DELETE", &format!("{path}/{kid}"), "").is_err(),
            "{kid}"
        );
    }
}

#[test]
fn a_path_lacks_a_method_or_is_unknown_or_holds_no_id() {
    let methods = |allow: &str| RouteFault::Method(allow.to_owned());
    refused("PUT", "/v3/licenses", &methods("GET, HEAD, POST"));
    let license = format!("/v3/licenses/{ID}");
    refused("POST", &license, &methods("GET, HEAD, PATCH, DELETE"));
    refused("GET", "/v3/licenses/check", &methods("POST"));
    for path in [
        "/v3/nothing",
        "/v3",
        "/",
        "",
        "/v3/license",
        "/v3/licenses/check/x",
    ] {
        refused("GET", path, &RouteFault::Unknown);
    }
    refused("PATCH", "/v3/licenses/5", &RouteFault::Id("5".into()));
}

#[test]
fn the_published_copy_is_another_route() {
    let operation = |query| {
        let found = route("GET", &format!("/v3/licenses/{ID}"), query).unwrap();
        (found.operation(), found.endpoint().place)
    };
    assert_eq!(operation("a=b"), (Operation::ReadLicense, Place::Ledger));
    assert_eq!(
        operation("a=b&source=published"),
        (Operation::ReadPublishedLicense, Place::Edge)
    );
}

#[test]
fn only_what_applications_call_is_open() {
    let open = endpoints()
        .iter()
        .filter(|endpoint| !matches!(endpoint.access, Scoped(_)));
    let open: Vec<&str> = open.map(|endpoint| endpoint.operation.name()).collect();
    let expected = [
        "GetStatus",
        "ReadProductKeys",
        "CheckLicense",
        "CreateActivation",
        "SyncActivation",
        "FollowActivation",
        "DeleteActivation",
        "DeactivateActivation",
        "IncrementMeterAttribute",
        "ReadStatusList",
    ];
    assert_eq!(open, expected);
}

#[test]
fn every_row_is_found_by_its_own_method_and_path() {
    let mut seen = BTreeSet::new();
    for endpoint in endpoints() {
        assert!(METHODS.contains(&endpoint.method), "{}", endpoint.method);
        assert!(seen.insert((endpoint.method, endpoint.path)));
        let path = endpoint.template().replace("{id}", ID);
        let path = path.replace("{kid}", KID).replace("{number}", "7");
        let query = endpoint.path.split_once('?').map_or("", |(_, query)| query);
        let found = route(endpoint.method, &path, query).unwrap();
        assert_eq!(found.operation(), endpoint.operation);
    }
}
