//! Runs `wrangler dev` as a child: starts it, waits until the API answers, and stops it with all that it started.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::clock::Stopwatch;
use crate::node;
use crate::workspace::Workspace;

const PATIENCE: Duration = Duration::from_secs(120);
const GRACE: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(100);

/// How often the server is looked at while it serves, and how many looks in vain are worth telling.
const LOOK: Duration = Duration::from_secs(10);
const LOOKS_IN_VAIN: u32 = 3;

/// Tells when the server stops answering, and when it answers again: wrangler outlives a runtime that has ended.
fn tell_when_silent(port: u16, log: &Path) {
    let mut in_vain = 0_u32;
    loop {
        thread::sleep(LOOK);
        let answers = status_of(port, "/v3/status").is_some();
        if answers && in_vain >= LOOKS_IN_VAIN {
            eprintln!("the server answers again");
        }
        in_vain = if answers {
            0
        } else {
            in_vain.saturating_add(1)
        };
        if in_vain == LOOKS_IN_VAIN {
            let log = log.display();
            eprintln!(
                "the server no longer answers: stop it with Ctrl-C and start it again (log in {log})"
            );
        }
    }
}

/// Says now that a port is taken, before minutes of building.
pub(crate) fn free_port(wanted: u16) -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).with_context(|| {
        format!("port {wanted} is in use: stop what listens there, or choose another with `--port`")
    })?;
    Ok(listener.local_addr()?.port())
}

#[derive(Debug)]
pub(crate) struct Options<'a> {
    pub(crate) port: u16,
    pub(crate) state: &'a Path,
    /// Holds the secrets, one `NAME='value'` a line.
    pub(crate) env_file: &'a Path,
}

#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Server {
    pub(crate) fn start(workspace: &Workspace, options: &Options<'_>) -> Result<Self> {
        let log = options.state.join("dev.log");
        let mut command = command(workspace, options)?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            command.process_group(0); // so that one signal reaches wrangler and every workerd
        }
        let file =
            File::create(&log).with_context(|| format!("cannot write `{}`", log.display()))?;
        let mut child = command.spawn().context("cannot start wrangler")?;
        if let Some(stdout) = child.stdout.take() {
            record(stdout, file.try_clone()?);
        }
        if let Some(stderr) = child.stderr.take() {
            record(stderr, file);
        }
        Ok(Self {
            child,
            port: options.port,
            log,
        })
    }

    /// Waits until `GET /v3/status` answers 200. Returns false if the user stopped it first.
    pub(crate) fn wait_until_ready(&mut self, stop: &Receiver<()>) -> Result<bool> {
        let watch = Stopwatch::start();
        while watch.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "wrangler ended ({status}); its last words:\n{}",
                    self.tail()
                );
            }
            if status_of(self.port, "/v3/status") == Some(200) {
                return Ok(true);
            }
            if stop.recv_timeout(TICK).is_ok() {
                return Ok(false);
            }
        }
        bail!(
            "`/v3/status` did not answer 200 within {} s; wrangler's last words:\n{}",
            PATIENCE.as_secs(),
            self.tail()
        )
    }

    /// Waits until the user stops it, or until it ends by itself, which is an error.
    pub(crate) fn serve(&mut self, stop: &Receiver<()>) -> Result<()> {
        let (port, log) = (self.port, self.log.clone());
        thread::spawn(move || tell_when_silent(port, &log));
        loop {
            if stop.recv_timeout(TICK).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "wrangler ended ({status}); its last words:\n{}",
                    self.tail()
                );
            }
        }
    }

    fn tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let start = lines.len().saturating_sub(20);
        lines.get(start..).unwrap_or_default().join("\n")
    }

    fn ended_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        let watch = Stopwatch::start();
        while watch.elapsed() < limit {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            thread::sleep(TICK);
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        signal_group(&self.child, Ending::Asked);
        if self.ended_within(GRACE).is_none() {
            signal_group(&self.child, Ending::Forced);
            let _ = self.child.kill();
            let _ = self.child.wait();
        } else {
            signal_group(&self.child, Ending::Forced); // what wrangler may have left behind
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Ending {
    Asked,
    Forced,
}

#[cfg(unix)]
fn signal_group(child: &Child, ending: Ending) {
    use nix::sys::signal::{Signal, killpg};
    let signal = match ending {
        Ending::Asked => Signal::SIGTERM,
        Ending::Forced => Signal::SIGKILL,
    };
    if let Ok(group) = i32::try_from(child.id()) {
        let _ = killpg(nix::unistd::Pid::from_raw(group), signal);
    }
}

#[cfg(not(unix))]
fn signal_group(child: &Child, _: Ending) {
    let _ = Command::new("taskkill")
        .args(["/T", "/F", "/PID", &child.id().to_string()])
        .output();
}

fn command(workspace: &Workspace, options: &Options<'_>) -> Result<Command> {
    let state = options.state;
    let mut command = node::script(workspace, "node_modules/wrangler/bin/wrangler.js")?;
    command
        .args(["dev", "--ip", "127.0.0.1", "--port"])
        .arg(options.port.to_string())
        .args(["--var", "LICENTIA_MIN_SYNC_INTERVAL:1"])
        .arg("--show-interactive-dev-session=false")
        .arg("--env-file")
        .arg(options.env_file)
        .arg("--persist-to")
        .arg(state.join("storage"));
    for (name, value) in quiet() {
        command.env(name, value);
    }
    for (name, directory) in [
        ("XDG_CONFIG_HOME", "config"),
        ("WRANGLER_CACHE_DIR", "cache"),
        ("WRANGLER_LOG_PATH", "logs"),
        ("WRANGLER_REGISTRY_PATH", "registry"),
    ] {
        command.env(name, state.join(directory));
    }
    Ok(command)
}

/// Keeps wrangler from asking the network for anything, and from decorating its log.
fn quiet() -> [(&'static str, &'static str); 9] {
    [
        ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
        ("DO_NOT_TRACK", "1"),
        ("FORCE_COLOR", "0"),
        ("NO_COLOR", "1"),
        ("WRANGLER_HIDE_BANNER", "true"),
        ("WRANGLER_SEND_ERROR_REPORTS", "false"),
        ("WRANGLER_SEND_METRICS", "false"),
        ("X_LOCAL_EXPLORER", "false"),
        ("X_LOCAL_OBSERVABILITY", "false"),
    ]
}

/// Keeps what wrangler says in the log, and shows its errors: from `✘ [ERROR]` up to the next empty line.
fn record(output: impl Read + Send + 'static, mut log: File) {
    thread::spawn(move || {
        let mut showing = false;
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            let _ = log.write_all(&line);
            let text = String::from_utf8_lossy(&line);
            showing = text.contains("[ERROR]") || (showing && !text.trim().is_empty());
            if showing {
                eprint!("{text}");
            }
            line.clear();
        }
    });
}

/// Asks for a page of the local server and returns the status of its answer.
fn status_of(port: u16, path: &str) -> Option<u16> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, TICK).ok()?;
    stream.set_read_timeout(Some(GRACE)).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    line.split(' ').nth(1)?.parse().ok()
}
