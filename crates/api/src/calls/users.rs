//! `/v3/users`: who owns licenses.

use licentia_core::wire::{NullableUserFields, UserInput, UserView};
use licentia_core::{Code, MetadataId, Problem, Role, User, UserId, parse};

use super::{changes, csv, page, parse_json, patch};
use crate::access;
use crate::context::{Context, Fault};
use crate::database::Row;
use crate::host::Reply;
use crate::list;
use crate::store;
use crate::store::import::Kind;

const COLUMNS: [&str; 14] = [
    "id",
    "createdAt",
    "updatedAt",
    "firstName",
    "lastName",
    "email",
    "company",
    "role",
    "roles",
    "allowCustomerPortalAccess",
    "lastLoginAt",
    "lastSeenAt",
    "tags",
    "metadata",
];

/// `GET /v3/users`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let listed = list::list(cx, &list::USERS)?;
    let users = all(&listed.rows)?;
    let views: Vec<_> = users.iter().map(UserView::from).collect();
    Ok(page(cx, &listed, &views))
}

/// `GET /v3/users/export`
pub(super) fn export(cx: &Context<'_>) -> Result<Reply, Fault> {
    csv::export(cx, &list::USERS, &COLUMNS, |rows| {
        Ok(all(rows)?.iter().map(cells).collect())
    })
}

/// `POST /v3/users`
pub(super) fn create(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let input: UserInput = parse_json(cx, body)?;
    let input = UserInput { id: None, ..input };
    let user = input.create(&mut cx.draw(), cx.now())?;
    refuse_roles_beyond(cx, None, &user)?;
    refuse_taken(cx, None, &user)?;
    store::user::insert(cx.db, &user)?;
    changes::record(
        cx,
        "user",
        "created",
        user.id,
        [None, Some(UserView::from(&user))],
    )?;
    Ok(shown(201, &user))
}

/// `GET /v3/users/{id}`
pub(super) fn read(cx: &Context<'_>, id: UserId) -> Result<Reply, Fault> {
    Ok(shown(200, &load(cx, id)?))
}

/// `PATCH /v3/users/{id}`
pub(super) fn update(cx: &Context<'_>, id: UserId, body: &[u8]) -> Result<Reply, Fault> {
    let input: UserInput = parse_json(cx, body)?;
    let known = load(cx, id)?;
    cx.check_version(known.version)?;
    let asked = asked(cx, &known, &input, body)?;
    refuse_roles_beyond(cx, Some(&known), &asked)?;
    refuse_taken(cx, Some(&known), &asked)?;
    let user = change(cx, known, asked)?;
    Ok(shown(200, &user))
}

/// `DELETE /v3/users/{id}`
pub(super) fn delete(cx: &Context<'_>, id: UserId) -> Result<Reply, Fault> {
    let user = load(cx, id)?;
    cx.check_version(user.version)?;
    if store::user::has_licenses(cx.db, id)? {
        let message = "the user owns a license, or is among the additional users of one";
        return Err(Problem::new(Code::UserInUse, message).into());
    }
    store::user::delete(cx.db, id)?;
    changes::record(
        cx,
        "user",
        "deleted",
        id,
        [Some(UserView::from(&user)), None],
    )?;
    Ok(Reply::empty(204))
}

/// `DELETE /v3/users/metadata/{id}`
pub(super) fn delete_metadata(cx: &Context<'_>, id: MetadataId) -> Result<Reply, Fault> {
    let known = store::user::load_by_metadata(cx.db, id)?;
    let known = known.ok_or_else(|| {
        Problem::new(
            Code::MetadataNotFound,
            "no metadata entry of a user has this id",
        )
    })?;
    cx.check_version(known.version)?;
    let mut asked = known.clone();
    asked.metadata.retain(|entry| entry.id != id);
    change(cx, known, asked)?;
    Ok(Reply::empty(204))
}

fn load(cx: &Context<'_>, id: UserId) -> Result<User, Fault> {
    let user = store::user::load(cx.db, id)?;
    Ok(user.ok_or_else(|| Problem::new(Code::UserNotFound, "no user has this id"))?)
}

fn all(rows: &[Row]) -> Result<Vec<User>, Fault> {
    let users = rows.iter().map(store::user::from_row);
    Ok(users.collect::<Result<_, _>>()?)
}

/// Lays a request over a user.
fn asked(cx: &Context<'_>, known: &User, input: &UserInput, body: &[u8]) -> Result<User, Problem> {
    input.refuse_immutable(known)?;
    let mut cleared = known.clone();
    if patch::is_merge_patch(cx) {
        let nulls: NullableUserFields = parse(body)?;
        nulls.clear(&mut cleared);
        patch::refuse_nulls(&UserView::from(&cleared), body)?;
        input.drop_unnamed(&mut cleared);
    }
    input.update(&cleared, &mut cx.draw(), cx.now())
}

/// Saves what was asked of a user, unless it says what is so already.
fn change(cx: &Context<'_>, known: User, asked: User) -> Result<User, Fault> {
    let Some(user) = known.revised(asked, cx.now()) else {
        return Ok(known);
    };
    store::user::save(cx.db, &known, &user)?;
    let sides = [&known, &user].map(|user| Some(UserView::from(user)));
    changes::record(cx, "user", "updated", user.id, sides)?;
    Ok(user)
}

/// Refuses an address that somebody else has, or that an import reserves. The one that the user has already is its own.
fn refuse_taken(cx: &Context<'_>, known: Option<&User>, asked: &User) -> Result<(), Fault> {
    let address = User::email_key(&asked.email);
    if known.is_some_and(|known| User::email_key(&known.email) == address) {
        return Ok(());
    }
    let taken = store::import::taken(cx.db, Kind::Email, &[&address], "")?;
    if taken.is_empty() {
        return Ok(());
    }
    Err(Kind::Email.taken(&address).into())
}

/// Refuses to give a role that may do what the caller may not; one that the user has already is not given.
pub(super) fn refuse_roles_beyond(
    cx: &Context<'_>,
    known: Option<&User>,
    asked: &User,
) -> Result<(), Fault> {
    let has = |name: &str| known.is_some_and(|known| roles(known).any(|role| role == name));
    let given = roles(asked).filter(|name| !has(name));
    let claims = given.filter_map(Role::named).flat_map(|role| role.claims);
    access::hand_on(cx.db, cx.caller, claims.copied())
}

fn roles(user: &User) -> impl Iterator<Item = &str> {
    let further = user.roles.iter().map(String::as_str);
    further.chain([user.role.as_str()])
}

fn cells(user: &User) -> csv::Cells {
    vec![
        csv::plain(user.id),
        csv::plain(user.created_at),
        csv::plain(user.updated_at),
        csv::text(&user.first_name),
        csv::text(&user.last_name),
        csv::text(&user.email),
        csv::text(&user.company),
        csv::plain(&user.role),
        csv::plain(user.roles.join(", ")),
        csv::plain(user.allow_customer_portal_access),
        csv::optional(user.last_login_at),
        csv::optional(user.last_seen_at),
        csv::text(&user.tags.join(", ")),
        csv::metadata(&user.metadata),
    ]
}

fn shown(status: u16, user: &User) -> Reply {
    Reply::json(status, &UserView::from(user)).versioned(user.version)
}
