//! `cargo xtask deploy`: puts the Worker on the user's Cloudflare account, and creates there only what is missing.
//!
//! Wrangler does all the talking. A second run finds the namespace, the same build and both secrets, and changes nothing.
//! `LICENTIA_WRANGLER` names another program to call in wrangler's place: tests record and answer the calls with it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

use crate::args::{Deploy, Effect};
use crate::inputs::Inputs;
use crate::secrets::{MASTER_KEYS, ROOT_TOKEN, Secrets};
use crate::worker_bundle::{self, Variant};
use crate::workspace::Workspace;
use crate::{node, pages, process, progress, setup};

const WORKER: &str = "licentia";
/// What wrangler itself would call the namespace of the binding `LICENSES`.
const NAMESPACE: &str = "licentia-licenses";
/// A variable of the deployed Worker: the digest of what was deployed, which secrets' later versions inherit.
const BUILD: &str = "LICENTIA_BUILD";

/// Names the program that is called in wrangler's place.
const TRIAL: &str = "LICENTIA_WRANGLER";

pub(crate) fn run(workspace: &Workspace, options: &Deploy) -> Result<ExitCode> {
    let _alone = setup::exclusive(workspace)?;
    setup::for_building(workspace)?;
    pages::build(workspace)?;
    worker_bundle::build(workspace, Variant::Shipped)?;

    let deployment = Deployment::new(workspace)?;
    match options.effect {
        Effect::None => deployment.rehearse(),
        Effect::Real => deployment.perform(),
    }?;
    Ok(ExitCode::SUCCESS)
}

struct Deployment<'a> {
    workspace: &'a Workspace,
    directory: PathBuf,
    build: String,
}

impl<'a> Deployment<'a> {
    fn new(workspace: &'a Workspace) -> Result<Self> {
        // A trial must not take the place of what is known of the real account.
        let name = if std::env::var_os(TRIAL).is_some() {
            "build/deploy-trial"
        } else {
            "build/deploy"
        };
        let directory = workspace.path(name);
        fs::create_dir_all(&directory)?;
        let build = Inputs::default()
            .path(&workspace.path("build/worker"))?
            .path(&workspace.path("www"))?
            .path(&workspace.path("wrangler.toml"))?
            .digest();
        Ok(Self {
            workspace,
            directory,
            build,
        })
    }

    /// Says what a run would do, and lets wrangler check the upload. Asks the account nothing.
    fn rehearse(&self) -> Result<()> {
        println!("would create, where they are missing on the account:");
        println!("  the KV namespace `{NAMESPACE}`");
        println!(
            "  the Worker `{WORKER}` with its Durable Object, from this build ({})",
            self.build
        );
        println!("  the secrets {ROOT_TOKEN} and {MASTER_KEYS}, drawn here");
        println!("then wait for /v3/status, and print the address and a new root token once");
        let config = self.config(None)?;
        process::aloud(
            self.wrangler()?
                .args(["deploy", "--dry-run", "--config"])
                .arg(config),
        )
    }

    fn perform(&self) -> Result<()> {
        let namespace = progress::step("looking for the KV namespace", || self.namespace())?;
        let address = match self.running()? {
            Some(address) => {
                eprintln!("· this build is deployed already");
                address
            }
            None => progress::step("deploying the Worker", || self.deploy(&namespace))?,
        };
        let drawn = progress::step("looking for the secrets", || self.secrets())?;
        progress::step("waiting for /v3/status", || self.wait(&address))?;

        println!("\naddress     {address}");
        match drawn {
            Some(token) => println!(
                "root token  {token}\n\nIt is shown this once: keep it where secrets are kept."
            ),
            None => println!("root token  as set before"),
        }
        Ok(())
    }

    /// Returns the id of the account's namespace, creating it if it is not there.
    fn namespace(&self) -> Result<String> {
        let id = || -> Result<Option<String>> {
            let text = process::output(self.wrangler()?.args(["kv", "namespace", "list"]))
                .context("log in with `npx wrangler login`, or set CLOUDFLARE_API_TOKEN")?;
            Ok(id_of(&json(&text)?, NAMESPACE))
        };
        if let Some(id) = id()? {
            return Ok(id);
        }
        process::output(
            self.wrangler()?
                .args(["kv", "namespace", "create", NAMESPACE]),
        )?;
        id()?.with_context(|| format!("the account does not list `{NAMESPACE}` after its creation"))
    }

