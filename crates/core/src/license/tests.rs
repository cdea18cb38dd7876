//! Every command on every status, and the rules that outrank others.

use super::*;
use crate::activation::Device;
use crate::draw::{Draw, Seed};
use crate::meter::{MeterName, UsesChange};
use crate::restriction::Origin;
use crate::terms::{ExpirationStrategy, LeasingStrategy};
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
        effective_at: None,
        pending: Pending::default(),
        user_id: None,
        additional_user_ids: Vec::new(),
        template_id: None,
        terms: Terms::default(),
        metadata: Vec::new(),
        meters: Vec::new(),
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
        release_version: None,
        user_hash: "user".into(),
        metadata: Vec::new(),
    }
}

fn activation(license: &License) -> Activation {
    let id = Draw::new(Seed([2; 32])).id();
    Activation::new(
        id,
        license,
        device(),
        None,
        Reach::Online(&Origin::default()),
        now(),
    )
}

fn activated(first: bool, takes_seat: bool) -> Event {
    Event::Activated {
        first,
        takes_seat,
        tally: Tally::default(),
    }
}

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
        (
            "count",
            [
                "activation.meterAttribute.incremented",
                "activation.meterAttribute.incremented",
                "activation.meterAttribute.incremented",
                "REVOKED_LICENSE",
            ],
        ),
        // The built-in term ends, but these licenses were made without an end, but for the expired one.
        (
            "renew",
            [
                "LICENSE_NOT_RENEWABLE",
                "LICENSE_NOT_RENEWABLE",
                "license.renewed",
                "LICENSE_NOT_RENEWABLE",
            ],
        ),
        (
            "extend",
            [
                "LICENSE_NOT_RENEWABLE",
                "LICENSE_NOT_RENEWABLE",
                "license.extended",
                "LICENSE_NOT_RENEWABLE",
            ],
        ),
        ("set expiry", ["license.expiresAt.updated"; 4]),
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
    let mut change = Change::of(license);
    change.terms.allowed_activations = 7;
    let command = match name {
        "update" => Command::Update(&change),
        "revoke" => Command::Revoke,
        "approve" => Command::Approve,
        "suspend" => Command::Suspend,
        "resume" => Command::Resume,
        "activate" => Command::Activate {
            held: None,
            device: &device,
            reach: Reach::Online(&origin),
            asked: &[],
        },
        "sync" => Command::Sync {
            activation: &activation,
            device: &device,
            origin: &origin,
            asked: &[],
        },
        "count" => Command::Count {
            activation: &activation,
            asked: &[],
        },
        "renew" => Command::Renew,
        "extend" => Command::Extend(Seconds(60)),
        "set expiry" => Command::SetExpiry(Some(now().plus(Seconds(60)))),
        "delete" => Command::Delete,
        "deactivate" => Command::Deactivate {
            activation: &activation,
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
        asked: &[],
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
    license.apply(&activated(false, true), now());
    license.apply(
        &Event::Deactivated {
            counted: true,
            tally: Tally::default(),
        },
        now(),
    );
    assert_eq!(
        (license.version, license.totals),
        (
            version,
            Totals {
                activations: 0,
                deactivations: 1,
                ..Totals::default()
            }
        )
    );
}

#[test]
fn a_known_machine_needs_no_free_seat() {
    let mut license = license(Status::Active);
    let (device, origin) = (device(), Origin::default());
    let held = activation(&license);
    license.totals.activations = 1;
    let activate = |known: bool| {
        word(license.decide(
            Command::Activate {
                held: known.then_some(&held),
                device: &device,
                reach: Reach::Online(&origin),
                asked: &[],
            },
            now(),
        ))
    };
    assert_eq!(activate(true), "activation.created");
    assert_eq!(activate(false), "ACTIVATION_LIMIT_REACHED");
}

#[test]
fn where_an_offline_machine_is_nobody_asks() {
    let mut license = license(Status::Active);
    license.terms.allowed_countries = vec!["DE".to_owned()];
    license.terms.allowed_ip_addresses = vec!["192.0.2.1".to_owned()];
    let (device, origin) = (device(), Origin::default());
    let activate = |reach| {
        word(license.decide(
            Command::Activate {
                held: None,
                device: &device,
                reach,
                asked: &[],
            },
            now(),
        ))
    };
    assert_eq!(activate(Reach::Offline), "activation.created");
    assert_eq!(activate(Reach::Online(&origin)), "COUNTRY_NOT_ALLOWED");
}

#[test]
fn an_activation_knows_how_it_was_made_and_how_it_was_last_told() {
    let license = license(Status::Active);
    let id = Draw::new(Seed([3; 32])).id();
    let home = Origin {
        country: Some("DE".to_owned()),
        ..Origin::default()
    };
    let mut activation = Activation::new(id, &license, device(), None, Reach::Offline, now());
    assert!(activation.made_offline && activation.offline);
    assert_eq!(activation.country, None);
    activation.renew(&license, device(), None, Reach::Online(&home), now());
    assert!(activation.made_offline && !activation.offline);
    activation.renew(&license, device(), None, Reach::Offline, now());
    assert!(activation.offline);
    assert_eq!(activation.country.as_deref(), Some("DE"), "last seen there");
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
    let activation = activation(&license);
    let decide = |license: &License, by| {
        let command = Command::Deactivate {
            activation: &activation,
            by,
        };
        word(license.decide(command, now()))
    };
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
    license.apply(&activated(true, true), now());
    assert_eq!(license.expires_at, Some(now().plus(Seconds(10))));
    license.apply(&activated(false, true), now().plus(Seconds(5)));
    assert_eq!(license.expires_at, Some(now().plus(Seconds(10))));
}

#[test]
fn a_license_that_awaited_its_end_begins_its_term_when_it_no_longer_does() {
    let mut license = license(Status::Active);
    license.terms.expiration_strategy = ExpirationStrategy::Rolling;
    license.expires_at = None;
    let mut change = Change::of(&license);
    change.terms.subscription_interval = Some("P30D".parse().unwrap());
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

fn do_it(license: &mut License, command: Command<'_>) {
    let event = license.decide(command, now()).unwrap().unwrap();
    license.apply(&event, now());
}

fn yearly() -> License {
    let mut license = license(Status::Active);
    license.terms.subscription_interval = Some("P1Y".parse().unwrap());
    license.expires_at = License::first_end(&license.terms, now());
    license
}

#[test]
fn a_renewal_adds_a_calendar_year_to_the_old_end_even_if_that_is_past() {
    let mut license = yearly();
    license.expires_at = Some("2024-02-29T00:00:00Z".parse().unwrap());
    do_it(&mut license, Command::Renew);
    assert_eq!(
        license.expires_at.unwrap().to_string(),
        "2025-02-28T00:00:00.0000000Z"
    );
    do_it(&mut license, Command::Extend(Seconds(60)));
    assert_eq!(
        license.expires_at.unwrap().to_string(),
        "2025-02-28T00:01:00.0000000Z"
    );
    license.expires_at = Some(Timestamp::MAX);
    do_it(&mut license, Command::Renew);
    assert_eq!(license.expires_at, Some(Timestamp::MAX));
}

#[test]
fn what_is_added_before_the_first_activation_waits_for_it() {
    let mut license = license(Status::Active);
    license.terms.expiration_strategy = ExpirationStrategy::Delayed;
    license.terms.validity = Seconds(100);
    for command in [Command::Renew, Command::Renew, Command::Extend(Seconds(7))] {
        do_it(&mut license, command);
    }
    let waiting = Pending {
        renewals: 2,
        seconds: Seconds(7),
    };
    assert_eq!((license.expires_at, license.pending), (None, waiting));
    license.apply(&activated(true, true), now());
    assert_eq!(license.expires_at, Some(now().plus(Seconds(307))));
    assert_eq!(license.pending, Pending::default());
}

#[test]
fn an_end_that_is_set_before_the_first_activation_stays() {
    let mut license = license(Status::Active);
    license.terms.expiration_strategy = ExpirationStrategy::Delayed;
    let end = Some(now().plus(Seconds(5)));
    do_it(&mut license, Command::Renew);
    do_it(&mut license, Command::SetExpiry(end));
    assert_eq!(license.pending, Pending::default());
    license.apply(&activated(true, true), now());
    assert_eq!(license.expires_at, end);
    let again = license.decide(Command::SetExpiry(end), now());
    assert_eq!(again, Ok(None));
}

#[test]
fn a_license_without_an_end_of_its_own_cannot_be_renewed() {
    let mut rolling = license(Status::Active);
    rolling.terms.expiration_strategy = ExpirationStrategy::Rolling;
    let mut perpetual = license(Status::Active);
    perpetual.terms.validity = Seconds(0);
    for command in [Command::Renew, Command::Extend(Seconds(1))] {
        for license in [&rolling, &perpetual] {
            let refused = license.decide(command, now());
            assert_eq!(refused, Err(Refusal::NotRenewable), "{command:?}");
        }
    }
    let set = Command::SetExpiry(Some(now()));
    assert_eq!(rolling.decide(set, now()), Err(Refusal::NotRenewable));
    do_it(&mut perpetual, set);
    assert_eq!(perpetual.expires_at, Some(now()));
    do_it(&mut perpetual, Command::SetExpiry(None));
    assert_eq!(perpetual.expires_at, None);
}

type Mend = fn(&mut License);

/// Each check refuses before those that come after it: all fail at first, and one after the other is mended.
#[test]
fn checks_of_an_activation_have_a_fixed_order() {
    let mut license = license(Status::Revoked);
    license.terms.license_type = LicenseType::OnPremiseFloating;
    license.effective_at = Some(now().plus(Seconds(1)));
    license.terms.allowed_countries = vec!["DE".into()];
    license.terms.allowed_ip_addresses = vec!["192.0.2.1".into()];
    license.terms.allow_vm_activation = false;
    license.terms.allow_container_activation = false;
    license.totals.activations = 1;
    let device = Device {
        vm_name: Some("vm".into()),
        container: true,
        ..device()
    };
    let asked = [AskedUses {
        meter: MeterName::Name("none".into()),
        change: UsesChange::By(1),
    }];
    let mends: [(&str, Mend); 9] = [
        ("REVOKED_LICENSE", |l| l.revoked = false),
        ("INVALID_LICENSE_TYPE", |l| {
            l.terms.license_type = LicenseType::NodeLocked
        }),
        ("LICENSE_NOT_EFFECTIVE", |l| l.effective_at = Some(now())),
        ("COUNTRY_NOT_ALLOWED", |l| l.terms.allowed_countries.clear()),
        ("IP_ADDRESS_NOT_ALLOWED", |l| {
            l.terms.allowed_ip_addresses.clear()
        }),
        ("VM_ACTIVATION_NOT_ALLOWED", |l| {
            l.terms.allow_vm_activation = true
        }),
        ("CONTAINER_ACTIVATION_NOT_ALLOWED", |l| {
            l.terms.allow_container_activation = true
        }),
        ("ACTIVATION_LIMIT_REACHED", |l| l.totals.activations = 0),
        ("INVALID_FIELD", |_| {}),
    ];
    for (code, mend) in mends {
        let command = Command::Activate {
            held: None,
            device: &device,
            reach: Reach::Online(&Origin::default()),
            asked: &asked,
        };
        assert_eq!(word(license.decide(command, now())), code);
        mend(&mut license);
    }
}

fn metered(floating: bool) -> (License, Activation) {
    let mut license = license(Status::Active);
    license.meters = vec![Meter {
        id: Draw::new(Seed([5; 32])).id(),
        created_at: now(),
        updated_at: now(),
        name: "exports".into(),
        allowed_uses: 10,
        floating,
        view_permissions: Vec::new(),
        resets: 0,
    }];
    let activation = activation(&license);
    (license, activation)
}

fn count(license: &mut License, activation: &mut Activation, uses: i64) {
    let asked = [AskedUses {
        meter: MeterName::Id(license.meters[0].id),
        change: UsesChange::By(uses),
    }];
    let command = Command::Count {
        activation,
        asked: &asked,
    };
    let event = license.decide(command, now()).unwrap().unwrap();
    license.apply(&event, now());
    activation.apply(&event);
}

#[test]
fn uses_of_a_floating_meter_are_given_back_and_others_stay() {
    for (floating, left) in [(true, 0), (false, 4)] {
        let (mut license, mut activation) = metered(floating);
        let id = license.meters[0].id;
        count(&mut license, &mut activation, 4);
        do_it(
            &mut license,
            Command::Deactivate {
                activation: &activation,
                by: DeactivatedBy::Client,
            },
        );
        let totals = license.totals.meters[&id];
        assert_eq!((totals.total_uses, totals.gross_uses), (left, 4));
    }
}

#[test]
fn a_new_activation_on_a_dead_ones_seat_counts_anew() {
    let (mut license, mut dead) = metered(true);
    count(&mut license, &mut dead, 4);
    do_it(&mut license, Command::Revoke);
    do_it(&mut license, Command::Approve);
    do_it(
        &mut license,
        Command::Activate {
            held: Some(&dead),
            device: &device(),
            reach: Reach::Online(&Origin::default()),
            asked: &[],
        },
    );
    assert_eq!(license.totals.meters[&license.meters[0].id].total_uses, 0);
}

#[test]
fn a_reset_begins_a_new_count_and_a_deletion_forgets() {
    let (mut license, mut activation) = metered(true);
    let id = license.meters[0].id;
    let version = license.version;
    count(&mut license, &mut activation, 4);
    assert_eq!(license.version, version);
    do_it(&mut license, Command::ResetMeter(id));
    let totals = license.totals.meters[&id];
    assert_eq!((totals.total_uses, totals.gross_uses), (0, 4));
    assert_eq!(license.meters[0].uses_in(&activation.meters), 0);
    do_it(&mut license, Command::DeleteMeter(id));
    assert!(license.meters.is_empty() && license.totals.meters.is_empty());
    assert!(license.version > version);
    let again = license.decide(Command::DeleteMeter(id), now());
    assert_eq!(again, Err(Refusal::MeterNotFound));
}
