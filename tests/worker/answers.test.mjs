// Every answer to an application is signed, whatever it says; and one comes while the ledger is silent.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, createPublicKey, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { start } from "../harness/index.mjs";
import { isSigned, signatures } from "../harness/signature.mjs";
import { anonymous, createLicense, createProduct, isProblem, keysOf, machine, statementOf } from "./story.mjs";

const KEY = "AAAAAA-AAAAAA-AAAAAA-AAAAAA-AAAAAA-AAAAAA";
const ID = "23d9646c-34f5-4d37-adeb-f7f77b927bdb";
let server, product, license, keys;
before(async () => {
  server = await start();
  product = await createProduct(server);
  license = await createLicense(server, product, { allowedActivations: 10 });
  keys = (await keysOf(server, product.id)).statementKeys;
});
after(() => server?.stop());

const digestOf = (text) => `sha-256=:${createHash("sha256").update(text).digest("base64")}:`;

/** Asks as an application does, with a nonce and a digest, and returns the answer once its signature was verified. */
async function ask(method, path, body, { headers = {}, at = server, by = keys } = {}) {
  const sent = typeof body === "object" ? JSON.stringify(body) : body;
  const ours = { "Licentia-Nonce": randomUUID(), "Content-Type": "application/json", ...(sent && { "Content-Digest": digestOf(sent) }) };
  const request = { method, url: at.url + path, headers: { ...ours, ...headers } };
  const response = await fetch(request.url, { ...request, body: sent });
  const text = await response.text();
  const created = isSigned(request, response, text, by);
  assert.ok(Math.abs(created - Date.now() / 1000) < 30);
  return { status: response.status, headers: response.headers, text, json: text ? JSON.parse(text) : undefined, request, response };
}

test("activating, syncing, counting and deactivating are answered with a signature", async () => {
  const activated = await ask("POST", "/v3/activations", machine(license));
  assert.equal(activated.status, 201, activated.text);
  const again = await ask("POST", "/v3/activations", machine(license));
  assert.equal(again.status, 200);
  const { aid } = JSON.parse(Buffer.from(again.json.activationToken.split(".")[1], "base64url"));
  assert.equal((await ask("PATCH", `/v3/activations/${aid}`, machine(license))).status, 200);
  isProblem(await ask("POST", `/v3/activations/meter-attributes/${ID}`, { activationId: aid, increment: 1 }), 404, "METER_ATTRIBUTE_NOT_FOUND");
  assert.equal((await ask("DELETE", `/v3/activations/${aid}`)).status, 204);
  isProblem(await ask("PATCH", `/v3/activations/${aid}`, machine(license)), 404, "ACTIVATION_NOT_FOUND");
});

test("so are a check and a product's keys", async () => {
  assert.equal((await ask("POST", "/v3/licenses/check", { key: license.key })).status, 200);
  assert.equal((await ask("GET", `/v3/products/${product.id}/keys`)).status, 200);
});

for (const [method, path, body, status, code] of [
  ["POST", "/v3/activations", "{", 400, "INVALID_JSON"],
  ["POST", "/v3/activations", {}, 400, "INVALID_FIELD"],
  ["POST", "/v3/activations", "x".repeat(1_048_577), 413, "BODY_TOO_LARGE"],
  ["POST", "/v3/activations", { ...machine({ key: KEY, productId: ID }) }, 400, "INVALID_LICENSE_KEY"],
  ["GET", "/v3/activations", undefined, 401, "UNAUTHORIZED"],
  ["PUT", "/v3/activations", {}, 405, "METHOD_NOT_ALLOWED"],
  ["PATCH", "/v3/activations/5", {}, 400, "INVALID_ID"],
  ["DELETE", `/v3/activations/${ID}`, undefined, 404, "ACTIVATION_UNKNOWN"],
  ["POST", `/v3/activations/${ID}/nothing`, {}, 404, "ROUTE_NOT_FOUND"],
  ["POST", "/v3/licenses/check", { key: KEY }, 404, "LICENSE_UNKNOWN"],
  ["GET", `/v3/products/${ID}/keys`, undefined, 404, "PRODUCT_NOT_FOUND"],
]) {
  test(`${method} ${path.replace(ID, "{id}")} with ${code} is signed`, async () => {
    isProblem(await ask(method, path, body), status, code);
  });
}

