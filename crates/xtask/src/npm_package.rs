//! Builds the npm package: its modules to WebAssembly, their bindings, the optimizer, then the package's own script.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo_tools::{self, Tool};
use crate::inputs::{Inputs, Stamp};
use crate::workspace::Workspace;
use crate::{node, process, progress};

const SOURCES: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
    "crates/core",
    "crates/check",
    "crates/testing",
    "crates/wasm",
    "package-lock.json",
    "crates/xtask/src/npm_package.rs",
];

/// The WebAssembly modules of the package: the crate of each, and its name in `generated`.
const MODULES: [(&str, &str); 3] = [
    ("licentia-wasm", "licentia"),
    ("licentia-check", "check"),
    ("licentia-testing", "testing"),
];

/// Where the pages find the package; made here, ignored by git.
const SERVED: &str = "www/licentia";

/// What rustc emits for wasm32 by default, named one by one so that a new optimizer emits nothing newer.
const WASM_FEATURES: [&str; 6] = [
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-reference-types",
];

/// Builds `crates/wasm/js/generated`, `crates/wasm/js/dist` and `www/licentia`, unless they are there and of these sources.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let package = workspace.path("crates/wasm/js");
    let stamp = Stamp::at(package.join("generated/.stamp")); // dist/ is what npm packs
    let digest = digest(workspace)?;
    let there = package.join("dist").is_dir() && workspace.path(SERVED).is_dir();
    if there && stamp.says(&digest) {
        return Ok(());
    }
    progress::step("building the npm package in crates/wasm/js", || {
        stamp.clear()?;
        let generated = package.join("generated");
        let _ = fs::remove_dir_all(&generated);
        compile(workspace)?;
        for (member, name) in MODULES {
            bindings(workspace, &generated, member, name)?;
            optimize(workspace, &generated.join(format!("{name}_bg.wasm")))?;
        }
        let mut script = node::script(workspace, "crates/wasm/js/build.mjs")?;
        process::quietly(script.current_dir(&package).arg(&generated))?;
        serve(workspace, &package.join("dist"))
    })?;
    stamp.set(&digest)
}

/// Puts the browser's modules of the package where the pages import them from: the pages run what users install.
fn serve(workspace: &Workspace, dist: &Path) -> Result<()> {
    let served = workspace.path(SERVED);
    let _ = fs::remove_dir_all(&served);
    fs::create_dir_all(&served)?;
    for entry in fs::read_dir(dist).with_context(|| format!("cannot list `{}`", dist.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let elsewhere = name.contains(".node.") || name.contains(".workerd.");
        if name.ends_with(".js") && !elsewhere {
            fs::copy(&path, served.join(name.as_ref()))?;
        }
    }
    Ok(())
}

fn digest(workspace: &Workspace) -> Result<String> {
    let mut inputs = Inputs::default().text(&crate::setup::rustc_version()?);
    for source in SOURCES {
        inputs = inputs.path(&workspace.path(source))?;
    }
    Ok(inputs.digest())
}

fn compile(workspace: &Workspace) -> Result<()> {
    let members = MODULES.map(|(member, _)| format!("--package={member}"));
    let mut command = workspace.cargo();
    command
        .args(["build", "--locked", "--profile=npm"])
        .args(["--target=wasm32-unknown-unknown"])
        .args(members)
        .env("CARGO_ENCODED_RUSTFLAGS", flags().join("\x1f"));
    process::quietly(&mut command)
}

/// SHA-2 in loops, and no path of this machine in what ships.
fn flags() -> Vec<String> {
    let compact = ["--cfg", "sha2_backend_soft=\"compact\""].map(str::to_owned);
    let home = std::env::home_dir().map(|home| home.join(".cargo"));
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from).or(home);
    let remap = cargo.map(|cargo| {
        let sources = cargo.join("registry/src");
        format!("--remap-path-prefix={}=", sources.display())
    });
    compact.into_iter().chain(remap).collect()
}

/// Leaves a module and its JavaScript in `generated`, as `licentia_bg.wasm`, `licentia.js` and `licentia.d.ts`.
fn bindings(workspace: &Workspace, generated: &Path, member: &str, name: &str) -> Result<()> {
    let file = format!("{}.wasm", member.replace('-', "_"));
    let built = workspace
        .target()?
        .join("wasm32-unknown-unknown/npm")
        .join(file);
    process::quietly(
        Command::new(cargo_tools::program(workspace, Tool::WasmBindgen)?)
            .args(["--target", "web", "--omit-default-module-path"])
            .args(["--out-name", name, "--out-dir"])
            .arg(generated)
            .arg(built),
    )
}

fn optimize(workspace: &Workspace, module: &Path) -> Result<()> {
    let mut command = node::script(workspace, "node_modules/binaryen/bin/wasm-opt")?;
    command
        .args(["--flatten", "--rereloop", "-Os", "-Os"])
        .args(["--strip-debug", "--strip-producers"])
        .args(WASM_FEATURES)
        .arg(module)
        .arg("--output")
        .arg(module);
    process::quietly(&mut command)
}
