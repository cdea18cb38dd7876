// Builds dist/ from src/ and generated/: declarations by tsc, bundles by esbuild. Run by `cargo xtask build`.
//
// dist/engine.* and dist/check-engine.* hold a WebAssembly module each, once for each way of loading it; the entries beside
// them import the one that they need. dist/error.* is apart, so that all entries throw one class.

import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { packed } from "./src/packed.ts";

const here = dirname(fileURLToPath(import.meta.url));
const at = (...names) => join(here, ...names);
const dist = at("dist");

/** Each bundle: where it starts, its file, and which file stands for `./platform.js`. */
const bundles = [
  { from: "error.ts", to: "error.js" },
  { from: "error.ts", to: "error.cjs" },
  { from: "engine.ts", to: "engine.js" },
  { from: "engine.ts", to: "engine.cjs" },
  { from: "engine.ts", to: "engine.workerd.js" },
  { from: "check-engine.ts", to: "check-engine.js" },
  { from: "check-engine.ts", to: "check-engine.cjs" },
  { from: "check-engine.ts", to: "check-engine.workerd.js" },
  { from: "check.ts", to: "check.js" },
  { from: "check.ts", to: "check.cjs" },
  { from: "check.ts", to: "check.workerd.js" },
  { from: "index.ts", to: "index.web.js" },
  { from: "index.ts", to: "index.web.cjs" },
  { from: "index.ts", to: "index.node.js", platform: "platform.node.ts" },
  { from: "index.ts", to: "index.node.cjs", platform: "platform.node.ts" },
  { from: "index.ts", to: "index.workerd.js", platform: "platform.workerd.ts" },
];

/** The modules: their files in generated/, and in dist/ for Workers, which take them compiled. */
const modules = { "licentia_bg.wasm": "licentia.wasm", "check_bg.wasm": "check.wasm" };

/** Leaves what is a bundle of its own outside, puts the platform's file in place, and modules as text or as a Worker's file. */
function replacing({ from, to, platform }) {
  const ending = to.slice(to.lastIndexOf("."));
  const engines = to.includes(".workerd.") ? `.workerd${ending}` : ending;
  const apart = (name, ending) => (name === from.replace(".ts", "") ? null : { path: `./${name}${ending}`, external: true, sideEffects: false });
  return {
    name: "replacing",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\/error\.js$/ }, () => apart("error", ending));
      onResolve({ filter: /^\.\/engine\.js$/ }, () => apart("engine", engines));
      onResolve({ filter: /^\.\/check-engine\.js$/ }, () => apart("check-engine", engines));
      if (platform) onResolve({ filter: /^\.\/platform\.js$/ }, () => ({ path: at("src", platform) }));
      if (to.includes(".workerd.")) {
        onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: `./${modules[basename(path)]}`, external: true }));
      }
      onLoad({ filter: /\.wasm$/ }, ({ path }) => ({ contents: packed(readFileSync(path)), loader: "text" }));
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
    minify: entry.from.endsWith("engine.ts"),
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
for (const [generated, name] of Object.entries(modules)) {
  copyFileSync(at("generated", generated), join(dist, name));
}
for (const name of ["LICENSE", "LICENSE-MIT", "LICENSE-APACHE"]) {
  copyFileSync(at("../../..", name), join(dist, name));
}
