//! `license show`: a license with its machines and its history.

use clap::Args;
use licentia_core::{Seconds, Standing, Status, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use super::history;
use crate::api::{self, Call};
use crate::client::List;
use crate::commands::activation;
use crate::document::{Document, Fields};
use crate::fault::Fault;
use crate::output::{Cell, HEADING, Table, Tone, clean, moment_and_distance, span, styled};
use crate::session::{Session, id_of};

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The license's id or key
    license: String,
    /// How many entries of its history, the newest first
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    history: usize,
}

/// What a script reads: the API's documents as they came; null is what could not be read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    license: &'a RawValue,
    activations: Option<Vec<&'a RawValue>>,
    event_logs: Option<Vec<&'a RawValue>>,
    activation_logs: Option<Vec<&'a RawValue>>,
}

/// More machines than anybody reads about; `activation list` shows them all.
const MACHINES: usize = 100;

impl Show {
    pub(super) fn run(&self, session: &Session) -> Result<(), Fault> {
        let license = session.license(&self.license)?;
        let id = id_of(&license)?;
        let activations = session.client.list(&api::activations_of(&id), MACHINES);
        let machines = allowed(session, "its machines", activations)?;
        let changes = self.history(session, "its changes", &api::event_logs_of(&id))?;
        let visits = self.history(session, "its activations", &api::activation_logs_of(&id))?;
        if session.output.is_for_a_script() {
            return session.output.json(&Whole {
                license: license.raw(),
                activations: raws(machines.as_ref()),
                event_logs: raws(changes.as_ref()),
                activation_logs: raws(visits.as_ref()),
            });
        }
        let mut text = summary(session, license.fields());
        if let Some(machines) = &machines {
            text.push_str(&activation::section(session, machines));
        }
        let logs = [changes, visits].map(|list| list.unwrap_or_default().items);
        text.push_str(&history::section(&logs, self.history));
        session.output.line(&text)
    }

    fn history(&self, session: &Session, what: &str, call: &Call) -> Result<Option<List>, Fault> {
        if self.history == 0 {
            return Ok(None);
        }
        allowed(session, what, session.client.list(call, self.history))
    }
}

