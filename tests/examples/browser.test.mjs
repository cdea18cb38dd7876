// The example for browsers as its users build it: by Vite, with the packed package, against a real Licentia.
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";

import { build } from "vite";

import { launch, open } from "../browser/browser.mjs";
import { ROOT, start } from "../harness/index.mjs";
import { installed } from "../package/project.mjs";
import { createLicense, createProduct } from "../worker/story.mjs";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

let project;
let server;
let browser;
let pages;
let license;

before(async () => {
  project = installed();
  server = await start();
  const product = await createProduct(server, { tokenAlgorithm: "EdDSA" });
  license = await createLicense(server, product, { metadata: [{ key: "plan", value: "pro", visible: true }] });
  for (const name of ["index.html", "main.js", "style.css"]) cpSync(join(ROOT, "examples/browser", name), join(project.directory, name));
  const file = (await server.call("GET", `/v3/products/${product.id}/product.dat`)).json;
  writeFileSync(join(project.directory, "product.json"), JSON.stringify(file));
  const outDir = join(project.directory, "built");
  await build({ root: project.directory, configFile: false, logLevel: "error", build: { target: "es2022", outDir } });
  pages = createServer((request, response) => {
    const path = join(outDir, request.url === "/" ? "index.html" : request.url);
    const policy = `default-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; connect-src ${server.url} ${server.url.replace("http", "ws")}`;
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "text/plain", "Content-Security-Policy": policy });
    response.end(readFileSync(path));
  });
  await new Promise((resolve) => pages.listen(0, "127.0.0.1", resolve));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  pages?.close();
  await server?.stop();
  project?.remove();
});

test("a page takes a key, works, and stops when the license is revoked", async () => {
  const { page, complaints } = await open(browser.context);
  const address = `http://127.0.0.1:${pages.address().port}/`;
  await page.goto(address);
  await page.locator("#activation").waitFor();
  await page.fill("#key", "NOBODY-HAS-THIS-KEY");
  await page.click("#activation button");
  await page.locator("#refusal:not(:empty)").waitFor();
  await page.fill("#key", license.key);
  await page.click("#activation button");
  await page.locator("#product").waitFor();
  assert.equal(await page.textContent("#plan"), "pro");
  await page.reload();
  await page.locator("#product").waitFor();
  assert.equal((await server.call("PATCH", `/v3/licenses/${license.id}`, { revoked: true })).status, 200);
  // Nobody asks: the page is told.
  await page.locator("#activation").waitFor();
  assert.equal(await page.isVisible("#product"), false);
  assert.match(await page.textContent("#why"), /LA_E_REVOKED/);
  await page.close();
  // A refusal is an answer with an error's status, which the console shows.
  assert.deepEqual(complaints.filter((complaint) => !complaint.includes("status of 400")), []);
});
