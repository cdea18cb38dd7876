//! Shapes against the domain: what requests do, what answers say, and that documents of before still read.

use serde_json::{Value, json};

use super::*;
use crate::activation::{Activation, Reach};
use crate::claims::Claims;
use crate::draw::{Draw, Seed};
use crate::json::parse;
use crate::license::{Change, License, Pending, Totals};
use crate::meter::{MeterTotals, MeterUse, UsesChange};
use crate::product::Product;
use crate::restriction::Origin;
use crate::time::{Seconds, Timestamp};
use crate::user::User;

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn draw() -> Draw {
    Draw::new(Seed([1; 32]))
}

fn read<T: serde::de::DeserializeOwned>(body: &Value) -> T {
    parse(body.to_string().as_bytes()).unwrap()
}

/// A license as it was stored before owners, meters and pending extensions were.
fn stored() -> Value {
    json!({
        "id": "00000000-0000-4000-8000-000000000001",
        "productId": "00000000-0000-4000-8000-000000000002",
        "key": "0123456789ABCDEF", "createdAt": now(), "updatedAt": now(), "version": 7, "epoch": 1,
        "revoked": false, "suspended": false, "expiresAt": null, "activatedAt": null,
        "statusList": { "list": 0, "index": 9 }, "terms": crate::terms::Terms::default(), "metadata": [],
    })
}

fn license() -> License {
    let stored: StoredLicense = serde_json::from_value(stored()).unwrap();
    stored.into_license(Totals::default()).unwrap()
}

fn user() -> User {
    let input: UserInput = read(&json!({
        "firstName": "Ada", "lastName": "Lovelace", "email": " Ada@Example.com ", "company": "Engines",
        "metadata": [
            { "key": "plan", "value": "gold", "viewPermissions": ["activation"] },
            { "key": "note", "value": "hidden" },
        ],
    }));
    input.create(&mut draw(), now()).unwrap()
}

/// A license with an owner, a meter that applications see, one that they do not, and an activation that counted.
fn metered() -> (License, Activation) {
    let mut license = license();
    let mut change = Change::of(&license);
    let input: LicenseInput = read(&json!({ "meterAttributes": [
        { "name": "exports", "allowedUses": 10, "floating": true },
        { "name": "imports", "allowedUses": -1, "visible": false },
    ] }));
    input
        .lay_over_change(&mut change, Merging::ByName, &mut draw(), now())
        .unwrap();
    license.meters = change.meters;
    let id = license.meters[0].id;
    let totals = MeterTotals {
        total_uses: 3,
        gross_uses: 5,
    };
    license.totals.meters.insert(id, totals);
    let device = request(&json!({})).device().unwrap();
    let id_of_activation = draw().id();
    let origin = Origin::default();
    let mut activation = Activation::new(
        id_of_activation,
        &license,
        device,
        None,
        Reach::Online(&origin),
        now(),
    );
    activation.meters = vec![MeterUse {
        meter: id,
        uses: 2,
        resets: 0,
    }];
    (license, activation)
}

fn request(more: &Value) -> ActivationRequest {
    let mut body = json!({
        "key": "k", "productId": "p", "os": "linux", "fingerprint": "f", "hostname": "h", "appVersion": "1",
        "userHash": "u", "email": "", "password": "", "accountId": "", "clientVersion": "3.1", "vmName": "",
    });
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    read(&body)
}

#[test]
fn what_is_stored_of_an_activation_says_how_it_was_made_where_that_is_another_way() {
    let (license, made_online) = metered();
    let device = made_online.device.clone();
    let (id, origin) = (made_online.id, Origin::default());
    let offline = Activation::new(id, &license, device.clone(), None, Reach::Offline, now());
    let mut synced = offline.clone();
    synced.renew(&license, device, None, Reach::Online(&origin), now());
    for (activation, made_offline) in [(made_online, None), (offline, None), (synced, Some(true))] {
        let mut stored = serde_json::to_value(StoredActivation::from(&activation)).unwrap();
        assert_eq!(
            stored.get("madeOffline").and_then(Value::as_bool),
            made_offline
        );
        let again: StoredActivation = serde_json::from_value(stored.take()).unwrap();
        assert_eq!(Activation::from(again), activation);
    }
}

