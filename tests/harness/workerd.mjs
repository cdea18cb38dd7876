// The real workerd binary on a configuration that is written anew, with what it prints.
import { spawn } from "node:child_process";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import workerd from "workerd";

const ROOT = new URL("../../", import.meta.url).pathname;
const children = new Set();
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));

/** Two lines of wrangler.toml, so that what ships and what is tested have the same compatibility. */
function compatibility() {
  const text = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  const [, date] = /^compatibility_date = (".+")$/m.exec(text);
  const [, flags] = /^compatibility_flags = (\[.+\])$/m.exec(text);
  return `compatibilityDate = ${date}, compatibilityFlags = ${flags}`;
}

/** Durable Object classes in front of the ledger's and the gates': they count the ledger's calls, and throw or hang on command. */
const FRONTS = `
let calls = 0;
const modes = { ledger: "pass", gates: "pass" };
const inFrontOf = (what, binding) => class {
  constructor(state, env) { this.behind = () => env[binding].getByName(state.id.name); }
  async fetch(request) {
    if (what === "ledger") calls += 1;
    if (modes[what] === "throw") throw new Error("told to throw");
    // Longer than anybody waits. A promise that nothing can settle would be noticed, and thrown.
    if (modes[what] === "hang") await new Promise((resolve) => setTimeout(resolve, 60_000));
    return this.behind().fetch(request);
  }
};
export const LedgerFront = inFrontOf("ledger", "LEDGER");
export const GateFront = inFrontOf("gates", "GATES");
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/mode") modes[searchParams.get("of")] = searchParams.get("mode");
    if (pathname === "/evict") await env.LEDGER.getByName("default").fetch(request).catch(() => undefined);
    return new Response(String(calls));
  },
};
`;

/** The bundle's entry with one more request to the ledger: to leave memory, as the runtime has it do at any time. */
const EVICTABLE = `
import entry, { Gate, Ledger as Shipped } from "./entry.mjs";
export default entry;
export { Gate };
export class Ledger extends Shipped {
  constructor(state, env) {
    super(state, env);
    this.leave = () => state.abort("told to leave memory");
  }
  fetch(request) {
    return new URL(request.url).pathname === "/evict" ? this.leave() : super.fetch(request);
  }
}
`;

const quote = (text) => JSON.stringify(text);

function modulesOf(directory) {
  const kinds = { ".mjs": "esModule", ".js": "esModule", ".wasm": "wasm" };
  const names = readdirSync(directory).filter((name) => !name.startsWith("."));
  names.sort((a, b) => Number(b === "entry.mjs") - Number(a === "entry.mjs"));
  return names.map((name) => {
    const kind = kinds[name.slice(name.lastIndexOf("."))];
    if (!kind) throw new Error(`${name} is no module`);
    return `(name = ${quote(name)}, ${kind} = embed ${quote(`modules/${name}`)})`;
  });
}

/** Writes `config.capnp` and all that it embeds into `directory`. A request's header `Test-Cf` becomes its `request.cf`. */
export function configure(directory, { bundle, variables, kvPort, pagesPort, counted }) {
  cpSync(bundle, join(directory, "modules"), { recursive: true });
  const bindings = Object.entries(variables).map(([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`);
  if (kvPort) bindings.push(`(name = "LICENSES", kvNamespace = "kv")`);
  if (pagesPort) bindings.push(`(name = "ASSETS", service = "pages")`);
  for (const [name, own] of [["LEDGER", "Ledger"], ["GATES", "Gate"]]) {
    const front = `(className = "${own}Front", serviceName = "counter")`;
    bindings.push(`(name = "${name}", durableObjectNamespace = ${counted ? front : quote(own)})`);
  }
  const modules = modulesOf(join(directory, "modules"));
  if (counted) modules.unshift(`(name = "evictable.mjs", esModule = ${quote(EVICTABLE)})`);
  const external = (name, port) => `(name = "${name}", external = (address = "127.0.0.1:${port}", http = ())),`;
  const text = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "licentia", worker = (
      modules = [${modules.join(", ")}],
      ${compatibility()},
      bindings = [${bindings.join(", ")}],
      durableObjectNamespaces = [
        (className = "Ledger", uniqueKey = "licentia-ledger", enableSql = true),
        (className = "Gate", uniqueKey = "licentia-gate", enableSql = true),
      ],
      durableObjectStorage = (localDisk = "state"),
    )),
    (name = "counter", worker = (
      modules = [(name = "counter.mjs", esModule = ${quote(FRONTS)})],
      ${compatibility()},
      bindings = [
        (name = "LEDGER", durableObjectNamespace = (className = "Ledger", serviceName = "licentia")),
        (name = "GATES", durableObjectNamespace = (className = "Gate", serviceName = "licentia")),
      ],
      durableObjectNamespaces = [
        (className = "LedgerFront", uniqueKey = "licentia-ledger-front"),
        (className = "GateFront", uniqueKey = "licentia-gate-front"),
      ],
      durableObjectStorage = (inMemory = void),
    )),
    (name = "state", disk = (path = ${quote(join(directory, "state"))}, writable = true)),
    ${kvPort ? external("kv", kvPort) : ""}
    ${pagesPort ? external("pages", pagesPort) : ""}
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:0", http = (cfBlobHeader = "Test-Cf"), service = "licentia"),
    (name = "counter", address = "127.0.0.1:0", http = (), service = "counter"),
  ],
);
`;
  writeFileSync(join(directory, "config.capnp"), text);
}

/** Runs workerd and resolves once all of `sockets` listen, to `{ pid, port, counterPort, stop, logs, streams }`. */
export async function run(directory, port = 0, sockets = ["http", "counter"]) {
  const address = `--socket-addr=http=127.0.0.1:${port}`;
  const child = spawn(workerd.default, ["serve", "--control-fd=3", address, "config.capnp"], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  children.add(child);
  const logs = [];
  const streams = [child.stdout, child.stderr];
  for (const stream of streams) stream.setEncoding("utf8").on("data", (text) => logs.push(text));
  const exited = new Promise((resolve) => child.once("exit", resolve));
  exited.then(() => children.delete(child));

  const ports = await new Promise((resolve, reject) => {
    const heard = {};
    exited.then((code) => reject(new Error(`workerd ended with ${code}:\n${logs.join("")}`)));
    let rest = "";
    child.stdio[3].setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines.filter(Boolean).map((line) => JSON.parse(line))) {
        if (line.event === "listen") heard[line.socket] = line.port;
      }
      if (sockets.every((name) => heard[name])) resolve(heard);
    });
  });
  const stop = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  return { pid: child.pid, port: ports.http, counterPort: ports.counter, stop, logs, streams };
}
