//! Draws and keeps the secrets of a local server: the root token and the master key.
//!
//! A token's text is `lct_`, 256 random bits, `_` and a checksum, so that garbage is refused before any look-up and a
//! leaked one can be found by its form. Files that hold secrets are readable by their owner alone.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

pub(crate) const ROOT_TOKEN: &str = "LICENTIA_ROOT_TOKEN";
pub(crate) const MASTER_KEYS: &str = "LICENTIA_MASTER_KEYS";

const DRAWN: &str = "secrets.env";
const IN_FORCE: &str = "run.env";

#[derive(PartialEq, Eq)]
pub(crate) struct Secrets {
    pub(crate) root_token: String,
    pub(crate) master_keys: String,
}

impl Secrets {
    fn draw(key_name: &str) -> Result<Self> {
        Ok(Self {
            root_token: token_text(&random()?),
            master_keys: format!("{key_name}:{}", Base64::encode_string(&random()?)),
        })
    }

    /// The secrets for an account that has none yet: the environment's, else new ones.
    pub(crate) fn for_account() -> Result<Self> {
        Ok(Self::draw("main")?.or_from_environment())
    }

    fn or_from_environment(self) -> Self {
        Self {
            root_token: from_environment(ROOT_TOKEN).unwrap_or(self.root_token),
            master_keys: from_environment(MASTER_KEYS).unwrap_or(self.master_keys),
        }
    }

    /// Loads the secrets of a state directory, drawing them the first time; the environment's own come before both.
    pub(crate) fn of(state: &Path) -> Result<Self> {
        let path = state.join(DRAWN);
        let kept = match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text)
                .with_context(|| format!("`{}` is damaged: remove it", path.display()))?,
            Err(_) => {
                let drawn = Self::draw("dev")?;
                write_private(&path, &drawn.to_env())?;
                drawn
            }
        };
        Ok(kept.or_from_environment())
    }

    /// Writes the file that wrangler reads the secrets from: they stand in no argument and in no log.
    pub(crate) fn env_file(&self, state: &Path) -> Result<PathBuf> {
        let path = state.join(IN_FORCE);
        write_private(&path, &self.to_env())?;
        Ok(path)
    }

    fn to_env(&self) -> String {
        let Self {
            root_token,
            master_keys,
        } = self;
        format!("{ROOT_TOKEN}='{root_token}'\n{MASTER_KEYS}='{master_keys}'\n")
    }

    fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
            Some(line.trim_matches('\'').to_owned()).filter(|value| !value.is_empty())
        };
        Some(Self {
            root_token: value(ROOT_TOKEN)?,
            master_keys: value(MASTER_KEYS)?,
        })
    }
}

fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no random bytes: {error}"))?;
    Ok(bytes)
}

fn token_text(bytes: &[u8; 32]) -> String {
    let body = format!("lct_{}", Base64UrlUnpadded::encode_string(bytes));
    let digest = Base64UrlUnpadded::encode_string(&Sha256::digest(body.as_bytes()));
    let checksum: String = digest.chars().take(6).collect();
    format!("{body}_{checksum}")
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    let _ = fs::remove_file(path); // An older file may be open to others.
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_its_form() {
        let token = token_text(&[7; 32]);
        let (body, checksum) = token.rsplit_once('_').unwrap();
        assert_eq!(body.len(), "lct_".len() + 43);
        assert_eq!(checksum.len(), 6);
        assert_ne!(token, token_text(&[8; 32]));
    }

    #[test]
    fn two_draws_differ_and_survive_their_file() {
        let drawn = Secrets::draw("dev").unwrap();
        assert!(drawn != Secrets::draw("dev").unwrap());
        assert!(Secrets::parse(&drawn.to_env()) == Some(drawn));
        assert!(Secrets::parse("LICENTIA_ROOT_TOKEN=''").is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_with_secrets_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("xtask-private-{}", std::process::id()));
        fs::write(&path, "open to all").unwrap();
        write_private(&path, "secret").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_file(&path).unwrap();
    }
}
