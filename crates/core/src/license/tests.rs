//! Every command on every status, and the rules that outrank others.

use super::*;
use crate::activation::Device;
use crate::draw::{Draw, Seed};
use crate::terms::LeasingStrategy;
use crate::time::Seconds;

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn license(status: Status) -> License {
    let mut draw = Draw::new(Seed([1; 32]));
    let past = now().plus(Seconds(-1));
    License {
        id: draw.id(),
        product_id: draw.id(),
        key: draw.license_key(),
        created_at: past,
        updated_at: past,
        version: past.unix_milliseconds(),
        epoch: i64::from(status == Status::Revoked),
        revoked: status == Status::Revoked,
        suspended: status == Status::Suspended,
        expires_at: (status == Status::Expired).then_some(past),
        activated_at: None,
        place: Place { list: 0, index: 0 },
        terms: Terms::default(),
        metadata: Vec::new(),
        totals: Totals::default(),
    }
}

fn device() -> Device {
    Device {
        os: "linux".into(),
        os_version: None,
        fingerprint: "machine".into(),
        vm_name: None,
        container: false,
        hostname: "host".into(),
        app_version: "1.0".into(),
        user_hash: "user".into(),
        metadata: Vec::new(),
    }
}

fn activation(license: &License) -> Activation {
    let id = Draw::new(Seed([2; 32])).id();
    Activation::new(id, license, device(), None, &Origin::default(), now())
}

const SEATS: Seats = Seats {
    known: false,
    taken: 0,
};

/// What a decision came to, in a word.
fn word(decided: Result<Option<Event>, Refusal>) -> &'static str {
    match decided {
        Ok(None) => "nothing",
        Ok(Some(event)) => event.action(),
        Err(refusal) => refusal.code().as_str(),
    }
}

#[test]
fn every_command_on_every_status() {
    let table = [
        //            active, suspended, expired, revoked
        ("update", ["license.updated"; 4]),
        (
            "revoke",
            [
                "license.revoked",
                "license.revoked",
                "license.revoked",
                "nothing",
            ],
        ),
        (
            "approve",
            ["nothing", "nothing", "nothing", "license.approved"],
        ),
        (
            "suspend",
            [
                "license.suspended",
                "nothing",
                "license.suspended",
                "license.suspended",
            ],
        ),
        (
            "resume",
            ["nothing", "license.resumed", "nothing", "nothing"],
        ),
        (
            "activate",
            [
                "activation.created",
                "activation.created",
                "activation.created",
                "REVOKED_LICENSE",
            ],
        ),
        (
            "sync",
            [
                "activation.synced",
                "activation.synced",
                "activation.synced",
                "REVOKED_LICENSE",
            ],
        ),
        ("deactivate", ["activation.deleted"; 4]),
        ("delete", ["license.deleted"; 4]),
    ];
    for (name, expected) in table {
        let statuses = [
            Status::Active,
            Status::Suspended,
            Status::Expired,
            Status::Revoked,
        ];
        for (status, expected) in statuses.into_iter().zip(expected) {
            assert_eq!(
                word(decide(name, &license(status))),
                expected,
                "{name} on {status:?}"
            );
        }
    }
}

fn decide(name: &str, license: &License) -> Result<Option<Event>, Refusal> {
    let (device, origin, activation) = (device(), Origin::default(), activation(license));
    let mut terms = license.terms.clone();
    terms.allowed_activations = 7;
    let change = Change {
        key: license.key.clone(),
        terms,
        metadata: Vec::new(),
    };
    let command = match name {
        "update" => Command::Update(&change),
        "revoke" => Command::Revoke,
        "approve" => Command::Approve,
        "suspend" => Command::Suspend,
        "resume" => Command::Resume,
        "activate" => Command::Activate {
            device: &device,
            origin: &origin,
            seats: SEATS,
        },
        "sync" => Command::Sync {
            activation: &activation,
            device: &device,
            origin: &origin,
        },
        "delete" => Command::Delete,
        "deactivate" => Command::Deactivate {
            by: DeactivatedBy::Client,
        },
        other => panic!("no command is called {other}"),
    };
    license.decide(command, now())
}

#[test]
fn revoked_outranks_expired_and_expired_hides_suspended() {
    let mut license = license(Status::Suspended);
    license.expires_at = Some(now().plus(Seconds(-1)));
    assert_eq!(license.status(now()), Status::Expired);
    license.revoked = true;
    assert_eq!(license.status(now()), Status::Revoked);
}

#[test]
fn a_license_ends_after_its_last_instant() {
    let mut license = license(Status::Active);
    license.expires_at = Some(now());
    assert_eq!(license.status(now()), Status::Active);
    assert_eq!(license.status(now().next()), Status::Expired);
}

