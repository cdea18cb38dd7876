//! Documents of our own exports: read strictly, and kept as they are, versions, epochs and places included.
//!
//! Somebody may have edited them, so the rules are held against them all the same.

use licentia_core::wire::{
    ExportedAlgorithm, ExportedDigest, ExportedTombstone, ExportedTotals, ImportLine, Resource,
    SealedKeys, StoredAccessToken, StoredActivation, StoredLicense, StoredProduct, StoredTag,
    StoredTemplate, StoredUser,
};
use licentia_core::{
    Activation, Change, License, LicenseId, Problem, Seconds, Tag, Template, Terms, Timestamp,
    Totals, User, parse,
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::elsewhere::refuse_later;
use super::line::{NewLicense, NewProduct, Thing};
use crate::calls::moved_keys;
use crate::context::{Context, Fault};
use crate::key_pattern::KeyPattern;
use crate::store::import::Kind;
use crate::store::place::CAPACITY;

/// Versions are milliseconds since 1970, and may be a day ahead.
const DAY_IN_MILLISECONDS: i64 = 86_400_000;

pub(super) fn read(cx: &Context<'_>, line: &ImportLine) -> Result<Thing, Fault> {
    let data = &line.data;
    Ok(match line.resource {
        Resource::SigningKeys => Thing::Keys(moved_keys::open(cx, &strict::<SealedKeys>(data)?)?),
        Resource::LicenseTemplate => Thing::Template(Box::new(template(cx, strict(data)?)?)),
        Resource::Product => Thing::Product(Box::new(product(cx, line)?)),
        Resource::User => Thing::User(Box::new(user(cx, strict(data)?)?)),
        Resource::Tag => Thing::Tag(tag(cx, strict(data)?)?),
        Resource::AccessToken => access_token(cx, line)?,
        Resource::License => Thing::License(Box::new(NewLicense {
            license: license(cx, strict(data)?, beside::<ExportedTotals>(line)?.into())?,
            placed: true,
            names_template: false,
        })),
        Resource::Activation => Thing::Activation(Box::new(activation(cx, strict(data)?)?)),
        Resource::Deleted => Thing::Deleted(Box::new(deleted(cx, strict(data)?)?)),
        Resource::EventLog => Thing::Event(Box::new(strict(data)?)),
        Resource::ActivationLog => Thing::ActivationLog(Box::new(strict(data)?)),
    })
}

fn strict<T: DeserializeOwned>(data: &RawValue) -> Result<T, Problem> {
    match serde_json::from_str(data.get()) {
        Ok(document) => Ok(document),
        // Said again, so that the fault has the name of its field.
        Err(_) => Ok(parse(data.get().as_bytes())?),
    }
}

fn beside<T: DeserializeOwned>(line: &ImportLine) -> Result<T, Problem> {
    let beside = line.beside.as_ref();
    strict(beside.ok_or_else(|| Problem::field("beside", "it is missing"))?)
        .map_err(|fault| Problem::field("beside", fault.message))
}

/// Checks what every resource has.
fn revision(cx: &Context<'_>, version: i64, updated_at: Timestamp) -> Result<(), Problem> {
    let latest = cx
        .now()
        .unix_milliseconds()
        .saturating_add(DAY_IN_MILLISECONDS);
    if !(0..=latest).contains(&version) {
        return Err(Problem::field(
            "version",
            "it is yet to come, or below zero",
        ));
    }
    refuse_later(cx, "updatedAt", Some(updated_at))
}

/// An epoch grows by one with each revocation: nobody revokes more often than a number of 32 bits can count.
fn epoch(epoch: i64) -> Result<(), Problem> {
    if u32::try_from(epoch).is_ok() {
        return Ok(());
    }
    let reason = format!("it must be from 0 to {}", u32::MAX);
    Err(Problem::field("epoch", reason))
}

/// An interval that was allowed once is allowed: a limit that was raised since must not keep a backup out.
fn terms(cx: &Context<'_>, terms: Terms) -> Result<Terms, Problem> {
    let (floor, stored) = (
        cx.given.settings.min_sync_interval,
        terms.server_sync_interval,
    );
    terms.checked(if stored.0 > 0 {
        floor.min(stored)
    } else {
        floor
    })
}

fn template(cx: &Context<'_>, stored: StoredTemplate) -> Result<Template, Problem> {
    let template = Template::from(stored);
    revision(cx, template.version, template.updated_at)?;
    if let Some(pattern) = &template.key_pattern {
        KeyPattern::parse(pattern)?;
    }
    let floor = template.terms.server_sync_interval.max(Seconds(1));
    template.checked(cx.given.settings.min_sync_interval.min(floor))
}

fn product(cx: &Context<'_>, line: &ImportLine) -> Result<NewProduct, Problem> {
    let product = strict::<StoredProduct>(&line.data)?
        .without_keys()
        .into_product();
    revision(cx, product.version, product.updated_at)?;
    product.check()?;
    let algorithm = beside::<ExportedAlgorithm>(line)?.token_algorithm;
    Ok(NewProduct {
        product,
        keys: Vec::new(),
        algorithm,
    })
}

fn user(cx: &Context<'_>, stored: StoredUser) -> Result<User, Problem> {
    let user = User::from(stored);
    revision(cx, user.version, user.updated_at)?;
    user.check()?;
    Ok(user)
}

fn tag(cx: &Context<'_>, stored: StoredTag) -> Result<Tag, Problem> {
    let tag = Tag::from(stored);
    revision(cx, tag.version, tag.updated_at)?;
    tag.check()?;
    Ok(tag)
}

fn access_token(cx: &Context<'_>, line: &ImportLine) -> Result<Thing, Fault> {
    let known: ExportedDigest = beside(line)?;
    let hexadecimal = known
        .digest
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if known.digest.len() != 64 || !hexadecimal {
        let reason = "`digest` is no SHA-256 in hexadecimal digits";
        return Err(Problem::field("beside", reason).into());
    }
    let stored: StoredAccessToken = strict(&line.data)?;
    let token = stored.into_token(known.last_used_at);
    let token = token.ok_or_else(|| Problem::field("scopes", "it names one that there is not"))?;
    revision(cx, token.version, token.updated_at)?;
    token.check()?;
    Ok(Thing::Token(token, known.digest))
}

fn license(cx: &Context<'_>, stored: StoredLicense, totals: Totals) -> Result<License, Problem> {
    let license = stored.into_license(totals);
    let license = license.ok_or_else(|| Problem::field("key", "it is malformed"))?;
    revision(cx, license.version, license.updated_at)?;
    epoch(license.epoch)?;
    if license.place.index >= CAPACITY {
        return Err(Problem::field(
            "statusList",
            format!("a list has {CAPACITY} places"),
        ));
    }
    Change::of(&license).check()?;
    let terms = terms(cx, license.terms.clone())?;
    Ok(License { terms, ..license })
}

fn activation(cx: &Context<'_>, stored: StoredActivation) -> Result<Activation, Problem> {
    let activation = Activation::from(stored);
    refuse_later(cx, "updatedAt", Some(activation.updated_at))?;
    refuse_later(cx, "lastSyncedAt", Some(activation.last_synced_at))?;
    epoch(activation.epoch)?;
    activation.check()?;
    Ok(activation)
}

fn deleted(cx: &Context<'_>, tombstone: ExportedTombstone) -> Result<ExportedTombstone, Problem> {
    let kind = Kind::of_tombstone(&tombstone.kind);
    let kind = kind.ok_or_else(|| Problem::field("kind", "nothing of this kind leaves a trace"))?;
    let is_license = kind == Kind::License;
    if is_license != tombstone.license.is_some() {
        return Err(Problem::field(
            "license",
            "a deleted license has its document, and nothing else has one",
        ));
    }
    if let Some(stored) = tombstone.license.clone() {
        let license = license(cx, stored, Totals::default())?;
        if tombstone.id.parse::<LicenseId>() != Ok(license.id) {
            return Err(Problem::field("id", "it is not the license's"));
        }
    }
    Ok(tombstone)
}
