// The client of the npm package in Node, against the built Worker in workerd.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { LicentiaClient, memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { start } from "../harness/index.mjs";
import { createLicense, STORIES } from "../story.mjs";

let server;
before(async () => {
  server = await start();
});
after(() => server?.stop());

/** A client whose storage is the file that it would use, in a directory of its own. */
async function nodeApp(license) {
  const directory = await mkdtemp(join(tmpdir(), "licentia-client-"));
  const codes = [];
  let seen = 0;
  let heard = () => {};
  const client = await LicentiaClient.open({ host: server.url, product: license.productId, licenseKey: license.key, directory, push: false });
  client.on("status", (status) => {
    codes.push(status.code);
    heard();
  });
  const code = (promise) => promise.then((status) => status.code, (error) => error.status);
  return {
    activate: () => code(client.activate()),
    genuine: async () => client.isGenuine().code,
    sync: () => code(client.sync()),
    claims: async () => client.claims(),
    told: async () => codes,
    async storedToken() {
      const text = await readFile(join(directory, `licentia.${license.productId}`), "utf8").catch(() => "{}");
      return JSON.parse(text).token ?? null;
    },
    hears(wanted) {
      // A timer of the client's keeps no process alive; this one does, and says what was waited for.
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`waited for ${wanted}, heard ${codes}`)), 20_000);
        heard = () => {
          const place = codes.indexOf(wanted, seen);
          if (place >= 0) {
            seen = place + 1;
            clearTimeout(late);
            resolve();
          }
        };
        heard();
      });
    },
    async close() {
      client.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

for (const { name, tell, fields } of STORIES) {
  test(`in Node, ${name}`, async () => {
    const license = await createLicense(server.call, fields);
    const app = await nodeApp(license);
    try {
      await tell(server.call, license, app);
    } finally {
      await app.close();
    }
  });
}

test("in Node, a second client on the same storage goes on with the activation, and with the pinned keys", async () => {
  const license = await createLicense(server.call);
  const directory = await mkdtemp(join(tmpdir(), "licentia-client-"));
  const options = { host: server.url, product: license.productId, directory };
  const first = await LicentiaClient.open({ ...options, licenseKey: license.key });
  assert.equal((await first.activate()).code, 0);
  const second = LicentiaClient.openSync({ ...options, host: "http://127.0.0.1:1" });
  assert.equal(second.isValid().code, 0);
  assert.deepEqual(second.claims(), first.claims());
  first.close();
  second.close();
  await rm(directory, { recursive: true, force: true });
});

/** Opens a client of a license that is made with `fields`, for one test. */
async function opened(context, fields, changes = {}) {
  const license = await createLicense(server.call, fields);
  const directory = await mkdtemp(join(tmpdir(), "licentia-client-"));
  const client = await LicentiaClient.open({ host: server.url, product: license.productId, licenseKey: license.key, directory, ...changes });
  context.after(async () => {
    client.close();
    await rm(directory, { recursive: true, force: true });
  });
  return { client, license, directory };
}

test("in Node, meters count on the server, and the client knows at once", async (context) => {
  const { client } = await opened(context, { meterAttributes: [{ name: "Exports", allowedUses: 3 }] });
  assert.equal((await client.activate()).code, 0);
  const is = (uses, total, gross) => {
    assert.equal(client.meterUses("exports"), uses);
    assert.deepEqual(client.licenseMeter("EXPORTS"), { name: "Exports", allowedUses: 3, totalUses: total, grossUses: gross });
  };
  is(0, 0, 0);
  assert.equal((await client.incrementMeter("exports", 2)).code, 0);
  is(2, 2, 2);
  await assert.rejects(client.incrementMeter("exports", 2), { code: "LA_E_METER_ATTRIBUTE_USES_LIMIT_REACHED", status: 73 });
  is(2, 2, 2);
  assert.equal((await client.decrementMeter("exports")).code, 0);
  is(1, 1, 2);
  assert.equal((await client.resetMeter("exports")).code, 0);
  is(0, 0, 2);
  await assert.rejects(client.incrementMeter("imports"), { code: "LA_E_METER_ATTRIBUTE_NOT_FOUND", status: 72 });
  assert.equal(client.licenseMeter("imports"), null);
  assert.equal(client.isGenuine().code, 0);
});

test("in Node, a client tells what its license says", async (context) => {
  const fields = { allowedActivations: 3, metadata: [{ key: "Plan", value: "pro", viewPermissions: ["activation"] }] };
  const { client, license } = await opened(context, fields, { metadata: [{ key: "Room", value: "7" }] });
  assert.equal(client.licenseType(), null);
  assert.equal((await client.activate()).code, 0);
  assert.deepEqual([client.licenseId(), client.licenseKey(), client.licenseType()], [license.id, license.key, "node-locked"]);
  assert.deepEqual([client.allowedActivations(), client.totalActivations()], [3, 1]);
  assert.deepEqual([client.allowedDeactivations(), client.totalDeactivations()], [10, 0]);
  assert.deepEqual([client.licenseMetadata("plan"), client.activationMetadata("ROOM"), client.productMetadata("none")], ["pro", "7", null]);
  assert.deepEqual(client.licenseUser(), { name: "", email: "", company: "" });
  assert.deepEqual(client.activationMode(), { initial: "online", current: "online" });
  assert.match(client.activationId(), /^[0-9a-f-]{36}$/);
  const claims = client.claims();
  const dates = [client.licenseCreatedAt(), client.licenseActivatedAt(), client.activationCreatedAt(), client.activationSyncedAt()];
  assert.deepEqual(dates.map((date) => date.getTime() / 1000), [claims.lcat, claims.laat, claims.acat, claims.iat]);
  assert.equal(client.gracePeriodExpiresAt().getTime() / 1000, claims.ssgpeat);
  assert.equal(client.licenseExpiresAt().getTime() / 1000, claims.eat);
  assert.deepEqual([client.leaseExpiresAt(), client.maintenanceExpiresAt(), client.maxAllowedReleaseVersion()], [null, null, null]);
  assert.match(client.explain(), /^The license is valid \(LA_OK\): the server's token of .+Z says so, and is good until .+Z; the server is asked next at .+Z\.$/);
});

test("in Node, a license that is locked to users is not another user's", async (context) => {
  const { client, directory, license } = await opened(context, { userLocked: true });
  assert.equal((await client.activate()).code, 0);
  const { userHash } = client.claims();
  assert.match(userHash, /^[0-9a-f]{64}$/);
  const other = server.call("POST", "/v3/activations", {
    key: license.key, productId: license.productId, os: "linux", fingerprint: client.fingerprint, hostname: "h", appVersion: "", userHash: "other",
  });
  assert.equal((await other).json.code, "ACTIVATION_LIMIT_REACHED");
  const file = join(directory, `licentia.${license.productId}`);
  assert.equal(JSON.parse(await readFile(file, "utf8")).key, license.key);
});

test("in Node, a product that the server does not know is an error when the client is opened", async () => {
  const open = (product) => LicentiaClient.open({ host: server.url, product, fingerprint: "f".repeat(64), storage: memoryStorage() });
  await assert.rejects(open("5d1a2b3c-0000-4000-8000-000000000001"), { code: "LA_E_PRODUCT_ID", status: 43 });
});

test("in Node, a machine without a connection activates, renews and deactivates by files", async (context) => {
  const offline = { host: "http://127.0.0.1:1", metadata: [{ key: "Room", value: "7" }] };
  const fields = { serverSyncGracePeriod: 0, meterAttributes: [{ name: "Exports", allowedUses: 9 }] };
  const license = await createLicense(server.call, fields);
  const directory = await mkdtemp(join(tmpdir(), "licentia-client-"));
  const client = LicentiaClient.openSync({ ...offline, product: license.productId, publicKey: license.publicKey, directory });
  context.after(async () => {
    client.close();
    await rm(directory, { recursive: true, force: true });
  });
  assert.throws(() => client.offlineActivationRequest(), { code: "LA_E_LICENSE_KEY", status: 54 });
  client.setLicenseKey(license.key);
  const respond = async (offlineRequest) => {
    const body = { licenseId: license.id, offlineRequest, responseValidity: 3600 };
    const { status, json, text } = await server.call("POST", "/v3/activations/offline-activate", body);
    assert.equal(status, 200, text);
    return json.offlineResponse;
  };

  const first = await respond(client.offlineActivationRequest({ exports: 4 }));
  assert.throws(() => client.activateOffline(`${first}x`), { code: "LA_E_OFFLINE_RESPONSE_FILE", status: 56 });
  assert.equal(client.activateOffline(`${first}\n`).name, "LA_OK");
  assert.equal(client.isValid().name, "LA_OK");
  assert.deepEqual(client.activationMode(), { initial: "offline", current: "offline" });
  assert.deepEqual([client.meterUses("exports"), client.activationMetadata("room")], [4, "7"]);

  const { status, text } = await server.call("PATCH", `/v3/licenses/${license.id}`, { suspended: true });
  assert.equal(status, 200, text);
  assert.equal(client.activateOffline(await respond(client.offlineActivationRequest())).name, "LA_SUSPENDED");
  const activation = client.activationId();

  const proof = client.offlineDeactivationRequest();
  assert.equal(client.isValid().name, "LA_FAIL");
  assert.throws(() => client.activateOffline(first), { code: "LA_E_OFFLINE_RESPONSE_FILE" });
  assert.throws(() => client.offlineDeactivationRequest(), { code: "LA_FAIL", status: 1 });
  const told = await server.call("POST", "/v3/activations/offline-deactivate", { licenseId: license.id, offlineRequest: proof });
  assert.ok(told.status < 300, told.text);
  const left = await server.call("GET", `/v3/activations?licenseId=${license.id}`);
  assert.ok(!left.json.some(({ id }) => id === activation));
});
