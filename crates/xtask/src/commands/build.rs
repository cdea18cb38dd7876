//! `cargo xtask build`: the Worker's bundle and the npm package.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Build;
use crate::workspace::Workspace;
use crate::{pages, setup, worker_bundle};

pub(crate) fn run(workspace: &Workspace, options: &Build) -> Result<ExitCode> {
    let _alone = setup::exclusive(workspace)?;
    setup::for_building(workspace)?;
    pages::build(workspace)?;
    println!("{}", workspace.path("crates/wasm/js").display());
    for variant in &options.variants {
        let directory = worker_bundle::build(workspace, *variant)?;
        println!("{}", directory.display());
    }
    Ok(ExitCode::SUCCESS)
}
