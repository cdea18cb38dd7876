//! The command line as a whole: what every command takes, and how it becomes a session.

use std::path::PathBuf;
use std::rc::Rc;

use clap::{Args, Parser};

use crate::client::Client;
use crate::clock;
use crate::commands::Command;
use crate::fault::{EXIT_CODES, Fault};
use crate::output::{Notes, Output, Reader};
use crate::secret::Secret;
use crate::session::Session;
use crate::values::Address;

/// The command line of Licentia: licenses, the machines that they run on, and everything around them
#[derive(Debug, Parser)]
#[command(name = "licentia", version, after_help = EXIT_CODES, max_term_width = 100, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Options {
    /// The server, such as `https://licenses.example.com` (else the variable LICENTIA_URL)
    #[arg(long, global = true)]
    url: Option<Address>,
    /// A file that holds the access token; `-` is the standard input (else the variable LICENTIA_TOKEN)
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Print JSON as the API answers it, one document, instead of words
    #[arg(long, global = true)]
    json: bool,
}

/// Whether a command needs an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Open,
    Token,
}

impl Options {
    /// Opens a session with the server.
    pub(crate) fn open(self, access: Access) -> Result<Session, Fault> {
        let token = self.token()?;
        if token.is_none() && access == Access::Token {
            return Err(Fault::NoToken);
        }
        let url = self.address()?;
        let notes = Rc::new(Notes::default());
        if url.is_open() && token.is_some() {
            notes.say("note: the access token goes there unencrypted: use https://");
        }
        let reader = if self.json {
            Reader::Script
        } else {
            Reader::Person
        };
        Ok(Session {
            client: Client::new(url.0, token, draw()?, Rc::clone(&notes)),
            output: Output::new(reader),
            notes,
            now: clock::now(),
        })
    }

    /// Neither this nor the token is read by clap, for which a variable that is set is an argument that was given: it
    /// would not print its help where nothing was typed.
    fn address(&self) -> Result<Address, Fault> {
        if let Some(url) = &self.url {
            return Ok(url.clone());
        }
        let Some(text) = variable("LICENTIA_URL") else {
            return Err(Fault::Usage(
                "no server is named: set `LICENTIA_URL`, or pass `--url https://…`".to_owned(),
            ));
        };
        text.parse()
            .map_err(|wrong| Fault::Usage(format!("`LICENTIA_URL` is wrong: {wrong}")))
    }

    fn token(&self) -> Result<Option<Secret>, Fault> {
        const WHAT: &str = "access token";
        if let Some(file) = &self.token_file {
            return Secret::read(WHAT, file).map(Some);
        }
        let token = variable("LICENTIA_TOKEN");
        token.map(|token| Secret::new(WHAT, &token)).transpose()
    }
}

/// Returns a variable of the environment that is not empty.
fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?;
    Some(value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

/// Draws the name of this run of the command, for `Idempotency-Key`.
fn draw() -> Result<String, Fault> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Fault::Usage(format!("the system gives no random bytes: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
