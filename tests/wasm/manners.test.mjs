// How the client behaves where an application errs, changes its mind, or shares its storage.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { LicentiaClient, memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { licenseKey, productId, publicKey, refusal, serve } from "./server.mjs";

const otherKey = "BBBBBB-E8A2A3-4D31B7-8FF9C6-81A6CA-539E54";
let server;
let clients;

before(async () => (server = await serve()));
after(() => server.close());
beforeEach(() => {
  clients = [];
  server.answer = server.grant();
  server.requests.length = 0;
});
afterEach(() => clients.forEach((client) => client.close()));

async function open(changes = {}) {
  const options = { host: server.host, product: productId, publicKey, licenseKey, storage: memoryStorage(), push: false };
  const client = await LicentiaClient.open({ ...options, ...changes });
  clients.push(client);
  return client;
}

const code = (promise) => promise.then((status) => status.code, (error) => error.status);

/** A storage whose promises settle later, as a database's do. */
function slowStorage(texts = new Map()) {
  const later = (value) => new Promise((resolve) => setImmediate(resolve, value));
  return {
    texts,
    get: (name) => later(texts.get(name)),
    set: (name, text) => later().then(() => void texts.set(name, text)),
    remove: (name) => later().then(() => void texts.delete(name)),
  };
}

test("a call that reaches the network never throws: it rejects", async () => {
  const client = await open();
  const invalid = { name: "LicenseError", code: "INVALID_OPTION" };
  for (const call of [
    () => client.activate(7),
    () => client.activate(undefined, null),
    () => client.sync({ signal: {} }),
    () => client.deactivate({ signal: "now" }),
    () => client.incrementMeter(1),
    () => client.decrementMeter("prints", 0),
    () => client.resetMeter("prints", null),
  ]) {
    await assert.rejects(call(), invalid, String(call));
  }
  assert.equal(server.requests.length, 0);
});

test("only what there is can be listened to, and only by a function", async () => {
  const client = await open();
  for (const wrong of [["statuses", () => undefined], ["status"], ["status", {}]]) {
    assert.throws(() => client.on(...wrong), { code: "INVALID_OPTION" });
  }
});

test("a signal that has fired rejects at once, whoever is waited for", async () => {
  const client = await open();
  server.answer = () => "hang";
  const first = new AbortController();
  const hanging = client.activate(undefined, { signal: first.signal });
  const reason = new Error("not now");
  await assert.rejects(client.sync({ signal: AbortSignal.abort(reason) }), reason);
  first.abort(reason);
  await assert.rejects(hanging, reason);
});

test("an address has no credentials, query, fragment or `/v3`, and a directory has a name", async () => {
  const more = ["?a=1", "#a", "v3", "v3/"].map((end) => `https://x.example/${end}`);
  for (const host of ["https://me:secret@x.example", "ftp://x.example", ...more]) {
    await assert.rejects(open({ host }), { code: "INVALID_OPTION" });
  }
  await assert.rejects(open({ directory: "" }), { code: "INVALID_OPTION" });
});

test("what is forgotten while it is activated stays forgotten", async () => {
  const client = await open();
  const grant = server.grant();
  server.answer = (request) => {
    client.reset();
    return grant(request);
  };
  assert.equal(await code(client.activate()), 1);
  assert.deepEqual([client.isValid().code, client.token()], [1, null]);
});

test("a license key that is set while another is activated is the one in use", async () => {
  const client = await open();
  const grant = server.grant();
  server.answer = (request) => {
    client.setLicenseKey(otherKey);
    return grant(request);
  };
  await client.activate();
  assert.equal(client.licenseKey(), otherKey);
});

test("keys that were damaged in the storage are fetched again, and need not be kept", async () => {
  const storage = memoryStorage();
  storage.set(`licentia.${productId}.keys`, "damaged");
  const keys = () => ({ status: 200, body: JSON.stringify({ keys: [jwk] }) });
  const { createPublicKey } = await import("node:crypto");
  const jwk = createPublicKey(publicKey).export({ format: "jwk" });
  server.answer = keys;
  await open({ publicKey: undefined, storage });
  assert.equal(JSON.parse(storage.get(`licentia.${productId}.keys`)).keys.length, 1);
  const readOnly = { ...memoryStorage(), set: () => { throw new Error("read-only"); } };
  const client = await open({ publicKey: undefined, storage: readOnly, fingerprint: "f".repeat(64) });
  assert.equal(client.isValid().code, 1);
});

test("a seat is not given back while its activation cannot be erased", async () => {
  const texts = memoryStorage();
  let isFull = false;
  const storage = {
    ...texts,
    set: (name, text) => {
      if (isFull) throw new Error("full");
      texts.set(name, text);
    },
  };
  const client = await open({ storage });
  assert.equal(await code(client.activate()), 0);
  isFull = true;
  server.requests.length = 0;
  assert.equal(await code(client.deactivate()), 45);
  assert.equal(server.requests.length, 0);
});

