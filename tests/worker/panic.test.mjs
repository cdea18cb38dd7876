// A panic answers, at once, and leaves no half-written row; the next request finds the server well.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "../harness/index.mjs";
import { createProduct, isProblem } from "./story.mjs";

let server;
before(async () => (server = await start({ bundle: "faults" })));
after(() => server?.stop());

const rows = async () => (await server.call("GET", "/v3/faults/rows")).json.rows;

test("a panic in the Worker answers 500 at once", async () => {
  const began = Date.now();
  isProblem(await server.call("GET", "/v3/faults/fetch"), 500, "INTERNAL_ERROR");
  assert.ok(Date.now() - began < 5_000);
  assert.equal((await server.call("GET", "/v3/status")).status, 200);
});

test("a panic in the ledger's transaction answers 500 at once and takes its row back", async () => {
  await server.call("GET", "/v3/faults/write");
  assert.equal(await rows(), 1);
  const began = Date.now();
  isProblem(await server.call("GET", "/v3/faults/transaction"), 500, "INTERNAL_ERROR");
  assert.ok(Date.now() - began < 5_000);
  assert.equal(await rows(), 1);
  await createProduct(server);
});

test("a panic ends the requests beside it with an answer, and none hangs", async () => {
  const paths = ["/v3/products", "/v3/faults/transaction", "/v3/licenses", "/v3/faults/fetch", "/v3/products"];
  const answers = await Promise.all(paths.map((path) => server.call("GET", path)));
  for (const answer of answers) assert.ok([200, 500].includes(answer.status), answer.text);
  assert.equal((await server.call("GET", "/v3/products")).status, 200);
});

test("the bundle that ships has no such route", async () => {
  const shipped = await start();
  try {
    isProblem(await shipped.call("GET", "/v3/faults/transaction"), 404, "ROUTE_NOT_FOUND");
  } finally {
    await shipped.stop();
  }
});
