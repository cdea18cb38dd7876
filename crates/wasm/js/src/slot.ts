// One place in a storage, read and written without waiting: an asynchronous storage is read once and written behind.

import { LicenseError } from "./error.js";
import { invalid } from "./options.js";
import { kept, placeOf, reach, storageFault } from "./reach.js";
import { isThenable, type LicenseStorage } from "./storage.js";
import { inTurn } from "./turn.js";

/** Joins two texts that were made of one. */
type Merge = (base: string, mine: string, theirs: string) => string;

export class Slot {
  readonly #storage: LicenseStorage;
  readonly #productId: string;
  readonly #name: string;
  readonly #failed: (error: LicenseError) => void;
  readonly #merge: Merge;
  /** What an asynchronous storage holds, or will hold; of a synchronous one, what could not be written. */
  #held: string | undefined;
  /** What a synchronous storage held when it was last read. */
  #beneath = "";
  #isWritten = true;
  #isAsynchronous = false;
  /** What an asynchronous storage held when it was last read or written: what others write there is told from it. */
  #base = "";
  #writing: Promise<void> = Promise.resolve();

  /** `failed` is told what could not be written, and `merge` joins what was written here with what others wrote meanwhile. */
  constructor(storage: LicenseStorage, productId: string, failed: (error: LicenseError) => void, merge: Merge) {
    this.#merge = merge;
    this.#storage = storage;
    this.#productId = productId;
    this.#name = placeOf(productId);
    this.#failed = failed;
  }

  /** Reads an asynchronous storage; of a synchronous one there is nothing to wait for. */
  async refresh(): Promise<void> {
    await this.#writing;
    if (!this.#isWritten) {
      return;
    }
    const stored = kept(this.#storage, this.#productId);
    this.#isAsynchronous = isThenable(stored);
    if (isThenable(stored)) {
      this.#base = this.#held = text(await stored);
    }
  }

  /** Returns what is stored; an empty text if nothing is. A synchronous storage is read anew: others write there, too. */
  read(): string {
    if (this.#held !== undefined && this.#isAsynchronous) {
      return this.#held;
    }
    const stored = kept(this.#storage, this.#productId);
    if (isThenable(stored)) {
      stored.then(undefined, () => undefined);
      throw invalid("storage", "synchronous, or opened with `open`");
    }
    if (this.#held !== undefined && text(stored) === this.#beneath) {
      return this.#held;
    }
    // Somebody else has written since: what could not be written is older than that.
    this.#held = undefined;
    this.#beneath = text(stored);
    return this.#beneath;
  }

  /** Nothing that is to be forgotten lives on because it could not be written: it is held here instead. */
  write(text: string): void {
    this.#held = text;
    this.#isWritten = false;
    const written = () => {
      this.#isWritten ||= this.#held === text;
    };
    const failed = (cause: unknown) => this.#failed(cause instanceof LicenseError ? cause : storageFault(cause, "written"));
    const write = () => this.#storage.set(this.#name, text);
    if (this.#isAsynchronous) {
      this.#writing = this.#writing.then(() => this.#writeOver(text)).then(written, failed);
      return;
    }
    const put = () => {
      written();
      if (this.#held === text) {
        this.#held = undefined;
      }
    };
    try {
      const result = write();
      if (isThenable(result)) {
        this.#writing = result.then(put, failed);
      } else {
        put();
      }
    } catch (cause) {
      failed(cause);
    }
  }

  /** Writes to an asynchronous storage, where others may have written since it was read. */
  async #writeOver(mine: string): Promise<void> {
    const theirs = text(await kept(this.#storage, this.#productId));
    const merged = theirs === this.#base ? mine : this.#merge(this.#base, mine, theirs);
    await this.#storage.set(this.#name, merged);
    this.#base = merged;
    if (this.#held === mine) {
      this.#held = merged;
      this.#isWritten = true;
    }
  }

  /** Writes anew what is there: fails where the storage takes nothing. */
  probe(): void | Promise<void> {
    return reach("written", () => this.#storage.set(this.#name, this.read()));
  }

  /** The same, of a storage that need not be waited for; of another, nothing can be said now. */
  probeNow(): void {
    const probing = this.#isAsynchronous ? undefined : this.probe();
    if (isThenable(probing)) {
      probing.catch(() => undefined);
    }
  }

  /** Resolves once everything is written that could be. */
  written(): Promise<void> {
    return this.#writing;
  }

  /** Runs an action while no other tab or process asks about the same activation. */
  exclusively<T>(action: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return inTurn(this.#storage, this.#name, action, signal);
  }
}

function text(stored: unknown): string {
  return typeof stored === "string" ? stored : "";
}
