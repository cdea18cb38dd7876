// What the command line says and how it ends when something is wrong, and what it does about it by itself.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ROOT, start } from "../harness/index.mjs";
import { at, licentia, played } from "./cli.mjs";

let server;
let run;
const directory = mkdtempSync(join(tmpdir(), "licentia-cli-"));

before(async () => {
  server = await start();
  run = at(server);
});
after(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

const NOBODY = "00000000-0000-4000-8000-000000000000";

test("a refusal says the message, what to do, the code and the request's id", async () => {
  const { stdout } = await run(["product", "create", "Refusing", "--json"]);
  const { id } = JSON.parse(stdout);
  const create = ["license", "create", "--product", id, "--key", "TAKEN-0123456789-0123456789"];
  await run(create);
  const { stderr } = await run(create, { code: 1 });
  assert.match(stderr, /^error: .*\n {2}try {6}Choose another key\.\n {2}code {5}LICENSE_KEY_EXISTS \(HTTP 409\)\n {2}request {2}[0-9a-f-]{36}\n$/);
});

test("what does not exist ends with 3, whatever it was named by", async () => {
  for (const args of [["show", NOBODY], ["show", "NO-SUCH-KEY"], ["product", "show", "nothing"], ["product", "show", NOBODY], ["activation", "delete", NOBODY]]) {
    assert.match((await run(args, { code: 3 })).stderr, /^error: /);
  }
});

test("a missing or a wrong token ends with 4 and says how to give one", async () => {
  for (const env of [{ LICENTIA_TOKEN: "" }, { LICENTIA_TOKEN: "lct_wrong" }]) {
    const { stderr } = await run(["product", "list"], { code: 4, env });
    assert.match(stderr, /try {6}Set `LICENTIA_TOKEN`, or name a file that holds it with `--token-file`\./);
    assert.ok(!stderr.includes("lct_wrong"));
  }
});

test("a wrong command line or environment ends with 2", async () => {
  await run(["license", "revoke"], { code: 2 });
  await run(["license", "extend", "KEY"], { code: 2 });
  await run(["export", "--keys"], { code: 2 });
  await run(["import", join(directory, "missing.ndjson")], { code: 2 });
  await run(["status"], { code: 2, env: { LICENTIA_URL: "licenses.example.com" } });
  const { stderr } = await licentia(["status"], {});
  assert.match(stderr, /set `LICENTIA_URL`/);
});

test("where nobody answers it ends with 5", async () => {
  const gone = await played(() => ({}));
  gone.close();
  const { stderr } = await at(gone)(["status"], { code: 5 });
  assert.match(stderr, new RegExp(`^error: \`${gone.url}\` does not answer\n  cause .*\n  try {6}Check \`--url\``));
});

test("the token may come from a file or from the standard input", async () => {
  const file = join(directory, "token");
  writeFileSync(file, `${server.token}\n`);
  const env = { LICENTIA_TOKEN: "lct_wrong" };
  await run(["product", "list", "--token-file", file], { env });
  await run(["product", "list", "--token-file", "-"], { env, input: `${server.token}\n` });
});

test("the status needs no token", async () => {
  const { stdout } = await run(["status"], { env: { LICENTIA_TOKEN: "" } });
  assert.equal(stdout, `${server.url}: ok\n`);
});

test("a server that puts a creation off gets it again, under the same Idempotency-Key", async () => {
  const busy = { status: 429, headers: { "Retry-After": "1" }, body: { message: "too many requests", code: "RATE_LIMIT" } };
  const away = { status: 503, headers: { "Retry-After": "0" }, body: { message: "not now", code: "REQUEST_TIMEOUT" } };
  const server = await played((count) => [busy, away][count - 1] ?? { status: 201, body: { id: NOBODY, name: "A" } });
  try {
    const { stderr } = await at(server)(["product", "create", "A"]);
    assert.match(stderr, /too many requests: trying again in 1 s\nnot now: trying again in 0 s\n/);
    const keys = new Set(server.requests.map(({ headers }) => headers["idempotency-key"]));
    assert.equal(server.requests.length, 3);
    assert.equal(keys.size, 1);
    assert.match([...keys][0], /^[0-9a-f]{32}-1$/);
  } finally {
    server.close();
  }
});

test("a wait that is too long is left to the user", async () => {
  const body = { message: "too many requests", code: "RATE_LIMIT" };
  const server = await played(() => ({ status: 429, headers: { "Retry-After": "3600" }, body }));
  try {
    const { stderr } = await at(server)(["product", "list"], { code: 5 });
    assert.match(stderr, /try {6}Run the command again in 3600 s\./);
    assert.equal(server.requests.length, 1);
  } finally {
    server.close();
  }
});

test("a redirection is told, not followed, so that the token goes nowhere else", async () => {
  const elsewhere = await played(() => ({ body: [] }));
  const server = await played(() => ({ status: 301, headers: { Location: `${elsewhere.url}/v3/products` } }));
  try {
    const { stderr } = await at(server)(["product", "list"], { code: 5 });
    assert.ok(stderr.includes(`it points to \`${elsewhere.url}/v3/products\``), stderr);
    assert.deepEqual(elsewhere.requests, []);
  } finally {
    server.close();
    elsewhere.close();
  }
});

test("a page of something else is no answer", async () => {
  for (const status of [200, 502]) {
    const server = await played(() => ({ status, body: "<html>\u001b[2J" }));
    try {
      const { stderr } = await at(server)(["product", "list"], { code: 5 });
      assert.match(stderr, /check that `--url` names a Licentia server/);
    } finally {
      server.close();
    }
  }
});

test("a list is read to its end, page by page, as far as it was asked for", async () => {
  const server = await played((count, { url }) => ({
    headers: { Link: `<https://elsewhere.example${url.replace(/&page=.*/, "")}&page=${count + 1}>; rel="next"`, "Pagination-Count": "10000+" },
    body: [{ id: `${count}a`, name: "ä" }, { id: `${count}b`, name: "b" }],
  }));
  try {
    const { stdout, stderr } = await at(server)(["product", "list", "--limit", "3"]);
    assert.equal(stdout.trimEnd().split("\n").length, 4);
    assert.match(stderr, /^These are 3 of 10000\+: a higher `--limit` shows more\.\n$/);
    assert.deepEqual(server.requests.map(({ url }) => url), ["/v3/products?limit=3", "/v3/products?limit=3&page=2"]);
  } finally {
    server.close();
  }
});

test("a pipe that is closed early is no fault", async () => {
  const many = Array.from({ length: 100 }, (_, index) => ({ id: `${index}`, name: "x".repeat(10_000) }));
  const server = await played(() => ({ body: many }));
  try {
    const { spawn } = await import("node:child_process");
    const env = { LICENTIA_URL: server.url, LICENTIA_TOKEN: server.token };
    const child = spawn(process.env.LICENTIA_CLI, ["product", "list", "--json"], { env });
    child.stdout.destroy();
    let said = "";
    child.stderr.on("data", (text) => (said += text));
    const [code] = await once(child, "exit");
    assert.deepEqual([code, said], [0, ""]);
  } finally {
    server.close();
  }
});

test("https trusts what the system trusts, and nothing else", async () => {
  const fixture = (name) => join(ROOT, "tests/fixtures", name);
  const secure = createServer({ key: readFileSync(fixture("localhost.key.pem")), cert: readFileSync(fixture("localhost.pem")) }, (_, response) => {
    response.writeHead(200, { "Content-Type": "application/json" }).end('{"status":"ok"}');
  });
  secure.listen(0, "127.0.0.1");
  await once(secure, "listening");
  try {
    const env = { LICENTIA_URL: `https://localhost:${secure.address().port}` };
    const trusted = await licentia(["status"], { env: { ...env, SSL_CERT_FILE: fixture("localhost-authority.pem") } });
    assert.deepEqual([trusted.code, trusted.stdout], [0, `${env.LICENTIA_URL}: ok\n`], trusted.stderr);
    const stranger = await licentia(["status"], { env: { ...env, SSL_CERT_FILE: fixture("rsa-2048.pem") } });
    assert.equal(stranger.code, 5, stranger.stderr);
    assert.match(stranger.stderr, /does not answer\n {2}cause .*certificate/i);
  } finally {
    secure.close();
    secure.closeAllConnections();
  }
});
