//! `cargo xtask test`: every test there is, part by part, and the sum of what the runners said.
//!
//! A part fails if a test failed, if its runner failed, or if it ran no test at all: nothing is green by absence.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::str::FromStr;

use anyhow::{Context, Result};

use crate::args::Test;
use crate::clock::{Stopwatch, spoken};
use crate::tally::Tally;
use crate::worker_bundle::{self, Variant};
use crate::workspace::Workspace;
use crate::{chromium, fuzz, node, pages, process, schemathesis, setup};

/// A part of the tests, in the order in which they run: what fails fastest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Core,
    Api,
    Cli,
    Xtask,
    Worker,
    Wasm,
    Browser,
    Package,
    Examples,
    Contract,
    Fuzz,
}

impl Part {
    const ALL: [Self; 11] = [
        Self::Core,
        Self::Api,
        Self::Cli,
        Self::Xtask,
        Self::Worker,
        Self::Wasm,
        Self::Browser,
        Self::Package,
        Self::Examples,
        Self::Contract,
        Self::Fuzz,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Api => "api",
            Self::Cli => "cli",
            Self::Xtask => "xtask",
            Self::Worker => "worker",
            Self::Wasm => "wasm",
            Self::Browser => "browser",
            Self::Package => "package",
            Self::Examples => "examples",
            Self::Contract => "contract",
            Self::Fuzz => "fuzz",
        }
    }

    /// Whether it runs only when it is asked for: one needs Python and one a C++ compiler, which the others do without.
    fn is_extra(self) -> bool {
        matches!(self, Self::Contract | Self::Fuzz)
    }

    /// The crates whose tests run natively in this part.
    fn crates(self) -> &'static [&'static str] {
        match self {
            Self::Core => &["licentia-core", "licentia-fuzz"],
            Self::Api => &["licentia-api", "licentia-contract", "licentia-tests"],
            Self::Cli => &["licentia-cli"],
            Self::Xtask => &["xtask"],
            Self::Worker => &["licentia-worker"],
            Self::Wasm => &["licentia-wasm", "licentia-check"],
            Self::Browser | Self::Package | Self::Examples | Self::Contract | Self::Fuzz => &[],
        }
    }

    /// The directory whose `*.test.mjs` run under Node in this part, against what `build` made.
    fn scripts(self) -> Option<&'static str> {
        match self {
            Self::Core | Self::Api | Self::Fuzz => None,
            Self::Cli => Some("tests/cli"),
            Self::Xtask => Some("tests/xtask"),
            Self::Worker => Some("tests/worker"),
            Self::Wasm => Some("tests/wasm"),
            Self::Browser => Some("tests/browser"),
            Self::Package => Some("tests/package"),
            Self::Examples => Some("tests/examples"),
            Self::Contract => Some("tests/contract"),
        }
    }
}

impl FromStr for Part {
    type Err = UnknownPart;

    fn from_str(text: &str) -> Result<Self, UnknownPart> {
        let part = Self::ALL.into_iter().find(|part| part.name() == text);
        part.ok_or(UnknownPart)
    }
}

#[derive(Debug)]
pub(crate) struct UnknownPart;

impl fmt::Display for UnknownPart {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "the parts are {}",
            Part::ALL.map(Part::name).join(", ")
        )
    }
}

impl std::error::Error for UnknownPart {}

pub(crate) fn run(workspace: &Workspace, options: &Test) -> Result<ExitCode> {
    let parts: Vec<Part> = Part::ALL
        .into_iter()
        .filter(|part| options.selects(*part))
        .collect();
    // Before anything is built: what is missing is said first.
    let programs = Programs::of(workspace, &parts)?;
    if parts.iter().any(|part| part.scripts().is_some()) {
        let _alone = setup::exclusive(workspace)?;
        setup::for_building(workspace)?;
        worker_bundle::build(workspace, Variant::Shipped)?;
        worker_bundle::build(workspace, Variant::Faults)?;
        pages::build(workspace)?;
    }

    let mut report = Report::default();
    for part in parts {
        println!("\n== {} ==", part.name());
        let watch = Stopwatch::start();
        let outcome = run_part(workspace, part, &programs)?;
        report.add(part, outcome, spoken(watch.elapsed()));
    }
    println!("{report}");
    Ok(if report.green() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Programs of others that parts need.
#[derive(Debug)]
struct Programs {
    browser: Option<PathBuf>,
    fuzzer: Option<PathBuf>,
}

impl Programs {
    /// Finds or installs what the parts need.
    fn of(workspace: &Workspace, parts: &[Part]) -> Result<Self> {
        let wanted = |part| parts.contains(&part);
        let browser = wanted(Part::Browser) || wanted(Part::Examples);
        let browser = browser.then(|| chromium::program(workspace));
        let fuzzer = wanted(Part::Contract).then(|| schemathesis::program(workspace));
        Ok(Self {
            browser: browser.transpose()?,
            fuzzer: fuzzer.transpose()?,
        })
    }
}

impl Test {
    fn selects(&self, part: Part) -> bool {
        if self.only.is_empty() {
            self.all || !part.is_extra()
        } else {
            self.only.contains(&part)
        }
    }
}

/// What a part came to: the sum of its tests, and whether each runner ended well.
#[derive(Debug, Default)]
struct Outcome {
    tally: Tally,
    broken: bool,
}

impl Outcome {
    fn green(&self) -> bool {
        !self.broken && self.tally.failed == 0 && self.tally.ran()
    }
}

fn run_part(workspace: &Workspace, part: Part, programs: &Programs) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    if !part.crates().is_empty() {
        let mut cargo = workspace.cargo();
        cargo.args(["test", "--locked", "--no-fail-fast"]);
        cargo.args(part.crates().iter().map(|name| format!("--package={name}")));
        hear(&mut cargo, &mut outcome)?;
    }
    if part == Part::Fuzz {
        outcome.tally = outcome.tally.sum(fuzz::run(workspace)?);
    }
    if let Some(directory) = part.scripts() {
        let files = test_files(&workspace.path(directory))?;
        if files.is_empty() {
            eprintln!("  `{directory}` holds no test");
            outcome.broken = true;
        } else {
            hear(node_test(workspace, programs)?.args(files), &mut outcome)?;
        }
    }
    Ok(outcome)
}

/// Node's test runner, with what our tests read from the environment.
fn node_test(workspace: &Workspace, programs: &Programs) -> Result<Command> {
    let mut node = Command::new(node::node(workspace)?);
    node.current_dir(workspace.root())
        .env("PATH", node::path(workspace)?)
        .env("LICENTIA_ROOT", workspace.root())
        .env("LICENTIA_XTASK", std::env::current_exe()?)
        .env(
            "LICENTIA_SCENARIOS",
            program(workspace, "licentia-tests", "scenarios")?,
        )
        .env(
            "LICENTIA_CLI",
            program(workspace, "licentia-cli", "licentia")?,
        )
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .env("WRANGLER_SEND_METRICS", "false")
        .env_remove("FORCE_COLOR") // the closing lines are read as plain text
        .args(["--test", "--test-reporter=spec"])
        .args(["--test-timeout=300000", "--test-force-exit"]); // a hang is a failure
    if let Some(browser) = &programs.browser {
        node.env("CHROME", browser);
    }
    if let Some(fuzzer) = &programs.fuzzer {
        node.env("LICENTIA_SCHEMATHESIS", fuzzer);
    }
    Ok(node)
}

/// Builds a program of ours that Node's tests run: the scenarios, which they point at the Worker, and the command line.
pub(super) fn program(workspace: &Workspace, package: &str, name: &str) -> Result<PathBuf> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--locked", "--quiet", "--message-format=short"]);
    process::quietly(cargo.args(["--package", package, "--bin", name]))?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace.target()?.join("debug").join(file))
}

