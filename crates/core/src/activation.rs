//! An activation: one machine's hold on a license, and the seat that it takes.

use std::net::IpAddr;

use crate::code::Problem;
use crate::id::{ActivationId, LicenseId, ProductId};
use crate::license::{Event, License};
use crate::meter::MeterUse;
use crate::restriction::{Area, Origin};
use crate::terms::LeasingStrategy;
use crate::time::{Seconds, Timestamp};

/// A machine, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// `windows`, `linux`, `macos`, `android` or `ios`.
    pub os: String,
    /// The version of the operating system.
    pub os_version: Option<String>,
    /// What tells the machine from others.
    pub fingerprint: String,
    /// The virtual machine's name, if it is one.
    pub vm_name: Option<String>,
    /// Whether it is a container.
    pub container: bool,
    /// Its name.
    pub hostname: String,
    /// The application's version.
    pub app_version: String,
    /// The version of the application's release, if it says so.
    pub release_version: Option<String>,
    /// A digest of the user's name.
    pub user_hash: String,
    /// The client's own fields: names and values.
    pub metadata: Vec<(String, String)>,
}

/// How a machine reaches its vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach<'a> {
    /// Over a connection, which comes from somewhere.
    Online(&'a Origin),
    /// By a file that somebody hands in: where the machine is, nobody can tell.
    Offline,
}

/// What takes one seat of a license; two activations with one seat are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat(pub String);

/// One machine's hold on a license: facts only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Its id.
    pub id: ActivationId,
    /// The license that it holds.
    pub license_id: LicenseId,
    /// What that license is for. A row of before this was kept learns it with its next sync.
    pub product_id: Option<ProductId>,
    /// The license's epoch when it was made; when the license's is higher, this is dead.
    pub epoch: i64,
    /// The seat that it takes.
    pub seat: Seat,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was last told how things stand.
    pub last_synced_at: Timestamp,
    /// Its own end, where the license's term rolls.
    pub expires_at: Option<Timestamp>,
    /// When its seat is free unless it renews, where seats are leased.
    pub lease_expires_at: Option<Timestamp>,
    /// The lease that its client asked for.
    pub asked_lease: Option<Seconds>,
    /// The machine.
    pub device: Device,
    /// The address that it was last seen at, if that is recorded.
    pub address: Option<IpAddr>,
    /// The country that it was last seen in, if that is recorded.
    pub country: Option<String>,
    /// Where in the country that was, if that is recorded.
    pub area: Area,
    /// Whether it was made without a connection.
    pub made_offline: bool,
    /// Whether it was last told how things stand without a connection.
    pub offline: bool,
    /// What it has counted.
    pub meters: Vec<MeterUse>,
}

impl Seat {
    /// Returns the seat that a machine takes, where its fingerprint alone tells which one.
    #[must_use]
    pub fn of_machine(license: &License, fingerprint: &str) -> Option<Self> {
        let terms = &license.terms;
        let by_machine = terms.leasing_strategy == LeasingStrategy::PerMachine;
        (by_machine && !terms.user_locked).then(|| Self(fingerprint.to_owned()))
    }

    /// Returns the seat that `device` takes: its fingerprint, with the user's digest where the license is locked to users,
    /// or the activation's own id where every activation takes one.
    ///
    /// Fingerprints are compared byte for byte under every matching strategy. A strategy other than `exact` compares the
    /// parts of a structured fingerprint, and nothing here knows such a structure: so a fingerprint of the vendor's own
    /// making, which has none, works under all of them.
    #[must_use]
    pub fn of(license: &License, device: &Device, id: ActivationId) -> Self {
        match license.terms.leasing_strategy {
            LeasingStrategy::PerInstance => Self(id.to_string()),
            LeasingStrategy::PerMachine if license.terms.user_locked => {
                let (user, machine) = (&device.user_hash, &device.fingerprint);
                // The length keeps two pairs from making one text.
                Self(format!("{}:{user}{machine}", user.len()))
            }
            LeasingStrategy::PerMachine => Self(device.fingerprint.clone()),
        }
    }
}

