//! What management reads of activations: one, a page of them.

use std::collections::{BTreeMap, BTreeSet};

use licentia_core::wire::ActivationView;
use licentia_core::{Activation, ActivationId, License, LicenseId, Scope, User, UserId};

use super::gone;
use crate::access;
use crate::calls::page;
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::list;
use crate::store;

/// `GET /v3/activations/{id}`
pub(crate) fn read(cx: &Context<'_>, id: ActivationId) -> Result<Reply, Fault> {
    match store::activation::load(cx.db, id)? {
        Some(activation) => {
            let around = Around::of(cx, std::slice::from_ref(&activation))?;
            Ok(Reply::json(200, &around.view(&activation)))
        }
        None => Err(gone(cx, id)?.into()),
    }
}

/// `GET /v3/activations`
pub(crate) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    refuse_to_probe_keys(cx)?;
    let listed = list::list(cx, &list::ACTIVATIONS)?;
    let activations = listed.rows.iter().map(store::activation::from_row);
    let activations = activations.collect::<Result<Vec<_>, _>>()?;
    let around = Around::of(cx, &activations)?;
    let views: Vec<_> = activations
        .iter()
        .map(|activation| around.view(activation))
        .collect();
    Ok(page(cx, &listed, &views))
}

/// What views of activations show besides: the meters of their licenses, and the owners if they are asked for. Each is
/// loaded once for all.
struct Around {
    licenses: BTreeMap<LicenseId, License>,
    owners: Option<BTreeMap<UserId, User>>,
}

impl Around {
    fn of(cx: &Context<'_>, activations: &[Activation]) -> Result<Self, Fault> {
        let with_owners = asks_for_owners(cx.request.query);
        if with_owners {
            access::hand_on(cx.db, cx.caller, [Scope::UserRead].into_iter())?;
        }
        let needed = activations
            .iter()
            .filter(|activation| with_owners || !activation.meters.is_empty());
        let licenses = licenses_of(cx, needed)?;
        let owners = with_owners.then(|| owners_of(cx, &licenses)).transpose()?;
        Ok(Self { licenses, owners })
    }

    fn view<'a>(&'a self, activation: &'a Activation) -> ActivationView<'a> {
        let license = self.licenses.get(&activation.license_id);
        let meters = license.map_or([].as_slice(), |license| &license.meters);
        let view = ActivationView::new(activation, meters);
        match &self.owners {
            Some(owners) => {
                let owner = license.and_then(|license| license.user_id);
                view.with_owner(owner.and_then(|id| owners.get(&id)))
            }
            None => view,
        }
    }
}

/// Loads the licenses of activations, each once.
pub(super) fn licenses_of<'a>(
    cx: &Context<'_>,
    activations: impl Iterator<Item = &'a Activation>,
) -> Result<BTreeMap<LicenseId, License>, Fault> {
    let ids: BTreeSet<LicenseId> = activations
        .map(|activation| activation.license_id)
        .collect();
    let ids: Vec<LicenseId> = ids.into_iter().collect();
    let licenses = store::license::load_all(cx.db, &ids)?;
    Ok(licenses
        .into_iter()
        .map(|license| (license.id, license))
        .collect())
}

fn owners_of(
    cx: &Context<'_>,
    licenses: &BTreeMap<LicenseId, License>,
) -> Result<BTreeMap<UserId, User>, Fault> {
    let ids: BTreeSet<UserId> = licenses
        .values()
        .filter_map(|license| license.user_id)
        .collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    let owners = store::user::load_all(cx.db, &ids)?;
    Ok(owners.into_iter().map(|owner| (owner.id, owner)).collect())
}

/// Refuses filters that would tell a license key piece by piece to who may not read licenses. A whole key tells nothing.
pub(super) fn refuse_to_probe_keys(cx: &Context<'_>) -> Result<(), Fault> {
    let probes = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("licensekey[") && !["licensekey[eq]", "licensekey[in]"].contains(&&*name)
    };
    if form_urlencoded::parse(cx.request.query.as_bytes()).any(|(name, _)| probes(&name)) {
        access::hand_on(cx.db, cx.caller, [Scope::LicenseRead].into_iter())?;
    }
    Ok(())
}

/// Says whether `include` names the owner. What else it may name, an activation has not.
fn asks_for_owners(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, value)| {
        let mut words = value.split(',');
        name == "include" && words.any(|word| word.trim().eq_ignore_ascii_case("user"))
    })
}
