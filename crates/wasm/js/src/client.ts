// The client: fetches, stores and waits. What an answer means and what is stored is decided in the module.

import type { Claims, Entry } from "./claims.js";
import { engine, type Answer, type Asked, type Decision, type Identity } from "./engine.js";
import { invalid, namedBy, object, optionalText, publicKey, text, type PublicKey } from "./options.js";
import * as platform from "./platform.js";
import { statusCode, type Status } from "./status.js";
import { isThenable, then, type LicenseStorage } from "./storage.js";

export interface ClientOptions {
  /** The product's id; without one, that of `publicKey`. */
  productId?: string | undefined;
  /** The product's public key: SPKI PEM, its `product.dat`, or the document that `GET /v3/products/{id}/keys` answers. */
  publicKey: PublicKey;
  /** The server's address, such as `https://licenses.example.com`; without one, that of `publicKey`. */
  host?: string | undefined;
  /** The license key; without one, the key that was last activated. */
  licenseKey?: string | undefined;
  /** What tells this device from others; without one, a random id that is kept in the storage. */
  fingerprint?: string | undefined;
  /** The application's version. */
  appVersion?: string | undefined;
  /** Fields that an activation carries. */
  metadata?: Entry[] | undefined;
  /** The device's name; without one, the system's, or the page's host. */
  hostname?: string | undefined;
  /** Where to keep the activation: localStorage in browsers, a file in Node, memory elsewhere. */
  storage?: LicenseStorage | undefined;
  /** In Node: the directory of that file; without one, the user's data directory. */
  directory?: string | undefined;
  /** Called after each sync with its verdict. */
  onStatus?: ((status: Status) => void) | undefined;
  /** How long to wait for an answer, in milliseconds; 15,000 without. */
  timeout?: number | undefined;
  /** Used in place of the global `fetch`. */
  fetch?: typeof fetch | undefined;
}

const LA_OK = 0;
const LA_E_FILE_PERMISSION = 45;
const DEFAULT_TIMEOUT = 15_000;
/** Timers take no longer delay: 24.8 days. */
const LONGEST_DELAY = 2_147_483;

/**
 * The license of this application on this device.
 *
 * Every method resolves to a {@link Status}; none rejects because of a license, a network or a storage.
 */
export class LicentiaClient {
  readonly #options: ClientOptions;
  readonly #host: string;
  readonly #publicKey: string;
  readonly #storage: LicenseStorage;
  readonly #slot: string;
  #licenseKey: string | null;
  #fingerprint: string | undefined;
  #onStatus: ((status: Status) => void) | undefined;
  /** What could not be written: it stands in place of what the storage holds. */
  #unwritten: string | undefined;
  /** Requests wait for each other, so that no two answers race. */
  #last: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Background syncs start once; after a verdict that ends them, only a new activation starts them again. */
  #background: "unstarted" | "running" | "over" = "unstarted";

  constructor(options: ClientOptions) {
    const given = object(options, "options") as ClientOptions;
    const file = namedBy(given.publicKey);
    this.#options = { ...given, productId: given.productId ?? file.productId, host: given.host ?? file.host };
    this.#host = address(this.#options.host);
    this.#publicKey = publicKey(this.#options.publicKey);
    this.#licenseKey = optionalText(this.#options.licenseKey, "licenseKey") ?? null;
    this.#fingerprint = optionalText(this.#options.fingerprint, "fingerprint");
    this.#slot = `licentia.${optionalText(this.#options.productId, "productId") ?? ""}`;
    const directory = optionalText(this.#options.directory, "directory");
    this.#storage = this.#options.storage ?? platform.defaultStorage(directory);
    this.setLicenseCallback(this.#options.onStatus);
    this.#checkRest();
  }

  /** The options that are used later: what is wrong with them is said now. */
  #checkRest(): void {
    const { storage, fetch, timeout, appVersion, hostname, metadata } = this.#options;
    optionalText(appVersion, "appVersion");
    optionalText(hostname, "hostname");
    if (storage !== undefined && !["get", "set", "remove"].every((name) => name in object(storage, "storage"))) {
      throw invalid("storage", "an object with `get`, `set` and `remove`");
    }
    if (fetch !== undefined && typeof fetch !== "function") {
      throw invalid("fetch", "a function");
    }
    if (timeout !== undefined && !(typeof timeout === "number" && timeout > 0 && timeout <= LONGEST_DELAY * 1000)) {
      throw invalid("timeout", "a number of milliseconds");
    }
    if (metadata !== undefined && !Array.isArray(metadata)) {
      throw invalid("metadata", "an array of `{ key, value }`");
    }
  }

  /** Sets the license key that is used from now on. */
  setLicenseKey(licenseKey: string): void {
    this.#licenseKey = text(licenseKey, "licenseKey");
  }

  /** Sets what is called after each sync. */
  setLicenseCallback(onStatus: ((status: Status) => void) | undefined): void {
    if (onStatus !== undefined && typeof onStatus !== "function") {
      throw invalid("onStatus", "a function");
    }
    this.#onStatus = onStatus;
  }

  /** Activates this device, with `licenseKey` if one is given, and starts background syncs. */
  activateLicense(licenseKey?: string): Promise<Status> {
    const key = optionalText(licenseKey, "licenseKey");
    return this.#inTurn(async () => {
      const identity = await this.#identity();
      const wanted = { ...identity, licenseKey: key ?? identity.licenseKey };
      const asking = engine().askActivation(wanted, await this.#read());
      if (asking.key === null) {
        return asking.status as Status;
      }
      const asked = asking.key;
      const answer = await this.#request("POST", "", this.#body(wanted, asked, this.#options.metadata));
      const decision = await this.#decide((stored) => engine().activated(wanted, stored, asked, answer, now()));
      if (decision.claims !== null) {
        this.#licenseKey = key ?? this.#licenseKey;
        this.#syncIn(decision.nextSync);
      } else if (decision.store !== null) {
        this.#endSyncs("over");
      }
      return decision.status;
    });
  }

