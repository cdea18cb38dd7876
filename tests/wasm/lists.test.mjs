// Status lists, where the server's own answers do not come through: fetched behind a proxy, or handed in as text. The built
// Worker in workerd signs them.
import assert from "node:assert/strict";
import { test } from "node:test";

import { memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { createLicense } from "../story.mjs";
import { behindProxy } from "./behind.mjs";

const LIST = "/v3/status-lists/0";
const behind = behindProxy({ secrets: { LICENTIA_STATUS_LIST_INTERVAL: "1" } });

/** An application that was activated. `reopen()` starts it anew: it syncs at once then, in the background. */
async function activated() {
  const license = await createLicense(behind.server.call);
  const storage = memoryStorage();
  const reopen = () => behind.open(license, { storage });
  const client = await reopen();
  assert.equal((await client.activate()).code, 0);
  return { client, license, reopen };
}

const code = (promise) => promise.then((status) => status.code, (error) => error.status ?? error.code);
const claimsIn = (text) => JSON.parse(Buffer.from(text.split(".")[1], "base64url"));
const published = () => behind.server.kv.values.get("default/status-list/0");

/** Changes a license, and resolves to the first list that was signed in a later second than that. */
async function listAfter(license, body) {
  assert.equal((await behind.server.call("PATCH", `/v3/licenses/${license.id}`, body)).status, 200);
  const changed = Math.floor(Date.now() / 1000);
  await behind.server.kv.until(() => published() !== undefined && claimsIn(published()).iat > changed);
  // Not from the edge, which keeps what it has read for a second.
  return published();
}

/** Nothing but lists comes through. */
const listsAlone = (request, pass) => (request.path === LIST ? pass() : Promise.resolve("drop"));

test("a revocation is heard from the list while the server itself does not come through", async () => {
  const { license, reopen } = await activated();
  await listAfter(license, { revoked: true });
  behind.between.between = listsAlone;
  const client = await reopen();
  const erased = new Promise((resolve) => client.on("erased", resolve));
  assert.equal(client.isGenuine().code, 0);
  assert.equal((await erased).code, 53);
  assert.deepEqual([client.isGenuine().code, client.lastActivationError().code], [1, 53]);
});

test("a list that the vendor has not signed says nothing, and the sync has failed", async () => {
  for (const forge of [() => "<html>", () => "", raised, (list) => list.slice(0, list.lastIndexOf(".") + 1)]) {
    const { license, reopen } = await activated();
    const body = forge(await listAfter(license, { revoked: true }));
    behind.between.between = async ({ path }) => (path === LIST ? { status: 200, headers: {}, body } : "drop");
    const client = await reopen();
    const synced = new Promise((resolve) => client.on("sync", resolve));
    assert.equal(client.isGenuine().code, 0);
    assert.equal((await synced).code, 48);
    assert.equal(client.isValid().code, 0);
    behind.between.between = (_, pass) => pass();
  }
});

/** The list with another version, under the signature that it had. */
function raised(list) {
  const [head, , signature] = list.split(".");
  const claims = JSON.stringify({ ...claimsIn(list), ver: 1e9 });
  return `${head}.${Buffer.from(claims).toString("base64url")}.${signature}`;
}

test("a list is handed in as text, and what it allows is nothing", async () => {
  const { client, license } = await activated();
  const first = await listAfter(license, { name: "unchanged" });
  assert.equal(await code(client.applyStatusList(first)), 0);
  const suspended = await listAfter(license, { suspended: true });
  assert.equal(await code(client.applyStatusList(`${suspended}\n`)), 21);
  assert.equal(client.isValid().code, 21);
  const resumed = await listAfter(license, { suspended: false });
  assert.equal(await code(client.applyStatusList(resumed)), 0);
  assert.equal(client.isValid().code, 0);

  await assert.rejects(client.applyStatusList(suspended), { code: "INVALID_STATUS_LIST", message: /a later one was read before/ });
  assert.equal(await code(client.applyStatusList(resumed)), 0, "the same list says the same again");
  const revoked = await listAfter(license, { revoked: true });
  assert.equal(await code(client.applyStatusList(revoked)), 53);
  assert.deepEqual([client.isValid().code, client.lastActivationError().code], [1, 53]);
  await assert.rejects(client.applyStatusList(revoked), { code: "INVALID_STATUS_LIST", message: /nothing that is activated here/ });
});

test("what is no list is refused, and changes nothing", async () => {
  const { client } = await activated();
  for (const list of ["", "a.b.c", client.token()]) {
    await assert.rejects(client.applyStatusList(list), { code: "INVALID_STATUS_LIST", message: /has signed it/ });
  }
  await assert.rejects(client.applyStatusList(5), { code: "INVALID_OPTION" });
  assert.equal(client.isValid().code, 0);
});
