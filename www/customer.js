// The customer's side: the client of the npm package, as an application uses it.

import { LicentiaClient } from "/licentia/index.web.js";

const CALLS = {
  activate: { name: "Activate", run: (client) => client.activate() },
  sync: { name: "Sync", run: (client) => client.sync() },
  deactivate: { name: "Deactivate", run: (client) => client.deactivate() },
  reset: { name: "Reset", run: (client) => client.reset() ?? client.isValid() },
};

/** A verdict that an application does not go on with comes as an error; the page shows all alike. */
function statusOf(error) {
  if (error.name !== "LicenseError" || error.status === null) {
    throw error;
  }
  return { code: error.status, name: error.code, message: error.message };
}

export class CustomerApp {
  #options;
  #client;
  #slot;
  #record;
  #changed;
  #asked = false;

  /** `record` is told of every request and its answer; `changed` of every verdict, with what brought it. */
  constructor({ product, licenseKey, record, changed }) {
    this.#record = record;
    this.#changed = changed;
    this.#slot = `licentia.${product.id}`;
    this.#options = {
      host: location.origin,
      product: product.id,
      publicKey: product.publicKey,
      licenseKey,
      appVersion: "1.0.0",
      hostname: "this tab",
      fetch: (url, init) => this.#fetch(url, init),
    };
  }

  /** Starts as an application does: with what is stored, and with background syncs if that stands. */
  async start() {
    this.#client = await LicentiaClient.open(this.#options);
    this.#client.on("status", (status) => this.#synced(status));
    const verdict = this.#client.isGenuine();
    this.#tell(null);
    return verdict;
  }

  async call(name) {
    const { name: label, run } = CALLS[name];
    this.#asked = name === "sync";
    const status = await Promise.resolve(run(this.#client)).catch(statusOf);
    // An event has told a sync, unless there was nothing to ask the server.
    if (name !== "sync" || this.#asked) {
      this.#asked = false;
      this.#tell({ call: label, status });
    }
  }

  /** Ends the client; what it stored stays for the next start. */
  stop() {
    this.#changed = () => {};
    this.#client?.close();
  }

  /** Ends the client and forgets what it stored. */
  async close() {
    this.stop();
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

  /** Returns when the next background sync is due (in milliseconds since 1970) and after how long they come, or null. */
  nextSync() {
    const at = this.#client?.nextSyncAt() ?? null;
    return at === null ? null : { at: at.getTime(), interval: (this.#client.claims()?.ssi ?? 0) * 1000 };
  }

  #synced(status) {
    const call = this.#asked ? "Sync" : "Background sync";
    this.#asked = false;
    this.#tell({ call, status });
  }

  #tell(event) {
    const verdict = this.#client.isGenuine();
    const reason = this.#client.lastActivationError();
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
