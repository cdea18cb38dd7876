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
  await page.evaluate(async ({ productId, key }) => {
    const { LicentiaClient } = await import("/licentia/index.web.js");
    window.codes = [];
    window.client = await LicentiaClient.open({ host: location.origin, product: productId, licenseKey: key, push: false });
    window.client.on("status", ({ code }) => window.codes.push(code));
    window.code = (promise) => promise.then(({ code }) => code, ({ status }) => status);
  }, license);
  let seen = 0;
  return {
    page,
    activate: () => page.evaluate(() => window.code(window.client.activate())),
    genuine: () => page.evaluate(() => window.client.isGenuine().code),
    sync: () => page.evaluate(() => window.code(window.client.sync())),
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

test("in Chromium, tabs ask one after the other, and one tab's erasure is every tab's", async () => {
  const license = await createLicense(server.call);
  const [first, second] = [await pageApp(license), await pageApp(license)];
  const print = ({ page }) => page.evaluate(() => window.client.fingerprint);
  assert.equal(await print(first), await print(second));
  assert.equal(await first.activate(), 0);
  assert.equal(await second.genuine(), 0);
  let open = 0;
  let most = 0;
  await browser.context.route("**/v3/activations/*", async (route) => {
    most = Math.max(most, (open += 1));
    const response = await route.fetch();
    open -= 1;
    await route.fulfill({ response });
  });
  const codes = await Promise.all([first, second, first, second].map((app) => app.sync()));
  await browser.context.unroute("**/v3/activations/*");
  assert.deepEqual([...codes, most], [0, 0, 0, 0, 1]);
  await server.call("PATCH", `/v3/licenses/${license.id}`, { revoked: true });
  assert.equal(await second.sync(), 53);
  assert.equal(await first.genuine(), 1);
  await first.close();
  await second.close();
});

test("in Chromium, tabs that open at the same moment are one device, and take one seat", async () => {
  for (let round = 0; round < 3; round += 1) {
    const license = await createLicense(server.call, { allowedActivations: 1 });
    const tabs = await Promise.all([open(browser.context), open(browser.context)]);
    await Promise.all(tabs.map(({ page }) => page.goto(server.url)));
    await tabs[0].page.evaluate(() => localStorage.clear());
    const opened = tabs.map(({ page }) =>
      page.evaluate(
        async ({ productId, key }) => {
          const { LicentiaClient } = await import("/licentia/index.web.js");
          const client = await LicentiaClient.open({ host: location.origin, product: productId, licenseKey: key, push: false });
          return { code: (await client.activate().catch(({ status }) => ({ code: status }))).code, id: client.fingerprint };
        },
        license,
      ),
    );
    const [first, second] = await Promise.all(opened);
    assert.deepEqual([first, second], [{ code: 0, id: first.id }, { code: 0, id: first.id }]);
    await Promise.all(tabs.map(({ page }) => page.close()));
  }
});

test("in Chromium, what a user edits in the storage is noticed", async () => {
  const license = await createLicense(server.call);
  const app = await pageApp(license);
  assert.equal(await app.activate(), 0);
  const edited = (part, value) =>
    app.page.evaluate(
      ([slot, part, value]) => {
        const kept = localStorage.getItem(slot);
        localStorage.setItem(slot, JSON.stringify({ ...JSON.parse(kept), [part]: value }));
        const { code } = window.client.isGenuine();
        localStorage.setItem(slot, kept);
        return code;
      },
      [`licentia.${license.productId}`, part, value],
    );
  assert.deepEqual([await edited("seen", 1), await edited("key", "ANOTHER-KEY-OF-SOMEBODY"), await edited("token", "a.b.c")], [69, 54, 1]);
  assert.equal(await app.genuine(), 0);
  await app.close();
});

test("in Chromium, a revocation ends a running page at once, through a socket", async () => {
  const license = await createLicense(server.call);
  const { page, complaints } = await open(browser.context);
  const socket = page.waitForEvent("websocket");
  await page.goto(server.url);
  const activated = await page.evaluate(async ({ productId, key }) => {
    const { LicentiaClient } = await import("/licentia/index.web.js");
    window.client = await LicentiaClient.open({ host: location.origin, product: productId, licenseKey: key });
    window.erased = new Promise((resolve) => window.client.on("erased", ({ code }) => resolve(code)));
    return (await window.client.activate()).code;
  }, license);
  assert.equal(activated, 0);
  assert.match((await socket).url(), /^ws:.*\/v3\/activations\/.*\/events\?version=\d+$/);
  await server.call("PATCH", `/v3/licenses/${license.id}`, { revoked: true });
  assert.equal(await page.evaluate(() => window.erased), 53);
  assert.equal(await page.evaluate(() => window.client.isGenuine().code), 1);
  await page.close();
  assert.deepEqual(complaints, []);
});

test("in Chromium, a license is checked by its server, whose answer is signed for just this request", async () => {
  const license = await createLicense(server.call);
  const { page, complaints } = await open(browser.context);
  await page.goto(server.url);
  const asked = page.waitForRequest("**/v3/licenses/check**");
  const verdicts = await page.evaluate(async ({ productId, key }) => {
    const { checkLicense } = await import("/licentia/check.js");
    const publicKey = await (await fetch(`/v3/products/${productId}/keys`)).json();
    const check = (question) => checkLicense({ host: location.origin, key, publicKey, ...question });
    const stripped = async (...request) => new Response(await (await fetch(...request)).text());
    return [await check({ fresh: true }), await check({ fresh: true, fetch: stripped })].map(({ name }) => name);
  }, license);
  assert.deepEqual(verdicts, ["LA_OK", "LA_E_INET"]);
  assert.ok((await asked).headers()["licentia-nonce"]);
  await page.close();
  assert.deepEqual(complaints, []);
});

test("in Chromium, every vector gives its verdict", async () => {
  const { page, complaints } = await open(browser.context);
  await page.route("**/vectors/*", (route) => {
    const { pathname } = new URL(route.request().url());
    return route.fulfill({ path: join(ROOT, "tests", pathname) });
  });
  await page.goto(server.url);
  const { count, failed } = await page.evaluate(async () => {
    const { checkActivationResponse, verifySignature } = await import("/licentia/check.js");
    const { LicentiaClient } = await import("/licentia/index.web.js");
    const { failures, signatureFailures } = await import("/vectors/run.mjs");
    const { machineFailures } = await import("/vectors/run-machine.mjs");
    const read = async (name) => (await fetch(`/vectors/${name}.json`)).json();
    const [decisions, signatures, machine] = await Promise.all(["decisions", "signatures", "machine"].map(read));
    const failed = [
      ...failures(checkActivationResponse, decisions),
      ...signatureFailures(verifySignature, signatures),
      ...(await machineFailures(LicentiaClient, machine)),
    ];
    return { count: decisions.vectors.length + signatures.cases.length + machine.cases.length, failed };
  });
  assert.ok(count > 3_000);
  assert.deepEqual(failed, []);
  await page.close();
  assert.deepEqual(complaints, []);
});
