// The client in Node against a real HTTP server: what a person's application goes through, and every way a network fails.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { LicenseError, LicentiaClient, memoryStorage, statusCode } from "../../crates/wasm/js/dist/index.node.js";
import { licenseKey, productId, publicKey, refusal, serve } from "./server.mjs";

const directory = mkdtempSync(join(tmpdir(), "licentia-client-"));
const slot = `licentia.${productId}`;
let server;
let storage;
let clients;

before(async () => (server = await serve()));
after(() => {
  server.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  storage = memoryStorage();
  clients = [];
  server.answer = server.grant();
  server.requests.length = 0;
});
afterEach(() => clients.forEach((client) => client.close()));

function start(changes = {}) {
  const client = LicentiaClient.openSync({ host: server.host, product: productId, publicKey, licenseKey, storage, push: false, ...changes });
  clients.push(client);
  return client;
}

const stored = () => JSON.parse(storage.get(slot));

/** Asserts the verdict of a status, of a promise of one, or of what it rejects with. */
async function is(verdict, code) {
  const found = await Promise.resolve(verdict).then(
    (status) => status.code,
    (error) => {
      assert.ok(error instanceof LicenseError, error);
      assert.equal(error.code, statusCode(error.status).name);
      return error.status;
    },
  );
  assert.equal(found, code);
}

async function open(changes = {}) {
  const client = await LicentiaClient.open({ host: server.host, product: productId, publicKey, licenseKey, storage, push: false, ...changes });
  clients.push(client);
  return client;
}

/** Resolves with what the client tells next. */
const told = (client, event = "status") =>
  new Promise((resolve) => {
    const stop = client.on(event, (value) => {
      stop();
      resolve(value.code);
    });
  });

describe("the story", () => {
  test("activate, revoke, sync, approve, activate again", async () => {
    const heard = [];
    const client = start();
    client.on("status", ({ name }) => heard.push(name));
    await is(client.isGenuine(), 1);
    assert.deepEqual(await client.activate(), { code: 0, name: "LA_OK", message: "The license is valid." });
    await is(client.isGenuine(), 0);
    assert.equal(client.licenseMetadata("PLAN"), "pro");
    assert.equal(client.licenseExpiresAt(), null);

    server.answer = () => refusal(400, "REVOKED_LICENSE");
    await is(client.sync(), 53);
    assert.deepEqual(heard, ["LA_E_REVOKED"]);
    await is(client.isGenuine(), 1);
    await is(client.lastActivationError(), 53);
    assert.equal(stored().token, null);
    assert.equal(client.claims(), null);
    await is(client.activate(), 53);

    server.answer = server.grant({ epoch: 1 });
    await is(client.isGenuine(), 1);
    await is(client.activate(), 0);
    await is(client.lastActivationError(), 0);
    const seats = new Set(server.requests.map(({ body }) => body.fingerprint));
    assert.equal(seats.size, 1);
  });

  test("a product.dat is all that an application needs but a license key", async () => {
    const keys = [createPublicKey(publicKey).export({ format: "jwk" })];
    const file = { productId, host: server.host, keys, statementKeys: [] };
    for (const given of [file, JSON.stringify(file)]) {
      const client = start({ product: given, host: undefined, publicKey: undefined });
      await is(client.activate(), 0);
      assert.equal(server.requests.at(-1).body.productId, productId);
      await is(client.isGenuine(), 0);
    }
    // What an application says itself counts.
    const elsewhere = { ...file, host: "http://127.0.0.1:1" };
    await is(start({ product: elsewhere, publicKey: undefined }).activate(), 0);
  });

  test("suspension, expiry and the end of the grace period show and heal by themselves", async () => {
    const client = start();
    await is(client.activate(), 0);
    for (const [changes, code] of [[{ suspended: true }, 21], [{ eat: 1 }, 20], [{}, 0]]) {
      server.answer = server.grant(changes);
      await is(client.sync(), code);
      await is(client.isGenuine(), code);
    }
    server.answer = server.grant({ ssgpeat: 1 });
    await is(client.sync(), 22);
    server.answer = server.grant();
    await is(client.sync(), 0);
  });

  test("deactivating gives the seat back and forgets the key", async () => {
    const client = start({ licenseKey: undefined });
    await is(client.activate(licenseKey), 0);
    server.answer = () => ({ status: 204 });
    await is(client.deactivate(), 0);
    const { method, path, body } = server.requests.at(-1);
    assert.match(`${method} ${path}`, /^POST \/v3\/activations\/[0-9a-f]{32}\/deactivate$/);
    assert.equal(body.key, licenseKey);
    await is(client.deactivate(), 1);
    assert.equal(stored().key, null);
    await is(start({ licenseKey: undefined }).isGenuine(), 54);
  });

  test("a deactivation that is refused keeps the activation, unless the server says that it is gone", async () => {
    const client = start();
    await is(client.activate(), 0);
    const cases = [[refusal(409, "DEACTIVATION_LIMIT_REACHED"), 60], [{ status: 200, body: "<html>" }, 48], [refusal(404, "ACTIVATION_UNKNOWN"), 59]];
    for (const [answer, code] of cases) {
      server.answer = () => answer;
      await is(client.deactivate(), code);
      await is(client.isValid(), 0);
    }
    server.answer = () => refusal(404, "ACTIVATION_NOT_FOUND");
    await is(client.deactivate(), 59);
    await is(client.isValid(), 1);
  });

  test("reset forgets the activation and the key, and keeps the trial", async () => {
    const client = start({ licenseKey: undefined });
    client.activateLocalTrial(7);
    await is(client.activate(licenseKey), 0);
    client.reset();
    assert.equal(stored().key, null);
    await is(client.isGenuine(), 1);
    await is(client.lastActivationError(), 0);
    await is(client.isLocalTrialGenuine(), 0);
  });
});

