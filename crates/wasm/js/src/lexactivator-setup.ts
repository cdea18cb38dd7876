// What the static functions have been told, and the client that is opened with it.

import { LicentiaClient } from "./client.js";
import { METADATA, settings, type ClientOptions } from "./client-options.js";
import type { Entry } from "./claims.js";
import { LicenseError } from "./error.js";
import { LexActivatorException, LexStatusCodes, PermissionFlags } from "./lexactivator-codes.js";
import type { ProductFile } from "./options.js";
import * as platform from "./platform.js";
import { memoryStorage } from "./storage.js";

const { LA_FAIL } = LexStatusCodes;
const KEY_LENGTH = { least: 16, most: 256 };

export class Setup {
  #file: ProductFile | undefined;
  #id: string | undefined;
  #options: Partial<ClientOptions> = {};
  #metadata: ReadonlyMap<string, Entry> = new Map();
  #callback: ((status: number) => void) | undefined;
  /** The client, until an option changes. */
  #client: LicentiaClient | undefined;

  productFile(path: string): void {
    let text: string;
    try {
      text = platform.readFile(path);
    } catch (cause) {
      throw new LexActivatorException(LexStatusCodes.LA_E_FILE_PATH, undefined, { cause });
    }
    this.#file = parsed(text) ?? fail(LexStatusCodes.LA_E_PRODUCT_FILE);
  }

  productData(text: string): void {
    this.#file = parsed(text) ?? fail(LexStatusCodes.LA_E_PRODUCT_DATA);
  }

  productId(id: string, flags: number): void {
    const file = this.#file ?? fail(LexStatusCodes.LA_E_PRODUCT_DATA);
    if (String(id).toLowerCase() !== file.productId.toLowerCase()) {
      fail(LexStatusCodes.LA_E_PRODUCT_ID);
    }
    if (!Object.values<number>(PermissionFlags).includes(flags)) {
      fail(LexStatusCodes.LA_E_INVALID_PERMISSION_FLAG);
    }
    this.#change({ storage: flags === PermissionFlags.LA_IN_MEMORY ? memoryStorage() : undefined });
    this.#id = file.productId;
  }

  directory(path: string): void {
    within(path, 1, Infinity, LexStatusCodes.LA_E_FILE_PERMISSION);
    this.#change({ directory: path });
  }

  host(host: string): void {
    this.#named();
    within(host, 1, Infinity, LexStatusCodes.LA_E_HOST_URL);
    this.#change({ host });
  }

  fingerprint(fingerprint: string): void {
    this.#named();
    within(fingerprint, 64, 256, LexStatusCodes.LA_E_CUSTOM_FINGERPRINT_LENGTH);
    this.#change({ fingerprint });
  }

  appVersion(appVersion: string): void {
    this.#named();
    within(appVersion, 0, 256, LexStatusCodes.LA_E_APP_VERSION_LENGTH);
    this.#change({ appVersion });
  }

  releaseVersion(version: string): void {
    this.#named();
    const { client } = this;
    this.#attempt(() => client.call(this)?.setReleaseVersion(version));
    this.#options = { ...this.#options, releaseVersion: version };
  }

  releasePublishedAt(seconds: number): void {
    this.#named();
    const releasePublishedAt = new Date(typeof seconds === "number" ? seconds * 1000 : NaN);
    if (Number.isNaN(releasePublishedAt.getTime())) {
      fail(LA_FAIL);
    }
    this.#change({ releasePublishedAt });
  }

  licenseKey(key: string): void {
    this.#named();
    within(key, KEY_LENGTH.least, KEY_LENGTH.most, LexStatusCodes.LA_E_LICENSE_KEY);
    this.#options = { ...this.#options, licenseKey: key };
    this.#client?.setLicenseKey(key);
  }

  callback(callback: (status: number) => void): void {
    this.#named();
    if (typeof callback !== "function") {
      fail(LA_FAIL);
    }
    this.#callback = callback;
  }

  leaseDuration(seconds: number): void {
    this.#named();
    this.#change({ leaseDuration: seconds });
  }

  metadata(key: string, value: string): void {
    this.#named();
    within(key, 1, METADATA.key, LexStatusCodes.LA_E_METADATA_KEY_LENGTH);
    within(value, 0, METADATA.value, LexStatusCodes.LA_E_METADATA_VALUE_LENGTH);
    const metadata = new Map(this.#metadata).set(key.toLowerCase(), { key, value });
    if (metadata.size > METADATA.entries) {
      fail(LexStatusCodes.LA_E_ACTIVATION_METADATA_LIMIT);
    }
    this.#change({ metadata: [...metadata.values()] });
    this.#metadata = metadata;
  }

  reset(): void {
    this.#named();
    this.client()?.reset();
  }

  /** Returns the client, which is opened if need be; nothing if no product is named. */
  client(): LicentiaClient | undefined {
    if (this.#client !== undefined || this.#id === undefined || this.#file === undefined) {
      return this.#client;
    }
    const options = { ...this.#options, product: this.#file };
    this.#client = this.#attempt(() => LicentiaClient.openSync(options));
    this.#client.on("sync", ({ code }) => this.#callback?.(code));
    return this.#client;
  }

  /** Returns what applications expect to be thrown in place of an error of ours. */
  translated(error: unknown): unknown {
    if (!(error instanceof LicenseError)) {
      return error;
    }
    return new LexActivatorException(error.status ?? codeOf(error), error.message, { cause: error });
  }

  #named(): void {
    if (this.#id === undefined) {
      fail(LexStatusCodes.LA_E_PRODUCT_ID);
    }
  }

  /** Changes options that a client takes when it opens: the next call opens another one. What is refused changes nothing. */
  #change(options: Partial<ClientOptions>): void {
    const changed = { ...this.#options, ...options };
    const product = this.#file;
    if (product !== undefined) {
      this.#attempt(() => settings({ ...changed, product }));
    }
    this.#options = changed;
    this.#client?.close();
    this.#client = undefined;
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw this.translated(error);
    }
  }
}

function fail(code: number): never {
  throw new LexActivatorException(code);
}

function within(text: string, least: number, most: number, code: number): void {
  if (typeof text !== "string" || text.length < least || text.length > most) {
    fail(code);
  }
}

function parsed(text: string): ProductFile | undefined {
  try {
    const product = JSON.parse(text) as ProductFile;
    settings({ product });
    return product;
  } catch (error) {
    if (error instanceof LicenseError && error.code === "WEBASSEMBLY_UNAVAILABLE") {
      throw error;
    }
    return undefined;
  }
}

/** Faults of the program that calls, by the option that is wrong. */
function codeOf({ code, message }: LicenseError): number {
  if (code === "INVALID_PUBLIC_KEY") {
    return LexStatusCodes.LA_E_PRODUCT_DATA;
  }
  return message.includes("`host`") ? LexStatusCodes.LA_E_HOST_URL : LA_FAIL;
}
