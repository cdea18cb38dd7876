// While a master key is rotated, clients learn the key that the server signs with from then on: the built Worker in workerd,
// behind a proxy that may lie about it.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { createLicense } from "../story.mjs";
import { behindProxy } from "./behind.mjs";

const masterKey = (name) => `${name}:${randomBytes(32).toString("base64")}`;
const [earlier, later] = [masterKey("earlier"), masterKey("later")];
const behind = behindProxy({ secrets: { LICENTIA_MASTER_KEYS: earlier } });
const run = (masterKeys) => behind.server.restart({ LICENTIA_MASTER_KEYS: masterKeys });
const code = (promise) => promise.then((status) => status.code, (error) => error.status);

let [machines, time] = [0, Date.now()];
async function activated(license, options) {
  machines += 1;
  const client = await behind.open(license, { fingerprint: String(machines).padStart(64, "f"), now: () => time, ...options });
  assert.equal(await code(client.activate()), 0);
  return client;
}

test("a client that asks meanwhile hears refusals by the later key; one that does not, none, and is not locked out", async () => {
  const { between, server } = behind;
  const license = await createLicense(server.call, { allowedActivations: 9 });
  const pinned = () => JSON.parse(storage.get(`licentia.${license.productId}.keys`));
  const storage = memoryStorage();
  const product = await (await fetch(`${server.url}/v3/products/${license.productId}/keys`)).json();
  const asking = await activated(license, { storage });
  const given = await activated(license, { storage: memoryStorage(), publicKey: product });
  const absent = await activated(license, { storage: memoryStorage() });

  await run(`${later},${earlier}`);
  // Somebody in between has keys of their own.
  between.between = async ({ path }, pass) => {
    const answer = await pass();
    return path.endsWith("/keys") ? { ...answer, body: String(answer.body).replaceAll('"x":"', '"x":"A') } : answer;
  };
  assert.equal(await code(asking.sync()), 0);
  assert.deepEqual(pinned(), product);

  // Whoever adds signatures to every answer has nobody ask for keys more than once an hour.
  between.between = (_, pass) => pass();
  assert.equal(await code(asking.sync()), 0);
  assert.deepEqual(pinned(), product);
  time += 3_600_000;
  between.seen.length = 0;
  for (const client of [asking, given, asking, given]) assert.equal(await code(client.sync()), 0);
  assert.equal(between.seen.filter(({ request }) => request.path.endsWith("/keys")).length, 2, "each asks once");
  assert.deepEqual(pinned().keys, product.keys);
  assert.equal(pinned().statementKeys.length, 2);

  await server.call("POST", "/v3/rewrap");
  await run(later);
  assert.equal(await code(absent.sync()), 0);
  await server.call("PATCH", `/v3/licenses/${license.id}`, { revoked: true });
  for (const client of [asking, given]) assert.equal(await code(client.sync()), 53);
  assert.equal(await code(absent.sync()), 48);
  assert.equal(absent.isGenuine().code, 0);
});

test("a key that signs no more is forgotten", async () => {
  const { server } = behind;
  await run(`${earlier},${later}`);
  const license = await createLicense(server.call);
  const storage = memoryStorage();
  const kids = () => JSON.parse(storage.get(`licentia.${license.productId}.keys`)).statementKeys.map(({ kid }) => kid);
  const client = await activated(license, { storage });
  const [first] = kids();
  assert.equal(kids().length, 2);
  await server.call("POST", "/v3/rewrap");
  await run(earlier);
  assert.equal(await code(client.sync()), 0);
  assert.deepEqual(kids(), [first]);
});
