type Awaitable<T> = T | Promise<T>;

/** Where a client keeps its activation. Texts by name; synchronous or not. */
export interface LicenseStorage {
  get(name: string): Awaitable<string | null | undefined>;
  set(name: string, text: string): Awaitable<void>;
  remove(name: string): Awaitable<void>;
  /** Runs an action while nobody else who uses this storage runs one under this name. Without it, others in this process wait. */
  lock?<T>(name: string, action: () => Promise<T>): Promise<T>;
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

const queues = new WeakMap<LicenseStorage, Promise<unknown>>();

/** Runs an action once those before it on this storage have ended, here and wherever the storage's own lock reaches. */
export function inTurn<T>(storage: LicenseStorage, name: string, action: () => Promise<T>): Promise<T> {
  const locked = () => (storage.lock === undefined ? action() : storage.lock(name, action));
  const turn = (queues.get(storage) ?? Promise.resolve()).then(locked);
  queues.set(storage, turn.catch(() => undefined));
  return turn;
}
