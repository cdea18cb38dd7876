// Events: who listens to what, and what becomes of a listener that throws.

type Listener<T> = (value: T) => void;

export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();

  /** Calls `listener` at each event from now on; returns what ends that. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    // Each call has an entry of its own, so that one who listens twice can stop once.
    const entry: Listener<Events[Name]> = (value) => listener(value);
    this.#listeners.set(name, listeners.add(entry));
    return () => void listeners.delete(entry);
  }

  /** A fault in a listener is the application's: it surfaces as one, and all others are told. */
  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])] as Listener<Events[Name]>[]) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
