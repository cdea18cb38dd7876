//! JSON objects member by member: how the texts are read that an application meets.
//!
//! The rules are those of a derived shape: a member that is read is there once and of its type, and others are passed over.
//! A derived shape would bring words for each fault that it can find, and the formatting of every kind of number for them:
//! a fifth of the module that applications load, for words that nobody sees.

use std::borrow::Cow;
use std::fmt::{Formatter, Result as Written};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// An object's members that have one of the names which are looked for.
pub(crate) struct Object<'a>(Vec<(&'static str, Value<'a>)>);

/// A value. Numbers that are not whole, or too large, are none that anything here says.
enum Value<'a> {
    Null,
    Flag(bool),
    Number(i64),
    OtherNumber,
    Text(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// Names a member that is missing, there twice, or of another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Misfit(pub &'static str);

impl Misfit {
    /// Says which member it is.
    pub(crate) fn reason(self) -> String {
        ["`", self.0, "` is missing, there twice, or of another type"].concat()
    }
}

impl<'a> Object<'a> {
    /// Reads a text that is a JSON object: its members of these names, and of objects in it those of the same names.
    pub(crate) fn parse(json: &'a str, names: &'static [&'static str]) -> Option<Self> {
        let mut reader = serde_json::Deserializer::from_str(json);
        let value = Named(names).deserialize(&mut reader).ok()?;
        reader.end().ok()?;
        match value {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Returns a text.
    pub(crate) fn text(&self, name: &'static str) -> Result<String, Misfit> {
        self.given_text(name)?.ok_or(Misfit(name))
    }

    /// Returns a text, or none if the member is absent.
    pub(crate) fn given_text(&self, name: &'static str) -> Result<Option<String>, Misfit> {
        match self.member(name)? {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.clone().into_owned())),
            Some(_) => Err(Misfit(name)),
        }
    }

    /// Returns a text, or none if the member is absent or null.
    pub(crate) fn optional_text(&self, name: &'static str) -> Result<Option<String>, Misfit> {
        match self.member(name)? {
            Some(Value::Null) => Ok(None),
            _ => self.given_text(name),
        }
    }

    /// Returns a whole number.
    pub(crate) fn number(&self, name: &'static str) -> Result<i64, Misfit> {
        self.given_number(name)?.ok_or(Misfit(name))
    }

    /// Returns a whole number, or none if the member is absent.
    pub(crate) fn given_number(&self, name: &'static str) -> Result<Option<i64>, Misfit> {
        match self.member(name)? {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(*number)),
            Some(_) => Err(Misfit(name)),
        }
    }

    /// Returns a Boolean.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, Misfit> {
        match self.member(name)? {
            Some(Value::Flag(flag)) => Ok(*flag),
            _ => Err(Misfit(name)),
        }
    }

    /// Returns the objects of an array.
    pub(crate) fn objects(&self, name: &'static str) -> Result<Vec<&Self>, Misfit> {
        let Some(Value::Array(elements)) = self.member(name)? else {
            return Err(Misfit(name));
        };
        let objects = elements.iter().map(|element| match element {
            Value::Object(object) => Ok(object),
            _ => Err(Misfit(name)),
        });
        objects.collect()
    }

    /// Returns an object, or none if the member is anything else.
    pub(crate) fn object(&self, name: &'static str) -> Option<&Self> {
        match self.member(name) {
            Ok(Some(Value::Object(object))) => Some(object),
            _ => None,
        }
    }

    /// Returns whether the member is there.
    pub(crate) fn has(&self, name: &'static str) -> bool {
        self.0.iter().any(|(own, _)| *own == name)
    }

    /// Returns whether the member is null or absent.
    pub(crate) fn lacks(&self, name: &'static str) -> Result<bool, Misfit> {
        Ok(matches!(self.member(name)?, None | Some(Value::Null)))
    }

    fn member(&self, name: &'static str) -> Result<Option<&Value<'a>>, Misfit> {
        let mut named = self.0.iter().filter(|(own, _)| *own == name);
        match (named.next(), named.next()) {
            (first, None) => Ok(first.map(|(_, value)| value)),
            _ => Err(Misfit(name)),
        }
    }
}

/// Reads a value, and of objects the members of these names.
#[derive(Clone, Copy)]
struct Named(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Named {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Named {
    type Value = Value<'de>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> Written {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value<'de>, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(i64::try_from(number).map_or(Value::OtherNumber, Value::Number))
    }

    fn visit_f64<E: Error>(self, _number: f64) -> Result<Value<'de>, E> {
        Ok(Value::OtherNumber)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Value<'de>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = array.next_element_seed(self)? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key_seed(self)? {
            let known = match &name {
                Value::Text(name) => self.0.iter().find(|known| *known == name),
                _ => None,
            };
            match known {
                Some(name) => members.push((*name, map.next_value_seed(self)?)),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(Object(members)))
    }
}

/// Writes a text as JSON.
///
/// INVARIANT: a text always serializes.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Returns the members of an object that have none of these names, each with its text as it stands.
///
/// Where a value ends is told by a reader that passes over it: one that gives texts as they stand would bring its faults.
pub(crate) fn other_members(json: &str, names: &[&str]) -> Vec<(String, String)> {
    let mut rest = Rest(json);
    let mut members = Vec::new();
    rest.pass('{');
    while let Some(name) = rest.value().and_then(name_in) {
        rest.pass(':');
        let Some(value) = rest.value() else { break };
        rest.pass(',');
        if !names.contains(&name.as_ref()) {
            members.push((name.into_owned(), value.to_owned()));
        }
    }
    members
}

fn name_in(json: &str) -> Option<Cow<'_, str>> {
    let mut reader = serde_json::Deserializer::from_str(json);
    match Named(&[]).deserialize(&mut reader) {
        Ok(Value::Text(name)) => Some(name),
        _ => None,
    }
}

