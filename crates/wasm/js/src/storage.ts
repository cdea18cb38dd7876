type Awaitable<T> = T | Promise<T>;

/** Where a client keeps its activation. Texts by name; synchronous or not. */
export interface LicenseStorage {
  get(name: string): Awaitable<string | null | undefined>;
  set(name: string, text: string): Awaitable<void>;
  remove(name: string): Awaitable<void>;
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

/** Goes on with a value at once if it is there, so that reading, deciding and writing are one step over a synchronous storage. */
export function then<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isThenable(value) ? value.then(next) : next(value);
}

/** Promises of other realms are none of ours: they are known by what they can do. */
export function isThenable<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
