//! License templates' rows.

use licentia_core::wire::StoredTemplate;
use licentia_core::{Template, TemplateId};

use super::row::{self, Columns};
use super::{corrupt, document, read, text};
use crate::database::{Database, DatabaseError, Row, Value};

const FIND: &str = "SELECT document FROM templates WHERE id = ?1";
const FIND_ALL: &str =
    "SELECT document FROM templates WHERE id IN (SELECT value FROM json_each(?1))";
const USED: &str = "SELECT 1 FROM products WHERE template_id = ?1 LIMIT 1";
const DELETE: &str = "DELETE FROM templates WHERE id = ?1";

/// Loads a template.
pub(crate) fn load(db: &dyn Database, id: TemplateId) -> Result<Option<Template>, DatabaseError> {
    let rows = db.query(FIND, &[text(id)])?;
    rows.first().map(from_row).transpose()
}

/// Loads those templates of `ids` that there are, in no order.
pub(crate) fn load_all(
    db: &dyn Database,
    ids: &[TemplateId],
) -> Result<Vec<Template>, DatabaseError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = db.query(FIND_ALL, &[document(&ids)?])?;
    rows.iter().map(from_row).collect()
}

/// Says whether a template is a product's default.
pub(crate) fn is_used(db: &dyn Database, id: TemplateId) -> Result<bool, DatabaseError> {
    Ok(!db.query(USED, &[text(id)])?.is_empty())
}

/// Adds a template.
pub(crate) fn insert(db: &dyn Database, template: &Template) -> Result<(), DatabaseError> {
    let mut columns = columns(template)?;
    columns.extend([
        ("id", text(template.id)),
        ("created_at", text(template.created_at)),
    ]);
    row::insert(db, "templates", template.created_at, &columns).map(drop)
}

/// Saves a template that is there, and was as `before` says.
pub(crate) fn save(
    db: &dyn Database,
    before: &Template,
    template: &Template,
) -> Result<(), DatabaseError> {
    let (was, is) = (columns(before)?, columns(template)?);
    row::update(db, "templates", &template.id, &was, &is)
}

/// Deletes a template.
pub(crate) fn delete(db: &dyn Database, id: TemplateId) -> Result<(), DatabaseError> {
    db.execute(DELETE, &[text(id)])
}

fn columns(template: &Template) -> Result<Columns, DatabaseError> {
    Ok(vec![
        ("name", text(&template.name)),
        ("search", text(template.name.to_lowercase())),
        ("document", document(&StoredTemplate::from(template))?),
    ])
}

/// Reads a row as lists select it.
pub(crate) fn from_row(row: &Row) -> Result<Template, DatabaseError> {
    match row.as_slice() {
        [Value::Text(document)] => read::<StoredTemplate>(document).map(Template::from),
        _ => Err(corrupt("the row of a template")),
    }
}
