// What the vendor changes reaches an application in Node that asks for nothing, against the built Worker in workerd.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";

import { LicentiaClient, memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { LicentiaClient as PageClient } from "../../crates/wasm/js/dist/index.web.js";
import { ROOT, start } from "../harness/index.mjs";
import { createLicense } from "../story.mjs";

let server;
before(async () => {
  server = await start({ counted: false });
});
after(() => server?.stop());

/** An application that was activated, and what it is told: `told(event)` resolves to the next code that was not waited for. */
async function app(license, more = {}, Client = LicentiaClient) {
  const given = { host: server.url, product: license.productId, licenseKey: license.key, storage: memoryStorage() };
  const client = await Client.open({ ...given, ...more });
  const heard = { status: [], erased: [] };
  const waiting = [];
  for (const event of ["status", "erased"]) {
    client.on(event, ({ code }) => {
      heard[event].push(code);
      waiting.splice(0).forEach((look) => look());
    });
  }
  // A client's requests keep no process alive, and neither would this promise.
  const alive = setInterval(() => undefined, 1_000);
  const told = async (event) => {
    while (heard[event].length === 0) await new Promise((look) => waiting.push(look));
    return heard[event].shift();
  };
  const close = () => {
    clearInterval(alive);
    client.close();
  };
  assert.equal((await client.activate()).code, 0);
  return { client, told, close };
}

const change = async (license, body) => assert.equal((await server.call("PATCH", `/v3/licenses/${license.id}`, body)).status, 200);

const code = (promise) => promise.then((status) => status.code, (error) => error.status);

test("a revocation ends a running application at once, and approving heals it only by a new activation", async () => {
  const license = await createLicense(server.call);
  const { client, told, close } = await app(license);
  await change(license, { revoked: true });
  assert.equal(await told("erased"), 53);
  assert.deepEqual([client.isGenuine().code, client.lastActivationError().code, client.token()], [1, 53, null]);
  assert.equal(await code(client.activate()), 53);
  await change(license, { revoked: false });
  assert.equal(client.isGenuine().code, 1);
  assert.equal(await code(client.activate()), 0);
  await change(license, { revoked: true });
  assert.equal(await told("erased"), 53);
  close();
});

test("a suspension is heard at once, and its end soon after", async () => {
  const license = await createLicense(server.call);
  const { client, told, close } = await app(license);
  await change(license, { suspended: true });
  assert.equal(await told("status"), 21);
  assert.equal(client.isGenuine().code, 21);
  await change(license, { suspended: false });
  let heard;
  do heard = await told("status");
  while (heard === 21); // the sync that followed the suspension
  assert.equal(heard, 0);
  close();
});

test("an activation that an administrator deletes ends soon, at a socket and with a held request, and no other of its license", async () => {
  for (const Client of [LicentiaClient, PageClient]) {
    const license = await createLicense(server.call, { allowedActivations: 2 });
    const deleted = await app(license, { push: true }, Client);
    const kept = await app(license, { fingerprint: "f".repeat(64) });
    const { aid } = deleted.client.claims();
    assert.equal((await server.call("DELETE", `/v3/activations/${aid}`)).status, 204);
    assert.equal(await deleted.told("erased"), 59);
    assert.equal(deleted.client.isGenuine().code, 1);
    assert.equal((await kept.client.sync()).code, 0);
    deleted.close();
    kept.close();
  }
});

test("what changed while the server was away is heard when it is back", async () => {
  const license = await createLicense(server.call);
  const { told, close } = await app(license);
  await server.restart();
  await change(license, { revoked: true });
  assert.equal(await told("erased"), 53);
  close();
});

test("an application that waits for news ends when it has nothing else to do", async () => {
  const license = await createLicense(server.call);
  const script = `
    import { LicentiaClient, memoryStorage } from "${ROOT}crates/wasm/js/dist/index.node.js";
    const given = ${JSON.stringify({ host: server.url, product: license.productId, licenseKey: license.key })};
    const client = await LicentiaClient.open({ ...given, storage: memoryStorage() });
    await client.activate();
    console.log(client.isGenuine().name);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece) => (text += piece));
  const late = setTimeout(() => child.kill(), 20_000);
  const [status] = await once(child, "exit");
  clearTimeout(late);
  assert.deepEqual([status, text], [0, "LA_OK\n"]);
});