describe("requests", () => {
  test("an activation sends every required field, and its metadata", async () => {
    const metadata = [{ key: "seat", value: "7" }];
    await is(start({ appVersion: "1.2", metadata }).activate(), 0);
    const { body, headers } = server.requests[0];
    assert.equal(headers["content-type"], "application/json");
    for (const field of ["key", "productId", "fingerprint", "os", "osVersion", "hostname", "userHash"]) {
      assert.ok(body[field], field);
    }
    assert.equal(body.appVersion, "1.2");
    assert.deepEqual(body.metadata, metadata);
    assert.match(body.fingerprint, /^[0-9a-f]{64}$/);
  });

  test("a key that can be none is refused without asking", async () => {
    await is(start({ licenseKey: "short" }).activate(), 54);
    await is(start({ licenseKey: undefined }).activate(), 54);
    assert.equal(server.requests.length, 0);
  });

  test("a sync says the release and leaves the metadata as it was", async () => {
    const client = start({ metadata: [{ key: "seat", value: "7" }], releaseVersion: "1.2", leaseDuration: 60 });
    await is(client.activate(), 0);
    client.setReleaseVersion("1.3");
    await is(client.sync(), 0);
    const [activation, sync] = server.requests.map(({ body }) => body);
    assert.deepEqual([activation.releaseVersion, activation.leaseDuration], ["1.2", 60]);
    assert.deepEqual([sync.releaseVersion, sync.leaseDuration, sync.metadata], ["1.3", undefined, []]);
  });

  test("an activation with a mistyped key keeps the one that stands", async () => {
    const client = start();
    await is(client.activate(), 0);
    server.answer = () => refusal(400, "INVALID_LICENSE_KEY");
    await is(client.activate("MISTYPED-MISTYPED-MISTYPED"), 54);
    await is(client.isGenuine(), 0);
    await is(client.activate(), 54);
    await is(client.isGenuine(), 0);
    server.answer = () => refusal(400, "REVOKED_LICENSE");
    await is(client.activate("ANOTHER-KEY-THAT-IS-REVOKED"), 53);
    await is(client.isGenuine(), 0);
  });
});

