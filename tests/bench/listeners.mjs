// Bare sockets at gates, in a process of their own that only takes the time of what comes.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const AT_ONCE = 16;

/** Opens a socket for each activation. Resolves to `{ next, close }`; `next(count)` resolves to when the next so many messages came. */
export async function hold(url, activations) {
  const child = fork(fileURLToPath(import.meta.url), ["hold"]);
  const said = async (word) => (await once(child, "message"))[0][word];
  child.send({ url, activations });
  await said("open");
  const next = (count) => {
    child.send({ count });
    return said("times");
  };
  return { next, close: () => child.kill() };
}

/** The time as `Date.now()` has it, but finer: what one process says is compared with what another does. */
export const clock = () => performance.timeOrigin + performance.now();

async function listen({ url, activations }, came) {
  const waiting = [...activations];
  const worker = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const socket = new WebSocket(`${url.replace("http", "ws")}/v3/activations/${id}/events?version=${Number.MAX_SAFE_INTEGER}`);
      socket.onmessage = () => came(clock());
      await once(socket, "open");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

if (process.argv[2] === "hold") {
  let times = [];
  let wanted = Infinity;
  const look = () => {
    if (times.length < wanted) return;
    process.send({ times });
    times = [];
    wanted = Infinity;
  };
  const came = (at) => {
    times.push(at);
    look();
  };
  process.on("message", async (message) => {
    if (message.count !== undefined) {
      wanted = message.count;
      look();
      return;
    }
    await listen(message, came);
    process.send({ open: true });
  });
}
