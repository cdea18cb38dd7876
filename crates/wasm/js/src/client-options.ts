// Reads the client's options: each has the type that it should have, or an error names it.

import type { Entry } from "./claims.js";
import { engine } from "./engine.js";
import { LicenseError } from "./error.js";
import { abortSignal, address, invalid, keyText, LATEST_SECONDS, object, optionalText, requireAnswers, text, unreadable, type ProductFile, type PublicKey } from "./options.js";
import { status } from "./status.js";
import type { LicenseStorage } from "./storage.js";

export interface ClientOptions {
  /**
   * The product: its id, or its `product.dat` (an object or its text), which names the server and the keys too.
   * With an id and no `publicKey`, the keys are fetched once and pinned in the storage.
   */
  product: string | ProductFile;
  /** The product's public key, if `product` is an id: SPKI PEM, or the document that `GET /v3/products/{id}/keys` answers. */
  publicKey?: PublicKey | undefined;
  /** The server's address, such as `https://licenses.example.com`; without one, that of `product`. */
  host?: string | undefined;
  /** The license key; without one, the key that was last activated. */
  licenseKey?: string | undefined;
  /** What tells this device from others, 64 to 256 characters; without one, a digest of the system's id or a random id. */
  fingerprint?: string | undefined;
  /** The application's version, at most 256 characters. */
  appVersion?: string | undefined;
  /** The application's release, such as `1.2.3`, for licenses that cover releases up to one. */
  releaseVersion?: string | undefined;
  /** When that release was published, for licenses whose maintenance ends. */
  releasePublishedAt?: Date | undefined;
  /** Fields that an activation carries. */
  metadata?: Entry[] | undefined;
  /** How long a floating seat is to be held without renewal, in seconds, if the license lets clients say so. */
  leaseDuration?: number | undefined;
  /** The device's name; without one, the system's, or the page's host. */
  hostname?: string | undefined;
  /** Where to keep the activation: localStorage in browsers, a file in Node, memory elsewhere. */
  storage?: LicenseStorage | undefined;
  /** In Node: the directory of that file; without one, the user's data directory. */
  directory?: string | undefined;
  /**
   * Whether to wait for news of the license at the server, so that a change reaches the application at once and not with the
   * next sync: it does, unless there is a `fetch` of your own.
   */
  push?: boolean | undefined;
  /**
   * Which answers to believe. With `signed`, the default where the account's statement key is known, a refusal counts only if
   * the vendor has signed it for just this request: what a proxy says is a failure of the network.
   */
  answers?: "any" | "signed" | undefined;
  /** How long to wait for an answer, in milliseconds; 15,000 without. */
  timeout?: number | undefined;
  /** Ends the opening, if that has to wait for the server. */
  signal?: AbortSignal | undefined;
  /** Used in place of the global `fetch`. */
  fetch?: typeof fetch | undefined;
  /** Used in place of `Date.now`: the time in milliseconds since 1970. */
  now?: (() => number) | undefined;
}

/** The options, read: all but the keys and the fingerprint, which may have to be waited for. */
export interface Settings {
  readonly productId: string;
  readonly publicKey: string | undefined;
  readonly host: string;
  readonly timeout: number;
  readonly now: () => number;
  readonly given: ClientOptions;
}

const DEFAULT_TIMEOUT = 15_000;
/** Timers take no longer delay: 24.8 days. */
const LONGEST_TIMEOUT = 2_147_483_647;
const LA_E_CUSTOM_FINGERPRINT_LENGTH = 74;
const LA_E_APP_VERSION_LENGTH = 52;

/** Says which status a wrong option has. */
export function refused(code: number): LicenseError {
  const { name, message } = status(code);
  return new LicenseError(name, message, { status: code });
}

/** Reads the options. */
export function settings(options: ClientOptions): Settings {
  const given = object(options, "options") as ClientOptions;
  const file = productFile(given.product);
  const productId = file?.productId ?? text(given.product, "product");
  if (productId === "") {
    throw invalid("product", "an id or a `product.dat`");
  }
  const key = given.publicKey ?? file;
  checkRest(given);
  return {
    given,
    productId,
    publicKey: key === undefined ? undefined : publicKey(key),
    host: address(given.host ?? file?.host),
    timeout: given.timeout ?? DEFAULT_TIMEOUT,
    now: given.now === undefined ? Date.now : clock(given.now),
  };
}

