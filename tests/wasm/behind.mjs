// A test file's server in workerd behind a proxy, and the clients that are closed after each of its tests.
import { after, afterEach, before } from "node:test";

import { LicentiaClient } from "../../crates/wasm/js/dist/index.node.js";
import { start } from "../harness/index.mjs";
import { proxy } from "../harness/proxy.mjs";

/**
 * Starts both before the tests, and ends them after; the proxy passes everything on again after each test. `options` are the
 * server's.
 *
 * Returns `{ server, between, open }`, of which the first two are there once the tests run: `open(license, changes)` opens a
 * client of an application behind the proxy that asks only when it is told to.
 */
export function behindProxy(options = {}) {
  const clients = [];
  const behind = {
    open: async (license, changes) => {
      const given = { host: behind.between.url, product: license.productId, licenseKey: license.key, push: false };
      const client = await LicentiaClient.open({ ...given, ...changes });
      clients.push(client);
      return client;
    },
  };
  before(async () => {
    behind.server = await start({ counted: false, ...options });
    behind.between = await proxy(behind.server.url);
  });
  after(async () => {
    behind.between?.close();
    await behind.server?.stop();
  });
  afterEach(() => {
    clients.splice(0).forEach((client) => client.close());
    behind.between.between = (_, pass) => pass();
    behind.between.seen.length = 0;
  });
  return behind;
}
