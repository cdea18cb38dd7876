//! `cargo xtask bench`: builds what ships and hands it to tests/bench, which measures.
//!
//! Figures are asked for, never tested: a machine that does other work too would fail a good build.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Bench;
use crate::commands::test::program;
use crate::worker_bundle::{self, Variant};
use crate::workspace::Workspace;
use crate::{chromium, node, npm_package, process, setup};

pub(crate) fn run(workspace: &Workspace, options: &Bench) -> Result<ExitCode> {
    let part = options.only.as_deref();
    let lists = part == Some("lists");
    let worker = !matches!(part, Some("lists" | "check"));
    let package = !matches!(part, Some("lists" | "flat" | "edge"));
    let pages = package && part != Some("push");
    let browser = pages.then(|| chromium::program(workspace)).transpose()?;
    {
        let _alone = setup::exclusive(workspace)?;
        setup::for_building(workspace)?;
        if worker {
            worker_bundle::build(workspace, Variant::Shipped)?;
        }
        if package {
            npm_package::build(workspace)?;
        }
    }
    let mut command = node::script(workspace, "tests/bench/index.mjs")?;
    command.envs(browser.map(|program| ("CHROME", program)));
    if lists {
        command.env(
            "LICENTIA_LISTS",
            program(workspace, "licentia-tests", "lists")?,
        );
    }
    for (flag, asked) in [
        ("--quick", options.quick),
        ("--write", options.write),
        ("--startup", options.startup),
    ] {
        if asked {
            command.arg(flag);
        }
    }
    if let Some(name) = &options.only {
        command.args(["--only", name]);
    }
    process::aloud(&mut command)?;
    Ok(ExitCode::SUCCESS)
}
