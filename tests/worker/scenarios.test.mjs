// The scenarios that run natively over rusqlite, run here against the built Worker in workerd.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT, start } from "../harness/index.mjs";

test("every scenario holds in workerd", async () => {
  const runner = process.env.LICENTIA_SCENARIOS;
  assert.ok(runner, "LICENTIA_SCENARIOS names the runner: `cargo build --package licentia-tests --bin scenarios`");
  const directory = join(ROOT, "tests/scenarios");
  const files = readdirSync(directory).filter((name) => name.endsWith(".http"));
  assert.ok(files.length > 0);
  const server = await start();
  try {
    const paths = files.sort().map((name) => join(directory, name));
    const child = spawn(runner, ["--url", server.url, "--token", server.token, ...paths]);
    const printed = [];
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => printed.push(text));
    const [code] = await once(child, "close");
    console.log(printed.join(""));
    assert.equal(code, 0, printed.join(""));
  } finally {
    await server.stop();
  }
});
