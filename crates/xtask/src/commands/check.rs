//! `cargo xtask check`: everything that CI holds the code to, short of running it; each step runs even after one failed.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::cargo_tools::{self, Tool};
use crate::progress;
use crate::workspace::Workspace;
use crate::{process, setup};

const NATIVE: [&str; 4] = ["clippy", "--workspace", "--all-targets", "--locked"];
const WASM: [&str; 7] = [
    "clippy",
    "--package=licentia-core",
    "--package=licentia-api",
    "--package=licentia-worker",
    "--package=licentia-wasm",
    "--target=wasm32-unknown-unknown",
    "--locked",
];
const DENY_WARNINGS: [&str; 3] = ["--quiet", "--", "--deny=warnings"];

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    {
        let _alone = setup::exclusive(workspace)?;
        setup::for_checking(workspace)?;
    }
    let mut failed = Vec::new();
    for (name, mut command) in steps(workspace)? {
        if let Err(error) = progress::step(name, || process::quietly(&mut command)) {
            eprintln!("  {error:#}");
            failed.push(name);
        }
    }
    if failed.is_empty() {
        println!("check: all is well");
        return Ok(ExitCode::SUCCESS);
    }
    println!("check: failed: {}", failed.join("; "));
    Ok(ExitCode::FAILURE)
}

fn steps(workspace: &Workspace) -> Result<Vec<(&'static str, Command)>> {
    let cargo = |words: &[&str]| {
        let mut command = workspace.cargo();
        command.args(words);
        command
    };
    let mut deny = deny(workspace)?;
    deny.args(["check", "bans", "licenses", "sources"]);
    let mut machete = Command::new(cargo_tools::program(workspace, Tool::Machete)?);
    machete
        .current_dir(workspace.root())
        .arg("--skip-target-dir");
    let mut docs = cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--locked",
        "--quiet",
    ]);
    docs.env("RUSTDOCFLAGS", "--deny=warnings");

    Ok(vec![
        ("format", cargo(&["fmt", "--all", "--check"])),
        ("lints", cargo(&[&NATIVE[..], &DENY_WARNINGS].concat())),
        (
            "lints of what becomes WebAssembly",
            cargo(&[&WASM[..], &DENY_WARNINGS].concat()),
        ),
        ("docs", docs),
        ("bans, licenses and sources of dependencies", deny),
        ("unused dependencies", machete),
    ])
}

/// `cargo xtask advisories`: apart from `check`, since the answer changes from day to day and asks the network.
pub(crate) fn advisories(workspace: &Workspace) -> Result<ExitCode> {
    let mut deny = deny(workspace)?;
    process::aloud(deny.args(["check", "advisories"]))?;
    Ok(ExitCode::SUCCESS)
}

fn deny(workspace: &Workspace) -> Result<Command> {
    let mut command = Command::new(cargo_tools::program(workspace, Tool::Deny)?);
    command
        .current_dir(workspace.root())
        .args(["--workspace", "--all-features", "--locked"]);
    Ok(command)
}
