//! Turns the words after `cargo xtask` into a command, once.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use lexopt::{Arg, Parser, ValueExt};

use crate::commands::test::Part;
use crate::worker_bundle::Variant;

pub(crate) const HELP: &str = "
cargo xtask <command>: everything a developer of Licentia types

  dev         build, serve the API and the pages at http://127.0.0.1:8787, say `ready`
                --port <port>     another port; 0 takes a free one
                --state <dir>     where the local ledger, KV and root token are kept (.licentia)
                --fresh           empty that directory first
  test        run every test that needs no Python, and close with the sum
                --all             also those that do: the part contract
                --only <part>     core, api, cli, xtask, worker, wasm, browser, package, examples or contract; may be given again
  build       the Worker bundle in build/worker, the npm package in crates/wasm/js
                --faults          also build/worker-faults, which panics and stalls on request, for tests
  pack        the npm package and a Worker bundle that deploys with Node alone, as tarballs in dist
  deploy      the Worker, its KV namespace and its secrets on your Cloudflare account; again: what changed
                --dry-run         say what would be done, and let wrangler check the upload
  check       what CI checks: format, lints, docs, dependencies, types
  bench       measure: requests a second beside a plain Worker, sizes, cold and repeated checks
                --quick           a minute's look
                --only <text>     of the calls, those whose name contains this; or `flat`: the same calls on
                                  ledgers of a thousand and of a million licenses; or `check`: the package
                                  alone, its size and how long its checks take; or `lists`: how large
                                  status lists are; or `push`: how long a revocation takes to reach a
                                  thousand running applications, and status lists; or `edge`: what a
                                  license check at the edge costs
                --startup         also how long a second `dev` takes
                --write           put the figures into docs/benchmarks.md
  vectors     make tests/vectors/decisions.json anew
  docs        write the pages that are made from code: docs/errors.md, docs/cli.md and docs/openapi.json
  advisories  dependencies with known vulnerabilities (asks the network)

Each command installs what it needs, and says so: the wasm32 target, pinned cargo tools into a per-user
cache (LICENTIA_CACHE, else ~/.cache/licentia), the npm packages into node_modules.
";

#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    Help,
    Run(Command),
}

#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Dev(Dev),
    Test(Test),
    Build(Build),
    Pack,
    Deploy(Deploy),
    Bench(Bench),
    Vectors,
    Docs,
    Check,
    Advisories,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Dev {
    pub(crate) port: u16,
    pub(crate) state: PathBuf,
    pub(crate) start: Start,
}

