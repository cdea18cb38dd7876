//! `cargo xtask docs`: the pages that are made from code, so that they cannot fall behind it.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::process;
use crate::workspace::Workspace;

/// A page, and the example that prints it.
struct Page {
    path: &'static str,
    package: &'static str,
    example: &'static str,
}

const PAGES: [Page; 3] = [
    Page {
        path: "docs/errors.md",
        package: "licentia-core",
        example: "errors",
    },
    Page {
        path: "docs/cli.md",
        package: "licentia-cli",
        example: "help",
    },
    Page {
        path: "docs/openapi.json",
        package: "licentia-contract",
        example: "openapi",
    },
];

pub(crate) fn write(workspace: &Workspace) -> Result<ExitCode> {
    for page in &PAGES {
        let path = workspace.path(page.path);
        fs::create_dir_all(workspace.path("docs"))?;
        fs::write(&path, printed(workspace, page)?)
            .with_context(|| format!("cannot write `{}`", page.path))?;
        println!("{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn compare(workspace: &Workspace) -> Result<()> {
    for page in &PAGES {
        let written = fs::read_to_string(workspace.path(page.path)).unwrap_or_default();
        ensure!(
            written == printed(workspace, page)?,
            "`{}` is not what the code says: run `cargo xtask docs` and commit it",
            page.path
        );
    }
    Ok(())
}

fn printed(workspace: &Workspace, page: &Page) -> Result<String> {
    process::output(workspace.cargo().args([
        "run",
        "--quiet",
        "--locked",
        "--package",
        page.package,
        "--example",
        page.example,
    ]))
}
