// What tells this device from others, where the application does not say: a digest of the system's own id, or a random id.

import type { Settings } from "./client-options.js";
import * as platform from "./platform.js";
import { reach } from "./reach.js";
import { isThenable, type LicenseStorage } from "./storage.js";
import { inTurn } from "./turn.js";

const DEVICE = "licentia.device";

/** Where an id was drawn that another tab may have replaced since: nobody but `open` waits for a turn. */
const drawnIn = new WeakSet<LicenseStorage>();

/** Returns the device's fingerprint, or a promise where the storage is asynchronous. */
export function fingerprintNow(settings: Settings, storage: LicenseStorage): string | Promise<string> {
  return given(settings) ?? after(kept(storage), (id) => id ?? drawn(storage));
}

/** Returns the device's fingerprint; who has to draw one does so while nobody else who shares the storage does. */
export async function fingerprint(settings: Settings, storage: LicenseStorage): Promise<string> {
  const draw = async () => fingerprintNow(settings, storage);
  return given(settings) ?? (await kept(storage)) ?? inTurn(storage, DEVICE, draw, settings.given.signal);
}

/** Returns the id that all go by in the end, if one was drawn here: to be asked once, before anybody is told of it. */
export async function settledId(storage: LicenseStorage): Promise<string | undefined> {
  return drawnIn.delete(storage) ? kept(storage) : undefined;
}

function given({ given, productId }: Settings): string | undefined {
  return given.fingerprint ?? platform.machine(productId);
}

/**
 * Returns an id that is drawn once. If two draw at the same time, both take the one that was stored. A device whose id
 * cannot be kept would be another one at every start, and take a seat each time: so that is an error.
 */
function drawn(storage: LicenseStorage): string | Promise<string> {
  const id = Array.from(platform.randomBytes(32), (byte) => byte.toString(16).padStart(2, "0")).join("");
  drawnIn.add(storage);
  const written = reach("written", () => storage.set(DEVICE, id));
  return after(after(written, () => kept(storage)), (stored) => stored ?? id);
}

function kept(storage: LicenseStorage): string | undefined | Promise<string | undefined> {
  return after(reach<unknown>("read", () => storage.get(DEVICE)), (id) => (typeof id === "string" && id !== "" ? id : undefined));
}

/** Goes on at once where there is nothing to wait for. */
function after<T, U>(value: T | Promise<T>, then: (value: T) => U | Promise<U>): U | Promise<U> {
  return isThenable(value) ? value.then(then) : then(value);
}