test("an answer to another product's machine is signed", async () => {
  const other = await createProduct(server);
  isProblem(await ask("POST", "/v3/activations", { ...machine(license), productId: other.id }), 400, "INVALID_PRODUCT_ID");
});

test("HEAD and a list are signed, and what no application asks is not", async () => {
  const headers = { Authorization: `Bearer ${server.token}` };
  assert.equal((await ask("GET", "/v3/activations?limit=1", undefined, { headers })).status, 200);
  const head = await ask("HEAD", "/v3/activations", undefined, { headers });
  assert.equal(head.status, 200);
  for (const path of ["/v3/status", "/v3/licenses", "/v3/activation-logs", "/v3/nothing"]) {
    const answer = await server.call("GET", path);
    assert.equal(answer.headers.get("Signature"), null, path);
  }
});

test("one request too many is answered with a signature", async () => {
  const limited = await start({ secrets: { LICENTIA_RATE_LIMIT: "1/60s" } });
  try {
    const headers = { "CF-Connecting-IP": "198.51.100.7" };
    const { statementKeys: by } = await keysOf(limited, (await createProduct(limited)).id);
    isProblem(await ask("POST", "/v3/activations", {}, { headers, at: limited, by }), 400, "INVALID_FIELD");
    isProblem(await ask("POST", "/v3/activations", {}, { headers, at: limited, by }), 429, "RATE_LIMIT_EXCEEDED");
  } finally {
    await limited.stop();
  }
});

test("without a nonce, or with one that is no plain text, an answer is signed without it", async () => {
  for (const headers of [{}, { "Licentia-Nonce": "a b" }, { "Licentia-Nonce": "x".repeat(129) }]) {
    const request = { method: "GET", url: `${server.url}/v3/products/${product.id}/keys`, headers };
    const response = await fetch(request.url, { headers });
    isSigned({ ...request, headers: {} }, response, await response.text(), keys);
  }
});

test("a body that was changed on its way is refused, and changes nothing", async () => {
  const [sent, other] = [machine(license, "changed"), machine(license, "other")].map((body) => JSON.stringify(body));
  const count = async () => (await server.call("GET", `/v3/activations?licenseId=${license.id}`)).json.length;
  const before = await count();
  isProblem(await ask("POST", "/v3/activations", other, { headers: { "Content-Digest": digestOf(sent) } }), 400, "CONTENT_DIGEST_MISMATCH");
  isProblem(await ask("POST", "/v3/licenses/check", {}, { headers: { "Content-Digest": digestOf("") } }), 400, "CONTENT_DIGEST_MISMATCH");
  const created = await server.call("POST", "/v3/products", { name: "Changed" }, { "Content-Digest": digestOf("{}") });
  isProblem(created, 400, "CONTENT_DIGEST_MISMATCH");
  assert.equal(await count(), before);
  // Digests by other algorithms, and what is none, are passed over and not signed.
  for (const digest of ["sha-512=:AAAA:", "sha-256", "none"]) {
    const request = { method: "POST", url: `${server.url}/v3/activations`, headers: { "Content-Digest": digest, "Content-Type": "application/json" } };
    const response = await fetch(request.url, { ...request, body: sent });
    assert.ok(response.ok, await response.clone().text());
    isSigned({ ...request, headers: {} }, response, await response.text(), keys);
  }
});

test("a path is signed as it was sent", async () => {
  isProblem(await ask("PATCH", "/v3/activations/%41%20b?x=1", {}), 400, "INVALID_ID");
});

test("while a master key is rotated, its statement key and the one before both sign", async () => {
  const rotated = await start();
  try {
    const { id } = await createProduct(rotated);
    await rotated.restart({ LICENTIA_MASTER_KEYS: `new:${Buffer.alloc(32, 7).toString("base64")},${rotated.masterKeys}` });
    const { statementKeys: by } = await keysOf(rotated, id);
    assert.equal(by.length, 2);
    assert.equal((await ask("GET", `/v3/products/${id}/keys`, undefined, { at: rotated, by })).status, 200);
  } finally {
    await rotated.stop();
  }
});

