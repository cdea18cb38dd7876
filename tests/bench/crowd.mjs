// A server with a crowd: licenses, and applications that wait for news of theirs.
import { start } from "../harness/index.mjs";

const AT_ONCE = 16;
const [SUSPENDED, REVOKED] = [21, 53];

/** Starts a server with `licenses`, for `clients` of them in all. `activate(count)` resolves to ids of activations, spread over the licenses. */
export async function startWith({ clients, licenses }) {
  const server = await start({ counted: false });
  const product = await made(server, "/v3/products", { name: "Bench", tokenAlgorithm: "EdDSA" });
  const seats = { productId: product.id, allowedActivations: clients, serverSyncInterval: 3_600 };
  const all = [];
  for (let n = 0; n < licenses; n += 1) all.push(await made(server, "/v3/licenses", seats));
  const activate = async (count) => {
    const ids = [];
    await inParts(count, async (number) => {
      const { activationToken } = await made(server, "/v3/activations", machine(all[number % licenses], number));
      ids.push(JSON.parse(Buffer.from(activationToken.split(".")[1], "base64url")).aid);
    });
    return ids;
  };
  return { server, product, made: all, activate };
}

/** Creates something. */
export async function made(server, path, body) {
  const answer = await server.call("POST", path, body);
  if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer.json;
}

/** The same with real clients, each of which is known to wait, and at rest. */
export async function crowdOf({ clients, licenses, Client, storage }) {
  const { server, product, made: all } = await startWith({ clients, licenses });
  const keys = await (await fetch(`${server.url}/v3/products/${product.id}/keys`)).json();
  const given = { host: server.url, product: product.id, publicKey: keys, push: true };
  const apps = [];
  await inParts(clients, async (number) => {
    const license = all[number % licenses];
    const client = await Client.open({ ...given, licenseKey: license.key, storage: storage(), fingerprint: fingerprint(number) });
    await client.activate();
    apps.push({ client, license });
  });
  await waiting(server, all, apps);
  const end = async () => {
    apps.forEach(({ client }) => client.close());
    await server.stop();
  };
  return { server, apps, licenses: all, end };
}

/** Every application waits that has heard of a change, and rests once it has synced after the news. */
async function waiting(server, licenses, apps) {
  const rested = Promise.all(apps.map((app) => told(app, "sync", SUSPENDED, 2)));
  for (const { id } of licenses) await server.call("PATCH", `/v3/licenses/${id}`, { suspended: true });
  await rested;
}

/** Resolves to when an application heard for the `times`-th time that an event has this code. */
function told({ client }, event, code, times = 1) {
  return new Promise((resolve) => {
    let left = times;
    const stop = client.on(event, (status) => {
      if (status.code !== code || --left > 0) return;
      stop();
      resolve(performance.now());
    });
  });
}

/** Resolves to when an application has refused, since its license was revoked. */
export const erased = (app) => told(app, "erased", REVOKED);

/** What a machine sends to activate. */
export function machine({ key, productId }, number) {
  return { key, productId, fingerprint: fingerprint(number), os: "linux", hostname: "bench", appVersion: "1.0", userHash: "user" };
}

const fingerprint = (number) => String(number).padStart(64, "f");

async function inParts(count, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
