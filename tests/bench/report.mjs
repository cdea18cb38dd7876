// The report as a table for people, on the terminal and in docs/benchmarks.md.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../harness/index.mjs";
import { AIMS } from "./check.mjs";
import { AIMS as PUSH_AIMS } from "./push.mjs";
import { STORM_AIMS } from "./storm.mjs";

const DOCUMENT = join(ROOT, "docs/benchmarks.md");
const marksOf = (command) => ["begin", "end"].map((where) => `<!-- from \`${command}\`: ${where} -->`);

const or = (value, unit = "") => (value === null || value === undefined ? "–" : `${value}${unit}`);
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
const megabytes = (bytes) => or(bytes && Math.round(bytes / 1e6).toLocaleString("en"), " MB");
const milliseconds = (time) => or(time, " ms");
const underWay = ({ date, machine }) =>
  `${date}, ${machine.cores} cores of ${machine.processor}, ${machine.system}; workerd ${machine.workerd}, Node ${machine.node}`;

function table(heads, rows) {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  return [line(heads), rule, ...rows.map(line)].join("\n");
}

/** Returns the report as Markdown that also reads well on a terminal. */
export function written(report) {
  return [writtenRates(report), writtenChecks(report)].join("\n\n");
}

function writtenRates(report) {
  const rates = report.rates.map(({ name, licentia, plain, ratios }) => [
    name, or(licentia.perSecond), or(plain.perSecond), ratios.perSecond.toFixed(2),
    or(licentia.processorMicros, " µs"), or(plain.processorMicros, " µs"), or(ratios.processorTime?.toFixed(2)),
  ]);
  const { machine, rounds, seconds, connections } = report;
  const parts = [
    `${underWay(report)}. ` +
      `${rounds} rounds of ${seconds} s a side and row, ${connections} connections; load average ${machine.load} at the start.`,
    table(["call", "a second", "plain", "ratio", "processor", "plain", "ratio"], rates),
  ];
  if (report.startup) parts.push(`A second \`cargo xtask dev\` said \`ready\` after ${report.startup} s.`);
  return parts.join("\n\n");
}

const microseconds = (time) => `${(time * 1000).toPrecision(3)} µs`;
const met = (found, aim, unit) => (aim === undefined ? "–" : `${unit(aim)}: ${found <= aim ? "met" : "missed"}`);
const times = (here, there) => (here / there).toFixed(2);

/** What concerns the npm package, as Markdown. */
export function writtenChecks(report) {
  const sizes = report.sizes.map(({ name, aim, wasm, fetched }) => [
    `\`${name}\``, kilobytes(wasm.bytes), kilobytes(wasm.gzip), kilobytes(fetched.bytes), kilobytes(fetched.gzip), met(fetched.gzip, aim, kilobytes),
  ]);
  const row = ({ where, algorithm }) => `${where}, ${algorithm}`;
  const aimOf = (name, { where, algorithm }) => AIMS[name][`${where} ${algorithm}`];
  const fresh = report.checks.map((check) => [
    row(check), milliseconds(check.licentia.fresh), met(check.licentia.fresh, aimOf("fresh", check), milliseconds),
    milliseconds(check.jose.fresh), times(check.licentia.fresh, check.jose.fresh),
    milliseconds(check.platform), times(check.licentia.fresh, check.platform),
  ]);
  const others = report.checks.map((check) => [
    row(check), milliseconds(check.licentia.first), met(check.licentia.first, aimOf("first", check), milliseconds), milliseconds(check.jose.first),
    milliseconds(check.licentia.second), microseconds(check.licentia.repeated), met(check.licentia.repeated, AIMS.repeated, microseconds),
  ]);
  return [
    `${underWay(report)}. Medians of ${report.times} processes and pages; load average ${report.machine.load} at the start.`,
    table(["entry", "WebAssembly", "gzipped", "fetched by a browser", "gzipped", "aim"], sizes),
    table(["a new token", "Licentia", "aim", "`jose`", "ratio", "platform", "ratio"], fresh),
    table(["import and first verdict", "Licentia", "aim", "`jose`", "next token", "repeated", "aim"], others),
  ].join("\n\n");
}

