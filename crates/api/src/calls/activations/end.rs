//! The end of activations: by their client, by an administrator, or because a lease has ended.
//!
//! A seat that is free gives back the uses of floating meters, leaves a tombstone, and stands in the activation log.

use licentia_core::wire::DeactivationRequest;
use licentia_core::{
    Activation, ActivationId, Command, DeactivatedBy, License, LicenseId, LicenseType, Refusal,
};

use super::{Sent, decided, gone, held, license_of};
use crate::access::Caller;
use crate::calls::parse_json;
use crate::context::{Context, Fault};
use crate::database::Value;
use crate::host::{Publishes, Reply};
use crate::published::Subject;
use crate::store;
use crate::store::activation_log::{Action, Entry};
use crate::store::tombstone::Kind;

/// Why an activation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Its client gave it up, which is counted and limited.
    Deactivated,
    /// An administrator deleted it.
    Deleted,
    /// Its lease ended.
    LeaseEnded,
    /// A revocation had killed it, and its machine activated anew.
    Replaced,
}

impl Why {
    fn by(self) -> DeactivatedBy {
        match self {
            Self::Deactivated => DeactivatedBy::Client,
            Self::Deleted | Self::LeaseEnded | Self::Replaced => DeactivatedBy::Administrator,
        }
    }

    /// Names the event in the event log, in the words of the compatible API's webhooks.
    fn recorded(self) -> &'static str {
        match self {
            Self::LeaseEnded => "activation.lease-expired",
            Self::Deactivated | Self::Deleted | Self::Replaced => "activation.deleted",
        }
    }

    fn logged(self) -> Action {
        match self {
            Self::Deactivated => Action::Deactivated,
            Self::Deleted => Action::Deleted,
            Self::LeaseEnded => Action::LeaseExpired,
            Self::Replaced => Action::Replaced,
        }
    }
}

/// `POST /v3/activations/{id}/deactivate`: what is sent must be so; the id says which activation it is.
pub(crate) fn deactivate(cx: &Context<'_>, id: ActivationId, body: &[u8]) -> Result<Reply, Fault> {
    let blank = body.trim_ascii().is_empty();
    let request = if blank {
        DeactivationRequest::default()
    } else {
        parse_json(cx, body)?
    };
    let sent = Sent {
        key: present(&request.key),
        product_id: present(&request.product_id),
    };
    let (license, activation) = held(cx, id, &sent)?;
    let fingerprint = present(&request.fingerprint);
    if fingerprint.is_some_and(|fingerprint| fingerprint != activation.device.fingerprint) {
        return Err(Refusal::FingerprintMismatch.into());
    }
    free_one(cx, license, activation, Why::Deactivated)
}

fn present(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// `DELETE /v3/activations/{id}`: by an administrator with a token, else by the client that holds the id.
pub(crate) fn delete(cx: &Context<'_>, id: ActivationId) -> Result<Reply, Fault> {
    let why = match cx.caller {
        Caller::Anonymous => Why::Deactivated,
        Caller::Root | Caller::Token(_) => Why::Deleted,
    };
    match store::activation::load(cx.db, id)? {
        Some(activation) => {
            let license = license_of(cx, &activation)?;
            let publishes = match why {
                Why::Deleted => tell(cx, license.id, std::slice::from_ref(&activation))?,
                _ => Publishes::Nothing,
            };
            let reply = free_one(cx, license, activation, why)?;
            Ok(Reply { publishes, ..reply })
        }
        None => Err(gone(cx, id)?.into()),
    }
}

/// Has their gates tell applications whose activations are deleted, if any of the license's wait for news.
pub(super) fn tell(
    cx: &Context<'_>,
    license: LicenseId,
    deleted: &[Activation],
) -> Result<Publishes, Fault> {
    if store::listener::gates(cx.db, license)?.is_empty() {
        return Ok(Publishes::Nothing);
    }
    let version = cx.now().unix_milliseconds();
    for activation in deleted {
        let subject = Subject::Activation(activation.id).to_string();
        store::outbox::enqueue(cx.db, &subject, version, cx.now())?;
    }
    Ok(Publishes::News)
}

fn free_one(
    cx: &Context<'_>,
    mut license: License,
    activation: Activation,
    why: Why,
) -> Result<Reply, Fault> {
    free(cx, &mut license, &[activation], why)?;
    Ok(Reply::empty(204))
}

/// Frees the seats of a floating license whose leases have ended. Only such a license ever leased: a type stays.
pub(super) fn free_ended_leases(cx: &Context<'_>, license: &mut License) -> Result<(), Fault> {
    if license.terms.license_type != LicenseType::HostedFloating {
        return Ok(());
    }
    let ended = store::activation::ended_leases(cx.db, license.id, cx.now())?;
    free(cx, license, &ended, Why::LeaseEnded)
}

/// Frees the seats of activations, each with an entry in the event log.
pub(super) fn free(
    cx: &Context<'_>,
    license: &mut License,
    ended: &[Activation],
    why: Why,
) -> Result<(), Fault> {
    for activation in ended {
        record(cx, license, why.recorded(), activation.id)?;
    }
    free_unrecorded(cx, license, ended, why)
}

/// Frees the seats of activations, of which the event log is told otherwise, and saves what their license counts.
pub(super) fn free_unrecorded(
    cx: &Context<'_>,
    license: &mut License,
    ended: &[Activation],
    why: Why,
) -> Result<(), Fault> {
    let before = license.clone();
    for activation in ended {
        let by = why.by();
        let event = decided(license.decide(Command::Deactivate { activation, by }, cx.now())?)?;
        license.apply(&event, cx.now());
        bury(cx, license, activation, why)?;
    }
    Ok(store::license::save_totals(cx.db, &before, license)?)
}

/// Deletes an activation that its license counts no more, and leaves a tombstone.
pub(super) fn bury(
    cx: &Context<'_>,
    license: &License,
    activation: &Activation,
    why: Why,
) -> Result<(), Fault> {
    store::activation::delete(cx.db, activation.id)?;
    store::tombstone::put(
        cx.db,
        Kind::Activation,
        &activation.id,
        cx.now(),
        Value::Null,
    )?;
    log(cx, license, activation, why.logged())
}

/// Appends to the event log: without a machine's address, where its license says that no place is kept.
pub(super) fn record(
    cx: &Context<'_>,
    license: &License,
    action: &str,
    id: ActivationId,
) -> Result<(), Fault> {
    let hidden = license.terms.disable_geo_location && cx.caller == Caller::Anonymous;
    let address = cx.request.origin.address.filter(|_| !hidden);
    Ok(cx.record_from(address, action, "activation", &id, Vec::new())?)
}

/// Appends to the activation log.
pub(super) fn log(
    cx: &Context<'_>,
    license: &License,
    activation: &Activation,
    action: Action,
) -> Result<(), Fault> {
    let entry = Entry {
        id: cx.draw().id(),
        at: cx.now(),
        action,
        product_id: license.product_id,
        activation,
    };
    Ok(store::activation_log::append(cx.db, &entry)?)
}