impl Activation {
    /// Makes the activation of a license that admitted `device`.
    #[must_use]
    pub fn new(
        id: ActivationId,
        license: &License,
        device: Device,
        asked_lease: Option<Seconds>,
        reach: Reach<'_>,
        now: Timestamp,
    ) -> Self {
        let mut activation = Self {
            id,
            license_id: license.id,
            product_id: Some(license.product_id),
            epoch: license.epoch,
            seat: Seat::of(license, &device, id),
            created_at: now,
            updated_at: Timestamp::MIN,
            last_synced_at: now,
            expires_at: None,
            lease_expires_at: None,
            asked_lease,
            device: device.clone(),
            address: None,
            country: None,
            area: Area::default(),
            made_offline: reach == Reach::Offline,
            offline: false,
            meters: Vec::new(),
        };
        activation.renew(license, device, asked_lease, reach, now);
        activation
    }

    /// Renews it after the license admitted `device` again: new dates, the lease, what the machine says of itself.
    /// Empty metadata leaves what is stored: the official client sends it so with every sync.
    pub fn renew(
        &mut self,
        license: &License,
        device: Device,
        asked_lease: Option<Seconds>,
        reach: Reach<'_>,
        now: Timestamp,
    ) {
        self.product_id = Some(license.product_id);
        let kept = std::mem::take(&mut self.device.metadata);
        self.device = device;
        if self.device.metadata.is_empty() {
            self.device.metadata = kept;
        }
        self.updated_at = now.max(self.updated_at.next());
        self.last_synced_at = self.updated_at;
        self.asked_lease = asked_lease.or(self.asked_lease);
        self.lease_expires_at = license
            .terms
            .lease(self.asked_lease)
            .map(|lease| now.plus(lease));
        self.expires_at = license.activation_end(self.created_at);
        self.offline = reach == Reach::Offline;
        let unknown = Origin::default();
        match reach {
            _ if license.terms.disable_geo_location => self.place(&unknown),
            Reach::Online(origin) => self.place(origin),
            Reach::Offline => {}
        }
    }

    /// Records where it was seen.
    fn place(&mut self, origin: &Origin) {
        self.address = origin.address;
        self.country.clone_from(&origin.country);
        self.area.clone_from(&origin.area);
    }

    /// Checks what nobody but an import can set: its seat, its country, and the lease that its client asked for.
    ///
    /// # Errors
    /// Names the field.
    pub fn check(&self) -> Result<(), Problem> {
        if self.seat.0.is_empty() {
            return Err(Problem::field("seat", "it is empty"));
        }
        // Hosts say `T1` of a network that hides where it is.
        let is_code = |country: &str| {
            country.len() == 2
                && country
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        };
        if !self.country.as_deref().is_none_or(is_code) {
            let reason = "it must be two capital letters, as ISO 3166 has them";
            return Err(Problem::field("country", reason));
        }
        if self
            .asked_lease
            .is_some_and(|lease| i32::try_from(lease.0).is_err())
        {
            let reason = format!("it must be at most {} seconds", i32::MAX);
            return Err(Problem::field("askedLease", reason));
        }
        Ok(())
    }

    /// Says whether its lease had ended at `now`: then its seat is free, whether or not anybody has taken note.
    #[must_use]
    pub fn lease_has_ended(&self, now: Timestamp) -> bool {
        self.lease_expires_at.is_some_and(|end| end < now)
    }

    /// Applies an event that its license accepted: what it has counted from now on.
    pub fn apply(&mut self, event: &Event) {
        if let Some(tally) = event.tally() {
            self.meters.clone_from(&tally.uses);
        }
    }

    /// Applies an event that its license accepted between two syncs; `now` is when it was accepted.
    pub fn count(&mut self, event: &Event, now: Timestamp) {
        let before = self.meters.clone();
        self.apply(event);
        if self.meters != before {
            self.updated_at = now.max(self.updated_at.next());
        }
    }
}
