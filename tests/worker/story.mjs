// What the tests of the Worker have in common: the documented license, and how a machine activates.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createLocalJWKSet, jwtVerify, compactVerify } from "jose";
import { ROOT } from "../harness/index.mjs";

/** The license object that the compatible API documents as the answer to a PATCH. */
export const documented = JSON.parse(readFileSync(join(ROOT, "tests/fixtures/license-revoked.json"), "utf8"));
export const licensePath = `/v3/licenses/${documented.id}`;

/** Loads the documented license, not revoked, and a product of its `productId`. */
export async function importDocumented(server) {
  const lines = [
    { resource: "product", data: { id: documented.productId, name: "Documented" } },
    { resource: "license", data: { ...documented, revoked: false } },
  ];
  const answer = await server.call("POST", "/v3/import", lines.map((line) => JSON.stringify(line)).join("\n"));
  assert.equal(answer.status, 200, answer.text);
  // The product, the license under its id and under the name that hides its key, and the list that it has a place in.
  await server.kv.until((kv) => kv.values.size === 4);
}

export async function create(server, path, body) {
  const answer = await server.call("POST", path, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

export const createProduct = (server, body = {}) => create(server, "/v3/products", { name: "Product", ...body });

export const createLicense = (server, product, body = {}) =>
  create(server, "/v3/licenses", { productId: product.id, ...body });

/** Waits until the first status list is published: before that, the ledger is asked for it. */
export const listed = (server) => server.kv.until((kv) => kv.values.has("default/status-list/0"));

/** What a machine sends to activate and to sync. */
export function machine(license, fingerprint = "machine-1") {
  const { key, productId } = license;
  return { key, productId, fingerprint, os: "linux", hostname: "host", appVersion: "1.0", userHash: "user" };
}

/** A call as an application makes it: without an access token. */
export const anonymous = (server, method, path, body) => server.call(method, path, body, { Authorization: "" });

export async function keysOf(server, productId) {
  const answer = await anonymous(server, "GET", `/v3/products/${productId}/keys`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** Verifies an activation token with the product's published keys and returns its claims. */
export async function claimsOf(server, productId, token, algorithm = "RS256") {
  const { keys } = await keysOf(server, productId);
  const verified = await jwtVerify(token, createLocalJWKSet({ keys }), { algorithms: [algorithm], typ: "JWT" });
  return verified.payload;
}

/** Verifies a statement with the published statement keys and returns its claims. */
export async function statementOf(server, productId, statement) {
  const { statementKeys } = await keysOf(server, productId);
  const verified = await compactVerify(statement, createLocalJWKSet({ keys: statementKeys }), { algorithms: ["EdDSA"] });
  assert.equal(verified.protectedHeader.typ, "license-statement+jwt");
  return JSON.parse(new TextDecoder().decode(verified.payload));
}

export function isProblem(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json.code, code);
  assert.ok(answer.json.message.length > 0);
  assert.equal(answer.headers.get("Access-Control-Allow-Origin"), "*");
  assert.match(answer.headers.get("X-Request-Id"), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
}
