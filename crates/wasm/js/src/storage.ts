type Awaitable<T> = T | Promise<T>;

/** Where a client keeps its activation. Texts by name; synchronous or not. */
export interface LicenseStorage {
  get(name: string): Awaitable<string | null | undefined>;
  set(name: string, text: string): Awaitable<void>;
  remove(name: string): Awaitable<void>;
  /**
   * Runs an action while nobody else who uses this storage runs one under this name. Without it, others in this process wait.
   * Once `signal` has fired, nobody waits for the action any more.
   */
  lock?<T>(name: string, action: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** Keeps texts for as long as the process runs. */
export function memoryStorage(): LicenseStorage {
  const texts = new Map<string, string>();
  return {
    get: (name) => texts.get(name),
    set: (name, text) => void texts.set(name, text),
    remove: (name) => void texts.delete(name),
  };
}

/** Promises of other realms are none of ours: they are known by what they can do. */
export function isThenable<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
