// A running application waits for news of its license at a gate: what the vendor changes reaches it without being asked for.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { start } from "../harness/index.mjs";
import { anonymous, createLicense, createProduct, claimsOf, documented, isProblem, machine, statementOf } from "./story.mjs";

let server;
let product;
before(async () => {
  server = await start({ counted: false });
  product = await createProduct(server, { tokenAlgorithm: "EdDSA" });
});
after(() => server.stop());

/** A license with an activation, and the way to its news. */
async function activated() {
  const license = await createLicense(server, product, { allowedActivations: 10 });
  const answer = await anonymous(server, "POST", "/v3/activations", machine(license));
  assert.equal(answer.status, 201, answer.text);
  const claims = await claimsOf(server, product.id, answer.json.activationToken, "EdDSA");
  return { license, path: `/v3/licenses/${license.id}`, events: `/v3/activations/${claims.aid}/events`, version: claims.ver };
}

/** Opens a socket. `next()` resolves to its next message. */
async function listen(events, version) {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}${events}?version=${version}`);
  const came = [];
  const wanted = [];
  socket.addEventListener("message", ({ data }) => (wanted.length > 0 ? wanted.shift()(data) : came.push(data)));
  await once(socket, "open");
  const next = () => (came.length > 0 ? Promise.resolve(came.shift()) : new Promise((resolve) => wanted.push(resolve)));
  return { socket, next, news: async () => JSON.parse(await next()) };
}

/** Asks for a socket as a client does that reads refusals. */
function knock(url) {
  const headers = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
  };
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers });
    asked.on("upgrade", (answer, socket) => {
      socket.destroy();
      resolve({ status: answer.statusCode });
    });
    asked.on("response", async (answer) => {
      let text = "";
      for await (const piece of answer) text += piece;
      resolve({ status: answer.statusCode, text, json: JSON.parse(text), headers: new Headers(answer.headers) });
    });
    asked.on("error", reject);
    asked.end();
  });
}

const change = async (path, body) => {
  const answer = await server.call("PATCH", path, body);
  assert.equal(answer.status, 200, answer.text);
  return Number(answer.headers.get("ETag").replaceAll('"', ""));
};

describe("gates", () => {
  test("every change of a license reaches a socket as a signed statement, in order", async () => {
    const { license, path, events, version } = await activated();
    const { socket, news } = await listen(events, version);
    let known = version;
    for (const body of [{ suspended: true }, { suspended: false }, { allowedActivations: 3 }, { revoked: true }]) {
      const changed = await change(path, body);
      const told = await news();
      assert.equal(told.licenseId, license.id);
      assert.equal(told.version, changed);
      assert.ok(told.version > known);
      known = told.version;
      const statement = await statementOf(server, product.id, told.statement);
      assert.equal(statement.ver, changed);
      assert.equal(statement.revoked, body.revoked ?? false);
      assert.equal(statement.suspended, body.suspended ?? false);
    }
    socket.close();
  });

  test("what was missed comes with the connection, and what is known does not", async () => {
    const { path, events, version } = await activated();
    const changed = await change(path, { suspended: true });
    const late = await listen(events, version);
    assert.equal((await late.news()).version, changed);

    const current = await listen(events, changed);
    current.socket.send("ping");
    assert.equal(await current.next(), "pong");
    late.socket.close();
    current.socket.close();
  });

  test("a license that is deleted is told to be", async () => {
    const { path, events, version } = await activated();
    const { socket, news } = await listen(events, version);
    assert.equal((await server.call("DELETE", path)).status, 204);
    const statement = await statementOf(server, product.id, (await news()).statement);
    assert.equal(statement.deleted, true);
    socket.close();
  });

  test("news come while KV is down", async () => {
    const { path, events, version } = await activated();
    const { socket, news } = await listen(events, version);
    server.kv.puts = "fail";
    const changed = await change(path, { revoked: true });
    assert.equal((await news()).version, changed);
    server.kv.heal();
    socket.close();
  });

  test("news of a deletion come while an alarm waits for KV", async () => {
    const { license, events, version } = await activated();
    const { socket, news } = await listen(events, version);
    server.kv.puts = "hang";
    const imported = { ...documented, id: randomUUID(), key: `GATES-${license.id}` };
    await server.call("POST", "/v3/import", JSON.stringify({ resource: "license", data: { ...imported, productId: product.id } }));
    await server.kv.until((kv) => kv.held.length > 0);
    const [, , , activation] = events.split("/");
    const began = Date.now();
    assert.equal((await server.call("DELETE", `/v3/activations/${activation}`)).status, 204);
    assert.deepEqual(await news(), { activationId: activation });
    assert.ok(Date.now() - began < 4_000, "the news do not wait for KV");
    server.kv.heal();
    for (const put of server.kv.held) put.land();
    socket.close();
  });

  test("a request is held until there are news", async () => {
    const { path, events, version } = await activated();
    const held = anonymous(server, "GET", `${events}?version=${version}&wait=25`);
    // It is held once the ledger has noted it, which a request that is not held waits for as well.
    const told = await anonymous(server, "GET", `${events}?version=${version}&wait=0`);
    assert.equal(told.status, 204);
    const changed = await change(path, { revoked: true });
    const answer = await held;
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("ETag"), `"${changed}"`);
    assert.equal(answer.json.version, changed);
  });

  test("a request that waits in vain is answered with nothing, and one that is behind at once", async () => {
    const { path, events, version } = await activated();
    const asked = Date.now();
    const answer = await anonymous(server, "GET", `${events}?version=${version}&wait=1`);
    assert.deepEqual([answer.status, answer.text], [204, ""]);
    const created = Number(/;created=(\d+);/.exec(answer.headers.get("Signature-Input"))[1]);
    assert.ok(created > Math.floor(asked / 1000), "the answer tells the time when it was given");
    const changed = await change(path, { suspended: true });
    const behind = await anonymous(server, "GET", `${events}?version=${version}&wait=25`);
    assert.deepEqual([behind.status, behind.json.version], [200, changed]);
  });

  test("nobody waits for what is not there", async () => {
    const unknown = "/v3/activations/0f0e0d0c-0b0a-4908-8706-050403020100/events";
    isProblem(await knock(server.url + unknown), 404, "ACTIVATION_UNKNOWN");
    isProblem(await anonymous(server, "GET", unknown), 404, "ACTIVATION_UNKNOWN");
    isProblem(await anonymous(server, "GET", `${unknown}?wait=long`), 400, "INVALID_FIELD");
  });

  test("what a revocation has ended is told so, whether or not the license was approved since", async () => {
    const { path, events, version } = await activated();
    for (const revoked of [true, false]) {
      await change(path, { revoked });
      const { socket, news } = await listen(events, version);
      const statement = await statementOf(server, product.id, (await news()).statement);
      assert.deepEqual([statement.revoked, statement.epoch], [revoked, 1]);
      socket.close();
    }
  });

  test("a socket is told that its activation is gone, and a held request is answered so", async () => {
    const { path, events, version } = await activated();
    const { socket, news } = await listen(events, version);
    const held = anonymous(server, "GET", `${events}?version=${version}&wait=25`);
    await anonymous(server, "GET", `${events}?version=${version}&wait=0`);
    const [, , , activation] = events.split("/");
    assert.equal((await server.call("DELETE", `/v3/activations/${activation}`)).status, 204);
    assert.deepEqual(await news(), { activationId: activation });
    isProblem(await held, 404, "ACTIVATION_NOT_FOUND");
    isProblem(await knock(server.url + events), 404, "ACTIVATION_NOT_FOUND");
    assert.equal((await server.call("GET", path)).json.totalActivations, 0);
    socket.close();
  });

  test("a socket is told so in whichever case its address has the id", async () => {
    const { events, version } = await activated();
    const [, , , activation] = events.split("/");
    const { socket, news } = await listen(events.replace(activation, activation.toUpperCase()), version);
    assert.equal((await server.call("DELETE", `/v3/activations/${activation}`)).status, 204);
    assert.deepEqual(await news(), { activationId: activation });
    socket.close();
  });

  test("those that are deleted together are each told so, and no other is", async () => {
    const { license, events, version } = await activated();
    const second = await anonymous(server, "POST", "/v3/activations", machine(license, "machine-2"));
    const { aid } = await claimsOf(server, product.id, second.json.activationToken, "EdDSA");
    const other = await activated();
    const told = [listen(events, version), listen(`/v3/activations/${aid}/events`, version)];
    const sockets = await Promise.all([...told, listen(other.events, other.version)]);
    assert.equal((await server.call("DELETE", `/v3/activations?licenseId=${license.id}&all=true`)).status, 204);
    for (const [number, path] of [events, `/v3/activations/${aid}/events`].entries()) {
      assert.deepEqual(await sockets[number].news(), { activationId: path.split("/")[3] });
    }
    sockets[2].socket.send("ping");
    assert.equal(await sockets[2].next(), "pong");
    for (const { socket } of sockets) socket.close();
  });

  test("an activation has eight sockets, and gets another when one is closed", async () => {
    const { events, version } = await activated();
    const open = await Promise.all(Array.from({ length: 8 }, () => listen(events, version)));
    const ninth = await knock(`${server.url}${events}?version=${version}`);
    isProblem(ninth, 429, "TOO_MANY_CONNECTIONS");
    assert.equal(ninth.headers.get("X-Rate-Limit-Limit"), "5s", "it says as well how the address stands");
    const [, , , activation] = events.split("/");
    const loud = events.replace(activation, activation.toUpperCase());
    isProblem(await knock(`${server.url}${loud}?version=${version}`), 429, "TOO_MANY_CONNECTIONS");
    open[0].socket.close();
    await once(open[0].socket, "close");
    const another = await listen(events, version);
    for (const { socket } of [...open, another]) socket.close();
  });

  test("a socket that says anything but a heartbeat is closed", async () => {
    const { events, version } = await activated();
    const { socket } = await listen(events, version);
    socket.send("hello");
    const [{ code }] = await once(socket, "close");
    assert.equal(code, 1008);
  });

  test("a server that starts anew tells what it had not told, once the application is back", async () => {
    const { path, events, version } = await activated();
    const { socket } = await listen(events, version);
    const closed = once(socket, "close");
    await server.restart();
    await closed;
    const changed = await change(path, { revoked: false, suspended: true });
    const again = await listen(events, version);
    assert.equal((await again.news()).version, changed);
    again.socket.close();
  });
});

test("a gate that is silent, or whose ledger is, says when to come back, and lets in when it is heard again", async () => {
  const server = await start();
  const product = await createProduct(server, { tokenAlgorithm: "EdDSA" });
  const license = await createLicense(server, product);
  const activated = await anonymous(server, "POST", "/v3/activations", machine(license));
  const { aid, ver } = await claimsOf(server, product.id, activated.json.activationToken, "EdDSA");
  const events = `/v3/activations/${aid}/events?version=${ver}`;
  for (const silence of ["throw", "hang"]) {
    await server.setLedger(silence);
    for (const answer of await Promise.all([knock(server.url + events), anonymous(server, "GET", `${events}&wait=25`)])) {
      isProblem(answer, 503, "LEDGER_UNAVAILABLE");
      assert.match(answer.headers.get("Retry-After"), /^\d+$/);
    }
  }
  await server.setLedger("pass");
  await server.setGates("hang");
  for (const answer of await Promise.all([knock(server.url + events), anonymous(server, "GET", `${events}&wait=0`)])) {
    isProblem(answer, 503, "LEDGER_UNAVAILABLE");
    assert.match(answer.headers.get("Signature"), /^licentia1=:/);
  }
  await server.setGates("pass");
  assert.equal((await knock(server.url + events)).status, 101);
  assert.equal((await anonymous(server, "GET", `${events}&wait=0`)).status, 204);
  await server.stop();
});
