// In front of the compiled Worker: no caller ever waits for an answer that cannot come.
//
// A panic stops the one wasm instance of the isolate, and with it every request that was in it, the ledger's too; their
// promises would hang. So each handler races the instance's end, and whoever answers the outside races a timer besides.
import { Edge, Gate as InnerGate, Ledger as Inner } from "./index.js";

const LIMIT = 30_000;
const IMPORT_LIMIT = 120_000;
const WAITS = /^[a-z]+:\/\/[^/]+\/v3\/activations\/[^/]+\/events\b/;
const MOVES = /^[a-z]+:\/\/[^/]+\/v3\/(?:imports?|export|rebuild)\b/;
const waiting = new Set();

// worker-build's shim sets this when an instance has trapped, and starts a new one with the next call.
const instance = globalThis.__worker_init_state;
let ended = instance.criticalError;
Object.defineProperty(instance, "criticalError", {
  get: () => ended,
  set(value) {
    ended = value;
    if (value) for (const end of [...waiting]) end("ended");
  },
});

const trapped = (error) => {
  if (error instanceof WebAssembly.RuntimeError) instance.criticalError = true;
  throw error;
};

// Every wake of a Rust future is a microtask. The runtime wraps what its own `queueMicrotask` gets, which costs more than
// a promise does; but it tells the shim of a trap, which is done here instead.
const turn = Promise.resolve();
globalThis.queueMicrotask = (task) => void turn.then(task).catch(trapped);

/** Settles as `call` does, or rejects once the instance has ended or, given a `limit`, the time is up. */
function guard(call, limit) {
  return new Promise((resolve, reject) => {
    const settle = (how, value) => {
      if (timer !== undefined) clearTimeout(timer);
      waiting.delete(end);
      how(value);
    };
    const end = (why) => settle(reject, new Error(why));
    const timer = limit && setTimeout(end, limit, "timeout");
    waiting.add(end);
    try {
      call().then((value) => settle(resolve, value), (error) => settle(reject, error));
    } catch (error) {
      settle(reject, error);
      trapped(error);
    }
  });
}

function failure(error) {
  const [status, message, code] =
    error.message === "timeout"
      ? [503, "the server did not finish in time; try again", "REQUEST_TIMEOUT"]
      : [500, "internal error", "INTERNAL_ERROR"];
  const headers = {
    "X-Request-Id": crypto.randomUUID(),
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "X-Request-Id, Retry-After",
    "Cache-Control": "no-store",
    ...(status === 503 && { "Retry-After": "1" }),
  };
  console.error(headers["X-Request-Id"], error);
  return Response.json({ message, code }, { status, headers });
}

/** What the Worker looks at, a line each: neither an address nor a header can hold a line break. */
function look(request, url) {
  const { method, headers } = request;
  const lines = [method, url, headers.get("Authorization"), headers.get("CF-Connecting-IP")];
  if (method !== "GET" && method !== "HEAD") {
    lines.push(headers.get("Content-Type"), headers.get("Content-Length"), request.cf?.country);
    lines.push(sent(headers, "Idempotency-Key"), sent(headers, "If-Match"));
    if (url.includes("/v3/activations")) lines.push(...area(request.cf));
    const digest = headers.get("Content-Digest");
    if (digest) lines[19] = digest;
  }
  // Only what moves keys is given what they move under.
  if (MOVES.test(url)) lines[16] = headers.get("Licentia-Passphrase");
  if (WAITS.test(url)) lines[18] = headers.get("Upgrade");
  const nonce = headers.get("Licentia-Nonce");
  if (nonce) lines[17] = nonce;
  return lines.join("\n");
}

/** An empty header guards nothing, and is not taken for one that was not sent. */
function sent(headers, name) {
  const value = headers.get(name);
  return value === null ? "" : `=${value}`;
}

/** Where in the country Cloudflare sees the machine: looked at where an activation keeps it, and nowhere else. */
function area(cf) {
  if (!cf) return [];
  return [cf.regionCode, cf.region, cf.city, cf.postalCode, cf.timezone, cf.latitude, cf.longitude];
}

// One for all requests; the shim makes it anew after a trap.
const edge = new Edge();

export default {
  fetch(request, env) {
    const { url } = request;
    const limit = MOVES.test(url) ? IMPORT_LIMIT : LIMIT;
    return guard(() => edge.answer(request, look(request, url), env), limit).catch(failure);
  },
};

export class Ledger {
  #inner;

  constructor(state, env) {
    this.#inner = new Inner(state, env);
  }

  // An envelope comes, and one goes back. The Worker that waits for it has the timer.
  async fetch(request) {
    const envelope = new Uint8Array(await request.arrayBuffer());
    return new Response(await guard(() => this.#inner.call(envelope)));
  }

  // An alarm that fails is called again by the runtime.
  alarm() {
    return guard(() => this.#inner.alarm(), IMPORT_LIMIT);
  }
}

/** Where running applications wait for news. Its sockets live on while it sleeps, and their heartbeats do not wake it. */
export class Gate {
  #inner;

  constructor(state, env) {
    this.#inner = new InnerGate(state, env);
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  // An envelope comes in the body, or in a header where a socket is asked for; an envelope or a socket goes back.
  async fetch(request) {
    const call = request.headers.get("Licentia-Envelope");
    const envelope = call === null ? new Uint8Array(await request.arrayBuffer()) : bytes(call);
    const answer = await guard(() => this.#inner.call(envelope));
    return answer instanceof Response ? answer : new Response(answer);
  }

  webSocketMessage(socket) {
    socket.close(1008, "nothing is taken here but heartbeats");
  }

  webSocketClose(socket) {
    socket.close();
  }
}

function bytes(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
