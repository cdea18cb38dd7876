//! What a call takes and gives, as the table in `calls` says it.

use licentia_core::Code;
use schemars::JsonSchema;
use serde_json::Value;

use crate::shapes::Shapes;

/// The media type of documents, one a line.
pub(crate) const LINES: &str = "application/x-ndjson";
/// The media type of tables.
pub(crate) const TABLE: &str = "text/csv";
/// The media type of status lists.
pub(crate) const STATUS_LIST: &str = "application/statuslist+jwt";

/// A call beyond what its row of the route table says.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What its body is.
    pub(crate) input: Option<Input>,
    /// What it answers where all went well: the statuses, each with a body of its own.
    pub(crate) answers: Vec<(u16, Content)>,
    /// Error codes beyond those of every call of its kind.
    pub(crate) codes: Vec<Code>,
    /// What stands in its query, if it is no list.
    pub(crate) asked: &'static [Parameter],
    /// Whether `If-Match` keeps it from changing what it has not seen.
    pub(crate) conditional: bool,
    /// Whether answers are files with a name.
    pub(crate) downloads: bool,
    /// Whether answers carry a version in `ETag`.
    pub(crate) versioned: bool,
    /// Whether answers say in `Licentia-Published` what KV has.
    pub(crate) publishes: bool,
}

/// A parameter of few calls, in the query unless it is a header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) says: &'static str,
    /// The format of a text, or `boolean`.
    pub(crate) of: &'static str,
    pub(crate) required: bool,
    pub(crate) place: &'static str,
}

impl Parameter {
    pub(crate) const fn header(name: &'static str, says: &'static str) -> Self {
        Self {
            place: "header",
            ..Self::optional(name, says, "password")
        }
    }

    pub(crate) const fn required(name: &'static str, says: &'static str, of: &'static str) -> Self {
        Self {
            name,
            says,
            of,
            required: true,
            place: "query",
        }
    }

    pub(crate) const fn optional(name: &'static str, says: &'static str, of: &'static str) -> Self {
        Self {
            name,
            says,
            of,
            required: false,
            place: "query",
        }
    }
}

/// A body that a call takes.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) content: Content,
    /// Whether there must be one.
    pub(crate) needed: bool,
    /// The fields that this call cannot do without, among those that the shape may leave out.
    pub(crate) required: &'static [&'static str],
}

/// What a body holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content {
    /// Nothing.
    Empty,
    /// A document.
    Json(Shape),
    /// A page of a list.
    Page(Shape),
    /// A list that is short enough for no pages.
    List(Shape),
    /// A text of this media type.
    Text(&'static str),
}

/// A wire shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape(fn(&mut Shapes) -> Value);

impl Shape {
    /// Returns where the description of the shape is found, and makes it on the first call.
    pub(crate) fn reference(self, shapes: &mut Shapes) -> Value {
        (self.0)(shapes)
    }
}

impl Call {
    pub(crate) const NOTHING: Self = Self {
        input: None,
        answers: Vec::new(),
        codes: Vec::new(),
        asked: &[],
        conditional: false,
        downloads: false,
        versioned: false,
        publishes: false,
    };

    /// Also answers with a document.
    pub(crate) fn gives<T: JsonSchema>(self, status: u16) -> Self {
        self.answers(status, Content::Json(Shape(Shapes::answer::<T>)))
    }

    /// Also answers with nothing.
    pub(crate) fn gives_nothing(self, status: u16) -> Self {
        self.answers(status, Content::Empty)
    }

    fn answers(mut self, status: u16, content: Content) -> Self {
        self.answers.push((status, content));
        self
    }

    /// May refuse with these codes besides.
    pub(crate) fn refuses(mut self, codes: &[Code]) -> Self {
        self.codes.extend(codes);
        self
    }

    /// Asks for these in its query.
    pub(crate) fn asks(self, asked: &'static [Parameter]) -> Self {
        Self { asked, ..self }
    }

    /// Does without a body too.
    pub(crate) fn optionally(mut self) -> Self {
        if let Some(input) = &mut self.input {
            input.needed = false;
        }
        self
    }

    pub(crate) fn conditional(self) -> Self {
        Self {
            conditional: true,
            ..self
        }
    }

    pub(crate) fn downloads(self) -> Self {
        Self {
            downloads: true,
            ..self
        }
    }

    pub(crate) fn versioned(self) -> Self {
        Self {
            versioned: true,
            ..self
        }
    }

    pub(crate) fn publishes(self) -> Self {
        Self {
            publishes: true,
            ..self
        }
    }
}

/// A call that answers with a document.
pub(crate) fn gives<T: JsonSchema>(status: u16) -> Call {
    Call::NOTHING.gives::<T>(status)
}

/// A call that answers with nothing.
pub(crate) fn gives_nothing(status: u16) -> Call {
    Call::NOTHING.gives_nothing(status)
}

/// A call that answers with what a list holds, as a table.
pub(crate) fn exports() -> Call {
    Call::NOTHING.answers(200, Content::Text(TABLE)).downloads()
}

/// A call that answers with a page of a list.
pub(crate) fn lists<T: JsonSchema>() -> Call {
    Call::NOTHING.answers(200, Content::Page(Shape(Shapes::answer::<T>)))
}

/// A call that answers with a short list as a whole.
pub(crate) fn lists_all<T: JsonSchema>() -> Call {
    Call::NOTHING.answers(200, Content::List(Shape(Shapes::answer::<T>)))
}

/// A call that answers with JSON documents, one a line.
pub(crate) fn gives_lines() -> Call {
    Call::NOTHING.answers(200, Content::Text(LINES)).downloads()
}

/// A call that answers with a text of this media type.
pub(crate) fn gives_text(media_type: &'static str) -> Call {
    Call::NOTHING.answers(200, Content::Text(media_type))
}

/// A call with a document as its body, of which it needs these fields.
pub(crate) fn takes<T: JsonSchema>(required: &'static [&'static str]) -> Call {
    Call {
        input: Some(Input {
            content: Content::Json(Shape(Shapes::request::<T>)),
            needed: true,
            required,
        }),
        ..Call::NOTHING
    }
}

/// A call with JSON documents as its body, one a line.
pub(crate) fn takes_lines() -> Call {
    Call {
        input: Some(Input {
            content: Content::Text(LINES),
            needed: true,
            required: &[],
        }),
        ..Call::NOTHING
    }
}
