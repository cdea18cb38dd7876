// What a network, a disk, another tab or a hasty user does to the client, and what comes of it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { checkActivationToken } from "../../crates/wasm/js/dist/check.js";
import { LicentiaClient, memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { LicentiaClient as PageClient } from "../../crates/wasm/js/dist/index.web.js";
import { licenseKey, productId, publicKey, refusal, serve } from "./server.mjs";

const PRINT = "f".repeat(64);
const MEBIBYTE = 1_048_576;
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

const options = (changes) => ({ host: server.host, product: productId, publicKey, licenseKey, storage: memoryStorage(), push: false, ...changes });
const kept = (client) => (clients.push(client), client);
const open = async (changes) => kept(await LicentiaClient.open(options({ fingerprint: PRINT, ...changes })));
const code = (promise) => promise.then((status) => status.code, (error) => error.status);

/** A server whose answers have no end: `sent` counts their bytes, `closed` resolves once nobody reads on. */
async function endless() {
  const piece = "a".repeat(65_536);
  const flood = { sent: 0 };
  let close;
  flood.closed = new Promise((resolve) => (close = resolve));
  const http = createServer((request, response) => {
    request.resume();
    response.writeHead(200);
    response.on("close", close);
    const more = () => {
      do flood.sent += piece.length;
      while (response.write(piece));
    };
    response.on("drain", more);
    more();
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  flood.host = `http://127.0.0.1:${http.address().port}`;
  flood.stop = () => {
    http.closeAllConnections();
    http.close();
  };
  return flood;
}

test("an answer without an end is read no further than answers go", async () => {
  const flood = await endless();
  const client = await open({ host: flood.host });
  assert.equal(await code(client.activate()), 48);
  await flood.closed;
  assert.ok(flood.sent < 16 * MEBIBYTE, `${flood.sent}`);
  flood.stop();
});

test("so are news without an end", async () => {
  const flood = await endless();
  const through = (address, more) => fetch(address.includes("/events") ? address.replace(server.host, flood.host) : address, more);
  await (await open({ push: true, fetch: through })).activate();
  await flood.closed;
  assert.ok(flood.sent < 16 * MEBIBYTE, `${flood.sent}`);
  flood.stop();
});

test("news without an end are read no further by Node's own requests either", async () => {
  const flood = await endless();
  const storage = memoryStorage();
  await (await open({ storage })).activate();
  (await open({ storage, host: flood.host, push: undefined })).isGenuine();
  await flood.closed;
  assert.ok(flood.sent < 32 * MEBIBYTE, `${flood.sent}`);
  flood.stop();
});

test("a stand-in for `fetch` whose answers have nothing but a text does, as far as that goes", async () => {
  const answered = (text) => async (address, { method, body }) => {
    const { status, body: granted } = server.grant()({ method, body: JSON.parse(body) });
    return { status, text: async () => text ?? granted };
  };
  assert.equal(await code((await open({ fetch: answered() })).activate()), 0);
  assert.equal(await code((await open({ fetch: answered(`{"activationToken":"${"a".repeat(MEBIBYTE)}"}`) })).activate()), 48);
});

/** Storages of tabs that see what others have written only after `flush`. */
function tabs(count) {
  const shared = new Map();
  const views = Array.from({ length: count }, () => new Map());
  const flush = () => views.forEach((view) => shared.forEach((text, name) => view.set(name, text)));
  let turn = Promise.resolve();
  const lock = (_, action) => {
    const mine = turn.then(action).finally(flush);
    turn = mine.catch(() => undefined);
    return mine;
  };
  const storages = views.map((view) => ({
    get: (name) => view.get(name),
    set: (name, text) => void [view, shared].forEach((texts) => texts.set(name, text)),
    remove: (name) => void [view, shared].forEach((texts) => texts.delete(name)),
    lock,
  }));
  return { storages, flush };
}

const askedAs = () => new Set(server.requests.map(({ body }) => body.fingerprint));

test("tabs that open at the same moment are one device", async () => {
  const { storages } = tabs(3);
  const opened = await Promise.all(storages.map((storage) => PageClient.open(options({ storage }))));
  const ids = new Set(opened.map((client) => kept(client).fingerprint));
  assert.equal(ids.size, 1);
});

test("so are those that could not wait for each other, before anybody is told of it", async () => {
  const { storages, flush } = tabs(2);
  const opened = storages.map((storage) => kept(PageClient.openSync(options({ storage }))));
  assert.notEqual(opened[0].fingerprint, opened[1].fingerprint);
  flush();
  for (const client of opened) {
    assert.equal(await code(client.activate()), 0);
    flush();
  }
  assert.equal(askedAs().size, 1);
  assert.deepEqual(opened.map((client) => client.isValid().code), [0, 0]);
  assert.deepEqual(opened.map(({ fingerprint }) => fingerprint), Array(2).fill(storages[0].get("licentia.device")));
});

const keys = (more) => ({ status: 200, body: JSON.stringify({ keys: [createPublicKey(publicKey).export({ format: "jwk" })], ...more }) });

test("another product's keys are refused, and not kept", async () => {
  const storage = memoryStorage();
  server.answer = () => keys({ productId: "0d2f1a34-0000-4000-8000-000000000002" });
  assert.equal(await code(open({ publicKey: undefined, storage })), 48);
  assert.equal(storage.get(`licentia.${productId}.keys`), undefined);
  server.answer = () => keys({ productId: productId.toUpperCase() });
  await open({ publicKey: undefined, storage });
  assert.notEqual(storage.get(`licentia.${productId}.keys`), undefined);
});

test("a license key is taken without what stands around it", async () => {
  const client = await open({ licenseKey: ` ${licenseKey}\n` });
  assert.equal(client.licenseKey(), licenseKey);
  await client.activate(`\t${licenseKey} `);
  client.setLicenseKey(` ${licenseKey}`);
  assert.equal(client.isValid().code, 0);
  assert.deepEqual(server.requests.map(({ body }) => body.key), [licenseKey]);
});

test("after its end a client activates and syncs, and promises no more", async () => {
  const client = await open();
  client.close();
  assert.deepEqual([await code(client.activate()), await code(client.sync())], [0, 0]);
  assert.equal(client.nextSyncAt(), null);
  assert.match(client.explain(), /^The license is valid \(LA_OK\): .*; background syncs have ended\.$/);
});

test("wrong arguments are named, and a key that is missing is said to be", async () => {
  const client = await open({ licenseKey: undefined });
  const invalid = { name: "LicenseError", code: "INVALID_OPTION" };
  assert.throws(() => new LicentiaClient(), { ...invalid, message: /LicentiaClient\.open/ });
  await assert.rejects(client.activate(), { code: "LA_E_LICENSE_KEY", status: 54, message: "No license key was given, and none is stored." });
  client.setLicenseKey(licenseKey);
  for (const meters of [null, "pages", { pages: -1.5 }, { pages: "2" }]) {
    assert.throws(() => client.offlineActivationRequest(meters), invalid, JSON.stringify(meters));
  }
  assert.equal(client.offlineActivationRequest({ pages: 0 }).split(".").length, 3);
  client.activateLocalTrial(2_147_483_647);
  assert.equal(client.localTrialExpiresAt().getUTCFullYear(), 275_760);
});

test("a text that is no token says nothing of the license key", () => {
  const { name } = checkActivationToken("a.b.c", { productId, publicKey, now: 1_800_000_000 });
  assert.equal(name, "LA_FAIL");
});

/** A storage that takes nothing while it is full. */
function disk(isAsync) {
  const texts = memoryStorage();
  const full = { isFull: false };
  const set = (name, text) => {
    if (full.isFull) throw new Error("full");
    texts.set(name, text);
  };
  const later = (act) => async (...given) => act(...given);
  const storage = isAsync ? { ...texts, get: later(texts.get), set: later(set) } : { ...texts, set };
  return { storage, full };
}

test("an erasure that could not be written is written as soon as there is room", async () => {
  for (const isAsync of [false, true]) {
    const { storage, full } = disk(isAsync);
    server.answer = server.grant();
    const client = await open({ storage });
    await client.activate();
    server.answer = () => refusal(400, "REVOKED_LICENSE");
    const faults = [];
    client.on("error", ({ name, code }) => faults.push(`${name} ${code}`));
    full.isFull = true;
    assert.equal(await code(client.sync()), 53);
    assert.equal(client.isValid().code, 1);
    assert.equal((await open({ storage })).isValid().code, 0, "nobody has been told");
    full.isFull = false;
    assert.equal(client.isValid().code, 1);
    if (isAsync) await code(client.sync());
    assert.equal((await open({ storage })).isValid().code, 1);
    assert.deepEqual(faults, ["LicenseError LA_E_FILE_PERMISSION"]);
  }
});

test("an error that nobody catches is shown by its name, and in lines that can be read", () => {
  const script = `
    import { LicentiaClient } from ${JSON.stringify(new URL("../../crates/wasm/js/dist/index.node.js", import.meta.url))};
    LicentiaClient.openSync({});
  `;
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  assert.match(stderr, /^LicenseError/m);
  assert.ok(Math.max(...stderr.split("\n").map(({ length }) => length)) < 1_000, stderr.slice(0, 2_000));
});
