//! The descriptions of the wire shapes: JSON Schemas of the draft that OpenAPI 3.1 means, each once under its name.

use std::collections::{BTreeMap, BTreeSet};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

const PLACE: &str = "/components/schemas";

/// The descriptions that were asked for so far. A shape that is read and one that is written may say different things of
/// what is optional, so each kind has a generator of its own.
#[derive(Debug)]
pub(crate) struct Shapes {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
    /// Those that no wire shape has: the filters of lists.
    others: BTreeMap<String, Value>,
    /// Error answers that many calls have.
    responses: Map<String, Value>,
    /// Those that are a body, or a list of which is one.
    bodies: BTreeSet<String>,
}

/// Two shapes have one name and differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two shapes are named `{0}` and differ: give one of them another name")]
pub struct Clash(String);

impl Shapes {
    pub(crate) fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = PLACE.into();
                settings.meta_schema = None;
            })
        };
        Self {
            requests: settings().for_deserialize().into_generator(),
            answers: settings().for_serialize().into_generator(),
            others: BTreeMap::new(),
            responses: Map::new(),
            bodies: BTreeSet::new(),
        }
    }

    /// Describes what a request is read as.
    pub(crate) fn request<T: JsonSchema>(&mut self) -> Value {
        self.bodies
            .insert(public_name(&T::schema_name()).to_owned());
        tidied(self.requests.subschema_for::<T>().into())
    }

    /// Describes what an answer is written from.
    pub(crate) fn answer<T: JsonSchema>(&mut self) -> Value {
        self.bodies
            .insert(public_name(&T::schema_name()).to_owned());
        tidied(self.answers.subschema_for::<T>().into())
    }

    /// Adds a description under a name, and returns where it is found.
    pub(crate) fn add(&mut self, name: &str, schema: impl FnOnce() -> Value) -> Value {
        self.others.entry(name.to_owned()).or_insert_with(schema);
        json!({ "$ref": format!("#{PLACE}/{name}") })
    }

    /// Adds the description of an answer under a name, and returns where it is found.
    pub(crate) fn add_response(&mut self, name: &str, response: Value) -> Value {
        self.responses.insert(name.to_owned(), response);
        json!({ "$ref": format!("#/components/responses/{name}") })
    }

    /// Returns the answers by name.
    pub(crate) fn responses(&self) -> Value {
        self.responses.clone().into()
    }

    /// Returns the names of those that are bodies.
    pub(crate) fn bodies(&self) -> BTreeSet<String> {
        self.bodies.clone()
    }

    /// Returns all of them by name.
    pub(crate) fn all(mut self) -> Result<Map<String, Value>, Clash> {
        let mut all: Map<String, Value> = self.others.into_iter().collect();
        let definitions = [
            self.requests.take_definitions(true),
            self.answers.take_definitions(true),
        ];
        for (name, schema) in definitions.into_iter().flatten() {
            let (name, schema) = (public_name(&name).to_owned(), tidied(schema));
            match all.get(&name) {
                Some(known) if *known != schema => return Err(Clash(name)),
                _ => all.insert(name, schema),
            };
        }
        Ok(all)
    }
}

/// A view is what a reader of the API knows as the thing itself.
fn public_name(name: &str) -> &str {
    name.strip_suffix("View").unwrap_or(name)
}

/// Takes out of a description what says nothing to a reader, and names what it refers to as the document does.
fn tidied(schema: Value) -> Value {
    match schema {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().filter_map(tidied_field).collect())
        }
        Value::Array(items) => items.into_iter().map(tidied).collect(),
        other => other,
    }
}

fn tidied_field((name, value): (String, Value)) -> Option<(String, Value)> {
    match (name.as_str(), value) {
        ("default", Value::Null) => None,
        ("$ref", Value::String(place)) => Some((name, public_name(&place).into())),
        ("description", Value::String(text)) => Some((name, text.replace('\n', " ").into())),
        (_, value) => Some((name, tidied(value))),
    }
}
