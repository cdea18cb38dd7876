import { createHash, randomBytes as random } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { hostname, release, userInfo } from "node:os";
import { Readable } from "node:stream";

import { fileStorage } from "./file-storage.js";
import { machineId } from "./machine-id.js";
import type { Device } from "./platform.js";
import type { LicenseStorage } from "./storage.js";

const SYSTEMS: Record<string, Device["os"]> = { android: "android", darwin: "macos", ios: "ios", win32: "windows" };

export function device(): Device {
  return {
    os: SYSTEMS[process.platform] ?? "linux",
    osVersion: release(),
    hostname: hostname(),
    userHash: digest(userName()),
  };
}

/** A process may run under a user id that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "";
  }
}

/** A digest of the system's own id, for this product alone: no two vendors can tell that they serve one machine. */
export function machine(productId: string): string | undefined {
  const id = machineId(process.platform);
  return id === undefined ? undefined : digest(`licentia ${productId.toLowerCase()} ${id}`);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export function defaultStorage(directory: string | undefined): LicenseStorage {
  return fileStorage(directory);
}

/** Whether a socket may be held open here: in Electron, whose windows keep it alive. Elsewhere a socket would keep the process. */
export function holdsSockets(): boolean {
  return "electron" in process.versions && typeof globalThis.WebSocket === "function";
}

/** Used in place of `fetch` for a request that the server holds: it keeps no process alive. */
export const patiently = ((address: string, { signal }: RequestInit) =>
  new Promise<Response>((resolve, reject) => {
    const { get } = address.startsWith("https:") ? https : http;
    const request = get(address, signal ? { signal } : {}, (answer) => {
      const { statusCode: status = 0, headers } = answer;
      const retryAfter = headers["retry-after"];
      const body = status === 204 || status === 304 ? null : (Readable.toWeb(answer) as ReadableStream);
      resolve(new Response(body, { status, headers: retryAfter === undefined ? {} : { "Retry-After": retryAfter } }));
    });
    request.on("socket", (socket) => socket.unref());
    request.on("error", reject);
  })) as typeof fetch;

/** Returns the text of a file. */
export function readFile(path: string): string {
  return readFileSync(path, "utf8");
}

export function writeFile(path: string, text: string): void {
  writeFileSync(path, text);
}

export function randomBytes(count: number): Uint8Array {
  return random(count);
}

/** A redirection is no answer of ours: it comes from a portal or a wrong address. */
export const request: RequestInit = { redirect: "error" };
