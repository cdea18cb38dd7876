//! An example of each shape, in `examples.json` under the shape's name; a shape that a body has and that lacks one is an error.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

const EXAMPLES: &str = include_str!("examples.json");

/// A shape has no example, or an example no shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unexampled {
    /// The shape lacks one.
    #[error("`{0}` has no example: add one to crates/contract/src/examples.json")]
    Missing(String),
    /// The example is of nothing.
    #[error("crates/contract/src/examples.json has an example of `{0}`, which is no body")]
    Unknown(String),
    /// The file cannot be read.
    #[error("crates/contract/src/examples.json: {0}")]
    Malformed(String),
}

/// Puts its example into the description of each shape that is a body.
pub(crate) fn with_examples(
    mut schemas: Map<String, Value>,
    bodies: &BTreeSet<String>,
) -> Result<Map<String, Value>, Unexampled> {
    let mut examples: Map<String, Value> =
        serde_json::from_str(EXAMPLES).map_err(|fault| Unexampled::Malformed(fault.to_string()))?;
    for name in bodies {
        let missing = || Unexampled::Missing(name.clone());
        let example = examples.remove(name).ok_or_else(missing)?;
        let schema = schemas.get_mut(name).and_then(Value::as_object_mut);
        let schema = schema.ok_or_else(missing)?;
        schema.insert("examples".to_owned(), vec![example].into());
    }
    match examples.into_iter().next() {
        Some((name, _)) => Err(Unexampled::Unknown(name)),
        None => Ok(schemas),
    }
}
