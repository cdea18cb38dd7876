// The customer's side: the client of the npm package, as an application uses it.

import { LicentiaClient } from "/licentia/index.web.js";

/** After these verdicts of a sync, the client goes on asking if an activation still stands. */
const SYNCS_GO_ON = new Set([0, 20, 21, 48, 59, 90, 91]);

const CALLS = {
  activate: { name: "Activate", run: (client) => client.activateLicense() },
  sync: { name: "Sync", run: (client) => client.syncLicenseActivation() },
  deactivate: { name: "Deactivate", run: (client) => client.deactivateLicense() },
  reset: { name: "Reset", run: (client) => client.reset() },
};

export class CustomerApp {
  #client;
  #slot;
  #record;
  #changed;
  #asked = false;
  #nextSync = null;
  #interval = 0;

  /** `record` is told of every request and its answer; `changed` of every verdict, with what brought it. */
  constructor({ product, licenseKey, record, changed }) {
    this.#record = record;
    this.#changed = changed;
    this.#slot = `licentia.${product.id}`;
    this.#client = new LicentiaClient({
      host: location.origin,
      productId: product.id,
      publicKey: product.publicKey,
      licenseKey,
      appVersion: "1.0.0",
      hostname: "this tab",
      fetch: (url, init) => this.#fetch(url, init),
      onStatus: (status) => void this.#synced(status),
    });
  }

  /** Starts as an application does: with what is stored, and with background syncs if that stands. */
  async start() {
    const verdict = await this.#client.isLicenseGenuine();
    await this.#waitForSync(0);
    await this.#tell(null);
    return verdict;
  }

  async call(name) {
    const { name: label, run } = CALLS[name];
    this.#asked = name === "sync";
    const status = await run(this.#client);
    if (name === "sync") {
      // The callback has told it, unless there was nothing to ask the server.
      if (!this.#asked) {
        return;
      }
      this.#asked = false;
    } else if (this.storedToken() === null) {
      this.#nextSync = null;
    } else if (name === "activate" && SYNCS_GO_ON.has(status.code)) {
      await this.#waitForSync();
    }
    await this.#tell({ call: label, status });
  }

  /** Ends the client; what it stored stays for the next start. */
  stop() {
    this.#changed = () => {};
    this.#client.close();
  }

  /** Ends the client and forgets what it stored. */
  async close() {
    this.stop();
    await this.#client.reset();
    localStorage.removeItem(this.#slot);
  }

  /** Returns the token that lies in localStorage, or null. */
  storedToken() {
    try {
      return JSON.parse(localStorage.getItem(this.#slot))?.token ?? null;
    } catch {
      return null;
    }
  }

  /** Returns when the next background sync is due (in milliseconds since 1970) and after how long, or null. */
  nextSync() {
    return this.#nextSync === null ? null : { at: this.#nextSync, interval: this.#interval };
  }

  async #synced(status) {
    const call = this.#asked ? "Sync" : "Background sync";
    this.#asked = false;
    this.#nextSync = null;
    if (SYNCS_GO_ON.has(status.code)) {
      await this.#waitForSync();
    }
    await this.#tell({ call, status });
  }

  /** Notes when the next background sync is due: after `delay` seconds, or after the license's interval. */
  async #waitForSync(delay) {
    const interval = (await this.#client.claims())?.ssi ?? 0;
    this.#interval = interval * 1000;
    this.#nextSync = interval === 0 ? null : Date.now() + (delay ?? interval) * 1000;
  }

  async #tell(event) {
    const verdict = await this.#client.isLicenseGenuine();
    const reason = await this.#client.lastActivationError();
    this.#changed({ verdict, reason: verdict.code === 1 && reason.code !== 0 ? reason : null, event });
  }

  async #fetch(url, init) {
    const { pathname } = new URL(url);
    const exchange = { side: "app", method: init.method, path: pathname, request: init.body, at: new Date() };
    try {
      const response = await fetch(url, init);
      const text = await response.clone().text();
      this.#record({ ...exchange, status: response.status, response: text, headers: response.headers });
      return response;
    } catch (error) {
      this.#record({ ...exchange, status: 0, response: "", headers: new Headers() });
      throw error;
    }
  }
}
