//! A line of an import: its number, what it is of, and the thing that its document describes.

use licentia_core::wire::{
    ExportedActivationLog, ExportedEvent, ExportedTombstone, FORM, ImportLine, Resource,
};
use licentia_core::{
    AccessToken, Activation, Algorithm, License, Problem, Product, Tag, Template, Timestamp,
    TokenKey, User, parse,
};

use super::{elsewhere, restored};
use crate::access::{self, Caller};
use crate::calls::moved_keys::Keyring;
use crate::calls::users;
use crate::context::{Context, Fault};
use crate::store::import::Kind;
use crate::store::row;

/// What a line describes, checked by itself.
#[derive(Debug)]
pub(in crate::calls) enum Thing {
    Keys(Keyring),
    Template(Box<Template>),
    Product(Box<NewProduct>),
    User(Box<User>),
    Tag(Tag),
    Token(AccessToken, String),
    License(Box<NewLicense>),
    Activation(Box<Activation>),
    Deleted(Box<ExportedTombstone>),
    Event(Box<ExportedEvent>),
    ActivationLog(Box<ExportedActivationLog>),
}

/// A product with the keys that it brings; it gets one of `algorithm` if nothing brings any.
#[derive(Debug)]
pub(in crate::calls) struct NewProduct {
    pub(super) product: Product,
    pub(super) keys: Vec<TokenKey>,
    pub(super) algorithm: Algorithm,
}

/// A license, which may have a place in the status lists already.
#[derive(Debug)]
pub(in crate::calls) struct NewLicense {
    pub(super) license: License,
    pub(super) placed: bool,
    /// Whether its template must be here: it was named by somebody who may err.
    pub(super) names_template: bool,
}

/// The lines of a body that are not blank, numbered from one.
pub(in crate::calls) struct Lines<'a> {
    rest: Option<&'a [u8]>,
    number: usize,
}

impl<'a> Lines<'a> {
    pub(in crate::calls) fn of(body: &'a [u8]) -> Self {
        // Windows tools write a byte order mark, which RFC 8259 §8.1 lets a parser ignore.
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        Self {
            rest: Some(body),
            number: 0,
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.rest?;
            let end = rest.iter().position(|byte| *byte == b'\n');
            let (line, rest) = match end.and_then(|end| rest.split_at_checked(end)) {
                Some((line, rest)) => (line, rest.get(1..)),
                None => (rest, None),
            };
            self.rest = rest;
            self.number = self.number.saturating_add(1);
            let line = line.trim_ascii();
            if !line.is_empty() {
                return Some((self.number, line));
            }
        }
    }
}

/// Reads a line and checks what it says by itself.
pub(in crate::calls) fn read(cx: &Context<'_>, line: &[u8]) -> Result<Thing, Fault> {
    let line = head(line)?;
    let thing = match line.form {
        None => elsewhere::read(cx, &line),
        Some(FORM) => restored::read(cx, &line),
        Some(other) => {
            let reason = format!("this version reads documents of form {FORM}, not {other}");
            Err(Problem::field("form", reason).into())
        }
    }?;
    refuse_far_dates(&thing)?;
    refuse_to_hand_on(cx, &thing)?;
    Ok(thing)
}

/// Refuses a date of creation that leaves no place among the rows.
fn refuse_far_dates(thing: &Thing) -> Result<(), Problem> {
    match thing.created_at() {
        Some(date) if !row::has_places(date) => Err(Problem::field(
            "createdAt",
            "it must be between 1834 and 2106",
        )),
        _ => Ok(()),
    }
}

/// Refuses a token, and a user with a role, that may do what the caller may not.
fn refuse_to_hand_on(cx: &Context<'_>, thing: &Thing) -> Result<(), Fault> {
    match (thing, cx.caller) {
        // Nobody asks when a job applies what was let in as it came.
        (_, Caller::Anonymous) => Ok(()),
        (Thing::Token(token, _), caller) => {
            access::hand_on(cx.db, caller, token.scopes.iter().copied())
        }
        (Thing::User(user), _) => users::refuse_roles_beyond(cx, None, user),
        _ => Ok(()),
    }
}

fn head(line: &[u8]) -> Result<ImportLine, Problem> {
    match serde_json::from_slice(line) {
        Ok(line) => Ok(line),
        // Said again where names may be of any case, and a fault has the name of its field.
        Err(_) => Ok(parse(line)?),
    }
}

/// Returns the algorithm of a product that brings no key.
pub(super) fn lacks_key(
    cx: &Context<'_>,
    line: &[u8],
    keyring: &Keyring,
) -> Result<Option<Algorithm>, Fault> {
    let line = head(line)?;
    if line.resource != Resource::Product {
        return Ok(None);
    }
    let thing = match line.form {
        None => elsewhere::read(cx, &line)?,
        Some(_) => restored::read(cx, &line)?,
    };
    Ok(thing.lacks_key(keyring))
}

