// The client of the npm package in Node, against the built Worker in workerd.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { LicentiaClient } from "../../crates/wasm/js/dist/index.node.js";
import { start } from "../harness/index.mjs";
import { createLicense, STORIES } from "../story.mjs";

let server;
before(async () => {
  server = await start();
});
after(() => server?.stop());

/** A client whose storage is the file that it would use, in a directory of its own. */
async function nodeApp(license) {
  const directory = await mkdtemp(join(tmpdir(), "licentia-client-"));
  const codes = [];
  let seen = 0;
  let heard = () => {};
  const client = new LicentiaClient({
    host: server.url,
    productId: license.productId,
    publicKey: license.publicKey,
    licenseKey: license.key,
    directory,
    onStatus(status) {
      codes.push(status.code);
      heard();
    },
  });
  const code = async (status) => (await status).code;
  return {
    activate: () => code(client.activateLicense()),
    genuine: () => code(client.isLicenseGenuine()),
    sync: () => code(client.syncLicenseActivation()),
    claims: () => client.claims(),
    told: async () => codes,
    async storedToken() {
      const text = await readFile(join(directory, `licentia.${license.productId}`), "utf8").catch(() => "{}");
      return JSON.parse(text).token ?? null;
    },
    hears(wanted) {
      // A timer of the client's keeps no process alive; this one does, and says what was waited for.
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`waited for ${wanted}, heard ${codes}`)), 20_000);
        heard = () => {
          const place = codes.indexOf(wanted, seen);
          if (place >= 0) {
            seen = place + 1;
            clearTimeout(late);
            resolve();
          }
        };
        heard();
      });
    },
    async close() {
      client.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

for (const { name, tell, fields } of STORIES) {
  test(`in Node, ${name}`, async () => {
    const license = await createLicense(server.call, fields);
    const app = await nodeApp(license);
    try {
      await tell(server.call, license, app);
    } finally {
      await app.close();
    }
  });
}

test("in Node, a second client on the same storage goes on with the activation", async () => {
  const license = await createLicense(server.call);
  const directory = await mkdtemp(join(tmpdir(), "licentia-client-"));
  const options = { host: server.url, productId: license.productId, publicKey: license.publicKey, directory };
  const first = new LicentiaClient({ ...options, licenseKey: license.key });
  assert.equal((await first.activateLicense()).code, 0);
  const second = new LicentiaClient(options);
  assert.equal((await second.isLicenseValid()).code, 0);
  assert.deepEqual(await second.claims(), await first.claims());
  first.close();
  second.close();
  await rm(directory, { recursive: true, force: true });
});
