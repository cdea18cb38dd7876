//! `licentia export`: everything that the account has, streamed into a file that is whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::api;
use crate::fault::Fault;
use crate::secret::Secret;
use crate::session::Session;

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The file to write; it appears once it is whole (default: the standard output)
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also the signing keys, encrypted to a passphrase
    #[arg(long, requires = "passphrase_file")]
    keys: bool,
    /// A file that holds the passphrase; `-` is the standard input
    #[arg(long, value_name = "FILE", requires = "keys")]
    passphrase_file: Option<PathBuf>,
}

const CHUNK: usize = 65_536;

/// What went through so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Copied {
    bytes: u64,
    lines: u64,
    last: Option<u8>,
}

impl Export {
    pub(super) fn run(&self, session: &Session) -> Result<(), Fault> {
        let call = match &self.passphrase_file {
            Some(file) => api::export_with_keys(Secret::read("passphrase", file)?.reveal()),
            None => api::export(),
        };
        let mut body = session.client.stream(&call)?;
        match &self.out {
            None => copy(session, &mut body, &mut io::stdout().lock(), &Fault::Output).map(drop),
            Some(path) => {
                let copied = into_file(session, &mut body, path)?;
                said(session, path, copied)
            }
        }
    }
}

fn said(session: &Session, path: &Path, copied: Copied) -> Result<(), Fault> {
    session.notes.done();
    let Copied { bytes, lines, .. } = copied;
    if session.output.is_for_a_script() {
        let file = path.to_string_lossy();
        return session
            .output
            .json(&json!({ "file": file, "lines": lines, "bytes": bytes }));
    }
    let size = indicatif::BinaryBytes(bytes);
    session.output.line(&format!(
        "Exported {lines} lines ({size}) to {}",
        path.display()
    ))
}

/// Writes beside the file and renames at the end, so that no half an export is taken for a whole one.
fn into_file(session: &Session, body: &mut impl Read, path: &Path) -> Result<Copied, Fault> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let failed = |verb, path: &Path| {
        let path = path.to_owned();
        move |source| Fault::File { verb, path, source }
    };
    let file = create(&part).map_err(failed("write", &part))?;
    let mut writer = BufWriter::new(file);
    let copied = copy(session, body, &mut writer, &failed_at(&part)).and_then(|copied| {
        let flushed = writer.flush().and_then(|()| writer.get_ref().sync_all());
        flushed.map_err(failed("write", &part))?;
        Ok(copied)
    });
    let renamed = copied.and_then(|copied| {
        fs::rename(&part, path).map_err(failed("write", path))?;
        Ok(copied)
    });
    if renamed.is_err() {
        // The fault that is reported is the first one; what is left behind is named `.part`.
        let _ = fs::remove_file(&part);
    }
    renamed
}

fn failed_at(path: &Path) -> impl Fn(io::Error) -> Fault {
    let path = path.to_owned();
    move |source| Fault::File {
        verb: "write",
        path: path.clone(),
        source,
    }
}

/// Creates a file that its owner alone may read: license keys lie in it.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Copies to the end, with progress; an answer that does not end with a line end is not whole.
fn copy(
    session: &Session,
    body: &mut impl Read,
    out: &mut impl Write,
    unwritable: &dyn Fn(io::Error) -> Fault,
) -> Result<Copied, Fault> {
    let bar = session.notes.bytes("Receiving", None);
    let mut copied = Copied::default();
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = body.read(&mut buffer).map_err(broken_off)?;
        let chunk = buffer.get(..length).unwrap_or_default();
        if chunk.is_empty() {
            break;
        }
        out.write_all(chunk).map_err(unwritable)?;
        copied.count(chunk);
        bar.set_position(copied.bytes);
    }
    out.flush().map_err(unwritable)?;
    match copied.last {
        None | Some(b'\n') => Ok(copied),
        Some(_) => Err(broken_off(io::ErrorKind::UnexpectedEof.into())),
    }
}

fn broken_off(source: io::Error) -> Fault {
    Fault::Foreign(format!(
        "the export broke off: {source}; run the command again"
    ))
}

impl Copied {
    fn count(&mut self, chunk: &[u8]) {
        let lines = chunk.iter().filter(|byte| **byte == b'\n').count();
        let add = |sum: u64, count: usize| sum.saturating_add(u64::try_from(count).unwrap_or(0));
        self.bytes = add(self.bytes, chunk.len());
        self.lines = add(self.lines, lines);
        self.last = chunk.last().copied();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_across_chunks() {
        let mut copied = Copied::default();
        copied.count(b"{}\n{");
        copied.count(b"}\n");
        assert_eq!(
            (copied.bytes, copied.lines, copied.last),
            (6, 2, Some(b'\n'))
        );
    }
}
