//! What can be listed: a table, the fields that filters name, and where each of them is kept.

/// A table that can be listed.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Its table; every row has a `number` that is its place in the order of creation.
    pub(crate) table: &'static str,
    /// The columns that a page selects, of the table as `r`.
    pub(crate) select: &'static str,
    /// The trigram index over its column `search`, if it has one.
    pub(crate) search: Option<&'static str>,
    /// The text that `query` looks into, in lower case.
    pub(crate) text: &'static str,
    /// The fields that are part of what the trigram index covers.
    pub(crate) fragments: &'static [&'static str],
    /// The fields that filters may name.
    pub(crate) fields: &'static [Field],
    /// Indexes over two fields, for filters that name both.
    pub(crate) pairs: &'static [Pair],
}

/// A field that filters may name.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its name, in the query as in the answer.
    pub(crate) name: &'static str,
    /// What its values are.
    pub(crate) kind: Kind,
    /// Where it is kept.
    pub(crate) at: At,
}

/// What a field's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text, the same in any case.
    Text,
    /// A text that is kept in lower case, such as an e-mail address or one word of a fixed set.
    Word,
    /// A text that is compared letter by letter, such as a license key.
    Exact,
    /// A UUID.
    Id,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A date and time.
    Time,
}

/// Where a field is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At {
    /// The order itself: `createdAt`.
    Order,
    /// A column of the row.
    Row {
        /// The column.
        column: &'static str,
        /// The index that seeks it, if there is one.
        index: Seek,
    },
    /// A column of rows elsewhere that belong to the row.
    Elsewhere {
        /// The other table.
        table: &'static str,
        /// Its column.
        column: &'static str,
        /// Which of its columns says what it belongs to.
        link: &'static str,
        /// Which of the row's columns that is.
        own: &'static str,
        /// Whether an index seeks the other column.
        indexed: bool,
    },
    /// What is true of a row at the time of the request: an SQL text with `?` for the time, `times` times over.
    Now {
        /// Where it is true.
        holds: &'static str,
        /// How often the text asks for the time.
        times: usize,
        /// The index that the text seeks.
        index: &'static str,
    },
}

/// Which index seeks a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seek {
    /// None: such a filter walks.
    Nothing,
    /// An index over every value.
    All(&'static str),
    /// An index over the rows that have this value alone.
    Only(&'static str, i64),
    /// An index over the days of its times, which are in a column of their own.
    Days {
        /// The index.
        index: &'static str,
        /// The column of the days.
        column: &'static str,
    },
}

/// An index over two fields, in this order; the second one may be an index of one value.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) first: &'static str,
    pub(crate) second: &'static str,
    pub(crate) value: i64,
    pub(crate) index: &'static str,
}

impl Resource {
    /// Finds a field by its name, in any case.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

/// A column of the row that an index seeks.
pub(super) const fn indexed(
    name: &'static str,
    kind: Kind,
    column: &'static str,
    index: &'static str,
) -> Field {
    let at = At::Row {
        column,
        index: Seek::All(index),
    };
    Field { name, kind, at }
}

/// A column of the row that is read along.
pub(super) const fn column(name: &'static str, kind: Kind, column: &'static str) -> Field {
    let index = Seek::Nothing;
    Field {
        name,
        kind,
        at: At::Row { column, index },
    }
}

/// A time of the row, with an index over its days.
pub(super) const fn by_day(
    name: &'static str,
    column: &'static str,
    days: &'static str,
    index: &'static str,
) -> Field {
    let index = Seek::Days {
        index,
        column: days,
    };
    let at = At::Row { column, index };
    Field {
        name,
        kind: Kind::Time,
        at,
    }
}

/// A flag of the row, with an index over the rows where it is `value`.
pub(super) const fn flag(
    name: &'static str,
    column: &'static str,
    index: &'static str,
    value: i64,
) -> Field {
    let at = At::Row {
        column,
        index: Seek::Only(index, value),
    };
    Field {
        name,
        kind: Kind::Boolean,
        at,
    }
}

/// An entry of a child table, which names the row by its number and has an index over `column`.
pub(super) const fn entry(
    name: &'static str,
    kind: Kind,
    table: &'static str,
    column: &'static str,
) -> Field {
    let at = At::Elsewhere {
        table,
        column,
        link: "number",
        own: "number",
        indexed: true,
    };
    Field { name, kind, at }
}