impl Thing {
    /// Returns what it is.
    pub(super) fn resource(&self) -> Resource {
        match self {
            Self::Keys(_) => Resource::SigningKeys,
            Self::Template(_) => Resource::LicenseTemplate,
            Self::Product(_) => Resource::Product,
            Self::User(_) => Resource::User,
            Self::Tag(_) => Resource::Tag,
            Self::Token(..) => Resource::AccessToken,
            Self::License(_) => Resource::License,
            Self::Activation(_) => Resource::Activation,
            Self::Deleted(_) => Resource::Deleted,
            Self::Event(_) => Resource::EventLog,
            Self::ActivationLog(_) => Resource::ActivationLog,
        }
    }

    /// Returns when it was created, if it is kept in that order.
    fn created_at(&self) -> Option<Timestamp> {
        match self {
            Self::Keys(_) | Self::Deleted(_) => None,
            Self::Template(template) => Some(template.created_at),
            Self::Product(new) => Some(new.product.created_at),
            Self::User(user) => Some(user.created_at),
            Self::Tag(tag) => Some(tag.created_at),
            Self::Token(token, _) => Some(token.created_at),
            Self::License(new) => Some(new.license.created_at),
            Self::Activation(activation) => Some(activation.created_at),
            Self::Event(event) => Some(event.created_at),
            Self::ActivationLog(entry) => Some(entry.created_at),
        }
    }

    /// Returns the algorithm of a product that brings no key, and finds none in the keyring.
    pub(in crate::calls) fn lacks_key(&self, keyring: &Keyring) -> Option<Algorithm> {
        match self {
            Self::Product(new) if new.keys.is_empty() && !keyring.contains_key(&new.product.id) => {
                Some(new.algorithm)
            }
            _ => None,
        }
    }

    /// Returns what nobody else may have: ids, and names that stand for one thing alone.
    pub(super) fn claims(&self) -> Vec<(Kind, String)> {
        match self {
            Self::Template(template) => vec![(Kind::Template, template.id.to_string())],
            Self::Product(new) => vec![(Kind::Product, new.product.id.to_string())],
            Self::User(user) => vec![
                (Kind::User, user.id.to_string()),
                (Kind::Email, User::email_key(&user.email)),
            ],
            Self::Tag(tag) => vec![
                (Kind::Tag, tag.id.to_string()),
                (Kind::TagName, tag.name.to_ascii_lowercase()),
            ],
            Self::Token(token, digest) => vec![
                (Kind::Token, token.id.to_string()),
                (Kind::TokenDigest, digest.clone()),
            ],
            Self::License(new) => vec![
                (Kind::License, new.license.id.to_string()),
                (Kind::LicenseKey, new.license.key.as_str().to_owned()),
            ],
            Self::Activation(activation) => vec![(Kind::Activation, activation.id.to_string())],
            Self::Deleted(tombstone) => Kind::of_tombstone(&tombstone.kind)
                .map(|kind| vec![(kind, tombstone.id.clone())])
                .unwrap_or_default(),
            // An entry of a log that is here already is the same entry.
            Self::Keys(_) | Self::Event(_) | Self::ActivationLog(_) => Vec::new(),
        }
    }

    /// Returns what must be here before it, with the field that says so.
    pub(super) fn references(&self) -> Vec<(Kind, String, &'static str)> {
        let mut references = Vec::new();
        match self {
            Self::Product(new) => {
                let template = new.product.template_id;
                references.extend(
                    template.map(|id| (Kind::Template, id.to_string(), "licenseTemplateId")),
                );
            }
            Self::License(new) => {
                let license = &new.license;
                references.push((Kind::Product, license.product_id.to_string(), "productId"));
                references.extend(
                    license
                        .user_id
                        .map(|id| (Kind::User, id.to_string(), "userId")),
                );
                let additional = license.additional_user_ids.iter();
                references
                    .extend(additional.map(|id| (Kind::User, id.to_string(), "additionalUserIds")));
                let template = license.template_id.filter(|_| new.names_template);
                references.extend(
                    template.map(|id| (Kind::Template, id.to_string(), "licenseTemplateId")),
                );
            }
            Self::Activation(activation) => {
                references.push((
                    Kind::License,
                    activation.license_id.to_string(),
                    "licenseId",
                ));
            }
            _ => {}
        }
        references
    }
}

/// Says in which line a fault is, and that the field is one of the line's `data`.
pub(in crate::calls) fn at(number: usize, fault: Fault) -> Fault {
    match fault {
        Fault::Problem(Problem { message, code }) => {
            let inside = message.strip_prefix('`').filter(|rest| {
                !["data", "body", "resource", "form", "beside", "Licentia"]
                    .iter()
                    .any(|name| rest.starts_with(name))
            });
            let message = inside.map_or(message.clone(), |rest| format!("`data.{rest}"));
            Problem::new(code, format!("line {number}: {message}")).into()
        }
        other => other,
    }
}
