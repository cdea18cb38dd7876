//! Queries of lists: paging, order, the words that are searched for, and the filters. What a list lacks is refused, never ignored:
//! ignoring a filter would return what was not asked for.

use licentia_core::{Code, Problem, Timestamp};

use super::condition::{Condition, Operator, Passes};
use super::resource::{At, Field, Kind, Resource};
use crate::database::Value;

const DEFAULT_LIMIT: i64 = 20;
const MOST: i64 = 100;
const LAST_PAGE: i64 = 1_000_000;
const LONGEST_LIST: usize = 1_000;
const LONGEST_TEXT: usize = 256;
/// SQLite nests conditions a hundred deep, and some of these take two levels and more.
const MOST_FILTERS: usize = 30;

/// A list's query, read.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) limit: i64,
    pub(crate) page: i64,
    /// Where the page begins, if a link says so.
    pub(crate) cursor: Option<i64>,
    pub(crate) order: Order,
    pub(crate) conditions: Vec<Condition>,
    /// What `query` says, in lower case.
    pub(crate) fragment: Option<String>,
    /// Whether no row can pass.
    pub(crate) nothing: bool,
    pub(crate) now: Timestamp,
    /// The filters as they were sent: what tells this list from another.
    pub(crate) identity: String,
}

/// In which order rows come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    OldestFirst,
    NewestFirst,
}

/// Older names of filters.
const ALIASES: [(&str, &str); 8] = [
    ("createdAfter", "createdAt[gte]"),
    ("createdBefore", "createdAt[lte]"),
    ("lastSeenAfter", "lastSeenAt[gte]"),
    ("lastSeenBefore", "lastSeenAt[lte]"),
    ("metadataKey", "metadata.key"),
    ("metadataValue", "metadata.value"),
    ("email", "user.email"),
    ("tags", "tag"),
];

impl Query {
    /// Reads a query. Empty parameters are ignored, as the compatible API does, but for an empty list: that is passed by nothing.
    pub(crate) fn read(
        query: &str,
        resource: &'static Resource,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let mut read = Self {
            limit: DEFAULT_LIMIT,
            page: 1,
            cursor: None,
            order: Order::OldestFirst,
            conditions: Vec::new(),
            fragment: None,
            nothing: false,
            now,
            identity: String::new(),
        };
        for (name, value) in pairs(query)? {
            read.take(resource, &name, value.trim())?;
        }
        Ok(read)
    }

    fn take(
        &mut self,
        resource: &'static Resource,
        name: &str,
        value: &str,
    ) -> Result<(), Problem> {
        match name {
            "page" | "limit" | "cursor" | "include" if value.is_empty() => {}
            "page" => self.page = whole("page", value, LAST_PAGE)?,
            "limit" => self.limit = whole("limit", value, MOST)?,
            "cursor" => self.cursor = Some(cursor(value)?),
            "include" => {}
            _ => {
                self.identity = format!("{}{name}={value}&", self.identity);
                self.take_filter(resource, name, value)?;
            }
        }
        Ok(())
    }

    fn take_filter(
        &mut self,
        resource: &'static Resource,
        name: &str,
        value: &str,
    ) -> Result<(), Problem> {
        match name {
            "sort" => self.order = order(value)?,
            "query" => {
                self.fragment =
                    Some(short("query", value)?.to_lowercase()).filter(|text| !text.is_empty());
            }
            _ => {
                let (field, operator) = split(resource, name);
                let Some(field) = resource.field(field) else {
                    return lacking(name, operator, value);
                };
                let (operator, passes) = operator_of(operator).ok_or_else(|| unsupported(name))?;
                self.add(field, operator, passes, value)?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        field: &'static Field,
        operator: Operator,
        passes: Passes,
        value: &str,
    ) -> Result<(), Problem> {
        if value.is_empty() {
            self.nothing |= operator == Operator::In && passes == Passes::WhatMatches;
            return Ok(());
        }
        let value = value_of(field, operator, value)?;
        if self.conditions.len() >= MOST_FILTERS {
            let reason = format!("a list takes at most {MOST_FILTERS} filters");
            return Err(Problem::field(field.name, reason));
        }
        self.conditions.push(Condition {
            field,
            operator,
            passes,
            value,
        });
        Ok(())
    }
}

fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let pairs: Vec<(String, String)> = pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if pairs
        .iter()
        .any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}'))
    {
        return Err(Problem::field("query", "it is not percent-encoded UTF-8"));
    }
    // SQLite's search would take it for the end of the words.
    if pairs.iter().any(|(_, value)| value.contains('\0')) {
        return Err(Problem::field("query", "it has a null character"));
    }
    Ok(pairs)
}

/// Splits `field[op]`, and puts the newer name in place of an older one that the list lacks.
fn split<'a>(resource: &Resource, name: &'a str) -> (&'a str, &'a str) {
    let parts = |name: &'a str| match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((field, operator)) => (field, operator),
        None => (name, "eq"),
    };
    let (field, operator) = parts(name);
    let alias = ALIASES
        .iter()
        .find(|(older, _)| older.eq_ignore_ascii_case(field) && resource.field(field).is_none());
    match alias {
        Some((_, newer)) if newer.ends_with(']') => parts(newer),
        Some((_, newer)) => (newer, operator),
        None => (field, operator),
    }
}

