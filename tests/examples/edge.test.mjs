// The example that guards an API: who shows the token of a good license is let in, and nobody else.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { start } from "../harness/index.mjs";
import { anonymous, create, createLicense, createProduct, machine } from "../worker/story.mjs";
import { startEdge } from "./edge.mjs";

let server;
let product;
let edge;
before(async () => {
  server = await start();
  product = await createProduct(server, { tokenAlgorithm: "EdDSA" });
  edge = await startEdge(server, { productId: product.id });
});
after(async () => {
  await edge?.stop();
  await server?.stop();
});

/** A license with the token of a machine that has activated. */
async function activated(fields = {}, of = product) {
  const license = await createLicense(server, of, fields);
  const { activationToken } = await create({ call: (...args) => anonymous(server, ...args) }, "/v3/activations", machine(license));
  return { license, token: activationToken };
}

test("the token of a good license opens it", async () => {
  const { token } = await activated();
  assert.deepEqual(await edge.ask(token), { status: 200, report: "Everything that only customers may know." });
});

test("without a token, or with one that nobody signed, it stays closed", async () => {
  assert.deepEqual((await edge.ask()).status, 401);
  const { token } = await activated();
  const [header, payload, signature] = token.split(".");
  for (const forged of ["x", `${header}.${payload}.`, `${header}.${payload}.${signature.slice(4)}AAAA`, `${header}.e30.${signature}`]) {
    assert.equal((await edge.ask(forged)).status, 401, forged);
  }
});

test("a license of another product, an expired and a suspended one do not open it", async () => {
  const other = await createProduct(server, { tokenAlgorithm: "EdDSA" });
  const codes = [];
  for (const [fields, of] of [[{}, other], [{ expiresAt: "2020-01-01T00:00:00Z" }], [{ suspended: true }]]) {
    const { token } = await activated(fields, of);
    const { status, code } = await edge.ask(token);
    codes.push([status, code]);
  }
  assert.deepEqual(codes, [[401, "LA_FAIL"], [401, "LA_EXPIRED"], [401, "LA_SUSPENDED"]]);
});

test("a revoked license closes it, although its token is still good", async () => {
  const { license, token } = await activated();
  assert.equal((await server.call("PATCH", `/v3/licenses/${license.id}`, { revoked: true })).status, 200);
  const { status, code } = await edge.ask(token);
  assert.deepEqual([status, code], [403, "LA_E_REVOKED"]);
});
