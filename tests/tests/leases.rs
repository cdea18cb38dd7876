//! Leases: a seat is free once its lease has ended, and only then.

use licentia_core::Seconds;
use licentia_tests::native::NativeHost;
use licentia_tests::run::run;

const FIRST: &str = r#"
### A product
POST /v3/products
Authorization: Bearer {{root}}

{"name": "Acme", "tokenAlgorithm": "EdDSA"}

<- 201

{"id": "{{learn product}}"}

### A floating license with one seat
POST /v3/licenses
Authorization: Bearer {{root}}

{"productId": "{{product}}", "key": "A-FLOATING-LICENSE-KEY", "type": "hosted-floating", "leaseDuration": 3600, "serverSyncInterval": 600}

<- 201

{"id": "{{learn license}}"}

### One machine has the seat
POST /v3/activations

{"key": "A-FLOATING-LICENSE-KEY", "productId": "{{product}}", "os": "linux", "fingerprint": "one", "hostname": "h", "appVersion": "1", "userHash": "u"}

<- 201

### … and another has not
POST /v3/activations

{"key": "A-FLOATING-LICENSE-KEY", "productId": "{{product}}", "os": "linux", "fingerprint": "two", "hostname": "h", "appVersion": "1", "userHash": "u"}

<- 400

{"code": "ACTIVATION_LIMIT_REACHED"}
"#;

const LATER: &str = r#"
### The license
GET /v3/licenses?key=A-FLOATING-LICENSE-KEY
Authorization: Bearer {{root}}

<- 200

[{"id": "{{learn license}}", "productId": "{{learn product}}", "totalActivations": 1}]

### Its activation
GET /v3/activations?licenseId={{license}}
Authorization: Bearer {{root}}

<- 200

[{"id": "{{learn first}}"}]

### It leases no more: what was leased still ends
PATCH /v3/licenses/{{license}}
Authorization: Bearer {{root}}

{"leaseDuration": 0}

<- 200

### The seat is free
POST /v3/activations

{"key": "A-FLOATING-LICENSE-KEY", "productId": "{{product}}", "os": "linux", "fingerprint": "two", "hostname": "h", "appVersion": "1", "userHash": "u"}

<- 201

### The first machine hears that its activation is gone
PATCH /v3/activations/{{first}}

{"key": "A-FLOATING-LICENSE-KEY", "productId": "{{product}}", "os": "linux", "fingerprint": "one", "hostname": "h", "appVersion": "1", "userHash": "u"}

<- 404

{"code": "ACTIVATION_NOT_FOUND"}

### One seat is taken
GET /v3/licenses/{{license}}
Authorization: Bearer {{root}}

<- 200

{"totalActivations": 1, "totalDeactivations": 0}
"#;

#[test]
fn a_seat_is_free_once_its_lease_has_ended() {
    let mut host = NativeHost::default();
    run(FIRST, &mut host).unwrap();
    host.ahead = Seconds(3_601);
    run(LATER, &mut host).unwrap();
}

#[test]
fn a_limit_that_was_raised_keeps_nobody_from_revoking() {
    let mut host = NativeHost::default();
    let create = FIRST
        .split("### One machine")
        .next()
        .unwrap()
        .replace("600", "10");
    run(&create, &mut host).unwrap();
    host.settings.min_sync_interval = Seconds(60);
    let revoke = LATER
        .split("### It leases no more")
        .next()
        .unwrap()
        .split("### Its activation")
        .next()
        .unwrap();
    let revoke = revoke.replace("\"totalActivations\": 1", "\"serverSyncInterval\": 10")
        + "### Revoked\nPATCH /v3/licenses/{{license}}\nAuthorization: Bearer {{root}}\n\n{\"revoked\": true}\n\n<- 200\n";
    run(&revoke, &mut host).unwrap();
}
