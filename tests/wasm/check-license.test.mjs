// `checkLicense` of the npm package in Node: against the built Worker in workerd, and against servers that lie.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { checkActivationResponse, checkLicense, LicenseError } from "../../crates/wasm/js/dist/check.node.js";
import { ROOT, start } from "../harness/index.mjs";
import { anonymous, createLicense, createProduct, machine } from "../worker/story.mjs";

/** Runs the text of a function that awaits. */
const AsyncFunction = (async () => {}).constructor;

let server, product, publicKey;
before(async () => {
  server = await start();
  product = await createProduct(server);
  publicKey = (await server.call("GET", `/v3/products/${product.id}/product.dat`)).text;
});
after(() => server?.stop());

async function activated(changes = {}) {
  const license = await createLicense(server, product, changes);
  const { json } = await anonymous(server, "POST", "/v3/activations", machine(license));
  return { ...license, activationToken: json.activationToken };
}

const revoke = (license) => server.call("PATCH", `/v3/licenses/${license.id}`, { revoked: true });
const check = (question) => checkLicense({ publicKey, ...question });
/** Asks a server that answers what it is told to, and signs no answer. */
const answered = (status, json, question) => check({ key: "key", answers: "any", fetch: async () => new Response(JSON.stringify(json), { status }), ...question });

test("a license is checked by its key, and its server is named by product.dat", async () => {
  const { key, id } = await activated();
  const { statement, asOf, ...verdict } = await check({ key });
  assert.deepEqual(verdict, { code: 0, name: "LA_OK", activation: null, source: "published" });
  // How fresh it is, the status list tells, as soon as there is one.
  assert.ok(asOf === null || Math.abs(Date.parse(asOf) - Date.now()) < 900_000, asOf);
  assert.equal(statement.lid, id);
});

test("the ledger says whether an activation exists", async () => {
  const { key, activationToken } = await activated();
  const fingerprint = "machine-1";
  assert.equal((await check({ activationToken, fingerprint })).activation, "unknown");
  for (const question of [{ activationToken }, { key, fingerprint }]) {
    const { name, activation, source, asOf } = await check({ ...question, fresh: true });
    assert.deepEqual([name, activation, source], ["LA_OK", "active", "ledger"]);
    assert.ok(Math.abs(Date.parse(asOf) - Date.now()) < 30_000);
  }
  const other = await check({ key, fingerprint: "machine-2", fresh: true });
  assert.deepEqual([other.name, other.activation], ["LA_E_ACTIVATION_NOT_FOUND", "none"]);
});

test("a revoked license is refused, by token and key, and so is one that is over at the time that is given", async () => {
  const license = await activated({ validity: 3600 });
  const now = Date.now() / 1000 + 7200;
  assert.equal((await check({ key: license.key, now })).name, "LA_EXPIRED");
  await revoke(license);
  for (const question of [{ key: license.key }, { activationToken: license.activationToken }]) {
    const { code, name, statement } = await check(question);
    assert.deepEqual([code, name, statement.revoked], [53, "LA_E_REVOKED", true]);
  }
});

test("while the ledger is silent, a fresh check tells what is revoked, and takes nothing else for good", async () => {
  const [good, bad] = [await activated(), await activated()];
  await revoke(bad);
  await server.setLedger("throw");
  try {
    assert.equal((await check({ key: bad.key, fresh: true })).name, "LA_E_REVOKED");
    const { name, statement } = await check({ key: good.key, fresh: true });
    assert.deepEqual([name, statement], ["LA_E_SERVER", null]);
  } finally {
    await server.setLedger("pass");
  }
});

test("what the vendor has not signed is not heard", async () => {
  const [license, other] = [await activated(), await activated()];
  const { json } = await anonymous(server, "POST", "/v3/licenses/check", { key: license.key });
  const heard = async (status, body, question) => (await answered(status, body, question)).name;
  assert.equal(await heard(200, json), "LA_OK");
  const statement = json.statement.replace(/[^.]*$/, (signature) => signature.split("").reverse().join(""));
  for (const lie of [{ ...json, statement }, { ...json, statement: license.activationToken }, { ...json, statement: 5 }, {}, [], null]) {
    assert.equal(await heard(200, lie), "LA_E_INET", JSON.stringify(lie));
  }
  assert.equal(await heard(200, json, { key: undefined, activationToken: other.activationToken }), "LA_E_INET");
  assert.equal(await heard(200, json, { key: undefined, activationToken: license.activationToken }), "LA_OK");
  assert.equal(await heard(200, json, { key: undefined, activationToken: "a.b.c" }), "LA_E_INET");
  assert.equal(await heard(503, json), "LA_E_SERVER");
  assert.equal(await heard(429, {}), "LA_E_RATE_LIMIT");
});

test("a server that cannot be reached is a verdict, and an abort is the signal's reason", async () => {
  const silent = await check({ key: "key", host: "http://127.0.0.1:9" });
  assert.deepEqual([silent.name, silent.statement, silent.source], ["LA_E_INET", null, null]);
  const reason = new Error("enough");
  await assert.rejects(check({ key: "key", signal: AbortSignal.abort(reason) }), reason);
});

test("the examples of docs/client.md print what stands behind them", async () => {
  const text = readFileSync(join(ROOT, "docs/client.md"), "utf8").split("## `licentia/check`")[1];
  const examples = Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, code]) => code);
  assert.equal(examples.length, 2);
  const { key: licenseKey, productId, activationToken } = await activated();
  const given = { host: server.url, licenseKey, productId, activationToken, fingerprint: "machine-1", publicKey, checkActivationResponse, checkLicense };
  for (const code of examples) {
    const printed = [];
    const console = { log: (...values) => printed.push(values.map(String).join(" ")) };
    const run = new AsyncFunction(...Object.keys(given), "console", code.replace(/^import .*$/gm, ""));
    await run(...Object.values(given), console);
    assert.deepEqual(printed, Array.from(code.matchAll(/^console\.log.* \/\/ (.*)$/gm), ([, line]) => line));
  }
});

test("options that are wrong are named", async () => {
  const wrong = { key: 5 };
  for (const [question, name] of [
    [{ publicKey: product.publicKey, key: "key" }, /publicKey/],
    [{ publicKey }, /key/],
    [{ publicKey, key: "key", activationToken: "token" }, /key/],
    [{ publicKey, ...wrong }, /key/],
    [{ publicKey, key: "key", host: "nowhere" }, /host/],
    [{ publicKey, key: "key", now: Date.now() }, /now/],
    [{ publicKey, key: "key", answers: "all" }, /answers/],
    [{ publicKey: { ...JSON.parse(publicKey), statementKeys: [] }, key: "key" }, /publicKey/],
    [undefined, /question/],
  ]) {
    await assert.rejects(checkLicense(question), (error) => error instanceof LicenseError && error.code === "INVALID_OPTION" && name.test(error.message));
  }
});
