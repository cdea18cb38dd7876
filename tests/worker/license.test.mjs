// The documented request on the documented license, and what lies in KV and on disk after it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "../harness/index.mjs";
import { anonymous, claimsOf, createLicense, createProduct, documented, importDocumented } from "./story.mjs";
import { isProblem, keysOf, licensePath, machine, statementOf } from "./story.mjs";

let server;
before(async () => {
  server = await start();
  await importDocumented(server);
});
after(() => server?.stop());

test("the documented PATCH answers with every documented field, its type and its form", async () => {
  const answer = await server.call("PATCH", licensePath, { revoked: true });
  assert.equal(answer.status, 200, answer.text);
  const { updatedAt, ...rest } = documented;
  for (const [name, value] of Object.entries(rest)) assert.deepEqual(answer.json[name], value, name);
  assert.equal(answer.json.revoked, true);
  assert.match(answer.json.updatedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
  assert.ok(answer.json.updatedAt > updatedAt);
  assert.match(answer.headers.get("Content-Type"), /^application\/json/);
});

test("after the PATCH both KV keys hold the same signed document of the answer's version", async () => {
  const answer = await server.call("PATCH", licensePath, { revoked: true, suspended: true });
  const version = Number(answer.headers.get("Licentia-Published"));
  assert.equal(answer.headers.get("ETag"), `"${version}"`);

  const text = server.kv.values.get(`default/license/${documented.id}`);
  const twins = [...server.kv.values].filter(([name, value]) => name.startsWith("default/key/") && value === text);
  assert.equal(twins.length, 1);

  const { statement, license } = JSON.parse(text);
  const claims = await statementOf(server, documented.productId, statement);
  assert.equal(claims.ver, version);
  assert.equal(claims.lid, documented.id);
  assert.equal(claims.pid, documented.productId);
  assert.deepEqual([claims.revoked, claims.suspended, claims.deleted], [true, true, false]);
  assert.equal(license.id, documented.id);
  assert.equal(license.revoked, true);
  assert.equal(license.totalActivations, undefined, "counters are never published");
  assert.equal(license.user, undefined, "an owner is never published");
});

test("no KV key holds a license key", async () => {
  const keys = [...server.kv.values.keys()].join("\n");
  assert.ok(keys.includes("default/key/"));
  assert.ok(!keys.includes(documented.key));
  assert.ok(!keys.toLowerCase().includes(documented.key.replaceAll("-", "").toLowerCase()));
});

test("the published copy is served to management calls alone, with no ledger call", async () => {
  const calls = await server.ledgerCalls();
  const answer = await server.call("GET", `${licensePath}?source=published`);
  assert.equal(answer.status, 200);
  assert.equal(answer.text, server.kv.values.get(`default/license/${documented.id}`));
  isProblem(await anonymous(server, "GET", `${licensePath}?source=published`), 401, "UNAUTHORIZED");
  assert.equal(await server.ledgerCalls(), calls);
});

test("two updates at the same time both stand", async () => {
  await server.call("PATCH", licensePath, { revoked: false, suspended: false });
  const answers = await Promise.all([
    server.call("PATCH", licensePath, { revoked: true }),
    server.call("PATCH", licensePath, { suspended: true }),
  ]);
  assert.deepEqual(answers.map((answer) => answer.status), [200, 200]);
  const stored = (await server.call("GET", licensePath)).json;
  assert.deepEqual([stored.revoked, stored.suspended], [true, true]);
  await server.kv.until((kv) => {
    const { license } = kv.json(`default/license/${documented.id}`);
    return license.revoked && license.suspended;
  });
});

test("state outlives the process", async () => {
  const product = await createProduct(server);
  const license = await createLicense(server, product, { allowedActivations: 1 });
  const { json } = await anonymous(server, "POST", "/v3/activations", machine(license));
  const before = await server.call("GET", `/v3/licenses/${license.id}`);
  await server.restart();
  const after = await server.call("GET", `/v3/licenses/${license.id}`);
  assert.deepEqual(after.json, before.json);
  assert.equal(after.json.totalActivations, 1);
  const { aid } = await claimsOf(server, product.id, json.activationToken);
  const synced = await anonymous(server, "PATCH", `/v3/activations/${aid}`, machine(license));
  assert.equal(synced.status, 200, synced.text);
});

for (const algorithm of ["RS256", "EdDSA"]) {
  test(`an ${algorithm} token verifies with the product's published keys`, async () => {
    const product = await createProduct(server, { tokenAlgorithm: algorithm });
    const license = await createLicense(server, product);
    const answer = await anonymous(server, "POST", "/v3/activations", machine(license));
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual(Object.keys(answer.json), ["activationToken"]);
    const claims = await claimsOf(server, product.id, answer.json.activationToken, algorithm);
    assert.equal(claims.lid, license.id);
    assert.equal(claims.pid, product.id);
    assert.equal(claims.key, license.key);
    assert.equal(claims.exp, undefined);

    const again = await anonymous(server, "POST", "/v3/activations", machine(license));
    assert.equal(again.status, 200, "a known machine takes no second seat");
    const synced = await anonymous(server, "PATCH", `/v3/activations/${claims.aid}`, machine(license));
    assert.equal(synced.status, 200, synced.text);
    assert.equal((await claimsOf(server, product.id, synced.json.activationToken, algorithm)).aid, claims.aid);
  });
}

test("a key document lists what verifies tokens apart from what verifies statements", async () => {
  const product = await createProduct(server);
  const { keys, statementKeys, productId } = await keysOf(server, product.id);
  assert.equal(productId, product.id);
  assert.deepEqual(keys.map(({ kty, alg, use }) => ({ kty, alg, use })), [{ kty: "RSA", alg: "RS256", use: "sig" }]);
  assert.deepEqual(statementKeys.map(({ kty, crv, alg }) => ({ kty, crv, alg })), [{ kty: "OKP", crv: "Ed25519", alg: "EdDSA" }]);
  assert.ok(keys.every((key) => !("d" in key)));
});

test("where a request came from is believed of Cloudflare alone", async () => {
  const product = await createProduct(server);
  const license = await createLicense(server, product, { allowedIpAddresses: ["198.51.100.7"] });
  const from = (headers) => server.call("POST", "/v3/activations", machine(license), { Authorization: "", ...headers });
  isProblem(await from({ "X-Forwarded-For": "198.51.100.7", "X-Real-IP": "198.51.100.7" }), 400, "IP_ADDRESS_NOT_ALLOWED");
  assert.equal((await from({ "CF-Connecting-IP": "198.51.100.7" })).status, 201);
});
