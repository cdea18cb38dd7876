//! Issuing: what a token says of an activation, and what a statement says of a license.

use crate::activation::Activation;
use crate::claims::{
    ActivationMeter, Claims, Entry, LicenseMeter, Statement, StatusClaim, StatusListPlace,
};
use crate::license::{License, Place};
use crate::metadata::Metadata;
use crate::meter::Meter;
use crate::product::Product;
use crate::status_list::StatusList;
use crate::terms::{FingerprintMatching, LeasingStrategy, LicenseType};
use crate::time::{Seconds, Timestamp};
use crate::user::User;

impl Claims {
    /// Returns the claims of a token for `activation`, issued at `now`. The owner's texts are empty where there is none.
    #[must_use]
    pub fn issue(
        license: &License,
        product: &Product,
        activation: &Activation,
        owner: Option<&User>,
        now: Timestamp,
    ) -> Self {
        let terms = &license.terms;
        Self {
            aid: activation.id.to_string(),
            lid: license.id.to_string(),
            pid: license.product_id.to_string(),
            key: license.key.as_str().to_owned(),
            fp: activation.device.fingerprint.clone(),
            fms: matching_name(terms.fingerprint_matching_strategy).to_owned(),
            os: activation.device.os.clone(),
            iat: now.unix_seconds(),
            eat: seconds_or_zero(activation.expires_at),
            leat: seconds_or_zero(activation.lease_expires_at),
            ssgpeat: seconds_or_zero(grace_end(terms.server_sync_grace_period, now)),
            ssi: terms.server_sync_interval.0,
            aco: terms.clock_offset(),
            suspended: license.suspended,
            kind: type_name(terms.license_type).to_owned(),
            fc: terms.allowed_floating_clients,
            ls: leasing_name(terms.leasing_strategy).to_owned(),
            ld: terms.lease_duration.0,
            name: owner.map(User::name).unwrap_or_default(),
            email: owner.map(|owner| owner.email.clone()).unwrap_or_default(),
            company: owner.map(|owner| owner.company.clone()).unwrap_or_default(),
            pmd: visible(&product.metadata),
            lmd: visible(&license.metadata),
            umd: owner
                .map(|owner| visible(&owner.metadata))
                .unwrap_or_default(),
            amd: entries(activation),
            lma: license_meters(license),
            ama: activation_meters(license, activation),
            lcat: license.created_at.unix_seconds(),
            laat: seconds_or_zero(license.activated_at),
            acat: activation.created_at.unix_seconds(),
            allowed_activations: terms.allowed_activations,
            total_activations: license.totals.activations,
            allowed_deactivations: terms.allowed_deactivations,
            total_deactivations: license.totals.deactivations,
            initial_mode: mode_name(activation.made_offline),
            current_mode: mode_name(activation.offline),
            user_hash: terms
                .user_locked
                .then(|| activation.device.user_hash.clone()),
            epoch: license.epoch,
            ver: license.version,
            status: Some(status_claim(license.place)),
            ..Self::default()
        }
    }
}

impl Statement {
    /// Returns the statement about a license as it stands, or as it stood when it was deleted.
    #[must_use]
    pub fn of(license: &License, deleted: bool) -> Self {
        let terms = &license.terms;
        Self {
            lid: license.id.to_string(),
            pid: license.product_id.to_string(),
            kind: type_name(terms.license_type).to_owned(),
            revoked: license.revoked,
            suspended: license.suspended,
            deleted,
            eat: seconds_or_zero(license.expires_at),
            lcat: license.created_at.unix_seconds(),
            laat: seconds_or_zero(license.activated_at),
            allowed_activations: terms.allowed_activations,
            ssi: terms.server_sync_interval.0,
            ssgp: terms.server_sync_grace_period.0,
            aco: terms.clock_offset(),
            epoch: license.epoch,
            ver: license.version,
            iat: license.updated_at.unix_seconds(),
            status: status_claim(license.place),
        }
    }
}

/// Where the place stands in the form of IETF Token Status List; the address is relative to the server's.
fn status_claim(place: Place) -> StatusClaim {
    StatusClaim {
        status_list: StatusListPlace {
            idx: u64::from(place.index),
            uri: StatusList::address(place.list),
        },
    }
}

/// Zero says "never", so the first second of 1970 is told as the second one.
fn seconds_or_zero(time: Option<Timestamp>) -> i64 {
    match time.map(Timestamp::unix_seconds) {
        None => 0,
        Some(0) => 1,
        Some(seconds) => seconds,
    }
}

/// A grace period of 0 or -1 never ends, and so has no end in the token.
fn grace_end(grace: Seconds, now: Timestamp) -> Option<Timestamp> {
    (grace.0 > 0).then(|| now.plus(grace))
}

fn visible(metadata: &[Metadata]) -> Vec<Entry> {
    let seen = metadata
        .iter()
        .filter(|entry| entry.is_seen_by_activations());
    seen.map(|entry| Entry {
        key: entry.key.clone(),
        value: entry.value.clone(),
    })
    .collect()
}

fn seen_meters(license: &License) -> impl Iterator<Item = &Meter> {
    license
        .meters
        .iter()
        .filter(|meter| meter.is_seen_by_activations())
}

fn license_meters(license: &License) -> Vec<LicenseMeter> {
    let meter = |meter: &Meter| {
        let totals = license.totals.meters.get(&meter.id);
        let totals = totals.copied().unwrap_or_default();
        LicenseMeter {
            name: meter.name.clone(),
            allowed_uses: meter.allowed_uses,
            total_uses: totals.total_uses,
            gross_uses: totals.gross_uses,
        }
    };
    seen_meters(license).map(meter).collect()
}

/// Every meter that the application sees is told, also one that it has not used yet.
fn activation_meters(license: &License, activation: &Activation) -> Vec<ActivationMeter> {
    let meter = |meter: &Meter| ActivationMeter {
        name: meter.name.clone(),
        uses: meter.uses_in(&activation.meters),
    };
    seen_meters(license).map(meter).collect()
}

fn entries(activation: &Activation) -> Vec<Entry> {
    let entries = activation.device.metadata.iter();
    entries
        .map(|(key, value)| Entry {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
}

fn mode_name(offline: bool) -> &'static str {
    if offline { "offline" } else { "online" }
}

fn type_name(license_type: LicenseType) -> &'static str {
    match license_type {
        LicenseType::NodeLocked => "node-locked",
        LicenseType::HostedFloating => "hosted-floating",
        LicenseType::OnPremiseFloating => "on-premise-floating",
    }
}

fn leasing_name(strategy: LeasingStrategy) -> &'static str {
    match strategy {
        LeasingStrategy::PerMachine => "per-machine",
        LeasingStrategy::PerInstance => "per-instance",
    }
}

fn matching_name(strategy: FingerprintMatching) -> &'static str {
    match strategy {
        FingerprintMatching::Fuzzy => "fuzzy",
        FingerprintMatching::Exact => "exact",
        FingerprintMatching::Loose => "loose",
    }
}
