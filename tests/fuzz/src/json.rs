//! A second reader of JSON objects: member by member, each read by itself when it is asked for.
//!
//! Members that nobody asks for may hold what `serde_json::Value` refuses, such as half a surrogate pair: core passes over
//! them as well.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

/// An object's members, as they are written; of two with one name the last.
#[derive(Debug, PartialEq)]
pub(crate) struct Members(BTreeMap<String, String>);

impl Members {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).ok()?;
        let written = |(name, value): (_, Box<RawValue>)| (name, value.get().to_owned());
        Some(Self(members.into_iter().map(written).collect()))
    }

    /// A member's value; null if it is not there.
    pub(crate) fn value(&self, name: &str) -> Value {
        let text = self.0.get(name);
        text.map_or(Value::Null, |text| {
            serde_json::from_str(text).unwrap_or_default()
        })
    }

    /// The members of other names, as they are written.
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        self.0
            .retain(|name, _| !names.contains(&name.strip_suffix("Seal").unwrap_or(name)));
        self
    }
}
