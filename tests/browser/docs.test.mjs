// The API's own reference: it draws itself from this server alone, in the reader's colours, and follows links of two kinds.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { ROOT, start } from "../harness/index.mjs";
import { launch, open } from "./browser.mjs";

let server;
let browser;
before(async () => {
  server = await start({ www: `${ROOT}www` });
  browser = await launch({ colorScheme: "dark" });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens the reference, and says when it is closed what it asked of others and what it complained of. */
async function reference(fragment = "") {
  const { page, complaints } = await open(browser.context);
  const elsewhere = [];
  page.on("request", (request) => {
    const ours = request.url().startsWith(`${server.url}/`) || request.url().startsWith("data:");
    if (!ours) elsewhere.push(request.url());
  });
  await page.goto(`${server.url}/v3/docs${fragment}`);
  const close = async () => {
    await page.close();
    assert.deepEqual({ complaints, elsewhere }, { complaints: [], elsewhere: [] });
  };
  return { page, close };
}

describe("the reference of the API", () => {
  test("every call is listed, and asks no other server for anything", async () => {
    const { page, close } = await reference();
    const document = await (await fetch(`${server.url}/api-docs/v3/swagger.json`)).json();
    const calls = Object.values(document.paths).flatMap((path) => Object.values(path));
    await page.getByRole("heading", { name: "Licentia Web API" }).waitFor();
    await page.waitForFunction((count) => globalThis.document.querySelectorAll(".opblock").length === count, calls.length);
    await close();
  });

  test("a link to a call opens it, in the form of either viewer", async () => {
    for (const fragment of ["#/Licenses/UpdateLicense", "#tag/Licenses/operation/UpdateLicense"]) {
      const { page, close } = await reference(fragment);
      const call = page.locator(".opblock.is-open");
      await call.getByText("license:write").waitFor();
      assert.match(await call.locator(".opblock-summary").innerText(), /PATCH\s+\/v3\/licenses\/\{id\}/);
      assert.equal(new URL(page.url()).hash, "#/Licenses/UpdateLicense");
      await close();
    }
  });

  test("a call is opened by the keyboard", async () => {
    const { page, close } = await reference();
    const summary = page.locator("#operations-Status-GetStatus .opblock-summary-control");
    await summary.focus();
    await page.keyboard.press("Enter");
    await page.locator("#operations-Status-GetStatus.is-open").waitFor();
    await close();
  });

  test("it has the reader's colours", async () => {
    const { page, close } = await reference();
    const dark = () => page.evaluate(() => document.documentElement.classList.contains("dark-mode"));
    assert.equal(await dark(), true);
    await page.emulateMedia({ colorScheme: "light" });
    await page.waitForFunction(() => !document.documentElement.classList.contains("dark-mode"));
    await close();
  });
});
