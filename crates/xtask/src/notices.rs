//! Writes the notices of the crates whose code ships inside the WebAssembly: each one's license, and the texts it names.
//!
//! What ships is what the roots reach through normal dependencies for wasm32, without procedural macros: those run
//! while compiling and leave none of their own code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;
use crate::workspace::Workspace;

const TEXTS: [&str; 5] = ["license", "licence", "copying", "notice", "unlicense"];

const HEADER: &str = "# Third-party notices

The WebAssembly in this package contains code of the crates below and of the Rust standard library
(MIT OR Apache-2.0, the Rust project contributors). The texts that the crates ship follow the table.
";

/// Returns the notices for what `roots`, crates of this workspace, become.
pub(crate) fn write(workspace: &Workspace, roots: &[&str]) -> Result<String> {
    let text = process::output(workspace.cargo().args([
        "metadata",
        "--format-version=1",
        "--locked",
        "--filter-platform=wasm32-unknown-unknown",
    ]))?;
    let metadata = serde_json::from_str(&text)?;
    render(&shipped(&metadata, roots)?)
}

#[derive(Debug, Clone)]
struct Crate<'a> {
    name: &'a str,
    version: &'a str,
    license: &'a str,
    directory: &'a Path,
}

/// Returns the foreign crates that the roots reach, by name and version.
fn shipped<'a>(metadata: &'a Value, roots: &[&str]) -> Result<Vec<Crate<'a>>> {
    let packages = by_id(metadata.pointer("/packages"));
    let nodes = by_id(metadata.pointer("/resolve/nodes"));

    let mut waiting: Vec<&str> = packages
        .iter()
        .filter(|(_, package)| roots.contains(&text(package, "name")))
        .map(|(id, _)| *id)
        .collect();
    let mut reached = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        let package = packages
            .get(id)
            .context("cargo metadata names an unknown package")?;
        if is_macro(package) || !reached.insert(id) {
            continue;
        }
        let node = nodes
            .get(id)
            .context("cargo metadata resolves no such package")?;
        waiting.extend(
            list(node, "deps")
                .iter()
                .filter(|dep| ships(dep))
                .map(|dep| text(dep, "pkg")),
        );
    }

    let foreign = reached
        .into_iter()
        .filter_map(|id| packages.get(id))
        .filter(|package| package.get("source").is_some_and(Value::is_string));
    let mut crates: Vec<_> = foreign.map(|package| described(package)).collect();
    crates.sort_by_key(|found| (found.name, found.version));
    Ok(crates)
}

fn described(package: &Value) -> Crate<'_> {
    Crate {
        name: text(package, "name"),
        version: text(package, "version"),
        license: text(package, "license"),
        directory: Path::new(text(package, "manifest_path"))
            .parent()
            .unwrap_or(Path::new("")),
    }
}

fn is_macro(package: &Value) -> bool {
    let kinds = list(package, "targets")
        .iter()
        .flat_map(|target| list(target, "kind"));
    kinds.into_iter().any(|kind| kind == "proc-macro")
}

/// A dependency ships if any of its kinds is the normal one, which cargo writes as null.
fn ships(dependency: &Value) -> bool {
    list(dependency, "dep_kinds")
        .iter()
        .any(|kind| kind.get("kind").is_some_and(Value::is_null))
}

fn render(crates: &[Crate<'_>]) -> Result<String> {
    let mut out = HEADER.to_owned();
    writeln!(out, "\n| crate | version | license |\n| --- | --- | --- |")?;
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for found in crates {
        let license = if found.license.is_empty() {
            "see its text"
        } else {
            found.license
        };
        writeln!(out, "| {} | {} | {license} |", found.name, found.version)?;
        for text in texts_in(found.directory)? {
            texts.entry(text).or_default().push(found.name.to_owned());
        }
    }
    for (text, mut names) in texts {
        names.dedup();
        writeln!(out, "\n## {}\n\n```text\n{text}\n```", names.join(", "))?;
    }
    Ok(out)
}

/// Reads the license texts of a crate; lines are compared without the spaces at their ends.
fn texts_in(directory: &Path) -> Result<BTreeSet<String>> {
    let entries = fs::read_dir(directory)
        .with_context(|| format!("cannot list `{}`: run `cargo fetch`", directory.display()))?;
    let mut texts = BTreeSet::new();
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        if path.is_file() && TEXTS.iter().any(|start| name.starts_with(start)) {
            let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
            let lines: Vec<_> = text.lines().map(str::trim_end).collect();
            texts.insert(lines.join("\n").trim_matches('\n').to_owned());
        }
    }
    Ok(texts)
}

fn by_id(list: Option<&Value>) -> BTreeMap<&str, &Value> {
    let values = list
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    values
        .iter()
        .map(|value| (text(value, "id"), value))
        .collect()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, kind: &str, source: Option<&str>) -> Value {
        json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT", "source": source,
            "manifest_path": format!("/x/{name}/Cargo.toml"), "targets": [{ "kind": [kind] }] })
    }

    fn node(name: &str, deps: &[(&str, Option<&str>)]) -> Value {
        let deps: Vec<_> = deps
            .iter()
            .map(|(name, kind)| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] }))
            .collect();
        json!({ "id": name, "deps": deps })
    }

    #[test]
    fn what_only_builds_or_tests_does_not_ship() {
        let registry = Some("registry");
        let metadata = json!({
            "packages": [
                package("licentia-wasm", "cdylib", None),
                package("licentia-core", "lib", None),
                package("serde", "lib", registry),
                package("derive", "proc-macro", registry),
                package("syn", "lib", registry),
                package("cc", "lib", registry),
                package("ring", "lib", registry),
                package("itoa", "lib", registry),
            ],
            "resolve": { "nodes": [
                node("licentia-wasm", &[("licentia-core", None), ("ring", Some("dev"))]),
                node("licentia-core", &[("serde", None), ("cc", Some("build"))]),
                node("serde", &[("derive", None), ("itoa", None)]),
                node("derive", &[("syn", None)]),
                node("itoa", &[]),
            ] },
        });
        let names: Vec<_> = shipped(&metadata, &["licentia-wasm"])
            .unwrap()
            .iter()
            .map(|found| found.name)
            .collect();
        assert_eq!(names, ["itoa", "serde"]);
    }
}