    /// Returns the address if the account runs this very build; it is known from the run that deployed it.
    fn running(&self) -> Result<Option<String>> {
        let Ok(address) = fs::read_to_string(self.address_file()) else {
            return Ok(None);
        };
        let status = ["deployments", "status", "--json", "--name", WORKER];
        let Ok(deployment) = process::output(self.wrangler()?.args(status)) else {
            return Ok(None); // The account has no such Worker (any more).
        };
        let deployment = json(&deployment)?;
        let Some(version) = deployment
            .pointer("/versions/0/version_id")
            .and_then(Value::as_str)
        else {
            return Ok(None);
        };
        let view = ["versions", "view", version, "--json", "--name", WORKER];
        let version = json(&process::output(self.wrangler()?.args(view))?)?;
        Ok((variable(&version, BUILD) == Some(&self.build)).then_some(address))
    }

    fn deploy(&self, namespace: &str) -> Result<String> {
        let report = self.directory.join("report.ndjson");
        let _ = fs::remove_file(&report);
        let mut command = self.wrangler()?;
        command
            .env("WRANGLER_OUTPUT_FILE_PATH", &report)
            .args([
                "deploy",
                "--var",
                &format!("{BUILD}:{}", self.build),
                "--config",
            ])
            .arg(self.config(Some(namespace))?);
        process::quietly(&mut command)?;

        let said =
            fs::read_to_string(&report).context("wrangler wrote no report of its deployment")?;
        let address = address_in(&said).context(
            "wrangler deployed to no address: enable workers.dev for the account, or add a route to wrangler.toml",
        )?;
        fs::write(self.address_file(), &address)?;
        Ok(address)
    }

    /// Sets the secrets that the Worker lacks, through standard input. Returns the root token if it is a new one.
    fn secrets(&self) -> Result<Option<String>> {
        let text = process::output(self.wrangler()?.args(["secret", "list", "--name", WORKER]))?;
        let there = json(&text)?;
        let drawn = Secrets::for_account()?;
        let missing: Map<String, Value> = [
            (ROOT_TOKEN, &drawn.root_token),
            (MASTER_KEYS, &drawn.master_keys),
        ]
        .into_iter()
        .filter(|(name, _)| !names(&there).any(|known| known == *name))
        .map(|(name, value)| (name.to_owned(), Value::from(value.as_str())))
        .collect();
        if missing.is_empty() {
            return Ok(None);
        }
        let token = missing.contains_key(ROOT_TOKEN).then_some(drawn.root_token);
        let text = serde_json::to_string(&missing)?;
        process::fed(
            self.wrangler()?.args(["secret", "bulk", "--name", WORKER]),
            &text,
        )?;
        Ok(token)
    }

    /// A new address, and new secrets, reach Cloudflare's edge within seconds to a minute.
    fn wait(&self, address: &str) -> Result<()> {
        let ask = "const url = process.argv[1] + '/v3/status';
            for (let tries = 0; tries < 90; tries += 1) {
              const answer = await fetch(url).catch(() => undefined);
              if (answer?.status === 200) process.exit(0);
              await new Promise((resolve) => setTimeout(resolve, 1000));
            }
            process.exit(1);";
        let mut command = Command::new(node::node(self.workspace)?);
        command.args(["--input-type=module", "--eval", ask, address]);
        if process::quietly(&mut command).is_err() {
            bail!(
                "`{address}/v3/status` did not answer 200 within a minute and a half; run this command again"
            );
        }
        Ok(())
    }

    /// Writes the configuration of this deployment: ours, with the paths and the id that hold for it.
    fn config(&self, namespace: Option<&str>) -> Result<PathBuf> {
        let ours = fs::read_to_string(self.workspace.path("wrangler.toml"))?;
        let path = self.directory.join("wrangler.toml");
        fs::write(&path, configured(&ours, namespace)?)?;
        Ok(path)
    }

    fn address_file(&self) -> PathBuf {
        self.directory.join("address")
    }

