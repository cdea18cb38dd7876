//! `/v3/tags`: names that licenses and users are marked with.
//!
//! A license or a user may have a tag that is not listed here, and keeps one that is deleted: the list says what tags mean.

use licentia_core::wire::{NullableTagFields, TagInput, TagView};
use licentia_core::{Code, Problem, Tag, TagId, parse};

use super::{changes, page, parse_json, patch};
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::list;
use crate::store;
use crate::store::import::Kind;

/// `GET /v3/tags`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let listed = list::list(cx, &list::TAGS)?;
    let tags = listed.rows.iter().map(store::tag::from_row);
    let tags = tags.collect::<Result<Vec<_>, _>>()?;
    let views: Vec<_> = tags.iter().map(TagView::from).collect();
    Ok(page(cx, &listed, &views))
}

/// `POST /v3/tags`
pub(super) fn create(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let input: TagInput = parse_json(cx, body)?;
    let input = TagInput { id: None, ..input };
    let tag = input.create(&mut cx.draw(), cx.now())?;
    refuse_taken(cx, None, &tag)?;
    store::tag::insert(cx.db, &tag)?;
    changes::record(
        cx,
        "tag",
        "created",
        tag.id,
        [None, Some(TagView::from(&tag))],
    )?;
    Ok(shown(201, &tag))
}

/// `GET /v3/tags/{id}`
pub(super) fn read(cx: &Context<'_>, id: TagId) -> Result<Reply, Fault> {
    Ok(shown(200, &load(cx, id)?))
}

/// `PATCH /v3/tags/{id}`
pub(super) fn update(cx: &Context<'_>, id: TagId, body: &[u8]) -> Result<Reply, Fault> {
    let input: TagInput = parse_json(cx, body)?;
    let known = load(cx, id)?;
    cx.check_version(known.version)?;
    let asked = asked(cx, &known, &input, body)?;
    refuse_taken(cx, Some(&known), &asked)?;
    let Some(tag) = known.revised(asked, cx.now()) else {
        return Ok(shown(200, &known));
    };
    store::tag::save(cx.db, &known, &tag)?;
    let sides = [&known, &tag].map(|tag| Some(TagView::from(tag)));
    changes::record(cx, "tag", "updated", id, sides)?;
    Ok(shown(200, &tag))
}

/// `DELETE /v3/tags/{id}`
pub(super) fn delete(cx: &Context<'_>, id: TagId) -> Result<Reply, Fault> {
    let tag = load(cx, id)?;
    cx.check_version(tag.version)?;
    store::tag::delete(cx.db, id)?;
    changes::record(cx, "tag", "deleted", id, [Some(TagView::from(&tag)), None])?;
    Ok(Reply::empty(204))
}

fn load(cx: &Context<'_>, id: TagId) -> Result<Tag, Fault> {
    let tag = store::tag::load(cx.db, id)?;
    Ok(tag.ok_or_else(|| Problem::new(Code::TagNotFound, "no tag has this id"))?)
}

/// Lays a request over a tag.
fn asked(cx: &Context<'_>, known: &Tag, input: &TagInput, body: &[u8]) -> Result<Tag, Problem> {
    input.refuse_immutable(known)?;
    let mut cleared = known.clone();
    if patch::is_merge_patch(cx) {
        let nulls: NullableTagFields = parse(body)?;
        nulls.clear(&mut cleared);
        patch::refuse_nulls(&TagView::from(&cleared), body)?;
    }
    input.update(&cleared)
}

/// Refuses a name that another tag has, or that an import reserves. The one that the tag has already is its own.
fn refuse_taken(cx: &Context<'_>, known: Option<&Tag>, asked: &Tag) -> Result<(), Fault> {
    if known.is_some_and(|known| known.name.eq_ignore_ascii_case(&asked.name)) {
        return Ok(());
    }
    let name = asked.name.to_ascii_lowercase();
    let taken = store::import::taken(cx.db, Kind::TagName, &[&name], "")?;
    if taken.is_empty() {
        return Ok(());
    }
    Err(Kind::TagName.taken(&name).into())
}

fn shown(status: u16, tag: &Tag) -> Reply {
    Reply::json(status, &TagView::from(tag)).versioned(tag.version)
}
