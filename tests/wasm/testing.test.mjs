// `licentia/testing`: what vendors' own test suites are made with says what a server would say, and is in no other entry.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { checkActivationResponse } from "../../crates/wasm/js/dist/check.js";
import { LicentiaClient, memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { activationResponse, testClock, testProduct, testServer } from "../../crates/wasm/js/dist/testing.js";

const FINGERPRINT = "c0ffee".repeat(12);
const products = await Promise.all(["RS256", "EdDSA"].map((algorithm) => testProduct({ algorithm, metadata: [{ key: "site", value: "example.com" }] })));
const [product] = products;

/** Each state, with the verdict of an application on its answer, and what becomes of its activation. */
const STATES = [
  ["ok", 0, "replace"],
  ["suspended", 21, "replace"],
  ["expired", 20, "replace"],
  ["grace-over", 22, "replace"],
  ["lease-over", 1, "keep"],
  ["revoked", 53, "erase"],
  ["limit", 58, "keep"],
  ["not-effective", 110, "keep"],
  ["fingerprint", 63, "erase"],
  ["vm", 80, "erase"],
  ["container", 83, "erase"],
  ["country", 81, "erase"],
  ["address", 82, "erase"],
  ["type", 55, "erase"],
  ["ACTIVATION_NOT_FOUND", 59, "erase"],
  ["INVALID_LICENSE_KEY", 54, "erase"],
  ["RATE_LIMIT_EXCEEDED", 90, "keep"],
  ["INTERNAL_ERROR", 91, "keep"],
];

for (const product of products) {
  test(`each state has its verdict, signed by ${product.algorithm}`, async () => {
    const now = 1_800_000_000;
    const verdicts = [];
    for (const [state] of STATES) {
      const response = await activationResponse(state, { product, fingerprint: FINGERPRINT, now });
      const options = { productId: product.productId, licenseKey: "TEST-LICENSE-KEY", fingerprint: FINGERPRINT, publicKey: product.publicKey, now };
      const { code, activation } = checkActivationResponse(response, options);
      verdicts.push([state, code, activation]);
    }
    assert.deepEqual(verdicts, STATES);
  });
}

test("what the license is to be is said by the fields of the API", async () => {
  const license = { expiresAt: "2031-05-01T00:00:00Z", serverSyncInterval: 900, metadata: [{ key: "Plan", value: "pro", visible: true }] };
  const response = await activationResponse("ok", { product, fingerprint: FINGERPRINT, license, owner: { email: "kim@example.com", firstName: "Kim" } });
  const claims = JSON.parse(Buffer.from(JSON.parse(response.body).activationToken.split(".")[1], "base64url"));
  assert.deepEqual([claims.eat, claims.ssi, claims.lmd, claims.email, claims.pmd], [
    Date.UTC(2031, 4, 1) / 1000, 900, [{ key: "Plan", value: "pro" }], "kim@example.com", [{ key: "site", value: "example.com" }],
  ]);
});

test("what is wrong with a question is named", async () => {
  const asked = (state, more) => activationResponse(state, { product, fingerprint: FINGERPRINT, ...more });
  const fault = (message) => (error) => error.name === "LicenseError" && error.code === "INVALID_OPTION" && message.test(error.message);
  await assert.rejects(() => asked("gone"), fault(/`gone` is neither a state nor the code of an error/));
  await assert.rejects(() => asked("ok", { license: { validity: "long" } }), fault(/validity/));
  await assert.rejects(() => asked("ok", { licenseKey: "" }), fault(/key/));
});

test("a client goes through a script: activated, revoked, and only activating again helps", async () => {
  const clock = testClock("2030-01-01T00:00:00Z");
  const server = testServer({ product, clock });
  const client = await LicentiaClient.open({
    product: product.productId, host: server.host, fetch: server.fetch, storage: memoryStorage(), fingerprint: FINGERPRINT, now: clock.now,
  });
  assert.equal(client.isValid().code, 54);
  assert.equal((await client.activate(server.licenseKey)).name, "LA_OK");
  server.answers("suspended", "portal", "network-failure", "RATE_LIMIT_EXCEEDED", "ok", "revoked");
  const outcomes = [];
  for (let turn = 0; turn < 6; turn += 1) {
    clock.advance(60);
    outcomes.push(await client.sync().then(({ name }) => name, ({ code }) => code));
  }
  assert.deepEqual(outcomes, ["LA_SUSPENDED", "LA_E_INET", "LA_E_INET", "LA_E_RATE_LIMIT", "LA_OK", "LA_E_REVOKED"]);
  assert.deepEqual([client.isValid().name, client.lastActivationError().name], ["LA_FAIL", "LA_E_REVOKED"]);
  server.answers("ok");
  assert.equal((await client.activate()).name, "LA_OK");
  assert.deepEqual(server.requests.map(({ method }) => method), ["GET", "POST", ...Array(6).fill("PATCH"), "POST"]);
  assert.equal((await client.deactivate()).name, "LA_OK");
  client.close();
});

test("a machine that activates twice has one activation, and another key is refused", async () => {
  const server = testServer({ product });
  const ask = async (key) => {
    const body = JSON.stringify({ key, productId: product.productId, fingerprint: FINGERPRINT, os: "linux", hostname: "h", appVersion: "1", userHash: "u" });
    const answer = await (await server.fetch(`${server.host}/v3/activations`, { method: "POST", body })).json();
    return answer.code ?? JSON.parse(Buffer.from(answer.activationToken.split(".")[1], "base64url")).aid;
  };
  assert.equal(await ask(server.licenseKey), await ask(server.licenseKey));
  assert.equal(await ask("SOME-OTHER-LICENSE-KEY"), "INVALID_LICENSE_KEY");
});

test("a script has words that there are, and a server a product", () => {
  const invalid = { name: "LicenseError", code: "INVALID_OPTION" };
  const server = testServer({ product });
  for (const script of [["nope"], ["ok", "nope"], [null], [{}], [{ status: "200" }]]) {
    assert.throws(() => server.answers(...script), invalid, JSON.stringify(script));
  }
  for (const options of [undefined, {}, { product: "p" }, { product, license: { validity: "long" } }]) {
    assert.throws(() => testServer(options), invalid);
  }
});

test("a sync after the lease's end finds the seat freed, as at a server", async () => {
  const server = testServer({ product });
  const client = await LicentiaClient.open({
    product: product.productId, host: server.host, fetch: server.fetch, storage: memoryStorage(), fingerprint: FINGERPRINT,
  });
  await client.activate(server.licenseKey);
  server.answers("lease-over");
  await assert.rejects(client.sync(), { code: "LA_E_ACTIVATION_NOT_FOUND" });
  assert.deepEqual([client.isValid().name, client.lastActivationError().name], ["LA_FAIL", "LA_E_ACTIVATION_NOT_FOUND"]);
  client.close();
});

test("a clock goes where it is told", () => {
  const clock = testClock(0);
  clock.advance(90);
  assert.equal(clock.now(), 90_000);
  clock.set("2030-01-01T00:00:00Z");
  assert.equal(clock.now(), Date.UTC(2030, 0, 1));
  assert.throws(() => clock.set("soon"), { code: "INVALID_OPTION" });
});

test("no other entry holds any of it", () => {
  const dist = new URL("../../crates/wasm/js/dist/", import.meta.url);
  const others = readdirSync(dist).filter((name) => /\.c?js$/.test(name) && !name.startsWith("testing"));
  const holding = others.filter((name) => /testProduct|testServer|TEST-LICENSE-KEY|testing-engine/.test(readFileSync(new URL(name, dist), "utf8")));
  assert.ok(others.length > 10);
  assert.deepEqual(holding, []);
});
