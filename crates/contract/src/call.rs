//! What a call takes and gives, as the table in `calls` says it.

use licentia_core::Code;
use schemars::JsonSchema;
use serde_json::Value;

use crate::shapes::Shapes;

/// A call beyond what its row of the route table says.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What its body is.
    pub(crate) input: Option<Input>,
    /// What it answers where all went well: the statuses, each with a body of its own.
    pub(crate) answers: Vec<(u16, Content)>,
    /// Error codes beyond those of every call of its kind.
    pub(crate) codes: Vec<Code>,
    /// Whether answers carry a version in `ETag`.
    pub(crate) versioned: bool,
    /// Whether answers say in `Licentia-Published` what KV has.
    pub(crate) publishes: bool,
}

/// A body that a call takes.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) content: Content,
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
    const NOTHING: Self = Self {
        input: None,
        answers: Vec::new(),
        codes: Vec::new(),
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

/// A call that answers with a long text.
pub(crate) fn gives_text(media_type: &'static str) -> Call {
    Call::NOTHING.answers(200, Content::Text(media_type))
}

/// A call that answers with a page of a list.
pub(crate) fn lists<T: JsonSchema>() -> Call {
    Call::NOTHING.answers(200, Content::Page(Shape(Shapes::answer::<T>)))
}

/// A call with a document as its body, of which it needs these fields.
pub(crate) fn takes<T: JsonSchema>(required: &'static [&'static str]) -> Call {
    Call {
        input: Some(Input {
            content: Content::Json(Shape(Shapes::request::<T>)),
            required,
        }),
        ..Call::NOTHING
    }
}

/// A call with a text as its body.
pub(crate) fn takes_text(media_type: &'static str) -> Call {
    Call {
        input: Some(Input {
            content: Content::Text(media_type),
            required: &[],
        }),
        ..Call::NOTHING
    }
}
