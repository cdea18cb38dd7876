// A vendor's data moves: to another deployment with another master secret, back from KV, and to a new master secret.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as later } from "node:timers/promises";
import { start } from "../harness/index.mjs";
import { anonymous, claimsOf, createLicense, createProduct, isProblem, machine, statementOf } from "./story.mjs";

const PASSPHRASE = { "Licentia-Passphrase": "correct horse battery" };
const NDJSON = { "Content-Type": "application/x-ndjson" };
const masterKey = (id) => `${id}:${randomBytes(32).toString("base64")}`;

/** Runs `body` with a server that it may start others beside. */
const onServers = (body) => async () => {
  const servers = [];
  const begin = async (options) => {
    const server = await start(options);
    servers.push(server);
    return server;
  };
  try {
    await body(begin);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
};

async function activate(server, license, fingerprint) {
  const answer = await anonymous(server, "POST", "/v3/activations", machine(license, fingerprint));
  assert.ok(answer.status === 201 || answer.status === 200, answer.text);
  return answer.json.activationToken;
}

async function ok(server, method, path, body, headers) {
  const answer = await server.call(method, path, body, headers);
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
  return answer;
}

async function sync(server, license, token, fingerprint) {
  const { aid } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  return anonymous(server, "PATCH", `/v3/activations/${aid}`, machine(license, fingerprint));
}

/** Calls until there is no cursor left. */
async function whole(server, path) {
  const pages = [];
  for (let cursor = ""; cursor !== null; ) {
    const { json } = await ok(server, "POST", cursor ? `${path}?cursor=${encodeURIComponent(cursor)}` : path);
    pages.push(json);
    cursor = json.cursor;
  }
  return pages;
}

const sum = (pages, name) => pages.reduce((total, page) => total + page[name], 0);

async function untilDone(server, id) {
  for (let tries = 0; tries < 600; tries += 1) {
    const { json } = await ok(server, "GET", `/v3/imports/${id}`);
    if (json.status !== "applying") return json;
    await later(100);
  }
  throw new Error("the import is not done");
}

async function inParts(server, lines, size) {
  const { id } = (await ok(server, "POST", "/v3/imports")).json;
  for (let at = 0, number = 1; at < lines.length; at += size, number += 1) {
    const part = lines.slice(at, at + size).join("\n");
    const { json } = await ok(server, "PUT", `/v3/imports/${id}/parts/${number}`, part, { ...NDJSON, ...PASSPHRASE });
    assert.deepEqual(json.problems, []);
  }
  await ok(server, "POST", `/v3/imports/${id}/start`);
  return id;
}

describe("moves", () => {
  test("an app's token verifies and syncs on another deployment, with no new activation", onServers(async (begin) => {
    const [old, next] = [await begin(), await begin()];
    const product = await createProduct(old);
    const license = await createLicense(old, product);
    const token = await activate(old, license, "machine-1");

    const exported = await ok(old, "GET", "/v3/export?keys=true", undefined, PASSPHRASE);
    assert.equal(exported.headers.get("Content-Type"), "application/x-ndjson");
    isProblem(await next.call("POST", "/v3/import", exported.text, { ...NDJSON, "Licentia-Passphrase": "another passphrase" }), 400, "INVALID_FIELD");
    await ok(next, "POST", "/v3/import", exported.text, { ...NDJSON, ...PASSPHRASE });
    await next.kv.until((kv) => kv.values.size === 4);

    await claimsOf(next, product.id, token);
    const synced = await sync(next, license, token, "machine-1");
    assert.equal(synced.status, 200, synced.text);
    await claimsOf(next, product.id, synced.json.activationToken);
    assert.equal((await next.call("GET", `/v3/licenses/${license.id}`)).json.totalActivations, 1);
    const plain = async (server) => (await ok(server, "GET", "/v3/export")).text;
    assert.equal((await plain(next)).split("\n").length, (await plain(old)).split("\n").length);
  }));

  test("a round trip exports the same bytes", onServers(async (begin) => {
    const [old, next] = [await begin(), await begin()];
    const product = await createProduct(old);
    for (let number = 0; number < 5; number += 1) {
      const license = await createLicense(old, product, { metadata: [{ key: "order", value: `${number}` }], tags: ["é"] });
      await activate(old, license, `machine-${number}`);
    }
    const [first] = (await ok(old, "GET", "/v3/licenses")).json;
    await ok(old, "DELETE", `/v3/licenses/${first.id}`);
    const exported = (await ok(old, "GET", "/v3/export")).text;
    await ok(next, "POST", "/v3/import", exported, NDJSON);
    assert.equal((await ok(next, "GET", "/v3/export")).text, exported);
  }));

  test("an import in parts goes on after a crash", { timeout: 120_000 }, onServers(async (begin) => {
    const server = await begin();
    const product = await createProduct(server, { tokenAlgorithm: "EdDSA" });
    const lines = Array.from({ length: 3_000 }, (_, index) => {
      const id = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
      return JSON.stringify({ resource: "license", data: { id, key: `IMPORTED-${index}-AAAAAAAA`, productId: product.id } });
    });
    const id = await inParts(server, lines, 1_000);
    await server.restart();
    const done = await untilDone(server, id);
    assert.deepEqual([done.status, done.applied, done.counts.licenses], ["done", 3_000, 3_000]);
    const count = (await server.call("GET", "/v3/licenses?limit=1")).headers.get("Pagination-Count");
    assert.equal(count, "3000");
  }));

  test("an empty ledger is rebuilt from KV", onServers(async (begin) => {
    const lost = await begin();
    const product = await createProduct(lost);
    const license = await createLicense(lost, product);
    const revoked = await createLicense(lost, product);
    const deleted = await createLicense(lost, product);
    const token = await activate(lost, license, "machine-1");
    await ok(lost, "PATCH", `/v3/licenses/${revoked.id}`, { revoked: true });
    await ok(lost, "DELETE", `/v3/licenses/${deleted.id}`);
    await lost.kv.until((kv) => kv.values.size === 8);

    const empty = await begin({ secrets: { LICENTIA_MASTER_KEYS: lost.masterKeys } });
    for (const [key, value] of lost.kv.values) empty.kv.values.set(key, value);
    const pages = await whole(empty, "/v3/rebuild");
    assert.deepEqual(["products", "licenses", "deleted"].map((name) => sum(pages, name)), [1, 2, 1]);

    const etag = async (server, id) => (await server.call("GET", `/v3/licenses/${id}`)).headers.get("ETag");
    assert.equal(await etag(empty, revoked.id), await etag(lost, revoked.id));
    assert.equal((await empty.call("GET", `/v3/licenses/${revoked.id}`)).json.revoked, true);
    isProblem(await empty.call("GET", `/v3/licenses/${deleted.id}`), 404, "LICENSE_NOT_FOUND");
    await claimsOf(empty, product.id, token);
    isProblem(await sync(empty, license, token, "machine-1"), 404, "ACTIVATION_UNKNOWN");
    await claimsOf(empty, product.id, await activate(empty, license, "machine-1"));
    isProblem(await empty.call("POST", "/v3/rebuild"), 409, "LICENSE_EXISTS");
  }));

  test("a master key is put in front, takes over, and the earlier one is dropped", onServers(async (begin) => {
    const [earlier, later] = [masterKey("earlier"), masterKey("later")];
    const server = await begin({ secrets: { LICENTIA_MASTER_KEYS: earlier } });
    const product = await createProduct(server);
    const once = { "Idempotency-Key": "once" };
    const license = (await ok(server, "POST", "/v3/licenses", { productId: product.id }, once)).json;
    const token = await activate(server, license, "machine-1");

    await server.restart({ LICENTIA_MASTER_KEYS: `${later},${earlier}` });
    assert.equal((await sync(server, license, token, "machine-1")).status, 200);
    const [page] = await whole(server, "/v3/rewrap");
    assert.deepEqual([page.keys, page.licenses], [1, 1]);
    const kid = (kv) => JSON.parse(Buffer.from(kv.json(`default/license/${license.id}`).statement.split(".")[0], "base64url")).kid;
    const before = kid(server.kv);
    await server.kv.until((kv) => kid(kv) !== before || kv.json(`default/product/${product.id}`).product.keys[0].wrapped.startsWith("later."));
    await server.kv.until((kv) => kv.json(`default/product/${product.id}`).product.keys[0].wrapped.startsWith("later."));
    await server.kv.until((kv) => [...kv.values.keys()].filter((key) => key.startsWith("default/key/")).length === 2);

    await server.restart({ LICENTIA_MASTER_KEYS: later });
    const checked = await anonymous(server, "POST", "/v3/licenses/check", { key: license.key });
    assert.equal(checked.status, 200, checked.text);
    assert.equal((await statementOf(server, product.id, checked.json.statement)).revoked, false);
    const synced = await sync(server, license, token, "machine-1");
    assert.equal(synced.status, 200, synced.text);
    await claimsOf(server, product.id, synced.json.activationToken);
    const again = await ok(server, "POST", "/v3/licenses", { productId: product.id }, once);
    assert.equal(again.json.id, license.id, "an answer that was kept is kept");
  }));
});
