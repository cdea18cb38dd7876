// Files of machines without a connection, handed in by the command line, against the built Worker in workerd.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { start } from "../harness/index.mjs";
import { claimsOf, createLicense, createProduct, machine } from "../worker/story.mjs";
import { at } from "./cli.mjs";

let server;
let run;
const directory = mkdtempSync(join(tmpdir(), "licentia-offline-"));

before(async () => {
  server = await start();
  run = at(server);
});
after(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

/** Writes a request as `docs/http-api.md` says it, and returns the file's path. */
function file(name, kind, payload) {
  const parts = [{ kind, version: 1 }, { madeAt: Math.floor(Date.now() / 1000), ...payload }];
  const said = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const path = join(directory, name);
  writeFileSync(path, `${said}.${createHash("sha256").update(said).digest("base64url")}\n`);
  return path;
}

test("a machine's request becomes a response, and its proof frees the seat", async () => {
  const product = await createProduct(server);
  const license = await createLicense(server, product);
  const request = file("request.txt", "offline-activation", { activation: machine(license) });
  const out = join(directory, "response.txt");

  const { stdout } = await run(["offline", "activate", license.key, "--request", request, "--out", out, "--validity", "30d"]);
  assert.equal(stdout, `Wrote ${out}: the machine reads it\n`);
  const response = readFileSync(out, "utf8").trimEnd();
  const claims = await claimsOf(server, product.id, response);
  assert.deepEqual([claims.lid, claims.orv - claims.iat], [license.id, 30 * 86_400]);
  const again = await run(["offline", "activate", license.id, "--request", request, "--json"]);
  assert.equal((await claimsOf(server, product.id, JSON.parse(again.stdout).offlineResponse)).aid, claims.aid);

  const proof = file("proof.txt", "offline-deactivation", { activationToken: response });
  assert.equal((await run(["offline", "deactivate", license.id, "--request", proof])).stdout, "The machine holds no seat\n");
  const { json } = await server.call("GET", `/v3/licenses/${license.id}`);
  assert.deepEqual([json.totalActivations, json.totalDeactivations], [0, 1]);
});

test("a file that is not there, or is no request, is told", async () => {
  const license = await createLicense(server, await createProduct(server));
  const missing = join(directory, "nothing.txt");
  const unread = await run(["offline", "activate", license.id, "--request", missing], { code: 2 });
  assert.match(unread.stderr, /cannot read `.*nothing\.txt`/);
  const cut = file("cut.txt", "offline-activation", { activation: machine(license) });
  writeFileSync(cut, readFileSync(cut, "utf8").slice(0, -9));
  const refused = await run(["offline", "activate", license.id, "--request", cut], { code: 1 });
  assert.match(refused.stderr, /it was changed or cut off/);
});
