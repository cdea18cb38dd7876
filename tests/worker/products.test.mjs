// A product in workerd: the file that applications are built with, keys that take over, and what a deleted product leaves.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { start } from "../harness/index.mjs";
import { anonymous, claimsOf, createLicense, createProduct, isProblem, keysOf, machine } from "./story.mjs";

let server;
before(async () => (server = await start()));
after(() => server?.stop());

async function fileOf(product) {
  const answer = await server.call("GET", `/v3/products/${product.id}/product.dat`);
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

test("product.dat names the server that it came from, and its keys verify", async () => {
  const product = await createProduct(server);
  const answer = await fileOf(product);
  assert.equal(answer.json.host, new URL(server.url).origin);
  assert.equal(answer.json.productId, product.id);
  assert.equal(answer.headers.get("Content-Disposition"), 'attachment; filename="product.dat"');
  assert.match(answer.headers.get("Content-Type"), /^application\/json/);
  const { keys, statementKeys } = await keysOf(server, product.id);
  assert.deepEqual(answer.json.keys, keys);
  assert.deepEqual(answer.json.statementKeys, statementKeys);
  isProblem(await anonymous(server, "GET", `/v3/products/${product.id}/product.dat`), 401, "UNAUTHORIZED");
});

test("an app that was activated before a rotation verifies and syncs, with a token of the new key", async () => {
  const product = await createProduct(server);
  const license = await createLicense(server, product);
  const activated = await anonymous(server, "POST", "/v3/activations", machine(license));
  const stored = activated.json.activationToken;
  const { aid } = await claimsOf(server, product.id, stored);
  const before = decodeProtectedHeader(stored).kid;

  const rotated = await server.call("POST", `/v3/products/${product.id}/keys`);
  assert.equal(rotated.status, 201, rotated.text);
  const [first, second] = rotated.json.keys.map(({ kid }) => kid);
  assert.notEqual(first, before);
  assert.equal(second, before);

  const { keys } = (await fileOf(product)).json;
  const verify = (token) => jwtVerify(token, createLocalJWKSet({ keys }), { algorithms: ["RS256"] });
  assert.equal((await verify(stored)).payload.aid, aid);
  const synced = await anonymous(server, "PATCH", `/v3/activations/${aid}`, machine(license));
  assert.equal(synced.status, 200, synced.text);
  const token = synced.json.activationToken;
  assert.equal(decodeProtectedHeader(token).kid, first);
  assert.equal((await verify(token)).payload.aid, aid);
});

test("a rotation that is sent twice makes one key", async () => {
  const product = await createProduct(server, { tokenAlgorithm: "EdDSA" });
  const once = { "Idempotency-Key": "rotate-once" };
  const path = `/v3/products/${product.id}/keys`;
  const answers = [await server.call("POST", path, {}, once), await server.call("POST", path, {}, once)];
  assert.deepEqual(answers.map(({ status }) => status), [201, 201]);
  assert.equal(answers[0].text, answers[1].text);
  assert.equal((await fileOf(product)).json.keys.length, 2);
});

test("a deleted product is one that is not there, and its document says nothing of its keys", async () => {
  const product = await createProduct(server, { tokenAlgorithm: "EdDSA" });
  const path = `/v3/products/${product.id}`;
  const deleted = await server.call("DELETE", path);
  assert.equal(deleted.status, 204, deleted.text);
  const name = `default/product/${product.id}`;
  await server.kv.until((kv) => kv.json(name).product === null);
  assert.deepEqual(server.kv.json(name), { keys: null, product: null });
  isProblem(await anonymous(server, "GET", `${path}/keys`), 404, "PRODUCT_NOT_FOUND");
  isProblem(await server.call("GET", `${path}/product.dat`), 404, "PRODUCT_NOT_FOUND");
});
