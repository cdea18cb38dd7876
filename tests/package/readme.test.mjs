// The README's blocks, run as they stand: create, protect with the packed package, revoke with curl, and what the app then says.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ROOT, start } from "../harness/index.mjs";

const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const project = mkdtempSync(join(tmpdir(), "licentia-readme-"));
let server;

/** The text of the only block of `language` that contains `text`. */
function block(language, text) {
  const blocks = [...readme.matchAll(/^```(\w*)\n(.*?)^```$/gms)];
  const found = blocks.filter(([, kind, body]) => kind === language && body.includes(text));
  assert.equal(found.length, 1, `the README has ${found.length} blocks of \`${language}\` with ${text}`);
  return found[0][2];
}

/** Runs a block of shell with the README's address replaced by the test server's, and returns what it exports and prints. */
async function shell(text, environment) {
  const script = `${text.replaceAll("http://127.0.0.1:8787", server.url)}\necho; env -0 | base64 -w0`;
  const child = spawn("bash", ["-euo", "pipefail", "-c", script], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (part) => (printed += part));
  const [code] = await once(child, "close");
  assert.equal(code, 0, printed);
  const lines = printed.split("\n");
  const variables = Buffer.from(lines.pop(), "base64").toString().split("\0").filter(Boolean);
  return { output: lines.join("\n").trim(), env: Object.fromEntries(variables.map((pair) => pair.split(/=(.*)/s, 2))) };
}

before(async () => {
  server = await start({ counted: false });
  const npm = (...words) => execFileSync("npm", [...words, "--loglevel=error", "--offline"], { cwd: project, encoding: "utf8" });
  const [{ filename }] = JSON.parse(npm("pack", join(ROOT, "crates/wasm/js"), "--json"));
  writeFileSync(join(project, "package.json"), '{ "private": true }');
  npm("install", `./${filename}`, "--no-audit", "--no-fund");
});

after(async () => {
  await server?.stop();
  rmSync(project, { recursive: true, force: true });
});

test("the worked example of docs/http-api.md works as it is written", { timeout: 120_000 }, async () => {
  const page = readFileSync(join(ROOT, "docs/http-api.md"), "utf8");
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, body]) => body);
  assert.ok(blocks.length >= 7, `the page has ${blocks.length} blocks`);
  const year = new Date().getUTCFullYear();
  const { output } = await shell(blocks.join("\n"), { ...process.env, URL: server.url, TOKEN: server.token });
  const printed = output.split("\n");
  const [offline, deactivated, renewed, suspended, resumed, revoked, sync, owned, found, searched, done, imported] = printed;
  assert.equal(printed.length, 12, output);
  assert.deepEqual([offline, deactivated], ["offline", "1"]);
  assert.equal(Number(renewed.slice(0, 4)), year + 2, "a year from now, and another");
  assert.deepEqual([suspended, resumed, revoked, sync], ["true", "false", "true", "REVOKED_LICENSE"]);
  assert.match(found, /^ACME(-[A-Z2-7]{5}){4}$/);
  assert.deepEqual([owned, searched, done, imported], ["1", "1", "license.revoked", "1"]);
});

test("the README's way to create, protect and revoke works as it is written", { timeout: 120_000 }, async () => {
  const protect = block("js", "LicentiaClient");
  const lines = protect.split("\n").filter((line) => line.trim() !== "");
  assert.ok(lines.length <= 12, `protecting takes ${lines.length} lines`);
  writeFileSync(join(project, "app.mjs"), protect);

  const created = await shell(block("sh", "PRODUCT="), { ...process.env, TOKEN: server.token, XDG_DATA_HOME: project });
  const app = spawn(process.execPath, ["app.mjs"], { cwd: project, env: created.env, stdio: ["ignore", "pipe", "inherit"] });
  const said = [];
  try {
    await new Promise((resolve, reject) => {
      let revoked = false;
      app.once("exit", (code) => reject(new Error(`the app ended with ${code} after ${said.join(" | ")}`)));
      app.stdout.setEncoding("utf8").on("data", (text) => {
        said.push(...text.trim().split("\n"));
        if (!revoked && said.includes("genuine: LA_OK")) {
          revoked = true;
          shell(block("sh", '"revoked": true'), created.env).then(({ output }) => {
            assert.equal(JSON.parse(output).revoked, true);
          }).catch(reject);
        }
        if (said.includes("genuine: LA_FAIL")) resolve();
      });
    });
  } finally {
    app.kill();
  }
  assert.deepEqual(said.slice(0, 2), ["activate: LA_OK", "genuine: LA_OK"]);
  const promised = block("", "sync: LA_E_REVOKED").trim().split("\n");
  const end = said.slice(said.indexOf("sync: LA_E_REVOKED"), said.indexOf("genuine: LA_FAIL") + 1);
  assert.deepEqual(end, promised);
});
