//! `cargo xtask check`: everything that CI holds the code to, short of running it; each step runs even after one failed.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::cargo_tools::{self, Tool};
use crate::commands::docs;
use crate::workspace::Workspace;
use crate::{node, npm_package, process, progress, setup};

const NATIVE: [&str; 4] = ["clippy", "--workspace", "--all-targets", "--locked"];
const WASM: [&str; 8] = [
    "clippy",
    "--package=licentia-core",
    "--package=licentia-api",
    "--package=licentia-worker",
    "--package=licentia-wasm",
    "--package=licentia-check",
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
    let mut step = |name: &'static str, work: &mut dyn FnMut() -> Result<()>| {
        if let Err(error) = progress::step(name, work) {
            eprintln!("  {error:#}");
            failed.push(name);
        }
    };
    for (name, mut command) in of_rust(workspace)? {
        step(name, &mut || process::quietly(&mut command));
    }
    step("pages made from code", &mut || docs::compare(workspace));
    step("types, form and size of the npm package", &mut || {
        package(workspace)
    });
    if failed.is_empty() {
        println!("check: all is well");
        return Ok(ExitCode::SUCCESS);
    }
    println!("check: failed: {}", failed.join("; "));
    Ok(ExitCode::FAILURE)
}

fn of_rust(workspace: &Workspace) -> Result<Vec<(&'static str, Command)>> {
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

/// Checks the package as its users will meet it: its TypeScript, what package.json promises of dist/, and its size.
fn package(workspace: &Workspace) -> Result<()> {
    {
        let _alone = setup::exclusive(workspace)?;
        npm_package::build(workspace)?;
    }
    let directory = workspace.path("crates/wasm/js");
    let mut types = node::script(workspace, "node_modules/typescript/bin/tsc")?;
    process::quietly(types.args(["--noEmit", "--project"]).arg(&directory))?;
    let mut form = node::script(workspace, "node_modules/publint/src/cli.js")?;
    process::quietly(form.arg("--strict").arg(&directory))?;
    process::quietly(&mut node::script(workspace, "tests/bench/sizes.mjs")?)
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
