//! A JSON document of the API: as it came, for `--json`, and read by field, for people.
//!
//! Fields are asked for by name and may be absent, so that an older or a newer server is shown as far as it goes.

use licentia_core::{Seconds, Timestamp};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::fault::Fault;

/// A JSON object with the text that it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    raw: Box<RawValue>,
    value: Value,
}

impl Document {
    /// Reads an answer's body.
    pub(crate) fn read(body: &str) -> Result<Self, Fault> {
        let raw: Box<RawValue> = serde_json::from_str(body).map_err(|error| foreign(&error))?;
        Self::of(raw)
    }

    /// Reads a list's body.
    pub(crate) fn read_list(body: &str) -> Result<Vec<Self>, Fault> {
        let raws: Vec<Box<RawValue>> =
            serde_json::from_str(body).map_err(|error| foreign(&error))?;
        raws.into_iter().map(Self::of).collect()
    }

    fn of(raw: Box<RawValue>) -> Result<Self, Fault> {
        let value = serde_json::from_str(raw.get()).map_err(|error| foreign(&error))?;
        Ok(Self { raw, value })
    }

    pub(crate) fn raw(&self) -> &RawValue {
        &self.raw
    }

    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields(&self.value)
    }
}

fn foreign(error: &serde_json::Error) -> Fault {
    Fault::Foreign(format!(
        "the answer is not the API's: {error}; check that `--url` names a Licentia server"
    ))
}

/// An object of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(&'a Value);

impl<'a> Fields<'a> {
    fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Returns a text that is not empty.
    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        let text = self.value(name)?.as_str();
        text.filter(|text| !text.is_empty())
    }

    /// Returns a flag; absent is false.
    pub(crate) fn flag(self, name: &str) -> bool {
        self.value(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn number(self, name: &str) -> Option<i64> {
        self.value(name)?.as_i64()
    }

    pub(crate) fn seconds(self, name: &str) -> Option<Seconds> {
        self.number(name).map(Seconds)
    }

    /// Returns a date; one that cannot be read is absent.
    pub(crate) fn date(self, name: &str) -> Option<Timestamp> {
        self.text(name)?.parse().ok()
    }

    pub(crate) fn object(self, name: &str) -> Option<Self> {
        self.value(name)
            .filter(|value| value.is_object())
            .map(Fields)
    }

    /// Returns the objects of a list; absent is none.
    pub(crate) fn objects(self, name: &str) -> impl Iterator<Item = Self> {
        self.items(name).map(Fields)
    }

    /// Returns the texts of a list; absent is none.
    pub(crate) fn texts(self, name: &str) -> impl Iterator<Item = &'a str> {
        self.items(name).filter_map(Value::as_str)
    }

    fn items(self, name: &str) -> impl Iterator<Item = &'a Value> {
        let items = self.value(name).and_then(Value::as_array);
        items.into_iter().flatten()
    }

    /// Returns the fields that are numbers, with their names.
    pub(crate) fn counts(self) -> impl Iterator<Item = (&'a str, i64)> {
        let fields = self.0.as_object().into_iter().flatten();
        fields.filter_map(|(name, value)| Some((name.as_str(), value.as_i64()?)))
    }

    /// Returns a value of any kind as a person would write it.
    pub(crate) fn plain(self, name: &str) -> String {
        match self.0.get(name) {
            None | Some(Value::Null) => "none".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        }
    }
}

/// Builds the body of a request, field by field.
#[derive(Debug, Default)]
pub(crate) struct Draft(serde_json::Map<String, Value>);

impl Draft {
    /// Sets a field to a value that is there.
    pub(crate) fn set(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_body(self) -> Vec<u8> {
        Value::Object(self.0).to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_or_of_another_kind_is_not_there() {
        let document =
            Document::read(r#"{"a": null, "b": "", "n": 3, "when": "soon", "l": ["x", 1]}"#)
                .unwrap();
        let fields = document.fields();
        assert_eq!(fields.text("a"), None);
        assert_eq!(fields.text("b"), None);
        assert_eq!(fields.number("n"), Some(3));
        assert_eq!(fields.date("when"), None);
        assert_eq!(fields.texts("l").collect::<Vec<_>>(), ["x"]);
        assert_eq!(fields.plain("missing"), "none");
    }

    #[test]
    fn the_text_of_a_document_is_kept_as_it_came() {
        let text = r#"{"z":1, "a":1.50}"#;
        assert_eq!(Document::read(text).unwrap().raw().get(), text);
    }

    #[test]
    fn an_answer_of_something_else_is_a_fault() {
        assert!(Document::read("<html>").is_err());
        assert!(Document::read_list("{}").is_err());
    }
}