#[test]
fn an_activation_of_an_older_epoch_never_syncs_again() {
    let mut license = license(Status::Active);
    let (device, origin, activation) = (device(), Origin::default(), activation(&license));
    for command in [Command::Revoke, Command::Approve] {
        let event = license.decide(command, now()).unwrap().unwrap();
        license.apply(&event, now());
    }
    let sync = Command::Sync {
        activation: &activation,
        device: &device,
        origin: &origin,
    };
    assert_eq!(license.decide(sync, now()), Err(Refusal::RevokedLicense));
}

#[test]
fn every_change_moves_the_version_and_the_date_on() {
    let mut license = license(Status::Active);
    license.version = now().unix_milliseconds() + 5;
    license.updated_at = now().plus(Seconds(5));
    let before = license.clone();
    license.apply(&Event::Suspended, now());
    assert_eq!(license.version, before.version + 1);
    assert_eq!(license.updated_at, before.updated_at.next());
    license.apply(&Event::Resumed, now().plus(Seconds(60)));
    assert_eq!(license.version, now().plus(Seconds(60)).unix_milliseconds());
}

#[test]
fn what_is_counted_moves_no_version() {
    let mut license = license(Status::Active);
    let version = license.version;
    license.apply(
        &Event::Activated {
            first: false,
            takes_seat: true,
        },
        now(),
    );
    license.apply(&Event::Deactivated { counted: true }, now());
    assert_eq!(
        (license.version, license.totals),
        (
            version,
            Totals {
                activations: 0,
                deactivations: 1
            }
        )
    );
}

#[test]
fn a_known_machine_needs_no_free_seat() {
    let license = license(Status::Active);
    let (device, origin) = (device(), Origin::default());
    let activate = |known| {
        let seats = Seats { known, taken: 1 };
        word(license.decide(
            Command::Activate {
                device: &device,
                origin: &origin,
                seats,
            },
            now(),
        ))
    };
    assert_eq!(activate(true), "activation.created");
    assert_eq!(activate(false), "ACTIVATION_LIMIT_REACHED");
}

#[test]
fn zero_and_minus_one_seats_are_unlimited() {
    let terms = |allowed_activations| Terms {
        allowed_activations,
        ..Terms::default()
    };
    assert_eq!(
        [0, -1, 3].map(|seats| terms(seats).seat_limit()),
        [None, None, Some(3)]
    );
}

#[test]
fn clients_deactivate_as_often_as_they_may_and_administrators_always() {
    let mut license = license(Status::Active);
    license.terms.allowed_deactivations = 0;
    let decide = |license: &License, by| word(license.decide(Command::Deactivate { by }, now()));
    assert_eq!(
        decide(&license, DeactivatedBy::Client),
        "DEACTIVATION_LIMIT_REACHED"
    );
    assert_eq!(
        decide(&license, DeactivatedBy::Administrator),
        "activation.deleted"
    );
    license.terms.license_type = LicenseType::HostedFloating;
    assert_eq!(
        decide(&license, DeactivatedBy::Client),
        "activation.deleted"
    );
}

#[test]
fn a_delayed_term_begins_with_the_first_activation() {
    let mut license = license(Status::Active);
    license.terms.expiration_strategy = ExpirationStrategy::Delayed;
    license.terms.validity = Seconds(10);
    license.expires_at = License::first_end(&license.terms, now());
    assert_eq!(license.expires_at, None);
    license.apply(
        &Event::Activated {
            first: true,
            takes_seat: true,
        },
        now(),
    );
    assert_eq!(license.expires_at, Some(now().plus(Seconds(10))));
    license.apply(
        &Event::Activated {
            first: false,
            takes_seat: true,
        },
        now().plus(Seconds(5)),
    );
    assert_eq!(license.expires_at, Some(now().plus(Seconds(10))));
}

#[test]
fn a_license_that_awaited_its_end_begins_its_term_when_it_no_longer_does() {
    let mut license = license(Status::Active);
    license.terms.expiration_strategy = ExpirationStrategy::Rolling;
    license.expires_at = None;
    let terms = Terms {
        subscription_interval: Some("P30D".parse().unwrap()),
        ..license.terms.clone()
    };
    let change = Change {
        key: license.key.clone(),
        terms,
        metadata: Vec::new(),
    };
    let event = license
        .decide(Command::Update(&change), now())
        .unwrap()
        .unwrap();
    license.apply(&event, now());
    assert_eq!(license.expires_at, Some(now().plus(Seconds(30 * 86_400))));
}

#[test]
fn a_seat_is_a_machine_or_a_user_on_it_or_an_instance() {
    let mut license = license(Status::Active);
    let id = Draw::new(Seed([3; 32])).id();
    let seat = |license: &License| crate::activation::Seat::of(license, &device(), id).0;
    assert_eq!(seat(&license), "machine");
    license.terms.user_locked = true;
    assert_eq!(seat(&license), "4:usermachine");
    license.terms.leasing_strategy = LeasingStrategy::PerInstance;
    assert_eq!(seat(&license), id.to_string());
}
