//! Examples, in `examples.json`: of each shape that is a body, and of calls that are sent another part of one than others.

use std::collections::BTreeSet;

use licentia_api::Operation;
use serde_json::{Map, Value};

const EXAMPLES: &str = include_str!("examples.json");

/// A shape has no example, or an example no shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unexampled {
    /// The shape lacks one.
    #[error("`{0}` has no example: add one to crates/contract/src/examples.json")]
    Missing(String),
    /// The example is of nothing.
    #[error(
        "crates/contract/src/examples.json has an example of `{0}`, which is neither a body nor a call with one"
    )]
    Unknown(String),
    /// The file cannot be read.
    #[error("crates/contract/src/examples.json: {0}")]
    Malformed(String),
}

/// The examples that no shape and no call has taken yet.
#[derive(Debug)]
pub(crate) struct Examples(Map<String, Value>);

impl Examples {
    pub(crate) fn read() -> Result<Self, Unexampled> {
        let examples = serde_json::from_str(EXAMPLES);
        examples
            .map(Self)
            .map_err(|fault| Unexampled::Malformed(fault.to_string()))
    }

    /// Returns the example of what a call is sent, if its shape's own would mislead.
    pub(crate) fn of_call(&mut self, operation: Operation) -> Option<Value> {
        self.0.remove(&format!("{}.request", operation.name()))
    }

    /// Puts its example into the description of each shape that is a body.
    pub(crate) fn of_shapes(
        mut self,
        mut schemas: Map<String, Value>,
        bodies: &BTreeSet<String>,
    ) -> Result<Map<String, Value>, Unexampled> {
        for name in bodies {
            let missing = || Unexampled::Missing(name.clone());
            let example = self.0.remove(name).ok_or_else(missing)?;
            let schema = schemas.get_mut(name).and_then(Value::as_object_mut);
            let schema = schema.ok_or_else(missing)?;
            schema.insert("examples".to_owned(), vec![example].into());
        }
        match self.0.into_iter().next() {
            Some((name, _)) => Err(Unexampled::Unknown(name)),
            None => Ok(schemas),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::document;

    /// Checks every example that stands beside a schema, wherever in the document.
    fn check(node: &Value, components: &Value, checked: &mut Vec<Value>) {
        let beside = node.get("schema").zip(node.get("example"));
        let within = node.get("examples").and_then(|examples| examples.get(0));
        for (schema, example) in beside
            .into_iter()
            .chain(within.map(|example| (node, example)))
        {
            let whole = json!({ "components": components, "allOf": [schema] });
            let options = jsonschema::draft202012::options().should_validate_formats(true);
            let validator = options.build(&whole).unwrap();
            let fault = validator.iter_errors(example).next();
            assert!(fault.is_none(), "{} in {example:#}", fault.unwrap());
            checked.push(example.clone());
        }
        let fields = node
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, field)| field);
        for inner in fields.chain(node.as_array().into_iter().flatten()) {
            check(inner, components, checked);
        }
    }

    #[test]
    fn every_example_is_of_its_shape() {
        let document = document().unwrap();
        let mut checked = Vec::new();
        check(&document, &document["components"], &mut checked);
        assert!(
            checked.len() > 10,
            "only {} examples were found",
            checked.len()
        );
    }
}
