//! `cargo xtask pack`: what a release consists of, in dist/: the npm package, and a Worker bundle that needs Node alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::worker_bundle::{self, Variant};
use crate::workspace::Workspace;
use crate::{notices, pages, process, progress, setup};

const NOTICES: &str = "THIRD-PARTY-NOTICES.md";

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let _alone = setup::exclusive(workspace)?;
    setup::for_building(workspace)?;
    pages::build(workspace)?;
    worker_bundle::build(workspace, Variant::Shipped)?;

    let package = workspace.path("crates/wasm/js");
    let version = version(&package)?;
    progress::step("packing into dist/", || {
        fs::create_dir_all(workspace.path("dist"))?;
        let of_package = notices::write(workspace, &["licentia-wasm", "licentia-check"])?;
        fs::write(package.join("dist").join(NOTICES), of_package)?;
        npm_pack(workspace, &package)?;

        let worker = worker_directory(workspace, &version)?;
        // The pages carry the package's WebAssembly too.
        let of_both = notices::write(
            workspace,
            &["licentia-worker", "licentia-wasm", "licentia-check"],
        )?;
        fs::write(worker.join(NOTICES), &of_both)?;
        fs::write(workspace.path("dist").join(NOTICES), of_both)?;
        npm_pack(workspace, &worker)
    })?;
    for name in ["licentia", "licentia-worker"] {
        let tarball = workspace.path(format!("dist/{name}-{version}.tgz"));
        ensure!(tarball.is_file(), "npm made no `{}`", tarball.display());
        println!("{}", tarball.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The version stands in Cargo.toml and in the package's package.json, which npm reads: they must agree.
fn version(package: &Path) -> Result<String> {
    let ours = env!("CARGO_PKG_VERSION");
    let manifest = manifest(&package.join("package.json"))?;
    let version = manifest
        .get("version")
        .and_then(Value::as_str)
        .unwrap_or_default();
    ensure!(
        version == ours,
        "Cargo.toml says version {ours} and crates/wasm/js/package.json `{version}`: make them agree"
    );
    Ok(ours.to_owned())
}

fn manifest(path: &Path) -> Result<Value> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("`{}` is not JSON", path.display()))
}

/// Lays out what the Worker's tarball holds, as it lies in this repository, so that wrangler.toml is the same file.
fn worker_directory(workspace: &Workspace, version: &str) -> Result<PathBuf> {
    let directory = workspace.path("build/pack");
    let _ = fs::remove_dir_all(&directory);
    copy(
        &workspace.path("build/worker"),
        &directory.join("build/worker"),
    )?;
    copy(&workspace.path("www"), &directory.join("www"))?;
    fs::copy(
        workspace.path("wrangler.toml"),
        directory.join("wrangler.toml"),
    )?;
    for license in ["LICENSE", "LICENSE-MIT", "LICENSE-APACHE"] {
        let path = workspace.path(license);
        if path.is_file() {
            fs::copy(path, directory.join(license))?;
        }
    }

    let tools = manifest(&workspace.path("package.json"))?;
    let wrangler = tools
        .pointer("/devDependencies/wrangler")
        .context("package.json pins no wrangler")?;
    let manifest = json!({
        "name": "licentia-worker",
        "version": version,
        "description": "Licentia's Worker, built: deploys with Node alone",
        "license": "MIT OR Apache-2.0",
        "type": "module",
        "private": true,
        "dependencies": { "wrangler": wrangler },
    });
    fs::write(
        directory.join("package.json"),
        serde_json::to_string_pretty(&manifest)?,
    )?;
    fs::write(
        directory.join("README.md"),
        include_str!("../../bundle/README.md"),
    )?;
    fs::write(
        directory.join("secrets.mjs"),
        include_str!("../../bundle/secrets.mjs"),
    )?;
    Ok(directory)
}

/// Copies a directory without its dot files.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot list `{}`", from.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(name))?;
        } else {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}

fn npm_pack(workspace: &Workspace, package: &Path) -> Result<()> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    process::quietly(
        Command::new(npm)
            .current_dir(package)
            .args(["pack", "--loglevel=error", "--pack-destination"])
            .arg(workspace.path("dist")),
    )
}
