//! Installs the fuzzer of the API's document: a virtual environment of Python among the cached tools, of pinned packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::inputs::{Inputs, Stamp};
use crate::workspace::Workspace;
use crate::{cargo_tools, debian, process, progress};

const PACKAGES: &str = "tests/contract/requirements.txt";

/// Returns the fuzzer, installing it if this user has it not yet. Where it cannot be had, the error is the one command to type.
pub(crate) fn program(workspace: &Workspace) -> Result<PathBuf> {
    let packages = workspace.path(PACKAGES);
    let digest = Inputs::default()
        .text(&fs::read_to_string(&packages)?)
        .digest();
    let cache = cargo_tools::cache()?;
    let _lock = cargo_tools::lock(&cache)?;
    let short: String = digest
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(12)
        .collect();
    let home = cache.join(format!("schemathesis-{short}"));
    let program = home.join("bin/schemathesis");
    let stamp = Stamp::at(home.join(".stamp"));
    if stamp.says(&digest) && process::output(Command::new(&program).arg("--version")).is_ok() {
        return Ok(program);
    }
    let python = python()?;
    progress::step(
        "installing Schemathesis (half a minute, once per user)",
        || install(&python, &home, &packages),
    )?;
    stamp.set(&digest)?;
    Ok(program)
}

/// Makes the environment where it stays: its programs know their place.
fn install(python: &Path, home: &Path, packages: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(home);
    process::quietly(Command::new(python).args(["-m", "venv"]).arg(home))?;
    let mut pip = Command::new(home.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    process::quietly(pip.arg("--requirement").arg(packages))
}

/// Returns a Python that makes virtual environments: the machine's, or Debian's.
fn python() -> Result<PathBuf> {
    let python = PathBuf::from("python3");
    if makes_environments(&python) || (from_debian() && makes_environments(&python)) {
        return Ok(python);
    }
    // The first line on standard output is what to type.
    println!("sudo apt-get install --yes python3 python3-venv");
    bail!(
        "the contract tests need Python 3.10 or newer with its venv: install it with the command above"
    )
}

fn makes_environments(python: &Path) -> bool {
    let ask = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))";
    process::output(Command::new(python).args(["-c", ask])).is_ok()
}

fn from_debian() -> bool {
    if !debian::is_ours() {
        return false;
    }
    let installed = progress::step("installing Debian's python3-venv (half a minute)", || {
        debian::install(&["python3", "python3-venv"])
    });
    if let Err(error) = &installed {
        eprintln!("  {error:#}");
    }
    installed.is_ok()
}
