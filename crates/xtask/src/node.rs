//! Installs the npm packages, and runs the pinned Node among them: wrangler wants a newer Node than many machines have.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::inputs::{Inputs, Stamp};
use crate::workspace::Workspace;
use crate::{process, progress};

/// Runs `npm ci` unless node_modules is that of the lock file.
pub(crate) fn install(workspace: &Workspace) -> Result<()> {
    let stamp = Stamp::at(workspace.path("node_modules/.licentia-stamp"));
    let digest = Inputs::default()
        .path(&workspace.path("package.json"))?
        .path(&workspace.path("package-lock.json"))?
        .digest();
    if stamp.says(&digest) {
        return Ok(());
    }
    progress::step(
        "installing the npm packages into node_modules (half a minute)",
        || {
            let mut command = npm(workspace)?;
            command.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
            process::quietly(&mut command)
        },
    )?;
    node(workspace)?;
    stamp.set(&digest)
}

/// The machine's npm, to install; it need not be new.
fn npm(workspace: &Workspace) -> Result<Command> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = Command::new(program);
    command.current_dir(workspace.root());
    if process::output(Command::new(program).arg("--version")).is_err() {
        bail!("`npm` was not found: install Node 20 or newer, which brings it");
    }
    Ok(command)
}

/// Returns the path of the pinned Node.
pub(crate) fn node(workspace: &Workspace) -> Result<PathBuf> {
    let name = format!("node{}", std::env::consts::EXE_SUFFIX);
    let program = workspace.path("node_modules/node/bin").join(name);
    process::output(Command::new(&program).arg("--version")).with_context(|| {
        "node_modules has no working Node: its install script did not run; \
         try `npm ci --ignore-scripts=false`"
    })?;
    Ok(program)
}

/// A script of this repository or of node_modules, run at the root by the pinned Node.
pub(crate) fn script(workspace: &Workspace, script: impl AsRef<Path>) -> Result<Command> {
    let mut command = Command::new(node(workspace)?);
    command
        .current_dir(workspace.root())
        .env("PATH", path(workspace)?)
        .arg(workspace.path(script));
    Ok(command)
}

/// The search path with the pinned Node and the programs of node_modules before all others.
pub(crate) fn path(workspace: &Workspace) -> Result<OsString> {
    let first = [
        workspace.path("node_modules/node/bin"),
        workspace.path("node_modules/.bin"),
    ];
    let rest = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(
        first.into_iter().chain(std::env::split_paths(&rest)),
    )?)
}
