//! Metadata: the vendor's own fields of a license, a product or a user. Names are the same in any case.

use crate::code::Problem;
use crate::id::MetadataId;
use crate::limits::fits;
use crate::time::Timestamp;

const KEY_LIMIT: usize = 256;
const VALUE_LIMIT: usize = 4_096;
const ENTRY_LIMIT: usize = 50;

/// A field of the vendor's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Its id.
    pub id: MetadataId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Its name; names are the same in any case.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Who sees it: `activation`, `user`, `organization`, `reseller`.
    pub view_permissions: Vec<String>,
}

impl Metadata {
    /// Checks lengths, number, and that no name stands twice in whatever case.
    ///
    /// # Errors
    /// Names the field.
    pub fn check(entries: &[Self]) -> Result<(), Problem> {
        if entries.len() > ENTRY_LIMIT {
            let reason = format!("it has more than {ENTRY_LIMIT} entries");
            return Err(Problem::field("metadata", reason));
        }
        for (position, entry) in entries.iter().enumerate() {
            let at = |part: &str, reason| {
                Problem::field(&format!("metadata[{position}].{part}"), reason)
            };
            fits(&entry.key, KEY_LIMIT).map_err(|reason| at("key", reason))?;
            fits(&entry.value, VALUE_LIMIT).map_err(|reason| at("value", reason))?;
            let mut earlier = entries.iter().take(position);
            if entry.key.is_empty() {
                return Err(at("key", "it is empty".to_owned()));
            }
            if earlier.any(|earlier| earlier.is_named(&entry.key)) {
                return Err(at("key", "an earlier entry has the same key".to_owned()));
            }
        }
        Ok(())
    }

    /// Says whether this is its name, in whatever case.
    #[must_use]
    pub fn is_named(&self, key: &str) -> bool {
        self.key.eq_ignore_ascii_case(key)
    }

    /// Says whether an application sees it.
    #[must_use]
    pub fn is_seen_by_activations(&self) -> bool {
        seen_by_activations(&self.view_permissions)
    }

    /// Returns `asked` with the ids and dates of those entries that `known` has: an entry that says what is so already
    /// keeps its date of change, another moves it to `now`.
    #[must_use]
    pub fn dated(asked: &[Self], known: &[Self], now: Timestamp) -> Vec<Self> {
        let dated = |entry: &Self| match known.iter().find(|known| known.is_named(&entry.key)) {
            None => entry.clone(),
            Some(known) if known.says_as_much_as(entry) => known.clone(),
            Some(known) => Self {
                id: known.id,
                created_at: known.created_at,
                updated_at: now,
                ..entry.clone()
            },
        };
        asked.iter().map(dated).collect()
    }

    fn says_as_much_as(&self, other: &Self) -> bool {
        self.value == other.value && self.view_permissions == other.view_permissions
    }
}

/// Says whether applications are among those who see a field.
pub(crate) fn seen_by_activations(view_permissions: &[String]) -> bool {
    view_permissions.iter().any(|seer| seer == "activation")
}
