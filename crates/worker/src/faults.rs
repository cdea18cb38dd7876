//! Panics on request, to prove what comes of one. Compiled with the feature `faults` alone, never into a shipped bundle.

use licentia_api::{Database, Value};

use crate::envelope::Call;
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
pub(crate) fn in_the_ledger(storage: &Storage, call: &Call) -> Result<Option<Vec<u8>>, Fault> {
    if !call.path.starts_with(PREFIX) {
        return Ok(None);
    }
    let database = Sql::of(storage);
    database.execute("CREATE TABLE IF NOT EXISTS faults (at TEXT) STRICT", &[])?;
    match call.path.as_str() {
        "/v3/faults/write" => {
            transaction(storage, || write(&database, &call.path).map(End::Commit))?
        }
        "/v3/faults/transaction" => {
            transaction(storage, || write_and_panic(&database, &call.path))?
        }
        _ => {}
    }
    let rows = database.query("SELECT COUNT(*) FROM faults", &[])?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Integer(rows)]) => Ok(Some(format!("{{\"rows\":{rows}}}").into_bytes())),
        _ => Err(Fault::CutShort),
    }
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
