import type { Device } from "./platform.js";
import { memoryStorage, type LicenseStorage } from "./storage.js";

export function device(): Device {
  return { os: "linux", osVersion: "", hostname: "worker", userHash: "" };
}

/** An isolate runs anywhere. */
export function machine(_productId: string): string | undefined {
  return undefined;
}

/** Isolates have no storage of their own: pass one, and a fingerprint, or each isolate is a device. */
export function defaultStorage(_directory: string | undefined): LicenseStorage {
  return memoryStorage();
}

/** An isolate answers requests, and waits for nothing between them. */
export function holdsSockets(): boolean {
  return false;
}

export const patiently: typeof fetch | undefined = undefined;

/** Only Node and what is like it has files. */
export function readFile(path: string): string {
  throw new Error(`there are no files here, so \`${path}\` is none`);
}

export function writeFile(path: string, _text: string): void {
  readFile(path);
}

export function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** Workers have neither a cache mode nor credentials to leave out. */
export const request: RequestInit = { redirect: "manual" };
