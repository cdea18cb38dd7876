//! Installs the pinned cargo tools into a per-user cache keyed by version, so that a second clone builds none again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;
use crate::{lockfile, process, progress};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    WasmBindgen,
    WorkerBuild,
    Deny,
    Machete,
}

impl Tool {
    fn package(self) -> &'static str {
        match self {
            Self::WasmBindgen => "wasm-bindgen-cli",
            Self::WorkerBuild => "worker-build",
            Self::Deny => "cargo-deny",
            Self::Machete => "cargo-machete",
        }
    }

    fn binary(self) -> &'static str {
        match self {
            Self::WasmBindgen => "wasm-bindgen",
            other => other.package(),
        }
    }

    /// The CLI of wasm-bindgen must be of the crate's own version; worker-build is released together with `worker`.
    fn version(self, workspace: &Workspace) -> Result<String> {
        match self {
            Self::WasmBindgen => lockfile::version(workspace, "wasm-bindgen"),
            Self::WorkerBuild => lockfile::version(workspace, "worker"),
            Self::Deny => Ok("0.20.2".to_owned()),
            Self::Machete => Ok("0.9.2".to_owned()),
        }
    }
}

/// Returns the path of a tool's program, installing the tool if this user has it not yet.
pub(crate) fn program(workspace: &Workspace, tool: Tool) -> Result<PathBuf> {
    let version = tool.version(workspace)?;
    let cache = cache()?;
    let home = cache.join(format!("{}-{version}", tool.package()));
    let program =
        home.join("bin")
            .join(format!("{}{}", tool.binary(), std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        install(&cache, tool, &version, &home)?;
    }
    ensure!(
        program.is_file(),
        "`{}` has no program `{}`: remove that directory and try again",
        home.display(),
        tool.binary()
    );
    Ok(program)
}

/// Asks the tool for its version: a cache that somebody filled by hand may hold another.
pub(crate) fn checked_program(workspace: &Workspace, tool: Tool) -> Result<PathBuf> {
    let program = program(workspace, tool)?;
    let wanted = tool.version(workspace)?;
    let said = process::output(Command::new(&program).arg("--version"))?;
    ensure!(
        said.split_whitespace().any(|word| word == wanted),
        "`{}` says `{}` but Cargo.lock wants {wanted}: remove its directory and try again",
        program.display(),
        said.trim()
    );
    Ok(program)
}

fn install(cache: &Path, tool: Tool, version: &str, home: &Path) -> Result<()> {
    let _lock = lock(cache)?;
    if home.is_dir() {
        return Ok(()); // Another run installed it while this one waited.
    }

    let package = tool.package();
    let building = cache.join(format!(".building-{package}-{version}"));
    let _ = fs::remove_dir_all(&building);
    let name = format!("installing {package} {version} (a minute or two, once per user)");
    progress::step(&name, || {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .current_dir(cache) // so that no configuration of a workspace counts
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env_remove("RUSTFLAGS")
            .args(["install", "--quiet", "--debug", "--no-track"])
            .args(["--version", &format!("={version}"), "--root"])
            .arg(&building)
            .arg("--target-dir")
            .arg(cache.join(".target"))
            .arg(package);
        process::aloud(&mut command)
    })?;
    // The rename makes it whole at once: a run that was broken off leaves nothing that looks installed.
    fs::rename(&building, home).with_context(|| format!("cannot make `{}`", home.display()))
}

/// Removes what building the tools left, once all that a command needs are there.
pub(crate) fn tidy() -> Result<()> {
    let cache = cache()?;
    let target = cache.join(".target");
    if target.is_dir() {
        let _lock = lock(&cache)?;
        fs::remove_dir_all(&target)?;
    }
    Ok(())
}

pub(crate) fn lock(cache: &Path) -> Result<File> {
    fs::create_dir_all(cache).with_context(|| format!("cannot make `{}`", cache.display()))?;
    crate::setup::locked(&cache.join(".lock"), "the cache of tools")
}

/// `LICENTIA_CACHE`, else `licentia` in the user's cache directory.
pub(crate) fn cache() -> Result<PathBuf> {
    let user = || -> Option<PathBuf> {
        if let Some(cache) = std::env::var_os("XDG_CACHE_HOME") {
            return Some(cache.into());
        }
        if let Some(cache) = std::env::var_os("LOCALAPPDATA") {
            return Some(cache.into());
        }
        Some(std::env::home_dir()?.join(".cache"))
    };
    let base = match std::env::var_os("LICENTIA_CACHE") {
        Some(cache) => cache.into(),
        None => user()
            .context("no home directory: set LICENTIA_CACHE to a directory for the tools")?
            .join("licentia"),
    };
    Ok(base.join("tools"))
}