describe("answers that are none", () => {
  const cases = {
    "an HTML page": [{ status: 200, body: "<!doctype html>", headers: { "content-type": "text/html" } }, 48],
    "an empty body": [{ status: 200, body: "" }, 48],
    "a page in place of a 404": [{ status: 404, body: "<html>" }, 48],
    "a redirection": [{ status: 302, headers: { location: "/portal" } }, 48],
    "a proxy that wants a password": [{ status: 407 }, 48],
    "a rate limit": [{ status: 429, headers: { "retry-after": "1" } }, 90],
    "a fault of the server": [{ status: 503, body: "<html>" }, 91],
    "an answer that does not come": ["hang", 48],
    "a connection that breaks": ["drop", 48],
    "a refusal of the proxy's own": [refusal(403, "REVOKED_LICENSE"), 48],
    "an unknown activation": [refusal(404, "ACTIVATION_UNKNOWN"), 59],
    "a token with a changed claim": [{ status: 200, body: JSON.stringify({ activationToken: "e30.e30.AA" }) }, 48],
  };
  for (const [name, [answer, code]] of Object.entries(cases)) {
    test(`${name} keeps the activation`, async () => {
      const client = start({ timeout: 300 });
      await is(client.activate(), 0);
      const before = storage.get(slot);
      server.answer = () => answer;
      await is(client.sync(), code);
      await is(client.activate(), code);
      assert.equal(storage.get(slot), before);
      await is(client.isGenuine(), 0);
    });
  }

  test("a server that is not there", async () => {
    const client = start({ host: "http://127.0.0.1:1" });
    await is(client.activate(), 48);
  });

  test("a token of another device, product or time", async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const [changes, code] of [[{ fp: "0" }, 63], [{ pid: "0" }, 1], [{ iat: now + 7200 }, 47], [{ leat: now - 1 }, 1]]) {
      server.answer = server.grant(changes);
      const client = start();
      await is(client.activate(), code);
      await is(client.isGenuine(), 1);
    }
  });
});

describe("background syncs", () => {
  test("the first call syncs at once, then at the interval, and tells each verdict", async () => {
    server.answer = server.grant({ ssi: 1 });
    await is(start().activate(), 0);
    clients[0].close();
    const client = start();
    const first = told(client);
    await is(client.isGenuine(), 0);
    assert.equal(await first, 0);
    const heard = [told(client), told(client, "erased"), told(client, "error")];
    server.answer = () => refusal(400, "REVOKED_LICENSE");
    assert.deepEqual(await Promise.all(heard), [53, 53, "LA_E_REVOKED"]);
    await is(client.isGenuine(), 1);
    assert.deepEqual(server.requests.map(({ method }) => method), ["POST", "PATCH", "PATCH"]);
  });

  test("they go on after an activation, and through failures of the network", async () => {
    server.answer = server.grant({ ssi: 1 });
    const client = start();
    await is(client.activate(), 0);
    server.answer = () => ({ status: 500 });
    const failed = [told(client), told(client, "error")];
    assert.deepEqual(await Promise.all(failed), [91, "LA_E_SERVER"]);
    server.answer = server.grant({ ssi: 1, suspended: true });
    assert.equal(await told(client), 21);
  });

  test("no interval means no sync, and validity alone starts none", async () => {
    server.answer = server.grant({ ssi: 0 });
    const client = start();
    await is(client.activate(), 0);
    await is(client.isGenuine(), 0);
    server.answer = server.grant();
    await is(start().isValid(), 0);
    assert.equal(server.requests.length, 1);
  });

  test("a listener that throws is the application's fault, and ends nothing", async () => {
    const folder = join(directory, "throws");
    await is(start({ storage: undefined, directory: folder }).activate(), 0);
    const { stdout, status } = script(folder, `
      process.on("uncaughtException", ({ message }) => console.log(message));
      client.on("status", () => { throw new Error("the application's own"); });
      for (const _ of [1, 2]) await client.sync().catch(({ status }) => console.log(status));`);
    assert.deepEqual([stdout.split("\n").sort().join(" "), status], [" 91 91 the application's own the application's own", 0]);
  });
});

/** Holds the next answer back; resolves, once it is asked for, with what lets it go. */
function hold(answer) {
  return new Promise((asked) => {
    server.answer = (request) => new Promise((resolve) => asked(() => resolve(answer(request))));
  });
}

/** A client that waits for no other one: as in two tabs of a page that has no locks. */
const unlocked = () => start({ storage: { ...storage } });

