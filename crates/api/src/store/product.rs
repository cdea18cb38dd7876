//! Products' rows.

use licentia_core::wire::StoredProduct;
use licentia_core::{MetadataId, Product, ProductId};

use super::row::{self, Columns};
use super::{corrupt, document, optional, read, text, unsigned};
use crate::database::{Database, DatabaseError, Row, Value};

const DELETE: &str = "DELETE FROM products WHERE id = ?1";
const ALL: &str = "SELECT licenses, document FROM products ORDER BY number";
const FIND: &str = "SELECT licenses, document FROM products WHERE id = ?1";
const FIND_BY_METADATA: &str = "SELECT licenses, document FROM products
    WHERE number = (SELECT number FROM product_metadata WHERE id = ?1 LIMIT 1)";

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
        .map(from_row)
        .transpose()
}

/// Loads every product, in order of creation.
pub(crate) fn load_all(db: &dyn Database) -> Result<Vec<Product>, DatabaseError> {
    let rows = db.query(ALL, &[])?;
    rows.iter()
        .map(|row| from_row(row).map(|counted| counted.product))
        .collect()
}

/// Loads the product that has a metadata entry.
pub(crate) fn load_by_metadata(
    db: &dyn Database,
    id: MetadataId,
) -> Result<Option<Counted>, DatabaseError> {
    let rows = db.query(FIND_BY_METADATA, &[text(id)])?;
    rows.first().map(from_row).transpose()
}

/// Adds a product.
pub(crate) fn insert(db: &dyn Database, product: &Product) -> Result<(), DatabaseError> {
    let mut columns = columns(product)?;
    columns.extend([
        ("id", text(product.id)),
        ("created_at", text(product.created_at)),
    ]);
    let number = row::insert(db, "products", product.created_at, &columns)?;
    row::add_children(
        db,
        "product_metadata",
        &METADATA,
        number,
        &metadata(product),
    )
}

/// Saves a product that is there, and was as `before` says.
pub(crate) fn save(
    db: &dyn Database,
    before: &Product,
    product: &Product,
) -> Result<(), DatabaseError> {
    let (was, is) = (columns(before)?, columns(product)?);
    row::update(db, "products", &product.id, &was, &is)?;
    let entries = metadata(product);
    if metadata(before) == entries {
        return Ok(());
    }
    let number = row::number(db, "products", &product.id)?;
    row::replace_children(db, "product_metadata", &METADATA, number, &entries)
}

/// Deletes a product.
pub(crate) fn delete(db: &dyn Database, id: ProductId) -> Result<(), DatabaseError> {
    db.execute(DELETE, &[text(id)])
}

const METADATA: [&str; 3] = ["key", "value", "id"];

fn metadata(product: &Product) -> Vec<Vec<Value>> {
    let entries = product.metadata.iter();
    entries
        .map(|entry| vec![text(&entry.key), text(&entry.value), text(entry.id)])
        .collect()
}

fn columns(product: &Product) -> Result<Columns, DatabaseError> {
    let lines = [&product.name, &product.display_name, &product.description];
    Ok(vec![
        ("template_id", optional(product.template_id)),
        ("name", text(&product.name)),
        (
            "search",
            text(lines.map(String::as_str).join("\n").to_lowercase()),
        ),
        ("document", document(&StoredProduct::from(product))?),
    ])
}

/// Reads a row as lists select it.
pub(crate) fn from_row(row: &Row) -> Result<Counted, DatabaseError> {
    let [Value::Integer(licenses), Value::Text(document)] = row.as_slice() else {
        return Err(corrupt("the row of a product"));
    };
    let product = read::<StoredProduct>(document)?.into_product();
    Ok(Counted {
        product,
        licenses: unsigned(*licenses),
    })
}
