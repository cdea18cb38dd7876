//! Reads from Cargo.lock which version of a crate the workspace uses, so that a tool of the same version is installed.

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// Returns the version of `name` that Cargo.lock names.
pub(crate) fn version(workspace: &Workspace, name: &str) -> Result<String> {
    let path = workspace.path("Cargo.lock");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    version_in(&text, name).with_context(|| format!("Cargo.lock names no version of `{name}`"))
}

fn version_in(lock: &str, name: &str) -> Option<String> {
    let wanted = format!("name = \"{name}\"");
    let mut lines = lock.lines().skip_while(|line| *line != wanted);
    let version = lines.nth(1)?;
    Some(
        version
            .strip_prefix("version = \"")?
            .strip_suffix('"')?
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::version_in;

    const LOCK: &str = r#"
[[package]]
name = "worker"
version = "0.8.7"
dependencies = [
 "worker-macros",
]

[[package]]
name = "worker-macros"
version = "0.8.6"
"#;

    #[test]
    fn the_version_of_a_crate_is_found_by_its_whole_name() {
        assert_eq!(version_in(LOCK, "worker").as_deref(), Some("0.8.7"));
        assert_eq!(version_in(LOCK, "worker-macros").as_deref(), Some("0.8.6"));
    }

    #[test]
    fn a_crate_that_is_not_locked_has_none() {
        assert_eq!(version_in(LOCK, "work"), None);
        assert_eq!(version_in("", "worker"), None);
    }
}
