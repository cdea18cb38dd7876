// The tarball in Node, Deno and Bun, each as its users run it; and its types as each kind of project resolves them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";

import { installed } from "./project.mjs";
import { EXPECTED } from "./expected.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const bin = (name) => here(`../../node_modules/.bin/${name}`);
let project;

before(() => {
  project = installed();
  for (const name of ["story.mjs", "expected.mjs"]) copyFileSync(here(name), join(project.directory, name));
  copyFileSync(here("../vectors/decisions.json"), join(project.directory, "decisions.json"));
  const program = `import { readFileSync } from "node:fs";
import { story } from "./story.mjs";
console.log(JSON.stringify(await story(JSON.parse(readFileSync("decisions.json", "utf8")))));`;
  writeFileSync(join(project.directory, "app.mjs"), program);
});

after(() => project?.remove());

/** Runs the story in a runtime, and returns what it resolves to. */
function told(program, ...args) {
  const { stdout, stderr, status, error } = spawnSync(program, [...args, "app.mjs"], { cwd: project.directory, encoding: "utf8", timeout: 120_000 });
  assert.equal(status, 0, `${error ?? ""}${stderr}`);
  return JSON.parse(stdout);
}

test("it works in Node", () => assert.deepEqual(told(process.execPath), EXPECTED));

test("it works in Deno", () => {
  assert.deepEqual(told(bin("deno"), "run", "--no-remote", "--no-lock", "--node-modules-dir=manual", "--allow-read", "--allow-env", "--allow-sys"), EXPECTED);
});

test("it works in Bun", () => assert.deepEqual(told(bin("bun"), "run"), EXPECTED));

test("its types are those of what is resolved, for every kind of project", async () => {
  const tarball = readdirSync(project.directory).find((name) => name.endsWith(".tgz"));
  const data = new Uint8Array(readFileSync(join(project.directory, tarball)));
  const { problems } = await checkPackage(createPackageFromTarballData(data));
  // Projects of before `exports` know the main entry alone.
  const old = ({ kind, resolutionKind }) => kind === "NoResolution" && resolutionKind === "node10";
  assert.deepEqual(problems.filter((problem) => !old(problem)), []);
});
