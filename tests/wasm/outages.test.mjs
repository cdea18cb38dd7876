// Each row of the table "When something is down" in docs/revocation.md: the package's client, the built Worker in workerd, and a
// fault between. A valid license goes on, a revoked one is refused within the row's bound, and nothing that was accepted is lost.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, before, describe, mock, test } from "node:test";

import { checkLicense } from "../../crates/wasm/js/dist/check.node.js";
import { memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { LicentiaClient as PageClient } from "../../crates/wasm/js/dist/index.web.js";
import { testClock } from "../../crates/wasm/js/dist/testing.js";
import { ROOT } from "../harness/index.mjs";
import { wire } from "../harness/wire.mjs";
import { createLicense } from "../story.mjs";
import { behindProxy } from "./behind.mjs";

const [OK, FAIL, SUSPENDED, GRACE_OVER, INET, REVOKED, TIME_MODIFIED, SERVER] = [0, 1, 21, 22, 48, 53, 69, 91];
const INTERVAL = 3_600;
const GRACE = 7_200;
const DAY = 86_400;

const behind = behindProxy({ counted: true });
before(() => {
  // Who has lost a socket comes back after up to ten seconds, by chance: here at once.
  const { getRandomValues } = globalThis.crypto;
  mock.method(globalThis.crypto, "getRandomValues", (bytes) => (bytes.length === 4 ? bytes : getRandomValues.call(globalThis.crypto, bytes)));
});
afterEach(async () => {
  behind.server.kv.heal();
  await Promise.all([behind.server.setLedger("pass"), behind.server.setGates("pass")]);
});

const rows = [];
/** The tests of a row, by what its first column says. */
function row(down, tests) {
  rows.push(down);
  describe(`down: ${down}`, tests);
}

/** An application that was activated on a clock of its own, and that asks only when it is told to. */
async function activated(changes) {
  const license = await createLicense(behind.server.call, { serverSyncInterval: INTERVAL, serverSyncGracePeriod: GRACE });
  const clock = testClock();
  const client = await behind.open(license, { storage: memoryStorage(), now: clock.now, ...changes });
  assert.equal(await code(client.activate()), OK);
  return { license, clock, client };
}

/** One whose license stays valid, and one whose license is revoked in its test. */
const both = (changes) => Promise.all([activated(changes), activated(changes)]);

/** An application as in a browser, which waits at a socket that may be cut. */
async function atSocket(context) {
  const line = await wire(behind.server.url);
  const license = await createLicense(behind.server.call);
  const given = { host: line.url, product: license.productId, licenseKey: license.key };
  const client = await PageClient.open({ ...given, storage: memoryStorage(), fingerprint: "f".repeat(64) });
  context.after(() => {
    client.close();
    line.close();
  });
  const open = once(line.told, "open");
  assert.equal(await code(client.activate()), OK);
  const [path] = await open;
  return { license, client, line, path };
}

const code = (promise) => promise.then((status) => status.code, (error) => error.status);
const change = async ({ license }, body) => {
  const answer = await behind.server.call("PATCH", `/v3/licenses/${license.id}`, body);
  assert.equal(answer.status, 200, answer.text);
  return answer;
};
/** The code of the next event of this name. */
const heard = ({ client }, event) => new Promise((resolve) => client.on(event, (status) => resolve(status.code)));

/** Whether the license is refused, and why. */
const isRefused = ({ client }) => assert.deepEqual([client.isGenuine().code, client.lastActivationError().code], [FAIL, REVOKED]);

/** What a vendor's own server is told of a license. */
async function checked({ license }, more) {
  const keys = await fetch(`${behind.server.url}/v3/products/${license.productId}/keys`);
  const { code, source } = await checkLicense({ host: behind.server.url, key: license.key, publicKey: await keys.json(), ...more });
  return [code, source];
}

row("nothing", () => {
  test("a revocation is refused at once where news reach, else at the next sync", async (context) => {
    const told = await atSocket(context);
    const [valid, asking] = await both();
    const erased = heard(told, "erased");
    await Promise.all([told, asking].map((app) => change(app, { revoked: true })));
    assert.equal(await erased, REVOKED);
    assert.ok(asking.client.nextSyncAt() - asking.clock.now() <= INTERVAL * 1000);
    assert.deepEqual(await Promise.all([valid, asking].map(({ client }) => code(client.sync()))), [OK, REVOKED]);
    [told, asking].forEach(isRefused);
  });
});

row("the gates", () => {
  test("a valid license goes on, and a revoked one is refused at the next sync", async () => {
    await behind.server.setGates("throw");
    const [valid, revoked] = await both({ push: true });
    await change(revoked, { revoked: true });
    assert.equal(revoked.client.isGenuine().code, OK);
    assert.ok(revoked.client.nextSyncAt() - revoked.clock.now() <= INTERVAL * 1000);
    assert.deepEqual(await Promise.all([valid, revoked].map(({ client }) => code(client.sync()))), [OK, REVOKED]);
    isRefused(revoked);
  });

  test("what could not be told is told once they are back", async (context) => {
    const app = await atSocket(context);
    const erased = heard(app, "erased");
    await behind.server.setGates("throw");
    await change(app, { revoked: true });
    assert.equal(app.client.isGenuine().code, OK);
    await behind.server.setGates("pass");
    assert.equal(await erased, REVOKED);
  });
});
