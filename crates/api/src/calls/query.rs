//! Queries of lists: paging, and the filters that a list has. A filter that it lacks is refused, never ignored.

use licentia_core::{Code, Problem};

use crate::store::Page;

const DEFAULT_LIMIT: i64 = 20;
const MOST: i64 = 100;
const LAST_PAGE: i64 = 1_000_000;

/// A list's query, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) page: Page,
    filters: Vec<(String, String)>,
}

impl Query {
    /// Reads a query whose filters are among `known`. Empty parameters are ignored, as the compatible API does.
    pub(super) fn read(query: &str, known: &[&str]) -> Result<Self, Problem> {
        let mut limit = DEFAULT_LIMIT;
        let mut number = 1;
        let mut filters: Vec<(String, String)> = Vec::new();
        for (name, value) in pairs(query)? {
            let field = name.strip_suffix("[eq]").unwrap_or(&name);
            match field {
                _ if value.is_empty() => {}
                "page" => number = whole("page", &value, LAST_PAGE)?,
                "limit" => limit = whole("limit", &value, MOST)?,
                "sort" => sorted(&value)?,
                field => match known.iter().find(|known| known.eq_ignore_ascii_case(field)) {
                    Some(known) if filters.iter().any(|(field, _)| field == known) => {
                        return Err(Problem::field(known, "it is there twice"));
                    }
                    Some(known) => filters.push(((*known).to_owned(), value)),
                    None => return Err(unsupported(&name)),
                },
            }
        }
        let offset = number.saturating_sub(1).saturating_mul(limit);
        Ok(Self {
            page: Page { limit, offset },
            filters,
        })
    }

    /// Returns a filter's value.
    pub(super) fn filter(&self, name: &str) -> Option<&str> {
        self.filters
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns a filter's value as an id.
    pub(super) fn id<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Problem>
    where
        T::Err: std::fmt::Display,
    {
        let parsed = self.filter(name).map(str::parse).transpose();
        parsed.map_err(|fault| Problem::field(name, fault))
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
    Ok(pairs)
}

fn whole(field: &str, value: &str, most: i64) -> Result<i64, Problem> {
    let number = value
        .parse()
        .ok()
        .filter(|number| (1..=most).contains(number));
    number
        .ok_or_else(|| Problem::field(field, format!("it must be a whole number from 1 to {most}")))
}

fn sorted(value: &str) -> Result<(), Problem> {
    match value {
        "createdAt" | "+createdAt" => Ok(()),
        _ => Err(Problem::new(
            Code::UnsupportedField,
            "`sort` is `createdAt` only, as yet",
        )),
    }
}

fn unsupported(name: &str) -> Problem {
    let name: String = name.chars().take(64).collect();
    Problem::new(
        Code::UnsupportedField,
        format!("this list has no filter `{name}`"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_count_from_one() {
        let query = Query::read("page=3&limit=50&key=", &["key"]).unwrap();
        assert_eq!(
            query.page,
            Page {
                limit: 50,
                offset: 100
            }
        );
        assert_eq!(query.filter("key"), None);
    }

    #[test]
    fn filters_are_read_in_any_case_and_percent_encoded() {
        let query = Query::read("productid%5Beq%5D=a%20b", &["productId"]).unwrap();
        assert_eq!(query.filter("productId"), Some("a b"));
    }

    #[test]
    fn what_a_list_lacks_is_refused() {
        for query in [
            "revoked=true",
            "key[ne]=a",
            "page=0",
            "limit=101",
            "limit=x",
            "sort=name",
            "key=%ff",
            "key=a&KEY=b",
        ] {
            assert!(Query::read(query, &["key"]).is_err(), "{query}");
        }
    }
}
