// Reads and writes of a storage, and what is said where it fails.

import { LicenseError } from "./error.js";
import { status } from "./status.js";
import { isThenable, type LicenseStorage } from "./storage.js";

const LA_E_FILE_PERMISSION = 45;

/** What a storage was asked to do. */
type Deed = "read" | "written" | "locked";

/** Says that the storage threw, and at what. */
export function storageFault(cause: unknown, deed: Deed): LicenseError {
  const { code, name } = status(LA_E_FILE_PERMISSION);
  return new LicenseError(name, `The license data cannot be ${deed} on this device.`, { cause, status: code });
}

/** Reads or writes one text, and says so if the storage throws. */
export function reach<T>(deed: Deed, action: () => T | Promise<T>): T | Promise<T> {
  const fault = (cause: unknown): never => {
    throw storageFault(cause, deed);
  };
  try {
    const result = action();
    return isThenable(result) ? result.then((value) => value, fault) : result;
  } catch (cause) {
    return fault(cause);
  }
}

/** Returns what a storage gave as a text: an empty one for nothing. One that gives something else has not kept what it was given. */
export function textOf(stored: unknown): string {
  if (stored !== undefined && stored !== null && typeof stored !== "string") {
    throw storageFault(new TypeError("the storage gave what is no text"), "read");
  }
  return stored ?? "";
}

/** Where something of a product is kept: ids are the same in any case. */
export function placeOf(productId: string, part = ""): string {
  return `licentia.${productId.toLowerCase()}${part}`;
}

/** Returns what is kept of a product. Versions that wrote the id as it was given have kept it under that. */
export function kept(storage: LicenseStorage, productId: string, part = ""): unknown {
  const earlier = (text: unknown) => text || storage.get(`licentia.${productId}${part}`);
  return reach<unknown>("read", () => {
    const text = storage.get(placeOf(productId, part));
    return isThenable(text) ? text.then(earlier) : earlier(text);
  });
}
