//! Secrets of the command line: read from the environment or a file, and never shown.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::fault::Fault;

const LONGEST: u64 = 65_536;

/// A text that `Debug` does not show.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// Takes a secret that can stand in an HTTP header; `what` names it in errors.
    pub(crate) fn new(what: &str, text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Fault::Usage(format!("the {what} is empty")));
        }
        if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            let reason =
                "has characters other than those of ASCII, which a request's header cannot carry";
            return Err(Fault::Usage(format!("the {what} {reason}")));
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads a secret from a file, or from the standard input if the file is `-`.
    pub(crate) fn read(what: &str, path: &Path) -> Result<Self, Fault> {
        let mut text = String::new();
        let read = if path == Path::new("-") {
            io::stdin().take(LONGEST).read_to_string(&mut text)
        } else {
            File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        };
        read.map_err(|source| Fault::File {
            verb: "read",
            path: path.to_owned(),
            source,
        })?;
        Self::new(what, &text)
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_end_of_a_file_is_no_part_of_a_secret() {
        assert_eq!(Secret::new("token", " lct_a \n").unwrap().reveal(), "lct_a");
    }

    #[test]
    fn what_no_header_can_carry_is_refused_here() {
        assert!(Secret::new("token", "a\nb").is_err());
        assert!(Secret::new("token", "pässwort").is_err());
        assert!(Secret::new("token", " ").is_err());
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(
            format!("{:?}", Secret::new("token", "x").unwrap()),
            "Secret"
        );
    }
}
