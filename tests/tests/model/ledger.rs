//! The ledger: one license, the activation that holds its one seat, and core's rules between them.
//!
//! What a sync writes into the activation's row is left out: no answer depends on it, and states that differ in it are one.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

use licentia_core::{
    Activation, Change, Claims, Code, Command, DeactivatedBy, Device, Draw, Event, License,
    ListedStatus, Origin, Place, Product, Reach, Seconds, Seed, Statement, Status, Terms,
    Timestamp,
};

use super::signed::Signed;
use super::world::{FINGERPRINT, GRACE, INTERVAL, KEY, at};
use super::{Answer, Plant};

/// Where the license's status stands in a list.
pub const PLACE: Place = Place { list: 0, index: 0 };

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    license: Rc<License>,
    deleted: bool,
    held: Option<Rc<Activation>>,
    /// How many activations there ever were.
    made: u8,
}

/// What the vendor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Revoke,
    Approve,
    Suspend,
    Resume,
    /// Lets it end in so many seconds.
    End(i64),
    /// Lets it end never.
    Endless,
    Delete,
}

impl Hash for Ledger {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.license.version.hash(state);
        self.held.as_ref().map(|held| held.id).hash(state);
        self.made.hash(state);
    }
}

impl Ledger {
    pub fn new() -> Self {
        let terms = Terms {
            validity: Seconds(0),
            server_sync_interval: Seconds(INTERVAL),
            server_sync_grace_period: Seconds(GRACE),
            ..Terms::default()
        };
        let mut draw = Draw::new(Seed([0; 32]));
        let asked = Change::new(KEY.parse().unwrap(), terms);
        let license = License::new(draw.id(), product().id, asked, PLACE, at(0), at(0));
        Self {
            license: Rc::new(license),
            deleted: false,
            held: None,
            made: 0,
        }
    }

    pub fn license(&self) -> &License {
        &self.license
    }

    /// The orders that end what is, and begin what is not.
    pub fn turns(&self) -> [Order; 2] {
        let revocation = match self.license.revoked {
            true => Order::Approve,
            false => Order::Revoke,
        };
        let suspension = match self.license.suspended {
            true => Order::Resume,
            false => Order::Suspend,
        };
        [revocation, suspension]
    }

    pub fn statement(&self) -> Statement {
        Statement::of(&self.license, self.deleted)
    }

    /// Whether the license is good at a time.
    pub fn is_good(&self, time: Timestamp) -> bool {
        !self.deleted && self.license.status(time) == Status::Active
    }

    /// Whether an activation holds a seat of it that counts.
    pub fn is_alive(&self, id: &str) -> bool {
        let held = self.held.as_ref().filter(|_| !self.deleted);
        held.is_some_and(|held| held.id.to_string() == id && held.epoch == self.license.epoch)
    }

    /// What a list that is signed now says of the license.
    pub fn listed(&self) -> ListedStatus {
        match (self.license.revoked || self.deleted, self.license.suspended) {
            (true, _) => ListedStatus::Revoked,
            (false, true) => ListedStatus::Suspended,
            (false, false) => ListedStatus::Valid,
        }
    }

    pub fn order(&mut self, order: Order, now: i64, plant: Option<Plant>) {
        let command = match order {
            Order::Revoke => Command::Revoke,
            Order::Approve => Command::Approve,
            Order::Suspend => Command::Suspend,
            Order::Resume => Command::Resume,
            Order::End(after) => Command::SetExpiry(Some(at(now + after))),
            Order::Endless => Command::SetExpiry(None),
            Order::Delete => Command::Delete,
        };
        let decided = self.license.decide(command, at(now));
        let Some(event) = decided.ok().flatten().filter(|_| !self.deleted) else {
            return;
        };
        self.apply(&event, at(now));
        if order == Order::Delete {
            self.deleted = true;
            let buries = plant != Some(Plant::ActivationsOutliveTheirLicense);
            self.held = self.held.take().filter(|_| !buries);
        }
        if let (Order::Approve, Some(Plant::ApprovalRevives)) = (order, plant) {
            let epoch = self.license.epoch;
            self.held = self.held.take().map(|held| {
                Rc::new(Activation {
                    epoch,
                    ..(*held).clone()
                })
            });
        }
    }

