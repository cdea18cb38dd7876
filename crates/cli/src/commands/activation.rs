//! `licentia activation`: the machines that licenses run on.

use std::num::NonZeroUsize;

use clap::{Args, Subcommand};

use crate::api;
use crate::client::List;
use crate::document::Fields;
use crate::fault::Fault;
use crate::output::{Cell, HEADING, Table, clean, distance, styled};
use crate::session::{Consent, Session};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List activations
    List(Activations),
    /// Delete an activation, which frees its seat; it is not counted as a deactivation
    Delete(Delete),
}

#[derive(Debug, Args)]
pub(crate) struct Activations {
    /// Of this license: its id or key
    #[arg(long, short)]
    license: Option<String>,
    /// How many at most
    #[arg(long, short = 'n', value_name = "NUMBER", default_value = "20")]
    limit: NonZeroUsize,
    /// Every one, however many there are
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The activation's id
    id: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl Command {
    pub(crate) fn run(self, session: &Session) -> Result<(), Fault> {
        match self {
            Self::List(activations) => activations.run(session),
            Self::Delete(delete) => delete.run(session),
        }
    }
}

impl Activations {
    fn run(&self, session: &Session) -> Result<(), Fault> {
        let call = match &self.license {
            Some(license) => api::activations_of(&session.license_id(license)?),
            None => api::activations(),
        };
        let limit = if self.all {
            usize::MAX
        } else {
            self.limit.get()
        };
        let list = session.client.list(&call, limit)?;
        if session.output.is_for_a_script() {
            return session.output.array(&list.items);
        }
        if list.items.is_empty() {
            session.notes.say("No machine is activated.");
            return Ok(());
        }
        session
            .output
            .line(&table(session, &list, "").to_string())?;
        list.say_what_is_left(&session.notes);
        Ok(())
    }
}

impl Delete {
    fn run(&self, session: &Session) -> Result<(), Fault> {
        let activation = session.client.document(&api::activation(&self.id))?;
        let hostname = activation.fields().plain("hostname");
        let question = format!("Delete the activation of the machine {hostname}?");
        session.confirm(Consent::from_flag(self.yes), &question)?;
        session.client.send(&api::delete_activation(&self.id))?;
        if session.output.is_for_a_script() {
            return Ok(());
        }
        let done = format!("Deleted the activation of {}", clean(&hostname));
        session.output.line(&done)
    }
}

/// Words machines as a section of `license show`.
pub(super) fn section(session: &Session, list: &List) -> String {
    if list.items.is_empty() {
        return String::new();
    }
    let table = table(session, list, "  ");
    format!("\n\n{}\n{table}", styled(HEADING, "Machines"))
}

fn table(session: &Session, list: &List, indent: &str) -> Table {
    let first = format!("{indent}ID");
    let heads = [
        first.as_str(),
        "HOST",
        "SYSTEM",
        "APP",
        "ADDRESS",
        "LAST SYNC",
    ];
    let mut table = Table::new(&heads, &[1, 2, 3]);
    for activation in &list.items {
        let activation = activation.fields();
        let synced = activation.date("lastSyncedAt");
        let address = activation.object("location");
        table.add([
            format!("{indent}{}", activation.plain("id")).into(),
            Cell::maybe(activation.text("hostname")),
            system(activation).into(),
            Cell::maybe(activation.text("appVersion")),
            Cell::maybe(address.and_then(|location| location.text("ipAddress"))),
            Cell::maybe(synced.map(|at| distance(at, session.now))),
        ]);
    }
    table
}

fn system(activation: Fields<'_>) -> String {
    let mut system = activation.plain("os");
    for part in ["osVersion", "vmName"] {
        if let Some(text) = activation.text(part) {
            system.push(' ');
            system.push_str(text);
        }
    }
    if activation.flag("container") {
        system.push_str(" container");
    }
    system
}
