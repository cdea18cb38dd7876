//! `cargo xtask vectors`: writes the decision vectors anew, signed by another implementation and decided without core.
//!
//! The tests compare the file with what this would write, so a changed rule shows as a changed line in a review.

use std::process::ExitCode;

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    process::aloud(workspace.cargo().args([
        "run",
        "--quiet",
        "--locked",
        "--package=licentia-tests",
        "--bin=vectors",
    ]))?;
    Ok(ExitCode::SUCCESS)
}
