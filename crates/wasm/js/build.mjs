// Builds dist/ from src/ and generated/: declarations by tsc, bundles by esbuild. Run by `cargo xtask build`.
//
// dist/engine.* holds the WebAssembly module, once for each way of loading it; the entries beside it import it.

import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const at = (...names) => join(here, ...names);
const dist = at("dist");

/** Each bundle: where it starts, its file, which file stands for `./platform.js`, and which engine it imports. */
const bundles = [
  { from: "engine.ts", to: "engine.js" },
  { from: "engine.ts", to: "engine.cjs" },
  { from: "engine.ts", to: "engine.workerd.js", wasm: "./licentia.wasm" },
  { from: "check.ts", to: "check.js", engine: "./engine.js" },
  { from: "check.ts", to: "check.cjs", engine: "./engine.cjs" },
  { from: "check.ts", to: "check.workerd.js", engine: "./engine.workerd.js" },
  { from: "index.ts", to: "index.web.js", engine: "./engine.js" },
  { from: "index.ts", to: "index.web.cjs", engine: "./engine.cjs" },
  { from: "index.ts", to: "index.node.js", engine: "./engine.js", platform: "platform.node.ts" },
  { from: "index.ts", to: "index.node.cjs", engine: "./engine.cjs", platform: "platform.node.ts" },
  { from: "index.ts", to: "index.workerd.js", engine: "./engine.workerd.js", platform: "platform.workerd.ts" },
];

/** Leaves the engine and a Worker's module outside the bundle, and puts the platform's file in place. */
function replacing({ engine, platform, wasm }) {
  return {
    name: "replacing",
    setup({ onResolve }) {
      if (engine) onResolve({ filter: /^\.\/engine\.js$/ }, () => ({ path: engine, external: true }));
      if (platform) onResolve({ filter: /^\.\/platform\.js$/ }, () => ({ path: at("src", platform) }));
      if (wasm) onResolve({ filter: /\.wasm$/ }, () => ({ path: wasm, external: true }));
    },
  };
}

function bundle(entry) {
  return build({
    absWorkingDir: here,
    entryPoints: [at("src", entry.from)],
    outfile: join(dist, entry.to),
    bundle: true,
    format: entry.to.endsWith(".cjs") ? "cjs" : "esm",
    platform: "neutral",
    target: "es2022",
    external: ["node:*"],
    loader: { ".wasm": "binary" },
    minify: entry.from === "engine.ts",
    legalComments: "none",
    logLevel: "warning",
    plugins: [replacing(entry)],
  });
}

/** Declarations for `import`; for `require`, the same under the names that TypeScript wants there. */
function declare() {
  const tsc = createRequire(import.meta.url).resolve("typescript/package.json");
  const { bin } = JSON.parse(readFileSync(tsc, "utf8"));
  const program = join(dirname(tsc), bin.tsc);
  const { status } = spawnSync(process.execPath, [program, "--project", at("tsconfig.json")], { stdio: "inherit" });
  if (status !== 0) {
    throw new Error("tsc found faults");
  }
  for (const name of readdirSync(dist).filter((name) => name.endsWith(".d.ts"))) {
    const text = readFileSync(join(dist, name), "utf8").replaceAll(/(from "\.\/[a-z.]+)\.js"/g, '$1.cjs"');
    writeFileSync(join(dist, name.replace(/\.d\.ts$/, ".d.cts")), text);
  }
}

rmSync(dist, { recursive: true, force: true });
declare();
await Promise.all(bundles.map(bundle));
copyFileSync(at("generated/licentia_bg.wasm"), join(dist, "licentia.wasm"));
for (const name of ["LICENSE", "LICENSE-MIT", "LICENSE-APACHE"]) {
  copyFileSync(at("../../..", name), join(dist, name));
}
