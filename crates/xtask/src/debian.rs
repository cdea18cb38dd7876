//! Installs Debian's packages, where the user may.

use std::process::Command;

use anyhow::Result;

use crate::process;

/// Says whether this is a Debian whose packages the user may install.
pub(crate) fn is_ours() -> bool {
    let user = process::output(Command::new("id").arg("-u"));
    let apt = process::output(Command::new("apt-get").arg("--version"));
    user.is_ok_and(|user| user.trim() == "0") && apt.is_ok()
}

/// Installs packages.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    process::quietly(apt().args(["update", "--quiet"]))?;
    let words = ["install", "--yes", "--quiet", "--no-install-recommends"];
    process::quietly(apt().args(words).args(packages))
}
