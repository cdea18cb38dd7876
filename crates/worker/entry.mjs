// In front of the compiled Worker: no caller ever waits for an answer that cannot come.
//
// A panic stops the one wasm instance of the isolate, and with it every request that was in it, the ledger's too; their
// promises would hang. Each handler therefore races a timer and the instance's end.
import { DurableObject } from "cloudflare:workers";
import { Edge, Ledger as Inner } from "./index.js";

const LIMIT = 30_000;
const IMPORT_LIMIT = 120_000;
const waiting = new Set();

// Every wake of a Rust future is a microtask. The runtime wraps what its own `queueMicrotask` gets, which costs ten times a promise.
globalThis.queueMicrotask = (task) => void Promise.resolve().then(task);

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

/** Resolves as `call` does, or to "ended", or to "timeout" after `limit` milliseconds if there is a limit. */
function guard(call, limit) {
  return new Promise((resolve, reject) => {
    const settle = (how, value) => {
      clearTimeout(timer);
      waiting.delete(end);
      how(value);
    };
    const end = (why) => settle(resolve, why);
    const timer = limit && setTimeout(end, limit, "timeout");
    waiting.add(end);
    // A call that traps at once throws; one that traps later ends by `criticalError`.
    new Promise((resolve) => resolve(call())).then((value) => settle(resolve, value), (error) => settle(reject, error));
  });
}

function failure(why) {
  const [status, message, code] =
    why === "timeout"
      ? [503, "the server did not finish in time; try again", "REQUEST_TIMEOUT"]
      : [500, "internal error", "INTERNAL_ERROR"];
  const headers = {
    "X-Request-Id": crypto.randomUUID(),
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "X-Request-Id, Retry-After",
    "Cache-Control": "no-store",
  };
  console.error(`${headers["X-Request-Id"]} ${why}: ${message}`);
  return Response.json({ message, code }, { status, headers });
}

// One for all requests; the shim makes it anew after a trap.
const edge = new Edge();

export default {
  async fetch(request, env) {
    const { url } = request;
    try {
      const response = await guard(() => edge.answer(request, url, env), url.endsWith("/v3/import") ? IMPORT_LIMIT : LIMIT);
      return typeof response === "string" ? failure(response) : response;
    } catch (error) {
      return failure(error);
    }
  },
};

export class Ledger extends DurableObject {
  #inner;

  constructor(state, env) {
    super(state, env);
    this.#inner = new Inner(state, env);
  }

  /** Takes an envelope and returns one. The Worker that waits for it has the timer. */
  async handle(envelope) {
    const answer = await guard(() => this.#inner.handle(envelope));
    if (typeof answer === "string") throw new Error(`the ledger ${answer}`);
    return answer;
  }

  // An alarm that fails is called again by the runtime.
  async alarm() {
    const result = await guard(() => this.#inner.alarm(), IMPORT_LIMIT);
    if (result === "ended" || result === "timeout") throw new Error(`the alarm ${result}`);
  }
}
