// How often the server is asked for news by who hears nothing worth hearing. Time is the test's own.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, mock, test } from "node:test";

import { LicentiaClient, memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { LicentiaClient as PageClient } from "../../crates/wasm/js/dist/index.web.js";
import { claimsFor, licenseKey, productId, publicKey, token } from "./server.mjs";

const HOUR = 3_600;
/** More requests than this are a loop without a pause: it is stopped here, so that the test can say so. */
const MANY = 200;
const START = Date.now();
let elapsed, client, news, syncs, events, synced;

before(() => mock.timers.enable({ apis: ["setTimeout"] }));
after(() => mock.timers.reset());
beforeEach(() => {
  mock.method(performance, "now", () => elapsed * 1000);
  elapsed = 0;
  [news, syncs] = [[], []];
  synced = granted;
});
afterEach(() => client.close());

const html = (status) => new Response(status === 204 ? null : "<!doctype html><title>Sign in</title>", { status });
const granted = (body) => new Response(JSON.stringify({ activationToken: token(claimsFor(body, { ssgpeat: 0 })) }));

async function fetching(address, { method, body }) {
  if (!address.includes("/events")) {
    if (method === "PATCH") syncs.push(elapsed);
    return method === "PATCH" ? synced(JSON.parse(body)) : granted(JSON.parse(body));
  }
  news.push(elapsed);
  return news.length > MANY ? new Promise(() => undefined) : events(new URL(address).searchParams);
}

/** An application that waits for news with requests, which `answer` answers. */
async function app(answer, Client = LicentiaClient) {
  events = answer;
  const now = () => START + elapsed * 1000;
  client = await Client.open({ host: "https://x.test", product: productId, publicKey, licenseKey, storage: memoryStorage(), fetch: fetching, push: true, now });
  assert.equal((await client.activate()).code, 0);
}

const settle = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

async function pass(seconds, step = 1) {
  await settle();
  for (let passed = 0; passed < seconds; passed += step) {
    elapsed += step;
    mock.timers.tick(step * 1000);
    await settle();
  }
}

const within = (count, least, most) => assert.ok(count >= least && count <= most, `${count}: ${news}; ${syncs}`);

test("an answer that is nobody's, or comes sooner than it was asked for, is asked for again ever later", async () => {
  for (const answer of [() => html(200), () => html(204), () => new Response("{}"), () => html(503), () => Promise.reject(new Error("gone"))]) {
    [news, syncs] = [[], []];
    await app(answer);
    await pass(600);
    within(news.length, 8, 25);
    assert.deepEqual(syncs, []);
    client.close();
  }
});

test("a request that is held for as long as it was asked for is followed by the next one at once", async () => {
  await app(async () => {
    await new Promise((resolve) => setTimeout(resolve, 25_000));
    return html(204);
  });
  await pass(250);
  assert.deepEqual(news, [0, 25, 50, 75, 100, 125, 150, 175, 200, 225, 250]);
});

/** A statement by a key that no application knows which was opened with a PEM. */
const STATEMENT = [{ alg: "EdDSA", kid: "k", typ: "license-statement+jwt" }, {}, 0].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");

/** News as a server tells them: what is newer at once, and else nothing. */
const newerThan = (version) => (asked) => {
  const isNews = Number(asked.get("version")) < version();
  return isNews ? Response.json({ statement: STATEMENT }) : new Promise(() => undefined);
};

test("news that a client cannot read bring one sync, and are asked for again with what that has taught", async () => {
  let version = 0;
  await app(newerThan(() => version));
  await pass(10);
  assert.equal(news.length, 1);
  client.close();
  [news, syncs] = [[], []];
  version = client.claims().ver + 2;
  await app(newerThan(() => version));
  await pass(60);
  within(news.length, 2, 6);
  assert.equal(syncs.length, 1);
});

test("while syncs fail, such news are asked for ever later", async () => {
  synced = () => html(502);
  await app(newerThan(() => Infinity));
  await pass(600);
  within(news.length, 8, 25);
  within(syncs.length, 3, 12);
});

test("a way to news that is barred brings one sync, and is tried ever later, up to an hour", async () => {
  for (const status of [400, 403, 404]) {
    [news, syncs] = [[], []];
    await app(() => html(status));
    await pass(6 * HOUR, 10);
    within(news.length, 12, 26);
    within(syncs.length, 6, 8);
    client.close();
  }
});

test("once it has been open, the next refusal brings a sync again", async () => {
  let isOpen = false;
  await app(() => {
    isOpen = !isOpen;
    return isOpen ? html(404) : new Promise((resolve) => setTimeout(() => resolve(html(204)), 25_000));
  });
  await pass(120);
  assert.ok(syncs.length >= 3, `${syncs}`);
});

test("who is asked to wait does so, for ten minutes or so at most, and no sync comes of it", async () => {
  for (const [asked, least, most] of [["200", 100, 300], ["3000000", 300, 900]]) {
    [news, syncs] = [[], []];
    await app(() => new Response("", { status: 429, headers: { "Retry-After": asked } }));
    await pass(least - 10, 10);
    assert.deepEqual([news.length, syncs], [1, []]);
    await pass(most - least + 20, 10);
    within(news.length, 2, 3);
    client.close();
  }
});

/** A socket that opens, and closes again after some seconds. */
function closingAfter(seconds) {
  return class {
    constructor() {
      news.push(elapsed);
      queueMicrotask(() => this.onopen());
      setTimeout(() => this.onclose(), seconds * 1000);
    }
    send() {
      queueMicrotask(() => this.onmessage({ data: "pong" }));
    }
    close() {}
  };
}

test("a socket that is closed as soon as it is open is opened again ever later, and one that was held within ten seconds", async () => {
  const { WebSocket } = globalThis;
  after(() => (globalThis.WebSocket = WebSocket));
  for (const [seconds, least, most] of [[0, 80, 180], [70, 44, 51]]) {
    news = [];
    globalThis.WebSocket = closingAfter(seconds);
    await app(undefined, PageClient);
    await pass(HOUR);
    within(news.length, least, most);
    client.close();
  }
});
