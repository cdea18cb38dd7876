// A crowd that has lost its connections together: how soon all are back, how many try at once, and whether any is turned away.
import { crowdOf, erased } from "./crowd.mjs";

/** Over how many seconds a crowd comes back, if each comes at a moment of its own: what it asks a second then is its steady rate. */
const SPREAD = 10;
/** In seconds, and in times the steady rate. */
export const STORM_AIMS = { back: 60, peak: 10 };

/** Restarts the server under a crowd by sockets, and revokes its license: who has heard of that is back. */
export async function measureStorm({ clients, Client, storage }) {
  const watched = watch();
  const { server, apps, licenses, end } = await crowdOf({ clients, licenses: 1, Client, storage });
  await server.restart();
  const began = performance.now();
  watched.begin();
  const heard = apps.map(erased);
  await server.call("PATCH", `/v3/licenses/${licenses[0].id}`, { revoked: true });
  const last = Math.max(...(await Promise.all(heard)));
  const { tries, refusals } = watched.end();
  await end();
  const seconds = new Map();
  for (const at of tries) {
    const second = Math.floor((at - began) / 1_000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  return {
    back: Math.round((last - began) / 100) / 10,
    tries: tries.length,
    peak: Math.max(...seconds.values()),
    steady: clients / SPREAD,
    late: refusals.filter((at) => at - began > 1_000).length,
    early: refusals.filter((at) => at - began <= 1_000).length,
  };
}

/** Watches every socket and request of this process: when it was tried, and when one failed or was answered with 5xx. */
function watch() {
  const { WebSocket: Socket, fetch } = globalThis;
  let tries = [];
  let refusals = [];
  const refused = () => refusals.push(performance.now());
  globalThis.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      tries.push(performance.now());
      let isOpen = false;
      this.addEventListener("open", () => (isOpen = true));
      this.addEventListener("error", () => isOpen || refused());
    }
  };
  globalThis.fetch = async (...given) => {
    tries.push(performance.now());
    const answer = await fetch(...given);
    if (answer.status >= 500) refused();
    return answer;
  };
  return {
    begin: () => {
      tries = [];
      refusals = [];
    },
    end: () => {
      Object.assign(globalThis, { WebSocket: Socket, fetch });
      return { tries, refusals };
    },
  };
}
