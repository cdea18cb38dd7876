// The client: fetches, stores and waits. What an answer means, what is stored and when to ask next is decided in the module.

import type { Claims } from "./claims.js";
import { refused, settings, type ClientOptions, type Settings } from "./client-options.js";
import { Emitter } from "./emitter.js";
import { engine, outcome, type Asked, type Session } from "./engine.js";
import { LicenseError } from "./error.js";
import { fingerprint } from "./fingerprint.js";
import { License } from "./license.js";
import { invalid, optionalText, text } from "./options.js";
import * as platform from "./platform.js";
import { fetchKeys, knownKeys } from "./product.js";
import { Slot } from "./slot.js";
import { status, type Status } from "./status.js";
import { isThenable, type LicenseStorage } from "./storage.js";
import { transport, type Answer, type Transport } from "./transport.js";

/** What a client tells while it runs. */
export interface ClientEvents {
  /** The verdict of a sync, and of the license whenever it has changed without one. */
  status: Status;
  /** The activation is gone, and why: only a new one helps. */
  erased: Status;
  /** What failed with nobody waiting for it: a background sync, or a write to the storage. */
  error: LicenseError;
}

/** What a call that reaches the network takes. */
export interface CallOptions {
  /** Rejects the call with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const LA_OK = 0;
const LA_FAIL = 1;
const LA_E_FILE_PERMISSION = 45;
const LA_E_RELEASE_VERSION_FORMAT = 70;
/** What calls resolve to, since an application goes on with it: all else rejects. */
const SOFT: readonly number[] = [LA_OK, LA_FAIL, 20, 21, 22];
const SOFT_OF_TRIALS: readonly number[] = [LA_OK, LA_FAIL, 26];

/**
 * The license of this application on this device.
 *
 * Verdicts are local and never throw because of a license. What reaches the server returns a promise: it resolves to a
 * {@link Status} that an application goes on with (`LA_OK`, `LA_FAIL`, `LA_EXPIRED`, `LA_SUSPENDED`,
 * `LA_GRACE_PERIOD_OVER`), and rejects with a {@link LicenseError} for all others.
 */
export class LicentiaClient extends License {
  readonly productId: string;
  /** What tells this device from others: as it was given, or as it was found. */
  readonly fingerprint: string;
  readonly #settings: Settings;
  readonly #session: Session;
  readonly #slot: Slot;
  readonly #request: Transport;
  readonly #events = new Emitter<ClientEvents>();
  /** What the session has read or written last. */
  #loaded = "";
  /** The verdict on what is stored when a verdict was told last. */
  #known: number | undefined;
  #releaseVersion: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  private constructor(settings: Settings, storage: LicenseStorage, publicKey: string, print: string) {
    super();
    const { productId, given, host, timeout, now } = settings;
    this.productId = productId;
    this.fingerprint = print;
    this.#settings = settings;
    this.#session = new (engine().Session)(productId, publicKey, print, platform.device().userHash || print);
    this.#slot = new Slot(storage, `licentia.${productId}`, (error) => this.#events.emit("error", error));
    this.#request = transport(host, given.fetch, timeout, now);
    this.setLicenseKey(given.licenseKey);
    if (given.releaseVersion !== undefined) this.setReleaseVersion(given.releaseVersion);
    if (given.releasePublishedAt !== undefined) this.setReleasePublishedAt(given.releasePublishedAt);
  }

  /**
   * Opens the client of an application on this device.
   *
   * @throws LicenseError if an option is wrong, the product's keys have to be fetched and cannot be, or the storage fails.
   */
  static async open(options: ClientOptions): Promise<LicentiaClient> {
    const read = settings(options);
    const storage = storageOf(read);
    const { signal, fetch } = read.given;
    const ask = transport(read.host, fetch, read.timeout, read.now);
    const keys = (await knownKeys(read, storage)) ?? (await fetchKeys(read, storage, ask, signal));
    const client = new LicentiaClient(read, storage, keys, await fingerprint(read, storage));
    await client.#slot.refresh();
    signal?.throwIfAborted();
    return client;
  }

