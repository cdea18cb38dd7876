// An empty project of a user's, with the packed tarball installed in it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../crates/wasm/js", import.meta.url));

/** Packs the package and installs it. Resolves to the project's directory, and what removes it. */
export function installed() {
  const directory = mkdtempSync(join(tmpdir(), "licentia-package-"));
  const npm = (...args) => execFileSync("npm", [...args, "--loglevel=error", "--offline"], { cwd: directory, encoding: "utf8" });
  const [{ filename }] = JSON.parse(npm("pack", source, "--json"));
  writeFileSync(join(directory, "package.json"), '{ "private": true }');
  npm("install", `./${filename}`, "--no-audit", "--no-fund");
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
