//! Access tokens: each call lets in whom it should, says what is missing, and revoking acts at once.

use licentia_api::{Access, Database, Endpoint, Place, Value, endpoints};
use licentia_core::{Scope, Seconds};
use licentia_tests::native::NativeHost;
use licentia_tests::run::{Answer, Call, Host};
use serde_json::json;

const ID: &str = "23d9646c-34f5-4d37-adeb-f7f77b927bdb";
const TOKENS: &str = "/v3/personal-access-tokens";
/// Of the right form, and nobody's.
const UNKNOWN: &str = "lct_UnknownTokenOfTheTestsUnknownTokenOfTheTest3Fkx1G";

fn send(host: &mut NativeHost, method: &str, target: &str, token: &str, body: &str) -> Answer {
    let header = ("Authorization".to_owned(), format!("Bearer {token}"));
    host.send(&Call {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: if token.is_empty() {
            Vec::new()
        } else {
            vec![header]
        },
        body: body.to_owned(),
    })
}

fn call(host: &mut NativeHost, endpoint: &Endpoint, token: &str) -> Answer {
    let target = endpoint.path.replace("{id}", ID).replace("{number}", "1");
    let target = target.replace("{kid}", "00d9646c34f5adeb");
    send(host, endpoint.method, &target, token, "")
}

/// Gives out a token as the root, and returns its id and its text.
fn token(host: &mut NativeHost, scopes: &[Scope], expires_at: Option<&str>) -> (String, String) {
    let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let body = json!({ "name": "a token", "scopes": names, "expiresAt": expires_at });
    let root = host.root_token();
    let answer = send(host, "POST", TOKENS, &root, &body.to_string());
    assert_eq!(answer.status, 201, "{}", answer.body);
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("id"), text("accessToken"))
}

