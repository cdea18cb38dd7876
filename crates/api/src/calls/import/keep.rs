//! Keeping what lines describe: rows, places in the status lists, and what is to be published.

use licentia_core::{
    Activation, License, Problem, Product, Totals,
    wire::{ExportedTombstone, ImportCounts},
};

use super::line::{NewLicense, NewProduct, Thing};
use crate::calls::moved_keys::Keyring;
use crate::calls::products;
use crate::context::{Context, Fault};
use crate::host::KeyPair;
use crate::outbox::Pace;
use crate::published::Subject;
use crate::store;
use crate::store::audit::PropertyChange;

/// Keeps one line after another.
pub(in crate::calls) struct Keeper<'a> {
    cx: &'a Context<'a>,
    pub(in crate::calls) keyring: Keyring,
    pairs: std::slice::Iter<'a, KeyPair>,
    pace: Pace,
    counts: ImportCounts,
}

impl<'a> Keeper<'a> {
    /// Begins with the key pairs that the host has made. What is kept is searched once all is.
    pub(in crate::calls) fn new(cx: &'a Context<'a>, pairs: &'a [KeyPair]) -> Result<Self, Fault> {
        store::search::later(cx.db)?;
        Ok(Self {
            cx,
            keyring: Keyring::new(),
            pairs: pairs.iter(),
            pace: Pace::load(cx)?,
            counts: ImportCounts::default(),
        })
    }

    /// Keeps what a line describes. What it claims is free, and what it refers to is here.
    pub(in crate::calls) fn keep(&mut self, thing: Thing) -> Result<(), Fault> {
        let db = self.cx.db;
        self.counts.count(thing.resource());
        match thing {
            Thing::Keys(keys) => self.keyring.extend(keys),
            Thing::Template(template) => store::template::insert(db, &template)?,
            Thing::Product(new) => self.keep_product(*new)?,
            Thing::User(user) => store::user::insert(db, &user)?,
            Thing::Tag(tag) => store::tag::insert(db, &tag)?,
            Thing::Token(token, digest) => {
                store::import::restore_access_token(db, &token, &digest)?
            }
            Thing::License(new) => self.keep_license(*new)?,
            Thing::Activation(activation) => self.keep_activation(&activation)?,
            Thing::Deleted(tombstone) => self.keep_tombstone(*tombstone)?,
            Thing::Event(event) => store::audit::restore(db, &event)?,
            Thing::ActivationLog(entry) => store::import::restore_activation_log(db, &entry)?,
        }
        Ok(())
    }

    /// Ends, with what was kept, which is searched from now on.
    pub(in crate::calls) fn finish(self) -> Result<ImportCounts, Fault> {
        self.pace.save(self.cx)?;
        store::search::catch_up(self.cx.db)?;
        Ok(self.counts)
    }

    fn keep_product(&mut self, new: NewProduct) -> Result<(), Fault> {
        let id = new.product.id;
        let mut keys = new.keys;
        if keys.is_empty() {
            keys = self.keyring.get(&id).cloned().unwrap_or_default();
        }
        if keys.is_empty() {
            let pair = self.pairs.next();
            let pair = pair.ok_or_else(|| Fault::NeedsKeyPairs(vec![new.algorithm]))?;
            keys.push(products::wrap(self.cx, id, pair)?);
        }
        let product = Product {
            keys,
            ..new.product
        };
        store::product::insert(self.cx.db, &product)?;
        self.publish(&Subject::Product(id), product.version, 1)
    }

    fn keep_license(&mut self, new: NewLicense) -> Result<(), Fault> {
        let NewLicense {
            mut license,
            placed,
            ..
        } = new;
        if placed {
            self.take_place(&license)?;
        } else {
            license.place = store::place::give(self.cx.db, &mut self.cx.draw(), license.id)?;
        }
        store::license::insert(self.cx.db, &license)?;
        self.publish(&Subject::License(license.id), license.version, 2)
    }

    fn take_place(&self, license: &License) -> Result<(), Fault> {
        if store::place::take(self.cx.db, license.place, license.id)? {
            return Ok(());
        }
        Err(Problem::field("statusList", "another license has this place").into())
    }

    fn keep_activation(&self, activation: &Activation) -> Result<(), Fault> {
        let db = self.cx.db;
        if store::activation::load_by_seat(db, activation.license_id, &activation.seat)?.is_some() {
            return Err(Problem::field("seat", "another activation of the license has it").into());
        }
        let product = store::license::count_activation(db, activation.license_id)?;
        let product =
            product.ok_or_else(|| Problem::field("licenseId", "no license has this id"))?;
        Ok(store::activation::insert(db, product, activation)?)
    }

    fn keep_tombstone(&mut self, tombstone: ExportedTombstone) -> Result<(), Fault> {
        store::import::restore_tombstone(self.cx.db, &tombstone)?;
        let license = tombstone
            .license
            .and_then(|stored| stored.into_license(Totals::default()));
        let Some(license) = license else {
            return Ok(());
        };
        self.take_place(&license)?;
        self.publish(&Subject::License(license.id), license.version, 2)
    }

    /// Puts something into the outbox, for when the budget has its turn.
    fn publish(&mut self, subject: &Subject, version: i64, writes: u32) -> Result<(), Fault> {
        let at = self.pace.next(writes);
        Ok(store::outbox::enqueue_paced(
            self.cx.db,
            &subject.to_string(),
            version,
            at,
        )?)
    }
}

/// What the event log says of an import: how many of each resource came.
pub(in crate::calls) fn changes(counts: &ImportCounts) -> Vec<PropertyChange> {
    let counts = serde_json::to_value(counts).unwrap_or_default();
    let counts = counts.as_object().cloned().unwrap_or_default();
    let came = counts.into_iter().filter(|(_, count)| *count != 0);
    came.map(|(property_name, new_value)| PropertyChange {
        property_name,
        old_value: 0.into(),
        new_value,
    })
    .collect()
}
