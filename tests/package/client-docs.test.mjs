// docs/client.md: every example runs, and prints what stands behind it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { installed } from "./project.mjs";

const text = readFileSync(new URL("../../docs/client.md", import.meta.url), "utf8");
const examples = Array.from(text.matchAll(/^```js\n([\s\S]*?)^```$/gm), ([, code]) => code);

/** What an example may take for granted, unless it makes its own. */
const GIVEN = `import { testProduct, testServer } from "licentia/testing";
const product = await testProduct({ algorithm: "EdDSA", metadata: [{ key: "site", value: "example.com" }] });
const server = testServer({ product, owner: { email: "kim@example.com", firstName: "Kim" }, license: {
  expiresAt: "2090-01-01T00:00:00Z", allowedActivations: 3, metadata: [{ key: "plan", value: "pro", visible: true }],
  meterAttributes: [{ name: "pages", allowedUses: 10, visible: true }],
} });
const { productId } = product;
const { host, licenseKey } = server;
const productDat = JSON.stringify(product.file(host));
globalThis.fetch = server.fetch;
`;

let project;
before(() => (project = installed()));
after(() => project?.remove());

/** Runs an example; returns the lines that it prints. */
function printed(code, number) {
  const name = `example-${number}.mjs`;
  writeFileSync(join(project.directory, name), (code.includes("licentia/testing") ? "" : GIVEN) + code);
  const data = mkdtempSync(join(project.directory, "data-"));
  const env = { ...process.env, XDG_DATA_HOME: data, LOCALAPPDATA: data, HOME: data };
  const { stdout, stderr, status } = spawnSync(process.execPath, [name], { cwd: project.directory, env, encoding: "utf8", timeout: 60_000 });
  assert.equal(status, 0, `${code}\n${stderr}\n${stdout}`);
  return stdout.trimEnd().split("\n");
}

/** The lines that an example says that it prints. */
function promised(code) {
  const lines = Array.from(code.matchAll(/(console\.log|\/\/ erased).*$/gm), ([line]) => line);
  return lines.flatMap((line) => /\/\/ (.*)$/.exec(line)?.[1] ?? []).filter((line) => line !== "");
}

assert.ok(examples.length >= 12);
for (const [index, code] of examples.entries()) {
  const title = text.slice(0, text.indexOf(code)).match(/^#+ .*$/gm).at(-1);
  test(`${title.replace(/^#+ /, "")} (${index + 1})`, () => {
    const lines = printed(code, index + 1);
    if (!code.includes("node:test")) assert.deepEqual(lines, promised(code));
  });
}
