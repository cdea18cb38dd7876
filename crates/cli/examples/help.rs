//! Prints `docs/cli.md` from the help of the commands. `cargo xtask docs` writes it, `cargo xtask check` compares it.

const HEAD: &str = "# The command line

Made by `cargo xtask docs` from the help of `licentia`; do not edit.

`licentia` does what the [HTTP API](http-api.md) can do and nothing else, so each command needs no more than the API's own scopes.

```
cargo install --locked --path crates/cli

export LICENTIA_URL=https://licenses.example.com
export LICENTIA_TOKEN=…                      # or: --token-file FILE

licentia product create \"Photo Editor\"
licentia license create --product \"Photo Editor\" --owner ada@example.com --seats 2 --interval P1Y
licentia show 0A2035-E8A2A3-4D31B7-8FF9C6-81A6CA-539E54
licentia revoke 0A2035-E8A2A3-4D31B7-8FF9C6-81A6CA-539E54
licentia find ada@example.com --json | jq -r '.[].key'
licentia export --out backup.ndjson
```

- **The access token** comes from `LICENTIA_TOKEN` or from a file; no option takes the token itself, so that none lands in a shell's
  history or in a list of processes.
- **A license** is named by its id or its whole key, a product by its id or its name.
- **Output** is words and tables for people; dates are UTC. With `--json` it is what the API answered, as it came: one document, an array
  for lists, nothing where the API answers with nothing. What was asked for goes to the standard output, remarks, progress and errors to the standard error. Colours and progress bars
  show on a terminal alone, and no colour where `NO_COLOR` is set.
- **Errors** say what to do, the API's code ([errors.md](errors.md)) and the request's id; the exit code says which kind it was.
- **Retries**: what the server puts off (429, 503) is sent again when it says so, up to a minute later; a connection that breaks is tried
  again, but for deletions. Creations carry an `Idempotency-Key` of the command, so that a repeated one creates nothing twice.
- **TLS** trusts the certificates that the system trusts.
";

/// The width that the help is wrapped at.
const WIDTH: usize = 100;

fn main() {
    println!("{HEAD}");
    let licentia = licentia_cli::command().term_width(WIDTH);
    section(&licentia, "licentia");
    for command in licentia.get_subcommands() {
        let path = format!("licentia {}", command.get_name());
        section(command, &path);
        for inner in command.get_subcommands() {
            section(inner, &format!("{path} {}", inner.get_name()));
        }
    }
}

/// Prints a command's help under its name. The options of every command stand under `licentia` alone.
fn section(command: &clap::Command, path: &str) {
    let mut command = command
        .clone()
        .term_width(WIDTH)
        .bin_name(path)
        .disable_help_subcommand(true);
    let help = command.render_help().to_string();
    let lines: Vec<&str> = help.trim().lines().map(str::trim_end).collect();
    println!("## {path}\n\n```text\n{}\n```\n", lines.join("\n"));
}
