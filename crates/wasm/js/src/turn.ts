// Turns: one action at a time on a storage, here and wherever its own lock reaches.

import { storageFault } from "./reach.js";
import type { LicenseStorage } from "./storage.js";

const queues = new WeakMap<LicenseStorage, Promise<unknown>>();

/** Runs an action once those before it have ended. One that is given up by then never runs, and holds nobody up. */
export function inTurn<T>(storage: LicenseStorage, name: string, action: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const turn = (queues.get(storage) ?? Promise.resolve()).then(() => locked(storage, name, action, signal));
  queues.set(storage, turn.catch(() => undefined));
  return turn;
}

/** Runs an action under the storage's lock. What becomes of the lock afterwards changes nothing about what the action came to. */
async function locked<T>(storage: LicenseStorage, name: string, action: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  signal?.throwIfAborted();
  if (storage.lock === undefined) {
    return action();
  }
  const begun: { turn?: Promise<T>; fault?: unknown } = {};
  try {
    await storage.lock(name, () => (begun.turn = action()), signal);
  } catch (error) {
    begun.fault = error;
  }
  if (begun.turn !== undefined) {
    return begun.turn;
  }
  signal?.throwIfAborted();
  throw storageFault(begun.fault, "locked");
}

/** Rejects as soon as the signal says so; what has been sent by then may have been heard. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) {
    return promise;
  }
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) {
      abort();
    }
    signal.addEventListener("abort", abort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
