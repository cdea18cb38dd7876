//! `licentia import`: a small file in one request, all or nothing; a large one as a job, part by part.
//!
//! The file is read as a stream: two parts lie in memory at a time, however large it is.

mod parts;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;

use crate::api;
use crate::clock;
use crate::document::{Document, Fields};
use crate::fault::Fault;
use crate::output::clean;
use crate::secret::Secret;
use crate::session::{Session, id_of};
use parts::Parts;

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// A file of JSON lines, as `licentia export` writes it; `-` is the standard input
    #[arg(required_unless_present = "follow")]
    file: Option<PathBuf>,
    /// Follow a job that was started before, in place of a file
    #[arg(long, value_name = "JOB", conflicts_with = "file")]
    follow: Option<String>,
    /// A file that holds the passphrase of an export's signing keys; `-` is the standard input
    #[arg(long, value_name = "FILE", conflicts_with = "follow")]
    passphrase_file: Option<PathBuf>,
}

/// The seconds between two looks at a job.
const LOOK: u64 = 1;
/// The most problems of a job that are printed; `--json` has them all.
const MOST_PROBLEMS: usize = 20;

impl Import {
    pub(super) fn run(&self, session: &Session) -> Result<(), Fault> {
        let job = match (&self.file, &self.follow) {
            (Some(file), _) => match self.send(session, file)? {
                Sent::Whole(answer) => return imported(session, &answer),
                Sent::Job(job) => job,
            },
            (None, Some(id)) => Job::elsewhere(id.clone()),
            (None, None) => return Err(Fault::Usage("name a file to import".to_owned())),
        };
        let outcome = follow(session, &job.id)?;
        finished(session, &outcome, &job.starts)
    }

    fn send(&self, session: &Session, path: &Path) -> Result<Sent, Fault> {
        let read = |file| Secret::read("passphrase", file);
        let passphrase = self.passphrase_file.as_deref().map(read).transpose()?;
        let (reader, size) = open(path)?;
        let mut parts = Parts::new(reader, path);
        let Some(first) = parts.next()? else {
            return Err(Fault::Usage(format!("`{}` is empty", path.display())));
        };
        let Some(second) = parts.next()? else {
            let call = api::import(first, passphrase.as_ref().map(Secret::reveal));
            return session.client.document(&call).map(Sent::Whole);
        };
        let sending = Sending {
            session,
            passphrase,
            bar: session.notes.bytes("Sending", size),
        };
        sending.job([first, second], &mut parts).map(Sent::Job)
    }
}

/// How a file went.
enum Sent {
    /// In one request, which is answered.
    Whole(Document),
    /// As a job, which is started.
    Job(Job),
}

/// An import job.
struct Job {
    id: String,
    /// How many lines of the file stand before each part; empty if another command sent them.
    starts: Vec<u64>,
}

impl Job {
    fn elsewhere(id: String) -> Self {
        let starts = Vec::new();
        Self { id, starts }
    }
}

fn open(path: &Path) -> Result<(Box<dyn Read>, Option<u64>), Fault> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let unreadable = |source| Fault::File {
        verb: "read",
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    Ok((Box::new(file), Some(size)))
}

/// A file that goes as a job.
struct Sending<'a> {
    session: &'a Session,
    passphrase: Option<Secret>,
    bar: ProgressBar,
}

impl Sending<'_> {
    fn job(&self, read: [Vec<u8>; 2], rest: &mut Parts) -> Result<Job, Fault> {
        let client = &self.session.client;
        let id = id_of(&client.document(&api::create_import())?)?;
        let sent = self.parts(&id, read, rest).and_then(|starts| {
            client.send(&api::start_import(&id))?;
            Ok(starts)
        });
        if sent.is_err() {
            // Nothing of it was applied, and what it reserved is free again.
            let _ = client.send(&api::delete_import(&id));
        }
        let starts = sent?;
        self.session.notes.say(&format!(
            "The import job {id} is started; `licentia import --follow {id}` follows it later."
        ));
        Ok(Job { id, starts })
    }

    /// Sends the parts up to the first one in which a line is wrong; returns how many lines stand before each.
    fn parts(&self, job: &str, read: [Vec<u8>; 2], rest: &mut Parts) -> Result<Vec<u64>, Fault> {
        let mut read = read.into_iter();
        let mut starts = Vec::new();
        let mut lines: u64 = 0;
        for number in 1_u32.. {
            let next = read
                .next()
                .map_or_else(|| rest.next(), |part| Ok(Some(part)));
            let Some(part) = next? else {
                break;
            };
            let length = u64::try_from(part.len()).unwrap_or(0);
            starts.push(lines);
            lines = lines.saturating_add(lines_of(&part));
            let passphrase = self.passphrase.as_ref().map(Secret::reveal);
            let call = api::put_part(job, number, part, passphrase);
            let checked = self.session.client.document(&call)?;
            refuse_problems(checked.fields(), &starts)?;
            self.bar.inc(length);
        }
        Ok(starts)
    }
}