/// What `dev` does with the state of an earlier run.
#[derive(Debug, PartialEq, Clone, Copy)]
pub(crate) enum Start {
    Resume,
    Fresh,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Test {
    /// Empty means every part.
    pub(crate) only: Vec<Part>,
    /// Whether parts run too that need more than the others.
    pub(crate) all: bool,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Build {
    pub(crate) variants: Vec<Variant>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Deploy {
    pub(crate) effect: Effect,
}

/// What `bench` measures, and where it goes.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Bench {
    pub(crate) quick: bool,
    pub(crate) only: Option<String>,
    pub(crate) startup: bool,
    pub(crate) write: bool,
}

/// Whether `deploy` touches the account.
#[derive(Debug, PartialEq, Clone, Copy)]
pub(crate) enum Effect {
    None,
    Real,
}

pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Request> {
    let mut parser = Parser::from_args(words);
    let Some(first) = parser.next()? else {
        return Ok(Request::Help);
    };
    let name = match first {
        Arg::Value(name) => name.string()?,
        Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
        other => return Err(other.unexpected().into()),
    };
    if name == "help" {
        return Ok(Request::Help);
    }

    let mut options = Options::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Long(option) => {
                let option = option.to_owned();
                options.take(&name, &option, &mut parser)?;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    options.command(&name).map(Request::Run)
}

/// The options of all commands; `take` refuses those that the command lacks.
#[derive(Debug, Default)]
struct Options {
    port: Option<u16>,
    state: Option<PathBuf>,
    fresh: bool,
    only: Vec<Part>,
    all: bool,
    faults: bool,
    dry_run: bool,
    bench: Bench,
}

impl Options {
    fn take(&mut self, command: &str, option: &str, parser: &mut Parser) -> Result<()> {
        match (command, option) {
            ("dev", "port") => self.port = Some(value(parser, option)?),
            ("dev", "state") => self.state = Some(parser.value()?.into()),
            ("dev", "fresh") => self.fresh = true,
            ("test", "only") => self.only.push(value(parser, option)?),
            ("test", "all") => self.all = true,
            ("build", "faults") => self.faults = true,
            ("deploy", "dry-run") => self.dry_run = true,
            ("bench", "quick") => self.bench.quick = true,
            ("bench", "only") => self.bench.only = Some(value(parser, option)?),
            ("bench", "startup") => self.bench.startup = true,
            ("bench", "write") => self.bench.write = true,
            _ => bail!("`{command}` has no option `--{option}`; `cargo xtask` lists them"),
        }
        Ok(())
    }

    fn command(self, name: &str) -> Result<Command> {
        Ok(match name {
            "dev" => Command::Dev(Dev {
                port: self.port.unwrap_or(8787),
                state: self.state.unwrap_or_else(|| PathBuf::from(".licentia")),
                start: if self.fresh {
                    Start::Fresh
                } else {
                    Start::Resume
                },
            }),
            "test" => Command::Test(Test {
                only: self.only,
                all: self.all,
            }),
            "build" if self.faults => Command::Build(Build {
                variants: vec![Variant::Shipped, Variant::Faults],
            }),
            "build" => Command::Build(Build {
                variants: vec![Variant::Shipped],
            }),
            "pack" => Command::Pack,
            "deploy" => Command::Deploy(Deploy {
                effect: if self.dry_run {
                    Effect::None
                } else {
                    Effect::Real
                },
            }),
            "bench" => Command::Bench(self.bench),
            "vectors" => Command::Vectors,
            "docs" => Command::Docs,
            "check" => Command::Check,
            "advisories" => Command::Advisories,
            _ => bail!("there is no command `{name}`; `cargo xtask` lists them"),
        })
    }
}

fn value<T>(parser: &mut Parser, option: &str) -> Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let value = parser.value()?;
    value
        .parse()
        .with_context(|| format!("`--{option}` does not take `{}`", value.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[track_caller]
    fn check(line: &str, expected: Command) {
        assert_eq!(parsed(line).unwrap(), Request::Run(expected));
    }

    #[track_caller]
    fn refused(line: &str, part: &str) {
        let message = format!("{:#}", parsed(line).unwrap_err());
        assert!(message.contains(part), "{message}");
    }

    #[test]
    fn dev_has_defaults() {
        let expected = Dev {
            port: 8787,
            state: ".licentia".into(),
            start: Start::Resume,
        };
        check("dev", Command::Dev(expected));
    }

    #[test]
    fn dev_takes_its_options_in_both_spellings() {
        let expected = || Dev {
            port: 9000,
            state: "/tmp/s".into(),
            start: Start::Fresh,
        };
        check(
            "dev --port 9000 --state /tmp/s --fresh",
            Command::Dev(expected()),
        );
        check(
            "dev --fresh --port=9000 --state=/tmp/s",
            Command::Dev(expected()),
        );
    }

    #[test]
    fn only_may_be_given_again() {
        let only = vec![Part::Core, Part::Browser];
        let all = false;
        check(
            "test --only core --only browser",
            Command::Test(Test { only, all }),
        );
        let (only, all) = (Vec::new(), true);
        check("test --all", Command::Test(Test { only, all }));
    }

    #[test]
    fn a_dry_run_has_no_effect() {
        let deploy = |effect| Command::Deploy(Deploy { effect });
        check("deploy", deploy(Effect::Real));
        check("deploy --dry-run", deploy(Effect::None));
    }

    #[test]
    fn a_bench_without_options_measures_everything() {
        check("bench", Command::Bench(Bench::default()));
        let bench = Bench {
            quick: true,
            only: Some("sync".to_owned()),
            ..Bench::default()
        };
        check("bench --quick --only sync", Command::Bench(bench));
    }

    #[test]
    fn no_words_and_help_show_the_help() {
        for line in ["", "help", "--help", "-h", "dev --help"] {
            assert_eq!(parsed(line).unwrap(), Request::Help, "{line}");
        }
    }

    #[test]
    fn an_option_of_another_command_is_refused() {
        refused("check --fresh", "`check` has no option `--fresh`");
        refused("dev --port many", "`--port` does not take `many`");
        refused("test --only everything", "core");
        refused("deploi", "no command `deploi`");
        refused("build now", "now");
    }
}
