//! `cargo xtask docs`: the pages that are made from code, so that they cannot fall behind it.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::process;
use crate::workspace::Workspace;

/// Each page, and the example of licentia-core that prints it.
const PAGES: [(&str, &str); 1] = [("docs/errors.md", "errors")];

pub(crate) fn write(workspace: &Workspace) -> Result<ExitCode> {
    for (page, example) in PAGES {
        let path = workspace.path(page);
        fs::create_dir_all(workspace.path("docs"))?;
        fs::write(&path, printed(workspace, example)?)
            .with_context(|| format!("cannot write `{page}`"))?;
        println!("{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn compare(workspace: &Workspace) -> Result<()> {
    for (page, example) in PAGES {
        let written = fs::read_to_string(workspace.path(page)).unwrap_or_default();
        ensure!(
            written == printed(workspace, example)?,
            "`{page}` is not what the code says: run `cargo xtask docs` and commit it"
        );
    }
    Ok(())
}

fn printed(workspace: &Workspace, example: &str) -> Result<String> {
    process::output(workspace.cargo().args([
        "run",
        "--quiet",
        "--locked",
        "--package=licentia-core",
        "--example",
        example,
    ]))
}
