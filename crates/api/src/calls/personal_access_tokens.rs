//! `/v3/personal-access-tokens`: what scripts and colleagues are given in place of the root token.

use licentia_core::wire::{AccessTokenInput, AccessTokenView};
use licentia_core::{AccessToken, Code, Problem, TokenId, TokenText};

use super::{changes, page, parse_json, patch};
use crate::access;
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::list;
use crate::store;

const RESOURCE: &str = "personalAccessToken";

/// `GET /v3/personal-access-tokens`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let listed = list::list(cx, &list::ACCESS_TOKENS)?;
    let tokens = listed.rows.iter().map(store::access_token::from_row);
    let tokens = tokens.collect::<Result<Vec<_>, _>>()?;
    let views: Vec<_> = tokens.iter().map(AccessTokenView::from).collect();
    Ok(page(cx, &listed, &views))
}

/// `POST /v3/personal-access-tokens`
pub(super) fn create(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let input: AccessTokenInput = parse_json(cx, body)?;
    let token = input.create(&mut cx.draw(), cx.now())?;
    access::hand_on(cx.db, cx.caller, token.scopes.iter().copied())?;
    let secret = TokenText::draw(&mut cx.draw());
    store::access_token::insert(cx.db, &token, &secret)?;
    let view = AccessTokenView::from(&token);
    changes::record(cx, RESOURCE, "created", token.id, [None, Some(view)])?;
    let view = AccessTokenView::shown_once(&token, &secret);
    Ok(Reply::json(201, &view).versioned(token.version))
}

/// `GET /v3/personal-access-tokens/{id}`
pub(super) fn read(cx: &Context<'_>, id: TokenId) -> Result<Reply, Fault> {
    Ok(shown(&load(cx, id)?))
}

/// `PATCH /v3/personal-access-tokens/{id}`
pub(super) fn update(cx: &Context<'_>, id: TokenId, body: &[u8]) -> Result<Reply, Fault> {
    let input: AccessTokenInput = parse_json(cx, body)?;
    let known = load(cx, id)?;
    cx.check_version(known.version)?;
    if patch::is_merge_patch(cx) {
        patch::refuse_nulls(&AccessTokenView::from(&known), body)?;
    }
    let asked = input.update(&known)?;
    let Some(token) = known.revised(asked, cx.now()) else {
        return Ok(shown(&known));
    };
    store::access_token::save(cx.db, &known, &token)?;
    let revoked = token.revoked && !known.revoked;
    let done = if revoked { "revoked" } else { "updated" };
    let sides = [&known, &token].map(|token| Some(AccessTokenView::from(token)));
    changes::record(cx, RESOURCE, done, id, sides)?;
    Ok(shown(&token))
}

/// `DELETE /v3/personal-access-tokens/{id}`
pub(super) fn delete(cx: &Context<'_>, id: TokenId) -> Result<Reply, Fault> {
    let token = load(cx, id)?;
    cx.check_version(token.version)?;
    store::access_token::delete(cx.db, id)?;
    let view = AccessTokenView::from(&token);
    changes::record(cx, RESOURCE, "deleted", id, [Some(view), None])?;
    Ok(Reply::empty(204))
}

fn load(cx: &Context<'_>, id: TokenId) -> Result<AccessToken, Fault> {
    let token = store::access_token::load(cx.db, id)?;
    let missing = || Problem::new(Code::TokenNotFound, "no personal access token has this id");
    Ok(token.ok_or_else(missing)?)
}

fn shown(token: &AccessToken) -> Reply {
    Reply::json(200, &AccessTokenView::from(token)).versioned(token.version)
}
