// The report as a table for people, on the terminal and in docs/benchmarks.md.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../harness/index.mjs";

const DOCUMENT = join(ROOT, "docs/benchmarks.md");
const BEGIN = "<!-- from `cargo xtask bench --write`: begin -->";
const END = "<!-- from `cargo xtask bench --write`: end -->";

const or = (value, unit = "") => (value === null || value === undefined ? "–" : `${value}${unit}`);
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

function table(heads, rows) {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  return [line(heads), rule, ...rows.map(line)].join("\n");
}

/** Returns the report as Markdown that also reads well on a terminal. */
export function written(report) {
  const rates = report.rates.map(({ name, licentia, plain, ratios }) => [
    name, or(licentia.perSecond), or(plain.perSecond), ratios.perSecond.toFixed(2),
    or(licentia.processorMicros, " µs"), or(plain.processorMicros, " µs"), or(ratios.processorTime?.toFixed(2)),
  ]);
  const sizes = [
    ["WebAssembly", report.sizes.wasm],
    ["JavaScript around it", report.sizes.javascript],
    ["fetched by a browser (one module, WebAssembly inside)", report.sizes.browser],
  ].map(([what, { bytes, gzip }]) => [what, kilobytes(bytes), kilobytes(gzip)]);
  const checks = report.checks.map(({ where, algorithm, cold, repeated }) => [`${where}, ${algorithm}`, `${cold} ms`, `${repeated} ms`]);
  const { machine, date, rounds, seconds, connections } = report;
  const parts = [
    `${date}, ${machine.cores} cores of ${machine.processor}, ${machine.system}; workerd ${machine.workerd}, Node ${machine.node}. ` +
      `${rounds} rounds of ${seconds} s a side and row, ${connections} connections; load average ${machine.load} at the start.`,
    table(["call", "a second", "plain", "ratio", "processor", "plain", "ratio"], rates),
    table(["`licentia/check`", "bytes", "gzipped"], sizes),
    table(["check of a token", "cold", "repeated"], checks),
  ];
  if (report.startup) parts.push(`A second \`cargo xtask dev\` said \`ready\` after ${report.startup} s.`);
  return parts.join("\n\n");
}

/** Puts the report between the two marks of docs/benchmarks.md. */
export function writeDocument(report) {
  const text = readFileSync(DOCUMENT, "utf8");
  const [before, rest] = text.split(BEGIN);
  const [, after] = (rest ?? "").split(END);
  if (after === undefined) throw new Error(`${DOCUMENT} lacks its two marks`);
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n\n${written(report)}\n\n${END}${after}`);
}
