//! The commands, a file each: what they take, the calls that they make, and what they print.

mod activation;
mod export;
mod import;
mod license;
mod offline;
mod product;
mod status;
mod token;

use clap::Subcommand;

use crate::args::Access;
use crate::fault::Fault;
use crate::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find, show, create and change licenses
    #[command(subcommand, arg_required_else_help = true, visible_alias = "licenses")]
    License(license::Command),
    /// List, show and create products
    #[command(subcommand, arg_required_else_help = true, visible_alias = "products")]
    Product(product::Command),
    /// List and delete activations: the machines that licenses run on
    #[command(
        subcommand,
        arg_required_else_help = true,
        visible_alias = "activations"
    )]
    Activation(activation::Command),
    /// Activate and deactivate machines that have no connection, by files
    #[command(subcommand, arg_required_else_help = true)]
    Offline(offline::Command),
    /// Create, list and revoke access tokens
    #[command(subcommand, arg_required_else_help = true, visible_alias = "tokens")]
    Token(token::Command),
    /// Import documents from a file of JSON lines
    Import(import::Import),
    /// Export everything as JSON lines
    Export(export::Export),
    /// Say whether the server is well
    Status,
    /// Short for `license find`
    Find(license::Find),
    /// Short for `license show`
    Show(license::Show),
    /// Short for `license revoke`
    Revoke(license::Target),
}

impl Command {
    pub(crate) fn access(&self) -> Access {
        match self {
            Self::Status => Access::Open,
            _ => Access::Token,
        }
    }

    pub(crate) fn run(self, session: &Session) -> Result<(), Fault> {
        match self {
            Self::License(command) => command.run(session),
            Self::Product(command) => command.run(session),
            Self::Activation(command) => command.run(session),
            Self::Offline(command) => command.run(session),
            Self::Token(command) => command.run(session),
            Self::Import(import) => import.run(session),
            Self::Export(export) => export.run(session),
            Self::Status => status::run(session),
            Self::Find(find) => license::Command::Find(find).run(session),
            Self::Show(show) => license::Command::Show(show).run(session),
            Self::Revoke(target) => license::Command::Revoke(target).run(session),
        }
    }
}
