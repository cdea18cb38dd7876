// Imports and exports by the command line, between real servers; what a well server never does is played.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { start } from "../harness/index.mjs";
import { anonymous, claimsOf, createLicense, createProduct, machine } from "../worker/story.mjs";
import { at, played } from "./cli.mjs";

const directory = mkdtempSync(join(tmpdir(), "licentia-cli-"));
const place = (name) => join(directory, name);

let server;
let run;
let product;
before(async () => {
  server = await start();
  run = at(server);
  product = await createProduct(server, { name: "Photo Editor", tokenAlgorithm: "EdDSA" });
});
after(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

/** Lines of licenses whose ids begin with `family`: 1,500 of them are larger than a part. */
function lines(family, count) {
  const notes = "ü".repeat(1_900);
  return Array.from({ length: count }, (_, index) => {
    const id = `${family}-0000-4000-8000-${String(index).padStart(12, "0")}`;
    return { resource: "license", data: { id, key: `${family}-${index}-AAAAAAAA`, productId: product.id, notes } };
  });
}

function write(name, lines) {
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  writeFileSync(place(name), `${text}\n`);
  return place(name);
}

const imports = async () => (await server.call("GET", "/v3/imports")).json;
const exists = async ({ data }) => (await server.call("GET", `/v3/licenses/${data.id}`)).status === 200;

test("a large file goes as a job, in parts of whole lines, and is followed to its end", async () => {
  const licenses = lines("aaaaaaaa", 1_500);
  const { stdout, stderr } = await run(["import", write("large.ndjson", licenses)]);
  assert.equal(stdout, "Imported 1500 lines\n");
  const [, id] = /^The import job (\S+) is started; `licentia import --follow \1` follows it later\.\n$/.exec(stderr);
  const job = (await imports()).find((job) => job.id === id);
  assert.deepEqual([job.status, job.lines, job.counts.licenses], ["done", 1_500, 1_500]);
  assert.deepEqual([await exists(licenses[0]), await exists(licenses[1_499])], [true, true]);

  const followed = JSON.parse((await run(["import", "--follow", id, "--json"])).stdout);
  assert.deepEqual(followed, job);
});

test("a wrong line in a later part is named as in the file, and nothing is left behind", async () => {
  const licenses = lines("bbbbbbbb", 1_500);
  licenses[1_399] = { resource: "license", data: { ...licenses[1_399].data, validity: "long" } };
  const { stderr } = await run(["import", write("wrong.ndjson", licenses)], { code: 1 });
  assert.match(stderr, /^error: nothing was imported\n {2}line 1400 of the file: `data\.validity` .* \(INVALID_FIELD\)\n$/);
  assert.equal(await exists(licenses[0]), false);
  assert.ok((await imports()).every(({ status }) => status !== "receiving"));
});

test("what a large file refers to must be there, or its job is not started", async () => {
  const licenses = lines("cccccccc", 1_500);
  licenses[3].data.productId = "00000000-0000-4000-8000-000000000000";
  const { stderr } = await run(["import", write("dangling.ndjson", licenses)], { code: 1 });
  assert.match(stderr, /^error: part 1, line 4: /);
  assert.ok((await imports()).every(({ status }) => status !== "receiving"));
});

test("a job that does not exist is followed to no end", async () => {
  await run(["import", "--follow", "00000000-0000-4000-8000-000000000000"], { code: 3 });
});

test("a job that failed after its start names its lines, and ends with 1", async () => {
  const problems = [{ part: 2, line: 7, code: "USER_NOT_FOUND", message: "line 7: no user has this id" }];
  const server = await played(() => ({ body: { id: "x", status: "failed", lines: 9, applied: 3, problems } }));
  try {
    const { stderr } = await at(server)(["import", "--follow", "x"], { code: 1 });
    assert.equal(stderr, "error: the import failed; 3 lines were applied\n  part 2, line 7: no user has this id (USER_NOT_FOUND)\n");
  } finally {
    server.close();
  }
});

test("an export is a file of its owner's, which appears when it is whole", async () => {
  const { stdout } = await run(["export", "--out", place("whole.ndjson")]);
  const text = readFileSync(place("whole.ndjson"), "utf8");
  const count = text.trimEnd().split("\n").length;
  assert.match(stdout, new RegExp(`^Exported ${count} lines \\(\\d+\\.\\d+ MiB\\) to ${place("whole.ndjson")}\n$`));
  assert.equal(statSync(place("whole.ndjson")).mode & 0o777, 0o600);
  assert.ok(!existsSync(place("whole.ndjson.part")));
  assert.equal((await run(["export"])).stdout, text);
});

test("a vendor moves house with two commands: what ran before goes on running", { timeout: 120_000 }, async () => {
  const license = await createLicense(server, product, { tags: ["é"] });
  const activated = await anonymous(server, "POST", "/v3/activations", machine(license));
  const token = activated.json.activationToken;
  const passphrase = ["--passphrase-file", write("passphrase", ["correct horse battery staple"])];
  const file = place("house.ndjson");
  await run(["export", "--keys", ...passphrase, "--out", file]);
  assert.ok(!readFileSync(file, "utf8").includes("PRIVATE KEY"));

  const next = await start();
  try {
    const refused = await at(next)(["import", file], { code: 1 });
    assert.match(refused.stderr, /Licentia-Passphrase/);
    await at(next)(["import", file, "--passphrase-file", write("wrong", ["an other passphrase"])], { code: 1 });
    await at(next)(["import", file, ...passphrase]);
    assert.equal((await at(next)(["export"])).stdout, (await run(["export"])).stdout);

    const moved = JSON.parse((await at(next)(["show", license.key, "--json"])).stdout);
    assert.equal(moved.license.totalActivations, 1);
    const { aid } = await claimsOf(server, product.id, token, "EdDSA");
    assert.deepEqual(moved.activations.map(({ id }) => id), [aid]);
    const synced = await anonymous(next, "PATCH", `/v3/activations/${aid}`, machine(license));
    await claimsOf(server, product.id, synced.json.activationToken, "EdDSA");
  } finally {
    await next.stop();
  }
});

test("a small export moves in one request, its keys too", async () => {
  const [old, next] = [await start(), await start()];
  try {
    const { id } = await createProduct(old);
    const passphrase = { input: "correct horse battery staple\n" };
    await at(old)(["export", "--keys", "--passphrase-file", "-", "-o", place("small.ndjson")], passphrase);
    const { stdout } = await at(next)(["import", place("small.ndjson"), "--passphrase-file", "-"], passphrase);
    assert.match(stdout, /^Imported .*products: 1/);
    const keys = async (server) => (await anonymous(server, "GET", `/v3/products/${id}/keys`)).json.keys;
    await next.kv.until((kv) => kv.values.size === 1);
    assert.deepEqual(await keys(next), await keys(old));
  } finally {
    await Promise.all([old.stop(), next.stop()]);
  }
});

test("a passphrase that is too short is refused by the server", async () => {
  const { stderr } = await run(["export", "--keys", "--passphrase-file", "-"], { code: 1, input: "short\n" });
  assert.match(stderr, /Licentia-Passphrase/);
});

test("an export that breaks off leaves nothing behind, and what was there before stays", async () => {
  const file = place("before.ndjson");
  writeFileSync(file, "before");
  const server = createServer((_, response) => {
    response.writeHead(200, { "Content-Type": "application/x-ndjson" });
    response.write("{}\n{}\n", () => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const run = at({ url: `http://127.0.0.1:${server.address().port}`, token: "lct_played" });
    const { stderr } = await run(["export", "--out", file], { code: 5 });
    assert.match(stderr, /the export broke off: .*; run the command again/);
    assert.equal(readFileSync(file, "utf8"), "before");
    assert.ok(!existsSync(`${file}.part`), String(readdirSync(directory)));
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("a passphrase that no header can carry is refused before anything is sent", async () => {
  const server = await played(() => ({ body: "{}\n" }));
  try {
    await at(server)(["export", "--keys", "--passphrase-file", "-"], { code: 2, input: "schlüssel" });
    assert.deepEqual(server.requests, []);
  } finally {
    server.close();
  }
});
