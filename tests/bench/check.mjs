// `licentia/check` beside `jose` and the platform's own cryptography: the same tokens, in the same rounds.
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { ROOT } from "../harness/index.mjs";
import { servePages } from "../harness/pages.mjs";
import { median } from "./rates.mjs";

const DIST = join(ROOT, "crates/wasm/js/dist");
/** Two for the cold figures, the rest for a warm-up and a median. */
const TOKENS = 502;

const rounded = (number) => Number(number.toPrecision(3));

/** What is aimed at, in milliseconds: a new token by where and algorithm, then the same for all. */
export const AIMS = {
  fresh: { "Chromium RS256": 0.2, "Chromium EdDSA": 0.2, "Node RS256": 0.1, "Node EdDSA": 0.2 },
  first: { "Chromium RS256": 10, "Chromium EdDSA": 10 },
  repeated: 0.005,
};

/** Times checks of both algorithms in fresh processes and on fresh pages. Resolves to medians, in milliseconds. */
export async function measureChecks({ times, browser, say }) {
  const directory = mkdtempSync(join(tmpdir(), "licentia-check-"));
  try {
    await place(directory);
    const found = [];
    for (const algorithm of ["RS256", "EdDSA"]) {
      const sample = sampleOf(algorithm);
      writeFileSync(join(directory, "sample.json"), JSON.stringify(sample));
      found.push({ where: "Node", algorithm, ...summed(inNode(directory, times)) });
      if (browser) found.push({ where: "Chromium", algorithm, ...summed(await inChromium(directory, times, browser)) });
    }
    for (const { where, algorithm, licentia } of found) say(`check, ${algorithm}, ${where}: a new token ${licentia.fresh} ms`);
    return found;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Puts what pages load, and `jose` as one module, into a directory. */
async function place(directory) {
  const pages = join(directory, "pages");
  mkdirSync(pages);
  cpSync(DIST, pages, { recursive: true });
  cpSync(join(ROOT, "tests/bench/timed.mjs"), join(pages, "timed.mjs"));
  writeFileSync(join(pages, "index.html"), '<!doctype html><meta charset="utf-8"><title>bench</title>');
  // An isolated page has a clock of five microseconds.
  writeFileSync(join(pages, "_headers"), "/*\n  Cross-Origin-Opener-Policy: same-origin\n  Cross-Origin-Embedder-Policy: require-corp\n");
  await build({
    stdin: { contents: 'export { importSPKI, jwtVerify } from "jose";', resolveDir: ROOT },
    outfile: join(pages, "jose.mjs"), bundle: true, format: "esm", minify: true, treeShaking: true,
  });
}

/** A key, what an application checks with, and tokens that differ: the claims are those of a decision vector that is valid. */
function sampleOf(algorithm) {
  const { vectors } = JSON.parse(readFileSync(join(ROOT, "tests/vectors/decisions.json"), "utf8"));
  const { response, options } = vectors.find(({ expect }) => expect.code === 0 && expect.activation === "replace");
  const claims = JSON.parse(Buffer.from(JSON.parse(response.body).activationToken.split(".")[1], "base64url"));
  const { publicKey, privateKey } =
    algorithm === "RS256" ? generateKeyPairSync("rsa", { modulusLength: 2048 }) : generateKeyPairSync("ed25519");
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const tokens = Array.from({ length: TOKENS }, (_, number) => {
    const input = `${part({ alg: algorithm, typ: "JWT" })}.${part({ ...claims, number })}`;
    const digest = algorithm === "RS256" ? "sha256" : null;
    return `${input}.${sign(digest, Buffer.from(input), privateKey).toString("base64url")}`;
  });
  const spki = publicKey.export({ type: "spki", format: "pem" });
  return { algorithm, spki, options: { ...options, publicKey: spki }, tokens };
}

function inNode(directory, times) {
  const script = join(ROOT, "tests/bench/cold.mjs");
  const modules = { licentia: join(DIST, "check.node.js"), jose: join(directory, "pages/jose.mjs"), platform: "" };
  const run = (what) =>
    JSON.parse(execFileSync(process.execPath, [script, what, modules[what], join(directory, "sample.json")], { encoding: "utf8" }));
  return Array.from({ length: times }, () => ({ licentia: run("licentia"), jose: run("jose"), platform: run("platform") }));
}

async function inChromium(directory, times, executablePath) {
  const pages = await servePages(join(directory, "pages"));
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const sample = JSON.parse(readFileSync(join(directory, "sample.json"), "utf8"));
  try {
    const runs = [];
    for (let number = 0; number < times; number += 1) {
      const run = {};
      for (const what of ["licentia", "jose", "platform"]) run[what] = await onFreshPage(browser, pages.port, what, sample);
      runs.push(run);
    }
    return runs;
  } finally {
    await browser.close();
    pages.close();
  }
}

/** A context of its own has nothing in its cache: neither the files nor compiled code. */
async function onFreshPage(browser, port, what, sample) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  const times = await page.evaluate(timeOnPage, { what, sample });
  await context.close();
  return times;
}

/** Runs on the page. */
async function timeOnPage({ what, sample }) {
  const { timeJose, timeLicentia, timePlatform } = await import("/timed.mjs");
  if (what === "licentia") return timeLicentia("/check.js", sample);
  if (what === "jose") return timeJose("/jose.mjs", sample);
  const algorithm = sample.algorithm === "RS256" ? { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } : { name: "Ed25519" };
  const der = Uint8Array.from(atob(sample.spki.replaceAll(/-----[^-]+-----|\s/g, "")), (character) => character.charCodeAt(0));
  const key = await crypto.subtle.importKey("spki", der, algorithm, false, ["verify"]);
  return timePlatform(({ message, signature }) => crypto.subtle.verify(algorithm.name, key, signature, message), sample);
}

function summed(runs) {
  const medianOf = (value) => rounded(median(runs.map(value)));
  const licentia = Object.fromEntries(["first", "second", "fresh", "repeated"].map((name) => [name, medianOf((run) => run.licentia[name])]));
  const jose = { first: medianOf((run) => run.jose.first), fresh: medianOf((run) => run.jose.fresh) };
  return { licentia, jose, platform: medianOf((run) => run.platform) };
}
