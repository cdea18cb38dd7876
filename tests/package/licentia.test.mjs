// The tarball as its users get it: packed, installed in an empty project, imported, required, typed and bundled.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { publint } from "publint";

import { installed as inAnEmptyProject } from "./project.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { directory: project, remove } = inAnEmptyProject();
const installed = join(project, "node_modules/licentia");
const file = JSON.parse(readFileSync(here("../vectors/decisions.json"), "utf8"));

/** Runs a program in the project and returns what it prints. */
function run(name, text) {
  writeFileSync(join(project, name), text);
  const { stdout, stderr, status } = spawnSync(process.execPath, [name], { cwd: project, encoding: "utf8", timeout: 60_000 });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

after(remove);

/** A program that runs the vectors, and a client against a server that answers with one of them. */
const program = (imports) => `
${imports}
const file = JSON.parse(readFileSync(${JSON.stringify(here("../vectors/decisions.json"))}, "utf8"));
const { response, options } = file.vectors.find(({ name }) => name === "a clock set back by years, unchecked");
const wrong = file.vectors.filter(({ response, options, expect }) => {
  const verdict = checkActivationResponse(response, { ...options, publicKey: file.keys[options.publicKey] });
  return verdict.code !== expect.code || verdict.activation !== expect.activation;
});
const fetch = async () => new Response(response.body, { status: response.status });
const { productId: product, licenseKey, fingerprint } = options;
const given = { product, licenseKey, fingerprint, publicKey: file.keys[options.publicKey], host: "http://127.0.0.1:1", directory: "data" };
LicentiaClient.openSync({ ...given, fetch }).activate().then(({ code }) => {
  console.log(JSON.stringify([wrong.length, code, LicentiaClient.openSync(given).isValid().name, both]));
});
`;

const EXPECTED = '[0,22,"LA_GRACE_PERIOD_OVER",true]';

test("it holds what it ships and nothing else", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  assert.deepEqual(Object.keys(manifest.dependencies ?? {}), []);
  assert.deepEqual(readdirSync(installed).sort(), ["README.md", "dist", "package.json"]);
  assert.ok(readdirSync(join(installed, "dist")).includes("LICENSE-MIT"));
  assert.deepEqual(readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith(".")), ["licentia"]);
});

test("it works as ESM", () => {
  const imports = `import { readFileSync } from "node:fs";
import { LicentiaClient, LicenseError } from "licentia";
import { checkActivationResponse, LicenseError as same } from "licentia/check";
const both = !(new TypeError("a") instanceof same) && new LicenseError("INVALID_OPTION", "a") instanceof same && new same("INVALID_OPTION", "a") instanceof LicenseError;`;
  assert.equal(run("app.mjs", program(imports)), EXPECTED);
});

test("it works as CommonJS", () => {
  const imports = `const { readFileSync } = require("node:fs");
const { LicentiaClient, LicenseError } = require("licentia");
const { checkActivationResponse, LicenseError: same } = require("licentia/check");
const both = !(new TypeError("a") instanceof same) && new LicenseError("INVALID_OPTION", "a") instanceof same && new same("INVALID_OPTION", "a") instanceof LicenseError;`;
  assert.equal(run("app.cjs", program(imports)), EXPECTED);
});

test("importing it does nothing yet: no module is compiled, no file written", () => {
  const text = `const compiled = []; const { Module } = WebAssembly;
WebAssembly.Module = function (...args) { compiled.push(1); return new Module(...args); };
await import("licentia"); await import("licentia/check"); console.log(compiled.length);`;
  assert.equal(run("idle.mjs", text), "0");
});

test("its types fit ESM and CommonJS", () => {
  const use = `
const verdict = checkActivationResponse({ status: 200, body: "" }, { productId: "p", licenseKey: "k", fingerprint: "f", publicKey: "", now: 0 });
const activation: "keep" | "erase" | "replace" = verdict.activation;
const eat: number | undefined = verdict.claims?.eat;
async function protect(signal: AbortSignal) {
  using client = await LicentiaClient.open({ host: "https://x", product: "p", signal });
  const stop: () => void = client.on("status", ({ name }) => name === "LA_OK");
  const status: Status = client.isGenuine();
  const activated: Promise<Status> = client.activate("key", { signal });
  const expires: Date | null = client.licenseExpiresAt();
  // @ts-expect-error There is no such event.
  client.on("anything", () => undefined);
  // @ts-expect-error A number is no product.
  LicentiaClient.openSync({ host: "https://x", product: 1 });
  // @ts-expect-error A client is opened.
  new LicentiaClient();
  return { stop, status, activated, expires };
}
const fault = (error: LicenseError) => error.code === "LA_E_REVOKED" || error.code === "INVALID_OPTION";
// @ts-expect-error There is no such code.
const none = (error: LicenseError) => error.code === "LA_E_NOTHING";
export { activation, eat, protect, fault, none };
`;
  const imports = `import { LicentiaClient, LicenseError, type Status } from "licentia";\nimport { checkActivationResponse } from "licentia/check";\n`;
  writeFileSync(join(project, "typed.mts"), imports + use);
  writeFileSync(join(project, "typed.cts"), imports + use);
  const options = { strict: true, noEmit: true, module: "nodenext", target: "es2022", lib: ["es2022", "dom"], types: [], skipLibCheck: false };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["typed.mts", "typed.cts"] }));
  const typescript = createRequire(import.meta.url).resolve("typescript/package.json");
  const { stdout, status } = spawnSync(process.execPath, [join(dirname(typescript), "bin/tsc"), "--project", project], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

for (const [condition, platform, absent] of [["browser", "browser", /node:fs/], ["node", "node", /localStorage/], ["workerd", "neutral", /localStorage|node:fs/]]) {
  test(`it bundles for ${condition}, with that runtime's parts alone`, async () => {
    mkdirSync(join(project, "out"), { recursive: true });
    writeFileSync(join(project, "bundled.mjs"), 'export { LicentiaClient } from "licentia"; export { checkActivationResponse } from "licentia/check";');
    const { outputFiles } = await build({
      absWorkingDir: project, entryPoints: ["bundled.mjs"], bundle: true, write: false, format: "esm", platform,
      conditions: [condition], external: ["*.wasm", "node:*"], logLevel: "silent", outdir: "out",
    });
    assert.doesNotMatch(outputFiles[0].text, absent);
  });
}

test("publint finds nothing to say", async () => {
  const { messages } = await publint({ pkgDir: installed, strict: true });
  assert.deepEqual(messages.map(({ code, path }) => `${code} ${path.join(".")}`), []);
});
