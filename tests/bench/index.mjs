// `cargo xtask bench`: measures, writes target/bench/report.json, and prints a table. Bounded in time, on this machine alone.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, platform, release } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../harness/index.mjs";
import { measureChecks, measureSizes } from "./check.mjs";
import { measureRates } from "./rates.mjs";
import { written, writeDocument } from "./report.mjs";
import { CONNECTIONS } from "./sides.mjs";
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
const [rounds, seconds, times] = options.quick ? [3, 0.5, 3] : [9, 1.5, 11];
const say = (line) => console.error(`  ${line}`);

const load = loadavg()[0].toFixed(1);
const rates = await measureRates({ rounds, seconds, only: options.only, say });
const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: {
    cores: cpus().length,
    processor: cpus()[0].model,
    system: `${platform()} ${release()}`,
    node: process.versions.node,
    workerd: JSON.parse(readFileSync(join(ROOT, "node_modules/workerd/package.json"), "utf8")).version,
    load,
  },
  rounds,
  seconds,
  connections: CONNECTIONS,
  rates: rates.rows,
  sizes: measureSizes(),
  checks: await measureChecks(rates.sample, { times, browser: process.env.CHROME, say }),
  startup: options.startup ? await measureStartup({ say }) : null,
};
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`);
console.log(`\n${written(report)}\n\nwritten to ${options.out}`);
if (options.write) {
  writeDocument(report);
  console.log("docs/benchmarks.md has these figures now");
} else {
  console.log("`cargo xtask bench --write` puts such figures into docs/benchmarks.md");
}
