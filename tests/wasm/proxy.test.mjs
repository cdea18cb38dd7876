// What stands between an application and its server decides nothing: the built Worker in workerd, behind a proxy that replays,
// delays, changes and makes up answers. By docs/revocation.md, no valid license is refused for it inside its grace.
import assert from "node:assert/strict";
import { test } from "node:test";

import { memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { createLicense } from "../story.mjs";
import { behindProxy } from "./behind.mjs";

const PRINT = "f".repeat(64);
const behind = behindProxy();

/** An application behind the proxy. */
const app = (license, options) => behind.open(license, { fingerprint: PRINT, storage: memoryStorage(), ...options });

async function activated(license, options) {
  const client = await app(license, options);
  assert.equal(await code(client.activate()), 0);
  return client;
}

const revoked = { status: 400, headers: { "content-type": "application/json" }, body: '{"message":"no","code":"REVOKED_LICENSE"}' };
const change = async (license, body) => assert.equal((await behind.server.call("PATCH", `/v3/licenses/${license.id}`, body)).status, 200);
const code = (promise) => promise.then((status) => status.code, (error) => error.status);

/** The next sync is a failure of the network, and the activation stands. */
async function standsAfter(client) {
  assert.equal(await code(client.sync()), 48);
  assert.deepEqual([client.isValid().code, client.lastActivationError().code], [0, 0]);
}

test("a refusal that the vendor has signed is heard through a proxy that changes nothing", async () => {
  const license = await createLicense(behind.server.call);
  const client = await activated(license);
  assert.equal(await code(client.sync()), 0);
  await change(license, { revoked: true });
  assert.equal(await code(client.sync()), 53);
  assert.deepEqual([client.isValid().code, client.lastActivationError().code], [1, 53]);
});

test("a refusal that somebody has made up is a failure of the network", async () => {
  const client = await activated(await createLicense(behind.server.call));
  for (const answer of [revoked, { ...revoked, status: 404, body: '{"message":"no","code":"ACTIVATION_NOT_FOUND"}' }]) {
    behind.between.between = async () => answer;
    await standsAfter(client);
  }
});

test("so is a refusal without its signature, but a token needs none", async () => {
  const license = await createLicense(behind.server.call);
  const client = await activated(license);
  const strip = async (_, pass) => {
    const { status, headers, body } = await pass();
    const { signature: _signature, ...rest } = headers;
    return { status, headers: rest, body };
  };
  behind.between.between = strip;
  assert.equal(await code(client.sync()), 0);
  await change(license, { revoked: true });
  await standsAfter(client);
  assert.equal(behind.between.seen.at(-1).status, 400, "the server has refused");
  behind.between.between = (_, pass) => pass();
  assert.equal(await code(client.sync()), 53);
});

test("so is a signed refusal that was recorded before", async () => {
  const license = await createLicense(behind.server.call);
  const [first, second] = [await activated(license), memoryStorage()];
  await change(license, { revoked: true });
  assert.equal(await code(first.sync()), 53);
  const recorded = behind.between.seen.at(-1);
  assert.ok(recorded.headers.signature, "it is signed");

  await change(license, { revoked: false });
  const client = await activated(license, { storage: second });
  behind.between.between = async () => recorded;
  await standsAfter(client);
});

test("so is a signed refusal of another license, whose key was put in place of ours", async () => {
  const [ours, other] = [await createLicense(behind.server.call), await createLicense(behind.server.call)];
  await change(other, { revoked: true });
  const client = await activated(ours);
  const body = (request) => request.body.replace(ours.key, other.key).replace(ours.productId, other.productId);
  // With its digest the server finds the change; without one, what it signs does not answer us.
  behind.between.between = (request, pass) => pass({ body: body(request) });
  assert.equal(await code(client.sync()), 92);
  assert.equal(JSON.parse(behind.between.seen.at(-1).body).code, "CONTENT_DIGEST_MISMATCH");
  assert.equal(client.isValid().code, 0);
  behind.between.between = ({ headers: { "content-digest": _, ...headers }, ...request }, pass) => pass({ headers, body: body(request) });
  await standsAfter(client);
  assert.equal(behind.between.seen.at(-1).status, 400);
});

test("so is what a server says to another application", async () => {
  const license = await createLicense(behind.server.call, { allowedActivations: 2 });
  const client = await activated(license);
  const other = await activated(license, { fingerprint: "e".repeat(64) });
  const held = [];
  // Both ask, and each gets the other's refusal.
  behind.between.between = (request, pass) =>
    new Promise((resolve) => {
      held.push({ resolve, answer: pass() });
      if (held.length === 2) held.forEach(({ resolve }, i) => resolve(held[1 - i].answer));
    });
  await change(license, { revoked: true });
  assert.deepEqual(await Promise.all([code(client.sync()), code(other.sync())]), [48, 48]);
  assert.deepEqual([client.isValid().code, other.isValid().code], [0, 0]);
});

test("a token that is older than what is known changes nothing", async () => {
  const license = await createLicense(behind.server.call);
  const client = await activated(license);
  const granted = behind.between.seen.find(({ request }) => request.method === "POST");
  await change(license, { suspended: true });
  assert.equal(await code(client.sync()), 21);
  behind.between.between = async () => granted;
  await code(client.sync());
  assert.equal(client.isValid().code, 21);
  await change(license, { revoked: true });
  behind.between.between = (_, pass) => pass();
  assert.equal(await code(client.sync()), 53);
  behind.between.between = async () => granted;
  assert.notEqual(await code(client.activate()), 0);
  assert.equal(client.isValid().code, 1);
});

test("answers of a portal, a gateway and a proxy are no verdicts, and a connection that breaks off is none", async () => {
  const client = await activated(await createLicense(behind.server.call));
  const html = { "content-type": "text/html" };
  for (const [answer, expected] of [
    [{ status: 503, headers: html, body: "<h1>unavailable</h1>" }, 91],
    [{ status: 502, headers: html, body: "" }, 91],
    [{ status: 404, headers: html, body: "<h1>not found</h1>" }, 48],
    [{ status: 200, headers: html, body: "<!doctype html><title>Sign in</title>" }, 48],
    [{ status: 200, headers: {}, body: "{}" }, 48],
    [{ status: 302, headers: { location: "/login" }, body: "" }, 48],
    [{ status: 403, headers: html, body: "blocked" }, 48],
    ["drop", 48],
  ]) {
    behind.between.between = async () => answer;
    assert.equal(await code(client.sync()), expected, JSON.stringify(answer));
    assert.equal(client.isValid().code, 0);
  }
  behind.between.between = (_, pass) => pass();
  assert.equal(await code(client.sync()), 0);
});

test("a token that somebody has mangled, or that is of no use here, is a failure of the network where an activation stands", async () => {
  const [license, other] = [await createLicense(behind.server.call, { allowedActivations: 9 }), await createLicense(behind.server.call)];
  await activated(other);
  const foreign = JSON.parse(behind.between.seen.at(-1).body).activationToken;
  const client = await activated(license);
  const heard = [];
  client.on("status", ({ name }) => heard.push(name));
  const mangle = (token) => [token.slice(0, -5) + "AAAAA", token.slice(0, 300), "", foreign, `${token}\n`];
  for (let kind = 0; kind < 5; kind += 1) {
    behind.between.between = async ({ method }, pass) => {
      const { status, body } = await pass();
      const changed = () => JSON.stringify({ activationToken: mangle(JSON.parse(body).activationToken)[kind] });
      return { status, headers: {}, body: method === "GET" ? body : changed() };
    };
    await standsAfter(client);
    assert.deepEqual([await code(client.activate()), client.isValid().code, heard.splice(0)], [48, 0, ["LA_E_INET"]], `${kind}`);
    const elsewhere = await app(license, { fingerprint: `${kind}`.repeat(64) });
    assert.equal(await code(elsewhere.activate()), 1, "nothing stands there");
  }
});

test("a seat that a proxy says was given back is not", async () => {
  const license = await createLicense(behind.server.call);
  const client = await activated(license);
  behind.between.between = async () => ({ status: 204, headers: {} });
  assert.equal(await code(client.deactivate()), 48);
  assert.equal(client.isValid().code, 0);
  behind.between.between = (_, pass) => pass();
  assert.equal(await code(client.deactivate()), 0);
  assert.equal((await behind.server.call("GET", `/v3/activations?licenseId=${license.id}`)).json.length, 0);
});

test("whoever wants no signatures believes what comes", async () => {
  const client = await activated(await createLicense(behind.server.call), { answers: "any" });
  behind.between.between = async () => revoked;
  assert.equal(await code(client.sync()), 53);
});

test("signatures cannot be asked for where no statement key is known", async () => {
  const license = await createLicense(behind.server.call);
  const asked = app(license, { publicKey: license.publicKey, answers: "signed" });
  await assert.rejects(asked, { code: "INVALID_OPTION", message: /`answers`.*PEM/ });
  const client = await activated(license, { publicKey: license.publicKey });
  behind.between.between = async () => revoked;
  assert.equal(await code(client.sync()), 53, "a client without that key has to believe what comes");
});
