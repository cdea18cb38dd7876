// The example in examples/stripe as it ships, in workerd: beside it a Stripe that is played, behind it a real Licentia.
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../harness/index.mjs";
import { run } from "../harness/workerd.mjs";

const EXAMPLE = join(ROOT, "examples/stripe");
const quote = (text) => JSON.stringify(text);

/**
 * Starts the example for a product on `server`; `variables` replaces settings, and null leaves one out.
 *
 * Resolves to `{ secrets, outside, deliver, fetch, logged, stop }`.
 */
export async function startSeller(server, { productId, token, variables = {} }) {
  const outside = new Outside(server.url);
  const secrets = {
    LICENTIA_TOKEN: token,
    LICENSE_KEY_SECRET: randomBytes(32).toString("hex"),
    STRIPE_WEBHOOK_SECRET: `whsec_${randomBytes(24).toString("hex")}`,
    STRIPE_API_KEY: `rk_test_${randomBytes(24).toString("hex")}`,
  };
  const given = Object.entries({ LICENTIA_PRODUCT_ID: productId, ...secrets, ...variables });
  const directory = mkdtempSync(join(tmpdir(), "licentia-stripe-"));
  configure(directory, given.filter(([, text]) => text !== null), await outside.listen());
  const worker = await run(directory, 0, ["http"]);
  const url = `http://127.0.0.1:${worker.port}`;

  return {
    secrets,
    outside,
    /** Sends an event as Stripe does; `signature` and `body` replace what would be right. */
    deliver: async (event, { body = JSON.stringify(event, null, 2), signature } = {}) => {
      const header = signature ?? signed(JSON.stringify(event, null, 2), [secrets.STRIPE_WEBHOOK_SECRET]);
      const headers = { "Content-Type": "application/json; charset=utf-8", ...(header && { "Stripe-Signature": header }) };
      return (await fetch(`${url}/stripe`, { method: "POST", headers, body })).status;
    },
    fetch: (path) => fetch(url + path),
    /** Resolves to the whole log once it holds `text`. */
    logged: async (text) => {
      const signal = AbortSignal.timeout(20_000);
      while (!worker.logs.join("").includes(text)) {
        await Promise.race(worker.streams.map((stream) => once(stream, "data", { signal })));
      }
      return worker.logs.join("");
    },
    stop: async () => {
      await worker.stop();
      outside.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Stripe's header: one `v1` a secret. */
export function signed(body, secrets, time = Math.floor(Date.now() / 1000)) {
  const signatures = secrets.map((secret) => createHmac("sha256", secret).update(`${time}.${body}`).digest("hex"));
  return [`t=${time}`, ...signatures.map((signature) => `v1=${signature}`), `v0=${"0".repeat(64)}`].join(",");
}

/** All that the example reaches: Licentia, which it is bound to, and Stripe's API. */
class Outside {
  /** What Stripe's API knows: session id → session. */
  sessions = new Map();
  /** "up", "down" (503), "cut" (no answer), or "deaf": Licentia acts, and its answer is lost. */
  licentia = "up";
  /** Every request to Licentia: `{ method, path, headers }`, and what it was answered with: `{ status, replayed }`. */
  requests = [];
  #licentiaUrl;
  #server = createServer((request, response) => {
    const serve = request.headers.host === "api.stripe.com" ? this.#stripe : this.#forward;
    serve.call(this, request, response).catch((error) => response.destroy(error));
  });

  constructor(licentiaUrl) {
    this.#licentiaUrl = licentiaUrl;
  }

  async listen() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this.#server.address().port;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #stripe(request, response) {
    const session = this.sessions.get(request.url.replace("/v1/checkout/sessions/", ""));
    const authorized = request.headers.authorization?.startsWith("Bearer rk_test_");
    const [status, body] = !authorized ? [401, {}] : session ? [200, session] : [404, { error: { code: "resource_missing" } }];
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  }

  async #forward(request, response) {
    const { method, url, headers } = request;
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const heard = { method, path: url, headers };
    this.requests.push(heard);
    if (this.licentia === "down") return response.writeHead(503).end();
    if (this.licentia === "cut") return response.destroy();
    const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
    const passed = ["authorization", "content-type", "idempotency-key"].filter((name) => headers[name]);
    const kept = Object.fromEntries(passed.map((name) => [name, headers[name]]));
    const answer = await fetch(this.#licentiaUrl + url, { method, headers: kept, body });
    Object.assign(heard, { status: answer.status, replayed: answer.headers.get("Idempotency-Replayed") === "true" });
    if (this.licentia === "deaf") return response.destroy();
    response.writeHead(answer.status, { "Content-Type": "application/json" }).end(await answer.text());
  }
}

/** Writes a configuration with the bindings of the example's wrangler.toml. */
function configure(directory, variables, outsidePort) {
  cpSync(join(EXAMPLE, "src"), directory, { recursive: true });
  const names = readdirSync(join(EXAMPLE, "src")).sort((a, b) => Number(b === "worker.js") - Number(a === "worker.js"));
  const modules = names.map((name) => `(name = ${quote(name)}, esModule = embed ${quote(name)})`);
  const bindings = variables.map(([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`);
  const date = /^compatibility_date = "(.+)"$/m.exec(readFileSync(join(EXAMPLE, "wrangler.toml"), "utf8"))[1];
  const text = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "seller", worker = (
      modules = [${modules.join(", ")}],
      compatibilityDate = ${quote(date)},
      bindings = [(name = "LICENTIA", service = "outside"), ${bindings.join(", ")}],
      globalOutbound = "outside",
    )),
    (name = "outside", external = (address = "127.0.0.1:${outsidePort}", http = ())),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "seller")],
);
`;
  writeFileSync(join(directory, "config.capnp"), text);
}
