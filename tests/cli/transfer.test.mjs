// Imports as jobs and exports: what goes over the wire, and what is left behind when it breaks off. The server is played.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { at, played } from "./cli.mjs";

const directory = mkdtempSync(join(tmpdir(), "licentia-cli-"));
after(() => rmSync(directory, { recursive: true }));

const JOB = "0190f3a2-7c1e-7000-8000-000000000001";
const PART = 4 * 1024 * 1024;

/** Plays the calls of an import job, whose state is `states`, one look after the other; `refuse` answers a part. */
const job = (states, refuse) =>
  played((_, { method, url }) => {
    if (method === "POST" && url === "/v3/imports") return { status: 201, body: { id: JOB, status: "receiving" } };
    if (method === "PUT") return refuse ?? { body: {} };
    if (method === "POST" && url === `/v3/imports/${JOB}/start`) return { status: 202, body: {} };
    if (method === "GET" && url === `/v3/imports/${JOB}`) return { body: states.shift() };
    return { status: method === "DELETE" ? 204 : 404, body: { message: "no", code: "ROUTE_NOT_FOUND" } };
  });

function largeFile() {
  const file = join(directory, "large.ndjson");
  const line = JSON.stringify({ resource: "license", data: { notes: "ü".repeat(500) } }) + "\n";
  const text = line.repeat(9_000);
  writeFileSync(file, text);
  return { file, text };
}

test("a large file goes as a job, in parts of whole lines, and is followed to its end", async () => {
  const { file, text } = largeFile();
  const applying = { id: JOB, status: "applying", lines: 9_000, applied: 4_000 };
  const server = await job([applying, { ...applying, status: "done", applied: 9_000 }]);
  try {
    const { stdout, stderr } = await at(server)(["import", file]);
    assert.equal(stdout, "Imported 9000 lines\n");
    assert.equal(stderr, `The import job ${JOB} is started; \`licentia import --follow ${JOB}\` follows it later.\n`, "no progress bar goes into a pipe");
    const parts = server.requests.filter(({ method }) => method === "PUT");
    assert.deepEqual(parts.map(({ url }) => url), [1, 2, 3].map((number) => `/v3/imports/${JOB}/parts/${number}`));
    for (const { body, headers } of parts) {
      assert.ok(Buffer.byteLength(body) <= PART && body.endsWith("\n"));
      assert.equal(headers["content-type"], "application/x-ndjson");
    }
    assert.ok(parts.map(({ body }) => body).join("") === text, "what is sent is the file");
    const keys = server.requests.filter(({ method }) => method === "POST").map(({ headers }) => headers["idempotency-key"]);
    assert.equal(new Set(keys).size, 2, "two creations have two keys");
  } finally {
    server.close();
  }
});

test("a job that failed names its lines, and ends with 1", async () => {
  const problems = [{ line: 7, code: "INVALID_FIELD", message: "`data.key` is wrong: it is missing" }];
  const server = await job([{ id: JOB, status: "failed", lines: 9, applied: 0, problems }]);
  try {
    const { stderr } = await at(server)(["import", "--follow", JOB], { code: 1 });
    assert.equal(stderr, "error: the import failed; 0 lines were applied\n  line 7: `data.key` is wrong: it is missing (INVALID_FIELD)\n");
  } finally {
    server.close();
  }
});

test("a job whose parts are refused is taken back", async () => {
  const server = await job([], { status: 400, body: { message: "line 3: no", code: "INVALID_JSON" } });
  try {
    const { stderr } = await at(server)(["import", largeFile().file], { code: 1 });
    assert.match(stderr, /error: line 3: no\n/);
    assert.deepEqual([server.requests.at(-1).method, server.requests.at(-1).url], ["DELETE", `/v3/imports/${JOB}`]);
  } finally {
    server.close();
  }
});

test("an export is a file of its owner's, which appears when it is whole", async () => {
  const lines = '{"resource":"product","data":{}}\n'.repeat(5);
  const server = await played(() => ({ body: lines }));
  const file = join(directory, "whole.ndjson");
  try {
    const { stdout } = await at(server)(["export", "--out", file]);
    assert.equal(stdout, `Exported 5 lines (165 B) to ${file}\n`);
    assert.equal(readFileSync(file, "utf8"), lines);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal((await at(server)(["export"])).stdout, lines);
  } finally {
    server.close();
  }
});

test("an export that breaks off leaves nothing behind, and what was there before stays", async () => {
  const file = join(directory, "before.ndjson");
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

test("keys are exported to a passphrase, which is on no command line", async () => {
  const server = await played(() => ({ body: "{}\n" }));
  try {
    await at(server)(["export", "--keys", "--passphrase-file", "-"], { input: "correct horse battery staple\n" });
    assert.equal(server.requests[0].url, "/v3/export?keys=true");
    assert.equal(server.requests[0].headers["licentia-passphrase"], "correct horse battery staple");
  } finally {
    server.close();
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
