//! Meter attributes on the wire: their definitions, and what applications count.

use serde::{Deserialize, Serialize};

use super::metadata::ViewPermission;
use crate::code::Problem;
use crate::draw::Draw;
use crate::id::{ActivationId, MeterId};
use crate::meter::{AskedUses, Meter, MeterName, MeterTotals, MeterUse, UsesChange};
use crate::time::Timestamp;

/// A meter attribute of a license as requests give it. `viewPermissions` is the newer form of `visible`. One of which neither
/// is said is seen by everybody: applications count by it, and the older API knew no other.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MeterInput {
    pub name: String,
    pub allowed_uses: Option<i64>,
    pub floating: Option<bool>,
    pub visible: Option<bool>,
    pub view_permissions: Option<Vec<ViewPermission>>,
    pub id: Option<MeterId>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub total_uses: Option<i64>,
    pub gross_uses: Option<i64>,
}

impl MeterInput {
    /// Merges by name: a meter that is named changes the one of its name, in whatever case; the others stay. What a request
    /// does not say of a known meter stays.
    ///
    /// # Errors
    /// A new meter needs `allowedUses`.
    pub fn merge(
        named: &[Self],
        known: &[Meter],
        draw: &mut Draw,
        now: Timestamp,
    ) -> Result<Vec<Meter>, Problem> {
        let is_named = |meter: &&Meter| named.iter().any(|input| meter.is_named(&input.name));
        let mut merged: Vec<Meter> = known
            .iter()
            .filter(|meter| !is_named(meter))
            .cloned()
            .collect();
        for (position, input) in named.iter().enumerate() {
            let known = known.iter().find(|meter| meter.is_named(&input.name));
            merged.push(match known {
                Some(known) => input.changed(known),
                None => input.new_meter(position, draw, now)?,
            });
        }
        let place = |meter: &Meter| known.iter().position(|known| known.id == meter.id);
        merged.sort_by_key(|meter| place(meter).unwrap_or(known.len()));
        Ok(merged)
    }

    fn new_meter(
        &self,
        position: usize,
        draw: &mut Draw,
        now: Timestamp,
    ) -> Result<Meter, Problem> {
        let field = format!("meterAttributes[{position}].allowedUses");
        let allowed_uses = self.allowed_uses;
        Ok(Meter {
            id: draw.id(),
            created_at: now,
            updated_at: now,
            name: self.name.clone(),
            allowed_uses: allowed_uses.ok_or_else(|| Problem::field(&field, "it is missing"))?,
            floating: self.floating.unwrap_or(false),
            view_permissions: self.permissions().unwrap_or_else(ViewPermission::everybody),
            resets: 0,
        })
    }

    fn changed(&self, known: &Meter) -> Meter {
        Meter {
            name: self.name.clone(),
            allowed_uses: self.allowed_uses.unwrap_or(known.allowed_uses),
            floating: self.floating.unwrap_or(known.floating),
            view_permissions: self
                .permissions()
                .unwrap_or_else(|| known.view_permissions.clone()),
            ..known.clone()
        }
    }

    fn permissions(&self) -> Option<Vec<String>> {
        ViewPermission::said(self.visible, self.view_permissions.as_ref())
    }
}

/// A meter attribute as the API answers it, with what was counted.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MeterView<'a> {
    id: MeterId,
    created_at: Timestamp,
    updated_at: Timestamp,
    name: &'a str,
    allowed_uses: i64,
    total_uses: i64,
    gross_uses: i64,
    floating: bool,
    visible: bool,
    view_permissions: &'a [String],
}

impl<'a> MeterView<'a> {
    pub(super) fn new(meter: &'a Meter, totals: MeterTotals) -> Self {
        Self {
            id: meter.id,
            created_at: meter.created_at,
            updated_at: meter.updated_at,
            name: &meter.name,
            allowed_uses: meter.allowed_uses,
            total_uses: totals.total_uses,
            gross_uses: totals.gross_uses,
            floating: meter.floating,
            visible: !meter.view_permissions.is_empty(),
            view_permissions: &meter.view_permissions,
        }
    }
}

/// What an application asks of a meter when it activates or syncs: a count, as clients of 2019 say it, or a difference.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActivationMeterInput {
    pub name: String,
    pub uses: Option<i64>,
    pub uses_increment: Option<i64>,
}

impl ActivationMeterInput {
    /// Returns what is asked; the difference counts where both are said.
    ///
    /// # Errors
    /// Names the field if neither is said.
    pub(super) fn asked(&self) -> Result<AskedUses, Problem> {
        let change = match (self.uses_increment, self.uses) {
            (Some(delta), _) => UsesChange::By(delta),
            (None, Some(count)) => UsesChange::To(count),
            (None, None) => {
                return Err(Problem::field(
                    "meterAttributes.usesIncrement",
                    "it is missing",
                ));
            }
        };
        Ok(AskedUses {
            meter: MeterName::Name(self.name.clone()),
            change,
        })
    }
}

/// An activation's uses of a meter, as the API answers them.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct ActivationMeterView<'a> {
    name: &'a str,
    uses: i64,
}

impl<'a> ActivationMeterView<'a> {
    /// Returns the uses of each meter that the activation has counted.
    pub(super) fn all(uses: &[MeterUse], meters: &'a [Meter]) -> Vec<Self> {
        let counted = |meter: &&Meter| uses.iter().any(|counted| counted.meter == meter.id);
        let view = |meter: &'a Meter| Self {
            name: &meter.name,
            uses: meter.uses_in(uses),
        };
        meters.iter().filter(counted).map(view).collect()
    }
}

/// `POST /v3/activations/meter-attributes/{id}`: what an application counts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MeterIncrement {
    pub increment: i64,
    pub activation_id: ActivationId,
}

impl MeterIncrement {
    /// Returns what is asked of the meter.
    #[must_use]
    pub fn asked(&self, meter: MeterId) -> AskedUses {
        AskedUses {
            meter: MeterName::Id(meter),
            change: UsesChange::By(self.increment),
        }
    }
}

/// The answer to an increment.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MeterIncrementAnswer<'a> {
    name: &'a str,
    uses: i64,
    license_allowed_uses: i64,
    license_total_uses: i64,
    license_gross_uses: i64,
}

impl<'a> MeterIncrementAnswer<'a> {
    /// Makes the answer from what was counted.
    #[must_use]
    pub fn new(meter: &'a Meter, uses: &[MeterUse], totals: MeterTotals) -> Self {
        Self {
            name: &meter.name,
            uses: meter.uses_in(uses),
            license_allowed_uses: meter.allowed_uses,
            license_total_uses: totals.total_uses,
            license_gross_uses: totals.gross_uses,
        }
    }
}
