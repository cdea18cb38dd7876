// One place in a storage, read and written without waiting: an asynchronous storage is read once and written behind.

import { LicenseError } from "./error.js";
import { invalid } from "./options.js";
import { kept, placeOf, reach, storageFault, textOf } from "./reach.js";
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
  /** What the storage held when it was last read: what others have written since is told from it. */
  #beneath = "";
  #isWritten = true;
  /** Whether that could not be written: it is tried again whenever somebody looks. */
  owes = false;
  #isAsynchronous = false;
  /** Whether nobody else who shares the storage may write now. */
  #hasTurn = false;
  #writing: Promise<void> = Promise.resolve();

  /** `failed` is told what could not be written, and `merge` joins what was written here with what others wrote meanwhile. */
  constructor(storage: LicenseStorage, productId: string, failed: (error: LicenseError) => void, merge: Merge) {
    this.#merge = merge;
    this.#storage = storage;
    this.#productId = productId;
    this.#name = placeOf(productId);
    this.#failed = failed;
  }

  /** Reads an asynchronous storage, once it has what was written here; of a synchronous one there is nothing to wait for. */
  async refresh(): Promise<void> {
    if (this.#isAsynchronous && !this.#isWritten) {
      this.#put();
    }
    await this.#writing;
    if (!this.#isWritten) {
      return;
    }
    const stored = kept(this.#storage, this.#productId);
    this.#isAsynchronous = isThenable(stored);
    if (isThenable(stored)) {
      this.#beneath = this.#held = textOf(await stored);
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
    if (this.#held !== undefined && textOf(stored) === this.#beneath) {
      const held = this.#held;
      this.retry();
      return held;
    }
    // Somebody else has written since: what could not be written is older than that.
    this.#held = undefined;
    this.owes = false;
    this.#beneath = textOf(stored);
    return this.#beneath;
  }

  /** Nothing that is to be forgotten lives on because it could not be written: it is held here instead. */
  write(text: string): void {
    this.#held = text;
    this.#isWritten = this.owes = false;
    this.#send(text);
  }

  /** Tries again to write what could not be written. */
  retry(): void {
    if (this.owes && this.#held !== undefined) {
      this.#send(this.#held);
    }
  }

  #send(text: string): void {
    if (!this.#isAsynchronous) {
      this.#writeAtOnce(text);
    } else if (this.#hasTurn) {
      this.#put();
    } else {
      // Whoever has the turn before this one writes it, too: then nothing is left to do.
      void this.exclusively(async () => this.#put(), undefined).catch(this.#fault);
    }
  }

  /** What is tried again and again is told once. */
  readonly #fault = (cause: unknown): void => {
    const isKnown = this.owes;
    this.owes = true;
    if (!isKnown) {
      this.#failed(cause instanceof LicenseError ? cause : storageFault(cause, "written"));
    }
  };

  #put(): void {
    this.#writing = this.#writing.then(() => this.#writeOver()).catch(this.#fault);
  }

  /** Returns what to store in place of what others have written by now. */
  #over(mine: string, theirs: string): string {
    return theirs === this.#beneath ? mine : this.#merge(this.#beneath, mine, theirs);
  }

  /** Writes to an asynchronous storage, where others may have written since it was read. */
  async #writeOver(): Promise<void> {
    const mine = this.#held;
    if (mine === undefined || this.#isWritten) {
      return;
    }
    const merged = this.#over(mine, textOf(await kept(this.#storage, this.#productId)));
    await this.#storage.set(this.#name, merged);
    this.#beneath = merged;
    this.#isWritten = this.#held === mine;
    this.owes = false;
    // What came meanwhile was made of what was to be written, not of what others had written.
    this.#held = this.#isWritten ? merged : this.#merge(mine, this.#held ?? mine, merged);
  }

  #writeAtOnce(mine: string): void {
    const written = () => {
      if (this.#held === mine) {
        this.#isWritten = true;
        this.#held = undefined;
        this.owes = false;
      }
    };
    try {
      const merged = this.#over(mine, textOf(kept(this.#storage, this.#productId)));
      const result = this.#storage.set(this.#name, merged);
      if (isThenable(result)) {
        this.#writing = result.then(written, this.#fault);
      } else {
        written();
      }
    } catch (cause) {
      this.#fault(cause);
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
    const turn = async () => {
      this.#hasTurn = true;
      try {
        return await action();
      } finally {
        this.#hasTurn = false;
        await this.#writing;
      }
    };
    return inTurn(this.#storage, this.#name, turn, signal);
  }
}
