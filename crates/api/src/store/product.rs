//! Products' rows.

use licentia_core::wire::StoredProduct;
use licentia_core::{Product, ProductId};

use super::{Page, corrupt, document, read, text, unsigned};
use crate::database::{Database, DatabaseError, Row, Value};

const FIND: &str = "SELECT licenses, document FROM products WHERE id = ?1";
const INSERT: &str = "INSERT INTO products (id, created_at, document) VALUES (?1, ?2, ?3)";
const LIST: &str =
    "SELECT licenses, document FROM products ORDER BY created_at, rowid LIMIT ?1 OFFSET ?2";
const COUNT_LICENSE: &str = "UPDATE products SET licenses = licenses + ?2 WHERE id = ?1";

/// A product with its number of licenses.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) product: Product,
    pub(crate) licenses: u64,
}

/// Loads a product.
pub(crate) fn load(db: &dyn Database, id: ProductId) -> Result<Option<Counted>, DatabaseError> {
    db.query(FIND, &[text(id)])?
        .first()
        .map(counted)
        .transpose()
}

/// Adds a product.
pub(crate) fn insert(db: &dyn Database, product: &Product) -> Result<(), DatabaseError> {
    db.execute(
        INSERT,
        &[
            text(product.id),
            text(product.created_at),
            document(&StoredProduct::from(product))?,
        ],
    )
}

/// Lists products, oldest first.
pub(crate) fn list(db: &dyn Database, page: Page) -> Result<Vec<Counted>, DatabaseError> {
    let rows = db.query(
        LIST,
        &[Value::Integer(page.limit), Value::Integer(page.offset)],
    )?;
    rows.iter().map(counted).collect()
}

/// Counts a license that was added (1) or deleted (-1).
pub(crate) fn count_license(
    db: &dyn Database,
    id: ProductId,
    change: i64,
) -> Result<(), DatabaseError> {
    db.execute(COUNT_LICENSE, &[text(id), Value::Integer(change)])
}

fn counted(row: &Row) -> Result<Counted, DatabaseError> {
    let [Value::Integer(licenses), Value::Text(document)] = row.as_slice() else {
        return Err(corrupt("the row of a product"));
    };
    let product = read::<StoredProduct>(document)?.into_product();
    Ok(Counted {
        product,
        licenses: unsigned(*licenses),
    })
}
