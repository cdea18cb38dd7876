// The example in examples/edge as it ships, bundled as wrangler bundles it, in workerd before a real Licentia.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build } from "esbuild";

import { ROOT } from "../harness/index.mjs";
import { run } from "../harness/workerd.mjs";

const EXAMPLE = join(ROOT, "examples/edge");
const PACKAGE = join(ROOT, "crates/wasm/js");
const quote = (text) => JSON.stringify(text);

/** Starts the example for a product on `server`. Resolves to `{ ask, stop }`. */
export async function startEdge(server, { productId }) {
  const directory = mkdtempSync(join(tmpdir(), "licentia-edge-"));
  await bundle(directory);
  configure(directory, { LICENTIA: "http://licentia.example", PRODUCT_ID: productId }, new URL(server.url).port);
  const worker = await run(directory, 0, ["http"]);
  return {
    /** Asks for the report, with a token if one is given. Resolves to the status and the body. */
    async ask(token) {
      const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
      const response = await fetch(`http://127.0.0.1:${worker.port}/`, { headers });
      return { status: response.status, ...(await response.json()) };
    },
    async stop() {
      await worker.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function bundle(directory) {
  const { exports } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
  await build({
    entryPoints: [join(EXAMPLE, "src/worker.js")],
    outfile: join(directory, "worker.js"),
    alias: { "licentia/check": join(PACKAGE, exports["./check"].workerd) },
    bundle: true,
    format: "esm",
    external: ["*.wasm"],
    logLevel: "error",
  });
  copyFileSync(join(PACKAGE, "dist/check.wasm"), join(directory, "check.wasm"));
}

/** Writes a configuration with the variables of the example's wrangler.toml. */
function configure(directory, variables, licentiaPort) {
  const bindings = Object.entries(variables).map(([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`);
  const date = /^compatibility_date = "(.+)"$/m.exec(readFileSync(join(EXAMPLE, "wrangler.toml"), "utf8"))[1];
  const text = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "edge", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js"), (name = "check.wasm", wasm = embed "check.wasm")],
      compatibilityDate = ${quote(date)},
      bindings = [${bindings.join(", ")}],
      globalOutbound = "licentia",
    )),
    (name = "licentia", external = (address = "127.0.0.1:${licentiaPort}", http = ())),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "edge")],
);
`;
  writeFileSync(join(directory, "config.capnp"), text);
}
