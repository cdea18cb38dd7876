//! Imports that are done in parts: what is kept of one, and what is answered.

use serde::{Deserialize, Serialize};

use super::exported::ImportCounts;
use crate::code::Problem;
use crate::id::{ImportId, RequestId};
use crate::time::Timestamp;

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ImportStatus {
    /// It takes parts.
    Receiving,
    /// It is applied, slice by slice.
    Applying,
    /// All of it is applied.
    Done,
    /// A line could not be applied; those before it are.
    Failed,
}

impl ImportStatus {
    /// Returns its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Applying => "applying",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportProblem {
    pub part: u32,
    pub line: usize,
    pub code: String,
    pub message: String,
}

impl ImportProblem {
    /// Says where a problem is.
    #[must_use]
    pub fn at(part: u32, line: usize, problem: Problem) -> Self {
        Self {
            part,
            line,
            code: problem.code.as_str().to_owned(),
            message: problem.message,
        }
    }
}

/// An import as its row has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredImport {
    pub id: ImportId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub status: ImportStatus,
    pub lines: u64,
    pub applied: u64,
    pub counts: ImportCounts,
    pub problems: Vec<ImportProblem>,
    /// How often its next slice failed for a reason that is ours.
    #[serde(default)]
    pub tries: u32,
    /// Who began it, for the event log.
    pub actor: String,
    pub address: Option<String>,
    pub request_id: RequestId,
}

/// An import as the API answers it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImportView<'a> {
    id: ImportId,
    status: ImportStatus,
    lines: u64,
    applied: u64,
    counts: &'a ImportCounts,
    problems: &'a [ImportProblem],
    created_at: Timestamp,
    updated_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

impl<'a> From<&'a StoredImport> for ImportView<'a> {
    fn from(import: &'a StoredImport) -> Self {
        Self {
            id: import.id,
            status: import.status,
            lines: import.lines,
            applied: import.applied,
            counts: &import.counts,
            problems: &import.problems,
            created_at: import.created_at,
            updated_at: import.updated_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
        }
    }
}

/// A part of an import as the API answers it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportPartView<'a> {
    pub number: u32,
    pub lines: u64,
    /// What is wrong with its lines, the first ones of it.
    pub problems: &'a [ImportProblem],
}
