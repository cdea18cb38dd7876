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
const { version } = JSON.parse(readFileSync(at("package.json"), "utf8"));

const ENGINE = [".js", ".cjs", ".workerd.js"];
const EVERYWHERE = [".web.js", ".web.cjs", ".node.js", ".node.cjs", ".workerd.js"];

/** Where bundles start, and the ending of each: the runtimes that differ in `./platform.js` have their own. */
const entries = {
  error: [".js", ".cjs"],
  engine: ENGINE,
  "check-engine": ENGINE,
  "testing-engine": ENGINE,
  check: ENGINE,
  testing: ENGINE,
  index: EVERYWHERE,
  lexactivator: EVERYWHERE,
};
const bundles = Object.entries(entries).flatMap(([from, endings]) => endings.map((ending) => ({ from: `${from}.ts`, to: from + ending })));

/** What stands for `./platform.js` in the parts of a runtime. */
const platforms = { node: "platform.node.ts", workerd: "platform.workerd.ts" };

/** The modules: their files in generated/, and in dist/ for Workers, which take them compiled. */
const modules = { "licentia_bg.wasm": "licentia.wasm", "check_bg.wasm": "check.wasm", "testing_bg.wasm": "testing.wasm" };

/** Leaves what is a bundle of its own outside, puts the platform's file in place, and modules as text or as a Worker's file. */
function replacing({ from, to }) {
  const platform = platforms[to.split(".").at(-2)];
  const ending = to.slice(to.lastIndexOf("."));
  const engines = to.includes(".workerd.") ? `.workerd${ending}` : ending;
  const apart = (name, ending) => (name === from.replace(".ts", "") ? null : { path: `./${name}${ending}`, external: true, sideEffects: false });
  return {
    name: "replacing",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\/error\.js$/ }, () => apart("error", ending));
      onResolve({ filter: /^\.\/engine\.js$/ }, () => apart("engine", engines));
      onResolve({ filter: /^\.\/check-engine\.js$/ }, () => apart("check-engine", engines));
      onResolve({ filter: /^\.\/testing-engine\.js$/ }, () => apart("testing-engine", engines));
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
    define: { __VERSION__: JSON.stringify(version) },
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
