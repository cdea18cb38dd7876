//! Finds a Chromium for the browser tests, or installs one: Debian's as root, else the one in an npm package.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use crate::{debian, node, process, progress};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const NPM_PACKAGE: &str = "@sparticuz/chromium@153.0.0";

/// Returns a program that answers as Chromium. Where none can be had, the error is the one command to type.
pub(crate) fn program(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(chosen) = std::env::var_os("CHROME").map(PathBuf::from) {
        return if works(&chosen) {
            Ok(chosen)
        } else {
            bail!("CHROME is `{}`, which does not run", chosen.display())
        };
    }
    if let Some(found) = on_path() {
        return Ok(found);
    }
    if let Some(installed) = from_debian().or_else(|| from_npm(workspace).ok()) {
        return Ok(installed);
    }
    // The first line on standard output is what to type.
    println!("sudo apt-get install --yes chromium");
    bail!(
        "the browser tests need Chromium: install it with the command above, or set CHROME to one"
    )
}

fn works(program: &PathBuf) -> bool {
    process::output(Command::new(program).arg("--version")).is_ok()
}

fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|directory| NAMES.map(|name| directory.join(name)))
        .find(|candidate| candidate.is_file() && works(candidate))
}

fn from_debian() -> Option<PathBuf> {
    if !debian::is_ours() {
        return None;
    }
    let installed = progress::step("installing Debian's chromium (a minute or two)", || {
        debian::install(&["chromium"])
    });
    if let Err(error) = installed {
        eprintln!("  {error:#}");
    }
    on_path()
}

/// The package holds a compressed build, which it unpacks itself on the first call.
fn from_npm(workspace: &Workspace) -> Result<PathBuf> {
    node::install(workspace)?;
    let home = workspace.path("build/chromium");
    std::fs::create_dir_all(&home)?;
    if !home.join("node_modules").is_dir() {
        progress::step(
            "installing Chromium from npm (70 MB, a minute or two)",
            || {
                let mut npm = Command::new("npm");
                npm.current_dir(&home).args([
                    "install",
                    "--no-save",
                    "--no-audit",
                    "--no-fund",
                    "--prefix",
                    ".",
                    NPM_PACKAGE,
                ]);
                process::quietly(&mut npm)
            },
        )?;
    }
    let ask = "import c from '@sparticuz/chromium'; console.log(await c.executablePath())";
    let printed = process::output(
        Command::new(node::node(workspace)?)
            .current_dir(&home)
            .args(["--input-type=module", "--eval", ask]),
    )?;
    let program = PathBuf::from(printed.trim());
    if works(&program) {
        return Ok(program);
    }
    bail!("`{}` does not run here", program.display())
}
