// What the client keeps: where, for whom, one sync at a time, and what tells a machine from others.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, mock, test } from "node:test";

import { LicentiaClient, memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { LicentiaClient as WebClient } from "../../crates/wasm/js/dist/index.web.js";
import { withFileLock } from "../../crates/wasm/js/src/file-lock.ts";
import { machineId } from "../../crates/wasm/js/src/machine-id.ts";
import { licenseKey, productId, publicKey, refusal, serve } from "./server.mjs";

const directory = mkdtempSync(join(tmpdir(), "licentia-storage-"));
const slot = `licentia.${productId}`;
let server;
let clients;

before(async () => (server = await serve()));
after(() => {
  server.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  clients = [];
  server.answer = server.grant();
  server.requests.length = 0;
});
afterEach(() => clients.forEach((client) => client.close()));

function start(changes = {}, Client = LicentiaClient) {
  const client = Client.openSync({ host: server.host, product: productId, publicKey, licenseKey, push: false, ...changes });
  clients.push(client);
  return client;
}

/** A clock that stands until it is set. */
function clock(time = Date.now()) {
  const now = () => now.time;
  now.time = time;
  return now;
}

describe("local trials", () => {
  const DAY = 86_400_000;

  test("run for as long as they were begun and extended for", () => {
    const now = clock();
    const storage = memoryStorage();
    const client = start({ storage, now });
    assert.equal(client.isLocalTrialGenuine().name, "LA_FAIL");
    assert.equal(client.localTrialExpiresAt(), null);
    assert.equal(client.extendLocalTrial(1).name, "LA_FAIL");
    assert.equal(client.activateLocalTrial(7).name, "LA_OK");
    assert.equal(client.localTrialExpiresAt().getTime(), Math.floor(now.time / 1000) * 1000 + 7 * DAY);
    now.time += 8 * DAY;
    assert.deepEqual(start({ storage, now }).isLocalTrialGenuine(), { code: 26, name: "LA_LOCAL_TRIAL_EXPIRED", message: "The trial on this device is over." });
    assert.equal(client.activateLocalTrial(7).name, "LA_LOCAL_TRIAL_EXPIRED");
    assert.equal(client.extendLocalTrial(1).name, "LA_OK");
    assert.equal(client.isLocalTrialGenuine().name, "LA_OK");
    for (const days of [0, -1, 1.5, "7", NaN]) assert.throws(() => client.activateLocalTrial(days), { code: "INVALID_OPTION" });
  });

  test("notice a clock that was set back, and an end that was edited", () => {
    const now = clock();
    const storage = memoryStorage();
    const client = start({ storage, now });
    client.activateLocalTrial(7);
    const text = storage.get(slot);
    storage.set(slot, text.replace(/"end":(\d+)/, (_, end) => `"end":${Number(end) + 9_000_000}`));
    assert.equal(client.isLocalTrialGenuine().name, "LA_LOCAL_TRIAL_EXPIRED");
    storage.set(slot, text);
    now.time -= 2 * 3_600_000;
    assert.equal(client.isLocalTrialGenuine().name, "LA_E_TIME_MODIFIED");
    assert.throws(() => client.activateLocalTrial(7), { name: "LicenseError", code: "LA_E_TIME_MODIFIED", status: 69 });
  });
});

describe("fingerprints", () => {
  const none = { file: () => undefined, program: () => undefined };
  const id = "0123456789abcdef0123456789abcdef";

  test("a machine's id is read as each system keeps it", () => {
    const files = (known) => ({ ...none, file: (path) => known[path] });
    assert.equal(machineId("linux", files({ "/etc/machine-id": `${id}\n` })), id);
    assert.equal(machineId("linux", files({ "/var/lib/dbus/machine-id": id })), id);
    const uuid = "0A1B2C3D-0000-4000-8000-00000000ABCD";
    const asked = [];
    const programs = (text) => ({ ...none, program: (...words) => (asked.push(words.join(" ")), text) });
    assert.equal(machineId("darwin", programs(`    "IOPlatformUUID" = "${uuid}"\n`)), uuid.toLowerCase());
    assert.equal(machineId("win32", programs(`\r\n    MachineGuid    REG_SZ    ${uuid}\r\n`)), uuid.toLowerCase());
    assert.deepEqual(asked, [
      "/usr/sbin/ioreg -rd1 -c IOPlatformExpertDevice",
      "reg.exe query HKLM\\SOFTWARE\\Microsoft\\Cryptography /v MachineGuid /reg:64",
    ]);
  });

  test("an id that is not set is none", () => {
    for (const platform of ["linux", "darwin", "win32"]) assert.equal(machineId(platform, none), undefined);
    for (const text of ["", "uninitialized\n", "0".repeat(32), "short"]) {
      assert.equal(machineId("linux", { ...none, file: () => text }), undefined, text);
    }
  });

  test("what is sent is a digest that tells products apart, and never the id", async () => {
    const raw = machineId(process.platform);
    const prints = [productId, "5d1a2b3c-0000-4000-8000-000000000001"].map((product) => start({ product, storage: memoryStorage() }).fingerprint);
    for (const print of prints) {
      assert.match(print, /^[0-9a-f]{64}$/);
      assert.ok(!print.includes(raw ?? "none"));
    }
    assert.notEqual(prints[0], prints[1]);
  });

  test("where a system tells nothing, a random id is drawn once and kept in the storage", async () => {
    const storage = memoryStorage();
    const print = start({ storage }, WebClient).fingerprint;
    assert.match(print, /^[0-9a-f]{64}$/);
    assert.equal(storage.get("licentia.device"), print);
    assert.equal(start({ storage }, WebClient).fingerprint, print);
    assert.notEqual(start({ storage: memoryStorage() }, WebClient).fingerprint, print);
    const slow = { get: async (name) => storage.get(name), set: async () => undefined, remove: async () => undefined };
    const opened = await WebClient.open({ host: server.host, product: productId, publicKey, storage: slow });
    assert.equal(opened.fingerprint, print);
    assert.throws(() => start({ storage: slow }, WebClient), { code: "INVALID_OPTION", message: /`storage`/ });
    const full = { ...memoryStorage(), set: () => { throw new Error("full"); } };
    assert.throws(() => start({ storage: full }, WebClient), { code: "LA_E_FILE_PERMISSION", status: 45 });
  });
});

describe("keys", () => {
  const keys = JSON.stringify({ keys: [] });

  test("what answers for the product's keys and is none is a failure of the network", async () => {
    const open = () => LicentiaClient.open({ host: server.host, product: productId, storage: memoryStorage(), timeout: 300 });
    const cases = [
      [{ status: 200, body: "<html>" }, 48], [{ status: 200, body: keys }, 48], [{ status: 404, body: "<html>" }, 48], ["hang", 48], ["drop", 48],
      [{ status: 302, headers: { location: "/" } }, 48], [refusal(404, "NOT_FOUND"), 43], [{ status: 429 }, 90], [{ status: 503 }, 91],
    ];
    for (const [answer, status] of cases) {
      server.answer = () => answer;
      await assert.rejects(open(), { name: "LicenseError", status }, JSON.stringify(answer));
    }
    const { method, path } = server.requests[0];
    assert.equal(`${method} ${path}`, `GET /v3/products/${productId}/keys`);
  });

  test("opening can be given up", async () => {
    server.answer = () => "hang";
    const reason = new Error("enough");
    const opening = LicentiaClient.open({ host: server.host, product: productId, storage: memoryStorage(), signal: AbortSignal.abort(reason) });
    await assert.rejects(opening, reason);
  });
});

describe("one at a time", () => {
  test("a call can be given up, also while it waits for another", async () => {
    const storage = memoryStorage();
    const client = start({ storage });
    await client.activate();
    server.answer = () => "hang";
    const [first, second] = [new AbortController(), new AbortController()];
    const [sync, deactivation] = [client.sync({ signal: first.signal }), client.deactivate({ signal: second.signal })];
    second.abort(new Error("second"));
    await assert.rejects(deactivation, { message: "second" });
    first.abort(new Error("first"));
    await assert.rejects(sync, { message: "first" });
    server.answer = server.grant();
    assert.equal((await client.sync()).code, 0);
  });

  test("two clients of one storage do not ask at the same time", async () => {
    const storage = memoryStorage();
    await start({ storage }).activate();
    const [one, other] = [start({ storage }), start({ storage })];
    let open = 0;
    server.answer = async (request) => {
      open += 1;
      assert.equal(open, 1);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return server.grant()(request);
    };
    const heard = [one, other].map((client) => new Promise((resolve) => client.on("status", resolve)));
    for (const client of [one, other]) assert.equal(client.isGenuine().code, 0);
    for (const { code } of await Promise.all(heard)) assert.equal(code, 0);
  });

  test("processes that share a directory ask one after the other", async () => {
    const folder = join(directory, "shared");
    await start({ directory: folder, storage: undefined }).activate();
    let open = 0;
    let most = 0;
    server.answer = async (request) => {
      most = Math.max(most, (open += 1));
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return server.grant()(request);
    };
    const entry = new URL("../../crates/wasm/js/dist/index.node.js", import.meta.url).href;
    const options = JSON.stringify({ host: server.host, product: productId, publicKey, licenseKey, directory: folder, push: false });
    const program = `import { LicentiaClient } from ${JSON.stringify(entry)};
      const client = LicentiaClient.openSync(${options});
      for (let n = 0; n < 10; n += 1) if ((await client.sync()).code !== 0) process.exitCode = 1;`;
    const processes = [1, 2, 3].map(() => spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "inherit" }));
    const codes = await Promise.all(processes.map(async (child) => (await once(child, "exit"))[0]));
    assert.deepEqual(codes, [0, 0, 0]);
    assert.equal(most, 1);
    assert.equal(server.requests.filter(({ method }) => method === "PATCH").length, 30);
    assert.ok(!existsSync(join(folder, `${slot}.lock`)));
  });

  test("a lock that a process left behind holds nobody up", async () => {
    const folder = join(directory, "left");
    const client = start({ directory: folder, storage: undefined });
    await client.activate();
    const ended = spawn(process.execPath, ["--eval", ""]);
    await once(ended, "exit");
    writeFileSync(join(folder, `${slot}.lock`), String(ended.pid));
    assert.equal((await client.sync()).code, 0);
    assert.ok(!existsSync(join(folder, `${slot}.lock`)));
  });

  test("where no lock can be had, a client goes without", async () => {
    const folder = join(directory, "locked");
    mkdirSync(join(folder, `${slot}.lock`), { recursive: true });
    const client = start({ directory: folder, storage: undefined });
    assert.equal((await client.activate()).code, 0);
    assert.equal(client.isGenuine().code, 0);
  });

  test("where nothing can be written, a client says so and holds the activation while it runs", async () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    const client = start({ directory: file, storage: undefined });
    const failed = new Promise((resolve) => client.on("error", resolve));
    assert.equal((await client.activate()).code, 0);
    assert.equal((await failed).code, "LA_E_FILE_PERMISSION");
    assert.equal(client.isGenuine().code, 0);
    assert.equal(readFileSync(file, "utf8"), "");
  });
});

