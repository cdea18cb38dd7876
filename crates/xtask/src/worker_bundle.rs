//! Builds the Worker's bundle: crates/worker through worker-build, with our guard in front of it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::cargo_tools::{self, Tool};
use crate::inputs::{Inputs, Stamp};
use crate::workspace::Workspace;
use crate::{node, process, progress};

/// Two bundles of one source. Only tests ever serve the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    Shipped,
    /// Panics and stalls where a test asks it to: the crate's feature `faults`.
    Faults,
}

impl Variant {
    fn directory(self) -> &'static str {
        match self {
            Self::Shipped => "worker",
            Self::Faults => "worker-faults",
        }
    }

    fn features(self) -> &'static [&'static str] {
        match self {
            Self::Shipped => &[],
            Self::Faults => &["--features", "faults"],
        }
    }
}

/// What the bundle is made of; all of it is read for the stamp.
const SOURCES: [&str; 8] = [
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
    "crates/core",
    "crates/api",
    "crates/worker",
    "package-lock.json",
    "crates/xtask/src/worker_bundle.rs",
];

/// Builds one bundle into `build/worker` or `build/worker-faults`, unless it is there and of these sources.
pub(crate) fn build(workspace: &Workspace, variant: Variant) -> Result<PathBuf> {
    let directory = workspace.path("build").join(variant.directory());
    let stamp = Stamp::at(directory.join(".stamp"));
    let digest = digest(workspace, variant)?;
    if stamp.says(&digest) {
        return Ok(directory);
    }

    let name = format!("building the Worker into build/{}", variant.directory());
    progress::step(&name, || {
        let _ = fs::remove_dir_all(&directory);
        compile(workspace, variant)?;
        guard(workspace, &directory)
    })?;
    stamp.set(&digest)?;
    Ok(directory)
}

fn digest(workspace: &Workspace, variant: Variant) -> Result<String> {
    let mut inputs = Inputs::default()
        .text(variant.directory())
        .text(&crate::setup::rustc_version()?);
    for source in SOURCES {
        inputs = inputs.path(&workspace.path(source))?;
    }
    Ok(inputs.digest())
}

fn compile(workspace: &Workspace, variant: Variant) -> Result<()> {
    let mut command =
        std::process::Command::new(cargo_tools::program(workspace, Tool::WorkerBuild)?);
    command
        .current_dir(workspace.root())
        .env("PATH", node::path(workspace)?)
        .env(
            "WASM_BINDGEN_BIN",
            cargo_tools::program(workspace, Tool::WasmBindgen)?,
        )
        .env(
            "WASM_OPT_BIN",
            workspace.path("node_modules/binaryen/bin/wasm-opt"),
        )
        .env(
            "ESBUILD_BIN",
            workspace.path("node_modules/esbuild/bin/esbuild"),
        )
        .arg("crates/worker")
        .args(["--release", "--out-dir"])
        .arg(format!("../../build/{}", variant.directory()))
        .arg("--locked")
        .args(variant.features());
    process::quietly(&mut command)
}

/// Puts `entry.mjs` in front, and removes what worker-build leaves for other layouts:
/// wrangler uploads every module that it finds in the directory.
fn guard(workspace: &Workspace, directory: &std::path::Path) -> Result<()> {
    for leftover in ["worker", "package.json", ".gitignore"] {
        let path = directory.join(leftover);
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else if path.is_file() {
            fs::remove_file(path)?;
        }
    }
    let entry = workspace.path("crates/worker/entry.mjs");
    fs::copy(&entry, directory.join("entry.mjs"))
        .with_context(|| format!("cannot copy `{}`", entry.display()))?;
    Ok(())
}