fn hear(command: &mut Command, outcome: &mut Outcome) -> Result<()> {
    let status = process::heard(command, |line| outcome.tally.hear(line))?;
    outcome.broken |= !status.success();
    Ok(())
}

fn test_files(directory: &Path) -> Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The table that closes a run; its last line is the sum.
#[derive(Debug, Default)]
struct Report {
    rows: Vec<(Part, Outcome, String)>,
}

impl Report {
    fn add(&mut self, part: Part, outcome: Outcome, time: String) {
        self.rows.push((part, outcome, time));
    }

    fn green(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|(_, outcome, _)| outcome.green())
    }

    /// A part that is not green for another reason than a failed test counts as one failure.
    fn sum(&self) -> Tally {
        let tallies = self.rows.iter().map(|(_, outcome, _)| {
            let mut tally = outcome.tally;
            if !outcome.green() && tally.failed == 0 {
                tally.failed = 1;
            }
            tally
        });
        tallies.fold(Tally::default(), Tally::sum)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\n{:<9} {:<32} {:>12}", "part", "tests", "time")?;
        for (part, outcome, time) in &self.rows {
            let remark = match outcome {
                Outcome {
                    broken: true,
                    tally,
                } if tally.failed == 0 => "  its runner failed",
                Outcome { tally, .. } if !tally.ran() => "  ran no test",
                _ => "",
            };
            let tests = outcome.tally.to_string();
            writeln!(out, "{:<9} {tests:<32} {time:>12}{remark}", part.name())?;
        }
        write!(out, "\n{}", self.sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: &[(u32, u32, bool)]) -> Report {
        let mut report = Report::default();
        for &(passed, failed, broken) in outcomes {
            let tally = Tally {
                passed,
                failed,
                skipped: 0,
            };
            report.add(Part::Core, Outcome { tally, broken }, "1 s".to_owned());
        }
        report
    }

    #[track_caller]
    fn check(outcomes: &[(u32, u32, bool)], green: bool, last_line: &str) {
        let report = report(outcomes);
        assert_eq!(report.green(), green);
        assert_eq!(report.to_string().lines().last(), Some(last_line));
    }

    #[test]
    fn what_needs_more_runs_only_when_it_is_asked_for() {
        let selected = |only: &[Part], all| {
            let only = only.to_vec();
            let options = Test { only, all };
            Part::ALL
                .iter()
                .filter(|part| options.selects(**part))
                .count()
        };
        assert_eq!(selected(&[], false), Part::ALL.len() - 2);
        assert_eq!(selected(&[], true), Part::ALL.len());
        assert_eq!(selected(&[Part::Contract], false), 1);
    }

    #[test]
    fn parts_that_passed_are_green() {
        check(&[(3, 0, false), (4, 0, false)], true, "7 passed, 0 failed");
    }

    #[test]
    fn a_failed_test_is_red() {
        check(&[(3, 1, true), (4, 0, false)], false, "7 passed, 1 failed");
    }

    #[test]
    fn a_part_that_ran_nothing_is_red() {
        check(&[(3, 0, false), (0, 0, false)], false, "3 passed, 1 failed");
        check(&[], false, "0 passed, 0 failed");
    }

    #[test]
    fn a_runner_that_broke_off_is_red_whatever_it_counted() {
        check(&[(3, 0, true)], false, "3 passed, 1 failed");
    }
}