/** The part `flat` of a report as Markdown. */
export function writtenFlat(report) {
  const { requests, aim, steps } = report.flat;
  const sizes = steps.map(({ size }) => size.toLocaleString("en"));
  const rows = steps.at(-1).rows.map(({ name }, row) => [name, ...steps.flatMap((step) => cellsOf(step.rows[row]))]);
  const heads = ["call", ...sizes.flatMap((size) => [`at ${size}`, "95 of 100", "ratio"])];
  const filled = steps.map(({ filled, disk, memory }, step) => [
    `${sizes[step]} licenses`, `${filled.seconds} s`, `${filled.perSecond}`, megabytes(disk), megabytes(memory),
  ]);
  return [
    `${underWay(report)}. ${requests} requests a call and size over one connection; load average ${report.machine.load} at the start. ` +
      `A ratio is to the same call on a ledger of a thousand at the same minute; the aim is at most ${aim}.`,
    table(heads, rows),
    table(["ledger", "filling it up", "licenses a second", "on the disk", "workerd in memory"], filled),
  ].join("\n\n");
}

const cellsOf = ({ here, ratio }) => [milliseconds(here.median), milliseconds(here.p95), ratio.toFixed(2)];

/** The part `lists` of a report as Markdown. */
export function writtenLists(report) {
  const bytes = (count) => or(count?.toLocaleString("en"), " B");
  const rows = report.lists.map(({ licenses, lists, bytes: size, encoded, published, aim }) => [
    licenses.toLocaleString("en"), `${lists}`, bytes(size), bytes(encoded), bytes(published && Math.round(published)), aim ? met(size, aim, bytes) : "–",
  ]);
  return table(["licenses", "lists", "compressed", "in base64url", "the draft's", "aim"], rows);
}

/** The part `push` of a report as Markdown. */
export function writtenPush(report) {
  const { clients, rows, listed, storm } = report.push;
  const all = clients.toLocaleString("en");
  const cells = rows.map(({ name, count, median, p99, most }) => [
    name, `${count}`, milliseconds(median), met(median, PUSH_AIMS.median, milliseconds), milliseconds(p99), met(p99, PUSH_AIMS.p99, milliseconds), milliseconds(most),
  ]);
  const lists = listed.map(({ name, count, lists, median, p99, most }) => [
    name, `${count}`, `${lists}`, milliseconds(median), milliseconds(p99), milliseconds(most), met(most, PUSH_AIMS.listed, milliseconds),
  ]);
  const seconds = (time) => `${time} s`;
  const fold = (factor) => `${factor} times`;
  return [
    `${underWay(report)}. ${all} clients in one process; load average ${report.machine.load} at the start.`,
    table(["from the request to", "count", "median", "aim", "99 of 100", "aim", "last"], cells),
    table(["from the request to a status list that shows it", "count", "lists", "median", "99 of 100", "last", "aim"], lists),
    `After a restart of workerd all ${all} were back after ${storm.back} s (${met(storm.back, STORM_AIMS.back, seconds)}), with ` +
      `${storm.tries.toLocaleString("en")} connections and requests in all. In the worst second there were ${storm.peak}, ` +
      `${(storm.peak / storm.steady).toFixed(1)} times the steady ${storm.steady} (${met(storm.peak / storm.steady, STORM_AIMS.peak, fold)}). ` +
      `${storm.late} of them failed or were answered with 5xx after the first second (${met(storm.late, 0, String)}), and ${storm.early} within it.`,
  ].join("\n\n");
}

/** The part `edge` of a report as Markdown. */
export function writtenEdge(report) {
  const each = (count) => (Number.isInteger(count) ? `${count}` : count.toFixed(4));
  const rows = report.edge.map(({ name, checks, reads, ledger, micros }) => [
    name, checks.toLocaleString("en"), each(reads), each(ledger), or(micros, " µs"),
  ]);
  return [
    `${underWay(report)}. One connection; load average ${report.machine.load} at the start.`,
    table(["a check", "checks", "reads of KV", "calls of the ledger", "processor"], rows),
  ].join("\n\n");
}

export const writeDocument = (report) => {
  put("cargo xtask bench --write", writtenRates(report));
  writeChecks(report);
};
export const writeChecks = (report) => put("cargo xtask bench --only check --write", writtenChecks(report));
export const writeLists = (report) => put("cargo xtask bench --only lists --write", writtenLists(report));
export const writeEdge = (report) => put("cargo xtask bench --only edge --write", writtenEdge(report));
export const writePush = (report) => put("cargo xtask bench --only push --write", writtenPush(report));
export const writeFlat = (report) => put("cargo xtask bench --only flat --write", writtenFlat(report));

/** Puts a text between the two marks of docs/benchmarks.md that name its command. */
function put(command, words) {
  const text = readFileSync(DOCUMENT, "utf8");
  const [begin, end] = marksOf(command);
  const [before, rest] = text.split(begin);
  const [, after] = (rest ?? "").split(end);
  if (after === undefined) throw new Error(`${DOCUMENT} lacks the marks of \`${command}\``);
  writeFileSync(DOCUMENT, `${before}${begin}\n\n${words}\n\n${end}${after}`);
}
