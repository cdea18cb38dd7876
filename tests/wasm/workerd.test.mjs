// The built package in the real workerd, under the condition that Workers are bundled with: its module is precompiled there.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import workerd from "workerd";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "licentia-workerd-"));
const dist = here("../../crates/wasm/js/dist");
const manifest = JSON.parse(readFileSync(here("../../crates/wasm/js/package.json"), "utf8"));

const RUNNERS = ["run.mjs", "run-machine.mjs"];

const WORKER = `
import { checkActivationResponse, verifySignature } from "licentia/check";
import { LicentiaClient } from "licentia";
import { failures, signatureFailures } from "run.mjs";
import { machineFailures } from "run-machine.mjs";

export default {
  async fetch(request) {
    const { path, given } = await request.json();
    if (path === "decisions") return Response.json(failures(checkActivationResponse, given));
    if (path === "signatures") return Response.json(signatureFailures(verifySignature, given));
    if (path === "machine") return Response.json(await machineFailures(LicentiaClient, given));
    const fetch = async (url, init) => new Response(given.body, { status: given.status });
    const client = await LicentiaClient.open({ ...given.options, host: "https://licenses.example.com", fetch });
    return Response.json([(await client.activate()).code, client.isValid().code]);
  },
};
`;

/** The package's entries under the workerd condition; a Worker's modules are named as they are imported. */
function modules() {
  const entry = (specifier) => manifest.exports[specifier].workerd.replace("./dist/", "");
  const embed = (name, kind, file) => `(name = "${name}", ${kind} = embed "${file}")`;
  return [
    embed("worker.mjs", "esModule", "worker.mjs"),
    ...RUNNERS.map((name) => embed(name, "esModule", name)),
    embed("licentia", "esModule", entry(".")),
    embed("licentia/check", "esModule", entry("./check")),
    ...["", "licentia/"].flatMap((from) => [
      embed(`${from}engine.workerd.js`, "esModule", "engine.workerd.js"),
      embed(`${from}licentia.wasm`, "wasm", "licentia.wasm"),
      embed(`${from}check.wasm`, "wasm", "check.wasm"),
    ]),
  ];
}

const CONFIG = () => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (modules = [${modules().join(", ")}], compatibilityDate = "2026-01-01"))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

let child;
let address;

before(async () => {
  cpSync(dist, directory, { recursive: true });
  for (const name of RUNNERS) {
    cpSync(here(`../vectors/${name}`), join(directory, name));
  }
  writeFileSync(join(directory, "worker.mjs"), WORKER);
  writeFileSync(join(directory, "config.capnp"), CONFIG());
  child = spawn(workerd.default ?? workerd, ["serve", "config.capnp", "--control-fd=3"], {
    cwd: directory,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const port = await new Promise((resolve, reject) => {
    child.stdio[3].on("data", (line) => resolve(/"port":(\d+)/.exec(line)?.[1]));
    child.once("exit", (code) => reject(new Error(`workerd ended with ${code}`)));
  });
  address = `http://127.0.0.1:${port}`;
});

after(() => {
  child?.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

const ask = async (path, given) => (await fetch(address, { method: "POST", body: JSON.stringify({ path, given }) })).json();
const read = (name) => JSON.parse(readFileSync(here(`../vectors/${name}.json`), "utf8"));
const file = read("decisions");

test("every vector gives its verdict in workerd", async () => {
  assert.deepEqual(await ask("decisions", file), []);
  assert.deepEqual(await ask("signatures", read("signatures")), []);
  assert.deepEqual(await ask("machine", read("machine")), []);
});

test("the client works in workerd, with what it is given for a storage", async () => {
  const { response, options } = file.vectors.find(({ name }) => name === "a clock set back by years, unchecked");
  const { productId: product, licenseKey, fingerprint } = options;
  const given = { ...response, options: { product, licenseKey, fingerprint, publicKey: file.keys[options.publicKey] } };
  const code = 22; // The vector's grace period ended long ago.
  assert.deepEqual(await ask("client", given), [code, code]);
});
