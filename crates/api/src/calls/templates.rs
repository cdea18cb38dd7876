//! `/v3/license-templates`, which an older name calls `/v3/license-policies`.

use licentia_core::wire::{NullableFields, NullableTemplateFields, TemplateInput, TemplateView};
use licentia_core::{Code, Problem, Product, Template, TemplateId, parse};

use super::{changes, page, parse_json, patch};
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::key_pattern::KeyPattern;
use crate::list;
use crate::store;

const RESOURCE: &str = "licenseTemplate";

/// `GET /v3/license-templates`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let listed = list::list(cx, &list::TEMPLATES)?;
    let templates = listed.rows.iter().map(store::template::from_row);
    let templates = templates.collect::<Result<Vec<_>, _>>()?;
    let views: Vec<_> = templates.iter().map(TemplateView::from).collect();
    Ok(page(cx, &listed, &views))
}

/// `POST /v3/license-templates`
pub(super) fn create(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let input: TemplateInput = parse_json(cx, body)?;
    let template = draft(cx, &TemplateInput { id: None, ..input })?;
    add(cx, &template, "licenseTemplate.created")?;
    Ok(shown(201, &template))
}

/// `GET /v3/license-templates/{id}`
pub(super) fn read(cx: &Context<'_>, id: TemplateId) -> Result<Reply, Fault> {
    Ok(shown(200, &load(cx, id)?))
}

/// `PATCH /v3/license-templates/{id}`
pub(super) fn update(cx: &Context<'_>, id: TemplateId, body: &[u8]) -> Result<Reply, Fault> {
    let input: TemplateInput = parse_json(cx, body)?;
    let known = load(cx, id)?;
    cx.check_version(known.version)?;
    let asked = asked(cx, &known, &input, body)?;
    let Some(template) = known.revised(asked, cx.now()) else {
        return Ok(shown(200, &known));
    };
    store::template::save(cx.db, &known, &template)?;
    let changes = changes::of_template(&known, &template);
    cx.record("licenseTemplate.updated", RESOURCE, &id, changes)?;
    Ok(shown(200, &template))
}

/// `DELETE /v3/license-templates/{id}`
pub(super) fn delete(cx: &Context<'_>, id: TemplateId) -> Result<Reply, Fault> {
    cx.check_version(load(cx, id)?.version)?;
    if store::template::is_used(cx.db, id)? {
        let message = "a product creates its licenses from this template";
        return Err(Problem::new(Code::TemplateInUse, message).into());
    }
    store::template::delete(cx.db, id)?;
    cx.record("licenseTemplate.deleted", RESOURCE, &id, Vec::new())?;
    Ok(Reply::empty(204))
}

/// Makes a template out of what a request says of a new one, or of an imported one that keeps its id.
pub(super) fn draft(cx: &Context<'_>, input: &TemplateInput) -> Result<Template, Problem> {
    let template = input.create(&mut cx.draw(), cx.now())?;
    check_pattern(&template)?;
    template.checked(cx.given.settings.min_sync_interval)
}

/// Adds a template, with its audit entry.
pub(super) fn add(cx: &Context<'_>, template: &Template, action: &str) -> Result<(), Fault> {
    store::template::insert(cx.db, template)?;
    cx.record(action, RESOURCE, &template.id, Vec::new())?;
    Ok(())
}

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

/// Lays a request over a template.
fn asked(
    cx: &Context<'_>,
    known: &Template,
    input: &TemplateInput,
    body: &[u8],
) -> Result<Template, Problem> {
    input.refuse_immutable(known)?;
    let mut cleared = known.clone();
    if patch::is_merge_patch(cx) {
        let terms: NullableFields = parse(body)?;
        let nulls: NullableTemplateFields = parse(body)?;
        nulls.clear(terms, &mut cleared);
        patch::refuse_nulls(&TemplateView::from(&cleared), body)?;
    }
    let asked = input.update(&cleared)?;
    if asked.key_pattern != known.key_pattern {
        check_pattern(&asked)?;
    }
    still_allowed(cx, known, asked)
}

/// Checks a template that changes. An interval that was allowed once stays allowed: the limit may have been raised since.
fn still_allowed(cx: &Context<'_>, known: &Template, asked: Template) -> Result<Template, Problem> {
    let floor = cx.given.settings.min_sync_interval;
    let stored = known.terms.server_sync_interval;
    let kept = stored == asked.terms.server_sync_interval && stored.0 > 0;
    asked.checked(if kept { floor.min(stored) } else { floor })
}

fn check_pattern(template: &Template) -> Result<(), Problem> {
    match &template.key_pattern {
        Some(pattern) => KeyPattern::parse(pattern).map(drop),
        None => Ok(()),
    }
}

fn load(cx: &Context<'_>, id: TemplateId) -> Result<Template, Fault> {
    let template = store::template::load(cx.db, id)?;
    let missing = || Problem::new(Code::TemplateNotFound, "no license template has this id");
    Ok(template.ok_or_else(missing)?)
}

fn shown(status: u16, template: &Template) -> Reply {
    Reply::json(status, &TemplateView::from(template)).versioned(template.version)
}
