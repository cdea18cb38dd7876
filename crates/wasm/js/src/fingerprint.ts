// What tells this device from others, where the application does not say: a digest of the system's own id, or a random id.

import type { Settings } from "./client-options.js";
import * as platform from "./platform.js";
import { reach } from "./reach.js";
import { isThenable, type LicenseStorage } from "./storage.js";

const DEVICE = "licentia.device";

/** Returns the device's fingerprint; a promise if it has to be kept in an asynchronous storage. */
export function fingerprint(settings: Settings, storage: LicenseStorage): string | Promise<string> {
  return settings.given.fingerprint ?? platform.machine(settings.productId) ?? drawn(storage);
}

/**
 * Returns an id that is drawn once. If two draw at the same time, both take the one that was stored. A device whose id
 * cannot be kept would be another one at every start, and take a seat each time: so that is an error.
 */
function drawn(storage: LicenseStorage): string | Promise<string> {
  const kept = reach("read", () => storage.get(DEVICE));
  return isThenable(kept) ? drawnLater(storage, kept) : (text(kept) ?? drawnNow(storage));
}

function drawnNow(storage: LicenseStorage): string {
  const id = draw();
  reach("written", () => storage.set(DEVICE, id));
  return text(reach("read", () => storage.get(DEVICE))) ?? id;
}

async function drawnLater(storage: LicenseStorage, kept: Promise<unknown>): Promise<string> {
  const stored = text(await kept);
  if (stored !== undefined) {
    return stored;
  }
  const id = draw();
  await reach("written", () => storage.set(DEVICE, id));
  return text(await reach("read", () => storage.get(DEVICE))) ?? id;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function draw(): string {
  return Array.from(platform.randomBytes(32), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
