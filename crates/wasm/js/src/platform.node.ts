import { createHash, randomBytes as random } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, hostname, release, userInfo } from "node:os";
import { join } from "node:path";

import type { Device } from "./platform.js";
import type { LicenseStorage } from "./storage.js";

const SYSTEMS: Record<string, Device["os"]> = { android: "android", darwin: "macos", ios: "ios", win32: "windows" };

export function device(): Device {
  return {
    os: SYSTEMS[process.platform] ?? "linux",
    osVersion: release(),
    hostname: hostname(),
    userHash: createHash("sha256").update(userName()).digest("hex"),
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

/** Files in `directory`, or in the user's own data directory; each is replaced whole, and readable by the user alone. */
export function defaultStorage(directory: string | undefined): LicenseStorage {
  const folder = directory ?? join(dataDirectory(), "licentia");
  const path = (name: string) => join(folder, encodeURIComponent(name));
  return {
    get: (name) => read(path(name)),
    set(name, text) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      replace(path(name), text);
    },
    remove: (name) => rmSync(path(name), { force: true }),
  };
}

function dataDirectory(): string {
  if (process.platform === "win32") {
    return process.env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local");
  }
  if (process.platform === "darwin") {
    return join(homedir(), "Library", "Application Support");
  }
  return process.env["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

function replace(path: string, text: string): void {
  const draft = `${path}.${random(8).toString("hex")}`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: "wx" });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

export function randomBytes(): Uint8Array {
  return random(32);
}

/** A redirection is no answer of ours: it comes from a portal or a wrong address. */
export const request: RequestInit = { redirect: "error" };
