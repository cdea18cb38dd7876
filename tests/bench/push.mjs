// How long a revocation takes to reach running applications, from the request that makes it to their verdict, and how a crowd
// that has lost its connections together comes back.
import { memoryStorage as nodeStorage, LicentiaClient as NodeClient } from "../../crates/wasm/js/dist/index.node.js";
import { memoryStorage, LicentiaClient } from "../../crates/wasm/js/dist/index.web.js";
import { start } from "../harness/index.mjs";

/** In milliseconds. */
export const AIMS = { median: 100, p99: 250 };
const AT_ONCE = 16;

/** Measures with `clients` applications: all of one license, each of a license of its own, and after a restart. */
export async function measurePush({ clients, say }) {
  const rows = [];
  for (const [how, Client, storage] of [
    ["sockets", LicentiaClient, memoryStorage],
    ["held requests", NodeClient, nodeStorage],
  ]) {
    say(`a crowd of one license, by ${how}`);
    rows.push({ name: `one license, ${how}`, ...(await crowd({ clients, Client, storage })) });
    say(`a license each, by ${how}`);
    rows.push({ name: `a license each, ${how}`, ...(await alone({ clients, Client, storage })) });
  }
  say("a crowd comes back after a restart");
  return { clients, rows, storm: await storm({ clients }) };
}

/** A server with a crowd: `licenses` of them, and so many applications that wait for news of theirs. */
async function crowded({ clients, licenses, Client, storage }) {
  const server = await start({ counted: false });
  const create = async (path, body) => (await server.call("POST", path, body)).json;
  const product = await create("/v3/products", { name: "Bench", tokenAlgorithm: "EdDSA" });
  const seats = { productId: product.id, allowedActivations: clients, serverSyncInterval: 3_600 };
  const made = [];
  for (let n = 0; n < licenses; n += 1) made.push(await create("/v3/licenses", seats));
  const keys = await (await fetch(`${server.url}/v3/products/${product.id}/keys`)).json();
  const apps = [];
  await inParts(clients, async (number) => {
    const license = made[number % licenses];
    const fingerprint = String(number).padStart(64, "f");
    const client = await Client.open({
      host: server.url, product: product.id, publicKey: keys, licenseKey: license.key, storage: storage(), fingerprint, push: true,
    });
    await client.activate();
    apps.push({ client, license });
  });
  await waiting(server, apps);
  const end = async () => {
    apps.forEach(({ client }) => client.close());
    await server.stop();
  };
  return { server, apps, licenses: made, end };
}

/** Every application waits once each has heard of a change. */
async function waiting(server, apps) {
  const heard = Promise.all(apps.map(({ client }) => told(client, "status", 21)));
  for (const license of new Set(apps.map((app) => app.license))) {
    await server.call("PATCH", `/v3/licenses/${license.id}`, { suspended: true });
  }
  await heard;
}

const told = (client, event, code) =>
  new Promise((resolve) => {
    const stop = client.on(event, (status) => {
      if (status.code === code) {
        stop();
        resolve(performance.now());
      }
    });
  });

async function inParts(count, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function crowd({ clients, Client, storage }) {
  const { server, apps, licenses, end } = await crowded({ clients, licenses: 1, Client, storage });
  const heard = apps.map(({ client }) => told(client, "erased", 53));
  const began = performance.now();
  await server.call("PATCH", `/v3/licenses/${licenses[0].id}`, { revoked: true });
  const times = (await Promise.all(heard)).map((at) => at - began);
  await end();
  return spread(times);
}

async function alone({ clients, Client, storage }) {
  const { server, apps, end } = await crowded({ clients, licenses: clients, Client, storage });
  const times = [];
  for (const { client, license } of apps.slice(0, 300)) {
    const heard = told(client, "erased", 53);
    const began = performance.now();
    await server.call("PATCH", `/v3/licenses/${license.id}`, { revoked: true });
    times.push((await heard) - began);
  }
  await end();
  return spread(times);
}

function spread(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part) => Math.round(sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)]);
  return { count: sorted.length, median: at(0.5), p99: at(0.99), most: at(1) };
}

/** Counts what a crowd does that has lost its sockets: how long until all are back, and how many try in the worst second. */
async function storm({ clients }) {
  const Socket = globalThis.WebSocket;
  const tries = [];
  globalThis.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      tries.push(performance.now());
    }
  };
  const { server, apps, licenses, end } = await crowded({ clients, licenses: 1, Client: LicentiaClient, storage: memoryStorage });
  tries.length = 0;
  await server.restart();
  const began = performance.now();
  const heard = apps.map(({ client }) => told(client, "erased", 53));
  await server.call("PATCH", `/v3/licenses/${licenses[0].id}`, { revoked: true });
  const times = (await Promise.all(heard)).map((at) => at - began);
  globalThis.WebSocket = Socket;
  await end();
  const seconds = new Map();
  for (const at of tries) {
    const second = Math.floor((at - began) / 1_000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  return { back: Math.round(Math.max(...times) / 100) / 10, peak: Math.max(...seconds.values()) };
}