/// What is left of a text to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn pass(&mut self, sign: char) {
        let rest = self.0.trim_ascii_start();
        self.0 = rest.strip_prefix(sign).unwrap_or(rest);
    }

    /// Returns the text of the value that comes next.
    fn value(&mut self) -> Option<&'a str> {
        let reader = serde_json::Deserializer::from_str(self.0);
        let mut values = reader.into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        let (value, rest) = self.0.split_at_checked(values.byte_offset())?;
        self.0 = rest;
        Some(value.trim_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["a", "b"];

    #[track_caller]
    fn text(json: &str, expected: Result<Option<&str>, Misfit>) {
        let read = Object::parse(json, NAMES).unwrap().optional_text("a");
        assert_eq!(read, expected.map(|text| text.map(str::to_owned)), "{json}");
    }

    #[track_caller]
    fn number(json: &str, expected: Result<Option<i64>, Misfit>) {
        let read = Object::parse(json, NAMES).unwrap().given_number("a");
        assert_eq!(read, expected, "{json}");
    }

    #[test]
    fn only_an_object_is_one() {
        for json in [
            "",
            "[]",
            "\"a\"",
            "1",
            "null",
            "{",
            "{}{}",
            "{a: 1}",
            "{\"a\": 01}",
            "{\"b\": \"\u{1}\"}",
        ] {
            assert!(Object::parse(json, NAMES).is_none(), "{json}");
        }
        for json in ["{}", " \n{ } ", "{\"c\": [{\"a\": []}]}"] {
            assert!(Object::parse(json, NAMES).is_some(), "{json}");
        }
    }

    #[test]
    fn a_text_is_read_with_its_escapes() {
        text(r#"{"a": "x\n\ud83d\ude00é"}"#, Ok(Some("x\n😀é")));
        text(r#"{"\u0061": "x"}"#, Ok(Some("x")));
        text(r#"{"a": null}"#, Ok(None));
        text(r#"{"b": 1}"#, Ok(None));
    }

    #[test]
    fn numbers_are_whole_and_of_64_bits() {
        number(r#"{"a": -5}"#, Ok(Some(-5)));
        number(r#"{"a": 9223372036854775807}"#, Ok(Some(i64::MAX)));
        for other in [
            "9223372036854775808",
            "1.0",
            "1e3",
            "-0",
            "\"1\"",
            "null",
            "true",
            "[1]",
        ] {
            number(&format!(r#"{{"a": {other}}}"#), Err(Misfit("a")));
        }
        number("{}", Ok(None));
    }

    #[test]
    fn what_is_read_is_there_once_and_the_rest_is_passed_over() {
        let json = r#"{"c": 1, "a": "x", "c": 1e999, "b": 1, "b": 1}"#;
        let object = Object::parse(json, NAMES).unwrap();
        assert_eq!(object.text("a").unwrap(), "x");
        assert_eq!(object.number("b"), Err(Misfit("b")));
        assert_eq!(object.text("c"), Err(Misfit("c")));
    }

    #[test]
    fn objects_in_an_array_are_read_with_the_same_names() {
        let json = r#"{"a": [{"b": true}, {"b": false, "c": 1}]}"#;
        let object = Object::parse(json, NAMES).unwrap();
        let flags: Vec<_> = object
            .objects("a")
            .unwrap()
            .iter()
            .map(|inner| inner.flag("b"))
            .collect();
        assert_eq!(flags, [Ok(true), Ok(false)]);
        let mixed = Object::parse(r#"{"a": [{}, 1]}"#, NAMES).unwrap();
        assert_eq!(mixed.objects("a").err(), Some(Misfit("a")));
    }
}
