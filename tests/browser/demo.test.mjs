// The demo, by clicking what a person clicks, and waiting for what the page says.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { ROOT, start } from "../harness/index.mjs";
import { launch, open } from "./browser.mjs";

/** The demo's license syncs every 5 seconds; a person is promised 10. */
const PROMISED = 10_000;
const PATIENCE = 30_000;

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

/** The demo as the link that `dev` prints opens it. */
async function demo(address = `${server.url}/#token=${server.token}`) {
  const { page, complaints } = await open(browser.context);
  await page.goto(address);
  const status = (name) => page.getByRole("status", { name });
  return {
    page,
    complaints,
    click: (name) => page.getByRole("button", { name, exact: true }).click(),
    /** Waits until a status says so: "Verdict", "Last answer" or "State of the license". */
    says: (name, text, timeout = PATIENCE) => status(name).filter({ hasText: text }).waitFor({ timeout }),
    read: (name) => status(name).innerText(),
    /** Returns what the page says of a fact, once it says `text` if that is given. */
    async fact(name, text = "") {
      const fact = page.locator("dl > div").filter({ hasText: name }).locator("dd").filter({ hasText: text });
      return fact.innerText({ timeout: PATIENCE });
    },
    async close() {
      await page.close();
      const refused = /the server responded with a status of (40\d|502)/;
      assert.deepEqual(complaints.filter((complaint) => !refused.test(complaint)), []);
    },
  };
}

// Most of the time is waiting for syncs: several tabs wait at once.
describe("the demo", { concurrency: 4 }, () => {
  test("a license is revoked, and the running app refuses until it activates anew", async () => {
    const { page, click, says, read, fact, close } = await demo();
    await says("Verdict", "LA_OK");
    assert.match(await fact("Stored activation"), /^token eyJ/);
    await fact("Seats in use", "1 of 1");

    await click("Revoke");
    await says("State of the license", "Revoked");
    // No further click: the app's own sync brings it.
    await says("Verdict", "LA_FAIL", PROMISED);
    assert.match(await read("Verdict"), /^1\s+LA_FAIL\s+This device is not activated\.\s+Why: 53 LA_E_REVOKED\. The license has been revoked\.$/);
    await says("Last answer", "Background sync: 53 LA_E_REVOKED");
    assert.equal(await fact("Stored activation"), "none");
    assert.match(await fact("Next sync"), /^none/);

    await click("Activate");
    await says("Last answer", "Activate: 53 LA_E_REVOKED");
    await says("Verdict", "LA_FAIL");

    await click("Approve");
    await says("State of the license", "Active");
    await click("Sync now");
    await says("Last answer", "Sync: 1 LA_FAIL");
    await says("Verdict", "LA_FAIL");

    await click("Activate");
    await says("Verdict", "LA_OK");
    await fact("Seats in use", "1 of 1");

    await click("Suspend");
    await says("Verdict", "LA_SUSPENDED");
    assert.match(await fact("Stored activation"), /^token eyJ/);
    await click("Resume");
    await says("Verdict", "LA_OK");
    await page.getByText("That is the whole story.").waitFor();
    await close();
  });

  test("the log shows each request and answer, what a token says, and never the access token", async () => {
    const { page, click, says, close } = await demo();
    await says("Verdict", "LA_OK");
    await click("Revoke");
    await says("Verdict", "LA_FAIL");

    const line = (...texts) => texts.reduce((found, hasText) => found.filter({ hasText }), page.getByRole("listitem"));
    const sync = line("PATCH /v3/activations/", "400", "Background sync: 53 LA_E_REVOKED");
    await sync.locator("summary").click();
    await sync.getByText('"code": "REVOKED_LICENSE"').waitFor();
    const activation = line("POST /v3/activations", "201", "Activate: 0 LA_OK");
    await activation.locator("summary").first().click();
    await activation.getByText("What the activationToken says").click();
    await activation.getByText('"ssi": 5').waitFor();
    const revocation = line("PATCH /v3/licenses/", "200");
    await revocation.locator("summary").click();
    await revocation.getByText("Authorization: Bearer $TOKEN").waitFor();
    await revocation.getByText('"revoked": true').last().waitFor();

    await page.getByText(/^curl -X PATCH http.*"Authorization: Bearer \$TOKEN".*'{"revoked": true}'$/s).waitFor();
    assert.equal(new URL(page.url()).hash, "");
    const everything = await page.evaluate(() => document.documentElement.outerHTML);
    assert.ok(!everything.includes(server.token));
    await close();
  });

  test("the license outlives a reload of the tab, and starting over makes another", async () => {
    const { page, click, says, fact, close } = await demo();
    await says("Verdict", "LA_OK");
    const key = await fact("License key");
    await page.reload();
    await says("Last answer", "Background sync: 0 LA_OK");
    assert.equal(await fact("License key"), key);

    await click("Start over");
    await says("Last answer", "Activate: 0 LA_OK");
    assert.notEqual(await fact("License key"), key);
    await close();
  });

  test("a license that is revoked from elsewhere is refused just the same", async () => {
    const { page, says, close } = await demo();
    await says("Verdict", "LA_OK");
    const command = await page.getByText(/^curl /).innerText();
    const [path] = /\/v3\/licenses\/[\w-]+/.exec(command);
    await server.call("PATCH", path, { revoked: true });
    await says("Verdict", "LA_FAIL");
    await says("State of the license", "Revoked");
    await close();
  });

  test("deactivating gives the seat back, and resetting forgets the activation here alone", async () => {
    const { click, says, fact, close } = await demo();
    const seats = async (text) => {
      await says("State of the license", "Active");
      await fact("Seats in use", text);
    };
    await says("Verdict", "LA_OK");
    await click("Deactivate");
    await says("Verdict", "LA_FAIL");
    await seats("0 of 1");
    assert.equal(await fact("Stored activation"), "none");

    await click("Activate");
    await says("Verdict", "LA_OK");
    await click("Reset");
    await says("Verdict", "LA_FAIL");
    await seats("1 of 1");
    await click("Activate");
    await says("Verdict", "LA_OK");
    await close();
  });

  test("an app that cannot reach its server goes on", async () => {
    const { page, says, read, close } = await demo();
    await says("Verdict", "LA_OK");
    await page.route("**/v3/activations/**", (route) => route.fulfill({ status: 502, body: "<h1>Bad gateway</h1>" }));
    await says("Last answer", "Background sync: 91 LA_E_SERVER");
    assert.match(await read("Verdict"), /LA_OK/);
    await page.unroute("**/v3/activations/**");
    await says("Last answer", "Background sync: 0 LA_OK");
    await close();
  });

  test("without a token the page asks for one, and says what is wrong with it", async () => {
    const { page, click, says, close } = await demo(server.url);
    await page.getByLabel("Access token").fill("lct_wrong");
    await click("Open the demo");
    await page.getByRole("alert").filter({ hasText: "The server does not accept this token." }).waitFor();
    await page.getByLabel("Access token").fill(server.token);
    await page.keyboard.press("Enter");
    await says("Verdict", "LA_OK");

    await click("Sign out");
    await page.getByLabel("Access token").waitFor();
    await page.reload();
    await page.getByLabel("Access token").waitFor();
    await close();
  });

  test("a server with a higher floor is asked for that interval", async () => {
    const slow = await start({ www: `${ROOT}www`, minSyncInterval: 60 });
    try {
      const { says, fact, close } = await demo(`${slow.url}/#token=${slow.token}`);
      await says("Verdict", "LA_OK");
      assert.match(await fact("Apps sync every"), /^60 seconds, the least/);
      await close();
    } finally {
      await slow.stop();
    }
  });
});
