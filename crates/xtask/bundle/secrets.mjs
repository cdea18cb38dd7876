// Gives a deployed Licentia the secrets that it lacks, and never replaces one: what an older master key wrapped would be lost.
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";

function wrangler(args, input) {
  const { status, stdout, error } = spawnSync("npx", ["wrangler", ...args], {
    input,
    encoding: "utf8",
    shell: process.platform === "win32",
    stdio: [input === undefined ? "inherit" : "pipe", "pipe", "inherit"],
  });
  if (status !== 0) throw error ?? new Error(`wrangler ${args.join(" ")} failed:\n${stdout}`);
  return stdout;
}

/** `lct_`, 256 random bits, `_`, and six characters of the digest of what precedes. */
function rootToken() {
  const body = `lct_${randomBytes(32).toString("base64url")}`;
  return `${body}_${createHash("sha256").update(body).digest("base64url").slice(0, 6)}`;
}

const there = new Set(JSON.parse(wrangler(["secret", "list"])).map(({ name }) => name));
const drawn = {
  LICENTIA_ROOT_TOKEN: rootToken(),
  LICENTIA_MASTER_KEYS: `main:${randomBytes(32).toString("base64")}`,
};
const missing = Object.fromEntries(Object.entries(drawn).filter(([name]) => !there.has(name)));

if (Object.keys(missing).length === 0) {
  console.log("both secrets are there; nothing was changed");
} else {
  wrangler(["secret", "bulk"], JSON.stringify(missing));
  console.log(`set: ${Object.keys(missing).join(", ")}`);
  if (missing.LICENTIA_ROOT_TOKEN) console.log(`root token, shown this once: ${missing.LICENTIA_ROOT_TOKEN}`);
}
