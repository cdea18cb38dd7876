//! Fuzzes what reads texts of others: tests/fuzz under libFuzzer, on stable Rust, for half a minute a target.
//!
//! libFuzzer needs to see which branches an input takes. rustc can have LLVM count them without a nightly toolchain; the
//! flags are those of cargo-fuzz without a sanitizer, which code that forbids `unsafe` has no use for.

use std::process::Command;

use anyhow::{Context, Result};

use crate::tally::Tally;
use crate::workspace::Workspace;
use crate::{process, progress, setup};

const TARGETS: [&str; 3] = ["token", "stored", "answer"];
const SECONDS: u32 = 30;
/// No server and no store of ours writes a longer text, and longer ones are slow to find anything in.
const LONGEST: u32 = 4_096;

const FLAGS: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];

/// Builds the targets and fuzzes each; a finding is a failed test.
pub(crate) fn run(workspace: &Workspace) -> Result<Tally> {
    let host = host()?;
    progress::step("building the fuzz targets", || build(workspace, &host))?;
    let mut tally = Tally::default();
    for target in TARGETS {
        let mut command = fuzzer(workspace, &host, target)?;
        let name = format!("fuzzing `{target}` ({SECONDS} s)");
        match progress::step(&name, || process::quietly(&mut command)) {
            Ok(()) => tally.passed = tally.passed.saturating_add(1),
            Err(finding) => {
                eprintln!("  {finding:#}");
                tally.failed = tally.failed.saturating_add(1);
            }
        }
    }
    Ok(tally)
}

/// The machine's own target. It is named to cargo, so that the flags do not reach build scripts and macros.
fn host() -> Result<String> {
    let version = setup::rustc_version()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

fn build(workspace: &Workspace, host: &str) -> Result<()> {
    let mut command = workspace.cargo();
    command
        .args(["build", "--locked", "--profile=fuzz", "--bins"])
        .args(["--package=licentia-fuzz", "--features=libfuzzer"])
        .args(["--target", host])
        .arg("--target-dir")
        .arg(workspace.target()?.join("fuzz"))
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
    process::quietly(&mut command)
}

/// Begins with the corpus that is kept; what it finds beside that lies under target/.
fn fuzzer(workspace: &Workspace, host: &str, target: &str) -> Result<Command> {
    let built = workspace.target()?.join("fuzz");
    let found = built.join("corpus").join(target);
    std::fs::create_dir_all(&found)?;
    let program = format!("fuzz-{target}{}", std::env::consts::EXE_SUFFIX);
    let words = workspace.path("tests/fuzz/words.dict");
    let mut command = Command::new(built.join(host).join("fuzz").join(program));
    command
        .current_dir(&built)
        .arg(format!("-max_total_time={SECONDS}"))
        .arg(format!("-max_len={LONGEST}"))
        .arg(format!("-dict={}", words.display()))
        .arg(found)
        .arg(workspace.path("tests/fuzz/corpus").join(target));
    Ok(command)
}
