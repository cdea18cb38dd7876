// What the static functions have been told, and the client that is opened with it.

import { LicentiaClient } from "./client.js";
import type { ClientOptions } from "./client-options.js";
import type { Entry } from "./claims.js";
import { LicenseError } from "./error.js";
import { LexActivatorException, LexStatusCodes, PermissionFlags } from "./lexactivator-codes.js";
import type { ProductFile } from "./options.js";
import * as platform from "./platform.js";
import { memoryStorage } from "./storage.js";

const { LA_FAIL } = LexStatusCodes;
const KEY_LENGTH = { least: 16, most: 256 };
const MOST_METADATA = 21;

export class Setup {
  #file: ProductFile | undefined;
  #id: string | undefined;
  #options: Partial<ClientOptions> = {};
  readonly #metadata = new Map<string, Entry>();
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
    this.#id = file.productId;
    this.#change({ storage: flags === PermissionFlags.LA_IN_MEMORY ? memoryStorage() : undefined });
  }

  directory(path: string): void {
    this.#change({ directory: path });
  }

  host(host: string): void {
    this.#named();
    this.#change({ host });
    this.client();
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
    this.#change({ releasePublishedAt: new Date(seconds * 1000) });
  }

  licenseKey(key: string): void {
    this.#named();
    within(key, KEY_LENGTH.least, KEY_LENGTH.most, LexStatusCodes.LA_E_LICENSE_KEY);
    this.#options = { ...this.#options, licenseKey: key };
    this.#client?.setLicenseKey(key);
  }

  callback(callback: (status: number) => void): void {
    this.#named();
    this.#callback = callback;
  }

  leaseDuration(seconds: number): void {
    this.#named();
    this.#change({ leaseDuration: seconds });
  }

  metadata(key: string, value: string): void {
    this.#named();
    within(key, 1, 256, LexStatusCodes.LA_E_METADATA_KEY_LENGTH);
    within(value, 0, 4096, LexStatusCodes.LA_E_METADATA_VALUE_LENGTH);
    this.#metadata.set(key.toLowerCase(), { key, value });
    if (this.#metadata.size > MOST_METADATA) {
      this.#metadata.delete(key.toLowerCase());
      fail(LexStatusCodes.LA_E_ACTIVATION_METADATA_LIMIT);
    }
    this.#change({ metadata: [...this.#metadata.values()] });
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
    this.#client.on("status", ({ code }) => this.#callback?.(code));
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

  /** Changes options that a client takes when it opens: the next call opens another one. */
  #change(options: Partial<ClientOptions>): void {
    this.#options = { ...this.#options, ...options };
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
    const file = JSON.parse(text) as ProductFile;
    return typeof file.productId === "string" && Array.isArray(file.keys) ? file : undefined;
  } catch {
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
