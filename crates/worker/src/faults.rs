//! Panics on request, to prove what comes of one. Compiled with the feature `faults` alone, never into a shipped bundle.

use licentia_api::{Database, Value};

use crate::envelope::{Answer, Call};
use crate::fault::Fault;
use crate::sql::Sql;
use crate::transaction::{End, Storage, transaction};

const PREFIX: &str = "/v3/faults/";

/// `/v3/faults/fetch` panics in the Worker. Returns whether the ledger is to be asked, with no look at the route table.
#[expect(clippy::panic, reason = "what a panic does is what the test asks")]
pub(crate) fn at_the_edge(path: &str) -> bool {
    if path == "/v3/faults/fetch" {
        panic!("asked for by {path}");
    }
    path.starts_with(PREFIX)
}

/// `/v3/faults/write` writes a row, `/v3/faults/transaction` writes one and panics; each else tells how many stand.
/// `/v3/faults/slices/{count}` is a long answer, and `/v3/faults/broken/{count}` one whose last slice cannot be had.
pub(crate) fn in_the_ledger(
    storage: &Storage,
    call: &Call,
) -> Result<Option<(Answer, Vec<u8>)>, Fault> {
    let Some(path) = call.path.strip_prefix(PREFIX) else {
        return Ok(None);
    };
    if let Some((kind, count)) = path.split_once('/') {
        return Ok(Some(slice(kind, count, call.slice.as_deref())));
    }
    let database = Sql::of(storage);
    database.execute("CREATE TABLE IF NOT EXISTS faults (at TEXT) STRICT", &[])?;
    match path {
        "write" => transaction(storage, || write(&database, &call.path).map(End::Commit))?,
        "transaction" => transaction(storage, || write_and_panic(&database, &call.path))?,
        _ => {}
    }
    let rows = database.query("SELECT COUNT(*) FROM faults", &[])?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Integer(rows)]) => Ok(Some((
            Answer::plain(200, None),
            format!("{{\"rows\":{rows}}}").into_bytes(),
        ))),
        _ => Err(Fault::CutShort),
    }
}

/// A slice is 64 KiB of its number's last digit.
fn slice(kind: &str, count: &str, slice: Option<&str>) -> (Answer, Vec<u8>) {
    let number: u32 = slice.and_then(|slice| slice.parse().ok()).unwrap_or(0);
    let next = number.saturating_add(1);
    let more = count.parse().is_ok_and(|count: u32| next < count);
    let status = if kind == "broken" && !more { 500 } else { 200 };
    let digit = number.to_string().bytes().last().unwrap_or(b'0');
    let answer = Answer::plain(status, more.then(|| next.to_string()));
    (answer, vec![digit; 65_536])
}

fn write(database: &Sql, path: &str) -> Result<(), Fault> {
    let row = [Value::Text(path.to_owned())];
    Ok(database.execute("INSERT INTO faults (at) VALUES (?1)", &row)?)
}

#[expect(clippy::panic, reason = "what a panic does is what the test asks")]
fn write_and_panic(database: &Sql, path: &str) -> Result<End<()>, Fault> {
    write(database, path)?;
    panic!("asked for by {path}");
}
