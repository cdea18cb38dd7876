// docs/revocation.md: what a security engineer types there to check signatures runs as it stands, against workerd.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ROOT, start } from "../harness/index.mjs";
import { createLicense, createProduct, listed } from "./story.mjs";

const text = readFileSync(join(ROOT, "docs/revocation.md"), "utf8");
const lines = Array.from(text.matchAll(/^```sh\n([\s\S]*?)^```$/gm), ([, block]) => block).join("");
const VERIFIED = "Signature Verified Successfully";
let server, product, directory;
before(async () => {
  server = await start({ secrets: { LICENTIA_STATUS_LIST_INTERVAL: "1" } });
  product = await createProduct(server);
  await createLicense(server, product);
  await listed(server);
  directory = mkdtempSync(join(tmpdir(), "licentia-"));
});
after(async () => {
  if (directory) rmSync(directory, { recursive: true });
  await server?.stop();
});

function typed(script) {
  const env = { ...process.env, HOST: server.url, PRODUCT: product.id };
  // The shell waits, so this process must not: it is KV that the server asks.
  return run("bash", ["-euo", "pipefail", "-c", script], { cwd: directory, env });
}

function run(program, words, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, options);
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (piece) => said.push(piece));
    child.once("error", reject).once("close", (code) => resolve({ code, said: said.join("") }));
  });
}

test("a refusal and a status list are verified by the lines of the documentation", async () => {
  const { code, said } = await typed(lines);
  assert.equal(code, 0, said);
  assert.equal(said.split(VERIFIED).length - 1, 2, said);
});

for (const file of ["base", "signed"]) {
  test(`what was changed in \`${file}\` since is not`, async () => {
    const { code, said } = await typed(`${lines}\nprintf x >> ${file}\nverify ${file} ${file}.signature`);
    assert.notEqual(code, 0, said);
    assert.equal(said.split(VERIFIED).length - 1, 2, said);
  });
}
