// Requests per second and processor time, in rounds that alternate between the two servers.
//
// Other work on the machine takes from requests per second; the processor time of workerd hardly feels it.
import { readdirSync, readFileSync } from "node:fs";
import { ROWS, startBoth } from "./sides.mjs";

/** Seconds of processor time that a process has had, all threads; nothing where there is no /proc. */
export function processorTime(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const nanoseconds = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]));
    return nanoseconds.reduce((sum, number) => sum + number, 0) / 1e9;
  } catch {
    return undefined;
  }
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function round({ server, load, requests }, row, seconds) {
  const before = processorTime(server.pid());
  const { answers, seconds: passed } = await load.run({ next: requests[row], status: ROWS[row].status, seconds });
  const after = processorTime(server.pid());
  return { rate: answers / passed, micros: before === undefined ? undefined : ((after - before) / answers) * 1e6 };
}

function summed(rounds) {
  const micros = rounds.map(({ micros }) => micros);
  return {
    perSecond: Math.round(median(rounds.map(({ rate }) => rate))),
    processorMicros: micros.includes(undefined) ? null : Math.round(median(micros)),
  };
}

const ratio = (one, other) => Math.round((one / other) * 100) / 100;

/** Measures every row whose name contains one of `only`. Resolves to the rows of the report. */
export async function measureRates({ rounds, seconds, only, say }) {
  const { ours, theirs, catalog, stop } = await startBoth();
  try {
    const rows = [];
    for (const [row, { name, request }] of ROWS.entries()) {
      if (only && !name.includes(only)) continue;
      const found = { ours: [], theirs: [] };
      await round(ours, row, 0.5 * seconds);
      await round(theirs, row, 0.5 * seconds);
      for (let number = 0; number < rounds; number += 1) {
        found.ours.push(await round(ours, row, seconds));
        found.theirs.push(await round(theirs, row, seconds));
      }
      const [licentia, plain] = [summed(found.ours), summed(found.theirs)];
      const ratios = {
        perSecond: ratio(licentia.perSecond, plain.perSecond),
        processorTime: plain.processorMicros && ratio(plain.processorMicros, licentia.processorMicros),
      };
      rows.push({ name, request, licentia, plain, ratios });
      say(`${name}: ${licentia.perSecond} a second, plain ${plain.perSecond}; ${licentia.processorMicros} µs, plain ${plain.processorMicros}`);
    }
    return rows;
  } finally {
    ours.load.close();
    theirs.load.close();
    await stop();
  }
}
