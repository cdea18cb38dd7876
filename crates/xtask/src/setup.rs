//! Decides what a command needs on this machine, and installs it: nothing is done twice, and nothing is done silently.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo_tools::{self, Tool};
use crate::workspace::Workspace;
use crate::{node, process, progress};

/// What `build`, `dev` and `test` need.
pub(crate) fn for_building(workspace: &Workspace) -> Result<()> {
    wasm_target()?;
    node::install(workspace)?;
    cargo_tools::checked_program(workspace, Tool::WasmBindgen)?;
    cargo_tools::checked_program(workspace, Tool::WorkerBuild)?;
    cargo_tools::tidy()
}

/// What `check` needs.
pub(crate) fn for_checking(workspace: &Workspace) -> Result<()> {
    wasm_target()?;
    node::install(workspace)?;
    cargo_tools::checked_program(workspace, Tool::WasmBindgen)?;
    cargo_tools::program(workspace, Tool::Deny)?;
    cargo_tools::program(workspace, Tool::Machete)?;
    cargo_tools::tidy()
}

/// Keeps two runs in one clone from installing or building over one another; held until it is dropped.
pub(crate) fn exclusive(workspace: &Workspace) -> Result<File> {
    let directory = workspace.path("build");
    fs::create_dir_all(&directory)?;
    locked(&directory.join(".lock"), "build/")
}

pub(crate) fn locked(path: &Path, what: &str) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot write `{}`", path.display()))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => {
            eprintln!("· waiting for another xtask, which works on {what}");
        }
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    file.lock()?;
    Ok(file)
}

const WASM: &str = "wasm32-unknown-unknown";

fn wasm_target() -> Result<()> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let libraries =
        process::output(Command::new(rustc).args(["--print", "target-libdir", "--target", WASM]))?;
    if Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    if process::output(Command::new("rustup").arg("--version")).is_err() {
        bail!(
            "this Rust cannot build for {WASM}, and there is no rustup to add it: install the target's std"
        );
    }
    progress::step("adding the wasm32 target (seconds)", || {
        process::quietly(Command::new("rustup").args(["target", "add", WASM]))
    })
}

/// The compiler, as an input of what it builds.
pub(crate) fn rustc_version() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    process::output(Command::new(rustc).arg("-vV"))
}
