// How long a revocation takes to reach running applications, from the request that makes it: to their sockets, to their
// verdict, and to the status list.
import { memoryStorage as nodeStorage, LicentiaClient as NodeClient } from "../../crates/wasm/js/dist/index.node.js";
import { memoryStorage, LicentiaClient } from "../../crates/wasm/js/dist/index.web.js";
import { crowdOf, erased, startWith } from "./crowd.mjs";
import { measureListed } from "./listed.mjs";
import { clock, hold } from "./listeners.mjs";
import { measureStorm } from "./storm.mjs";

/** In milliseconds. */
export const AIMS = { median: 100, p99: 250, listed: 5_000 };
/** So many licenses are revoked one after another. */
const IN_TURN = 300;
/** So many changes a crowd of bare sockets is told, of which the first is not counted. */
const CHANGES = 11;

const SOCKETS = { how: "by socket", Client: LicentiaClient, storage: memoryStorage };
const HELD = { how: "by held request", Client: NodeClient, storage: nodeStorage };

/** Measures with `clients` applications: all of one license, each of a license of its own, and after a restart. */
export async function measurePush({ clients, say }) {
  const rows = [];
  const row = async (name, measured) => {
    say(name);
    rows.push({ name, ...spread(await measured()) });
  };
  await row("one license: message at each bare socket", () => messages({ clients, licenses: 1, changes: CHANGES }));
  await row("a license each: message at its bare socket", () => messages({ clients, licenses: clients, changes: IN_TURN + 1 }));
  for (const kind of [SOCKETS, HELD]) {
    await row(`one license: verdict, ${kind.how}`, () => crowd({ clients, ...kind }));
    await row(`a license each: verdict, ${kind.how}`, () => alone({ clients, ...kind }));
  }
  say("status lists that show a revocation");
  const listed = [];
  for (const { times, ...row } of await measureListed()) listed.push({ ...row, ...spread(times) });
  say("a crowd comes back after a restart");
  return { clients, rows, listed, storm: await measureStorm({ clients, ...SOCKETS }) };
}

/** Sockets in a process of their own, which does nothing but take the time: what the server takes alone. */
async function messages({ clients, licenses, changes }) {
  const { server, made, activate } = await startWith({ clients, licenses });
  const sockets = await hold(server.url, await activate(clients));
  const times = [];
  for (let change = 0; change < changes; change += 1) {
    const heard = sockets.next(clients / licenses);
    const began = clock();
    const round = Math.floor(change / licenses);
    await server.call("PATCH", `/v3/licenses/${made[change % licenses].id}`, { suspended: round % 2 === 0 });
    const took = (await heard).map((at) => at - began);
    if (change > 0) times.push(...took);
  }
  sockets.close();
  await server.stop();
  return times;
}

async function crowd({ clients, Client, storage }) {
  const { server, apps, licenses, end } = await crowdOf({ clients, licenses: 1, Client, storage });
  const heard = apps.map(erased);
  const began = performance.now();
  await server.call("PATCH", `/v3/licenses/${licenses[0].id}`, { revoked: true });
  const times = (await Promise.all(heard)).map((at) => at - began);
  await end();
  return times;
}

async function alone({ clients, Client, storage }) {
  const { server, apps, end } = await crowdOf({ clients, licenses: clients, Client, storage });
  const times = [];
  for (const app of apps.slice(0, IN_TURN)) {
    const heard = erased(app);
    const began = performance.now();
    await server.call("PATCH", `/v3/licenses/${app.license.id}`, { revoked: true });
    times.push((await heard) - began);
  }
  await end();
  return times;
}

function spread(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part) => Math.round(sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)]);
  return { count: sorted.length, median: at(0.5), p99: at(0.99), most: at(1) };
}
