// A whole Licentia server on this machine: the real workerd runs the built bundle, KV is ours and fails on command.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kv } from "./kv.mjs";
import { servePages } from "./pages.mjs";
import { configure, run } from "./workerd.mjs";

export const ROOT = new URL("../../", import.meta.url).pathname;
/** The bundle that ships, and the one that panics on request; `cargo xtask build --faults` makes both. */
export const BUNDLES = { shipped: join(ROOT, "build/worker"), faults: join(ROOT, "build/worker-faults") };

/**
 * Starts a server.
 *
 * - `bundle`: "shipped" or "faults"
 * - `secrets`: replaces the generated `LICENTIA_ROOT_TOKEN` and `LICENTIA_MASTER_KEYS`; null leaves one out
 * - `www`: a directory of pages to serve beside the API
 * - `counted`: whether `ledgerCalls()` counts, and `setLedger()`, `setGates()` and `evictLedger()` work, which costs a hop
 *
 * Resolves to `{ url, token, masterKeys, kv, call, ledgerCalls, setLedger, setGates, evictLedger, pid, state, restart, stop, logs }`.
 */
export async function start({
  bundle = "shipped",
  port = 0,
  secrets = {},
  minSyncInterval = 1,
  www,
  counted = true,
} = {}) {
  const modules = BUNDLES[bundle] ?? bundle;
  if (!existsSync(join(modules, "entry.mjs"))) throw new Error(`there is no bundle in ${modules}: run \`cargo xtask build --faults\``);
  const directory = mkdtempSync(join(tmpdir(), "licentia-"));
  mkdirSync(join(directory, "state"));
  const token = secrets.LICENTIA_ROOT_TOKEN ?? `lct_${randomBytes(24).toString("base64url")}`;
  const masterKeys = secrets.LICENTIA_MASTER_KEYS ?? `test:${randomBytes(32).toString("base64")}`;
  const given = {
    LICENTIA_ROOT_TOKEN: token,
    LICENTIA_MASTER_KEYS: masterKeys,
    LICENTIA_MIN_SYNC_INTERVAL: String(minSyncInterval),
    ...secrets,
  };
  const variables = Object.fromEntries(Object.entries(given).filter(([, text]) => text !== null));

  const kv = new Kv();
  const kvPort = await kv.listen();
  const pages = www && (await servePages(www));
  const configuration = { bundle: modules, variables, kvPort, pagesPort: pages?.port, counted };
  configure(directory, configuration);
  let server = await run(directory, port);
  const url = `http://127.0.0.1:${server.port}`;
  const counter = (path) => fetch(`http://127.0.0.1:${server.counterPort}${path}`);

  return {
    url,
    token,
    masterKeys,
    kv,
    call: caller(url, token),
    /** How many calls the ledger has had since the process started. */
    ledgerCalls: async () => Number(await (await counter("/")).text()),
    /** Has the ledger "throw", "hang" or "pass" from now on. */
    setLedger: (mode) => counter(`/mode?of=ledger&mode=${mode}`),
    /** The same of the gates, for who comes from now on. */
    setGates: (mode) => counter(`/mode?of=gates&mode=${mode}`),
    /** Ends the ledger's object in memory; the next call, or its alarm, makes it anew from what is stored. */
    evictLedger: () => counter("/evict"),
    pid: () => server.pid,
    /** The directory that the ledger is kept in. */
    state: join(directory, "state"),
    /** Kills the process, as a crash would, and starts it again on the same state and port, with other variables if given. */
    restart: async (others) => {
      await server.stop();
      if (others) configure(directory, { ...configuration, variables: { ...variables, ...others } });
      server = await run(directory, server.port);
    },
    logs: () => server.logs.join(""),
    stop: async () => {
      await server.stop();
      pages?.close();
      kv.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Returns `call("PATCH", "/v3/…", body, headers)`, which sends JSON with the root token and reads what comes. */
function caller(url, token) {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const json = response.headers.get("Content-Type")?.startsWith("application/json") && text ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, json };
  };
}
