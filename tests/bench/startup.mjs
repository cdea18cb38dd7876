// How long a second `cargo xtask dev` takes to say `ready`: everything is installed and built.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../harness/index.mjs";

/** Starts `dev` twice on one state. Resolves to the seconds of the second start. */
export async function measureStartup({ say }) {
  const state = mkdtempSync(join(tmpdir(), "licentia-dev-"));
  try {
    await untilReady(state);
    const seconds = await untilReady(state);
    say(`a second \`cargo xtask dev\`: ready after ${seconds} s`);
    return seconds;
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

function untilReady(state) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    // A group of its own, so that the signal reaches what cargo started.
    const child = spawn("cargo", ["xtask", "dev", "--port", "0", "--state", state], { cwd: ROOT, detached: true });
    let printed = "";
    let seconds;
    const hear = (text) => {
      printed += text;
      if (seconds !== undefined || !/^ready$/m.test(printed)) return;
      seconds = Math.round((performance.now() - start) / 100) / 10;
      process.kill(-child.pid, "SIGINT");
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.once("error", reject);
    child.once("exit", (code) => (seconds === undefined ? reject(new Error(`dev ended with ${code}:\n${printed}`)) : resolve(seconds)));
  });
}