#[test]
fn a_response_may_be_used_for_a_week_unless_it_says_otherwise() {
    let until = |validity: Value| {
        let input: OfflineActivationInput = read(&json!({
            "licenseId": "0190f7f4-3c6e-4b43-a0b4-6f0d9d6b0a01", "offlineRequest": "", "responseValidity": validity,
        }));
        input
            .usable_until(now())
            .map(|until| until - now().unix_seconds())
            .ok()
    };
    let week = Some(604_800);
    assert_eq!([Value::Null, json!(0), json!("")].map(until), [week; 3]);
    assert_eq!(until(json!(1)), Some(1));
    assert_eq!(until(json!("3600")), Some(3_600));
    assert_eq!(until(json!(i32::MAX)), Some(i64::from(i32::MAX)));
    assert_eq!([json!(-1), json!(2_147_483_648_u64)].map(until), [None; 2]);
}

#[test]
fn a_license_stored_before_still_reads_and_is_stored_the_same() {
    let license = license();
    assert_eq!((license.user_id, license.meters.len()), (None, 0));
    let again = serde_json::to_value(StoredLicense::from(&license)).unwrap();
    assert_eq!(again, stored());
}

#[test]
fn what_is_stored_is_what_is_read() {
    let (mut license, activation) = metered();
    license.pending = Pending {
        renewals: 1,
        seconds: Seconds(2),
    };
    license.user_id = Some(user().id);
    license.effective_at = Some(now());
    let document = serde_json::to_vec(&StoredLicense::from(&license)).unwrap();
    let stored: StoredLicense = serde_json::from_slice(&document).unwrap();
    let counted = serde_json::to_vec(&StoredMeterTotals::from(&license.totals)).unwrap();
    let counted: StoredMeterTotals = serde_json::from_slice(&counted).unwrap();
    let totals = Totals {
        meters: counted.into(),
        ..Totals::default()
    };
    assert_eq!(stored.into_license(totals), Some(license));

    let document = serde_json::to_vec(&StoredActivation::from(&activation)).unwrap();
    let stored: StoredActivation = serde_json::from_slice(&document).unwrap();
    assert_eq!(Activation::from(stored), activation);

    let document = serde_json::to_vec(&StoredUser::from(&user())).unwrap();
    let stored: StoredUser = serde_json::from_slice(&document).unwrap();
    assert_eq!(User::from(stored), user());
}

#[test]
fn an_unknown_stored_value_is_an_error() {
    let mut document = stored();
    document["color"] = json!("red");
    assert!(serde_json::from_value::<StoredLicense>(document).is_err());
}

#[test]
fn meters_merge_by_name_in_any_case_and_an_empty_list_empties() {
    let (license, _) = metered();
    let merged = |body: &Value, merging| {
        let mut change = Change::of(&license);
        let input: LicenseInput = read(body);
        input
            .lay_over_change(&mut change, merging, &mut draw(), now())
            .map(|()| change.meters)
    };
    let named = json!({ "meterAttributes": [{ "name": "EXPORTS", "allowedUses": 20 }] });
    let meters = merged(&named, Merging::ByName).unwrap();
    assert_eq!(meters.len(), 2);
    assert_eq!(meters[0].id, license.meters[0].id);
    assert_eq!((meters[0].allowed_uses, meters[0].floating), (20, true));
    assert_eq!(merged(&named, Merging::Whole).unwrap().len(), 1);
    let none = json!({ "meterAttributes": [] });
    assert!(merged(&none, Merging::ByName).unwrap().is_empty());
    let incomplete = json!({ "meterAttributes": [{ "name": "new" }] });
    let refused = merged(&incomplete, Merging::ByName).unwrap_err();
    assert!(
        refused
            .message
            .starts_with("`meterAttributes[0].allowedUses`")
    );
}

