//! Lists: whatever filters are asked for, in whatever order of pages, a list is what looking at every license gives; and no
//! statement of one reads a table to the end.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use licentia_tests::native::NativeHost;
use licentia_tests::run::{Answer, Call, Host};
use serde_json::{Value, json};

/// More than a window has, and a third of them is more than few: every way of reading is taken.
const LICENSES: usize = 3_600;
const PRODUCTS: usize = 3;

/// A sequence of numbers that look drawn, the same each time.
struct Drawn(Cell<u64>);

impl Drawn {
    fn below(&self, limit: usize) -> usize {
        let mut state = self.0.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.0.set(state);
        usize::try_from(state % limit as u64).unwrap()
    }

    fn one<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

fn send(host: &mut NativeHost, method: &str, target: &str, body: String) -> Answer {
    let token = format!("Bearer {}", host.root_token());
    host.send(&Call {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: vec![("Authorization".to_owned(), token)],
        body,
    })
}

fn get(host: &mut NativeHost, target: &str) -> (Vec<Value>, Vec<(String, String)>) {
    let answer = send(host, "GET", target, String::new());
    assert_eq!(answer.status, 200, "{target}: {}", answer.body);
    (serde_json::from_str(&answer.body).unwrap(), answer.headers)
}

fn product(number: usize) -> String {
    format!("00000000-0000-4000-8000-00000000000{number}")
}

/// A ledger in which some values are rare and some are common; one for all tests, which only read.
fn ledger() -> MutexGuard<'static, NativeHost> {
    static LEDGER: OnceLock<Mutex<NativeHost>> = OnceLock::new();
    let ledger = LEDGER.get_or_init(|| Mutex::new(filled()));
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

fn filled() -> NativeHost {
    let mut host = empty();
    let drawn = Drawn(Cell::new(88_172_645_463_325_252));
    let mut lines: Vec<Value> = (0..PRODUCTS)
        .map(|number| json!({"resource": "product", "data": {"id": product(number), "name": "Acme", "tokenAlgorithm": "EdDSA"}}))
        .collect();
    lines.extend(
        (0..LICENSES).map(|number| json!({"resource": "license", "data": license(&drawn, number)})),
    );
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let answer = send(&mut host, "POST", "/v3/import", lines.join("\n"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    host
}

/// A ledger that publishes nothing, which takes longer than all else.
fn empty() -> NativeHost {
    let mut host = NativeHost::default();
    host.kv_fails = true;
    host
}

fn license(drawn: &Drawn, number: usize) -> Value {
    let second = drawn.below(86_400 * 30);
    let (day, hour) = (second / 86_400 + 1, second % 86_400);
    json!({
        "id": format!("10000000-0000-4000-8000-{number:012}"),
        "key": format!("{:06X}-{:06X}-{number:06}", drawn.below(1 << 24), drawn.below(1 << 24)),
        "productId": product(drawn.below(10).saturating_sub(7)),
        "createdAt": format!("2024-05-{day:02}T{:02}:{:02}:{:02}Z", hour / 3_600, hour / 60 % 60, hour % 60),
        "revoked": drawn.below(100) == 0,
        "suspended": drawn.below(3) == 0,
        "type": if drawn.below(500) == 0 { "hosted-floating" } else { "node-locked" },
        "allowedActivations": drawn.below(if number < 3_500 { 4 } else { 40 }),
        "validity": drawn.one(&[0, 86_400, 2_595_000]),
        "notes": if drawn.below(50) == 0 { "Paid by invoice" } else { "" },
        "tags": if drawn.below(40) == 0 { vec!["Gold"] } else { vec![] },
        "metadata": [
            {"key": "Order", "value": format!("order-{}", drawn.below(2_500))},
            {"key": "plan", "value": drawn.one(&["basic", "pro", "Enterprise"])},
        ],
    })
}

/// What a filter of the API says of a license: the same rule, written over the answer.
fn passes(license: &Value, name: &str, operator: &str, value: &str) -> bool {
    let negated = matches!(operator, "ne" | "nc" | "nin");
    let plain = match operator {
        "ne" => "eq",
        "nc" => "cn",
        "nin" => "in",
        other => other,
    };
    let values: Vec<String> = match name {
        "tag" => texts(&license["tags"]),
        "metadata.value" => license["metadata"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| text(&entry["value"]))
            .collect(),
        _ => vec![text(&license[name])],
    };
    values
        .iter()
        .any(|known| compares(name, known, plain, value))
        != negated
}

fn texts(array: &Value) -> Vec<String> {
    array.as_array().unwrap().iter().map(text).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or(value.to_string(), str::to_owned)
}

fn compares(name: &str, known: &str, operator: &str, value: &str) -> bool {
    let fold = |text: &str| {
        if name == "tag" {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    };
    let (known, value) = (fold(known), fold(value));
    let order = match (known.parse::<i64>(), value.parse::<i64>()) {
        (Ok(known), Ok(value)) => known.cmp(&value),
        _ => known.cmp(&value),
    };
    match operator {
        "eq" => order.is_eq(),
        "gt" => order.is_gt(),
        "gte" => order.is_ge(),
        "lt" => order.is_lt(),
        "lte" => order.is_le(),
        "sw" => known.starts_with(&value),
        "ew" => known.ends_with(&value),
        "cn" => known.contains(&value),
        "in" => value.split(',').any(|value| value == known),
        other => panic!("no operator {other}"),
    }
}

/// Draws one filter out of the values that licenses have.
fn filter(drawn: &Drawn, all: &[Value]) -> (String, String, String) {
    let license = drawn.one(all);
    let own = |text: String| (text, ());
    let (name, operators): (&str, &[&str]) = *drawn.one(&[
        ("productId", &["eq", "ne", "in", "nin"][..]),
        (
            "key",
            &[
                "eq", "ne", "gt", "gte", "lt", "lte", "sw", "ew", "cn", "nc", "in", "nin",
            ],
        ),
        ("revoked", &["eq", "ne"]),
        ("suspended", &["eq", "ne"]),
        ("type", &["eq", "ne", "in"]),
        (
            "allowedActivations",
            &["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"],
        ),
        ("validity", &["eq", "gte", "lt"]),
        ("createdAt", &["gt", "gte", "lt", "lte", "eq"]),
        ("expiresAt", &["gt", "lt"]),
        ("tag", &["eq", "ne", "cn"]),
        ("metadata.value", &["eq", "sw", "cn", "ew", "nc", "in"]),
    ]);
    let operator = *drawn.one(operators);
    let (value, ()) = own(match name {
        "tag" => "gold".to_owned(),
        "metadata.value" => text(&license["metadata"][drawn.below(2)]["value"]),
        "expiresAt" if license["expiresAt"].is_null() => "2024-06-01T00:00:00.0000000Z".to_owned(),
        _ => text(&license[name]),
    });
    let value = match operator {
        "sw" => value.chars().take(3 + drawn.below(3)).collect(),
        "ew" => value
            .chars()
            .rev()
            .take(3)
            .collect::<String>()
            .chars()
            .rev()
            .collect(),
        "cn" | "nc" => value.chars().skip(1).take(2 + drawn.below(3)).collect(),
        "in" | "nin" => format!("{value},{}", text(&drawn.one(all)[name])),
        _ => value,
    };
    (name.to_owned(), operator.to_owned(), value)
}

fn all_pages(host: &mut NativeHost, filters: &str, limit: usize) -> Vec<Value> {
    let mut found = Vec::new();
    for page in 1.. {
        let (rows, _) = get(
            host,
            &format!("/v3/licenses?limit={limit}&page={page}{filters}"),
        );
        if rows.is_empty() {
            break;
        }
        found.extend(rows);
    }
    found
}

fn id(license: &Value) -> &str {
    license["id"].as_str().unwrap()
}

#[test]
fn a_list_is_what_looking_at_every_license_gives() {
    let mut host = ledger();
    let all = all_pages(&mut host, "", 100);
    assert_eq!(all.len(), LICENSES);
    assert!(all.is_sorted_by_key(|license| text(&license["createdAt"])));

    let drawn = Drawn(Cell::new(1_181_783_497_276_652_981));
    for _ in 0..150 {
        let mut filters: Vec<_> = (0..1 + drawn.below(3))
            .map(|_| filter(&drawn, &all))
            .collect();
        filters.sort();
        // Two filters of metadata are about one entry, which is another rule than the one that is written here.
        filters.dedup_by(|(second, ..), (first, ..)| first == second && first == "metadata.value");
        let query: String = filters
            .iter()
            .map(|(name, operator, value)| format!("&{name}%5B{operator}%5D={value}"))
            .collect();
        let expected: Vec<&str> = all
            .iter()
            .filter(|license| {
                filters.iter().all(|(name, operator, value)| {
                    match (name.as_str(), license[name].is_null()) {
                        ("expiresAt", true) => false,
                        _ => passes(license, name, operator, value),
                    }
                })
            })
            .map(id)
            .collect();
        // Few pages suffice to see where one begins; the last page of a long list is asked for by itself.
        let limit = 60 + drawn.below(40);
        let (first, headers) = get(&mut host, &format!("/v3/licenses?limit={limit}{query}"));
        let first: Vec<&str> = first.iter().map(id).collect();
        assert_eq!(
            first,
            expected.iter().take(limit).copied().collect::<Vec<_>>(),
            "{query}"
        );
        let header = |name: &str| {
            let found = headers.iter().find(|(header, _)| header == name);
            found.unwrap().1.as_str()
        };
        let total: usize = header("Pagination-Count").parse().unwrap();
        match header("Pagination-Relation") {
            "eq" => assert_eq!(total, expected.len(), "{query}"),
            relation => assert!(
                relation == "gte" && total <= expected.len(),
                "{query}: {total}"
            ),
        }
        let last = expected.len() / limit + 1;
        let (page, _) = get(
            &mut host,
            &format!("/v3/licenses?limit={limit}&page={last}{query}"),
        );
        let rest: Vec<&str> = page.iter().map(id).collect();
        assert_eq!(
            rest,
            expected
                .iter()
                .skip((last - 1) * limit)
                .copied()
                .collect::<Vec<_>>(),
            "{query}"
        );
        let (newest, _) = get(
            &mut host,
            &format!("/v3/licenses?limit={limit}&sort=-createdAt{query}"),
        );
        let newest: Vec<&str> = newest.iter().map(id).collect();
        assert_eq!(
            newest,
            expected
                .iter()
                .rev()
                .take(limit)
                .copied()
                .collect::<Vec<_>>(),
            "{query}"
        );
    }
}

#[test]
fn words_are_searched_for_in_keys_notes_tags_and_metadata() {
    let mut host = ledger();
    let all = all_pages(&mut host, "", 100);
    for words in [
        "invoice",
        "GOLD",
        "enterprise",
        "order-77",
        "A3F",
        "-0035",
        "zz",
        "or",
    ] {
        let lower = words.to_lowercase();
        let expected: Vec<&str> = all
            .iter()
            .filter(|license| {
                let mut lines = vec![text(&license["key"])];
                lines.extend(license["notes"].as_str().map(str::to_owned));
                lines.extend(texts(&license["tags"]));
                lines.extend(
                    license["metadata"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|entry| text(&entry["value"])),
                );
                lines
                    .iter()
                    .any(|line| line.to_lowercase().contains(&lower))
            })
            .map(id)
            .collect();
        let found = all_pages(&mut host, &format!("&query={words}"), 100);
        assert_eq!(
            found.iter().map(id).collect::<Vec<_>>(),
            expected,
            "{words}"
        );
    }
}

#[test]
fn an_operator_with_an_empty_list_returns_nothing_and_an_empty_filter_is_ignored() {
    let mut host = ledger();
    assert!(get(&mut host, "/v3/licenses?key[in]=").0.is_empty());
    assert_eq!(get(&mut host, "/v3/licenses?key=&revoked=").0.len(), 20);
    assert_eq!(get(&mut host, "/v3/licenses?key[nin]=").0.len(), 20);
}

#[test]
fn a_link_leads_through_every_page() {
    let mut host = ledger();
    let mut target = "/v3/licenses?limit=90&allowedActivations[lt]=2&suspended=true".to_owned();
    let whole = all_pages(&mut host, "&allowedActivations[lt]=2&suspended=true", 100);
    let mut found = Vec::new();
    loop {
        let (rows, headers) = get(&mut host, &target);
        assert!(!rows.is_empty());
        found.extend(rows);
        let Some((_, link)) = headers.iter().find(|(name, _)| name == "Link") else {
            break;
        };
        let (address, relation) = link.trim_start_matches('<').split_once(">; ").unwrap();
        assert_eq!(relation, "rel=\"next\"");
        target = address.to_owned();
    }
    let ids = |licenses: &[Value]| {
        licenses
            .iter()
            .map(|license| id(license).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&found), ids(&whole));
}

/// Every statement that lists ran, explained: nothing but a walk in order of creation may read a table.
#[test]
fn no_list_reads_a_table_to_find_a_rare_value() {
    let mut host = ledger();
    for query in [
        "",
        "key=000000-000000-000000",
        "key[sw]=A3F",
        "key[in]=a,b",
        "revoked=true",
        "productId=00000000-0000-4000-8000-000000000001&revoked=true",
        "type=hosted-floating",
        "allowedActivations[gte]=30",
        "allowedActivations[in]=33,34",
        "totalActivations[gt]=3",
        "validity=7",
        "tag=gold",
        "metadata.key=Order&metadata.value=order-7",
        "metadata.value[sw]=order-99",
        "user.email=nobody@example.com",
        "user.email[sw]=nobody",
        "activation.countryCode=DE",
        "expired=true&revoked=true",
        "key[cn]=A3F9C",
        "key[ew]=003599",
        "query=invoice",
        "createdAt[gte]=2024-05-30",
        "expiresAt[lt]=2024-05-02",
        "expiringSoon=true",
        "additionalUserIds=20000000-0000-4000-8000-000000000000",
    ] {
        reads_no_table(&mut host, &format!("/v3/licenses?{query}"));
    }
}

#[test]
fn nor_does_a_list_of_anything_else() {
    let mut host = ledger();
    let id = "10000000-0000-4000-8000-000000000001";
    for (list, queries) in [
        (
            "products",
            &["", "name=Acme", "name[cn]=cm", "query=acme"][..],
        ),
        ("license-templates", &["", "name[sw]=A", "query=acme"]),
        (
            "users",
            &[
                "",
                "email=a@b.example",
                "email[cn]=example",
                "company[sw]=A",
                "tag=gold",
                "query=kim",
            ],
        ),
        (
            "users",
            &[
                "metadata.key=plan&metadata.value=pro",
                "productId=00000000-0000-4000-8000-000000000001",
            ],
        ),
        ("tags", &["", "name=gold", "name[nc]=old"]),
        (
            "activations",
            &[
                "",
                "licenseKey=A3F",
                "os=linux",
                "appVersion[sw]=4.2",
                "query=build",
                "metadata.value=7",
            ],
        ),
        ("activation-logs", &["", "action=created", "query=build"]),
        ("personal-access-tokens", &["", "name=CI"]),
        (
            "event-logs",
            &[
                "",
                "action=license.imported",
                "resource=license",
                "query=import",
            ],
        ),
    ] {
        for query in queries {
            reads_no_table(&mut host, &format!("/v3/{list}?{query}"));
        }
    }
    for owned in ["activations", "activation-logs"] {
        reads_no_table(&mut host, &format!("/v3/{owned}?licenseId={id}"));
    }
}

#[track_caller]
fn reads_no_table(host: &mut NativeHost, target: &str) {
    host.database().ran.borrow_mut().clear();
    get(host, target);
    let ran = host.database().ran.borrow().clone();
    assert!(!ran.is_empty());
    for sql in &ran {
        let plan = host.database().plan(sql);
        assert_eq!(plan.reads_to_the_end(), None, "{target}: {sql}");
    }
}

#[test]
fn a_license_with_one_value_under_two_keys_is_listed_and_counted_once() {
    let mut host = empty();
    let mut lines = vec![
        json!({"resource": "product", "data": {"id": product(0), "name": "Acme", "tokenAlgorithm": "EdDSA"}}),
    ];
    let twice = json!([{"key": "sold in", "value": "Ghent"}, {"key": "used in", "value": "Ghent"}]);
    lines.extend((0..150).map(|number| {
        let id = format!("10000000-0000-4000-8000-{number:012}");
        json!({"resource": "license", "data": {"id": id, "key": id, "productId": product(0), "metadata": twice}})
    }));
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let answer = send(&mut host, "POST", "/v3/import", lines.join("\n"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    for filter in [
        "metadata.value=Ghent",
        "metadata.value[sw]=Ghe",
        "metadata.value[in]=Ghent",
    ] {
        let (found, headers) = get(&mut host, &format!("/v3/licenses?limit=100&{filter}"));
        let ids: std::collections::BTreeSet<_> = found.iter().map(id).collect();
        assert_eq!((found.len(), ids.len()), (100, 100), "{filter}");
        assert!(
            headers.contains(&("Pagination-Count".to_owned(), "150".to_owned())),
            "{filter}"
        );
    }
}

/// Creates a product with so many licenses; returns its id and theirs.
fn sold(host: &mut NativeHost, count: usize) -> (String, Vec<String>) {
    let mut create = |path: &str, body: Value| -> String {
        let answer = send(host, "POST", path, body.to_string());
        assert_eq!(answer.status, 201, "{}", answer.body);
        let created: Value = serde_json::from_str(&answer.body).unwrap();
        created["id"].as_str().unwrap().to_owned()
    };
    let product = create(
        "/v3/products",
        json!({"name": "Paged", "tokenAlgorithm": "EdDSA"}),
    );
    let licenses = (0..count).map(|_| create("/v3/licenses", json!({"productId": product})));
    let licenses = licenses.collect();
    (product, licenses)
}

fn ids(rows: &[Value]) -> Vec<String> {
    let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
    rows.iter().map(id).collect()
}

#[test]
fn a_page_follows_the_one_before_it_as_the_list_is_now() {
    let mut host = empty();
    let (product, licenses) = sold(&mut host, 12);
    let page = |host: &mut NativeHost, sort: &str, page: usize| {
        let target = format!("/v3/licenses?productId={product}&limit=4&page={page}{sort}");
        ids(&get(host, &target).0)
    };
    for number in 1..=3 {
        page(&mut host, "", number);
        page(&mut host, "&sort=-createdAt", number);
    }
    for id in licenses.iter().take(8) {
        let path = format!("/v3/licenses/{id}");
        assert_eq!(send(&mut host, "DELETE", &path, String::new()).status, 204);
    }
    assert_eq!(page(&mut host, "", 2), Vec::<String>::new());
    assert_eq!(page(&mut host, "", 1), licenses[8..]);
    assert_eq!(page(&mut host, "", 2), Vec::<String>::new());
    assert_eq!(page(&mut host, "&sort=-createdAt", 2), Vec::<String>::new());
}

#[test]
fn more_filters_than_a_statement_can_nest_are_refused() {
    let mut host = empty();
    for filter in [
        "revoked=false",
        "metadata.value[cn]=abc",
        "createdAt[gte]=2020-01-01",
    ] {
        let query = |count: usize| format!("/v3/licenses?{}", vec![filter; count].join("&"));
        assert_eq!(
            send(&mut host, "GET", &query(30), String::new()).status,
            200
        );
        let answer = send(&mut host, "GET", &query(31), String::new());
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(
            answer.body.contains("at most 30 filters"),
            "{}",
            answer.body
        );
    }
}
