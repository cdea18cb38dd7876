// Each row of the table "When something is down" in docs/revocation.md: the package's client, the built Worker in workerd, and a
// fault between. A valid license goes on, a revoked one is refused within the row's bound, and nothing that was accepted is lost.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, before, describe, mock, test } from "node:test";

import { checkLicense } from "../../crates/wasm/js/dist/check.node.js";
import { memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { LicentiaClient as PageClient } from "../../crates/wasm/js/dist/index.web.js";
import { testClock } from "../../crates/wasm/js/dist/testing.js";
import { ROOT } from "../harness/index.mjs";
import { wire } from "../harness/wire.mjs";
import { createLicense } from "../story.mjs";
import { behindProxy } from "./behind.mjs";

const [OK, FAIL, SUSPENDED, GRACE_OVER, TIME, INET, REVOKED, TIME_MODIFIED, SERVER] = [0, 1, 21, 22, 47, 48, 53, 69, 91];
const INTERVAL = 3_600;
const GRACE = 7_200;
const LIST = "default/status-list/0";

/** Status lists are signed anew every second, so that nobody waits for a minute. */
const behind = behindProxy({ counted: true, secrets: { LICENTIA_STATUS_LIST_INTERVAL: "1" } });
before(() => {
  // Who has lost a socket comes back after up to ten seconds, by chance: here at once.
  const { getRandomValues } = globalThis.crypto;
  mock.method(globalThis.crypto, "getRandomValues", (bytes) => (bytes.length === 4 ? bytes : getRandomValues.call(globalThis.crypto, bytes)));
});
afterEach(async () => {
  behind.server.kv.heal();
  await Promise.all([behind.server.setLedger("pass"), behind.server.setGates("pass")]);
});

const rows = [];
/** The tests of a row, by what its first column says. */
function row(down, tests) {
  rows.push(down);
  describe(`down: ${down}`, { timeout: 60_000 }, tests);
}

/** An application that was activated on a clock of its own, and that asks only when it is told to. */
async function activated(changes) {
  const license = await createLicense(behind.server.call, { serverSyncInterval: INTERVAL, serverSyncGracePeriod: GRACE });
  const clock = testClock();
  const client = await behind.open(license, { storage: memoryStorage(), now: clock.now, ...changes });
  assert.equal(await code(client.activate()), OK);
  return { license, clock, client };
}

/** One that waits with a request, which is held by now. */
async function atPoll() {
  const asked = new Promise((resolve) => {
    behind.between.between = ({ path }, pass) => {
      if (path.includes("/events?")) resolve(path);
      return pass();
    };
  });
  const app = await activated({ push: true });
  // One that is not held waits for the same turns of gate and ledger.
  const answer = await fetch(behind.server.url + (await asked).replace(/&wait=.*/, "&wait=0"));
  assert.equal(answer.status, 204);
  return app;
}

/** One whose license stays valid, and one whose license is revoked in its test. */
const both = (changes) => Promise.all([activated(changes), activated(changes)]);

/** An application as in a browser, which waits at a socket that may be cut. */
async function atSocket(context) {
  const line = await wire(behind.server.url);
  const license = await createLicense(behind.server.call);
  const given = { host: line.url, product: license.productId, licenseKey: license.key };
  const client = await PageClient.open({ ...given, storage: memoryStorage(), fingerprint: "f".repeat(64) });
  context.after(() => {
    client.close();
    line.close();
  });
  const open = once(line.told, "open");
  assert.equal(await code(client.activate()), OK);
  const [path] = await open;
  return { license, client, line, path };
}

const code = (promise) => promise.then((status) => status.code, (error) => error.status);
const change = async ({ license }, body) => {
  const answer = await behind.server.call("PATCH", `/v3/licenses/${license.id}`, body);
  assert.equal(answer.status, 200, answer.text);
  return answer;
};
/** The code of the next event of this name. */
const heard = ({ client }, event) => new Promise((resolve) => client.on(event, (status) => resolve(status.code)));

const synced = (...apps) => Promise.all(apps.map(({ client }) => code(client.sync())));

/** The license is refused, since it was revoked. */
const isRefused = ({ client }) => assert.deepEqual([client.isGenuine().code, client.lastActivationError().code], [FAIL, REVOKED]);

/** The verdict at a time of the application's clock. */
function at(client, clock, time) {
  clock.set(time);
  return client.isGenuine().code;
}

/** The application goes on until its grace is over, and no longer. */
function goesOnUntil({ client, clock }, end) {
  assert.deepEqual([end, Number(end) + 1_000].map((time) => at(client, clock, time)), [OK, GRACE_OVER]);
}

/** What a vendor's own server is told of a license; `checked` the code, and who has told it. */
async function check({ license }, more) {
  const keys = await fetch(`${behind.server.url}/v3/products/${license.productId}/keys`);
  return checkLicense({ host: behind.server.url, key: license.key, publicKey: await keys.json(), ...more });
}

async function checked(app, more) {
  const { code, source } = await check(app, more);
  return [code, source];
}

row("nothing", () => {
  test("a revocation is refused at once where news reach, else at the next sync", async (context) => {
    const told = await atSocket(context);
    const [valid, asking] = await both();
    const erased = heard(told, "erased");
    await Promise.all([told, asking].map((app) => change(app, { revoked: true })));
    assert.equal(await erased, REVOKED);
    assert.ok(asking.client.nextSyncAt() - asking.clock.now() <= INTERVAL * 1000);
    assert.deepEqual(await synced(valid, asking), [OK, REVOKED]);
    [told, asking].forEach(isRefused);
  });
});

row("the gates", () => {
  test("a valid license goes on, and a revoked one is refused at the next sync", async () => {
    await behind.server.setGates("throw");
    const [valid, revoked] = await both({ push: true });
    await change(revoked, { revoked: true });
    assert.equal(revoked.client.isGenuine().code, OK);
    assert.ok(revoked.client.nextSyncAt() - revoked.clock.now() <= INTERVAL * 1000);
    assert.deepEqual(await synced(valid, revoked), [OK, REVOKED]);
    isRefused(revoked);
  });

  test("what could not be told is told once they are back", async (context) => {
    const app = await atSocket(context);
    const erased = heard(app, "erased");
    await behind.server.setGates("throw");
    await change(app, { revoked: true });
    assert.equal(app.client.isGenuine().code, OK);
    await behind.server.setGates("pass");
    assert.equal(await erased, REVOKED);
  });
});

row("KV", () => {
  test("no write lands: a revocation reaches the application at once, and KV as soon as it is back", async (context) => {
    const { kv } = behind.server;
    kv.puts = "fail";
    const [told, { client }] = await Promise.all([atSocket(context), activated()]);
    const erased = heard(told, "erased");
    const answer = await change(told, { revoked: true });
    assert.equal(answer.headers.get("Licentia-Published"), "pending");
    assert.equal(await erased, REVOKED);
    assert.equal(await code(client.sync()), OK);
    assert.equal(kv.values.has(`default/license/${told.license.id}`), false);
    kv.heal();
    await kv.until((kv) => kv.json(`default/license/${told.license.id}`)?.license.revoked);
    assert.deepEqual(await checked(told), [REVOKED, "published"]);
  });

  for (const reads of ["fail", "hang"]) {
    test(`reads ${reads}: activations, syncs and news need none, and checks ask the ledger`, async (context) => {
      behind.server.kv.reads = reads;
      const [told, ...apps] = await Promise.all([atSocket(context), activated(), activated()]);
      const erased = heard(told, "erased");
      await Promise.all([told, apps[1]].map((app) => change(app, { revoked: true })));
      assert.equal(await erased, REVOKED);
      assert.deepEqual(await synced(...apps), [OK, REVOKED]);
      assert.deepEqual(await Promise.all(apps.map((app) => checked(app))), [[OK, "ledger"], [REVOKED, "ledger"]]);
    });
  }
});

row("KV, which gives what was there a minute ago", () => {
  test("the application is told at once, and a check says how old it is, until lists are so late that the ledger is asked", async (context) => {
    const { kv } = behind.server;
    const [valid, told] = await Promise.all([activated(), atSocket(context)]);
    await kv.until(() => kv.values.has(LIST));
    kv.freeze();
    const erased = heard(told, "erased");
    const { json } = await change(told, { revoked: true });
    assert.equal(await erased, REVOKED);
    assert.deepEqual([await code(told.client.activate()), await code(valid.client.sync())], [REVOKED, OK]);
    assert.deepEqual(await checked(told, { fresh: true }), [REVOKED, "ledger"]);

    const signed = kv.putsOf(LIST).length;
    let answer;
    while ((answer = await check(told)).code === OK) {
      assert.ok(Date.parse(answer.asOf) <= Date.parse(json.updatedAt));
      const lists = kv.putsOf(LIST).length;
      await kv.until(() => kv.putsOf(LIST).length > lists);
    }
    assert.deepEqual([answer.code, answer.source], [REVOKED, "ledger"]);
    // Three that did not come, one that the edge has kept, and what is begun of a second before, between and after.
    assert.ok(kv.putsOf(LIST).length - signed <= 7);
    assert.equal((await check(valid)).code, OK);
    kv.heal();
    assert.deepEqual(await checked(told), [REVOKED, "published"]);
  });

  test("an older statement takes back nothing that is known, though the ledger is silent as well", async () => {
    const { kv } = behind.server;
    const app = await activated();
    kv.freeze();
    await change(app, { suspended: true });
    await behind.server.setLedger("throw");
    for (const reads of ["pass", "stale"]) {
      kv.reads = reads;
      assert.equal(await code(app.client.sync()), SERVER);
      assert.equal(app.client.isGenuine().code, SUSPENDED);
    }
    const [recent, older] = behind.between.seen.slice(-2).map(({ body }) => JSON.parse(body).statement);
    assert.ok(older !== undefined && older !== recent);
  });
});

row("the ledger", () => {
  for (const silence of ["throw", "hang"]) {
    test(`it is told to ${silence}: the statement in the 503 ends what was revoked, and extends nothing`, async () => {
      const { server } = behind;
      const [[valid, revoked], silent] = await Promise.all([both(), activated()]);
      await change(revoked, { revoked: true });
      await server.setLedger(silence);
      const end = silent.client.gracePeriodExpiresAt();
      const apps = [valid, silent, revoked];
      assert.deepEqual(await synced(...apps), [SERVER, SERVER, REVOKED]);
      assert.deepEqual(await Promise.all(apps.map((app) => checked(app))), [[OK, "published"], [OK, "published"], [REVOKED, "published"]]);
      isRefused(revoked);
      assert.equal(valid.client.isGenuine().code, OK);
      goesOnUntil(silent, end);

      await server.setLedger("pass");
      assert.deepEqual([await synced(valid), await code(revoked.client.activate())], [[OK], REVOKED]);
      await change(valid, { revoked: true });
      assert.deepEqual(await synced(valid), [REVOKED]);
    });
  }

  test("it throws at a revocation: that was not accepted, and is once it is sent again", async () => {
    const { server } = behind;
    const app = await activated();
    await server.setLedger("throw");
    const path = `/v3/licenses/${app.license.id}`;
    assert.equal((await server.call("PATCH", path, { revoked: true })).status, 500);
    await server.setLedger("pass");
    assert.equal(await code(app.client.sync()), OK);
    await change(app, { revoked: true });
    assert.equal(await code(app.client.sync()), REVOKED);
  });

  test("it leaves memory: sockets and held requests are told by the next one, and what it still had to tell as well", async (context) => {
    const { server } = behind;
    const [told, polling, pending] = await Promise.all([atSocket(context), atPoll(), atSocket(context)]);
    const erased = [told, polling, pending].map((app) => heard(app, "erased"));
    await server.setGates("throw");
    server.kv.puts = "fail";
    await change(pending, { revoked: true });
    await server.evictLedger();
    server.kv.heal();
    await server.setGates("pass");
    await Promise.all([told, polling].map((app) => change(app, { revoked: true })));
    assert.deepEqual(await Promise.all(erased), [REVOKED, REVOKED, REVOKED]);
    await server.kv.until((kv) => kv.json(`default/license/${pending.license.id}`)?.license.revoked);
  });

  test("it leaves memory before it has answered: what was committed is told and published, and can be sent again", async (context) => {
    const { server } = behind;
    const app = await atSocket(context);
    const [erased, name] = [heard(app, "erased"), `default/license/${app.license.id}`];
    server.kv.puts = "hang";
    const answer = server.call("PATCH", `/v3/licenses/${app.license.id}`, { revoked: true });
    await server.kv.until((kv) => kv.held.some(({ key }) => key === name));
    await server.evictLedger();
    assert.equal((await answer).status, 500);
    server.kv.heal();
    assert.equal(await erased, REVOKED);
    await change(app, { revoked: true });
    await server.kv.until((kv) => kv.json(name).license.revoked);
  });
});

row("the whole server, or the network of the application", () => {
  test("both go on inside their grace and no further; the revoked one is refused at the next connection", async () => {
    const [[valid, revoked], away] = await Promise.all([both(), activated()]);
    await change(revoked, { revoked: true });
    behind.between.between = async () => "drop";
    assert.deepEqual(await synced(valid, revoked, away), [INET, INET, INET]);
    assert.equal(valid.client.isGenuine().code, OK);
    for (const app of [revoked, away]) goesOnUntil(app, app.client.gracePeriodExpiresAt());
    await behind.server.restart();
    behind.between.between = (_, pass) => pass();
    assert.deepEqual(await synced(valid, revoked), [OK, REVOKED]);
    isRefused(revoked);
  });

  test("a socket that is cut within a message comes back, and is told what it missed", async (context) => {
    const app = await atSocket(context);
    const { line } = app;
    const asked = (path) => Number(new URL(path, line.url).searchParams.get("version"));
    let known = asked(app.path);
    for (const body of [{ allowedActivations: 2 }, { revoked: true }]) {
      // What it is told while the license is valid, a sync explains.
      const [cut, open, told] = [once(line.told, "cut"), once(line.told, "open"), heard(app, body.revoked ? "erased" : "sync")];
      line.cutNext();
      const { headers } = await change(app, body);
      await cut;
      const [path] = await open;
      assert.equal(asked(path), known, "it has heard nothing of a message that was cut");
      assert.equal(await told, body.revoked ? REVOKED : OK);
      known = Number(headers.get("ETag").replaceAll('"', ""));
    }
    isRefused(app);
  });
});

row("somebody in between, who replays, changes or makes up answers", () => {
  test("a recorded answer refuses no valid license, and brings a revoked one no further than its grace", async () => {
    const [valid, revoked] = await both();
    assert.equal(await code(revoked.client.sync()), OK);
    const recorded = behind.between.seen.at(-1);
    await change(revoked, { revoked: true });
    behind.between.between = async () => recorded;
    const ends = [valid, revoked].map(({ client }) => client.gracePeriodExpiresAt());
    assert.deepEqual(await synced(valid, revoked), [INET, OK]);
    [valid, revoked].forEach((app, number) => goesOnUntil(app, ends[number]));
    behind.between.between = (_, pass) => pass();
    assert.deepEqual(await synced(revoked), [REVOKED]);
  });
});

row("the clock of the machine, set back", () => {
  test("behind the latest time that was seen by more than 3,800 seconds, both are refused until it is right again", async () => {
    const [valid, revoked] = await both();
    await change(revoked, { revoked: true });
    for (const { client, clock } of [valid, revoked]) {
      const right = clock.now() + GRACE * 1000;
      const codes = [right, right - 3_800_000, right - 3_801_000].map((time) => at(client, clock, time));
      assert.deepEqual([...codes, await code(client.sync()), at(client, clock, right)], [OK, OK, TIME_MODIFIED, TIME_MODIFIED, OK]);
    }
    assert.deepEqual(await synced(valid, revoked), [OK, REVOKED]);
  });

  test("behind the last sync by more than the license allows, both are refused until it is right again", async () => {
    const [valid, revoked] = await both();
    await change(revoked, { revoked: true });
    for (const { client, clock } of [valid, revoked]) {
      const right = client.claims().iat * 1000;
      const codes = [right - 3_600_000, right - 3_601_000].map((time) => at(client, clock, time));
      assert.deepEqual([...codes, await code(client.sync()), at(client, clock, right)], [OK, TIME, TIME, OK]);
    }
    assert.deepEqual(await synced(valid, revoked), [OK, REVOKED]);
  });

  test("of a grace that is over, 3,800 seconds come again, and then it is over again", async () => {
    const app = await activated();
    const end = app.client.gracePeriodExpiresAt();
    goesOnUntil(app, end);
    assert.equal(at(app.client, app.clock, end - 3_800_000), OK);
    goesOnUntil(app, end);
  });
});

row("the clock of the machine, set forward", () => {
  test("both go on inside their grace by that clock; right again, only a new activation helps, and the valid one alone", async () => {
    const [valid, revoked] = await both();
    await change(revoked, { revoked: true });
    for (const { client, clock } of [valid, revoked]) {
      const right = clock.now();
      const codes = [right + 7_000_000, right, right + 86_400_000, right].map((time) => at(client, clock, time));
      assert.deepEqual(codes, [OK, TIME_MODIFIED, GRACE_OVER, TIME_MODIFIED]);
    }
    assert.deepEqual(await synced(valid, revoked), [TIME_MODIFIED, TIME_MODIFIED]);
    // It takes a token of a later second than the one that is kept.
    let activated;
    do activated = await code(valid.client.activate());
    while (activated === TIME_MODIFIED);
    assert.deepEqual([activated, valid.client.isGenuine().code], [OK, OK]);
    assert.equal(await code(revoked.client.activate()), REVOKED);
  });
});

test("each row of the table has its tests", () => {
  const [, table] = readFileSync(join(ROOT, "docs/revocation.md"), "utf8").split("## When something is down");
  const first = [...table.split("\n## ")[0].matchAll(/^\| ([^|]+) \|/gm)].map(([, cell]) => cell);
  assert.deepEqual(rows, first.filter((cell) => cell !== "down" && cell !== "---"));
});