/** A `product.dat`, if that is what `product` is. */
function productFile(product: unknown): ProductFile | undefined {
  if (typeof product === "string" && !product.trimStart().startsWith("{")) {
    return undefined;
  }
  const file = parsed(product) as ProductFile;
  if (typeof file.productId !== "string" || file.productId === "" || !Array.isArray(file.keys)) {
    throw invalid("product", "an id, or a `product.dat` with `productId` and `keys`");
  }
  return file;
}

function parsed(product: unknown): object {
  try {
    return object(typeof product === "string" ? JSON.parse(product) : product, "product");
  } catch {
    throw invalid("product", "an id or a `product.dat`");
  }
}

/** Returns the key as the text that the module reads, after it was read once. */
export function publicKey(value: unknown): string {
  const key = keyText(value);
  try {
    engine().readKey(key);
  } catch (cause) {
    throw unreadable(cause);
  }
  return key;
}

/** The options that are used later: what is wrong with them is said now. */
function checkRest(given: ClientOptions): void {
  for (const name of ["licenseKey", "hostname", "directory", "releaseVersion"] as const) {
    optionalText(given[name], name);
  }
  if (given.directory === "") {
    throw invalid("directory", "the path of a directory");
  }
  if ((optionalText(given.appVersion, "appVersion") ?? "").length > 256) {
    throw refused(LA_E_APP_VERSION_LENGTH);
  }
  const fingerprint = optionalText(given.fingerprint, "fingerprint");
  if (fingerprint !== undefined && (fingerprint.length < 64 || fingerprint.length > 256)) {
    throw refused(LA_E_CUSTOM_FINGERPRINT_LENGTH);
  }
  if (given.storage !== undefined) {
    const storage = object(given.storage, "storage") as LicenseStorage;
    if (!(["get", "set", "remove"] as const).every((name) => typeof storage[name] === "function")) {
      throw invalid("storage", "an object with `get`, `set` and `remove`");
    }
    isFunction(storage.lock, "storage.lock");
  }
  if (given.push !== undefined && typeof given.push !== "boolean") {
    throw invalid("push", "a boolean");
  }
  requireAnswers(given.answers);
  isFunction(given.fetch, "fetch");
  isFunction(given.now, "now");
  abortSignal(given.signal);
  isEntries(given.metadata);
  if (given.timeout !== undefined && !(isNumber(given.timeout) && given.timeout > 0 && given.timeout <= LONGEST_TIMEOUT)) {
    throw invalid("timeout", "a number of milliseconds");
  }
  if (given.leaseDuration !== undefined && !(Number.isInteger(given.leaseDuration) && given.leaseDuration > 0)) {
    throw invalid("leaseDuration", "a whole number of seconds");
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isFunction(value: unknown, option: string): void {
  if (value !== undefined && typeof value !== "function") {
    throw invalid(option, "a function");
  }
}

/** What fits into an activation: the server takes no more. */
export const METADATA = { entries: 21, key: 256, value: 4096 };

function isEntries(value: unknown): void {
  const { entries, ...most } = METADATA;
  const isEntry = (entry: Partial<Entry> | null) => (["key", "value"] as const).every((part) => fits(entry?.[part], most[part]));
  if (value !== undefined && !(Array.isArray(value) && value.length <= entries && value.every(isEntry))) {
    throw invalid("metadata", `at most ${entries} of \`{ key, value }\`, texts of up to ${most.key} and ${most.value} characters`);
  }
}

/** Whether a value is a text of so many characters, which are not what `length` counts. */
function fits(value: unknown, most: number): boolean {
  return typeof value === "string" && (value.length <= most || [...value].length <= most);
}

/** A clock in seconds is found out before anything is believed of it. What gives no time later on is a clock that is wrong. */
function clock(now: () => number): () => number {
  const time = () => {
    const time = now();
    return Number.isFinite(time) ? time : 0;
  };
  if (time() < LATEST_SECONDS) {
    throw invalid("now", "a function that gives milliseconds since 1970");
  }
  return time;
}
