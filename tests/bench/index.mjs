// `cargo xtask bench`: measures, writes target/bench/report.json, and prints a table. Bounded in time, on this machine alone.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, platform, release } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../harness/index.mjs";
import { measureChecks } from "./check.mjs";
import { measureEdge } from "./edge.mjs";
import { measureFlat } from "./flat.mjs";
import { measureLists } from "./lists.mjs";
import { measurePush } from "./push.mjs";
import { measureRates } from "./rates.mjs";
import {
  written, writtenChecks, writtenEdge, writtenFlat, writtenLists, writtenPush,
  writeChecks, writeDocument, writeEdge, writeFlat, writeLists, writePush,
} from "./report.mjs";
import { CONNECTIONS } from "./sides.mjs";
import { measureSizes } from "./sizes.mjs";
import { measureStartup } from "./startup.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean" },
    write: { type: "boolean" },
    startup: { type: "boolean" },
    only: { type: "string" },
    out: { type: "string", default: join(ROOT, "target/bench/report.json") },
  },
});
const say = (line) => console.error(`  ${line}`);

const head = {
  date: new Date().toISOString().slice(0, 10),
  machine: {
    cores: cpus().length,
    processor: cpus()[0].model,
    system: `${platform()} ${release()}`,
    node: process.versions.node,
    workerd: JSON.parse(readFileSync(join(ROOT, "node_modules/workerd/package.json"), "utf8")).version,
    load: loadavg()[0].toFixed(1),
  },
};

/** Everything but whether it stays flat, which takes longer than all else together. */
async function measure() {
  const [rounds, seconds] = options.quick ? [3, 0.5] : [9, 1.5];
  return {
    ...head,
    rounds,
    seconds,
    connections: CONNECTIONS,
    rates: await measureRates({ rounds, seconds, only: options.only, say }),
    ...(await measurePackage()),
    startup: options.startup ? await measureStartup({ say }) : null,
  };
}

/** The npm package: what applications load, and how long checks take. */
async function measurePackage() {
  const times = options.quick ? 3 : 11;
  return { times, sizes: measureSizes(), checks: await measureChecks({ times, browser: process.env.CHROME, say }) };
}

async function measureFlatness() {
  const sizes = options.quick ? [1_000, 20_000] : [1_000, 100_000, 1_000_000];
  return { ...head, flat: await measureFlat({ sizes, requests: options.quick ? 100 : 400, say }) };
}

const parts = {
  flat: async () => [await measureFlatness(), writtenFlat, writeFlat],
  push: async () => [{ ...head, push: await measurePush({ clients: options.quick ? 100 : 1_000, say }) }, writtenPush, writePush],
  edge: async () => [{ ...head, edge: await measureEdge({ checks: options.quick ? 500 : 5_000, say }) }, writtenEdge, writeEdge],
  lists: async () => [{ ...head, lists: measureLists() }, writtenLists, writeLists],
  check: async () => [{ ...head, ...(await measurePackage()) }, writtenChecks, writeChecks],
};
const everything = async () => [await measure(), written, writeDocument];
const [report, inWords, write] = await (parts[options.only] ?? everything)();
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`);
console.log(`\n${inWords(report)}\n\nwritten to ${options.out}`);
if (options.write) {
  write(report);
  console.log("docs/benchmarks.md has these figures now");
} else {
  console.log("with `--write` too, such figures go into docs/benchmarks.md");
}
