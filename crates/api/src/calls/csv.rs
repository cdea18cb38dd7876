//! Exports: all that passes a list's filters, as CSV (RFC 4180) in slices, under a row that names the columns.
//!
//! A spreadsheet takes a text that begins like a formula for one and runs it, and machines that nobody knows send texts. So an
//! apostrophe stands before such a beginning: of the text, and of what a spreadsheet with another separator would split off.

use licentia_core::Metadata;
use serde_json::{Map, Value};

use crate::context::{Context, Fault};
use crate::database::Row;
use crate::host::Reply;
use crate::list::{self, Query, Resource};

const CONTENT_TYPE: &str = "text/csv; charset=utf-8";
/// So many rows a slice are some hundred kilobytes: a turn of the ledger is short.
const SLICE: i64 = 500;

/// The cells of one row.
pub(super) type Cells = Vec<String>;

/// Answers with a slice of what passes the filters of a request: `cells` makes one row of each of the rows that it is given.
pub(super) fn export(
    cx: &Context<'_>,
    resource: &'static Resource,
    columns: &[&str],
    cells: impl FnOnce(&[Row]) -> Result<Vec<Cells>, Fault>,
) -> Result<Reply, Fault> {
    let query = Query::read(cx.request.query, resource, cx.now())?;
    let place = cx.request.slice.map(place).transpose()?;
    let (rows, next) = list::slice(cx.db, resource, &query, place, SLICE)?;
    let mut lines = cells(&rows)?;
    if place.is_none() {
        lines.insert(0, columns.iter().map(plain).collect());
    }
    let more = next.map(|next| next.to_string());
    let name = resource.table.replace('_', "-");
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    Ok(Reply::slice(CONTENT_TYPE, written(&lines)?, more)
        .header("Content-Disposition", disposition))
}

/// Makes a cell of a text that somebody sent.
pub(super) fn text(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            cell.push('\'');
        }
        cell.push(c);
        begins = matches!(c, ';' | '\t' | '\r' | '\n') || (begins && matches!(c, ' ' | '"'));
    }
    cell
}

/// Makes a cell of a number, a date, an id, a flag or a word of ours, as it is.
pub(super) fn plain(value: impl ToString) -> String {
    value.to_string()
}

/// Makes a cell of what may be absent: an empty one.
pub(super) fn optional(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, plain)
}

/// Makes a cell of metadata: a JSON object.
pub(super) fn metadata(entries: &[Metadata]) -> String {
    let entries = entries.iter();
    let members: Map<String, Value> = entries
        .map(|entry| (entry.key.clone(), entry.value.clone().into()))
        .collect();
    text(&Value::Object(members).to_string())
}

fn place(slice: &str) -> Result<i64, Fault> {
    let place = slice.parse();
    place.map_err(|_parse| Fault::Internal(format!("`{slice}` is no place of an export")))
}

fn written(lines: &[Cells]) -> Result<Vec<u8>, Fault> {
    let unwritten = |fault: String| Fault::Internal(format!("an export: {fault}"));
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for line in lines {
        let wrote = writer.write_record(line);
        wrote.map_err(|fault| unwritten(fault.to_string()))?;
    }
    let bytes = writer.into_inner();
    bytes.map_err(|fault| unwritten(fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: &str, cell: &str) {
        assert_eq!(text(sent), cell);
    }

    #[test]
    fn a_text_that_begins_like_a_formula_is_kept_from_being_one() {
        check("=1+1", "'=1+1");
        check("+49 30 1", "'+49 30 1");
        check("-", "'-");
        check("@SUM(A1)", "'@SUM(A1)");
        check(" \"=1", " \"'=1");
        check("\t=1", "\t'=1");
        check("＝1", "'＝1");
    }

    #[test]
    fn so_is_what_another_separator_would_split_off() {
        check("x;=1", "x;'=1");
        check("x; \"=1", "x; \"'=1");
        check("x\r\n-1", "x\r\n'-1");
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for same in ["", "Ada", "a=b", "a-b@example.com", "1,5 \"x\"", "x; y"] {
            check(same, same);
        }
    }

    #[test]
    fn rows_are_quoted_where_they_must_be_and_end_in_crlf() {
        let lines = [
            vec![plain(-1), text("a,b"), optional(None::<i64>)],
            vec![plain(true), text("\"x\"\n"), String::new()],
        ];
        let bytes = written(&lines).unwrap();
        let expected = "-1,\"a,b\",\r\ntrue,\"\"\"x\"\"\n\",\r\n";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }
}