fn operator_of(text: &str) -> Option<(Operator, Passes)> {
    use Passes::{WhatDoesNot, WhatMatches};
    Some(match text {
        "eq" => (Operator::Equal, WhatMatches),
        "ne" => (Operator::Equal, WhatDoesNot),
        "gt" => (Operator::Greater, WhatMatches),
        "gte" => (Operator::GreaterOrEqual, WhatMatches),
        "lt" => (Operator::Less, WhatMatches),
        "lte" => (Operator::LessOrEqual, WhatMatches),
        "sw" => (Operator::StartsWith, WhatMatches),
        "ew" => (Operator::EndsWith, WhatMatches),
        "cn" => (Operator::Contains, WhatMatches),
        "nc" => (Operator::Contains, WhatDoesNot),
        "in" => (Operator::In, WhatMatches),
        "nin" => (Operator::In, WhatDoesNot),
        _ => return None,
    })
}

fn value_of(field: &Field, operator: Operator, text: &str) -> Result<Value, Problem> {
    let fragment = matches!(
        operator,
        Operator::StartsWith | Operator::EndsWith | Operator::Contains
    );
    match operator {
        Operator::In => {
            let words: Vec<&str> = text
                .split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty())
                .collect();
            if words.len() > LONGEST_LIST {
                let reason = format!("a list has at most {LONGEST_LIST} values");
                return Err(Problem::field(field.name, reason));
            }
            let values = words.iter().map(|word| one(field, word).map(json));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            Ok(Value::Text(serde_json::Value::Array(values).to_string()))
        }
        _ if fragment && field.kind == Kind::Boolean => Err(no_fragments(field)),
        _ if fragment && matches!(field.at, At::Order) => Err(no_fragments(field)),
        _ if fragment && field.kind == Kind::Word => one(field, text),
        _ if fragment => Ok(Value::Text(short(field.name, text)?.to_owned())),
        _ => one(field, text),
    }
}

fn no_fragments(field: &Field) -> Problem {
    Problem::field(
        field.name,
        "it is no text: `sw`, `ew`, `cn` and `nc` do not apply",
    )
}

fn json(value: Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Integer(number) => number.into(),
        Value::Text(text) => text.into(),
    }
}

fn one(field: &Field, text: &str) -> Result<Value, Problem> {
    let wrong = |reason: &str| Problem::field(field.name, reason);
    match field.kind {
        Kind::Text | Kind::Exact => Ok(Value::Text(short(field.name, text)?.to_owned())),
        Kind::Word => Ok(Value::Text(short(field.name, text)?.to_lowercase())),
        Kind::Id => {
            let id: Result<licentia_core::RequestId, _> = text.parse();
            id.map(|id| Value::Text(id.to_string()))
                .map_err(|fault| Problem::field(field.name, fault))
        }
        Kind::Integer => text
            .parse()
            .map(Value::Integer)
            .map_err(|_parse| wrong("it must be a whole number")),
        Kind::Boolean if text.eq_ignore_ascii_case("true") => Ok(Value::Integer(1)),
        Kind::Boolean if text.eq_ignore_ascii_case("false") => Ok(Value::Integer(0)),
        Kind::Boolean => Err(wrong("it must be `true` or `false`")),
        Kind::Time => {
            let time: Result<Timestamp, _> = text.parse();
            time.map(|time| Value::Text(time.to_string()))
                .map_err(|fault| Problem::field(field.name, fault))
        }
    }
}

fn short<'a>(field: &str, text: &'a str) -> Result<&'a str, Problem> {
    if text.chars().count() > LONGEST_TEXT {
        let reason = format!("it has more than {LONGEST_TEXT} characters");
        return Err(Problem::field(field, reason));
    }
    Ok(text)
}

fn whole(field: &str, value: &str, most: i64) -> Result<i64, Problem> {
    let number = value
        .parse()
        .ok()
        .filter(|number| (1..=most).contains(number));
    number
        .ok_or_else(|| Problem::field(field, format!("it must be a whole number from 1 to {most}")))
}

fn cursor(value: &str) -> Result<i64, Problem> {
    value.parse().map_err(|_parse| {
        Problem::new(
            Code::InvalidCursor,
            "`cursor` is not one that a `Link` has given",
        )
    })
}

fn order(value: &str) -> Result<Order, Problem> {
    match value {
        "" | "createdAt" | "+createdAt" => Ok(Order::OldestFirst),
        "-createdAt" => Ok(Order::NewestFirst),
        _ => Err(Problem::new(
            Code::UnsupportedField,
            "`sort` is `createdAt` or `-createdAt`",
        )),
    }
}

/// Clients send every parameter that they know, most of them empty: those ask for nothing, but for an empty list.
fn lacking(name: &str, operator: &str, value: &str) -> Result<(), Problem> {
    if value.is_empty() && operator != "in" {
        return Ok(());
    }
    Err(unsupported(name))
}

fn unsupported(name: &str) -> Problem {
    let name: String = name.chars().take(64).collect();
    Problem::new(
        Code::UnsupportedField,
        format!("this list has no filter `{name}`"),
    )
}