test("in a storage that several share, a time that one has seen brings nothing back that another has erased", async () => {
  const storage = slowStorage();
  let now = Date.now();
  const options = { storage, now: () => now, fingerprint: "f".repeat(64) };
  const first = await open(options);
  assert.equal(await code(first.activate()), 0);
  const second = await open(options);
  assert.equal(second.isValid().code, 0);
  server.answer = () => refusal(400, "REVOKED_LICENSE");
  assert.equal(await code(first.sync()), 53);
  now += 600_000;
  assert.equal(second.isValid().code, 0, "it has not looked since");
  await second.sync().catch(() => undefined);
  const third = await open(options);
  assert.deepEqual([third.isValid().code, third.token()], [1, null]);
});

test("a license key that is set again while another is activated is the one in use", async () => {
  const client = await open();
  const grant = server.grant();
  server.answer = (request) => {
    client.setLicenseKey(licenseKey);
    return grant(request);
  };
  await client.activate(otherKey);
  assert.equal(client.licenseKey(), licenseKey);
});

test("a clock that gives no time for a moment is a verdict, and leaves nothing behind", async () => {
  let now = Date.now();
  const client = await open({ now: () => now });
  await client.activate();
  for (const broken of [NaN, Infinity, undefined]) {
    now = broken;
    assert.equal(client.isValid().name, "LA_E_TIME_MODIFIED");
    now = Date.now();
    assert.equal(client.isValid().name, "LA_OK");
  }
});

test("what an activation carries is counted in characters, as the server counts them", async () => {
  const metadata = Array.from({ length: 21 }, (_, number) => ({ key: `${number}`.padStart(256, "k"), value: "🔑".repeat(4096) }));
  assert.equal(await code((await open({ metadata })).activate()), 0);
});

test("a product's id is the same in any case, also to what was stored under it", async () => {
  const [storage, later] = [memoryStorage(), memoryStorage()];
  const product = productId.toUpperCase();
  await (await open({ storage })).activate();
  assert.equal((await open({ storage, product })).isValid().code, 0);
  const text = storage.get(`licentia.${productId}`);
  later.set(`licentia.${product}`, text);
  const client = await open({ storage: later, product });
  assert.equal(client.isValid().code, 0);
  client.reset();
  assert.deepEqual([client.isValid().code, (await open({ storage: later, product })).isValid().code], [1, 1]);
  assert.equal(later.get(`licentia.${product}`), text, "it is not touched");
});

test("opening is given up at once, whatever it waits for", async () => {
  const never = { ...memoryStorage(), get: () => new Promise(() => undefined) };
  const reason = new Error("enough");
  const ending = new AbortController();
  const opening = open({ storage: never, signal: ending.signal });
  ending.abort(reason);
  await assert.rejects(opening, reason);
});

test("an activation that is erased is told to all who share its storage, once", async () => {
  for (const storage of [memoryStorage(), slowStorage()]) {
    server.answer = server.grant();
    const options = { storage, fingerprint: "f".repeat(64) };
    const first = await open(options);
    await first.activate();
    const second = await open(options);
    assert.equal(second.isValid().code, 0);
    const heard = [];
    for (const client of [first, second]) client.on("erased", ({ name }) => heard.push(name));
    server.answer = () => refusal(400, "REVOKED_LICENSE");
    assert.equal(await code(first.sync()), 53);
    assert.equal(await code(second.sync()), 1);
    for (const client of [first, second]) client.isValid();
    assert.deepEqual(heard, ["LA_E_REVOKED", "LA_E_REVOKED"]);
  }
});

test("what another has given up is no fault to tell", async () => {
  const storage = memoryStorage();
  const [first, second] = [await open({ storage }), await open({ storage })];
  await first.activate();
  assert.equal(second.isValid().code, 0);
  const heard = [];
  second.on("erased", ({ name }) => heard.push(name));
  server.answer = () => ({ status: 204 });
  await first.deactivate();
  assert.deepEqual([second.isValid().code, heard], [1, []]);
});

test("`status` tells of every sync and of what changes without one, `sync` of syncs alone", async () => {
  const now = () => now.time;
  now.time = Date.now();
  const storage = memoryStorage();
  server.answer = server.grant({ ssi: 1 });
  const [client, other] = [await open({ storage, now }), await open({ storage, now })];
  await client.activate();
  const heard = [];
  for (const event of ["sync", "status"]) client.on(event, ({ name }) => heard.push(`${event} ${name}`));
  await client.sync();
  assert.deepEqual(heard.splice(0), ["sync LA_OK", "status LA_OK"]);
  const changed = new Promise((resolve) => client.on("status", resolve));
  other.reset();
  assert.equal((await changed).name, "LA_FAIL");
  assert.deepEqual(heard, ["status LA_FAIL"]);
});

