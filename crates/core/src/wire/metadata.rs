//! Metadata on the wire: entries of licenses, products and users, and who sees them.

use serde::{Deserialize, Serialize};

use crate::draw::Draw;
use crate::id::MetadataId;
use crate::metadata::Metadata;
use crate::time::Timestamp;

/// A metadata entry as requests give it. `viewPermissions` is the newer form of `visible`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MetadataInput {
    pub key: String,
    pub value: String,
    pub id: Option<MetadataId>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub visible: Option<bool>,
    pub view_permissions: Option<Vec<ViewPermission>>,
}

/// Who sees a metadata entry or a meter attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ViewPermission {
    Activation,
    User,
    Organization,
    Reseller,
}

impl ViewPermission {
    const ALL: [Self; 4] = [
        Self::Activation,
        Self::User,
        Self::Organization,
        Self::Reseller,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::User => "user",
            Self::Organization => "organization",
            Self::Reseller => "reseller",
        }
    }

    /// Returns the names of everybody.
    pub(super) fn everybody() -> Vec<String> {
        Self::names(&Self::ALL)
    }

    fn names(seers: &[Self]) -> Vec<String> {
        let named = Self::ALL.iter().filter(|seer| seers.contains(seer));
        named.map(|seer| seer.as_str().to_owned()).collect()
    }

    /// Returns who sees something, each once: as named, or all or none for `visible`; `None` if nothing is said of it.
    pub(super) fn said(visible: Option<bool>, named: Option<&Vec<Self>>) -> Option<Vec<String>> {
        match (named, visible) {
            (Some(seers), _) => Some(Self::names(seers)),
            (None, Some(true)) => Some(Self::everybody()),
            (None, Some(false)) => Some(Vec::new()),
            (None, None) => None,
        }
    }
}

impl MetadataInput {
    /// Returns who sees the entry; `None` if nothing is said of it.
    #[must_use]
    pub fn permissions(&self) -> Option<Vec<String>> {
        ViewPermission::said(self.visible, self.view_permissions.as_ref())
    }

    /// Merges by key: an entry that is named replaces the one of its name, in whatever case; the others stay. Who sees an
    /// entry stays as it is unless the request says. Two that are named alike stay two, for the check to refuse.
    #[must_use]
    pub fn merge(
        named: &[Self],
        known: &[Metadata],
        draw: &mut Draw,
        now: Timestamp,
    ) -> Vec<Metadata> {
        let is_named = |entry: &&Metadata| named.iter().any(|input| entry.is_named(&input.key));
        let find = |input: &Self| known.iter().find(|entry| entry.is_named(&input.key));
        let mut merged: Vec<Metadata> = known
            .iter()
            .filter(|entry| !is_named(entry))
            .cloned()
            .collect();
        merged.extend(
            named
                .iter()
                .map(|input| input.entry(find(input), draw, now)),
        );
        merged.sort_by_key(|entry| position(known, entry));
        merged
    }

    /// Lays a list over what is there: by key, or an empty one that empties.
    #[must_use]
    pub(super) fn laid_over(
        named: &[Self],
        known: &[Metadata],
        draw: &mut Draw,
        now: Timestamp,
    ) -> Vec<Metadata> {
        let known = if named.is_empty() { &[] } else { known };
        Metadata::dated(&Self::merge(named, known, draw, now), known, now)
    }

    /// Drops the entries that a list leaves out, as a merge patch has it: a list is the whole of it.
    pub(super) fn drop_unnamed(named: &[Self], known: &mut Vec<Metadata>) {
        known.retain(|entry| named.iter().any(|input| entry.is_named(&input.key)));
    }

    fn entry(&self, known: Option<&Metadata>, draw: &mut Draw, now: Timestamp) -> Metadata {
        let kept = || known.map(|known| known.view_permissions.clone());
        Metadata {
            id: known.map_or_else(|| draw.id(), |known| known.id),
            created_at: known.map_or(now, |known| known.created_at),
            updated_at: now,
            key: self.key.clone(),
            value: self.value.clone(),
            view_permissions: self.permissions().or_else(kept).unwrap_or_default(),
        }
    }
}

/// Returns where an entry stood; a new one comes last, in the order of the request.
fn position(known: &[Metadata], entry: &Metadata) -> usize {
    let place = known.iter().position(|known| known.id == entry.id);
    place.unwrap_or(known.len())
}

/// A metadata entry as the API answers it, with both forms of who sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MetadataView<'a> {
    id: MetadataId,
    created_at: Timestamp,
    updated_at: Timestamp,
    key: &'a str,
    value: &'a str,
    visible: bool,
    view_permissions: &'a [String],
}

impl<'a> From<&'a Metadata> for MetadataView<'a> {
    fn from(entry: &'a Metadata) -> Self {
        Self {
            id: entry.id,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
            key: &entry.key,
            value: &entry.value,
            visible: !entry.view_permissions.is_empty(),
            view_permissions: &entry.view_permissions,
        }
    }
}
