// A wire between an application and its server: bytes pass as they come, until a socket's are cut in the middle of a message.
import { EventEmitter, once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * Starts a wire to a server on this machine. `cutNext()` has the next message to a socket end half-way, and its connection with
 * it; the events `open` and `cut` tell of sockets, the first with the path that was asked for.
 *
 * Resolves to `{ url, told, cutNext, close }`, where `told` emits the events.
 */
export async function wire(url) {
  const told = new EventEmitter();
  const ends = new Set();
  let isCutNext = false;
  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), "127.0.0.1");
    let path;
    let isOpen = false;
    near.on("data", (bytes) => {
      path ??= /^GET (\S+) [^]*^upgrade: websocket/im.exec(bytes.toString("latin1"))?.[1];
      far.write(bytes);
    });
    far.on("data", (bytes) => {
      if (isOpen && isCutNext) {
        isCutNext = false;
        near.end(bytes.subarray(0, bytes.length / 2));
        far.destroy();
        return void told.emit("cut");
      }
      near.write(bytes);
      if (path !== undefined && !isOpen) told.emit("open", path);
      isOpen = path !== undefined;
    });
    for (const [one, other] of [[near, far], [far, near]]) {
      ends.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => void (ends.delete(one), other.end()));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    told,
    cutNext: () => (isCutNext = true),
    close: () => {
      ends.forEach((end) => end.destroy());
      server.close();
    },
  };
}
