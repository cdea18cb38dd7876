//! Places in the status lists: drawn at random, each given once. One place in sixteen stays free, so that a draw soon hits it:
//! three draws a license, sixteen for the last ones. Fuller lists are smaller ones, with as many marks.

use licentia_core::{Draw, LicenseId, Place};

use super::{corrupt, text};
use crate::database::{Database, DatabaseError, Value};

/// Places in a list: two bits each make 32 KiB before compression.
pub const CAPACITY: u32 = 131_072;
/// How many of them are given.
pub const FILL: u32 = 122_880;
/// One place in sixteen is free, so that missing this often has the odds of two random ids being the same.
const DRAWS: usize = 1_400;

const CURRENT: &str = "SELECT list, given FROM place_counts ORDER BY list DESC LIMIT 1";
const COUNT: &str = "INSERT INTO place_counts (list, given) VALUES (?1, 1)
    ON CONFLICT (list) DO UPDATE SET given = given + 1";
const GIVE: &str = "INSERT INTO places (list, place, license_id) VALUES (?1, ?2, ?3)
    ON CONFLICT DO NOTHING RETURNING place";

/// Gives a license its place.
pub(crate) fn give(
    db: &dyn Database,
    draw: &mut Draw,
    license: LicenseId,
) -> Result<Place, DatabaseError> {
    let list = current_list(db)?;
    for _ in 0..DRAWS {
        let index = draw.below(CAPACITY);
        let row = [
            Value::Integer(list),
            Value::Integer(i64::from(index)),
            text(license),
        ];
        if !db.query(GIVE, &row)?.is_empty() {
            db.execute(COUNT, &[Value::Integer(list)])?;
            let list =
                u32::try_from(list).map_err(|_range| corrupt("the number of a status list"))?;
            return Ok(Place { list, index });
        }
    }
    Err(corrupt("the status list is full before its count says so"))
}

/// Gives a license the place that it had elsewhere. Returns whether that was free.
pub(crate) fn take(
    db: &dyn Database,
    place: Place,
    license: LicenseId,
) -> Result<bool, DatabaseError> {
    let list = Value::Integer(i64::from(place.list));
    let row = [
        list.clone(),
        Value::Integer(i64::from(place.index)),
        text(license),
    ];
    if db.query(GIVE, &row)?.is_empty() {
        return Ok(false);
    }
    db.execute(COUNT, &[list])?;
    Ok(true)
}

fn current_list(db: &dyn Database) -> Result<i64, DatabaseError> {
    match db.query(CURRENT, &[])?.first().map(Vec::as_slice) {
        None => Ok(0),
        Some([Value::Integer(list), Value::Integer(given)]) if *given < i64::from(FILL) => {
            Ok(*list)
        }
        Some([Value::Integer(list), Value::Integer(_)]) => Ok(list.saturating_add(1)),
        Some(_) => Err(corrupt("the count of a status list")),
    }
}