fn lines_of(part: &[u8]) -> u64 {
    let ends = part.iter().filter(|byte| **byte == b'\n').count();
    u64::try_from(ends).unwrap_or(0)
}

fn refuse_problems(checked: Fields<'_>, starts: &[u64]) -> Result<(), Fault> {
    if checked.objects("problems").next().is_none() {
        return Ok(());
    }
    let head = "nothing was imported";
    Err(Fault::Failed(with_problems(head, checked, starts)))
}

/// Looks at a job until it has ended.
fn follow(session: &Session, job: &str) -> Result<Document, Fault> {
    let bar = session.notes.lines("Applying", 0);
    loop {
        let state = session.client.document(&api::read_import(job))?;
        let fields = state.fields();
        let count = |name| {
            fields
                .number(name)
                .and_then(|count| u64::try_from(count).ok())
        };
        bar.set_length(count("lines").unwrap_or(0));
        bar.set_position(count("applied").unwrap_or(0));
        match fields.text("status") {
            Some("done" | "failed") => return Ok(state),
            Some("receiving") => {
                return Err(Fault::Failed(format!(
                    "the import job {job} was never started: import its file again"
                )));
            }
            _ => clock::pause(LOOK),
        }
    }
}

/// Says what was imported in one request.
fn imported(session: &Session, answer: &Document) -> Result<(), Fault> {
    session.notes.done();
    session.output.document(answer, |answer| {
        let counts = answer.fields().counts();
        let counts: Vec<String> = counts
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{}: {count}", clean(name)))
            .collect();
        format!("Imported {}", counts.join(", "))
    })
}

/// Says how a job ended.
fn finished(session: &Session, state: &Document, starts: &[u64]) -> Result<(), Fault> {
    session.notes.done();
    let fields = state.fields();
    let failed = fields.text("status") == Some("failed");
    if session.output.is_for_a_script() || !failed {
        session.output.document(state, |state| {
            let applied = state.fields().number("applied").unwrap_or(0);
            format!("Imported {applied} lines")
        })?;
    }
    if failed {
        return Err(Fault::Failed(words_of_failure(fields, starts)));
    }
    Ok(())
}

fn words_of_failure(state: Fields<'_>, starts: &[u64]) -> String {
    let applied = state.number("applied").unwrap_or(0);
    let head = format!("the import failed; {applied} lines were applied");
    with_problems(&head, state, starts)
}

fn with_problems(head: &str, state: Fields<'_>, starts: &[u64]) -> String {
    let mut words = head.to_owned();
    let problems = state.objects("problems").map(|at| problem(at, starts));
    let problems: Vec<String> = problems.collect();
    for problem in problems.iter().take(MOST_PROBLEMS) {
        words.push_str("\n  ");
        words.push_str(problem);
    }
    let left = problems.len().saturating_sub(MOST_PROBLEMS);
    if left > 0 {
        words.push_str(&format!("\n  and {left} more, which `--json` shows"));
    }
    words
}

/// Words a problem. Its message says the line within its part, which nobody but the sender of the parts can find.
fn problem(problem: Fields<'_>, starts: &[u64]) -> String {
    let code = problem.text("code").map(|code| format!(" ({code})"));
    let line = line_of_file(problem, starts);
    let place = line.map(|line| format!("line {line} of the file: "));
    let message = problem.plain("message");
    let inner = problem.number("line").map(|line| format!("line {line}: "));
    let bare = match (&place, &inner) {
        (Some(_), Some(inner)) => message.strip_prefix(inner.as_str()),
        _ => None,
    };
    let place = place.or_else(|| Some(format!("part {}, ", problem.number("part")?)));
    format!(
        "{}{}{}",
        place.unwrap_or_default(),
        bare.unwrap_or(&message),
        code.unwrap_or_default()
    )
}

fn line_of_file(problem: Fields<'_>, starts: &[u64]) -> Option<u64> {
    let part = problem.number("part")?;
    let before = starts.get(usize::try_from(part.checked_sub(1)?).ok()?)?;
    let line = u64::try_from(problem.number("line")?).ok()?;
    before.checked_add(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = r#"{"status": "failed", "applied": 0, "problems": [{"part": 2, "line": 7, "code": "INVALID_FIELD", "message": "line 7: `data.key` is wrong"}]}"#;

    #[track_caller]
    fn check(starts: &[u64], place: &str) {
        let state = Document::read(STATE).unwrap();
        assert_eq!(
            words_of_failure(state.fields(), starts),
            format!(
                "the import failed; 0 lines were applied\n  {place}`data.key` is wrong (INVALID_FIELD)"
            )
        );
    }

    #[test]
    fn a_failed_job_names_the_lines_of_its_file() {
        check(&[0, 100], "line 107 of the file: ");
    }

    #[test]
    fn a_job_of_another_command_names_the_lines_of_its_parts() {
        check(&[], "part 2, line 7: ");
    }
}
