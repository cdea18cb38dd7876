//! What changes a license that exists: its status, its end, its deletion.

use clap::Args;

use super::show::summary;
use crate::api::{self, Call};
use crate::document::{Document, Draft};
use crate::fault::Fault;
use crate::output::clean;
use crate::session::{Consent, Session, id_of};
use crate::values::{Duration, When};

/// A license.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The license's id or key
    license: String,
}

#[derive(Debug, Args)]
pub(crate) struct Extend {
    #[command(flatten)]
    target: Target,
    /// How much longer, counted from the present end: 30d, 12h, 2w
    #[arg(
        long,
        value_name = "DURATION",
        required_unless_present = "until",
        conflicts_with = "until"
    )]
    by: Option<Duration>,
    /// The new end: a date, or a duration from now
    #[arg(long, value_name = "DATE")]
    until: Option<When>,
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    target: Target,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl Target {
    pub(super) fn id(&self, session: &Session) -> Result<String, Fault> {
        session.license_id(&self.license)
    }

    /// Sets a flag of the license, and shows the license as it is then.
    pub(super) fn set(&self, session: &Session, flag: &str, value: bool) -> Result<(), Fault> {
        let mut draft = Draft::default();
        draft.set(flag, Some(value));
        let id = self.id(session)?;
        changed(session, &api::update_license(&id, draft))
    }

    pub(super) fn renew(&self, session: &Session) -> Result<(), Fault> {
        let id = self.id(session)?;
        changed(session, &api::renew_license(&id))
    }
}

impl Extend {
    pub(super) fn run(&self, session: &Session) -> Result<(), Fault> {
        let id = self.target.id(session)?;
        let call = match (self.by, self.until) {
            (Some(Duration(seconds)), _) => api::extend_license(&id, seconds.0),
            (None, Some(until)) => api::set_expiry(&id, &until.from(session.now).to_string()),
            (None, None) => return Err(Fault::Usage("pass `--by` or `--until`".to_owned())),
        };
        changed(session, &call)
    }
}

impl Delete {
    pub(super) fn run(&self, session: &Session) -> Result<(), Fault> {
        let license = session.license(&self.target.license)?;
        let fields = license.fields();
        let key = fields.plain("key");
        let machines = match fields.number("totalActivations").unwrap_or(0) {
            0 => String::new(),
            1 => " and the machine that it is activated on".to_owned(),
            many => format!(" and the {many} machines that it is activated on"),
        };
        let question = format!("Delete the license {key}{machines}, for good?");
        session.confirm(Consent::from_flag(self.yes), &question)?;
        session
            .client
            .send(&api::delete_license(&id_of(&license)?))?;
        if !session.output.is_for_a_script() {
            session.output.line(&format!("Deleted {}", clean(&key)))?;
        }
        Ok(())
    }
}

/// Sends a change and shows the license that it is answered with.
pub(super) fn changed(session: &Session, call: &Call) -> Result<(), Fault> {
    let answer = session.client.send(call)?;
    let license = Document::read(&answer.body)?;
    session
        .output
        .document(&license, |license| summary(session, license.fields()))?;
    if answer.header("Licentia-Published") == Some("pending") {
        session
            .notes
            .say("It is saved; its publication to license checks follows within seconds.");
    }
    Ok(())
}
