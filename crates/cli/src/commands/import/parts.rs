//! Splits a file into parts of whole lines, none larger than a request may be.

use std::io::{BufRead, BufReader, Read};
use std::mem;
use std::path::{Path, PathBuf};

use crate::api::PART;
use crate::fault::Fault;

/// The parts of a file, read as they are asked for.
pub(super) struct Parts {
    reader: BufReader<Box<dyn Read>>,
    path: PathBuf,
    /// The line that did not fit into the last part.
    left: Vec<u8>,
    lines: u64,
}

impl Parts {
    pub(super) fn new(reader: Box<dyn Read>, path: &Path) -> Self {
        Self {
            reader: BufReader::new(reader),
            path: path.to_owned(),
            left: Vec::new(),
            lines: 0,
        }
    }

    /// Returns the next part, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut part = mem::take(&mut self.left);
        while let Some(line) = self.line()? {
            if part.len().saturating_add(line.len()) > PART {
                self.left = line;
                break;
            }
            part.extend(line);
        }
        Ok((!part.is_empty()).then_some(part))
    }

    /// Reads a line with its end; the last one of a file may lack it.
    fn line(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let most = u64::try_from(PART).unwrap_or(u64::MAX);
        let mut line = Vec::new();
        let read = self.reader.by_ref().take(most).read_until(b'\n', &mut line);
        read.map_err(|source| Fault::File {
            verb: "read",
            path: self.path.clone(),
            source,
        })?;
        if line.is_empty() {
            return Ok(None);
        }
        self.lines = self.lines.saturating_add(1);
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        if line.len() > PART {
            return Err(Fault::Usage(format!(
                "line {} of `{}` is longer than {} MiB, which no import takes",
                self.lines,
                self.path.display(),
                PART.div_euclid(1_048_576)
            )));
        }
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: Vec<u8>) -> Parts {
        Parts::new(Box::new(std::io::Cursor::new(text)), Path::new("f"))
    }

    fn sizes(text: Vec<u8>) -> Vec<usize> {
        let mut parts = parts(text);
        let mut sizes = Vec::new();
        while let Some(part) = parts.next().unwrap() {
            assert_eq!(part.last(), Some(&b'\n'));
            sizes.push(part.len());
        }
        sizes
    }

    #[test]
    fn parts_hold_whole_lines_up_to_the_limit() {
        let line = [vec![b'x'; 1_048_575], vec![b'\n']].concat();
        assert_eq!(sizes(line.repeat(9)), [PART, PART, 1_048_576]);
    }

    #[test]
    fn a_last_line_without_an_end_gets_one() {
        assert_eq!(sizes(b"{}\n{}".to_vec()), [6]);
        assert!(sizes(Vec::new()).is_empty());
    }

    #[test]
    fn a_line_that_no_part_holds_is_named() {
        let long = [b"{}\n".to_vec(), vec![b'x'; PART]].concat();
        let fault = parts(long).next().unwrap_err();
        assert!(fault.to_string().starts_with("line 2 of `f`"), "{fault}");
    }
}
