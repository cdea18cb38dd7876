//! Deleting many: `DELETE /v3/activations`.
//!
//! Its parameters were never published, so these are ours: `licenseId` always, and the dates of creation between which to
//! delete, or `all=true`. What is not understood, empty or said twice is refused, since ignoring it would delete more than
//! was meant. It is done in one piece or not at all.

use licentia_core::{License, LicenseId, Problem, Timestamp};
use serde_json::json;

use super::end::{self, Why};
use crate::context::{Context, Fault};
use crate::host::{Publishes, Reply};
use crate::store;
use crate::store::audit::PropertyChange;

/// So many are deleted in one turn of the ledger.
const MOST: u64 = 10_000;
/// So many are in memory at a time.
const SLICE: i64 = 500;

/// What is to be deleted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Selection {
    license_id: Option<LicenseId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    all: Option<bool>,
}

/// `DELETE /v3/activations`
pub(crate) fn delete_many(cx: &Context<'_>) -> Result<Reply, Fault> {
    let selection = Selection::read(cx.request.query)?;
    let (id, dates) = selection.checked()?;
    let mut license = store::license::load(cx.db, id)?.ok_or_else(|| unknown(id))?;
    if store::activation::count_created(cx.db, id, &dates, MOST.saturating_add(1))? > MOST {
        let reason = format!("more than {MOST} activations are between the dates; narrow them");
        return Err(Problem::field("createdAt", reason).into());
    }
    let before = license.totals.activations;
    let mut publishes = Publishes::Nothing;
    loop {
        let some = store::activation::created(cx.db, id, &dates, SLICE)?;
        if some.is_empty() {
            break;
        }
        publishes = end::tell(cx, id, &some)?;
        end::free_unrecorded(cx, &mut license, &some, Why::Deleted)?;
    }
    record(cx, &license, before)?;
    Ok(Reply {
        publishes,
        ..Reply::empty(204)
    })
}

/// The event log is told once, of the license; each activation stands in the activation log.
fn record(cx: &Context<'_>, license: &License, before: u64) -> Result<(), Fault> {
    let after = license.totals.activations;
    if before == after {
        return Ok(());
    }
    let change = PropertyChange {
        property_name: "totalActivations".to_owned(),
        old_value: json!(before),
        new_value: json!(after),
    };
    Ok(cx.record(
        "license.activations.deleted",
        "license",
        &license.id,
        vec![change],
    )?)
}

impl Selection {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            read.take(&name, value.trim())?;
        }
        Ok(read)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        let wrong = |reason: String| Problem::field(name, reason);
        let parsed = |value: &str| {
            let time: Result<Timestamp, _> = value.parse();
            time.map_err(|fault| wrong(fault.to_string()))
        };
        let before = match name {
            "licenseId" | "licenseId[eq]" => {
                let id = value.parse().map_err(|fault| Problem::field(name, fault))?;
                self.license_id.replace(id).is_some()
            }
            "createdAt[gte]" | "startDate" => self.from.replace(parsed(value)?).is_some(),
            "createdAt[lte]" | "endDate" => self.to.replace(parsed(value)?).is_some(),
            "all" => {
                let all = value.to_ascii_lowercase().parse();
                let all = all.map_err(|_parse| wrong("it must be `true` or `false`".to_owned()))?;
                self.all.replace(all).is_some()
            }
            _ => return Err(wrong("a deletion does not know it".to_owned())),
        };
        if before {
            return Err(wrong("it is said twice".to_owned()));
        }
        Ok(())
    }

    /// Returns the license and the first and last date, both included.
    fn checked(self) -> Result<(LicenseId, (Timestamp, Timestamp)), Problem> {
        let missing = || Problem::field("licenseId", "it is missing");
        let id = self.license_id.ok_or_else(missing)?;
        let limited = self.from.is_some() || self.to.is_some();
        if limited == self.all.unwrap_or(false) {
            let reason = "send the dates between which to delete, or `all=true`, and not both";
            return Err(Problem::field("createdAt", reason));
        }
        let from = self.from.unwrap_or(Timestamp::MIN);
        Ok((id, (from, self.to.unwrap_or(Timestamp::MAX))))
    }
}

fn unknown(id: LicenseId) -> Problem {
    Problem::field("licenseId", format!("no license has the id `{id}`"))
}
