//! Tables and records: columns that line up in any script, and colours that only repeat what the words say.

use comfy_table::{Attribute, Color, ColumnConstraint, ContentArrangement, presets};

use super::{clean, colours, is_terminal};

/// What a word means to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warning,
    Bad,
    Quiet,
}

/// A text in a table; characters that would steer a terminal are escaped.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self {
            text: clean(text.as_ref()),
            tone,
        }
    }

    /// Makes a cell that says nothing if there is nothing to say.
    pub(crate) fn maybe(text: Option<impl AsRef<str>>) -> Self {
        match text {
            Some(text) => Self::from(text.as_ref()),
            None => Self::new("–", Tone::Quiet),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

/// A table of rows under heads, or of values beside their names.
#[derive(Debug)]
pub(crate) struct Table(comfy_table::Table);

impl Table {
    /// Starts a table with the heads of its columns. Only `wrapping` ones break their lines where the terminal is narrow:
    /// what the others hold is short, or is copied.
    pub(crate) fn new(heads: &[&str], wrapping: &[usize]) -> Self {
        let mut table = empty();
        let heads = heads.iter().map(|head| {
            let cell = comfy_table::Cell::new(head);
            cell.add_attribute(Attribute::Bold)
        });
        table.set_header(heads);
        for (index, column) in table.column_iter_mut().enumerate() {
            if !wrapping.contains(&index) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        Self::spaced(table, 0)
    }

    /// Makes a record of names and values.
    pub(crate) fn record(rows: impl IntoIterator<Item = (&'static str, Cell)>) -> Self {
        let mut table = empty();
        for (name, value) in rows {
            let name = Cell::new(name, Tone::Quiet);
            table.add_row([shown(name), shown(value)]);
        }
        Self::spaced(table, 2)
    }

    fn spaced(mut table: comfy_table::Table, indent: u16) -> Self {
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((if index == 0 { indent } else { 0 }, 2));
        }
        Self(table)
    }

    pub(crate) fn add<const N: usize>(&mut self, cells: [Cell; N]) {
        self.0.add_row(cells.map(shown));
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.trim_fmt())
    }
}

fn empty() -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if !is_terminal() {
        table.force_no_tty();
    }
    table.style_text_only();
    if colours() {
        table.enforce_styling();
    }
    table
}

fn shown(cell: Cell) -> comfy_table::Cell {
    let shown = comfy_table::Cell::new(cell.text);
    match cell.tone {
        Tone::Plain => shown,
        Tone::Good => shown.fg(Color::Green),
        Tone::Warning => shown.fg(Color::Yellow),
        Tone::Bad => shown.fg(Color::Red),
        Tone::Quiet => shown.add_attribute(Attribute::Dim),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_in_any_script() {
        let mut table = Table::new(&["NAME", "OS"], &[]);
        table.add(["münchen".into(), "linux".into()]);
        table.add(["東京".into(), "macos".into()]);
        let lines: Vec<String> = table.to_string().lines().map(str::to_owned).collect();
        assert_eq!(lines, ["NAME     OS", "münchen  linux", "東京     macos"]);
    }

    #[test]
    fn a_name_that_steers_the_terminal_is_shown_as_text() {
        let record = Table::record([("host", Cell::from("a\u{1b}[31mb\u{202e}c"))]);
        assert_eq!(record.to_string(), "  host  a\\u{1b}[31mb\\u{202e}c");
    }
}
