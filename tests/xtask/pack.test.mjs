// `cargo xtask pack`: the Worker's tarball deploys with Node alone, and both tarballs carry their notices.
// The deployment is wrangler's own dry run; the account that the secrets are set on is played.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";

const root = process.env.LICENTIA_ROOT;
const directory = mkdtempSync(join(tmpdir(), "licentia-pack-"));
const bundle = join(directory, "package");
let tarballs;

const run = (program, args, options = {}) => execFileSync(program, args, { cwd: bundle, encoding: "utf8", ...options });

before(() => {
  tarballs = run(process.env.LICENTIA_XTASK, ["pack"], { cwd: root }).trim().split("\n");
  run("tar", ["xzf", tarballs.find((path) => path.includes("licentia-worker-"))], { cwd: directory });
  mkdirSync(join(directory, "bin"));
});
after(() => rmSync(directory, { recursive: true }));

test("the Worker's tarball is a whole that wrangler can deploy", () => {
  const { dependencies } = JSON.parse(readFileSync(join(bundle, "package.json"), "utf8"));
  const pinned = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies;
  assert.deepEqual(dependencies, { wrangler: pinned.wrangler });

  symlinkSync(join(root, "node_modules"), join(bundle, "node_modules")); // what `npm install` there would bring
  const said = run(process.execPath, ["node_modules/wrangler/bin/wrangler.js", "deploy", "--dry-run"], {
    env: { ...process.env, XDG_CONFIG_HOME: join(directory, "config"), WRANGLER_SEND_METRICS: "false" },
  });
  for (const part of ["index_bg.wasm", "env.LEDGER (Ledger)", "env.LICENSES", "env.ASSETS", "--dry-run: exiting now."]) {
    assert.ok(said.includes(part), said);
  }
});

test("its secrets are drawn once, and never replaced", () => {
  const account = join(directory, "account.json");
  writeFileSync(account, "{}");
  writeFileSync(
    join(directory, "bin/npx"),
    `#!${process.execPath}
const { readFileSync, writeFileSync } = require("node:fs");
const there = JSON.parse(readFileSync(${JSON.stringify(account)}, "utf8"));
if (process.argv.includes("list")) console.log(JSON.stringify(Object.keys(there).map((name) => ({ name }))));
else writeFileSync(${JSON.stringify(account)}, JSON.stringify({ ...there, ...JSON.parse(readFileSync(0, "utf8")) }));
`,
    { mode: 0o755 },
  );
  const env = { ...process.env, PATH: join(directory, "bin") + delimiter + process.env.PATH };
  const secrets = () => run(process.execPath, ["secrets.mjs"], { env });

  const first = secrets();
  const drawn = JSON.parse(readFileSync(account, "utf8"));
  assert.match(drawn.LICENTIA_ROOT_TOKEN, /^lct_[\w-]{43}_[\w-]{6}$/);
  assert.match(drawn.LICENTIA_MASTER_KEYS, /^main:[A-Za-z0-9+/]{43}=$/);
  assert.ok(first.includes(drawn.LICENTIA_ROOT_TOKEN) && !first.includes(drawn.LICENTIA_MASTER_KEYS), first);

  assert.match(secrets(), /nothing was changed/);
  assert.deepEqual(JSON.parse(readFileSync(account, "utf8")), drawn);
});

test("each tarball names the licenses of what it contains", () => {
  const notices = (name, path) =>
    run("tar", ["xzf", tarballs.find((tarball) => tarball.includes(name)), "--to-stdout", path], { cwd: directory });
  const npm = notices("/licentia-0", "package/dist/THIRD-PARTY-NOTICES.md");
  const worker = notices("licentia-worker-", "package/THIRD-PARTY-NOTICES.md");
  for (const text of [npm, worker]) assert.match(text, /\| crypto-bigint \|.*\| Apache-2.0 OR MIT \|/);
  assert.match(worker, /\| worker \|/);
  assert.doesNotMatch(npm, /\| worker \|/);
  assert.doesNotMatch(npm + worker, /\| (syn|ring|rusqlite) \|/, "what only builds or tests does not ship");
});