describe("several at once", () => {
  test("requests of one client wait for each other", async () => {
    let open = 0;
    const grant = server.answer;
    server.answer = async (request) => {
      open += 1;
      assert.equal(open, 1);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return grant(request);
    };
    const client = start();
    const codes = await Promise.all([client.activate(), client.sync(), client.sync()]);
    assert.deepEqual(codes.map(({ code }) => code), [0, 0, 0]);
  });

  test("an answer does not act on an activation that has replaced the one it was asked for", async () => {
    const [slow, quick] = [unlocked(), unlocked()];
    await is(slow.activate(), 0);
    const held = hold(() => refusal(400, "REVOKED_LICENSE"));
    const late = slow.sync();
    const release = await held;
    server.answer = server.grant({ epoch: 1 });
    await is(quick.activate(), 0);
    release();
    await is(late, 0);
    await is(slow.isGenuine(), 0);
  });

  test("an older answer does not replace a newer one", async () => {
    const [slow, quick] = [unlocked(), unlocked()];
    await is(slow.activate(), 0);
    const now = Math.floor(Date.now() / 1000);
    const held = hold(server.grant({ iat: now }));
    const late = slow.sync();
    const release = await held;
    server.answer = server.grant({ iat: now + 60, suspended: true });
    await is(quick.sync(), 21);
    release();
    await is(late, 21);
  });

  test("one tab's erasure is every tab's", async () => {
    const [one, other] = [start(), start()];
    await is(one.activate(), 0);
    await is(other.isValid(), 0);
    server.answer = () => refusal(400, "REVOKED_LICENSE");
    await is(one.sync(), 53);
    await is(other.isValid(), 1);
  });
});

describe("storage", () => {
  test("a file in Node: replaced whole, readable by its user alone, there at the next start", async () => {
    const folder = join(directory, "files", "deep");
    await is(start({ storage: undefined, directory: folder }).activate(), 0);
    assert.deepEqual(readdirSync(folder).sort(), [slot]);
    assert.equal(statSync(join(folder, slot)).mode & 0o777, 0o600);
    await is(start({ storage: undefined, directory: folder, licenseKey: undefined }).isValid(), 0);
    writeFileSync(join(folder, slot), "{ cut off");
    await is(start({ storage: undefined, directory: folder }).isValid(), 1);
  });

  test("asynchronous storages do as well", async () => {
    const slow = Object.fromEntries(["get", "set", "remove"].map((name) => [name, async (...args) => storage[name](...args)]));
    const client = await open({ storage: slow });
    await is(client.activate(), 0);
    await is(client.isGenuine(), 0);
    assert.ok(stored().token);
    const again = await open({ storage: slow, licenseKey: undefined });
    await is(again.isValid(), 0);
    assert.throws(() => start({ storage: slow }).isValid(), { code: "INVALID_OPTION" });
  });

  test("a storage that cannot be written still forgets a revoked license while the process runs", async () => {
    const client = start();
    await is(client.activate(), 0);
    storage.set = () => {
      throw new Error("read only");
    };
    server.answer = () => refusal(400, "REVOKED_LICENSE");
    await is(client.sync(), 53);
    await is(client.isGenuine(), 1);
  });

  test("a storage that cannot be read is a verdict", async () => {
    const broken = { ...memoryStorage(), get: () => { throw new Error("gone"); } };
    const client = start({ storage: broken });
    for (const verdict of [client.isGenuine(), client.activate(), client.sync(), client.lastActivationError()]) {
      await is(verdict, 45);
    }
    assert.deepEqual([client.claims(), client.licenseKey(), client.localTrialExpiresAt()], [null, null, null]);
    for (const text of [client.explain(), client.isValid().message]) assert.equal(text, "The license data cannot be read on this device.");
  });

  test("what was edited in the storage is noticed, and an activation mends it", async () => {
    const client = start();
    await is(client.activate(), 0);
    const state = stored();
    const flipped = state.token.replace(/.$/, (last) => (last === "A" ? "Q" : "A"));
    storage.set(slot, JSON.stringify({ ...state, token: flipped }));
    await is(client.isGenuine(), 1);
    storage.set(slot, JSON.stringify({ ...state, seen: state.seen - 7200 }));
    await is(client.isGenuine(), 69);
    await is(client.sync(), 69);
    storage.set(slot, JSON.stringify({ ...state, key: "ANOTHER-KEY-OF-SOMEBODY" }));
    await is(client.isGenuine(), 54);
    await is(client.activate(), 0);
    await is(client.isGenuine(), 0);
  });
});

