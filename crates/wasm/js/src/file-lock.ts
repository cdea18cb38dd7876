// A lock that processes share: a file that only one of them can create. Node alone.
//
// A lock keeps two processes from asking the same thing at once; it protects nothing, since each answer acts on the activation
// that it was asked for alone. So a lock that cannot be had is gone without.

import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const LOOK_AGAIN = 50;
/** Whoever has waited for so long goes without. */
const PATIENCE = 60_000;
/** Whoever holds a lock touches it this often. */
const TOUCH = 5_000;
/** One that nobody touched for so long was left by a process that is gone, perhaps on another computer. */
const ABANDONED = 20_000;
/** Between creating a lock and writing an id into it, less time passes than this. */
const UNNAMED = 1_000;

/** Runs an action while no other process runs one under the same file. Who waits for that looks after `signal`. */
export async function withFileLock<T>(path: string, action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const end = Date.now() + PATIENCE;
  let state = take(path);
  while (state === "held" && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    signal?.throwIfAborted();
    state = take(path);
  }
  if (state !== "taken") {
    return action();
  }
  const touching = setInterval(() => touch(path), TOUCH);
  touching.unref();
  try {
    return await action();
  } finally {
    clearInterval(touching);
    remove(path);
  }
}

/** Where a lock cannot be removed, it is taken for abandoned in a while. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // What was asked has been answered all the same.
  }
}

function take(path: string): "taken" | "held" | "impossible" {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch {
    return "impossible";
  }
  try {
    writeFileSync(path, String(process.pid), { mode: 0o600, flag: "wx" });
    return "taken";
  } catch (error) {
    if (codeOf(error) === "EEXIST") {
      return whileHeld(path);
    }
    remove(path); // a full disk leaves an empty file
    return "impossible";
  }
}

/** Takes a lock away from a process that is gone. */
function whileHeld(path: string): "held" | "impossible" {
  try {
    // A time yet to come was set by a clock that was wrong, and by nobody who touches it now.
    const age = Math.abs(Date.now() - statSync(path).mtimeMs);
    if (age > ABANDONED || !isHeld(readFileSync(path, "utf8"), age)) {
      rmSync(path, { force: true });
    }
    return "held";
  } catch (error) {
    return codeOf(error) === "ENOENT" ? "held" : "impossible";
  }
}

/** Whether a process lives that wrote its id. A file that was created just now may have none yet. */
function isHeld(holder: string, age: number): boolean {
  const pid = Number(holder);
  if (!Number.isSafeInteger(pid) || pid <= 0) {
    return age < UNNAMED;
  }
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Somebody took it for abandoned: what follows from that is that two ask at once.
  }
}
