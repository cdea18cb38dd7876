// The example for Electron, without its binary: the main process's part against a server, and the bridge and the window in a
// real page, with IPC in between that carries what Electron's would (structured clones).
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runInNewContext } from "node:vm";

import { LicentiaClient, memoryStorage } from "../../crates/wasm/js/dist/index.node.js";
import { testProduct, testServer } from "../../crates/wasm/js/dist/testing.js";
import { launch, open } from "../browser/browser.mjs";
import { ROOT } from "../harness/index.mjs";
import { serveLicense } from "../../examples/electron/license.js";

const EXAMPLE = join(ROOT, "examples/electron");
const read = (name) => readFileSync(join(EXAMPLE, name), "utf8");

let browser;
let pages;
let server;
let client;
const handlers = new Map();
const sent = [];
/** What windows ask arrives here, and what they are told leaves here. */
const ipcMain = { handle: (channel, handler) => handlers.set(channel, handler) };
const window = { webContents: { send: (channel, value) => sent.push([channel, structuredClone(value)]) } };
const invoke = async (channel, ...args) => structuredClone(await handlers.get(channel)({}, ...structuredClone(args)));

before(async () => {
  const product = await testProduct({ algorithm: "EdDSA" });
  server = testServer({ product, license: { metadata: [{ key: "plan", value: "pro", visible: true }] } });
  client = await LicentiaClient.open({ product: product.file(server.host), fetch: server.fetch, storage: memoryStorage() });
  serveLicense(ipcMain, client, () => [window]);
  pages = createServer((request, response) => {
    const name = request.url === "/" ? "index.html" : request.url.slice(1);
    if (!existsSync(join(EXAMPLE, name))) return response.writeHead(204).end();
    response.writeHead(200, { "Content-Type": name.endsWith(".js") ? "text/javascript" : "text/html" }).end(read(name));
  });
  await new Promise((resolve) => pages.listen(0, "127.0.0.1", resolve));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  pages?.close();
  client?.close();
});

/** The names under which the preload script offers functions to a page, with the channel that each asks. */
function bridge() {
  const offered = {};
  const asked = [];
  const electron = {
    contextBridge: { exposeInMainWorld: (name, functions) => Object.assign(offered, { name, functions }) },
    ipcRenderer: { invoke: (channel, ...args) => asked.push([channel, ...args]), on: (channel) => asked.push([channel]) },
  };
  runInNewContext(read("preload.cjs"), { require: () => electron });
  return { ...offered, asked };
}

test("the bridge asks for what the main process serves, and for nothing else", () => {
  const { name, functions, asked } = bridge();
  assert.equal(name, "license");
  for (const call of Object.values(functions)) call("an argument");
  const channels = asked.map(([channel]) => channel);
  assert.deepEqual(channels.filter((channel) => channel !== "license:changed").sort(), [...handlers.keys()].sort());
  assert.ok(channels.includes("license:changed"));
});

test("a window activates, hears of a revocation, and never sees the token", async () => {
  const { page, complaints } = await open(browser.context);
  await page.exposeFunction("invoke", invoke);
  await page.addInitScript(() => {
    const ask = (channel) => (...args) => window.invoke(`license:${channel}`, ...args);
    window.license = { state: ask("state"), activate: ask("activate"), sync: ask("sync"), deactivate: ask("deactivate"), onChanged: (listener) => (window.told = listener) };
  });
  await page.goto(`http://127.0.0.1:${pages.address().port}/`);
  await page.locator("#activation").waitFor();
  await page.fill("#key", "NOBODY-HAS-THIS-KEY");
  await page.click("#activation button");
  await page.locator("#refusal:not(:empty)").waitFor();
  await page.fill("#key", server.licenseKey);
  await page.click("#activation button");
  await page.locator("#product").waitFor();
  assert.equal(await page.textContent("#plan"), "pro");
  server.answers("revoked");
  await page.click("#sync");
  await page.locator("#activation").waitFor();
  assert.equal(await page.isVisible("#product"), false);
  assert.match(await page.textContent("#explanation"), /LA_E_REVOKED/);
  assert.deepEqual(sent.at(-1)[0], "license:changed");
  assert.doesNotMatch(JSON.stringify(sent), /eyJ/);
  await page.close();
  assert.deepEqual(complaints, []);
});
