//! What a command prints: JSON for scripts, or tables and records for people.
//!
//! What was asked for goes to the standard output; what is said besides goes to the standard error.

mod notes;
mod table;
mod text;

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use serde_json::value::RawValue;

use crate::document::Document;
use crate::fault::Fault;
pub(crate) use notes::Notes;
pub(crate) use table::{Cell, Table, Tone};
pub(crate) use text::{clean, day, distance, moment, moment_and_distance, span};

/// For whom the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    Person,
    Script,
}

/// The standard output.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    reader: Reader,
}

impl Output {
    pub(crate) fn new(reader: Reader) -> Self {
        Self { reader }
    }

    pub(crate) fn is_for_a_script(self) -> bool {
        self.reader == Reader::Script
    }

    /// Prints a document: as it came to a script, as `person` words it to a person.
    pub(crate) fn document(
        self,
        document: &Document,
        person: impl FnOnce(&Document) -> String,
    ) -> Result<(), Fault> {
        match self.reader {
            Reader::Script => self.line(document.raw().get()),
            Reader::Person => self.line(&person(document)),
        }
    }

    /// Prints a list as one JSON array.
    pub(crate) fn array(self, items: &[Document]) -> Result<(), Fault> {
        self.json(&items.iter().map(Document::raw).collect::<Vec<&RawValue>>())
    }

    /// Prints a value as one JSON document.
    pub(crate) fn json(self, value: &impl serde::Serialize) -> Result<(), Fault> {
        let text = serde_json::to_string(value).map_err(|error| Fault::Output(error.into()))?;
        self.line(&text)
    }

    /// Prints a line, or several; colours go to a terminal alone, and only if `NO_COLOR` is not set.
    pub(crate) fn line(self, text: &str) -> Result<(), Fault> {
        writeln!(anstream::stdout(), "{text}").map_err(Fault::Output)
    }
}

/// Returns whether tables and records may have colours.
pub(crate) fn colours() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Returns the width of the terminal that is written to, if it is one.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Writes a text in a style; what cannot show it leaves it out.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

pub(crate) const HEADING: Style = Style::new().bold();
pub(crate) const ERROR: Style = anstyle::AnsiColor::Red.on_default().bold();
