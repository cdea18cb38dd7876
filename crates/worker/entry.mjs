// In front of the compiled Worker: no caller ever waits for an answer that cannot come.
//
// A panic stops the one wasm instance of the isolate, and with it every request that was in it, the ledger's too; their
// promises would hang. Each handler therefore races a timer and the instance's end.
import Worker, { Ledger as Inner } from "./index.js";

const LIMIT = 30_000;
const IMPORT_LIMIT = 120_000;
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

/** Resolves as `call` does, or to "ended" or "timeout". */
function guard(call, limit) {
  return new Promise((resolve, reject) => {
    const settle = (how, value) => {
      clearTimeout(timer);
      waiting.delete(end);
      how(value);
    };
    const end = (why) => settle(resolve, why);
    const timer = setTimeout(end, limit, "timeout");
    waiting.add(end);
    // A call that traps at once throws; one that traps later ends by `criticalError`.
    Promise.resolve()
      .then(call)
      .then((value) => settle(resolve, value), (error) => settle(reject, error));
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

async function answer(request, call) {
  const limit = request.url.endsWith("/v3/import") ? IMPORT_LIMIT : LIMIT;
  try {
    const response = await guard(call, limit);
    return response instanceof Response ? response : failure(response);
  } catch (error) {
    return failure(error);
  }
}

export default {
  fetch: (request, env, context) => answer(request, () => new Worker(context, env).fetch(request)),
};

export class Ledger {
  #inner;

  constructor(state, env) {
    this.#inner = new Inner(state, env);
  }

  fetch(request) {
    return answer(request, () => this.#inner.fetch(request));
  }

  // An alarm that fails is called again by the runtime.
  async alarm() {
    const result = await guard(() => this.#inner.alarm(), IMPORT_LIMIT);
    if (result === "ended" || result === "timeout") throw new Error(`the alarm ${result}`);
  }
}
