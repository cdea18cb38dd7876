//! The headers of answers: each described once, and named by the answers that may have it.

use serde_json::{Map, Value, json};

/// A header with what it says.
struct Header {
    name: &'static str,
    says: &'static str,
    /// Its JSON type and, of a text, its format.
    of: (&'static str, Option<&'static str>),
    /// Whether every answer that may have it has it.
    always: bool,
}

const fn header(name: &'static str, says: &'static str, kind: &'static str) -> Header {
    Header {
        name,
        says,
        of: (kind, None),
        always: false,
    }
}

const REQUEST_ID: Header = Header {
    of: ("string", Some("uuid")),
    always: true,
    ..header(
        "X-Request-Id",
        "Names the request, in the server's log too.",
        "string",
    )
};

const HEADERS: &[Header] = &[
    REQUEST_ID,
    header(
        "X-Rate-Limit-Limit",
        "How long a window of the limit is, such as `5s`. Absent where nothing is limited.",
        "string",
    ),
    header(
        "X-Rate-Limit-Remaining",
        "How many requests are left in this window; approximate.",
        "integer",
    ),
    header("X-Rate-Limit-Reset", "When the window ends.", "string"),
    header(
        "Content-Disposition",
        "Names the file that the answer is.",
        "string",
    ),
    header(
        "Retry-After",
        "After how many seconds to try again.",
        "integer",
    ),
    header(
        "ETag",
        "The version of what is answered, in quotes: what `If-Match` names.",
        "string",
    ),
    header(
        "Licentia-Published",
        "The version that is published now, or `pending`: it follows within seconds.",
        "string",
    ),
    header(
        "Content-Digest",
        "The digest of the body (RFC 9530).",
        "string",
    ),
    header(
        "Signature-Input",
        "What the signatures are over, when and by which keys they were made (RFC 9421).",
        "string",
    ),
    header(
        "Signature",
        "Signatures of the answer by the account's statement keys.",
        "string",
    ),
    header(
        "Licentia-As-Of",
        "When the license was so, of a published copy; or `unknown`.",
        "string",
    ),
    header(
        "Idempotency-Replayed",
        "`true` where the answer is that of an earlier request with this key.",
        "string",
    ),
    header(
        "Pagination-Count",
        "How many things the list has on all pages.",
        "integer",
    ),
    header(
        "Pagination-Relation",
        "`eq` where the count is exact, `gte` where there are more.",
        "string",
    ),
    header("Pagination-Page", "The number of this page.", "integer"),
    header(
        "Pagination-Limit",
        "How many things a page has at most.",
        "integer",
    ),
    header(
        "Link",
        "Where the next page is: `<…>; rel=\"next\"`. Absent on the last one.",
        "string",
    ),
];

/// Which headers an answer may have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Carried {
    pub(crate) versioned: bool,
    pub(crate) publishes: bool,
    pub(crate) replays: bool,
    pub(crate) lists: bool,
    pub(crate) retries: bool,
    pub(crate) downloads: bool,
    /// Whether it may be a published copy.
    pub(crate) copies: bool,
    pub(crate) signed: bool,
}

impl Carried {
    /// Refers to the headers.
    pub(crate) fn describe(self) -> Value {
        let has = |header: &&Header| match header.name {
            "ETag" => self.versioned,
            "Licentia-Published" => self.publishes,
            "Licentia-As-Of" => self.copies,
            "Idempotency-Replayed" => self.replays,
            "Link" => self.lists,
            "Retry-After" => self.retries,
            "Content-Disposition" => self.downloads,
            "Content-Digest" | "Signature-Input" | "Signature" => self.signed,
            name => self.lists || !name.starts_with("Pagination-"),
        };
        let reference = |header: &Header| {
            let place = format!("#/components/headers/{}", header.name);
            (header.name.to_owned(), json!({ "$ref": place }))
        };
        let described: Map<String, Value> = HEADERS.iter().filter(has).map(reference).collect();
        described.into()
    }
}

/// Describes each header.
pub(crate) fn components() -> Value {
    let describe = |header: &Header| {
        let (kind, format) = header.of;
        let mut schema = json!({ "type": kind });
        if let (Some(format), Some(fields)) = (format, schema.as_object_mut()) {
            fields.insert("format".to_owned(), format.into());
        }
        let described =
            json!({ "description": header.says, "required": header.always, "schema": schema });
        (header.name.to_owned(), described)
    };
    HEADERS.iter().map(describe).collect::<Map<_, _>>().into()
}
