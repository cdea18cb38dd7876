// Status lists in workerd: a change is in the list within seconds, a list is signed anew without one, and readers get it from KV.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { inflateSync } from "node:zlib";
import { compactVerify, createLocalJWKSet } from "jose";
import { start } from "../harness/index.mjs";
import { anonymous, createLicense, createProduct, documented, isProblem, keysOf, listed, statementOf } from "./story.mjs";

const NAME = "default/status-list/0";
const PATH = "/v3/status-lists/0";
const [VALID, REVOKED, SUSPENDED] = [0, 1, 2];
let server, product;
before(async () => {
  // Signed anew every second, so that nobody waits for a minute.
  server = await start({ secrets: { LICENTIA_STATUS_LIST_INTERVAL: "1" } });
  product = await createProduct(server, { tokenAlgorithm: "EdDSA" });
});
after(() => server?.stop());

const claimsIn = (text) => JSON.parse(Buffer.from(text.split(".")[1], "base64url"));
const published = (kv) => claimsIn(kv.values.get(NAME));

/** What a list says of a place: two bits, the lowest first. */
function statusAt(claims, place) {
  const bytes = inflateSync(Buffer.from(claims.status_list.lst, "base64url"));
  return (bytes[place >> 2] >> ((place & 3) * 2)) & 3;
}

/** Creates a license, and returns it with its place. */
async function placed() {
  const license = await createLicense(server, product);
  const { json } = await anonymous(server, "POST", "/v3/licenses/check", { key: license.key });
  const { status } = await statementOf(server, product.id, json.statement);
  assert.equal(status.status_list.uri, PATH);
  await listed(server);
  return { ...license, place: status.status_list.idx };
}

const update = (license, change) => server.call("PATCH", `/v3/licenses/${license.id}`, change);
const until = (place, status) => server.kv.until((kv) => statusAt(published(kv), place) === status);

test("a change is in the published list within seconds", async () => {
  const [license, other] = [await placed(), await placed()];
  for (const [change, status] of [
    [{ revoked: true }, REVOKED],
    [{ revoked: false, suspended: true }, SUSPENDED],
    [{ suspended: false }, VALID],
  ]) {
    await update(license, change);
    await until(license.place, status);
    assert.equal(statusAt(published(server.kv), other.place), VALID);
  }
  await server.call("DELETE", `/v3/licenses/${license.id}`);
  await until(license.place, REVOKED);
});

test("a list is signed anew without a change, and its version grows", async () => {
  await placed();
  for (let round = 0; round < 3; round++) {
    const { ver, iat } = published(server.kv);
    await server.kv.until((kv) => published(kv).ver > ver && published(kv).iat > iat);
  }
});

test("anybody reads the list, verifies it by others' code, and may keep it for its ttl", async () => {
  const license = await placed();
  await update(license, { revoked: true });
  await until(license.place, REVOKED);
  const answer = await anonymous(server, "GET", PATH);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get("Content-Type"), "application/statuslist+jwt");
  assert.equal(answer.headers.get("Cache-Control"), "public, max-age=1");
  assert.equal(answer.headers.get("Access-Control-Allow-Origin"), "*");

  const { statementKeys } = await keysOf(server, product.id);
  const { protectedHeader } = await compactVerify(answer.text, createLocalJWKSet({ keys: statementKeys }));
  assert.equal(protectedHeader.typ, "statuslist+jwt");
  const claims = claimsIn(answer.text);
  assert.equal(claims.sub, PATH);
  assert.equal(claims.exp, claims.iat + 900);
  assert.equal(claims.ttl, 1);
  assert.equal(claims.status_list.bits, 2);
  isProblem(await anonymous(server, "GET", "/v3/status-lists/77"), 404, "STATUS_LIST_NOT_FOUND");
});

/** Asks again after each attempt to put the list, until an answer is as it should be. */
async function untilAnswered(ask, holds) {
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    const attempts = server.kv.putsOf(NAME).length;
    await server.kv.until((kv) => kv.putsOf(NAME).length > attempts);
  }
}

const list = () => anonymous(server, "GET", PATH);

test("when KV cannot be read, the ledger signs the list", async () => {
  await placed();
  const { ver } = claimsIn((await list()).text);
  server.kv.reads = "fail";
  try {
    await untilAnswered(list, ({ status, text }) => status === 200 && claimsIn(text).ver > ver);
  } finally {
    server.kv.heal();
  }
});

test("a list that another key has signed is none", async () => {
  await placed();
  const { text } = await list();
  const { ver } = claimsIn(text);
  const [header, claims, signature] = text.split(".");
  const forged = Buffer.from(JSON.stringify({ ...claimsIn(text), ver: ver * 2 })).toString("base64url");
  assert.notEqual(forged, claims);
  server.kv.puts = ({ key }) => (key === NAME ? "fail" : "pass");
  server.kv.values.set(NAME, [header, forged, signature].join("."));
  try {
    const newer = await untilAnswered(list, (answer) => claimsIn(answer.text).ver > ver);
    assert.ok(claimsIn(newer.text).ver < ver * 2);
  } finally {
    server.kv.heal();
  }
});

test("a check of a withheld copy is answered by the ledger, since the list allows less", async () => {
  const license = await placed();
  const old = server.kv.values.get(`default/license/${license.id}`);
  const keys = [...server.kv.values.keys()].filter((key) => server.kv.values.get(key) === old);
  assert.equal(keys.length, 2);
  await update(license, { revoked: true });
  await until(license.place, REVOKED);
  for (const key of keys) server.kv.values.set(key, old);

  const check = () => anonymous(server, "POST", "/v3/licenses/check", { key: license.key });
  const answer = await untilAnswered(check, ({ json }) => json.status !== "active");
  assert.deepEqual([answer.json.status, answer.json.source], ["revoked", "ledger"]);
});

test("a change is in the list while an import is at work", async () => {
  const busy = await start({ secrets: { LICENTIA_PUBLISH_BUDGET: "1/1d" } });
  try {
    const { id: productId } = await createProduct(busy, { tokenAlgorithm: "EdDSA" });
    const license = await createLicense(busy, { id: productId });
    const { status } = claimsIn((await anonymous(busy, "POST", "/v3/licenses/check", { key: license.key })).json.statement);
    await listed(busy);
    const { id } = (await busy.call("POST", "/v3/imports")).json;
    for (const part of [1, 2, 3, 4]) {
      const line = (_, number) => {
        const data = { ...documented, id: randomUUID(), key: `LISTED-${part}-${number}-AAAAAAAA`, productId, revoked: false };
        return JSON.stringify({ resource: "license", data });
      };
      const sent = await busy.call("PUT", `/v3/imports/${id}/parts/${part}`, Array.from({ length: 10_000 }, line).join("\n"));
      assert.deepEqual(sent.json.problems, [], sent.text);
    }
    assert.equal((await busy.call("POST", `/v3/imports/${id}/start`)).status, 202);
    await busy.call("PATCH", `/v3/licenses/${license.id}`, { revoked: true });
    // The alarm that applies it works for twenty seconds, if there is as much to do.
    await busy.kv.until((kv) => statusAt(published(kv), status.status_list.idx) === REVOKED, { limit: 15_000 });
    assert.equal((await busy.call("GET", `/v3/imports/${id}`)).json.status, "applying");
  } finally {
    await busy.stop();
  }
});
