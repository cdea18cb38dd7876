// What every call has in common: how many an address may send, requests that are sent twice, and long answers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "../harness/index.mjs";
import { claimsOf, createLicense, createProduct, isProblem, machine } from "./story.mjs";

let server;
before(async () => (server = await start()));
after(() => server?.stop());

/** A call without a token, from an address as Cloudflare names it. */
const from = (address, method, path, body, headers = {}) =>
  server.call(method, path, body, { Authorization: "", "CF-Connecting-IP": address, ...headers });

function saysHowItStands({ headers }) {
  assert.match(headers.get("X-Rate-Limit-Limit"), /^\d+[smhd]$/);
  assert.match(headers.get("X-Rate-Limit-Remaining"), /^\d+$/);
  const reset = headers.get("X-Rate-Limit-Reset");
  assert.ok(Date.parse(reset) > Date.now() - 1_000, reset);
}

test("every answer says how its address stands", async () => {
  const answers = [
    await from("192.0.2.1", "GET", "/v3/status"),
    await from("192.0.2.1", "GET", "/v3/nothing"),
    await from("192.0.2.1", "POST", "/v3/activations", "{"),
    await server.call("GET", "/v3/licenses"),
  ];
  for (const answer of answers) saysHowItStands(answer);
  const [first, second] = answers.map(({ headers }) => headers.get("X-Rate-Limit-Remaining"));
  assert.deepEqual([first, second], ["299", "298"]);
  assert.equal(answers[0].headers.get("X-Rate-Limit-Limit"), "5s");
});

