// What the Worker answers by itself: health, CORS, tokens, paths, limits, secrets; and that it asks no ledger for it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "../harness/index.mjs";
import { anonymous, createLicense, createProduct, isProblem, listed, machine } from "./story.mjs";

const ID = "23d9646c-34f5-4d37-adeb-f7f77b927bdb";
let server;
before(async () => (server = await start()));
after(() => server?.stop());

test("health needs no token and no ledger", async () => {
  const calls = await server.ledgerCalls();
  const answer = await anonymous(server, "GET", "/v3/status");
  assert.equal(answer.status, 200);
  assert.equal(answer.json.status, "ok");
  assert.equal(await server.ledgerCalls(), calls);
});

test("a page of any origin may ask, and reads our headers", async () => {
  const preflight = await fetch(`${server.url}/v3/licenses`, {
    method: "OPTIONS",
    headers: { Origin: "https://shop.example", "Access-Control-Request-Headers": "authorization,content-type" },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("Access-Control-Allow-Origin"), "*");
  assert.equal(preflight.headers.get("Access-Control-Allow-Credentials"), null);
  const allowed = preflight.headers.get("Access-Control-Allow-Headers").toLowerCase().split(/, */);
  for (const name of ["authorization", "content-type", "idempotency-key", "if-match", "licentia-nonce"]) assert.ok(allowed.includes(name), name);
  for (const method of ["GET", "POST", "PATCH", "DELETE"])
    assert.match(preflight.headers.get("Access-Control-Allow-Methods"), new RegExp(method));

  const refused = await anonymous(server, "GET", "/v3/licenses");
  isProblem(refused, 401, "UNAUTHORIZED");
  const exposed = refused.headers.get("Access-Control-Expose-Headers");
  for (const name of ["X-Request-Id", "ETag", "Licentia-Published", "Content-Digest", "Signature-Input", "Signature"]) assert.match(exposed, new RegExp(name));
});

test("each answer has its own request id", async () => {
  const ids = await Promise.all([1, 2, 3].map(async () => (await server.call("GET", "/v3/status")).headers.get("X-Request-Id")));
  assert.equal(new Set(ids).size, 3);
});

for (const [name, header] of [
  ["no token", ""],
  ["a malformed token", "lct_nothing"],
  ["another scheme", "Basic cm9vdDpyb290"],
  ["a wrong token", "Bearer lct_wrong"],
  ["an empty token", "Bearer "],
]) {
  test(`${name} is 401 and reaches no ledger`, async () => {
    const calls = await server.ledgerCalls();
    for (const path of ["/v3/licenses", `/v3/licenses/${ID}`, `/v3/licenses/${ID}?source=published`, "/v3/products"]) {
      isProblem(await server.call("GET", path, undefined, { Authorization: header }), 401, "UNAUTHORIZED");
    }
    isProblem(await server.call("PATCH", `/v3/licenses/${ID}`, { revoked: true }, { Authorization: header }), 401, "UNAUTHORIZED");
    assert.equal(await server.ledgerCalls(), calls);
  });
}

test("an unknown path is 404 and a method that a path lacks is 405 with Allow", async () => {
  isProblem(await server.call("GET", "/v3/nothing"), 404, "ROUTE_NOT_FOUND");
  isProblem(await server.call("GET", "/v3"), 404, "ROUTE_NOT_FOUND");
  const answer = await server.call("PUT", `/v3/licenses/${ID}`, {});
  isProblem(answer, 405, "METHOD_NOT_ALLOWED");
  assert.deepEqual(answer.headers.get("Allow").split(", ").sort(), ["DELETE", "GET", "HEAD", "PATCH"]);
  isProblem(await server.call("GET", "/no-page"), 404, "ROUTE_NOT_FOUND");
});

test("an id in the path that is no UUID is 400", async () => {
  isProblem(await server.call("PATCH", "/v3/licenses/5", { revoked: true }), 400, "INVALID_ID");
});

test("a body over the limit is 413, declared or not, and nothing is read of it", async () => {
  const calls = await server.ledgerCalls();
  const large = JSON.stringify({ name: "x".repeat(1_048_576) });
  isProblem(await server.call("POST", "/v3/products", large), 413, "BODY_TOO_LARGE");

  const pieces = new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode("x".repeat(65_536)));
      this.count = (this.count ?? 0) + 1;
      if (this.count === 24) controller.close();
    },
  });
  const response = await fetch(`${server.url}/v3/products`, {
    method: "POST",
    headers: { Authorization: `Bearer ${server.token}`, "Content-Type": "application/json" },
    body: pieces,
    duplex: "half",
  });
  assert.equal(response.status, 413);
  assert.equal((await response.json()).code, "BODY_TOO_LARGE");
  assert.equal(await server.ledgerCalls(), calls);

  const whole = new Blob([JSON.stringify({ name: "In pieces" })]).stream();
  const created = await fetch(`${server.url}/v3/products`, {
    method: "POST",
    headers: { Authorization: `Bearer ${server.token}`, "Content-Type": "application/json" },
    body: whole,
    duplex: "half",
  });
  assert.equal(created.status, 201);
});

