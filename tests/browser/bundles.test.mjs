// The tarball bundled by Vite and by esbuild, in a page and in a service worker of Chromium, under a policy that allows
// WebAssembly and no `eval`.
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { build as esbuild } from "esbuild";
import { build as vite } from "vite";

import { EXPECTED } from "../package/expected.mjs";
import { installed } from "../package/project.mjs";
import { launch, open } from "./browser.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const POLICY = "default-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'";
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".json": "application/json" };

const INDEX = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>waiting</title><script type="module" src="/app.js"></script>';
const APP = `import { story } from "./story.mjs";
const vectors = await (await fetch("/decisions.json")).json();
window.told = story(vectors).then((told) => ({ told }), (error) => ({ code: error.code, message: error.message }));
document.title = "ready";`;
const WORKER = `import { story } from "./story.mjs";
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", async ({ source, data }) => source.postMessage(await story(data).catch((error) => String(error))));`;

let project;
let browser;
/** What a page is served: a directory, and a policy. */
let serving = { directory: "", policy: POLICY };
const pages = createServer((request, response) => {
  const path = request.url === "/" ? "/index.html" : request.url;
  try {
    const file = readFileSync(path === "/decisions.json" ? here("../vectors/decisions.json") : join(serving.directory, path));
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "text/plain", "Content-Security-Policy": serving.policy });
    response.end(file);
  } catch {
    response.writeHead(404).end();
  }
});
let address;

before(async () => {
  project = installed();
  copyFileSync(here("../package/story.mjs"), join(project.directory, "story.mjs"));
  for (const [name, text] of [["index.html", INDEX], ["app.js", APP], ["worker.js", WORKER]]) writeFileSync(join(project.directory, name), text);
  await new Promise((resolve) => pages.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${pages.address().port}/`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  pages.close();
  project?.remove();
});

/** Opens the page of a bundle; returns what its story resolved to, and what the page complained about. */
async function told(directory, policy = POLICY) {
  serving = { directory, policy };
  const { page, complaints } = await open(browser.context);
  await page.goto(address);
  await page.waitForFunction(() => window.told !== undefined);
  const outcome = await page.evaluate(() => window.told);
  await page.close();
  return { outcome, complaints };
}

async function withEsbuild(entries) {
  const outdir = join(project.directory, "esbuild");
  await esbuild({ absWorkingDir: project.directory, entryPoints: entries, bundle: true, format: "esm", outdir, logLevel: "error" });
  copyFileSync(join(project.directory, "index.html"), join(outdir, "index.html"));
  return outdir;
}

test("bundled by esbuild, it works in a page", async () => {
  const { outcome, complaints } = await told(await withEsbuild(["app.js"]));
  assert.deepEqual(outcome, { told: EXPECTED });
  assert.deepEqual(complaints, []);
});

test("bundled by Vite, it works in a page", async () => {
  const outDir = join(project.directory, "vite");
  const target = { target: "es2022", outDir };
  await vite({ root: project.directory, configFile: false, logLevel: "error", build: target });
  const { outcome, complaints } = await told(outDir);
  assert.deepEqual(outcome, { told: EXPECTED });
  assert.deepEqual(complaints, []);
});

test("it works in a service worker", async () => {
  serving = { directory: await withEsbuild(["app.js", "worker.js"]), policy: POLICY };
  const { page, complaints } = await open(browser.context);
  await page.goto(address);
  const outcome = await page.evaluate(async () => {
    const vectors = await (await fetch("/decisions.json")).json();
    await navigator.serviceWorker.register("/worker.js", { type: "module" });
    const { active } = await navigator.serviceWorker.ready;
    const answer = new Promise((resolve) => navigator.serviceWorker.addEventListener("message", ({ data }) => resolve(data)));
    active.postMessage(vectors);
    return answer;
  });
  await page.close();
  assert.deepEqual(outcome, EXPECTED);
  assert.deepEqual(complaints, []);
});

test("under a policy that forbids WebAssembly, it says what the policy needs", async () => {
  const { outcome } = await told(await withEsbuild(["app.js"]), "default-src 'self'; img-src data:");
  assert.equal(outcome.code, "WEBASSEMBLY_UNAVAILABLE");
  assert.match(outcome.message, /'wasm-unsafe-eval'/);
});
