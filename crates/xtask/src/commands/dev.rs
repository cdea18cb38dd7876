//! `cargo xtask dev`: the whole of Licentia on this machine, under one address.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};

use anyhow::{Context, Result, bail, ensure};

use crate::args::{Dev, Start};
use crate::clock::{Stopwatch, spoken};
use crate::secrets::Secrets;
use crate::server::{self, Options, Server};
use crate::worker_bundle::{self, Variant};
use crate::workspace::Workspace;
use crate::{pages, setup};

pub(crate) fn run(workspace: &Workspace, options: &Dev) -> Result<ExitCode> {
    let watch = Stopwatch::start();
    let port = server::free_port(options.port)?;
    let stop = stop_signal()?;
    let state = workspace.path(&options.state);
    let _alone = open_state(&state, options.start)?;
    {
        let _alone = setup::exclusive(workspace)?;
        setup::for_building(workspace)?;
        worker_bundle::build(workspace, Variant::Shipped)?;
        pages::build(workspace)?;
    }

    let secrets = Secrets::of(&state)?;
    let env_file = secrets.env_file(&state)?;
    let mut server = Server::start(
        workspace,
        &Options {
            port,
            state: &state,
            env_file: &env_file,
        },
    )?;
    if server.wait_until_ready(&stop)? {
        eprintln!("  ready after {}", spoken(watch.elapsed()));
        println!(
            "{}",
            announcement(port, &secrets.root_token, &options.state)
        );
        server.serve(&stop)?;
    }
    eprintln!("\nstopped");
    Ok(ExitCode::SUCCESS)
}

/// What a person, and a script, reads when the server answers.
fn announcement(port: u16, token: &str, state: &Path) -> String {
    let address = format!("http://127.0.0.1:{port}");
    format!(
        "\nready\n  \
         address     {address}\n  \
         open        {address}/#token={token}\n  \
         root token  {token}\n  \
         state       {state} (log in dev.log; `--fresh` empties it)\n\n\
         Ctrl-C stops it.",
        state = state.display()
    )
}

fn stop_signal() -> Result<Receiver<()>> {
    let (stop, stopped) = channel();
    ctrlc::set_handler(move || {
        let _ = stop.send(());
    })?;
    Ok(stopped)
}

const MARK: &str = ".licentia-state";

/// Makes or empties the state directory. A directory that is not one of ours is never emptied.
fn open_state(state: &Path, start: Start) -> Result<File> {
    fs::create_dir_all(state).with_context(|| format!("cannot make `{}`", state.display()))?;
    let mark = state.join(MARK);
    let ours = mark.is_file();
    ensure!(
        ours || fs::read_dir(state)?.next().is_none(),
        "`{}` holds other files: choose an empty directory with `--state`",
        state.display()
    );
    let file = File::create(&mark)?;
    if file.try_lock().is_err() {
        bail!(
            "another `dev` runs on `{}`: stop it, or choose another `--state`",
            state.display()
        );
    }
    if start == Start::Fresh {
        for entry in contents(state)? {
            if entry.is_dir() {
                fs::remove_dir_all(entry)?;
            } else {
                fs::remove_file(entry)?;
            }
        }
    }
    Ok(file)
}

fn contents(state: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(state)? {
        let entry = entry?.path();
        if !entry.ends_with(MARK) {
            entries.push(entry);
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        directory
    }

    #[test]
    fn the_link_carries_the_token_in_its_fragment() {
        let text = announcement(9000, "lct_x", Path::new("s"));
        assert!(text.contains("\nready\n"), "{text}");
        assert!(
            text.contains("http://127.0.0.1:9000/#token=lct_x\n"),
            "{text}"
        );
    }

    #[test]
    fn fresh_empties_our_directory_and_no_other() {
        let state = directory("state");
        drop(open_state(&state, Start::Resume).unwrap());
        fs::create_dir(state.join("storage")).unwrap();
        fs::write(state.join("secrets.env"), "x").unwrap();
        drop(open_state(&state, Start::Resume).unwrap());
        assert_eq!(contents(&state).unwrap().len(), 2);
        drop(open_state(&state, Start::Fresh).unwrap());
        assert!(contents(&state).unwrap().is_empty());

        let foreign = directory("foreign");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join("thesis.txt"), "x").unwrap();
        open_state(&foreign, Start::Fresh).unwrap_err();
        assert!(foreign.join("thesis.txt").is_file());
        fs::remove_dir_all(&state).unwrap();
        fs::remove_dir_all(&foreign).unwrap();
    }

    #[test]
    fn two_servers_do_not_share_a_state() {
        let state = directory("shared");
        let first = open_state(&state, Start::Resume).unwrap();
        open_state(&state, Start::Fresh).unwrap_err();
        drop(first);
        open_state(&state, Start::Fresh).unwrap();
        fs::remove_dir_all(&state).unwrap();
    }
}
