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
}

/// The seconds between two looks at a job.
const LOOK: u64 = 1;
/// The most problems of a job that are printed; `--json` has them all.
const MOST_PROBLEMS: usize = 20;

impl Import {
    pub(super) fn run(&self, session: &Session) -> Result<(), Fault> {
        let job = match (&self.file, &self.follow) {
            (Some(file), _) => match send(session, file)? {
                Sent::Whole(answer) => return imported(session, &answer),
                Sent::Job(job) => job,
            },
            (None, Some(job)) => job.clone(),
            (None, None) => return Err(Fault::Usage("name a file to import".to_owned())),
        };
        let outcome = follow(session, &job)?;
        finished(session, &outcome)
    }
}

/// How a file went.
enum Sent {
    /// In one request, which is answered.
    Whole(Document),
    /// As a job, which is started.
    Job(String),
}

fn send(session: &Session, path: &Path) -> Result<Sent, Fault> {
    let (reader, size) = open(path)?;
    let mut parts = Parts::new(reader, path);
    let Some(first) = parts.next()? else {
        return Err(Fault::Usage(format!("`{}` is empty", path.display())));
    };
    let bar = session.notes.bytes("Sending", size);
    match parts.next()? {
        None => session
            .client
            .document(&api::import(first))
            .map(Sent::Whole),
        Some(second) => send_job(session, [first, second], &mut parts, &bar).map(Sent::Job),
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

fn send_job(
    session: &Session,
    read: [Vec<u8>; 2],
    rest: &mut Parts,
    bar: &ProgressBar,
) -> Result<String, Fault> {
    let job = id_of(&session.client.document(&api::create_import())?)?;
    let sent = send_parts(session, &job, read, rest, bar)
        .and_then(|()| session.client.send(&api::start_import(&job)).map(drop));
    if sent.is_err() {
        // Nothing of it was applied; what cannot be deleted either, the server forgets by itself.
        let _ = session.client.send(&api::delete_import(&job));
    }
    sent?;
    session.notes.say(&format!(
        "The import job {job} is started; `licentia import --follow {job}` follows it later."
    ));
    Ok(job)
}

fn send_parts(
    session: &Session,
    job: &str,
    read: [Vec<u8>; 2],
    rest: &mut Parts,
    bar: &ProgressBar,
) -> Result<(), Fault> {
    let mut read = read.into_iter();
    for number in 1_u32.. {
        let Some(part) = read
            .next()
            .map_or_else(|| rest.next(), |part| Ok(Some(part)))?
        else {
            break;
        };
        let length = u64::try_from(part.len()).unwrap_or(0);
        session.client.send(&api::put_part(job, number, part))?;
        bar.inc(length);
    }
    Ok(())
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
fn finished(session: &Session, state: &Document) -> Result<(), Fault> {
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
        return Err(Fault::Failed(words_of_failure(fields)));
    }
    Ok(())
}

fn words_of_failure(state: Fields<'_>) -> String {
    let applied = state.number("applied").unwrap_or(0);
    let mut words = format!("the import failed; {applied} lines were applied");
    let problems: Vec<String> = state.objects("problems").map(problem).collect();
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

fn problem(problem: Fields<'_>) -> String {
    let place = problem.number("line").map(|line| format!("line {line}: "));
    let code = problem.text("code").map(|code| format!(" ({code})"));
    format!(
        "{}{}{}",
        place.unwrap_or_default(),
        problem.plain("message"),
        code.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_job_names_its_lines() {
        let state = r#"{"status": "failed", "applied": 0, "problems": [{"line": 7, "code": "INVALID_FIELD", "message": "`data.key` is wrong"}]}"#;
        let state = Document::read(state).unwrap();
        assert_eq!(
            words_of_failure(state.fields()),
            "the import failed; 0 lines were applied\n  line 7: `data.key` is wrong (INVALID_FIELD)"
        );
    }
}
