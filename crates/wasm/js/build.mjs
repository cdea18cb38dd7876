// Builds dist/ from src/ and generated/: declarations by tsc, bundles by esbuild. Run by `cargo xtask build`.
//
// dist/check.*, dist/engine.* and dist/testing.* hold a WebAssembly module each, once for each way of loading it; the client's
// entries import the second.

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { packed } from "./src/packed.ts";

const here = dirname(fileURLToPath(import.meta.url));
const at = (...names) => join(here, ...names);
const dist = at("dist");
const { version } = JSON.parse(readFileSync(at("package.json"), "utf8"));

/** A bundle for each way of loading: where it starts, its file, and the runtime that it is for if others cannot run it. */
const loadedBothWays = (from, to, runtime) => [".js", ".cjs"].map((ending) => ({ from, to: `${to}${ending}`, runtime }));
const bundles = [
  ...["engine", "check"].flatMap((name) => [
    ...loadedBothWays(`${name}.ts`, name),
    ...loadedBothWays(`${name}.ts`, `${name}.node`, "node"),
    { from: `${name}.ts`, to: `${name}.workerd.js`, runtime: "workerd" },
  ]),
  ...["index", "lexactivator"].flatMap((name) => [
    ...loadedBothWays(`${name}.ts`, `${name}.web`),
    ...loadedBothWays(`${name}.ts`, `${name}.node`, "node"),
    { from: `${name}.ts`, to: `${name}.workerd.js`, runtime: "workerd" },
  ]),
  ...loadedBothWays("testing.ts", "testing"),
  { from: "testing.ts", to: "testing.workerd.js", runtime: "workerd" },
];

/** The modules: their files in generated/, and in dist/ for Workers, which take them compiled. */
const modules = { "licentia_bg.wasm": "licentia.wasm", "check_bg.wasm": "check.wasm", "testing_bg.wasm": "testing.wasm" };

/** Leaves what is a bundle of its own outside, puts the runtime's files in place, and modules as text or as a Worker's file. */
function replacing({ from, to, runtime }) {
  const ending = to.slice(to.lastIndexOf("."));
  return {
    name: "replacing",
    setup({ onResolve, onLoad }) {
      if (from !== "engine.ts") {
        const path = `./engine${runtime ? `.${runtime}` : ""}${ending}`;
        onResolve({ filter: /^\.\/engine\.js$/ }, () => ({ path, external: true, sideEffects: false }));
      }
      onResolve({ filter: /\/(platform|rsa)\.js$/ }, ({ path, importer }) => {
        const own = at("src", `${basename(path, ".js")}.${runtime}.ts`);
        const isTaken = existsSync(own) && importer !== own; // it may import what it stands in for
        return { path: isTaken ? own : at("src", `${basename(path, ".js")}.ts`) };
      });
      if (runtime === "workerd") {
        onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: `./${modules[basename(path)]}`, external: true }));
      }
      onLoad({ filter: /\.wasm$/ }, ({ path }) => ({ contents: PLACE + basename(path), loader: "text" }));
    },
  };
}

/** Where a module's text goes once the lines are broken: it needs no escapes, and would not compress as well in pieces. */
const PLACE = "module:";
const filled = (code) => code.replace(/module:([a-z_]+\.wasm)/, (_, name) => packed(readFileSync(at("generated", name))));

async function bundle(entry) {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: [at("src", entry.from)],
    outfile: join(dist, entry.to),
    bundle: true,
    format: entry.to.endsWith(".cjs") ? "cjs" : "esm",
    platform: "neutral",
    target: "es2022",
    external: ["node:*"],
    minifyWhitespace: true,
    lineLimit: 250, // what an uncaught error shows is the line that threw it
    minifySyntax: true,
    minifyIdentifiers: true,
    define: { __VERSION__: JSON.stringify(version) },
    legalComments: "none",
    logLevel: "warning",
    plugins: [replacing(entry)],
    write: false,
  });
  for (const { path, text } of outputFiles) writeFileSync(path, filled(text));
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