test("a script that checks and ends is kept alive by its first sync alone", async () => {
  const folder = join(directory, "script");
  await is(start({ storage: undefined, directory: folder }).activate(), 0);
  const { stdout, status } = script(folder, `
    client.on("status", ({ code }) => console.log(code));
    console.log(client.isGenuine().code);`);
  assert.deepEqual([stdout, status], ["0\n91\n", 0]);
});

/** Runs a program of its own with a client that keeps its activation in `folder`, and whose server is down. */
function script(folder, text) {
  const entry = new URL("../../crates/wasm/js/dist/index.node.js", import.meta.url).href;
  const options = { product: productId, publicKey, licenseKey, directory: folder, host: "http://127.0.0.1:1" };
  const program = `
    import { LicentiaClient } from ${JSON.stringify(entry)};
    const fetch = async () => new Response("", { status: 503 });
    const client = LicentiaClient.openSync({ ...${JSON.stringify(options)}, fetch });
    ${text}`;
  return spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8", timeout: 20_000 });
}

test("options that are wrong are named", async () => {
  const cases = {
    host: [undefined, "licenses.example.com", "ftp://x", 5], product: [5, "", "{", "{}", {}, null], publicKey: ["x", {}], licenseKey: [5],
    storage: [{}, 5, { get: 1, set: 1, remove: 1 }, { ...memoryStorage(), lock: 1 }], timeout: [0, -1, "5", NaN], fetch: [5], signal: [{}, null, 5],
    now: [5, () => Date.now() / 1000, () => NaN, () => Infinity, () => undefined],
    metadata: [{}, [{ key: 1 }], [{ key: "k".repeat(257), value: "" }], [{ key: "k", value: "v".repeat(4097) }], Array(22).fill({ key: "k", value: "v" })],
    directory: [5], appVersion: [1], fingerprint: [{}], releasePublishedAt: [5, new Date("x")], leaseDuration: [0, 1.5, "1"],
  };
  for (const [option, values] of Object.entries(cases)) {
    for (const value of values) {
      const fault = { name: "LicenseError", status: null, code: /INVALID_(OPTION|PUBLIC_KEY)/ };
      assert.throws(() => start({ storage: memoryStorage(), [option]: value }), fault, `${option}: ${String(value)}`);
      await assert.rejects(open({ storage: memoryStorage(), [option]: value }), fault, `${option}: ${String(value)}`);
    }
  }
  const numbered = { fingerprint: ["f".repeat(63), 74], appVersion: ["1".repeat(257), 52], releaseVersion: ["1.0-beta", 70] };
  for (const [option, [value, status]] of Object.entries(numbered)) {
    assert.throws(() => start({ [option]: value }), { name: "LicenseError", status, code: statusCode(status).name });
  }
  assert.throws(() => start({ publicKey: undefined }), { code: "INVALID_OPTION", message: /`product`/ });
  assert.throws(() => LicentiaClient.openSync(), { code: "INVALID_OPTION" });
  await is(start({ fingerprint: "f".repeat(64) }).activate(), 0);
  await is(start({ fingerprint: "f".repeat(256) }).activate(), 0);
});

test("every status code has a name and a sentence", () => {
  assert.deepEqual(statusCode(53), { code: 53, name: "LA_E_REVOKED", message: "The license has been revoked." });
  const names = readFileSync(new URL("../../crates/wasm/js/src/status-name.ts", import.meta.url), "utf8").match(/LA_\w+/g);
  const known = Array.from({ length: 256 }, (_, number) => statusCode(number)?.name).filter(Boolean);
  assert.deepEqual(names, known);
  for (const none of [2, 94, 256, -1, 1.5, "53", undefined]) assert.equal(statusCode(none), null);
});
