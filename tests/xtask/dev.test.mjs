// `cargo xtask dev` as a person meets it: it says `ready` with an address and a token that work, keeps both, and stops whole.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

const xtask = process.env.LICENTIA_XTASK;
let state;

before(async () => {
  state = join(await mkdtemp(join(tmpdir(), "licentia-dev-")), "state");
});
after(() => rm(join(state, ".."), { recursive: true }));

// What a failed test left running would keep this file from ending.
const running = new Set();
afterEach(async () => {
  for (const run of running) {
    run.child.kill("SIGTERM");
    await run.ended;
  }
});

function dev(...args) {
  const { LICENTIA_ROOT_TOKEN, LICENTIA_MASTER_KEYS, ...env } = process.env;
  const child = spawn(xtask, ["dev", "--state", state, ...args], { env });
  const run = { child, output: "", ended: once(child, "close").then(([code]) => code) };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (run.output += text));
  running.add(run);
  run.ended.then(() => running.delete(run));
  return run;
}

/** Starts it on a free port and waits for the block that it prints. */
async function ready(...args) {
  const started = performance.now();
  const run = dev("--port", "0", ...args);
  while (!run.output.includes("Ctrl-C stops it.")) {
    const code = await Promise.race([run.ended, once(run.child.stdout, "data").then(() => undefined)]);
    assert.equal(code, undefined, run.output);
  }
  run.seconds = (performance.now() - started) / 1000;
  const [, address, fragment, token] = run.output.match(
    /^ready\n +address +(\S+)\n +open +\1\/#token=(\S+)\n +root token +(\S+)\n/m,
  );
  assert.equal(fragment, token);
  return Object.assign(run, { address, token });
}

async function stop(run, signal = "SIGINT") {
  run.child.kill(signal);
  assert.equal(await run.ended, 0, run.output);
  await assert.rejects(fetch(`${run.address}/v3/status`), "nothing listens any more");
}

/** What anybody on this machine can read of the programs that run. */
async function commandLines() {
  if (process.platform !== "linux") return execFileSync("ps", ["-axo", "args"], { encoding: "utf8" });
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
  assert.ok(lines.some((line) => line.includes("wrangler")), "wrangler is among them");
  return lines.join("\n");
}

const status = async (run, path, token) =>
  (await fetch(run.address + path, token && { headers: { authorization: `Bearer ${token}` } })).status;

test("it serves the API and the pages, and its root token is the key to them", async () => {
  const run = await ready();
  assert.equal(await status(run, "/v3/status"), 200);
  assert.equal(await status(run, "/"), 200);
  assert.equal(await status(run, "/v3/products", run.token), 200);
  assert.equal(await status(run, "/v3/products"), 401);

  for (const file of ["secrets.env", "run.env"]) {
    assert.equal((await stat(join(state, file))).mode & 0o777, 0o600, file);
  }
  assert.ok(!(await commandLines()).includes(run.token), "no program was started with the token in its arguments");
  await stop(run);
});

test("a second start is ready within 10 seconds and has the same token; a fresh one has another", async () => {
  const first = await ready();
  await stop(first);
  const second = await ready();
  await stop(second, "SIGTERM");
  assert.ok(second.seconds < 10, `${second.seconds} s`);
  assert.equal(second.token, first.token);

  const fresh = await ready("--fresh");
  await stop(fresh);
  assert.notEqual(fresh.token, first.token);
});

test("a port that is taken, and a state that is in use, are said at once", async () => {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  const taken = dev("--port", String(port));
  assert.equal(await taken.ended, 1);
  assert.match(taken.output, new RegExp(`port ${port} is in use`));
  listener.close();

  const first = await ready();
  const second = dev("--port", "0");
  assert.equal(await second.ended, 1);
  assert.match(second.output, /another `dev` runs on/);
  await stop(first);
});