    fn apply(&mut self, event: &Event, now: Timestamp) {
        Rc::make_mut(&mut self.license).apply(event, now);
    }

    /// Answers an activation: as `POST /v3/activations` does.
    pub fn activate(&mut self, now: i64, plant: Option<Plant>, signed: &mut Signed) -> Answer {
        if self.deleted {
            return refused(Code::InvalidLicenseKey);
        }
        let (device, origin) = (device(), Origin::default());
        let reach = Reach::Online(&origin);
        let command = Command::Activate {
            held: self.held.as_deref(),
            device: &device,
            reach,
            asked: &[],
        };
        let event = match self.license.decide(command, at(now)) {
            Ok(event) => event.unwrap(),
            Err(refusal) => return refused(refusal.code()),
        };
        self.apply(&event, at(now));
        let held = self.held.take();
        let alive = held.filter(|held| held.epoch == self.license.epoch);
        self.held = Some(alive.unwrap_or_else(|| {
            let is_known = plant == Some(Plant::FreedSeatComesBack) && self.made > 0;
            self.made += u8::from(!is_known);
            let id = Draw::new(Seed([self.made; 32])).id();
            Rc::new(Activation::new(
                id,
                &self.license,
                device,
                None,
                reach,
                at(now),
            ))
        }));
        self.token(now, signed)
    }

    /// Finds an activation that an application asks about.
    fn held(&self, id: &str) -> Result<Rc<Activation>, Answer> {
        let held = self.held.clone().filter(|held| held.id.to_string() == id);
        held.ok_or_else(|| match self.deleted {
            true => refused(Code::InvalidLicenseKey),
            false => refused(Code::ActivationNotFound),
        })
    }

    /// Answers a deactivation: as `POST /v3/activations/{id}/deactivate` does.
    pub fn deactivate(&mut self, id: &str, now: i64) -> Answer {
        let held = match self.held(id) {
            Ok(held) => held,
            Err(answer) => return answer,
        };
        let command = Command::Deactivate {
            activation: &held,
            by: DeactivatedBy::Client,
        };
        match self.license.decide(command, at(now)) {
            Ok(event) => self.apply(&event.unwrap(), at(now)),
            Err(refusal) => return refused(refusal.code()),
        }
        self.held = None;
        Answer::Done
    }

    /// Answers a sync of an activation: as `PATCH /v3/activations/{id}` does.
    pub fn sync(&mut self, id: &str, now: i64, signed: &mut Signed) -> Answer {
        let held = match self.held(id) {
            Ok(held) => held,
            Err(answer) => return answer,
        };
        let command = Command::Sync {
            activation: &held,
            device: &device(),
            origin: &Origin::default(),
            asked: &[],
        };
        match self.license.decide(command, at(now)) {
            Ok(_) => self.token(now, signed),
            Err(refusal) => refused(refusal.code()),
        }
    }

    fn token(&self, now: i64, signed: &mut Signed) -> Answer {
        let mut activation = (**self.held.as_ref().unwrap()).clone();
        let origin = Origin::default();
        let reach = Reach::Online(&origin);
        activation.renew(&self.license, device(), None, reach, at(now));
        let claims = Claims::issue(&self.license, &product(), &activation, None, at(now));
        Answer::Token(signed.grant(claims))
    }
}

fn refused(code: Code) -> Answer {
    Answer::Refused(code.http_status(), code.as_str())
}

/// A product of which nothing but its id is told.
pub fn product() -> Product {
    Product {
        id: Draw::new(Seed([9; 32])).id(),
        name: String::new(),
        display_name: String::new(),
        description: String::new(),
        created_at: at(0),
        updated_at: at(0),
        version: 0,
        keys: Vec::new(),
        template_id: None,
        metadata: Vec::new(),
    }
}

fn device() -> Device {
    Device {
        os: "linux".to_owned(),
        os_version: None,
        fingerprint: FINGERPRINT.to_owned(),
        vm_name: None,
        container: false,
        hostname: String::new(),
        app_version: String::new(),
        release_version: None,
        user_hash: String::new(),
        metadata: Vec::new(),
    }
}