test("a storage that gives something else than it was given is at fault", async () => {
  for (const later of [(value) => value, async (value) => value]) {
    const texts = memoryStorage();
    const client = await open({ storage: { ...texts, get: (name) => later(JSON.parse(texts.get(name) ?? "null")) } });
    await client.activate().catch(() => undefined);
    const fault = await client.activate().catch((error) => error);
    assert.deepEqual([fault.code, fault.cause.message], ["LA_E_FILE_PERMISSION", "the storage gave what is no text"]);
  }
});

test("a storage's fault says what failed, and why", async () => {
  const cause = new Error("the disk is away");
  const broken = (part) => ({ ...memoryStorage(), [part]: () => { throw cause; } });
  const fault = (deed) => ({ name: "LicenseError", code: "LA_E_FILE_PERMISSION", status: 45, message: `The license data cannot be ${deed} on this device.`, cause });
  const client = await open({ storage: { ...broken("lock") } });
  await assert.rejects(client.activate(), fault("locked"));
  await assert.rejects((await open({ storage: { ...memoryStorage(), lock: async () => { throw cause; } } })).sync(), fault("locked"));
  await assert.rejects(LicentiaClient.open({ host: server.host, product: productId, storage: broken("get") }), fault("read"));
  const readOnly = await open({ storage: broken("set") });
  const told = new Promise((resolve) => readOnly.on("error", resolve));
  await readOnly.activate();
  const { message, cause: why } = await told;
  assert.deepEqual([message, why], [fault("written").message, cause]);
});

test("a lock decides when a call is made, and not what it comes to", async () => {
  const silent = async (_, action) => void (await action());
  assert.equal(await code((await open({ storage: { ...memoryStorage(), lock: silent } })).activate()), 0);
  const never = async () => undefined;
  assert.equal(await code((await open({ storage: { ...memoryStorage(), lock: never } })).activate()), 45);
  const late = async (_, action) => {
    await action();
    throw new Error("the lock is gone");
  };
  assert.equal(await code((await open({ storage: { ...memoryStorage(), lock: late } })).activate()), 0);
});

test("an activation is not given up by a file while it cannot be erased", async () => {
  const storage = memoryStorage();
  const client = await open({ storage });
  await client.activate();
  const { set } = storage;
  storage.set = () => { throw new Error("full"); };
  assert.throws(() => client.offlineDeactivationRequest(), { code: "LA_E_FILE_PERMISSION" });
  assert.equal(client.isValid().code, 0);
  storage.set = set;
  assert.match(client.offlineDeactivationRequest(), /^[\w-]+\.[\w-]+\.[\w-]+$/);
});

test("what one writes twice before it is there brings nothing back that another has erased", async () => {
  const storage = slowStorage();
  let now = Date.now();
  const options = { storage, now: () => now, fingerprint: "f".repeat(64) };
  const first = await open(options);
  await first.activate();
  const second = await open(options);
  server.answer = () => refusal(400, "REVOKED_LICENSE");
  assert.equal(await code(first.sync()), 53);
  for (let minutes = 0; minutes < 3; minutes += 1) {
    now += 61_000;
    assert.equal(second.isValid().code, 0, "it has not looked since");
  }
  server.answer = () => "drop";
  await code(second.sync());
  assert.deepEqual([second.isValid().code, second.lastActivationError().code, second.token()], [1, 53, null]);
  const third = await open(options);
  assert.deepEqual([third.isValid().code, third.token()], [1, null]);
});

test("what is written while another one asks waits for its answer", async () => {
  const storage = slowStorage();
  let now = Date.now();
  const options = { storage, now: () => now, fingerprint: "f".repeat(64) };
  const first = await open(options);
  await first.activate();
  const second = await open(options);
  server.answer = () => {
    now += 61_000;
    second.activateLocalTrial(7);
    return refusal(400, "REVOKED_LICENSE");
  };
  assert.equal(await code(first.sync()), 53);
  server.answer = () => "drop";
  await code(second.sync());
  const third = await open(options);
  assert.deepEqual([third.isValid().code, third.token(), third.isLocalTrialGenuine().code], [1, null, 0]);
});

test("what another process writes between a read and a write is kept", async () => {
  const storage = memoryStorage();
  const name = `licentia.${productId}`;
  let now = Date.now();
  const first = await open({ storage, now: () => now });
  await first.activate();
  const active = storage.get(name);
  server.answer = () => refusal(400, "REVOKED_LICENSE");
  assert.equal(await code(first.sync()), 53);
  const erased = storage.get(name);
  storage.set(name, active);
  let reads = 0;
  const get = (asked) => {
    if (asked === name && (reads += 1) === 2) storage.set(name, erased);
    return storage.get(asked);
  };
  const second = await open({ storage: { ...storage, get }, now: () => now });
  now += 61_000;
  reads = 0;
  second.isValid();
  assert.ok(reads >= 2);
  assert.deepEqual([second.isValid().code, JSON.parse(storage.get(name)).token], [1, null]);
  assert.equal(JSON.parse(storage.get(name)).seen, Math.floor(now / 1000));
});
