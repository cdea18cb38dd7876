//! Access tokens: each call lets in whom it should, and revoking acts at once.

use licentia_api::{Access, Database, TokenDigest, Value, endpoints};
use licentia_core::wire::StoredAccessToken;
use licentia_core::{AccessToken, Draw, Scope, Seconds, Seed, Timestamp, TokenText};
use licentia_tests::native::NativeHost;
use licentia_tests::run::{Answer, Call, Host};

const ID: &str = "23d9646c-34f5-4d37-adeb-f7f77b927bdb";

/// Gives out a token with these scopes, and returns its text.
fn token(host: &NativeHost, number: u8, scopes: &[Scope], expires_at: Option<Timestamp>) -> String {
    let mut draw = Draw::new(Seed([number; 32]));
    let text = TokenText::draw(&mut draw).as_str().to_owned();
    let token = AccessToken {
        id: draw.id(),
        created_at: host.now(),
        updated_at: host.now(),
        version: 1,
        name: "token".to_owned(),
        expires_at,
        revoked: false,
        scopes: scopes.iter().copied().collect(),
        last_used_at: None,
    };
    let document = serde_json::to_string(&StoredAccessToken::from(&token)).unwrap();
    let row = [
        Value::Integer(number.into()),
        Value::Text(token.id.to_string()),
        Value::Text(TokenDigest::of(&text).to_string()),
        Value::Text(token.created_at.to_string()),
        Value::Text(document),
    ];
    let sql = "INSERT INTO access_tokens (number, id, digest, name, created_at, search, document)
        VALUES (?1, ?2, ?3, 'token', ?4, '', ?5)";
    host.database().execute(sql, &row).unwrap();
    text
}

fn call(host: &mut NativeHost, method: &str, target: &str, token: &str) -> Answer {
    host.send(&Call {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: vec![("Authorization".to_owned(), format!("Bearer {token}"))],
        body: String::new(),
    })
}

fn used(host: &NativeHost) -> Value {
    let rows = host
        .database()
        .query("SELECT last_used_at FROM access_tokens", &[]);
    rows.unwrap()[0][0].clone()
}

#[test]
fn each_call_lets_in_the_tokens_that_have_its_scope_and_no_others() {
    let mut host = NativeHost::default();
    for (number, scope) in (1..).zip(Scope::ALL) {
        let token = token(&host, number, &[*scope], None);
        for endpoint in endpoints() {
            let target = endpoint.path.replace("{id}", ID).replace("{number}", "1");
            let answer = call(&mut host, endpoint.method, &target, &token);
            let lets_in = match endpoint.access {
                Access::Open => true,
                Access::OpenOrScoped(needed) | Access::Scoped(needed) => needed == *scope,
            };
            let name = endpoint.operation.name();
            if lets_in {
                assert!(
                    ![401, 403].contains(&answer.status),
                    "{name} refuses {scope:?}"
                );
            } else {
                assert_eq!(answer.status, 403, "{name} lets in {scope:?}");
                assert!(answer.body.contains("FORBIDDEN"), "{}", answer.body);
            }
        }
    }
}

#[test]
fn a_token_lets_nobody_in_once_it_is_revoked_or_has_ended() {
    let mut host = NativeHost::default();
    let end = host.now().plus(Seconds(60));
    let ends = token(&host, 1, &[Scope::LicenseRead], Some(end));
    let stays = token(&host, 2, &[Scope::LicenseRead], None);
    for token in [&ends, &stays] {
        assert_eq!(call(&mut host, "GET", "/v3/licenses", token).status, 200);
    }
    host.ahead = Seconds(61);
    assert_eq!(call(&mut host, "GET", "/v3/licenses", &ends).status, 401);
    assert_eq!(call(&mut host, "GET", "/v3/licenses", &stays).status, 200);
    let revoke =
        "UPDATE access_tokens SET document = json_set(document, '$.revoked', json('true'))";
    host.database().execute(revoke, &[]).unwrap();
    assert_eq!(call(&mut host, "GET", "/v3/licenses", &stays).status, 401);
}

#[test]
fn a_use_is_noted_at_most_once_a_minute() {
    let mut host = NativeHost::default();
    let token = token(&host, 1, &[Scope::LicenseRead], None);
    assert_eq!(used(&host), Value::Null);
    call(&mut host, "GET", "/v3/licenses", &token);
    let first = used(&host);
    assert_ne!(first, Value::Null);
    host.ahead = Seconds(30);
    call(&mut host, "GET", "/v3/licenses", &token);
    assert_eq!(used(&host), first);
    host.ahead = Seconds(61);
    call(&mut host, "GET", "/v3/licenses", &token);
    assert_ne!(used(&host), first);
}

#[test]
fn the_audit_log_names_the_token() {
    let mut host = NativeHost::default();
    let token = token(&host, 1, &[Scope::ProductWrite], None);
    let answer = host.send(&Call {
        method: "POST".to_owned(),
        target: "/v3/products".to_owned(),
        headers: vec![("Authorization".to_owned(), format!("Bearer {token}"))],
        body: r#"{"name": "Acme", "tokenAlgorithm": "EdDSA"}"#.to_owned(),
    });
    assert_eq!(answer.status, 201, "{}", answer.body);
    let actors = host
        .database()
        .query("SELECT actor FROM event_logs", &[])
        .unwrap();
    let ids = host
        .database()
        .query("SELECT 'token:' || id FROM access_tokens", &[]);
    assert_eq!(actors, ids.unwrap());
}