  /**
   * Opens the client where there is nothing to wait for: the keys are given or pinned, and the storage is synchronous.
   *
   * @throws LicenseError if an option is wrong, something would have to be waited for, or the storage fails.
   */
  static openSync(options: ClientOptions): LicentiaClient {
    const read = settings(options);
    const storage = storageOf(read);
    const [keys, print] = [knownKeys(read, storage), fingerprint(read, storage)];
    if (isThenable(keys) || isThenable(print)) {
      throw invalid("storage", "synchronous, or opened with `open`");
    }
    if (keys === undefined) {
      throw invalid("product", "a `product.dat`, or given with its `publicKey`, where nothing may be waited for");
    }
    return new LicentiaClient(read, storage, keys, print);
  }

  /** Calls `listener` at each event from now on; returns what ends that. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (value: ClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Sets the license key that is used from now on; without one, that which was last activated. */
  setLicenseKey(licenseKey: string | undefined): void {
    this.#session.setKey(optionalText(licenseKey, "licenseKey"));
  }

  /** Sets the application's release, such as `1.2.3`: two, three or four numbers. */
  setReleaseVersion(version: string): void {
    try {
      this.#session.setRelease(text(version, "releaseVersion"));
    } catch (error) {
      throw error instanceof LicenseError ? error : refused(LA_E_RELEASE_VERSION_FORMAT);
    }
    this.#releaseVersion = version;
  }

  /** Sets when the application's release was published. */
  setReleasePublishedAt(date: Date): void {
    const time = date instanceof Date ? date.getTime() : NaN;
    if (Number.isNaN(time)) {
      throw invalid("releasePublishedAt", "a date");
    }
    this.#session.setPublished(time / 1000);
  }

  /** Decides from what is stored whether the license is genuine; the first call starts background syncs. */
  isGenuine(): Status {
    const verdict = this.isValid();
    this.#known ??= verdict.code;
    if (this.#timer === undefined && !this.#isClosed) {
      this.#session.begin(this.#now());
      this.#wait();
    }
    return verdict;
  }

  /** Decides the same without ever starting a sync. */
  isValid(): Status {
    return this.#verdict(() => this.#session.genuine(this.#now()));
  }