/// Goes on without what the token may not read or an older server does not have, and says so.
fn allowed(
    session: &Session,
    what: &str,
    list: Result<List, Fault>,
) -> Result<Option<List>, Fault> {
    match list {
        Ok(list) => Ok(Some(list)),
        Err(Fault::Refused(refusal)) if refusal.is_about_the_call() => {
            session
                .notes
                .say(&format!("note: {what} cannot be shown: {refusal}"));
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}

fn raws(list: Option<&List>) -> Option<Vec<&RawValue>> {
    list.map(|list| list.items.iter().map(Document::raw).collect())
}

/// Words a license as a record.
pub(super) fn summary(session: &Session, license: Fields<'_>) -> String {
    let heading = styled(
        HEADING,
        &format!("License {}", clean(&license.plain("key"))),
    );
    let mut rows = vec![
        ("id", license.plain("id").into()),
        ("status", status(license, session.now)),
        (
            "ends",
            ends(license, |end| moment_and_distance(end, session.now)).into(),
        ),
        ("seats", seats(license).into()),
    ];
    let mut row = |name, text: Option<String>| {
        if let Some(text) = text {
            rows.push((name, Cell::from(text)));
        }
    };
    row("owner", owner(license));
    row(
        "product",
        license.text("productId").map(|id| session.product_name(id)),
    );
    row("type", license.text("type").map(str::to_owned));
    row("syncs", syncs(license));
    let date = |name| license.date(name);
    row(
        "created",
        date("createdAt").map(|at| moment_and_distance(at, session.now)),
    );
    row(
        "activated",
        date("activatedAt").map(|at| moment_and_distance(at, session.now)),
    );
    row(
        "effective",
        date("effectiveAt").map(|at| moment_and_distance(at, session.now)),
    );
    row("pending", license.object("pendingExtension").map(pending));
    row("tags", joined(license.texts("tags").map(str::to_owned)));
    row("metadata", joined(license.objects("metadata").map(entry)));
    row(
        "meters",
        joined(license.objects("meterAttributes").map(meter)),
    );
    row("notes", license.text("notes").map(str::to_owned));
    format!("{heading}\n{}", Table::record(rows))
}

/// Words a license's status, by the rule that clients and server go by.
pub(super) fn status(license: Fields<'_>, now: Timestamp) -> Cell {
    let standing = Standing {
        revoked: license.flag("revoked"),
        suspended: license.flag("suspended"),
        expires_at: license.date("expiresAt"),
    };
    match standing.status(now) {
        Status::Active => Cell::new("active", Tone::Good),
        Status::Suspended => Cell::new("suspended", Tone::Warning),
        Status::Expired => Cell::new("expired", Tone::Warning),
        Status::Revoked => Cell::new("revoked", Tone::Bad),
    }
}

/// Words when a license ends: its date as `dated` writes it, or what is known before there is one.
pub(super) fn ends(license: Fields<'_>, dated: impl FnOnce(Timestamp) -> String) -> String {
    let interval = license.text("subscriptionInterval").map(str::to_owned);
    let validity = license
        .seconds("validity")
        .filter(|validity| validity.0 > 0);
    let term = interval.or_else(|| validity.map(span));
    match (license.date("expiresAt"), term) {
        (Some(end), _) => dated(end),
        (None, None) => "never".to_owned(),
        (None, Some(term)) if license.text("expirationStrategy") == Some("rolling") => {
            format!("{term} after each activation")
        }
        (None, Some(term)) => format!("{term} after activation"),
    }
}

/// Words how many seats are taken.
pub(super) fn seats(license: Fields<'_>) -> String {
    let taken = license.number("totalActivations").unwrap_or(0);
    match license.number("allowedActivations") {
        Some(allowed) if allowed > 0 => format!("{taken} of {allowed}"),
        _ => format!("{taken}, no limit"),
    }
}

/// Words whose license it is.
pub(super) fn owner(license: Fields<'_>) -> Option<String> {
    let user = license.object("user")?;
    user.text("email")
        .or_else(|| user.text("name"))
        .map(str::to_owned)
}

fn syncs(license: Fields<'_>) -> Option<String> {
    let interval = license.seconds("serverSyncInterval")?;
    if interval == Seconds(0) {
        return Some("never".to_owned());
    }
    let grace = match license.seconds("serverSyncGracePeriod") {
        Some(grace) if grace.0 > 0 => format!("runs without for {}", span(grace)),
        _ => "runs without for ever".to_owned(),
    };
    Some(format!("every {}, {grace}", span(interval)))
}

/// Words what was added to a term that has yet to begin.
fn pending(extension: Fields<'_>) -> String {
    let renewals = extension.number("renewals").filter(|count| *count > 0);
    let longer = extension
        .seconds("extensionLength")
        .filter(|length| length.0 != 0);
    let renewals = renewals.map(|count| format!("renewals: {count}"));
    let longer = longer.map(|length| format!("longer by {}", span(length)));
    let parts: Vec<String> = renewals.into_iter().chain(longer).collect();
    format!("{}, from its first activation", parts.join(", "))
}

fn joined(parts: impl Iterator<Item = String>) -> Option<String> {
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

fn entry(entry: Fields<'_>) -> String {
    format!("{} = {}", entry.plain("key"), entry.plain("value"))
}

fn meter(meter: Fields<'_>) -> String {
    let used = meter.number("totalUses").unwrap_or(0);
    let allowed = match meter.number("allowedUses") {
        Some(allowed) if allowed >= 0 => format!("of {allowed}"),
        _ => "without limit".to_owned(),
    };
    format!("{}: {used} {allowed}", meter.plain("name"))
}