fn revoke(host: &mut NativeHost, id: &str) {
    let root = host.root_token();
    let target = format!("{TOKENS}/{id}");
    let answer = send(host, "PATCH", &target, &root, r#"{"revoked": true}"#);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn scope(endpoint: &Endpoint) -> Option<Scope> {
    match endpoint.access {
        Access::Open => None,
        Access::OpenOrScoped(scope) | Access::Scoped(scope) => Some(scope),
    }
}

fn reads(host: &mut NativeHost, token: &str) -> u16 {
    send(host, "GET", "/v3/licenses", token, "").status
}

fn used(host: &NativeHost) -> Value {
    let rows = host
        .database()
        .query("SELECT last_used_at FROM access_tokens", &[]);
    rows.unwrap()[0][0].clone()
}

#[test]
fn the_scope_of_a_call_is_that_of_its_group() {
    for endpoint in endpoints() {
        let Some(scope) = scope(endpoint) else {
            continue;
        };
        let group = match endpoint.tag() {
            "products" => "product",
            "license-templates" => "licenseTemplate",
            "licenses" => "license",
            "activations" if endpoint.method != "GET" => "license",
            "activations" | "activation-logs" => "activation",
            "users" => "user",
            "tags" => "tag",
            "personal-access-tokens" => "personalAccessToken",
            "roles" => "role",
            "event-logs" => "eventLog",
            "analytics" => "analytics",
            "import" | "imports" | "export" | "rebuild" | "rewrap" => "account",
            other => panic!("the group of `{other}` is not known here"),
        };
        // Whoever may read tokens may see who has access; whoever may read an import may see what is in it.
        let writes = matches!(endpoint.tag(), "personal-access-tokens" | "imports");
        let verb = if endpoint.method == "GET" && !writes {
            "read"
        } else {
            "write"
        };
        let name = endpoint.operation.name();
        assert_eq!(scope.as_str(), format!("{group}:{verb}"), "{name}");
    }
}

#[test]
fn each_call_lets_in_the_tokens_that_have_its_scope_and_no_others() {
    let mut host = NativeHost::default();
    for held in Scope::ALL {
        let (_, token) = token(&mut host, &[*held], None);
        for endpoint in endpoints() {
            let answer = call(&mut host, endpoint, &token);
            let name = endpoint.operation.name();
            match scope(endpoint).filter(|needed| needed != held) {
                None => assert!(
                    ![401, 403].contains(&answer.status),
                    "{name} refuses {held:?}: {}",
                    answer.body
                ),
                Some(needed) => {
                    let message = format!("lacks the scope `{}`", needed.as_str());
                    assert_eq!(answer.status, 403, "{name} lets in {held:?}");
                    assert!(answer.body.contains("FORBIDDEN"), "{}", answer.body);
                    assert!(answer.body.contains(&message), "{}", answer.body);
                }
            }
        }
    }
}

#[test]
fn all_scopes_but_its_own_do_not_open_a_call() {
    let mut host = NativeHost::default();
    for lacking in Scope::ALL {
        let others: Vec<Scope> = Scope::ALL
            .iter()
            .copied()
            .filter(|s| s != lacking)
            .collect();
        let (_, token) = token(&mut host, &others, None);
        let needing = endpoints()
            .iter()
            .filter(|endpoint| scope(endpoint) == Some(*lacking));
        for endpoint in needing {
            let answer = call(&mut host, endpoint, &token);
            assert_eq!(answer.status, 403, "{}", endpoint.operation.name());
        }
    }
}

#[test]
fn nobody_gets_in_without_a_token_or_with_one_that_is_unknown_ended_or_revoked() {
    let mut host = NativeHost::default();
    let end = host.now().plus(Seconds(60)).to_string();
    let (_, ended) = token(&mut host, Scope::ALL, Some(&end));
    let (id, revoked) = token(&mut host, Scope::ALL, None);
    revoke(&mut host, &id);
    host.ahead = Seconds(61);
    for endpoint in endpoints() {
        let name = endpoint.operation.name();
        for token in ["", UNKNOWN, "lct_garbage", &ended, &revoked] {
            let answer = call(&mut host, endpoint, token);
            let open = match endpoint.access {
                Access::Open => true,
                // Its clients have no token; whoever sends one wants what an administrator may.
                Access::OpenOrScoped(_) => token.is_empty(),
                Access::Scoped(_) => false,
            };
            assert_eq!(answer.status != 401, open, "{name} to `{token}`");
        }
    }
}

#[test]
fn open_calls_answer_alike_whatever_token_is_sent() {
    let mut host = NativeHost::default();
    let (_, token) = token(&mut host, &[Scope::TagRead], None);
    let open = endpoints()
        .iter()
        .filter(|endpoint| endpoint.access == Access::Open);
    for endpoint in open {
        let without = call(&mut host, endpoint, "");
        for token in [&token, UNKNOWN, "lct_garbage"] {
            let with = call(&mut host, endpoint, token);
            let name = endpoint.operation.name();
            assert_eq!(
                (with.status, with.body),
                (without.status, without.body.clone()),
                "{name}"
            );
        }
    }
    assert_eq!(used(&host), Value::Null);
}

#[test]
fn the_edge_lets_in_nobody_whom_the_ledger_would_not() {
    let mut host = NativeHost::default();
    let (_, other) = token(&mut host, &[Scope::TagRead], None);
    let at_the_edge = endpoints()
        .iter()
        .filter(|endpoint| endpoint.place == Place::Edge && scope(endpoint).is_some());
    for endpoint in at_the_edge {
        assert_eq!(call(&mut host, endpoint, &other).status, 403);
    }
}

#[test]
fn a_token_lets_nobody_in_once_it_is_revoked_or_deleted_or_has_ended() {
    let mut host = NativeHost::default();
    let end = host.now().plus(Seconds(60)).to_string();
    let (_, ends) = token(&mut host, &[Scope::LicenseRead], Some(&end));
    let (revoked_id, revoked) = token(&mut host, &[Scope::LicenseRead], None);
    let (deleted_id, deleted) = token(&mut host, &[Scope::LicenseRead], None);
    for token in [&ends, &revoked, &deleted] {
        assert_eq!(reads(&mut host, token), 200);
    }
    host.ahead = Seconds(61);
    assert_eq!(reads(&mut host, &ends), 401);
    assert_eq!(reads(&mut host, &revoked), 200);
    revoke(&mut host, &revoked_id);
    assert_eq!(reads(&mut host, &revoked), 401);
    let root = host.root_token();
    let target = format!("{TOKENS}/{deleted_id}");
    assert_eq!(send(&mut host, "DELETE", &target, &root, "").status, 204);
    assert_eq!(reads(&mut host, &deleted), 401);
}

#[test]
fn no_token_makes_one_that_may_do_more() {
    let mut host = NativeHost::default();
    for lacking in Scope::ALL {
        let held: Vec<Scope> = Scope::ALL
            .iter()
            .copied()
            .filter(|s| s != lacking)
            .collect();
        let (_, token) = token(&mut host, &held, None);
        let body =
            json!({ "name": "more", "scopes": [Scope::LicenseRead.as_str(), lacking.as_str()] });
        let answer = send(&mut host, "POST", TOKENS, &token, &body.to_string());
        let message = format!("lacks the scope `{}`", lacking.as_str());
        assert_eq!(answer.status, 403, "{lacking:?}");
        let said = answer.body.contains(&message);
        // Without `personalAccessToken:write` it makes none at all.
        assert!(said, "{}", answer.body);
    }
}

#[test]
fn no_text_of_a_token_is_kept_or_shown_again() {
    let mut host = NativeHost::default();
    let (id, text) = token(&mut host, &[Scope::LicenseRead], None);
    let root = host.root_token();
    for target in [
        TOKENS.to_owned(),
        format!("{TOKENS}/{id}"),
        "/v3/event-logs".to_owned(),
    ] {
        let answer = send(&mut host, "GET", &target, &root, "");
        assert!(answer.body.contains(&id) && !answer.body.contains(&text));
    }
    let sql = "SELECT digest || name || search || document FROM access_tokens";
    let rows = host.database().query(sql, &[]).unwrap();
    assert!(matches!(&rows[0][0], Value::Text(row) if !row.contains(&text[4..])));
}

#[test]
fn a_use_is_noted_at_most_once_a_minute() {
    let mut host = NativeHost::default();
    let (_, token) = token(&mut host, &[Scope::LicenseRead], None);
    assert_eq!(used(&host), Value::Null);
    reads(&mut host, &token);
    let first = used(&host);
    assert_ne!(first, Value::Null);
    host.ahead = Seconds(30);
    reads(&mut host, &token);
    assert_eq!(used(&host), first);
    host.ahead = Seconds(61);
    reads(&mut host, &token);
    assert_ne!(used(&host), first);
}

#[test]
fn the_audit_log_names_the_token() {
    let mut host = NativeHost::default();
    let (id, token) = token(&mut host, &[Scope::TagWrite, Scope::EventLogRead], None);
    let answer = send(&mut host, "POST", "/v3/tags", &token, r#"{"name": "vip"}"#);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let target = "/v3/event-logs?action=tag.created";
    let answer = send(&mut host, "GET", target, &token, "");
    let entries: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(entries[0]["actor"], format!("token:{id}"));
}