  /** Activates this device, with `licenseKey` if one is given, and starts background syncs. */
  activate(licenseKey?: string | undefined, { signal }: CallOptions = {}): Promise<Status> {
    const given = optionalText(licenseKey, "licenseKey");
    return this.#exclusively(signal, SOFT, async () => {
      const { status: refusal, key } = JSON.parse(this.#session.askActivation(given)) as { status: number; key: string | null };
      if (key === null) {
        return refusal;
      }
      const { metadata, leaseDuration } = this.#settings.given;
      const answer = await this.#ask("POST", "", key, { metadata: metadata ?? [], leaseDuration }, signal);
      const code = this.#answered(() => this.#session.activated(key, answer.status, answer.body, this.#now()));
      this.#known = this.isValid().code;
      return code;
    });
  }

  /** Asks the server now. */
  sync({ signal }: CallOptions = {}): Promise<Status> {
    return this.#exclusively(signal, SOFT, () => this.#sync("asked for", signal));
  }

  /** Gives this device's seat back and forgets the activation. */
  deactivate({ signal }: CallOptions = {}): Promise<Status> {
    return this.#exclusively(signal, SOFT, async () => {
      const asking = this.#asking(this.#session.askDeactivation(this.#now()));
      if (asking.asked === null) {
        return asking.code;
      }
      const { activation, key } = asking.asked;
      const answer = await this.#ask("POST", `/${encodeURIComponent(activation)}/deactivate`, key, {}, signal);
      return this.#answered(() => this.#session.deactivated(asking.json, answer.status, answer.body, this.#now()));
    });
  }

  /** Forgets the license on this device without telling the server. A local trial stays. */
  reset(): void {
    this.#load();
    this.#session.reset();
    this.#write();
    this.#wait();
  }

  /** Counts uses of a meter. */
  incrementMeter(name: string, uses = 1, { signal }: CallOptions = {}): Promise<Status> {
    return this.#meter(name, { usesIncrement: whole(uses, "uses") }, signal);
  }

  /** Gives uses of a meter back, at most what this activation has counted. */
  decrementMeter(name: string, uses = 1, { signal }: CallOptions = {}): Promise<Status> {
    return this.#meter(name, { usesIncrement: -whole(uses, "uses") }, signal);
  }

  /** Gives all uses of a meter back. */
  resetMeter(name: string, { signal }: CallOptions = {}): Promise<Status> {
    return this.#meter(name, { uses: 0 }, signal);
  }

  /** Begins a trial of some days that no server knows of. One that was begun before goes on as it was. */
  activateLocalTrial(days: number): Status {
    whole(days, "days");
    return this.#trial(() => this.#session.activateLocalTrial(days, this.#now()));
  }

  /** Lets the trial run some days longer: from its end, or from now if it is over. */
  extendLocalTrial(days: number): Status {
    whole(days, "days");
    return this.#trial(() => this.#session.extendLocalTrial(days, this.#now()));
  }

  /** Decides whether the trial on this device still runs. */
  isLocalTrialGenuine(): Status {
    return this.#verdict(() => this.#session.localTrial(this.#now()));
  }

  localTrialExpiresAt(): Date | null {
    const end = this.#of(() => this.#session.trialEnd());
    return end === null ? null : new Date(end * 1000);
  }

  /** Returns the license key in use, or null. */
  licenseKey(): string | null {
    return this.#of(() => this.#session.key());
  }

  claims(): Claims | null {
    const claims = this.#of(() => this.#session.claims(this.#now()));
    return claims === null ? null : (JSON.parse(claims) as Claims);
  }

  /** Returns why the stored activation was last erased: `LA_OK` if it was not since the last success. */
  lastActivationError(): Status {
    return this.#verdict(() => this.#session.lastError());
  }

  /** Says in one sentence what the state is, what it rests on, and when it is checked next. */
  explain(): string {
    return this.#of(() => this.#session.explain(this.#now())) ?? status(LA_E_FILE_PERMISSION).message;
  }

  /** Ends background syncs and events; verdicts go on. A timer keeps no process alive, so this is for who goes on without. */
  close(): void {
    this.#isClosed = true;
    this.#session.end();
    this.#wait();
    this.#events.clear();
  }

  #now(): number {
    return this.#settings.now() / 1000;
  }

  /** Reads what is stored, if it has changed. */
  #load(): void {
    const stored = this.#slot.read();
    if (stored !== this.#loaded) {
      this.#session.load(stored);
      this.#loaded = stored;
    }
  }

  #write(): void {
    this.#loaded = this.#session.written();
    this.#slot.write(this.#loaded);
  }

  /** A storage that cannot be read is a verdict, too. */
  #verdict(decide: () => number): Status {
    try {
      return status(this.#answered(decide));
    } catch (error) {
      if (error instanceof LicenseError && error.status !== null) {
        return status(error.status);
      }
      throw error;
    }
  }

  /** Returns something of what is stored; where the storage cannot be read, that is nothing. */
  #of<T>(get: () => T | undefined): T | null {
    try {
      this.#load();
    } catch {
      return null;
    }
    return get() ?? null;
  }

  #trial(decide: () => number): Status {
    return settled(this.#verdict(decide), SOFT_OF_TRIALS);
  }

  /** Reads, decides, writes and tells: one step, in which nothing is waited for. */
  #answered(decide: () => number): number {
    this.#load();
    return this.#taken(decide());
  }

  #taken(bits: number): number {
    const { code, isStored, isErased } = outcome(bits);
    if (isStored) {
      this.#write();
    }
    if (isErased && code !== LA_OK) {
      this.#events.emit("erased", status(code));
    }
    return code;
  }

  #asking(json: string): { code: number; asked: Asked | null; json: string } {
    const { outcome: bits, asked } = JSON.parse(json) as { outcome: number; asked: Asked | null };
    return { code: this.#taken(bits), asked, json: JSON.stringify(asked) };
  }

  /** Runs an action while nobody else who shares the storage runs one, and settles as its verdict says. */
  #exclusively(signal: AbortSignal | undefined, soft: readonly number[], action: () => Promise<number>): Promise<Status> {
    const turn = this.#slot.exclusively(async () => {
      signal?.throwIfAborted();
      await this.#slot.refresh();
      this.#load();
      try {
        return settled(status(await action()), soft);
      } finally {
        this.#wait();
        await this.#slot.written();
      }
    });
    return abortable(turn, signal);
  }

  async #sync(reason: "asked for" | "background", signal?: AbortSignal | undefined): Promise<number> {
    const asking = this.#asking(this.#session.askSync(this.#now()));
    if (asking.asked === null) {
      this.#session.unsynced(this.#now());
      if (reason === "background") {
        this.#tell(asking.code);
      }
      return asking.code;
    }
    const { activation, key } = asking.asked;
    const answer = await this.#ask("PATCH", `/${encodeURIComponent(activation)}`, key, {}, signal);
    const [jitter = 0] = new Uint32Array(platform.randomBytes(4).slice().buffer);
    const { status: http, body, retryAfter } = answer;
    const code = this.#answered(() => this.#session.synced(asking.json, http, body, retryAfter, jitter, this.#now()));
    this.#tell(code);
    return code;
  }

  #meter(name: string, change: { usesIncrement: number } | { uses: number }, signal: AbortSignal | undefined): Promise<Status> {
    text(name, "name");
    return this.#exclusively(signal, SOFT, async () => {
      const asking = this.#asking(this.#session.askMeter(name, this.#now()));
      if (asking.asked === null) {
        return asking.code;
      }
      const { activation, key } = asking.asked;
      const counted = { meterAttributes: [{ name, ...change }] };
      const answer = await this.#ask("PATCH", `/${encodeURIComponent(activation)}`, key, counted, signal);
      return this.#answered(() => this.#session.metered(asking.json, answer.status, answer.body, this.#now()));
    });
  }

  #ask(method: "POST" | "PATCH", path: string, key: string, more: object, signal: AbortSignal | undefined): Promise<Answer> {
    const { hostname, appVersion = "" } = this.#settings.given;
    const { os, osVersion, hostname: found, userHash } = platform.device();
    const device = { os, osVersion, hostname: hostname ?? found, userHash: userHash || this.fingerprint };
    const { productId, fingerprint } = this;
    const body = JSON.stringify({ key, productId, fingerprint, ...device, appVersion, releaseVersion: this.#releaseVersion, metadata: [], ...more });
    return this.#request({ method, path: `/v3/activations${path}`, body, signal });
  }

  /** Waits for the next background sync, or looks at the clock meanwhile. */
  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const seconds = this.#isClosed ? -1 : this.#session.turn(this.#now());
    if (seconds < 0) {
      return;
    }
    this.#timer = setTimeout(() => void (seconds === 0 ? this.#syncBehind() : this.#look()), seconds * 1000);
    // In Node, a timer that waits for the next sync keeps no process alive; the first sync is worth a moment.
    if (seconds > 0) {
      (this.#timer as { unref?: () => void }).unref?.();
    }
  }

  /** Tells what others who share the storage, or the time, have changed, and waits on. */
  #look(): void {
    const { code } = this.isValid();
    if (code !== this.#known) {
      this.#tell(code);
    }
    this.#wait();
  }

  #tell(code: number): void {
    this.#known = this.isValid().code;
    this.#events.emit("status", status(code));
  }

  /** Syncs with nobody waiting, unless somebody who shares the storage has done so by now. */
  async #syncBehind(): Promise<void> {
    try {
      await this.#exclusively(undefined, SOFT, async () => {
        if (this.#session.turn(this.#now()) !== 0 || this.#isClosed) {
          return LA_OK;
        }
        return this.#sync("background");
      });
    } catch (error) {
      if (!(error instanceof LicenseError)) {
        throw error;
      }
      this.#events.emit("error", error);
    }
  }
}

function storageOf({ given }: Settings): LicenseStorage {
  return given.storage ?? platform.defaultStorage(given.directory);
}

/** Returns a status that an application goes on with, and throws any other. */
function settled(verdict: Status, soft: readonly number[]): Status {
  if (soft.includes(verdict.code)) {
    return verdict;
  }
  throw new LicenseError(verdict.name, verdict.message, { status: verdict.code });
}

/** Rejects as soon as the signal says so; what has been sent by then may have been heard. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) {
    return promise;
  }
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function whole(value: number, option: string): number {
  if (!Number.isInteger(value) || value < 1 || value > 0x7fff_ffff) {
    throw invalid(option, "a whole number from 1 up");
  }
  return value;
}
