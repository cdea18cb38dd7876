//! `licentia license`: the licenses.

mod change;
mod create;
mod find;
mod history;
mod show;

use clap::Subcommand;

pub(crate) use change::Target;
pub(crate) use find::Find;
pub(crate) use show::Show;

use crate::fault::Fault;
use crate::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find licenses by id, key, owner's e-mail address or any text
    #[command(visible_alias = "list")]
    Find(Find),
    /// Show a license with its machines and its history
    Show(Show),
    /// Create a license
    Create(create::Create),
    /// Change fields of a license
    Update(create::Update),
    /// Revoke a license: every running copy refuses, at once if it is connected, and stays so until it activates anew
    Revoke(Target),
    /// Take a revocation back: machines may activate again
    Approve(Target),
    /// Suspend a license: every running copy refuses until it is resumed
    Suspend(Target),
    /// Resume a suspended license: running copies heal, within seconds if they are connected
    Resume(Target),
    /// Renew a license by its own interval
    Renew(Target),
    /// Extend a license by a duration, or to a date
    Extend(change::Extend),
    /// Delete a license with its activations; its key is never given again
    Delete(change::Delete),
}

impl Command {
    pub(crate) fn run(self, session: &Session) -> Result<(), Fault> {
        match self {
            Self::Find(find) => find.run(session),
            Self::Show(show) => show.run(session),
            Self::Create(create) => create.run(session),
            Self::Update(update) => update.run(session),
            Self::Revoke(target) => target.set(session, "revoked", true),
            Self::Approve(target) => target.set(session, "revoked", false),
            Self::Suspend(target) => target.set(session, "suspended", true),
            Self::Resume(target) => target.set(session, "suspended", false),
            Self::Renew(target) => target.renew(session),
            Self::Extend(extend) => extend.run(session),
            Self::Delete(delete) => delete.run(session),
        }
    }
}