test("HEAD answers as GET does, without the body", async () => {
  const answer = await server.call("HEAD", "/v3/licenses");
  assert.equal(answer.status, 200);
  assert.equal(answer.text, "");
});

test("a check is answered from KV with no ledger call", async () => {
  const product = await createProduct(server);
  const license = await createLicense(server, product);
  await listed(server);
  const calls = await server.ledgerCalls();
  const known = await anonymous(server, "POST", "/v3/licenses/check", { key: license.key });
  assert.equal(known.status, 200, known.text);
  assert.equal(known.json.source, "published");
  assert.match(known.headers.get("Licentia-Published"), /^\d+$/);
  isProblem(await anonymous(server, "POST", "/v3/licenses/check", { key: 5 }), 400, "INVALID_FIELD");
  isProblem(await anonymous(server, "POST", "/v3/licenses/check", "{"), 400, "INVALID_JSON");
  assert.equal((await anonymous(server, "GET", `/v3/products/${product.id}/keys`)).status, 200);
  assert.equal(await server.ledgerCalls(), calls);
});

test("a check by token takes one read of KV once the product's keys were read", async () => {
  const product = await createProduct(server);
  const license = await createLicense(server, product);
  await listed(server);
  const activated = await anonymous(server, "POST", "/v3/activations", machine(license));
  const { activationToken } = activated.json;
  const reads = () => server.kv.operations.filter(({ method }) => method === "GET").length;
  const check = async () => {
    const [before, calls] = [reads(), await server.ledgerCalls()];
    const answer = await anonymous(server, "POST", "/v3/licenses/check", { activationToken });
    assert.equal(answer.json.activation, "unknown", answer.text);
    assert.equal(await server.ledgerCalls(), calls);
    return reads() - before;
  };
  assert.deepEqual([await check(), await check()], [2, 1]);
});

test("what KV does not have, the ledger is asked for", async () => {
  const product = await createProduct(server);
  const license = await createLicense(server, product);
  server.kv.values.clear();
  const answer = await anonymous(server, "POST", "/v3/licenses/check", { key: license.key });
  assert.equal(answer.json.source, "ledger", answer.text);
  const keys = await anonymous(server, "GET", `/v3/products/${product.id}/keys`);
  assert.equal(keys.json.productId, product.id, keys.text);
  isProblem(await anonymous(server, "POST", "/v3/licenses/check", { key: "AAAAAA-AAAAAA-AAAAAA-AAAAAA-AAAAAA-AAAAAA" }), 404, "LICENSE_UNKNOWN");
  isProblem(await anonymous(server, "GET", `/v3/products/${ID}/keys`), 404, "PRODUCT_NOT_FOUND");
  isProblem(await server.call("GET", `/v3/licenses/${license.id}?source=published`), 404, "LICENSE_NOT_FOUND");
});

test("what lies in KV and is no document of ours is passed over", async () => {
  const product = await createProduct(server);
  const license = await createLicense(server, product);
  for (const name of server.kv.values.keys()) server.kv.values.set(name, '{"statement":"');
  const answer = await anonymous(server, "POST", "/v3/licenses/check", { key: license.key });
  assert.equal(answer.json.source, "ledger", answer.text);
  const keys = await anonymous(server, "GET", `/v3/products/${product.id}/keys`);
  assert.equal(keys.json.productId, product.id, keys.text);
  isProblem(await server.call("GET", `/v3/licenses/${license.id}?source=published`), 500, "INTERNAL_ERROR");
});

for (const reads of ["fail", "hang"]) {
  test(`when reads of KV ${reads}, the ledger is asked`, async () => {
    const product = await createProduct(server);
    const license = await createLicense(server, product);
    server.kv.reads = reads;
    try {
      const answer = await anonymous(server, "POST", "/v3/licenses/check", { key: license.key });
      assert.equal(answer.json.source, "ledger", answer.text);
      assert.equal((await anonymous(server, "GET", `/v3/products/${product.id}/keys`)).status, 200);
      const published = await server.call("GET", `/v3/licenses/${license.id}?source=published`);
      isProblem(published, 503, "REQUEST_TIMEOUT");
      assert.equal(published.headers.get("Retry-After"), "1");
    } finally {
      server.kv.heal();
    }
  });
}

for (const name of ["LICENTIA_ROOT_TOKEN", "LICENTIA_MASTER_KEYS"]) {
  test(`without ${name} every call is 503`, async () => {
    const bare = await start({ secrets: { [name]: null } });
    try {
      for (const path of ["/v3/status", "/v3/licenses", "/v3/nothing"]) {
        const answer = await bare.call("GET", path);
        isProblem(answer, 503, "NOT_CONFIGURED");
        assert.match(answer.json.message, new RegExp(name));
      }
    } finally {
      await bare.stop();
    }
  });
}

test("master keys that cannot be read are 503, and are not repeated", async () => {
  const bare = await start({ secrets: { LICENTIA_MASTER_KEYS: "id:c2hvcnQ=" } });
  try {
    const answer = await bare.call("GET", "/v3/status");
    isProblem(answer, 503, "NOT_CONFIGURED");
    assert.doesNotMatch(answer.text, /c2hvcnQ/);
  } finally {
    await bare.stop();
  }
});
