//! JSON bodies: reads a document into its shape, with names matched in any case and faults named by field.
//!
//! Existing clients send `Key`, `key` and `KEY`; the shapes say `key`. Names that a shape lacks are ignored.
//! They also send numbers and Booleans as texts (`"3600"`, `"True"`), which are read as what they stand for, and empty
//! texts for what they do not say: whatever is optional is absent then. Where an empty text clears, the shape says so by
//! `text`.

#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess,
    Visitor,
    value::{
        BoolDeserializer, F64Deserializer, I64Deserializer, MapAccessDeserializer,
        SeqAccessDeserializer, StrDeserializer, StringDeserializer, U64Deserializer,
    },
};

/// What is wrong with a body: where, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFault {
    /// The text is no JSON.
    #[error("the body is not JSON: {reason}")]
    Syntax {
        /// The parser's words.
        reason: String,
    },
    /// The JSON does not fit the shape.
    #[error("`{field}` is wrong: {reason}")]
    Field {
        /// The field, as a path such as `metadata[0].key`.
        field: String,
        /// The parser's words.
        reason: String,
    },
}

/// Reads a body into its shape.
///
/// # Errors
/// Says whether the text is no JSON or which field does not fit.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, JsonFault> {
    // Windows tools write a byte order mark, which RFC 8259 §8.1 lets a parser ignore.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(AnyCase(&mut reader)).map_err(|fault| {
        let field = fault.path().to_string();
        let inner = fault.into_inner();
        let reason = without_position(&inner.to_string());
        match inner.classify() {
            serde_json::error::Category::Data => JsonFault::Field {
                field: named(field),
                reason,
            },
            _ => JsonFault::Syntax {
                reason: inner.to_string(),
            },
        }
    })?;
    reader.end().map_err(|fault| JsonFault::Syntax {
        reason: fault.to_string(),
    })?;
    Ok(value)
}

/// Reads a text that may be empty on purpose, null or absent: an empty one clears what there was.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Null => Ok(None),
        value => String::deserialize(value)
            .map(Some)
            .map_err(D::Error::custom),
    }
}

/// Reads a value of which null says something too; absent and empty say nothing.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Null => Ok(Some(None)),
        serde_json::Value::String(text) if text.trim().is_empty() => Ok(None),
        value => T::deserialize(value)
            .map(|value| Some(Some(value)))
            .map_err(D::Error::custom),
    }
}

/// Says whether a field is null.
pub(crate) fn is_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde_json::Value::deserialize(deserializer).map(|value| value.is_null())
}

fn named(path: String) -> String {
    if path == "." { "body".to_owned() } else { path }
}

/// Cuts ` at line 1 column 2` off a message about a value, since the field's name says where, and what is too long.
fn without_position(message: &str) -> String {
    let reason = message
        .rsplit_once(" at line ")
        .map_or(message, |(reason, _)| reason);
    let reason = without_texts(reason);
    match reason.char_indices().nth(LONGEST_REASON) {
        None => reason,
        Some((end, _)) => format!("{}…", reason.get(..end).unwrap_or_default()),
    }
}

/// Takes texts out of the parser's words, and the names of our types: a text may be a secret that stands in the wrong place.
fn without_texts(reason: &str) -> String {
    let (found, expected) = reason.rsplit_once(", expected ").unwrap_or((reason, ""));
    let found = match found.split_once(": string \"") {
        Some((kind, _)) => format!("{kind}: a text"),
        None if found.starts_with("unknown variant `") && found.len() > LONGEST_VARIANT => {
            "unknown value".to_owned()
        }
        None => found.to_owned(),
    };
    match expected {
        "" => found,
        _ if expected.starts_with("struct ") => format!("{found}, expected an object"),
        _ => format!("{found}, expected {expected}"),
    }
}

const LONGEST_VARIANT: usize = 48;
const LONGEST_REASON: usize = 200;

/// Passes everything through, and gives a struct's fields their own spelling.
struct AnyCase<T>(T);

