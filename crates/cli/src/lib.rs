//! The command line of Licentia: every command is a few calls of the public API, and nothing that the API cannot do.
//!
//! A library beneath the program, so that `docs/cli.md` can be made from the same description of the commands.

mod api;
mod args;
mod client;
mod clock;
mod commands;
mod document;
mod fault;
mod output;
mod secret;
mod session;
mod values;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::Cli;
use fault::Fault;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) if fault.is_broken_pipe() => ExitCode::SUCCESS,
        Err(fault) => {
            let label = output::styled(output::ERROR, "error:");
            let details = fault.details();
            anstream::eprintln!("{label} {}", output::clean(&format!("{fault}{details}")));
            fault.exit()
        }
    }
}

fn run(cli: Cli) -> Result<(), Fault> {
    let session = cli.options.open(cli.command.access())?;
    let done = cli.command.run(&session);
    session.notes.done();
    done
}

/// Returns the description of the commands, from which their help is made.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}
