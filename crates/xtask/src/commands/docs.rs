//! `cargo xtask docs`: the pages that are made from code, so that they cannot fall behind it.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::process;
use crate::workspace::Workspace;

/// Each page, and the words after `cargo run` for the program that prints it.
const PAGES: [(&str, &[&str]); 2] = [
    (
        "docs/errors.md",
        &["--package=licentia-core", "--example=errors"],
    ),
    ("docs/openapi.json", &["--package=licentia-contract"]),
];

pub(crate) fn write(workspace: &Workspace) -> Result<ExitCode> {
    for (page, program) in PAGES {
        let path = workspace.path(page);
        fs::create_dir_all(workspace.path("docs"))?;
        fs::write(&path, printed(workspace, program)?)
            .with_context(|| format!("cannot write `{page}`"))?;
        println!("{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn compare(workspace: &Workspace) -> Result<()> {
    for (page, program) in PAGES {
        let written = fs::read_to_string(workspace.path(page)).unwrap_or_default();
        ensure!(
            written == printed(workspace, program)?,
            "`{page}` is not what the code says: run `cargo xtask docs` and commit it"
        );
    }
    Ok(())
}

fn printed(workspace: &Workspace, program: &[&str]) -> Result<String> {
    let mut cargo = workspace.cargo();
    process::output(cargo.args(["run", "--quiet", "--locked"]).args(program))
}
