// Files, as Node keeps an activation: each is replaced whole, and readable by its user alone. Node alone.

import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, type Stats } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { withFileLock } from "./file-lock.js";
import type { LicenseStorage } from "./storage.js";

/** A file as it was read last. */
interface Known {
  path: string;
  stat?: Stats;
  text?: string;
}

/** Files in `directory`, or in the user's own data directory. */
export function fileStorage(directory: string | undefined): LicenseStorage {
  const folder = directory ?? join(dataDirectory(), "licentia");
  const files = new Map<string, Known>();
  const known = (name: string): Known => {
    const file = files.get(name) ?? { path: join(folder, encodeURIComponent(name)) };
    files.set(name, file);
    return file;
  };
  const path = (name: string) => known(name).path;
  return {
    get(name) {
      const file = known(name);
      const stat = statSync(file.path, { throwIfNoEntry: false });
      if (stat === undefined || isSame(stat, file.stat)) {
        return stat && file.text;
      }
      const text = read(file.path);
      Object.assign(file, { stat, text });
      return text;
    },
    set(name, text) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      replace(path(name), text);
    },
    remove: (name) => rmSync(path(name), { force: true }),
    lock: (name, action, signal) => withFileLock(`${path(name)}.lock`, action, signal),
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

/** Whoever replaces a file makes another one: a file that looks the same need not be read again. */
function isSame(stat: Stats, last: Stats | undefined): boolean {
  return stat.ino === last?.ino && stat.mtimeMs === last.mtimeMs && stat.ctimeMs === last.ctimeMs && stat.size === last.size;
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
