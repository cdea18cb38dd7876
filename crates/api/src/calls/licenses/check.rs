//! `POST /v3/licenses/check`, of the ledger: what KV cannot say, or is not believed in.

use licentia_core::wire::{ActivationState, CheckSource};
use licentia_core::{
    Activation, ActivationId, Code, KeySet, License, LicenseKey, ListedStatus, Problem, ProductId,
    Seat, Statement,
};

use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::published::check::{By, Check, Said, unknown, wrong_token};
use crate::published::jwks;
use crate::store;
use crate::store::tombstone::{self, Kind};

/// `POST /v3/licenses/check`
pub(in crate::calls) fn check(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let mut check = Check::read(body)?;
    if let By::Text(_, product) = &check.by {
        let keys = keys_of(cx, *product)?;
        if !check.verify(&keys)? {
            return Err(wrong_token(&"no key of its product has signed it").into());
        }
    }
    let (license, deleted) = asked_about(cx, &check)?;
    let statement = Statement::of(&license, deleted);
    let said = Said {
        text: &cx.given.vault.statement_key().sign(&statement),
        activation: activation(cx, &check, &license, &statement)?,
        statement: &statement,
        listed: ListedStatus::Valid,
        source: CheckSource::Ledger,
        as_of: Some(cx.now()),
    };
    Ok(said.reply(cx.now()))
}

fn keys_of(cx: &Context<'_>, product: ProductId) -> Result<KeySet, Fault> {
    let product = store::product::load(cx.db, product)?.ok_or_else(unknown)?;
    let keys = KeySet::from_jwks(&jwks(&product.product)?);
    keys.map_err(|fault| Fault::Internal(fault.to_string()))
}

/// Finds the license, and says whether it was deleted.
fn asked_about(cx: &Context<'_>, check: &Check) -> Result<(License, bool), Fault> {
    let id = match &check.by {
        By::Key(key) => return Ok((with_key(cx, key)?, false)),
        By::Text(..) => return Err(unknown().into()),
        By::Token(_, id) => *id,
    };
    Ok(tombstone::license_or_deleted(cx.db, id)?.ok_or_else(unknown)?)
}

fn with_key(cx: &Context<'_>, key: &LicenseKey) -> Result<License, Fault> {
    if let Some(license) = store::license::load_by_key(cx.db, key)? {
        return Ok(license);
    }
    if !tombstone::exists(cx.db, Kind::LicenseKey, &key.as_str())? {
        return Err(unknown().into());
    }
    let message = "the license was deleted, or its key was changed";
    Err(Problem::new(Code::InvalidLicenseKey, message).into())
}

/// Says whether the activation that is asked about is there, where that can be told.
fn activation(
    cx: &Context<'_>,
    check: &Check,
    license: &License,
    statement: &Statement,
) -> Result<Option<ActivationState>, Fault> {
    let told = check.told_by(statement);
    if told != Some(ActivationState::Unknown) {
        return Ok(told);
    }
    let found = match (&check.by, &check.fingerprint) {
        (By::Token(token, _), _) => {
            let id = token.facts().aid.parse::<ActivationId>();
            let id = id.map_err(|fault| wrong_token(&fault))?;
            store::activation::load(cx.db, id)?
        }
        (_, Some(fingerprint)) => match Seat::of_machine(license, fingerprint) {
            Some(seat) => store::activation::load_by_seat(cx.db, license.id, &seat)?,
            None => return Ok(told),
        },
        _ => None,
    };
    let lives = |activation: &Activation| {
        let of_license = activation.license_id == license.id && activation.epoch == license.epoch;
        of_license && !activation.lease_has_ended(cx.now())
    };
    Ok(Some(match found.filter(lives) {
        Some(_) => ActivationState::Active,
        None => ActivationState::None,
    }))
}