test("thirty machines a second activate behind one address", async () => {
  const product = await createProduct(server, { tokenAlgorithm: "EdDSA" });
  const license = await createLicense(server, product, { allowedActivations: 90 });
  for (let second = 0; second < 3; second += 1) {
    const machines = Array.from({ length: 30 }, (_, i) => machine(license, `machine-${second}-${i}`));
    const answers = await Promise.all(machines.map((body) => from("192.0.2.2", "POST", "/v3/activations", body)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
  }
});

test("one request too many is 429 until the window ends, for its address alone", async () => {
  const limited = await start({ secrets: { LICENTIA_RATE_LIMIT: "3/1h" } });
  const ask = (address) => limited.call("GET", "/v3/status", undefined, { Authorization: "", "CF-Connecting-IP": address });
  try {
    for (const left of ["2", "1", "0"]) assert.equal((await ask("192.0.2.1")).headers.get("X-Rate-Limit-Remaining"), left);
    const refused = await ask("192.0.2.1");
    isProblem(refused, 429, "RATE_LIMIT_EXCEEDED");
    saysHowItStands(refused);
    assert.match(refused.headers.get("Retry-After"), /^[1-9]\d*$/);
    assert.equal((await ask("192.0.2.2")).status, 200);
    const root = await limited.call("GET", "/v3/licenses", undefined, { "CF-Connecting-IP": "192.0.2.1" });
    assert.equal(root.status, 200);
    assert.equal(root.headers.get("X-Rate-Limit-Remaining"), "29");
  } finally {
    await limited.stop();
  }
});

test("without limits nothing is said of any, and a limit that is none is said to be wrong", async () => {
  const [free, broken] = await Promise.all([
    start({ secrets: { LICENTIA_RATE_LIMIT: "off" } }),
    start({ secrets: { LICENTIA_BAD_KEY_LIMIT: "many" } }),
  ]);
  try {
    assert.equal((await free.call("GET", "/v3/status")).headers.get("X-Rate-Limit-Limit"), null);
    const answer = await broken.call("GET", "/v3/status");
    isProblem(answer, 503, "NOT_CONFIGURED");
    assert.match(answer.json.message, /LICENTIA_BAD_KEY_LIMIT/);
  } finally {
    await Promise.all([free.stop(), broken.stop()]);
  }
});

test("the twenty-first wrong key of a minute is 429, and who holds an activation still syncs", async () => {
  const product = await createProduct(server, { tokenAlgorithm: "EdDSA" });
  const license = await createLicense(server, product, { allowedActivations: 5 });
  const address = "192.0.2.3";
  assert.equal((await from(address, "POST", "/v3/activations", machine(license))).status, 201);
  const [activation] = (await server.call("GET", `/v3/activations?licenseId=${license.id}`)).json;
  const wrong = (i) => machine({ ...license, key: `AAAAAA-AAAAAA-AAAAAA-AAAAAA-AAAAAA-AAAA${i + 10}` });
  for (let i = 0; i < 20; i += 1) {
    const path = i % 2 ? "/v3/activations" : "/v3/licenses/check";
    const answer = await from(address, "POST", path, wrong(i));
    assert.ok(["INVALID_LICENSE_KEY", "LICENSE_UNKNOWN"].includes(answer.json.code), answer.text);
  }
  for (const path of ["/v3/activations", "/v3/licenses/check"]) {
    const refused = await from(address, "POST", path, wrong(20));
    isProblem(refused, 429, "RATE_LIMIT_EXCEEDED");
    saysHowItStands(refused);
    const seconds = Number(refused.headers.get("Retry-After"));
    assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, refused.headers.get("Retry-After"));
  }
  assert.equal((await from(address, "PATCH", `/v3/activations/${activation.id}`, machine(license))).status, 200);
  assert.equal((await from("192.0.2.4", "POST", "/v3/activations", machine(license, "machine-2"))).status, 201);
});

test("a wrong token counts as a wrong key, and the right one is let in all the same", async () => {
  const ask = (token) => from("192.0.2.5", "GET", "/v3/licenses", undefined, { Authorization: `Bearer ${token}` });
  for (let i = 0; i < 20; i += 1) isProblem(await ask(`lct_wrong${i}`), 401, "UNAUTHORIZED");
  isProblem(await ask("lct_wrong"), 429, "RATE_LIMIT_EXCEEDED");
  assert.equal((await ask(server.token)).status, 200);
});

test("a request that is sent again after a crash is answered as it was, and takes no second effect", async () => {
  const product = await createProduct(server);
  const license = await createLicense(server, product, { allowedActivations: 5 });
  const headers = { "Idempotency-Key": `crash ${license.id}` };
  const send = (body, more = {}) => from("192.0.2.6", "POST", "/v3/activations", body, { ...headers, ...more });
  const create = () => server.call("POST", "/v3/licenses", { productId: product.id }, headers);
  const first = await send(machine(license));
  const created = await create();
  assert.deepEqual([first.status, created.status], [201, 201]);
  assert.equal(first.headers.get("Idempotency-Replayed"), null);

  await server.restart();
  const again = await send(machine(license));
  assert.equal(again.status, 201);
  assert.equal(again.headers.get("Idempotency-Replayed"), "true");
  assert.equal(again.json.activationToken, first.json.activationToken);
  await claimsOf(server, product.id, again.json.activationToken);

  const twin = await create();
  assert.deepEqual(twin.json, created.json);
  for (const name of ["ETag", "Licentia-Published"]) assert.equal(twin.headers.get(name), created.headers.get(name));
  const licenses = (await server.call("GET", `/v3/licenses?productId=${product.id}`)).json;
  assert.deepEqual(licenses.map(({ id }) => id), [license.id, created.json.id]);

  isProblem(await send(machine(license, "machine-2")), 422, "IDEMPOTENCY_KEY_REUSED");
  isProblem(await send(machine(license), { "Idempotency-Key": "x".repeat(256) }), 400, "INVALID_FIELD");
});

test("requests with one key that come at once take one effect", async () => {
  const headers = { "Idempotency-Key": "at once" };
  const send = () => server.call("POST", "/v3/products", { name: "Twins" }, headers);
  const answers = await Promise.all(Array.from({ length: 5 }, send));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
  assert.equal(new Set(answers.map(({ json }) => json.id)).size, 1);
  assert.equal(answers.filter(({ headers }) => headers.get("Idempotency-Replayed")).length, 4);
});

test("an update of a version that has passed is 412 and changes nothing", async () => {
  const license = await createLicense(server, await createProduct(server, { tokenAlgorithm: "EdDSA" }));
  const path = `/v3/licenses/${license.id}`;
  const read = await server.call("GET", path);
  const update = (notes) => server.call("PATCH", path, { notes }, { "If-Match": read.headers.get("ETag") });
  assert.equal((await update("first")).status, 200);
  isProblem(await update("second"), 412, "VERSION_MISMATCH");
  assert.equal((await server.call("GET", path)).json.notes, "first");
});

test("a long answer comes in slices, no faster than it is read, and breaks off if one cannot be had", async () => {
  const faulty = await start({ bundle: "faults" });
  try {
    const whole = await (await fetch(`${faulty.url}/v3/faults/slices/20`)).text();
    assert.equal(whole, Array.from({ length: 20 }, (_, i) => String(i % 10).repeat(65_536)).join(""));
    assert.equal(await (await fetch(`${faulty.url}/v3/faults/slices/20`, { method: "HEAD" })).text(), "");

    const calls = await faulty.ledgerCalls();
    const slow = (await fetch(`${faulty.url}/v3/faults/slices/4000`)).body.getReader();
    await slow.read();
    assert.ok((await faulty.ledgerCalls()) - calls < 2_000, "the ledger was asked for what nobody read");
    await slow.cancel();

    await assert.rejects(async () => (await fetch(`${faulty.url}/v3/faults/broken/20`)).text());
  } finally {
    await faulty.stop();
  }
});

test("an empty key is not taken for one that was left out", async () => {
  const body = { name: "Guarded", tokenAlgorithm: "EdDSA" };
  isProblem(await server.call("POST", "/v3/products", body, { "Idempotency-Key": "" }), 400, "INVALID_FIELD");
});

test("a refusal to somebody without a token is decided anew", async () => {
  const headers = { Authorization: "", "Idempotency-Key": "of nobody" };
  for (let turn = 0; turn < 2; turn += 1) {
    const answer = await server.call("POST", "/v3/activations", { key: "nothing" }, headers);
    isProblem(answer, 400, "INVALID_FIELD");
    assert.equal(answer.headers.get("Idempotency-Replayed"), null);
  }
});
