//! Conditions: a field, an operator and values, and the SQL that tests them.

use super::resource::{At, Field, Kind};
use super::statement::Statement;
use crate::database::Value;

/// How a field is compared: the twelve operators of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    StartsWith,
    EndsWith,
    Contains,
    In,
}

/// Whether what passes is what matches, or what does not: `ne`, `nc` and `nin` are the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passes {
    WhatMatches,
    WhatDoesNot,
}

/// One filter.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) field: &'static Field,
    pub(crate) operator: Operator,
    pub(crate) passes: Passes,
    /// One value, or for `In` the text of a JSON array.
    pub(crate) value: Value,
}

/// What comes after every text that starts with another.
const LAST: char = '\u{10ffff}';

impl Condition {
    /// Tests a column, for what matches.
    pub(crate) fn test(&self, column: &str) -> Statement {
        let value = || self.value.clone();
        let compare = |operator: &str| Statement::new(column).push(operator).bind(value());
        match self.operator {
            // A literal, so that SQLite sees when an index over one value applies.
            Operator::Equal if self.field.kind == Kind::Boolean => {
                Statement::new(column).push(if self.value == Value::Integer(1) {
                    " = 1"
                } else {
                    " = 0"
                })
            }
            Operator::Equal => compare(" = "),
            Operator::Greater => compare(" > "),
            Operator::GreaterOrEqual => compare(" >= "),
            Operator::Less => compare(" < "),
            Operator::LessOrEqual => compare(" <= "),
            Operator::In => Statement::new(column)
                .push(" IN (SELECT value FROM json_each(")
                .bind(value())
                .push("))"),
            Operator::StartsWith if self.field.kind != Kind::Integer => Statement::new("(")
                .push(column)
                .push(" >= ")
                .bind(value())
                .push(" AND ")
                .push(column)
                .push(" < ")
                .bind(Value::Text(format!("{}{LAST}", self.text())))
                .push(")"),
            Operator::StartsWith => Statement::new("instr(")
                .push(&self.folded(column))
                .push(", ")
                .bind(self.fragment())
                .push(") = 1"),
            Operator::EndsWith => Statement::new("substr(")
                .push(&self.folded(column))
                .push(", -length(")
                .bind(self.fragment())
                .push(")) = ")
                .bind(self.fragment()),
            Operator::Contains => Statement::new("instr(")
                .push(&self.folded(column))
                .push(", ")
                .bind(self.fragment())
                .push(") > 0"),
        }
    }

    /// Tests a column of the row itself.
    pub(crate) fn test_row(&self, column: &str) -> Statement {
        let column = format!("r.{column}");
        match self.passes {
            Passes::WhatMatches => self.test(&column),
            Passes::WhatDoesNot => Statement::new("(")
                .push(&column)
                .push(" IS NULL OR NOT (")
                .append(&self.test(&column))
                .push("))"),
        }
    }

    /// Tests the days of a time, for all that the condition itself may match.
    pub(crate) fn test_days(&self, column: &str) -> Option<Statement> {
        let operator = match self.operator {
            _ if self.passes == Passes::WhatDoesNot => return None,
            Operator::Equal => " = ",
            Operator::Greater | Operator::GreaterOrEqual => " >= ",
            Operator::Less | Operator::LessOrEqual => " <= ",
            _ => return None,
        };
        let (day, _) = self.text().split_once('T')?;
        let day = Value::Text(day.to_owned());
        Some(Statement::new("r.").push(column).push(operator).bind(day))
    }

    /// Says whether an index over every value of the field finds what passes.
    pub(crate) fn seeks(&self) -> bool {
        let fragment = matches!(self.operator, Operator::EndsWith | Operator::Contains)
            || (self.operator == Operator::StartsWith && self.field.kind == Kind::Integer);
        self.passes == Passes::WhatMatches && !fragment
    }

    /// Says whether what passes has one value, so that its index is in order of creation.
    pub(crate) fn fixes(&self) -> bool {
        self.passes == Passes::WhatMatches && self.operator == Operator::Equal
    }

    /// Returns the fragment that what passes contains, if that is what the condition says.
    pub(crate) fn contained(&self) -> Option<&str> {
        let fragment = matches!(self.operator, Operator::EndsWith | Operator::Contains);
        (fragment && self.passes == Passes::WhatMatches).then(|| self.text())
    }

    pub(crate) fn column(&self) -> Option<&'static str> {
        match self.field.at {
            At::Row { column, .. } | At::Elsewhere { column, .. } => Some(column),
            At::Order | At::Now { .. } => None,
        }
    }

    fn text(&self) -> &str {
        match &self.value {
            Value::Text(text) => text,
            Value::Integer(_) | Value::Null => "",
        }
    }

    fn fragment(&self) -> Value {
        match self.field.kind {
            Kind::Text => Value::Text(self.text().to_ascii_lowercase()),
            _ => Value::Text(self.text().to_owned()),
        }
    }

    fn folded(&self, column: &str) -> String {
        match self.field.kind {
            Kind::Text => format!("lower({column})"),
            Kind::Integer => format!("CAST({column} AS TEXT)"),
            _ => column.to_owned(),
        }
    }
}