  /** Decides from what is stored whether the license is genuine; the first call starts background syncs. */
  async isLicenseGenuine(): Promise<Status> {
    return this.#guarded(async () => {
      const decision = await this.#verdict();
      if (decision.nextSync !== null && this.#background === "unstarted") {
        this.#syncIn(0);
      }
      return decision.status;
    });
  }

  /** Decides the same without ever starting a sync. */
  async isLicenseValid(): Promise<Status> {
    return this.#guarded(async () => (await this.#verdict()).status);
  }

  /** Asks the server now, and resolves to its verdict. */
  syncLicenseActivation(): Promise<Status> {
    return this.#sync("asked for");
  }

  /** Gives this device's seat back and forgets the activation. */
  deactivateLicense(): Promise<Status> {
    return this.#inTurn(async () => {
      const identity = await this.#identity();
      const asking = await this.#decide((stored) => engine().askDeactivation(identity, stored, now()));
      const { asked } = asking;
      if (asked === null) {
        return asking.status;
      }
      const path = `/${encodeURIComponent(asked.activation)}/deactivate`;
      const answer = await this.#request("POST", path, this.#body(identity, asked.key));
      const decision = await this.#decide((stored) => engine().deactivated(identity, stored, asked, answer, now()));
      if (decision.store !== null && decision.claims === null) {
        this.#endSyncs("unstarted");
      }
      return decision.status;
    });
  }

  /** Forgets the activation on this device without telling the server. */
  reset(): Promise<Status> {
    return this.#inTurn(async () => {
      this.#endSyncs("unstarted");
      this.#unwritten = undefined;
      await reach(() => this.#storage.remove(this.#slot));
      return known(LA_OK);
    });
  }

  /** Ends background syncs; a timer keeps no process alive, so this is for pages that go on without the license. */
  close(): void {
    this.#endSyncs("over");
    this.#onStatus = undefined;
  }

  /** Returns why the stored activation was last erased: `LA_OK` if it was not since the last success. */
  async lastActivationError(): Promise<Status> {
    return this.#guarded(async () => engine().lastError(await this.#identity(), await this.#read()));
  }

  /** Returns the claims of the activation that stands, or null. */
  async claims(): Promise<Claims | null> {
    try {
      const { claims } = await this.#verdict();
      return claims === null ? null : (JSON.parse(claims) as Claims);
    } catch {
      return null;
    }
  }

  /** Returns when the license expires: null if it never does, or nothing stands. */
  async licenseExpiryDate(): Promise<Date | null> {
    const expiry = (await this.claims())?.eat ?? 0;
    return expiry === 0 ? null : new Date(expiry * 1000);
  }

  /** Returns a field of the license's metadata, whose names are compared without regard to case. */
  async licenseMetadata(key: string): Promise<string | undefined> {
    const name = text(key, "key").toLowerCase();
    const entries = (await this.claims())?.lmd ?? [];
    return entries.find((entry) => entry.key.toLowerCase() === name)?.value;
  }

  async #verdict(): Promise<Decision> {
    const identity = await this.#identity();
    return this.#decide((stored) => engine().genuine(identity, stored, now()));
  }

  #sync(reason: "asked for" | "background"): Promise<Status> {
    return this.#inTurn(async () => {
      const identity = await this.#identity();
      const asking = await this.#decide((stored) => engine().askSync(identity, stored, now()));
      const { asked } = asking;
      const decision = asked === null ? asking : await this.#ask(identity, asked);
      if (this.#background === "running") {
        this.#syncIn(decision.nextSync);
      }
      if (asked !== null || reason === "background") {
        this.#tell(decision.status);
      }
      return decision.status;
    });
  }

  async #ask(identity: Identity, asked: Asked): Promise<Decision> {
    const path = `/${encodeURIComponent(asked.activation)}`;
    const answer = await this.#request("PATCH", path, this.#body(identity, asked.key));
    return this.#decide((stored) => engine().synced(identity, stored, asked, answer, now()));
  }

  /** Waits for the next background sync, or ends them: `seconds` is null where none follows. */
  #syncIn(seconds: number | null): void {
    this.#endSyncs("over");
    if (seconds === null) {
      return;
    }
    this.#background = "running";
    const sync = () => void this.#sync("background").catch(() => undefined);
    this.#timer = setTimeout(sync, Math.min(seconds, LONGEST_DELAY) * 1000);
    // In Node, a timer that waits for the next sync keeps no process alive; the first sync is worth a moment.
    if (seconds > 0) {
      (this.#timer as { unref?: () => void }).unref?.();
    }
  }

  #endSyncs(background: "unstarted" | "over"): void {
    clearTimeout(this.#timer);
    this.#background = background;
  }

  /** A fault in the application's callback is the application's: it surfaces as one, and syncs go on. */
  #tell(status: Status): void {
    try {
      this.#onStatus?.(status);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  async #identity(): Promise<Identity> {
    this.#fingerprint ??= await deviceId(this.#storage);
    const productId = this.#options.productId ?? "";
    return { productId, licenseKey: this.#licenseKey, fingerprint: this.#fingerprint, publicKey: this.#publicKey };
  }

  #read(): string | null | Promise<string | null> {
    return this.#unwritten ?? reach(() => then(this.#storage.get(this.#slot), (stored) => (typeof stored === "string" ? stored : null)));
  }

  /** Reads what is stored, decides, and writes what is to be stored: one step, if the storage is synchronous. */
  async #decide(decide: (stored: string | null) => Decision): Promise<Decision> {
    return then(this.#read(), (stored) => {
      const decision = decide(stored);
      return decision.store === null ? decision : then(this.#write(decision.store), () => decision);
    });
  }

  /** Nothing that is to be forgotten lives on because it could not be written: it is held here instead. */
  #write(stored: string): void | Promise<void> {
    this.#unwritten = stored;
    const written = () => {
      if (this.#unwritten === stored) {
        this.#unwritten = undefined;
      }
    };
    try {
      const result = this.#storage.set(this.#slot, stored);
      return isThenable(result) ? result.then(written, () => undefined) : written();
    } catch {
      return undefined;
    }
  }

  #body(identity: Identity, key: string, metadata: Entry[] = []): string {
    const { hostname = undefined, appVersion = "" } = this.#options;
    const device = platform.device();
    return JSON.stringify({
      key,
      productId: identity.productId,
      fingerprint: identity.fingerprint,
      os: device.os,
      osVersion: device.osVersion,
      hostname: hostname ?? device.hostname,
      appVersion,
      userHash: device.userHash || identity.fingerprint,
      metadata,
    });
  }

  async #request(method: string, path: string, body: string): Promise<Answer> {
    const abort = new AbortController();
    const { fetch = globalThis.fetch, timeout = DEFAULT_TIMEOUT } = this.#options;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error("no answer in time"));
        abort.abort();
      }, timeout);
    });
    const ask = async (): Promise<Answer> => {
      const response = await fetch(`${this.#host}/v3/activations${path}`, {
        ...platform.request,
        method,
        body,
        headers: { "Content-Type": "application/json" },
        signal: abort.signal,
      });
      const status = Number.isInteger(response.status) ? Math.min(Math.max(response.status, 0), 999) : 0;
      return { status, body: String(await response.text()) };
    };
    try {
      return await Promise.race([ask(), late]);
    } catch {
      return { status: 0, body: "" };
    } finally {
      clearTimeout(timer);
    }
  }

  #inTurn(action: () => Promise<Status>): Promise<Status> {
    const turn = this.#last.then(() => this.#guarded(action));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** A storage that cannot be reached is a verdict, too. */
  async #guarded(action: () => Promise<Status>): Promise<Status> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof StorageFault) {
        return known(LA_E_FILE_PERMISSION);
      }
      throw error;
    }
  }
}