test("openssl says so too", async () => {
  const { request, response } = await ask("POST", "/v3/licenses/check", { key: license.key });
  const [{ base, signature }] = signatures(request, response);
  const directory = mkdtempSync(join(tmpdir(), "licentia-"));
  const file = (name, content) => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  try {
    const pem = createPublicKey({ key: keys[0], format: "jwk" }).export({ type: "spki", format: "pem" });
    const verifying = (text) =>
      spawnSync("openssl", ["pkeyutl", "-verify", "-pubin", "-inkey", file("key.pem", pem), "-rawin", "-in", file("base", text), "-sigfile", file("signature", signature)]);
    const said = verifying(base);
    assert.equal(said.status, 0, String(said.error ?? said.stderr));
    assert.notEqual(verifying(`${base} `).status, 0);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a preflight lets a page send a nonce", async () => {
  const answer = await fetch(`${server.url}/v3/activations`, { method: "OPTIONS" });
  assert.equal(answer.status, 204);
  for (const name of ["Licentia-Nonce", "Content-Digest"]) assert.match(answer.headers.get("Access-Control-Allow-Headers"), new RegExp(`\\b${name}\\b`));
});

for (const mode of ["throw", "hang"]) {
  test(`while the ledger is told to ${mode}, applications get KV's statement, signed`, async () => {
    await server.setLedger(mode);
    try {
      const [sync, unnamed, unknown, fresh, known, absent] = await Promise.all([
        ask("PATCH", `/v3/activations/${ID}`, machine(license)),
        ask("DELETE", `/v3/activations/${ID}`),
        ask("POST", "/v3/activations", machine({ ...license, key: KEY })),
        ask("POST", "/v3/licenses/check?fresh=1", { key: license.key }),
        ask("POST", "/v3/licenses/check", { key: license.key }),
        ask("GET", `/v3/products/${ID}/keys`),
      ]);
      for (const answer of [sync, unnamed, unknown, fresh, absent]) {
        isProblem(answer, 503, "LEDGER_UNAVAILABLE");
        assert.equal(answer.headers.get("Retry-After"), "5");
      }
      for (const { json } of [sync, fresh]) assert.equal((await statementOf(server, product.id, json.statement)).lid, license.id);
      for (const { json } of [unnamed, unknown, absent]) assert.equal("statement" in json, false);
      assert.equal(known.json.source, "published");
    } finally {
      await server.setLedger("pass");
    }
    assert.equal((await ask("POST", "/v3/activations", machine(license, mode))).status, 201);
  });
}

test("the statement in place of the ledger says what was revoked", async () => {
  const revoked = await createLicense(server, product);
  const answer = await server.call("PATCH", `/v3/licenses/${revoked.id}`, { revoked: true });
  assert.equal(answer.status, 200, answer.text);
  await server.setLedger("throw");
  try {
    const sync = await ask("PATCH", `/v3/activations/${ID}`, machine(revoked));
    isProblem(sync, 503, "LEDGER_UNAVAILABLE");
    assert.equal((await statementOf(server, product.id, sync.json.statement)).revoked, true);
  } finally {
    await server.setLedger("pass");
  }
});

test("with ledger and KV both silent, an application is still answered with a signature", async () => {
  await server.setLedger("throw");
  server.kv.reads = "hang";
  try {
    const sync = await ask("PATCH", `/v3/activations/${ID}`, machine(license));
    isProblem(sync, 503, "LEDGER_UNAVAILABLE");
    assert.equal("statement" in sync.json, false);
  } finally {
    server.kv.heal();
    await server.setLedger("pass");
  }
});

test("a management call that the ledger does not answer is our fault, as before", async () => {
  await server.setLedger("throw");
  try {
    isProblem(await server.call("GET", "/v3/licenses"), 500, "INTERNAL_ERROR");
    isProblem(await anonymous(server, "GET", "/v3/licenses"), 401, "UNAUTHORIZED");
  } finally {
    await server.setLedger("pass");
  }
});
