//! Licenses in answers, each with its owner.

use std::collections::BTreeMap;

use licentia_core::wire::LicenseView;
use licentia_core::{License, User, UserId};

use crate::context::{Context, Fault};
use crate::database::DatabaseError;
use crate::host::{Publishes, Reply};
use crate::published::Subject;
use crate::store;

/// The owners of some licenses.
pub(super) type Owners = BTreeMap<UserId, User>;

/// Answers with a license.
pub(super) fn one(cx: &Context<'_>, status: u16, license: &License) -> Result<Reply, Fault> {
    let owner = license.user_id.map(|id| store::user::load(cx.db, id));
    let owner = owner.transpose()?.flatten();
    let view = LicenseView::new(license, owner.as_ref());
    Ok(Reply::json(status, &view).versioned(license.version))
}

/// Answers with a license that has just changed, and is to be published.
pub(super) fn changed(cx: &Context<'_>, status: u16, license: &License) -> Result<Reply, Fault> {
    let subject = Subject::License(license.id).to_string();
    Ok(one(cx, status, license)?.publishing(subject, license.version))
}

/// Answers a request that changes nothing, and says whether what it finds is published: a caller may be asking again.
pub(super) fn unchanged(cx: &Context<'_>, license: &License) -> Result<Reply, Fault> {
    let pending = store::outbox::is_pending(cx.db, &Subject::License(license.id).to_string())?;
    let publishes = if pending {
        Publishes::Later
    } else {
        Publishes::Already(license.version)
    };
    let reply = one(cx, 200, license)?;
    Ok(Reply { publishes, ..reply })
}

/// Loads the owners of some licenses at once.
pub(super) fn owners(cx: &Context<'_>, licenses: &[License]) -> Result<Owners, DatabaseError> {
    let mut ids: Vec<UserId> = licenses.iter().filter_map(|one| one.user_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let owners = store::user::load_all(cx.db, &ids)?;
    Ok(owners.into_iter().map(|owner| (owner.id, owner)).collect())
}

/// Returns the views of some licenses, each with its owner.
pub(super) fn views<'a>(licenses: &'a [License], owners: &'a Owners) -> Vec<LicenseView<'a>> {
    let view = |license: &'a License| LicenseView::new(license, owner(license, owners));
    licenses.iter().map(view).collect()
}

/// Finds the owner of a license.
pub(super) fn owner<'a>(license: &License, owners: &'a Owners) -> Option<&'a User> {
    license.user_id.and_then(|id| owners.get(&id))
}