test("a client ends with the block that holds it, and tells nobody any more", async () => {
  const storage = memoryStorage();
  const client = start({ storage });
  const heard = [];
  const stop = client.on("status", () => heard.push("first"));
  client.on("status", () => heard.push("second"));
  await client.activate();
  await client.sync();
  stop();
  await client.sync();
  client[Symbol.dispose]();
  await client.sync();
  assert.deepEqual(heard, ["first", "second", "second"]);
  assert.equal(client.isGenuine().code, 0);
});

describe("a storage that fails for a moment", () => {
  /** A memory whose reads and writes can be made to fail. */
  function failing() {
    const storage = memoryStorage();
    const fails = { get: false, set: false };
    const tried = (name) => (...args) => {
      if (fails[name]) throw new Error("the disk is away");
      return storage[name](...args);
    };
    return { fails, storage: { get: tried("get"), set: tried("set"), remove: storage.remove } };
  }

  test("does not end background syncs, and is told as an error", async () => {
    const { storage, fails } = failing();
    const client = start({ storage });
    await client.activate();
    const next = LicentiaClient.openSync({ host: server.host, product: productId, publicKey, licenseKey, storage, push: false });
    clients.push(next);
    const heard = new Promise((resolve) => next.on("error", resolve));
    next.isGenuine();
    fails.get = true;
    assert.equal((await heard).code, "LA_E_FILE_PERMISSION");
    fails.get = false;
    assert.notEqual(next.nextSyncAt(), null);
  });

  test("does not hide what another client has written since", async () => {
    const { storage, fails } = failing();
    const now = clock();
    const [one, other] = [start({ storage, now }), start({ storage, now })];
    await one.activate();
    fails.set = true;
    now.time += 61_000;
    one.isValid();
    fails.set = false;
    server.answer = () => refusal(400, "REVOKED_LICENSE");
    await assert.rejects(other.sync(), { code: "LA_E_REVOKED" });
    assert.equal(one.isValid().name, "LA_FAIL");
  });

  test("may write behind: what it cannot write is told, and what it can is there", async () => {
    const { storage, fails } = failing();
    const behind = { get: storage.get, remove: storage.remove, set: async (name, text) => storage.set(name, text) };
    const client = start({ storage: behind });
    await client.activate();
    assert.equal(client.isValid().name, "LA_OK");
    const told = new Promise((resolve) => client.on("error", resolve));
    fails.set = true;
    await client.sync();
    assert.equal((await told).code, "LA_E_FILE_PERMISSION");
  });

  test("is refused by `openSync` where it has to be waited for", () => {
    const storage = { get: async () => null, set: async () => undefined, remove: async () => undefined };
    assert.throws(() => start({ storage, fingerprint: "f".repeat(64) }), { code: "INVALID_OPTION" });
  });
});

