//! `/v3/license-templates`, which an older name calls `/v3/license-policies`.

use licentia_core::{Problem, Product, Template, TemplateId};

use crate::context::{Context, Fault};
use crate::store;

/// Returns the template that a new license copies: the one asked for, else its product's default, else none, which is the
/// built-in one.
pub(super) fn for_new_license(
    cx: &Context<'_>,
    product: &Product,
    asked: Option<TemplateId>,
) -> Result<Option<Template>, Fault> {
    let Some(id) = asked.or(product.template_id) else {
        return Ok(None);
    };
    named(cx, "licenseTemplateId", id).map(Some)
}

/// Loads the template that a field of a request names.
pub(super) fn named(cx: &Context<'_>, field: &str, id: TemplateId) -> Result<Template, Fault> {
    let template = store::template::load(cx.db, id)?;
    template.ok_or_else(|| {
        let reason = format!("no license template has the id `{id}`");
        Problem::field(field, reason).into()
    })
}