    fn wrangler(&self) -> Result<Command> {
        let mut command = match std::env::var_os(TRIAL) {
            Some(program) => {
                let mut command = Command::new(program);
                command.env("PATH", node::path(self.workspace)?);
                command
            }
            None => node::script(self.workspace, "node_modules/wrangler/bin/wrangler.js")?,
        };
        command
            .current_dir(&self.directory)
            .env("WRANGLER_LOG_PATH", self.directory.join("logs"))
            .env("WRANGLER_SEND_METRICS", "false")
            .env("WRANGLER_HIDE_BANNER", "true");
        Ok(command)
    }
}

fn configured(ours: &str, namespace: Option<&str>) -> Result<String> {
    let id = namespace
        .map(|id| format!("\nid = \"{id}\""))
        .unwrap_or_default();
    let mut text = ours.to_owned();
    for (from, to) in [
        ("main = \"build/", "main = \"../".to_owned()),
        (
            "directory = \"./www\"",
            "directory = \"../../www\"".to_owned(),
        ),
        (
            "binding = \"LICENSES\"",
            format!("binding = \"LICENSES\"{id}"),
        ),
    ] {
        ensure!(
            text.matches(from).count() == 1,
            "wrangler.toml should say `{from}` once; `deploy` puts its own value there"
        );
        text = text.replace(from, &to);
    }
    Ok(text)
}

fn json(text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .with_context(|| format!("wrangler answered no JSON but `{}`", text.trim()))
}

fn id_of(namespaces: &Value, title: &str) -> Option<String> {
    let found = namespaces
        .as_array()?
        .iter()
        .find(|entry| entry.get("title").and_then(Value::as_str) == Some(title))?;
    Some(found.get("id")?.as_str()?.to_owned())
}

fn names(secrets: &Value) -> impl Iterator<Item = &str> {
    let entries = secrets.as_array().map(Vec::as_slice).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| entry.get("name")?.as_str())
}

fn variable<'a>(version: &'a Value, name: &str) -> Option<&'a str> {
    let bindings = version.pointer("/resources/bindings")?.as_array()?;
    let binding = bindings
        .iter()
        .find(|binding| binding.get("name").and_then(Value::as_str) == Some(name))?;
    binding.get("text")?.as_str()
}

/// Reads the address from the report that wrangler writes, one JSON object a line.
fn address_in(report: &str) -> Option<String> {
    let deployed = report
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|entry| entry.get("type").and_then(Value::as_str) == Some("deploy"))?;
    let targets = deployed.get("targets")?.as_array()?;
    let address = targets
        .iter()
        .filter_map(Value::as_str)
        .find(|target| target.contains("://"))?;
    Some(address.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WRANGLER: &str = include_str!("../../../../wrangler.toml");

    #[test]
    fn our_configuration_takes_the_paths_and_the_id() {
        let text = configured(WRANGLER, Some("0123")).unwrap();
        assert!(text.contains("main = \"../worker/entry.mjs\""), "{text}");
        assert!(
            text.contains("binding = \"LICENSES\"\nid = \"0123\"\n"),
            "{text}"
        );
        assert!(text.contains("directory = \"../../www\""), "{text}");
        let without = configured(WRANGLER, None).unwrap();
        assert!(!without.contains("\nid = "), "{without}");
    }

    #[test]
    fn a_configuration_that_changed_its_wording_is_refused() {
        configured("main = \"dist/x\"", None).unwrap_err();
    }

    #[test]
    fn the_account_is_read_by_name() {
        let listed = json!([{ "id": "1", "title": "other" }, { "id": "2", "title": NAMESPACE }]);
        assert_eq!(id_of(&listed, NAMESPACE).as_deref(), Some("2"));
        assert_eq!(id_of(&json!([]), NAMESPACE), None);
        let version = json!({ "resources": { "bindings": [{ "name": BUILD, "type": "plain_text", "text": "d" }] } });
        assert_eq!(variable(&version, BUILD), Some("d"));
        assert_eq!(variable(&json!({}), BUILD), None);
    }

    #[test]
    fn the_address_is_the_first_target_of_the_deployment() {
        let report = "{\"type\":\"wrangler-session\"}\n{\"type\":\"deploy\",\"targets\":[\"https://licentia.a.workers.dev/\"]}\n";
        assert_eq!(
            address_in(report).as_deref(),
            Some("https://licentia.a.workers.dev")
        );
        assert_eq!(
            address_in("{\"type\":\"deploy\",\"targets\":[\"schedule: * * * * *\"]}"),
            None
        );
    }
}