/** The storage threw. */
class StorageFault extends Error {}

function reach<T>(action: () => T | Promise<T>): T | Promise<T> {
  const fault = (cause: unknown): never => {
    throw new StorageFault("the storage cannot be reached", { cause });
  };
  try {
    const result = action();
    return isThenable(result) ? result.then((value) => value, fault) : result;
  } catch (cause) {
    return fault(cause);
  }
}

function now(): number {
  return Date.now() / 1000;
}

function known(code: number): Status {
  return statusCode(code) as Status;
}

function address(host: unknown): string {
  try {
    const url = new URL(text(host, "host"));
    if (url.protocol === "https:" || url.protocol === "http:") {
      return url.href.replace(/\/+$/, "");
    }
  } catch {
    // Said below.
  }
  throw invalid("host", "an http or https address");
}

const DEVICE = "licentia.device";

/** Returns the device's id, which is drawn once: if two draw at the same time, both take the one that was stored. */
async function deviceId(storage: LicenseStorage): Promise<string> {
  const kept = async () => {
    const stored: unknown = await reach(() => storage.get(DEVICE));
    return typeof stored === "string" && stored !== "" ? stored : null;
  };
  const stored = await kept();
  if (stored !== null) {
    return stored;
  }
  // A device whose id cannot be kept would be another one at every start, and take a seat each time.
  const drawn = Array.from(platform.randomBytes(), (byte) => byte.toString(16).padStart(2, "0")).join("");
  await reach(() => storage.set(DEVICE, drawn) as Promise<void>);
  return (await kept()) ?? drawn;
}
