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

test("an address has no credentials, query or fragment, and a directory has a name", async () => {
  for (const host of ["https://me:secret@x.example", "https://x.example/?a=1", "https://x.example/#a", "ftp://x.example"]) {
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
