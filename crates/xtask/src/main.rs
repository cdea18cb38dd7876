//! `cargo xtask`: decides which developer command runs, and says what the commands are.
//!
//! Everything is a Rust function over other people's tools: no shell script stands between, so it reads the same on
//! every system, and a failed step says which program failed and what it printed.

mod args;
mod workspace;

mod clock;
mod lockfile;
mod process;
mod progress;

mod cargo_tools;
mod chromium;
mod debian;
mod fuzz;
mod inputs;
mod node;
mod schemathesis;
mod setup;

mod notices;
mod npm_package;
mod pages;
mod worker_bundle;

mod secrets;
mod server;
mod tally;

mod commands;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{Command, Request};
use crate::workspace::Workspace;

fn main() -> ExitCode {
    match args::parse(std::env::args_os().skip(1)).and_then(run) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(request: Request) -> Result<ExitCode> {
    let command = match request {
        Request::Help => {
            println!("{}", args::HELP.trim());
            return Ok(ExitCode::SUCCESS);
        }
        Request::Run(command) => command,
    };

    let workspace = Workspace::find()?;
    match command {
        Command::Dev(options) => commands::dev::run(&workspace, &options),
        Command::Test(options) => commands::test::run(&workspace, &options),
        Command::Build(options) => commands::build::run(&workspace, &options),
        Command::Pack => commands::pack::run(&workspace),
        Command::Deploy(options) => commands::deploy::run(&workspace, &options),
        Command::Bench(options) => commands::bench::run(&workspace, &options),
        Command::Vectors => commands::vectors::run(&workspace),
        Command::Docs => commands::docs::write(&workspace),
        Command::Check => commands::check::run(&workspace),
        Command::Advisories => commands::check::advisories(&workspace),
    }
}
