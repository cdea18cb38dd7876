// What applications load of the npm package, gzipped, and whether it stays in its budget: `cargo xtask check` runs this.
// `--write` records what there is now as the budget.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

const PACKAGE = fileURLToPath(new URL("../../crates/wasm/js/", import.meta.url));
const BUDGET = join(PACKAGE, "sizes.json");
/** How far a size may grow before somebody has to say that it may. */
const SLACK = 1.02;

/** Each entry: the module that browsers import, its WebAssembly, and what is aimed at. */
const ENTRIES = [
  { name: "licentia/check", browser: "check.js", wasm: "check.wasm", aim: 45_000 },
  { name: "licentia", browser: "index.web.js", wasm: "licentia.wasm", aim: 80_000 },
];

/** A module and all that it imports. */
function loaded(file, seen = new Set()) {
  seen.add(file);
  for (const [, name] of readFileSync(file, "utf8").matchAll(/\b(?:from|import)\s*"(\.\/[^"]+\.js)"/g)) {
    const next = join(dirname(file), name);
    if (!seen.has(next)) loaded(next, seen);
  }
  return [...seen];
}

function sizeOf(files) {
  const contents = files.map((file) => readFileSync(file));
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
  return { bytes: sum(contents.map(({ length }) => length)), gzip: sum(contents.map((bytes) => gzipSync(bytes, { level: 9 }).length)) };
}

/** Bytes of each entry, plain and gzipped: of its WebAssembly alone, and of all that a browser fetches, which holds it as text. */
export function measureSizes() {
  const at = (name) => join(PACKAGE, "dist", name);
  return ENTRIES.map(({ name, browser, wasm, aim }) => ({ name, aim, wasm: sizeOf([at(wasm)]), fetched: sizeOf(loaded(at(browser))) }));
}

function main() {
  const { values } = parseArgs({ options: { write: { type: "boolean" } } });
  const now = Object.fromEntries(measureSizes().map(({ name, fetched }) => [name, fetched.gzip]));
  if (values.write) {
    writeFileSync(BUDGET, `${JSON.stringify(now, null, 2)}\n`);
    return;
  }
  const budget = JSON.parse(readFileSync(BUDGET, "utf8"));
  const over = Object.entries(now).filter(([name, size]) => !(size <= budget[name] * SLACK));
  for (const [name, size] of over) console.error(`\`${name}\` has grown from ${budget[name]} to ${size} bytes, gzipped`);
  if (over.length > 0) {
    console.error("make it smaller, or record what it is now: node tests/bench/sizes.mjs --write");
    process.exitCode = 1;
  }
}

if (import.meta.main) main();