#[test]
fn metadata_merges_by_key_and_keeps_who_sees_it() {
    let known = user().metadata;
    let named: Vec<MetadataInput> = read(&json!([{ "key": "PLAN", "value": "silver" }]));
    let merged = MetadataInput::merge(&named, &known, &mut draw(), now());
    assert_eq!(merged.len(), 2);
    assert_eq!(
        (merged[0].id, merged[0].value.as_str()),
        (known[0].id, "silver")
    );
    assert!(merged[0].is_seen_by_activations());
    assert_eq!(merged[1], known[1]);
}

#[test]
fn a_license_shows_its_owner_its_meters_and_what_waits() {
    let (mut license, _) = metered();
    let owner = user();
    license.pending.renewals = 2;
    let shown = serde_json::to_value(LicenseView::new(&license, Some(&owner))).unwrap();
    assert_eq!(shown["user"]["name"], "Ada Lovelace");
    assert_eq!(shown["user"]["email"], "Ada@Example.com");
    let waits = json!({ "renewals": 2, "extensionLength": 0 });
    assert_eq!(shown["pendingExtension"], waits);
    let meter = &shown["meterAttributes"][0];
    assert_eq!(
        (&meter["totalUses"], &meter["grossUses"]),
        (&json!(3), &json!(5))
    );
    assert_eq!(
        (&meter["visible"], &shown["meterAttributes"][1]["visible"]),
        (&json!(true), &json!(false))
    );
    license.pending = Pending::default();
    let shown = serde_json::to_value(LicenseView::new(&license, None)).unwrap();
    assert_eq!(
        (&shown["user"], &shown["pendingExtension"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn a_token_tells_of_the_owner_and_of_the_meters_that_applications_see() {
    let (license, activation) = metered();
    let product: ProductInput = read(&json!({ "name": "App" }));
    let product: Product = product.create(&mut draw(), now()).unwrap();
    let owner = user();
    let claims = Claims::issue(&license, &product, &activation, Some(&owner), now());
    assert_eq!(
        (claims.name.as_str(), claims.company.as_str()),
        ("Ada Lovelace", "Engines")
    );
    assert_eq!(
        (claims.umd.len(), claims.lma.len(), claims.ama.len()),
        (1, 1, 1)
    );
    assert_eq!((claims.lma[0].total_uses, claims.ama[0].uses), (3, 2));
    let claims = Claims::issue(&license, &product, &activation, None, now());
    assert_eq!(
        (claims.name, claims.email, claims.company),
        Default::default()
    );
}

#[test]
fn an_activation_shows_what_it_counted_and_where_it_was() {
    let (license, mut activation) = metered();
    activation.area.latitude = Some("52.52".into());
    activation.area.longitude = Some("NaN".into());
    let shown = serde_json::to_value(ActivationView::new(&activation, &license.meters)).unwrap();
    assert_eq!(
        shown["meterAttributes"],
        json!([{ "name": "exports", "uses": 2 }])
    );
    assert_eq!(shown["productId"], license.product_id.to_string());
    assert_eq!(
        (
            &shown["location"]["latitude"],
            &shown["location"]["longitude"]
        ),
        (&json!(52.52), &Value::Null)
    );
}

#[test]
fn an_application_asks_for_a_count_or_a_difference_or_nothing() {
    let asked = |meters: &Value| request(&json!({ "meterAttributes": meters })).asked_uses();
    assert_eq!(asked(&json!([])).unwrap(), []);
    assert_eq!(
        asked(&json!([{ "name": "a", "uses": 5 }])).unwrap()[0].change,
        UsesChange::To(5)
    );
    let both = json!([{ "name": "a", "uses": 0, "usesIncrement": "-2" }]);
    assert_eq!(asked(&both).unwrap()[0].change, UsesChange::By(-2));
    assert!(asked(&json!([{ "name": "a" }])).is_err());
    let device = request(&json!({ "releaseVersion": "" })).device().unwrap();
    assert_eq!((device.vm_name, device.release_version), (None, None));
}

#[test]
fn a_password_is_refused_and_an_empty_one_is_none() {
    let create = |password: &str| {
        let input: UserInput = read(&json!({ "email": "a@example.com", "password": password }));
        input.create(&mut draw(), now())
    };
    assert_eq!(create("secret").unwrap_err().code, Code::UnsupportedField);
    assert_eq!(create("").unwrap().role, "user");
}

#[test]
fn an_update_of_a_user_leaves_what_it_does_not_say_and_clears_what_is_empty() {
    let known = user();
    let update = |body: &Value| read::<UserInput>(body).update(&known, &mut draw(), now());
    assert_eq!(
        update(&json!({ "email": "", "firstName": "" })).unwrap(),
        known
    );
    assert_eq!(update(&json!({ "company": "" })).unwrap().company, "");
    assert_eq!(
        known.revised(update(&json!({ "lastName": "Lovelace" })).unwrap(), now()),
        None
    );
    assert!(update(&json!({ "email": "nobody" })).is_err());
    assert!(update(&json!({ "role": "owner" })).is_err());
}

#[test]
fn a_template_has_the_built_in_terms_unless_it_says() {
    let input: TemplateInput = read(
        &json!({ "Name": "yearly", "subscriptionInterval": "P1Y", "type": "hosted-floating" }),
    );
    let template = input.create(&mut draw(), now()).unwrap();
    assert_eq!(template.terms.allowed_activations, 1);
    let update: TemplateInput = read(&json!({ "allowedActivations": "3", "keyPattern": "" }));
    let updated = update.update(&template).unwrap();
    assert_eq!(updated.terms.allowed_activations, 3);
    assert_eq!(
        updated.terms.subscription_interval,
        template.terms.subscription_interval
    );
    let authenticates: TemplateInput = read(&json!({ "requireAuthentication": true }));
    assert!(authenticates.update(&template).is_err());
}

#[test]
fn an_access_token_can_be_renamed_and_revoked_and_nothing_else() {
    let input: AccessTokenInput =
        read(&json!({ "name": "ci", "scopes": ["license:read"], "expiresAt": "" }));
    let token = input.create(&mut draw(), now()).unwrap();
    let update = |body: &Value| read::<AccessTokenInput>(body).update(&token);
    assert!(update(&json!({ "revoked": true })).unwrap().revoked);
    assert_eq!(
        update(&json!({ "scopes": ["license:read"] })).unwrap(),
        token
    );
    let more = json!({ "scopes": ["license:read", "license:write"] });
    assert_eq!(update(&more).unwrap_err().code, Code::ImmutableField);
    let past: AccessTokenInput =
        read(&json!({ "name": "ci", "scopes": ["license:read"], "expiresAt": "2020-01-01" }));
    assert!(past.create(&mut draw(), now()).is_err());
    let document = serde_json::to_vec(&StoredAccessToken::from(&token)).unwrap();
    let stored: StoredAccessToken = serde_json::from_slice(&document).unwrap();
    assert_eq!(stored.into_token(None), Some(token));
}

#[test]
fn an_end_is_a_date_or_null_and_an_extension_is_positive() {
    let end = |body: &str| parse::<ExpiresAtInput>(body.as_bytes()).unwrap().end();
    assert_eq!(end(r#"{"expiresAt": null}"#), Ok(None));
    assert_eq!(end(r#"{"expiresAt": "2026-01-01"}"#), Ok(Some(now())));
    assert!(end("{}").is_err() && end(r#"{"expiresAt": ""}"#).is_err());
    let length =
        |seconds| read::<LicenseExtension>(&json!({ "extensionLength": seconds })).length();
    assert_eq!(length(60), Ok(Seconds(60)));
    assert!(length(0).is_err() && length(-1).is_err() && length(i64::MAX).is_err());
}
