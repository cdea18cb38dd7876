import type { Device } from "./platform.js";
import { memoryStorage, type LicenseStorage } from "./storage.js";

export function device(): Device {
  return { os: "linux", osVersion: "", hostname: "worker", userHash: "" };
}

/** Isolates have no storage of their own: pass one, and a fingerprint, or each isolate is a device. */
export function defaultStorage(_directory: string | undefined): LicenseStorage {
  return memoryStorage();
}

export function randomBytes(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** Workers have neither a cache mode nor credentials to leave out. */
export const request: RequestInit = { redirect: "manual" };
