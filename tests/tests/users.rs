//! Users: a list and an export under any filter are what looking at every user gives, and what names an owner finds licenses.

use licentia_tests::native::NativeHost;
use licentia_tests::run::Answer;
use serde_json::{Value, json};

/// More than two slices of an export.
const USERS: usize = 1_100;

fn send(host: &mut NativeHost, method: &str, target: &str, body: &Value) -> Answer {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    host.call_as_root(method, target, &body)
}

fn created(host: &mut NativeHost, target: &str, body: &Value) -> Value {
    let answer = send(host, "POST", target, body);
    assert_eq!(answer.status, 201, "{body}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn get(host: &mut NativeHost, target: &str) -> Answer {
    let answer = send(host, "GET", target, &Value::Null);
    assert_eq!(answer.status, 200, "{target}: {}", answer.body);
    answer
}

fn user(number: usize) -> Value {
    let metadata = match number % 3 {
        0 => {
            json!([{"key": "plan", "value": "gold"}, {"key": "seats", "value": format!("{number}")}])
        }
        _ => json!([{"key": "plan", "value": "free"}]),
    };
    json!({
        "firstName": format!("First{number}"),
        "lastName": if number.is_multiple_of(50) { "O'Hara, \"Jr.\"" } else { "Last" },
        "email": format!("User{number}@Example{}.com", number % 4),
        "company": if number.is_multiple_of(2) { "Acme; =1+1" } else { "" },
        "tags": if number.is_multiple_of(10) { json!(["VIP", "eu"]) } else { json!(["eu"]) },
        "role": if number.is_multiple_of(100) { "admin" } else { "user" },
        "metadata": metadata,
    })
}

/// A ledger with many users, of whom some own a license, and some of those have activated it.
fn ledger() -> (NativeHost, Vec<Value>, String) {
    let mut host = NativeHost::default();
    let product = json!({"name": "Acme", "tokenAlgorithm": "EdDSA"});
    let product = created(&mut host, "/v3/products", &product)["id"].clone();
    let mut users = Vec::new();
    for number in 0..USERS {
        let user = created(&mut host, "/v3/users", &user(number));
        if number.is_multiple_of(7) {
            let license = json!({"productId": product, "userId": user["id"]});
            let key = created(&mut host, "/v3/licenses", &license)["key"].clone();
            if number.is_multiple_of(2) {
                let machine = json!({
                    "key": key, "productId": product, "os": "linux", "fingerprint": "f", "hostname": "h",
                    "appVersion": format!("1.{}", number % 4), "userHash": "u",
                });
                created(&mut host, "/v3/activations", &machine);
            }
        }
        users.push(user);
    }
    let product = product.as_str().unwrap().to_owned();
    (host, users, product)
}

fn numbers(passes: impl Fn(usize) -> bool) -> Vec<usize> {
    (0..USERS).filter(|number| passes(*number)).collect()
}

/// Every filter of the list, with the numbers of the users who pass it.
fn filters(product: &str) -> Vec<(String, Vec<usize>)> {
    let owns = |n: usize| n.is_multiple_of(7);
    let runs = |n: usize, version: usize| n.is_multiple_of(14) && n % 4 == version;
    let filter = |query: &str, passes: Vec<usize>| (query.replace('^', product), passes);
    vec![
        filter("", numbers(|_| true)),
        filter("email=uSER17@example1.COM", vec![17]),
        filter("email%5Bew%5D=@EXAMPLE3.com", numbers(|n| n % 4 == 3)),
        filter("email%5Bnc%5D=Example0", numbers(|n| n % 4 != 0)),
        filter("role=admin", numbers(|n| n.is_multiple_of(100))),
        filter(
            "userType%5Bne%5D=Admin",
            numbers(|n| !n.is_multiple_of(100)),
        ),
        filter("company%5Bcn%5D=acme", numbers(|n| n.is_multiple_of(2))),
        filter("tag=vip", numbers(|n| n.is_multiple_of(10))),
        filter("tags=vip&tag=EU", numbers(|n| n.is_multiple_of(10))),
        filter("tag%5Bnin%5D=vip,none", numbers(|n| !n.is_multiple_of(10))),
        filter(
            "metadata.key=plan&metadata.value=gold",
            numbers(|n| n.is_multiple_of(3)),
        ),
        filter("metadataKey=seats&metadataValue=33", vec![33]),
        filter("metadata.key=seats&metadata.value=gold", vec![]),
        filter("name=first12%20last", vec![12]),
        filter(
            "query=first108",
            vec![
                108, 1080, 1081, 1082, 1083, 1084, 1085, 1086, 1087, 1088, 1089,
            ],
        ),
        filter("productId=^", numbers(owns)),
        filter("productId%5Bne%5D=^", numbers(|n| !owns(n))),
        filter("activation.appVersion=1.2", numbers(|n| runs(n, 2))),
        filter(
            "activation.appVersion%5Bin%5D=1.0,1.2",
            numbers(|n| n.is_multiple_of(14)),
        ),
        filter(
            "activation.appVersion=1.2&productId=^&tag=vip",
            numbers(|n| runs(n, 2) && n.is_multiple_of(10)),
        ),
        filter(
            "activation.appVersion%5Bne%5D=1.2",
            numbers(|n| !runs(n, 2)),
        ),
        filter("lastSeenAt%5Bgt%5D=2020-01-01", vec![]),
        filter("createdAt%5Blt%5D=2020-01-01", vec![]),
    ]
}

fn listed(host: &mut NativeHost, query: &str) -> Vec<String> {
    let mut found = Vec::new();
    for page in 1.. {
        let answer = get(host, &format!("/v3/users?limit=100&page={page}&{query}"));
        let rows: Vec<Value> = serde_json::from_str(&answer.body).unwrap();
        if rows.is_empty() {
            return found;
        }
        found.extend(
            rows.iter()
                .map(|row| row["id"].as_str().unwrap().to_owned()),
        );
    }
    found
}

fn exported(host: &mut NativeHost, query: &str) -> Vec<String> {
    let answer = get(host, &format!("/v3/users/export?{query}"));
    assert!(answer.body.ends_with("\r\n"), "the last row ends too");
    let mut lines = answer.body.lines();
    assert!(lines.next().unwrap().starts_with("id,createdAt,"));
    lines.map(|line| line[..36].to_owned()).collect()
}

#[test]
fn lists_and_exports_of_users_are_what_looking_at_every_user_gives() {
    let (mut host, users, product) = ledger();
    let id = |number: &usize| users[*number]["id"].as_str().unwrap().to_owned();
    for (query, passing) in filters(&product) {
        let mut expected: Vec<String> = passing.iter().map(id).collect();
        assert_eq!(listed(&mut host, &query), expected, "{query}");
        assert_eq!(exported(&mut host, &query), expected, "{query}");
        let newest = format!("{query}&sort=-createdAt");
        expected.reverse();
        assert_eq!(exported(&mut host, &newest), expected, "{newest}");
    }
    comes_in_slices_with_one_header_and_no_formula(&mut host);
}

fn comes_in_slices_with_one_header_and_no_formula(host: &mut NativeHost) {
    let before = host.ledger_calls.get();
    let answer = get(host, "/v3/users/export");
    assert_eq!(host.ledger_calls.get() - before, 3);
    assert_eq!(answer.body.matches("createdAt").count(), 1);
    assert!(answer.body.contains(",Acme; '=1+1,"));
    assert!(answer.body.contains(",\"O'Hara, \"\"Jr.\"\"\","));
    assert!(!answer.body.contains("; =1+1"));
}

#[test]
fn an_address_is_taken_in_whatever_case_and_script() {
    let mut host = NativeHost::default();
    created(
        &mut host,
        "/v3/users",
        &json!({"email": "Ägir@Bücher.example"}),
    );
    let other = json!({"email": "äGIR@BÜCHER.example"});
    assert_eq!(send(&mut host, "POST", "/v3/users", &other).status, 409);
    let answer = get(&mut host, "/v3/users?email=%C3%84gir@b%C3%9Ccher.example");
    assert!(answer.body.contains("Ägir@Bücher.example"));
}

#[test]
fn every_license_of_an_owner_is_found_by_a_new_name() {
    let mut host = NativeHost::default();
    let product = json!({"name": "Acme", "tokenAlgorithm": "EdDSA"});
    let product = created(&mut host, "/v3/products", &product)["id"].clone();
    let owner = json!({"email": "ada@example.com", "lastName": "Lovelace"});
    let owner = created(&mut host, "/v3/users", &owner)["id"].clone();
    for _ in 0..501 {
        let license = json!({"productId": product, "userId": owner});
        created(&mut host, "/v3/licenses", &license);
    }
    let target = format!("/v3/users/{}", owner.as_str().unwrap());
    let renamed = send(&mut host, "PATCH", &target, &json!({"lastName": "King"}));
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    for (name, count) in [("king", "501"), ("lovelace", "0")] {
        let answer = get(&mut host, &format!("/v3/licenses?query={name}&limit=1"));
        let counted = ("Pagination-Count".to_owned(), count.to_owned());
        assert!(answer.headers.contains(&counted), "{:?}", answer.headers);
    }
}
