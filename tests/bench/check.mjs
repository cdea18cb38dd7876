// `licentia/check`: what an app loads, how long its first check takes, and each one after.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { ROOT } from "../harness/index.mjs";
import { servePages } from "../harness/pages.mjs";
import { median } from "./rates.mjs";

const PACKAGE = join(ROOT, "crates/wasm/js");
const ENTRY = join(PACKAGE, "dist/check.js");
const REPEATS = 2_000;
/** Dropped by the optimizing compiler otherwise: the first hundreds of calls run unoptimized code. */
const WARM_UP = 500;

const rounded = (number) => Number(number.toPrecision(3));

/** A module and all that it imports. */
function loaded(file, seen = new Set()) {
  seen.add(file);
  for (const [, name] of readFileSync(file, "utf8").matchAll(/\bfrom\s*"(\.\/[^"]+\.js)"/g)) {
    const next = join(dirname(file), name);
    if (!seen.has(next)) loaded(next, seen);
  }
  return [...seen];
}

/** Bytes, plain and gzipped: of the WebAssembly, of the JavaScript around it, and of what a browser fetches. */
export function measureSizes() {
  const of = (files) => {
    const contents = files.map((file) => readFileSync(file));
    const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
    return { bytes: sum(contents.map(({ length }) => length)), gzip: sum(contents.map((bytes) => gzipSync(bytes, { level: 9 }).length)) };
  };
  const wasm = join(PACKAGE, "dist/check.wasm");
  return {
    wasm: of([wasm]),
    // The Worker's entry loads the module from its own file: what is left is JavaScript.
    javascript: of(loaded(join(PACKAGE, "dist/check.workerd.js"))),
    browser: of(loaded(ENTRY)),
  };
}

/** Checks each sample in fresh processes and fresh pages. Resolves to milliseconds. */
export async function measureChecks(samples, { times, browser, say }) {
  const found = [];
  for (const [algorithm, sample] of Object.entries(samples)) {
    found.push({ where: "Node", algorithm, ...inNode(sample, times) });
    if (browser) found.push({ where: "Chromium", algorithm, ...(await inChromium(sample, times, browser)) });
    for (const { where, cold, repeated } of found.slice(browser ? -2 : -1)) {
      say(`check, ${algorithm}, ${where}: cold ${cold} ms, repeated ${repeated} ms`);
    }
  }
  return found;
}

function inNode(sample, times) {
  const directory = mkdtempSync(join(tmpdir(), "licentia-check-"));
  const file = join(directory, "sample.json");
  writeFileSync(file, JSON.stringify(sample));
  const script = join(ROOT, "tests/bench/cold.mjs");
  try {
    const runs = Array.from({ length: times }, () =>
      JSON.parse(execFileSync(process.execPath, [script, ENTRY, file, String(REPEATS)], { encoding: "utf8" })));
    return summed(runs);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function inChromium(sample, times, executablePath) {
  const pages = await servePages(dirname(ENTRY));
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const runs = [];
    for (let number = 0; number < times; number += 1) runs.push(await onFreshPage(browser, pages.port, sample));
    return summed(runs);
  } finally {
    await browser.close();
    pages.close();
  }
}

/** A context of its own has nothing in its cache: neither the files nor compiled code. */
async function onFreshPage(browser, port, sample) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const origin = `http://127.0.0.1:${port}`;
  await page.route(`${origin}/`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  await page.goto(`${origin}/`);
  const run = await page.evaluate(async ({ module, response, options, repeats, warmUp }) => {
    const start = performance.now();
    const { checkActivationResponse } = await import(module);
    const verdict = checkActivationResponse(response, options);
    const cold = performance.now() - start;
    if (verdict.code !== 0) throw new Error(`the check said ${verdict.name}`);
    for (let number = 0; number < warmUp; number += 1) checkActivationResponse(response, options);
    const again = performance.now();
    for (let number = 0; number < repeats; number += 1) checkActivationResponse(response, options);
    return { cold, repeated: (performance.now() - again) / repeats };
  }, { module: `/${basename(ENTRY)}`, ...sample, repeats: REPEATS, warmUp: WARM_UP });
  await context.close();
  return run;
}

function summed(runs) {
  return {
    cold: rounded(median(runs.map(({ cold }) => cold))),
    repeated: rounded(median(runs.map(({ repeated }) => repeated))),
  };
}
