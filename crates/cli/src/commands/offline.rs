//! `licentia offline`: machines without a connection, whose files somebody hands in.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::api;
use crate::document::Draft;
use crate::fault::Fault;
use crate::session::Session;
use crate::values::Duration;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Activate a machine from the request that it wrote
    Activate(Activate),
    /// Free the seat of a machine by the proof that it wrote
    Deactivate(Deactivate),
}

#[derive(Debug, Args)]
pub(crate) struct Activate {
    /// The license: its id or key
    license: String,
    /// The file that the machine wrote
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// The file to write for the machine (default: the standard output)
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// For how long the machine may use it: 12h, 30d (default: 7d)
    #[arg(long, value_name = "DURATION")]
    validity: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct Deactivate {
    /// The license: its id or key
    license: String,
    /// The file that the machine wrote
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
}

impl Command {
    pub(crate) fn run(self, session: &Session) -> Result<(), Fault> {
        match self {
            Self::Activate(activate) => activate.run(session),
            Self::Deactivate(deactivate) => deactivate.run(session),
        }
    }
}

impl Activate {
    fn run(self, session: &Session) -> Result<(), Fault> {
        let mut draft = draft(session, &self.license, &self.request)?;
        let validity = self.validity.map(|validity| validity.0.0);
        draft.set("responseValidity", validity);
        let answer = session.client.document(&api::activate_offline(draft))?;
        let response = answer.fields().plain("offlineResponse");
        let Some(out) = &self.out else {
            return session.output.document(&answer, |_| response);
        };
        fs::write(out, format!("{response}\n")).map_err(failed("write", out))?;
        session.output.document(&answer, |_| {
            format!("Wrote {}: the machine reads it", out.display())
        })
    }
}

impl Deactivate {
    fn run(self, session: &Session) -> Result<(), Fault> {
        let draft = draft(session, &self.license, &self.request)?;
        session.client.send(&api::deactivate_offline(draft))?;
        if session.output.is_for_a_script() {
            return Ok(());
        }
        session.output.line("The machine holds no seat")
    }
}

fn draft(session: &Session, license: &str, request: &Path) -> Result<Draft, Fault> {
    let text = fs::read_to_string(request).map_err(failed("read", request))?;
    let mut draft = Draft::default();
    draft.set("licenseId", Some(session.license_id(license)?));
    draft.set("offlineRequest", Some(text));
    Ok(draft)
}

fn failed(verb: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Fault {
    let path = path.to_owned();
    move |source| Fault::File { verb, path, source }
}
