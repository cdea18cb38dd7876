//! `licentia token`: personal access tokens, each with its scopes.

use std::num::NonZeroUsize;

use clap::{Args, Subcommand};

use crate::api;
use crate::document::{Document, Draft, Fields};
use crate::fault::Fault;
use crate::output::{Cell, Table, Tone, clean, distance, moment};
use crate::session::Session;
use crate::values::When;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a token and print it: this is the only time that it can be seen
    Create(Create),
    /// List tokens, without what they are
    List(Tokens),
    /// Revoke a token: it acts no more, at once
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What it is for
    name: String,
    /// What it may do, such as license:read or license:write; may be given again
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// When it ends: a date, or a duration from now (default: never)
    #[arg(long, value_name = "DATE")]
    expires: Option<When>,
}

#[derive(Debug, Args)]
pub(crate) struct Tokens {
    /// How many at most
    #[arg(long, short = 'n', value_name = "NUMBER", default_value = "100")]
    limit: NonZeroUsize,
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The token's id, as `token list` shows it
    id: String,
}

impl Command {
    pub(crate) fn run(self, session: &Session) -> Result<(), Fault> {
        match self {
            Self::Create(create) => create.run(session),
            Self::List(tokens) => tokens.run(session),
            Self::Revoke(revoke) => {
                let token = session.client.document(&api::revoke_token(&revoke.id))?;
                session.output.document(&token, |token| {
                    format!("Revoked the token {}", clean(&token.fields().plain("name")))
                })
            }
        }
    }
}

impl Create {
    fn run(self, session: &Session) -> Result<(), Fault> {
        let expires = self.expires.map(|when| when.from(session.now).to_string());
        let mut draft = Draft::default();
        draft.set("name", Some(self.name));
        draft.set("scopes", Some(self.scopes));
        draft.set("expiresAt", expires);
        let created = session.client.document(&api::create_token(draft))?;
        session.output.document(&created, secret)?;
        session.notes.say("Keep it now: it is not shown again.");
        Ok(())
    }
}

/// The token alone, so that it can be sent into a file or a variable.
fn secret(created: &Document) -> String {
    clean(created.fields().text("accessToken").unwrap_or_default())
}

impl Tokens {
    fn run(&self, session: &Session) -> Result<(), Fault> {
        let list = session.client.list(&api::tokens(), self.limit.get())?;
        if session.output.is_for_a_script() {
            return session.output.array(&list.items);
        }
        if list.items.is_empty() {
            session.notes.say("There is no token.");
            return Ok(());
        }
        let heads = ["ID", "NAME", "STATUS", "ENDS", "LAST USED", "SCOPES"];
        let mut table = Table::new(&heads, &[1, 5]);
        for token in &list.items {
            let token = token.fields();
            let used = token.date("lastUsedAt");
            table.add([
                token.plain("id").into(),
                token.plain("name").into(),
                status(session, token),
                Cell::maybe(token.date("expiresAt").map(moment)),
                Cell::maybe(used.map(|at| distance(at, session.now))),
                token.texts("scopes").collect::<Vec<_>>().join(" ").into(),
            ]);
        }
        session.output.line(&table.to_string())?;
        list.say_what_is_left(&session.notes);
        Ok(())
    }
}

fn status(session: &Session, token: Fields<'_>) -> Cell {
    let ended = token.date("expiresAt").is_some_and(|end| end < session.now);
    match (token.flag("revoked"), ended) {
        (true, _) => Cell::new("revoked", Tone::Bad),
        (false, true) => Cell::new("expired", Tone::Warning),
        (false, false) => Cell::new("active", Tone::Good),
    }
}
