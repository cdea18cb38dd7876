//! `license find`: by id, key, owner's e-mail address or any text, and by filters.

use std::num::NonZeroUsize;

use clap::Args;
use licentia_core::LicenseId;

use super::show::{ends, owner, seats, status};
use crate::api::{self, Call};
use crate::client::List;
use crate::fault::Fault;
use crate::output::{Cell, Table, day};
use crate::session::Session;
use crate::values::Pair;

#[derive(Debug, Args)]
pub(crate) struct Find {
    /// An id, a key, the owner's e-mail address, or a part of any text of the license
    text: Option<String>,
    /// Of this product: its id or name
    #[arg(long, short)]
    product: Option<String>,
    /// Only revoked ones
    #[arg(long)]
    revoked: bool,
    /// Only suspended ones
    #[arg(long)]
    suspended: bool,
    /// Only expired ones
    #[arg(long)]
    expired: bool,
    /// Only those with this tag
    #[arg(long)]
    tag: Option<String>,
    /// Any filter of the API: `createdAt[gte]=2026-01-01`; may be given again
    #[arg(long = "filter", value_name = "FILTER=VALUE")]
    filters: Vec<Pair>,
    /// How the API shall sort them, such as -createdAt for the newest first
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    sort: Option<String>,
    /// How many at most
    #[arg(long, short = 'n', value_name = "NUMBER", default_value = "20")]
    limit: NonZeroUsize,
    /// Every one, however many there are
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl Find {
    pub(super) fn run(&self, session: &Session) -> Result<(), Fault> {
        let found = self.search(session)?;
        if session.output.is_for_a_script() {
            return session.output.array(&found.items);
        }
        if found.items.is_empty() {
            session.notes.say("No license matches.");
            return Ok(());
        }
        session.output.line(&table(session, &found).to_string())?;
        found.say_what_is_left(&session.notes);
        Ok(())
    }

    /// Reads the text as the narrowest thing that it may be, and as any text if there is no such thing.
    fn search(&self, session: &Session) -> Result<List, Fault> {
        let call = self.filtered(session)?;
        let Some(text) = &self.text else {
            return self.list(session, &call);
        };
        if text.parse::<LicenseId>().is_ok() {
            match session.client.document(&api::license(text)) {
                Ok(license) => return Ok(List::of(license)),
                Err(fault) if fault.is_not_found() => {}
                Err(fault) => return Err(fault),
            }
        }
        let field = if text.contains('@') {
            "user.email"
        } else {
            "key"
        };
        let exact = self.list(session, &call.clone().with(field, text))?;
        if !exact.items.is_empty() {
            return Ok(exact);
        }
        self.list(session, &call.with("query", text))
    }

    fn filtered(&self, session: &Session) -> Result<Call, Fault> {
        let product = self.product.as_deref();
        let product = product.map(|text| session.product_id(text)).transpose()?;
        let flag = |set: bool| set.then_some("true");
        let mut call = api::licenses()
            .with_any("productId", product)
            .with_any("revoked", flag(self.revoked))
            .with_any("suspended", flag(self.suspended))
            .with_any("expired", flag(self.expired))
            .with_any("tag", self.tag.as_deref())
            .with_any("sort", self.sort.as_deref());
        for Pair { key, value } in &self.filters {
            call = call.with(key, value);
        }
        Ok(call)
    }

    fn list(&self, session: &Session, call: &Call) -> Result<List, Fault> {
        session.client.list(
            call,
            if self.all {
                usize::MAX
            } else {
                self.limit.get()
            },
        )
    }
}

fn table(session: &Session, found: &List) -> Table {
    let mut table = Table::new(&["KEY", "STATUS", "ENDS", "SEATS", "OWNER"], &[4]);
    for license in &found.items {
        let license = license.fields();
        table.add([
            license.plain("key").into(),
            status(license, session.now),
            ends(license, day).into(),
            seats(license).into(),
            Cell::maybe(owner(license)),
        ]);
    }
    table
}
