// What runtimes differ in. The build puts platform.node.ts or platform.workerd.ts in this file's place.

import { memoryStorage, type LicenseStorage } from "./storage.js";

/** The device as activations describe it. */
export interface Device {
  os: "windows" | "linux" | "macos" | "android" | "ios";
  osVersion: string;
  hostname: string;
  /** A hash of the user's name; empty where users have none, and the fingerprint stands in. */
  userHash: string;
}

export function device(): Device {
  const agent = globalThis.navigator?.userAgent ?? "";
  return { os: system(agent), osVersion: "", hostname: globalThis.location?.hostname || "browser", userHash: "" };
}

function system(agent: string): Device["os"] {
  if (/android/i.test(agent)) return "android";
  if (/iphone|ipad|ipod/i.test(agent)) return "ios";
  if (/windows/i.test(agent)) return "windows";
  if (/macintosh|mac os/i.test(agent)) return "macos";
  return "linux";
}

/** No page learns what machine it runs on. */
export function machine(_productId: string): string | undefined {
  return undefined;
}

/** localStorage if the page has it and may use it, else memory. */
export function defaultStorage(_directory: string | undefined): LicenseStorage {
  try {
    const store = globalThis.localStorage;
    store.getItem("licentia");
    return {
      get: (name) => store.getItem(name),
      set: (name, text) => store.setItem(name, text),
      remove: (name) => store.removeItem(name),
      lock,
    };
  } catch {
    return memoryStorage();
  }
}

/** One tab at a time. A page that is not secure has no locks: its tabs may ask at once, and each answer acts by itself. */
function lock<T>(name: string, action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const { locks } = globalThis.navigator as { locks?: LockManager };
  return locks === undefined ? action() : (locks.request(name, signal ? { signal } : {}, action) as Promise<T>);
}

/** Whether a socket may be held open here. */
export function holdsSockets(): boolean {
  return typeof globalThis.WebSocket === "function";
}

/** Used in place of `fetch` for a request that the server holds. */
export const patiently: typeof fetch | undefined = undefined;

/** Only Node and what is like it has files. */
export function readFile(path: string): string {
  throw new Error(`there are no files here, so \`${path}\` is none`);
}

export function writeFile(path: string, _text: string): void {
  readFile(path);
}

export function randomBytes(count: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(count));
}

/** A redirection is no answer of ours: it comes from a portal or a wrong address. */
export const request: RequestInit = { cache: "no-store", credentials: "omit", redirect: "error" };
