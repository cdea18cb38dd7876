// The load: prepared requests over kept-alive connections, as many at one time as there are connections.
//
// Bare sockets, because an HTTP client would take more of the machine's two cores than the server that is measured.
import { connect } from "node:net";

/** Prepares a request, so that sending it costs nothing but the sending. */
export function prepare(method, path, { body, token } = {}) {
  const text = body === undefined ? "" : JSON.stringify(body);
  const lines = [`${method} ${path} HTTP/1.1`, "Host: 127.0.0.1"];
  if (token) lines.push(`Authorization: Bearer ${token}`);
  if (text) lines.push("Content-Type: application/json", `Content-Length: ${Buffer.byteLength(text)}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${text}`);
}

/** Kept-alive connections to one server. */
export class Load {
  #sockets;

  constructor(port, connections) {
    this.#sockets = Array.from({ length: connections }, () => connect(port, "127.0.0.1").setNoDelay());
  }

  close() {
    for (const socket of this.#sockets) socket.destroy();
  }

  /**
   * Sends what `next()` returns until `seconds` have passed or it returns nothing; then waits for what is under way.
   * An answer of another status than `status` ends it. Resolves to the number of answers and the seconds they took.
   */
  async run({ next, status, seconds, hear }) {
    const start = performance.now();
    const end = start + seconds * 1000;
    const due = () => (performance.now() < end ? next() : undefined);
    const counts = await Promise.all(this.#sockets.map((socket) => exchange(socket, due, status, hear)));
    return { answers: counts.reduce((sum, count) => sum + count, 0), seconds: (performance.now() - start) / 1000 };
  }
}

/** Sends one request after the other over one connection. Resolves to the number of answers. */
function exchange(socket, next, status, hear) {
  return new Promise((resolve, reject) => {
    let answers = 0;
    let rest = Buffer.alloc(0);
    const done = (how, value) => {
      socket.off("data", read).off("error", broken).off("close", broken);
      how(value);
    };
    const broken = (error) => done(reject, error instanceof Error ? error : new Error("the server closed a connection"));
    const send = () => {
      const request = next();
      if (request) socket.write(request);
      else done(resolve, answers);
    };
    const read = (bytes) => {
      rest = rest.length ? Buffer.concat([rest, bytes]) : bytes;
      const answer = parse(rest);
      if (!answer) return;
      if (answer.status !== status) return done(reject, new Error(`${answer.status}: ${answer.body}`));
      rest = rest.subarray(answer.length);
      answers += 1;
      hear?.(answer.body);
      send();
    };
    socket.on("data", read).on("error", broken).on("close", broken);
    send();
  });
}

/** Reads an answer with a `Content-Length`; nothing if it is not whole yet. */
function parse(bytes) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = bytes.latin1Slice(0, end);
  const length = /\r\ncontent-length: (\d+)/i.exec(head);
  if (!length) throw new Error(`an answer without a length:\n${head}`);
  const whole = end + 4 + Number(length[1]);
  if (bytes.length < whole) return undefined;
  return { status: Number(head.slice(9, 12)), body: bytes.subarray(end + 4, whole), length: whole };
}
