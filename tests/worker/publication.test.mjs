// KV fails, hangs and lags: no mutation fails for it, every document arrives in the end, and no older one stays.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { start } from "../harness/index.mjs";
import { anonymous, documented, importDocumented, isProblem, licensePath, machine } from "./story.mjs";

const NAME = `default/license/${documented.id}`;
const versionIn = (kv) => kv.json(NAME).license.version;

/** Runs `body` against a server of its own: each test breaks its KV in another way. */
const onServer = (body) => async () => {
  const server = await start();
  try {
    await importDocumented(server);
    await body(server);
  } finally {
    await server.stop();
  }
};

// One of them takes more than a minute, so that they run side by side.
describe("publication", { concurrency: true }, () => {
  test("a put that fails leaves a 200, says pending, and is put again", onServer(async (server) => {
    server.kv.puts = "fail";
    const answer = await server.call("PATCH", licensePath, { revoked: true });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("Licentia-Published"), "pending");
    assert.equal(server.kv.json(NAME).license.revoked, false);
    assert.equal((await server.call("GET", licensePath)).json.revoked, true);

    server.kv.heal();
    await server.kv.until((kv) => kv.json(NAME).license.revoked);
    assert.equal(`"${versionIn(server.kv)}"`, answer.headers.get("ETag"));
  }));

  test("a put that is slow is waited for two seconds, then the answer leaves", onServer(async (server) => {
    server.kv.puts = "hang";
    const began = Date.now();
    const answer = await server.call("PATCH", licensePath, { revoked: true });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("Licentia-Published"), "pending");
    assert.ok(Date.now() - began < 4_000, "the answer does not wait for KV");

    server.kv.heal();
    for (const put of server.kv.held) put.land();
    assert.equal(server.kv.json(NAME).license.revoked, true);
  }));

  test("what was pending is put after a crash", onServer(async (server) => {
    server.kv.puts = "fail";
    await server.call("PATCH", licensePath, { revoked: true });
    await server.restart();
    server.kv.heal();
    await server.kv.until((kv) => kv.json(NAME).license.revoked, { limit: 30_000 });
  }));

  test("what was pending is put though its alarm was lost, once anybody asks anything", onServer(async (server) => {
    server.kv.puts = "fail";
    await server.call("PATCH", licensePath, { revoked: true });
    server.kv.heal();
    const alarms = join(server.state, "licentia-ledger", "metadata.sqlite");
    await server.restart(undefined, () => [alarms, `${alarms}-wal`, `${alarms}-shm`].forEach((file) => rmSync(file, { force: true })));
    await server.call("GET", licensePath);
    await server.kv.until((kv) => kv.json(NAME).license.revoked);
  }));

  test("updates during a slow put are published in the end, the latest last", onServer(async (server) => {
    server.kv.lag = 300;
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((count) => server.call("PATCH", licensePath, { allowedActivations: count })),
    );
    assert.ok(answers.every((answer) => answer.status === 200));
    const stored = await server.call("GET", licensePath);
    const version = Number(stored.headers.get("ETag").replaceAll('"', ""));
    await server.kv.until((kv) => versionIn(kv) === version);
    assert.equal(server.kv.json(NAME).license.terms.allowedActivations, stored.json.allowedActivations);
    const versions = server.kv.putsOf(NAME).map(({ value }) => JSON.parse(value).license.version);
    assert.deepEqual(versions, [...versions].sort((a, b) => a - b), "no older document is put after a newer one");
  }));

  test("a put that hangs and lands late, over a newer document, does not stay", { timeout: 150_000 }, onServer(async (server) => {
    server.kv.puts = "hang";
    await server.call("PATCH", licensePath, { suspended: true });
    const old = [...server.kv.held];
    assert.ok(old.some((put) => put.key === NAME));
    server.kv.heal();
    await server.call("PATCH", licensePath, { revoked: true });
    await server.kv.until((kv) => kv.json(NAME).license.revoked, { limit: 30_000 });

    for (const put of old) put.land();
    assert.equal(server.kv.json(NAME).license.revoked, false, "the old document has landed last");
    await server.kv.until((kv) => kv.json(NAME).license.revoked, { limit: 90_000 });
  }));

  test("an import is published in the background, whole", onServer(async (server) => {
    const lines = Array.from({ length: 40 }, (_, index) => {
      const id = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
      return JSON.stringify({ resource: "license", data: { ...documented, id, key: `IMPORTED-${index}-AAAAAAAA` } });
    });
    const answer = await server.call("POST", "/v3/import", lines.join("\n"));
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get("Licentia-Published"), "pending");
    await server.kv.until((kv) => [...kv.values.keys()].filter((name) => name.startsWith("default/license/0000")).length === 40);
  }));

  test("a put whose connection is cut is put again", onServer(async (server) => {
    server.kv.puts = "hang";
    const answer = server.call("PATCH", licensePath, { revoked: true });
    await server.kv.until((kv) => kv.held.some((put) => put.key === NAME));
    server.kv.heal();
    for (const put of server.kv.held) put.lose();
    assert.equal((await answer).headers.get("Licentia-Published"), "pending");
    await server.kv.until((kv) => kv.json(NAME).license.revoked);
  }));

  test("a copy that KV withholds lets nobody in: what gives rights asks the ledger", onServer(async (server) => {
    const check = () => anonymous(server, "POST", "/v3/licenses/check", { key: documented.key });
    server.kv.freeze();
    const revoked = await server.call("PATCH", licensePath, { revoked: true });
    const version = Number(revoked.headers.get("Licentia-Published"));
    const stale = await check();
    assert.ok(Number(stale.headers.get("Licentia-Published")) < version, "the check says how old it is");
    isProblem(await anonymous(server, "POST", "/v3/activations", machine(documented)), 400, "REVOKED_LICENSE");

    server.kv.heal();
    assert.equal(Number((await check()).headers.get("Licentia-Published")), version);
  }));

  test("a read that hangs is answered in the end, by the ledger", onServer(async (server) => {
    server.kv.reads = "hang";
    const answer = await anonymous(server, "POST", "/v3/licenses/check", { key: documented.key });
    assert.deepEqual([answer.status, answer.json.source], [200, "ledger"], answer.text);
  }));
});