test("a lock whose holder's clock was ahead is taken for abandoned", async () => {
  const folder = join(directory, "ahead");
  mkdirSync(folder);
  const client = start({ directory: folder });
  const lock = join(folder, `${encodeURIComponent(slot)}.lock`);
  writeFileSync(lock, String(process.pid));
  const ahead = new Date(Date.now() + 3_600_000);
  utimesSync(lock, ahead, ahead);
  assert.equal((await client.activate()).name, "LA_OK");
});

test("a lock that no process can have written is taken for abandoned", async () => {
  for (const [index, holder] of ["", "-1", "0", "nobody"].entries()) {
    const path = join(directory, `odd-${index}`);
    writeFileSync(path, holder);
    const before = new Date(Date.now() - 2_000);
    utimesSync(path, before, before);
    assert.equal(await withFileLock(path, async () => readFileSync(path, "utf8")), String(process.pid));
  }
});

describe("a lock that is held for ever", () => {
  /** A lock file of a process that lives and touches it, and a look at it after each second that passes. */
  function held(name) {
    const path = join(directory, name);
    writeFileSync(path, String(process.pid));
    const second = () => {
      const now = new Date();
      utimesSync(path, now, now);
      mock.timers.tick(1_000);
      return new Promise((resolve) => setImmediate(resolve));
    };
    return { path, second };
  }

  beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: Date.now() }));
  afterEach(() => mock.timers.reset());

  test("is gone without after a minute, and stays with who holds it", async () => {
    const { path, second } = held("held.lock");
    let ran = false;
    const turn = withFileLock(path, async () => (ran = true));
    for (let seconds = 0; seconds < 59; seconds += 1) await second();
    assert.equal(ran, false);
    for (let seconds = 0; seconds < 2; seconds += 1) await second();
    assert.equal(await turn, true);
    assert.ok(existsSync(path));
  });

  test("is not waited for once the signal has fired", async () => {
    const { path, second } = held("given-up.lock");
    const ending = new AbortController();
    const reason = new Error("enough");
    let ran = false;
    const turn = withFileLock(path, async () => (ran = true), ending.signal);
    const rejected = assert.rejects(turn, reason);
    await second();
    ending.abort(reason);
    await second();
    await rejected;
    assert.equal(ran, false);
  });
});

test("a call that is given up while another process holds the lock holds up none that come after it", async () => {
  const folder = join(directory, "given-up");
  const client = start({ directory: folder, storage: undefined });
  const lock = join(folder, `${slot}.lock`);
  mkdirSync(folder);
  writeFileSync(lock, String(process.pid));
  const ending = new AbortController();
  const reason = new Error("enough");
  const waiting = client.activate(undefined, { signal: ending.signal });
  const next = client.activate();
  ending.abort(reason);
  await assert.rejects(waiting, reason);
  assert.equal(server.requests.length, 0);
  rmSync(lock);
  assert.equal((await next).code, 0);
  assert.equal(server.requests.length, 1);
});
