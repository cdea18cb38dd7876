//! Where everything lies: the root, the outputs, and cargo's target directory.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here
            .ancestors()
            .nth(2)
            .context("crates/xtask lies in no workspace")?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Returns cargo's target directory, wherever its configuration puts it.
    pub(crate) fn target(&self) -> Result<PathBuf> {
        let text = process::output(self.cargo().args([
            "metadata",
            "--no-deps",
            "--format-version=1",
            "--locked",
        ]))?;
        let metadata: serde_json::Value = serde_json::from_str(&text)?;
        let target = metadata
            .get("target_directory")
            .and_then(|value| value.as_str());
        Ok(target
            .context("cargo metadata names no target directory")?
            .into())
    }

    /// The cargo that runs this program, at the root.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root);
        command
    }
}
