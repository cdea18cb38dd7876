// The client of the npm package in Chromium, against the built Worker in workerd, under the pages' own policy.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ROOT, start } from "../harness/index.mjs";
import { createLicense, STORIES } from "../story.mjs";
import { launch, open } from "./browser.mjs";

let server;
let browser;
before(async () => {
  server = await start({ www: `${ROOT}www` });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A client in a page of its own, which keeps its activation in localStorage. */
async function pageApp(license) {
  const { page, complaints } = await open(browser.context);
  await page.goto(server.url);
  await page.evaluate(async ({ productId, publicKey, key }) => {
    const { LicentiaClient } = await import("/licentia/index.web.js");
    window.codes = [];
    window.client = new LicentiaClient({
      host: location.origin,
      productId,
      publicKey,
      licenseKey: key,
      onStatus: ({ code }) => window.codes.push(code),
    });
  }, license);
  let seen = 0;
  return {
    activate: () => page.evaluate(async () => (await window.client.activateLicense()).code),
    genuine: () => page.evaluate(async () => (await window.client.isLicenseGenuine()).code),
    sync: () => page.evaluate(async () => (await window.client.syncLicenseActivation()).code),
    claims: () => page.evaluate(() => window.client.claims()),
    told: () => page.evaluate(() => window.codes),
    storedToken: () =>
      page.evaluate(
        (productId) => JSON.parse(localStorage.getItem(`licentia.${productId}`) ?? "{}").token ?? null,
        license.productId,
      ),
    async hears(wanted) {
      const heard = await page.waitForFunction(
        ([code, from]) => window.codes.indexOf(code, from) + 1,
        [wanted, seen],
        { timeout: 20_000 },
      );
      seen = await heard.jsonValue();
    },
    async close() {
      await page.close();
      assert.deepEqual(complaints.filter(isUnexpected), []);
    },
  };
}

/** Chromium reports each refusal of a request as an error, too. */
function isUnexpected(complaint) {
  return !/the server responded with a status of 40\d/.test(complaint);
}

for (const { name, tell, fields } of STORIES) {
  test(`in Chromium, ${name}`, async () => {
    const license = await createLicense(server.call, fields);
    const app = await pageApp(license);
    try {
      await tell(server.call, license, app);
    } finally {
      await app.close();
    }
  });
}

test("in Chromium, a page that is loaded again goes on with the activation", async () => {
  const license = await createLicense(server.call);
  const first = await pageApp(license);
  assert.equal(await first.activate(), 0);
  await first.close();
  const second = await pageApp(license);
  assert.equal(await second.genuine(), 0);
  await second.hears(0);
  await second.close();
});

test("in Chromium, every decision vector gives its verdict", async () => {
  const { page, complaints } = await open(browser.context);
  await page.route("**/vectors/*", (route) => {
    const { pathname } = new URL(route.request().url());
    return route.fulfill({ path: join(ROOT, "tests", pathname) });
  });
  await page.goto(server.url);
  const { count, failed } = await page.evaluate(async () => {
    const { checkActivationResponse } = await import("/licentia/check.js");
    const { failures } = await import("/vectors/run.mjs");
    const file = await (await fetch("/vectors/decisions.json")).json();
    return { count: file.vectors.length, failed: failures(checkActivationResponse, file) };
  });
  assert.ok(count > 300);
  assert.deepEqual(failed, []);
  await page.close();
  assert.deepEqual(complaints, []);
});