/// A visitor, seed or access on its way through, with the fields of the struct that is being read.
struct Within<T> {
    inner: T,
    fields: &'static [&'static str],
}

macro_rules! forward_hints {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(Within { inner: visitor, fields: &[] })
        }
    )*};
}

macro_rules! read_texts {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.deserialize_any(Text(visitor))
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for AnyCase<D> {
    type Error = D::Error;

    forward_hints! {
        deserialize_any deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_unit deserialize_seq deserialize_map deserialize_identifier deserialize_ignored_any
    }

    read_texts! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Optional(visitor))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(
            name,
            Within {
                inner: visitor,
                fields: &[],
            },
        )
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(
            name,
            Within {
                inner: visitor,
                fields: &[],
            },
        )
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(
            len,
            Within {
                inner: visitor,
                fields: &[],
            },
        )
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(
            name,
            len,
            Within {
                inner: visitor,
                fields: &[],
            },
        )
    }

    /// Refuses an array: positional structs are a habit of serde, not of this API.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Within {
            inner: visitor,
            fields,
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }
}

macro_rules! forward_values {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method<E: serde::de::Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

/// A visitor that may go without a value: an empty text is none.
struct Optional<V>(V);

macro_rules! some {
    ($($method:ident: $type:ty => $deserializer:ident,)*) => {$(
        fn $method<E: serde::de::Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.visit_some(AnyCase($deserializer::new(value)))
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Optional<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(formatter)
    }

    some! {
        visit_bool: bool => BoolDeserializer, visit_i64: i64 => I64Deserializer,
        visit_u64: u64 => U64Deserializer, visit_f64: f64 => F64Deserializer,
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<V::Value, E> {
        if text.is_empty() {
            return self.0.visit_none();
        }
        self.0.visit_some(AnyCase(StrDeserializer::new(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0
            .visit_some(AnyCase(SeqAccessDeserializer::new(access)))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0
            .visit_some(AnyCase(MapAccessDeserializer::new(access)))
    }
}

/// A visitor that wants a number or a Boolean, which may come as a text.
struct Text<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Text<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(formatter)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<V::Value, E> {
        self.0.visit_bool(value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<V::Value, E> {
        self.0.visit_i64(value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<V::Value, E> {
        self.0.visit_u64(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<V::Value, E> {
        self.0.visit_f64(value)
    }

    /// What stands for nothing is passed on as it is, for the shape to refuse. A Boolean's shape refuses a number and
    /// the reverse, so each is tried for what it is.
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<V::Value, E> {
        match text.trim() {
            word if word.eq_ignore_ascii_case("true") => self.0.visit_bool(true),
            word if word.eq_ignore_ascii_case("false") => self.0.visit_bool(false),
            digits => match digits.parse() {
                Ok(number) => self.0.visit_i64(number),
                Err(_) => self.0.visit_str(text),
            },
        }
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Within<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.expecting(formatter)
    }

    forward_values! {
        visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128, visit_f64: f64,
        visit_str: &str, visit_borrowed_str: &'de str, visit_string: String, visit_bytes: &[u8],
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(AnyCase(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(AnyCase(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        if !self.fields.is_empty() {
            return Err(A::Error::invalid_type(
                serde::de::Unexpected::Seq,
                &"an object",
            ));
        }
        self.inner.visit_seq(Within {
            inner: access,
            fields: &[],
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Within {
            inner: access,
            fields: self.fields,
        })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(access)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Within<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.inner.next_element_seed(AnyCase(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Within<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some(name) = self.inner.next_key::<String>()? else {
            return Ok(None);
        };
        let own = self
            .fields
            .iter()
            .find(|field| field.eq_ignore_ascii_case(&name));
        let name = own.map_or(name, |own| (*own).to_owned());
        seed.deserialize(StringDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.next_value_seed(AnyCase(seed))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for AnyCase<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(AnyCase(deserializer))
    }
}
