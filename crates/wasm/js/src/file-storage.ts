// Files, as Node keeps an activation: each is replaced whole, and readable by its user alone. Node alone.

import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { withFileLock } from "./file-lock.js";
import type { LicenseStorage } from "./storage.js";

/** Files in `directory`, or in the user's own data directory. */
export function fileStorage(directory: string | undefined): LicenseStorage {
  const folder = directory ?? join(dataDirectory(), "licentia");
  const path = (name: string) => join(folder, encodeURIComponent(name));
  const known = new Map<string, { stamp: string; text: string }>();
  return {
    get(name) {
      const stamp = stampOf(path(name));
      const last = known.get(name);
      if (stamp === undefined || stamp === last?.stamp) {
        return stamp && last?.text;
      }
      const text = read(path(name));
      if (text !== undefined) {
        known.set(name, { stamp, text });
      }
      return text;
    },
    set(name, text) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      replace(path(name), text);
    },
    remove: (name) => rmSync(path(name), { force: true }),
    lock: (name, action) => withFileLock(`${path(name)}.lock`, action),
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

/** What changes whenever a file does: whoever replaces it makes another one. */
function stampOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.size}`;
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
  const draft = `${path}.${randomBytes(8).toString("hex")}`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: "wx" });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
