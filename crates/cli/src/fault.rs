//! What may go wrong with a command, what it tells the user to do, and the exit code that says which kind it was.

use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use licentia_core::Code;

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The API answered that it will not.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The API took it, and the job that it made failed.
    #[error("{0}")]
    Failed(String),
    /// What the command names is not there.
    #[error("{0}")]
    NotFound(String),
    /// The command line or the environment is wrong.
    #[error("{0}")]
    Usage(String),
    /// No access token was given.
    #[error("no access token is given")]
    NoToken,
    /// A file cannot be read or written.
    #[error("cannot {verb} `{path}`")]
    File {
        verb: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// No answer came.
    #[error("`{url}` does not answer")]
    Unreachable {
        url: String,
        source: Box<ureq::Error>,
    },
    /// An answer came that is not the API's.
    #[error("{0}")]
    Foreign(String),
    /// The output cannot be written.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
}

/// A refusal as the API words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
    pub(crate) code: Option<String>,
    pub(crate) request_id: Option<String>,
    /// The seconds after which the server may be asked again.
    pub(crate) retry_after: Option<u64>,
}

const GIVE_TOKEN: &str = "Set `LICENTIA_TOKEN`, or name a file that holds it with `--token-file`.";

/// The exit codes, with the kinds of fault that they stand for. `--help` prints this table.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  it is done
  1  the API refused it, an import job failed, or you said no
  2  the command line, the environment or a file is wrong
  3  what the command names does not exist
  4  the access token is missing, wrong, or lacks the scope
  5  no answer came, or the server is at fault";

impl Fault {
    pub(crate) fn exit(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused(refusal) => refusal.exit(),
            Self::Failed(_) => 1,
            Self::Usage(_) | Self::File { .. } | Self::Output(_) => 2,
            Self::NotFound(_) => 3,
            Self::NoToken => 4,
            Self::Unreachable { .. } | Self::Foreign(_) => 5,
        })
    }

    /// Returns whether the reader of the output has gone, which is no fault of anybody.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn is_not_found(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.status == 404,
            other => matches!(other, Self::NotFound(_)),
        }
    }

    /// Returns the indented lines below the message: the cause, the remedy, and what to quote in a report.
    pub(crate) fn details(&self) -> String {
        let mut lines = String::new();
        let mut line = |label: &str, text: &str| {
            // Writing to a text cannot fail.
            let _ = write!(lines, "\n  {label:<8} {text}");
        };
        match self {
            Self::Refused(refusal) => {
                if let Some(remedy) = refusal.remedy() {
                    line("try", &remedy);
                }
                line("code", &refusal.code_and_status());
                if let Some(id) = &refusal.request_id {
                    line("request", id);
                }
            }
            Self::NoToken => line("try", GIVE_TOKEN),
            Self::File { source, .. } | Self::Output(source) => line("cause", &source.to_string()),
            Self::Unreachable { source, .. } => {
                line("cause", &source.to_string());
                line(
                    "try",
                    "Check `--url` (`LICENTIA_URL`) and the network, then run the command again.",
                );
            }
            _ => {}
        }
        lines
    }
}

impl Refusal {
    fn exit(&self) -> u8 {
        match self.status {
            401 | 403 => 4,
            404 => 3,
            429 | 500.. => 5,
            _ => 1,
        }
    }

    /// Returns whether the server refuses the call as such, whatever it is about: no scope for it, or no such call.
    pub(crate) fn is_about_the_call(&self) -> bool {
        self.status == 403 || self.known_code() == Some(Code::RouteNotFound)
    }

    fn code_and_status(&self) -> String {
        match &self.code {
            Some(code) => format!("{code} (HTTP {})", self.status),
            None => format!("HTTP {}", self.status),
        }
    }

    /// Returns what to do: in this program's own terms where they differ from the API's.
    fn remedy(&self) -> Option<String> {
        match (self.status, self.retry_after) {
            (401, _) => Some(GIVE_TOKEN.to_owned()),
            (_, Some(seconds)) => Some(format!("Run the command again in {seconds} s.")),
            _ => self.known_code().map(|code| code.remedy().to_owned()),
        }
    }

    fn known_code(&self) -> Option<Code> {
        let text = self.code.as_deref()?;
        Code::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, code: &str) -> Refusal {
        Refusal {
            status,
            message: "no".into(),
            code: Some(code.into()),
            request_id: Some("0b6e".into()),
            retry_after: None,
        }
    }

    #[track_caller]
    fn check(status: u16, exit: u8) {
        assert_eq!(refusal(status, "X").exit(), exit, "{status}");
    }

    #[test]
    fn exit_codes_tell_whose_turn_it_is() {
        check(400, 1);
        check(409, 1);
        check(401, 4);
        check(403, 4);
        check(404, 3);
        check(429, 5);
        check(503, 5);
    }

    #[test]
    fn a_refusal_says_what_to_do_and_what_to_quote() {
        let fault = Fault::Refused(Box::new(refusal(409, "LICENSE_KEY_EXISTS")));
        assert_eq!(
            fault.details(),
            "\n  try      Choose another key.\n  code     LICENSE_KEY_EXISTS (HTTP 409)\n  request  0b6e"
        );
    }

    #[test]
    fn a_code_that_is_not_known_has_no_remedy() {
        assert_eq!(refusal(400, "FROM_A_LATER_SERVER").remedy(), None);
    }
}
