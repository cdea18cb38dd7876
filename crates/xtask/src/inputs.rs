//! Decides whether an output is still that of its inputs: by a digest of their contents, kept beside the output.
//!
//! Cargo does this for what it compiles; the steps after it (bindings, optimizer, bundler) take seconds each and do not.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

/// Directories that hold outputs or other people's files, never inputs.
const NOT_INPUTS: [&str; 5] = ["target", "node_modules", "generated", "dist", ".git"];

#[derive(Debug, Default)]
pub(crate) struct Inputs {
    hasher: Sha256,
}

impl Inputs {
    /// Adds a text, such as the version of a tool.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.hasher.update(text.as_bytes());
        self.hasher.update([0]);
        self
    }

    /// Adds a file, or every file under a directory, by name and content. What does not exist counts as absent.
    pub(crate) fn path(mut self, path: &Path) -> Result<Self> {
        for file in files(path)? {
            let content =
                fs::read(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
            self.hasher.update(file.as_os_str().as_encoded_bytes());
            self.hasher.update([0]);
            self.hasher.update(Sha256::digest(&content));
        }
        Ok(self)
    }

    pub(crate) fn digest(self) -> String {
        Base64UrlUnpadded::encode_string(&self.hasher.finalize())
    }
}

/// Returns the files under a path, sorted.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let mut entries = fs::read_dir(path)
        .with_context(|| format!("cannot list `{}`", path.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    entries.retain(|entry| !NOT_INPUTS.iter().any(|name| entry.ends_with(name)));
    entries.sort();

    let mut found = Vec::new();
    for entry in entries {
        found.extend(files(&entry)?);
    }
    Ok(found)
}

/// The digest under which an output was made.
#[derive(Debug)]
pub(crate) struct Stamp(PathBuf);

impl Stamp {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn says(&self, digest: &str) -> bool {
        fs::read_to_string(&self.0).is_ok_and(|written| written == digest)
    }

    /// Forgets, before the output is touched: a build that is broken off leaves no stamp.
    pub(crate) fn clear(&self) -> Result<()> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn set(&self, digest: &str) -> Result<()> {
        fs::write(&self.0, digest).with_context(|| format!("cannot write `{}`", self.0.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(directory: &Path) -> String {
        Inputs::default().path(directory).unwrap().digest()
    }

    #[test]
    fn a_changed_moved_or_new_input_changes_the_digest_and_an_output_does_not() {
        let directory = std::env::temp_dir().join(format!("xtask-inputs-{}", std::process::id()));
        fs::create_dir_all(directory.join("dist")).unwrap();
        fs::write(directory.join("a"), "1").unwrap();
        let first = digest(&directory);

        fs::write(directory.join("dist/out"), "made").unwrap();
        assert_eq!(digest(&directory), first);
        fs::write(directory.join("a"), "2").unwrap();
        let changed = digest(&directory);
        assert_ne!(changed, first);
        fs::rename(directory.join("a"), directory.join("b")).unwrap();
        assert_ne!(digest(&directory), changed);
        fs::remove_dir_all(&directory).unwrap();
    }
}
