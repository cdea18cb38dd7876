/// <reference lib="esnext.disposable" preserve="true" />
// The client as an application sees it. What an answer means, what is stored and when to ask next is decided in the module.

import type { Claims } from "./claims.js";
import { refused, settings, type ClientOptions, type Settings } from "./client-options.js";
import { LicenseError } from "./error.js";
import { fingerprint, fingerprintNow } from "./fingerprint.js";
import { License } from "./license.js";
import { abortSignal, invalid, object, optionalKey, text } from "./options.js";
import * as platform from "./platform.js";
import { fetchKeys, knownKeys } from "./product.js";
import { storageFault } from "./reach.js";
import { Runner, settled, type ClientEvents } from "./runner.js";
import type { Status } from "./status.js";
import { isThenable, type LicenseStorage } from "./storage.js";
import { transport } from "./transport.js";
import { abortable } from "./turn.js";

/** What a call that reaches the network takes. */
export interface CallOptions {
  /** Rejects the call with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const EVENTS: readonly (keyof ClientEvents)[] = ["status", "sync", "erased", "error"];
const LA_FAIL = 1;
const LA_E_LICENSE_KEY = 54;
const LA_E_RELEASE_VERSION_FORMAT = 70;
/** No date is later. */
const LAST_DATE = 8.64e15;
/** `LA_OK`, `LA_FAIL` and `LA_LOCAL_TRIAL_EXPIRED`. */
const SOFT_OF_TRIALS: readonly number[] = [0, 1, 26];

/**
 * The license of this application on this device.
 *
 * Verdicts are local and never throw because of a license. What reaches the server returns a promise: it resolves to a
 * {@link Status} that an application goes on with (`LA_OK`, `LA_FAIL`, `LA_EXPIRED`, `LA_SUSPENDED`,
 * `LA_GRACE_PERIOD_OVER`), and rejects with a {@link LicenseError} for all others.
 */
export class LicentiaClient extends License {
  readonly productId: string;
  /** Closes it at the end of the block that holds it with `using`. */
  declare readonly [Symbol.dispose]: () => void;
  readonly #given: ClientOptions;
  readonly #runner: Runner;
  /** What the application has said of the key: another object each time. */
  #said: { licenseKey?: string | undefined } = {};

  static {
    // Where `using` is not known yet, nothing asks for it.
    const { dispose } = Symbol as { dispose?: symbol };
    if (dispose !== undefined) {
      Object.defineProperty(this.prototype, dispose, { value: this.prototype.close });
    }
  }

  private constructor(settings: Settings, storage: LicenseStorage, publicKey: string, print: string) {
    super();
    if (settings === undefined) {
      throw new LicenseError("INVALID_OPTION", "a client is opened by `LicentiaClient.open` or `LicentiaClient.openSync`");
    }
    const { productId, given } = settings;
    this.productId = productId;
    this.#given = given;
    this.#runner = new Runner(settings, storage, publicKey, print);
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
    return abortable(LicentiaClient.#opened(read, storageOf(read)), read.given.signal);
  }

  static async #opened(settings: Settings, storage: LicenseStorage): Promise<LicentiaClient> {
    const { host, timeout, now, given } = settings;
    const ask = transport(host, given.fetch, timeout, now);
    const keys = (await knownKeys(settings, storage)) ?? (await fetchKeys(settings, storage, ask, given.signal));
    const client = new LicentiaClient(settings, storage, keys, await fingerprint(settings, storage));
    await client.#runner.refresh();
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
    const [keys, print] = [knownKeys(read, storage), fingerprintNow(read, storage)];
    if (isThenable(keys) || isThenable(print)) {
      throw invalid("storage", "synchronous, or opened with `open`");
    }
    if (keys === undefined) {
      throw invalid("product", "a `product.dat`, or given with its `publicKey`, where nothing may be waited for");
    }
    const client = new LicentiaClient(read, storage, keys, print);
    client.#runner.refuseToWait();
    return client;
  }

  /** What tells this device from others: as it was given, or as it was found. */
  get fingerprint(): string {
    return this.#runner.fingerprint;
  }

  /** Calls `listener` at each event from now on; returns what ends that. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (value: ClientEvents[Name]) => void): () => void {
    if (!EVENTS.includes(name)) {
      throw invalid("name", "`status`, `sync`, `erased` or `error`");
    }
    if (typeof listener !== "function") {
      throw invalid("listener", "a function");
    }
    return this.#runner.events.on(name, listener);
  }

  /** Sets the license key that is used from now on; without one, that which was last activated. */
  setLicenseKey(licenseKey: string | undefined): void {
    this.#said = { licenseKey: optionalKey(licenseKey) };
    this.#runner.session.setKey(this.#said.licenseKey);
  }

  /** Sets the application's release, such as `1.2.3`: two, three or four numbers. */
  setReleaseVersion(version: string): void {
    try {
      this.#runner.session.setRelease(text(version, "releaseVersion"));
    } catch (error) {
      throw error instanceof LicenseError ? error : refused(LA_E_RELEASE_VERSION_FORMAT);
    }
    this.#runner.releaseVersion = version;
  }

  /** Sets when the application's release was published. */
  setReleasePublishedAt(date: Date): void {
    const time = date instanceof Date ? date.getTime() : NaN;
    if (Number.isNaN(time)) {
      throw invalid("releasePublishedAt", "a date");
    }
    this.#runner.session.setPublished(time / 1000);
  }

  /** Decides from what is stored whether the license is genuine; the first call starts background syncs. */
  isGenuine(): Status {
    const verdict = this.isValid();
    this.#runner.begin(verdict.code);
    return verdict;
  }

  /** Decides the same without ever starting a sync. */
  isValid(): Status {
    return this.#runner.genuine();
  }

  /** Activates this device, with `licenseKey` if one is given, and starts background syncs. */
  async activate(licenseKey?: string | undefined, options: CallOptions = {}): Promise<Status> {
    const given = optionalKey(licenseKey);
    const signal = signalIn(options);
    const { session, resets } = this.#runner;
    const said = this.#said;
    return this.#runner.exclusively(signal, async () => {
      const refusal = session.askActivation(given);
      const key = session.text();
      if (key === undefined) {
        if (refusal === LA_E_LICENSE_KEY && (given ?? session.key()) === undefined) {
          throw new LicenseError("LA_E_LICENSE_KEY", "No license key was given, and none is stored.", { status: refusal });
        }
        return refusal;
      }
      const { status: http, body } = await this.#runner.ask("POST", "", this.#activation(key), signal);
      if (this.#runner.resets !== resets) {
        return LA_FAIL;
      }
      const code = this.#runner.decided(() => session.activated(key, http, body, this.#runner.now()));
      if (this.#said !== said) {
        session.setKey(this.#said.licenseKey); // what the application has set meanwhile
      }
      this.#runner.note();
      return code;
    });
  }

  /** Asks the server now. */
  async sync(options: CallOptions = {}): Promise<Status> {
    const signal = signalIn(options);
    return this.#runner.exclusively(signal, () => this.#runner.sync("asked for", signal));
  }

  /**
   * Takes the text of a status list that came by another way than the network, such as a file: a revocation or a suspension in it
   * counts, and it allows nothing.
   *
   * @throws LicenseError with `INVALID_STATUS_LIST` if the vendor has not signed it for this license, or a later one was read before.
   */
  async applyStatusList(list: string): Promise<Status> {
    text(list, "list");
    return this.#runner.exclusively(undefined, async () => {
      const said = await this.#runner.list(list);
      this.#runner.note();
      return said || this.#runner.genuine().code;
    });
  }

  /** Gives this device's seat back and forgets the activation. */
  async deactivate(options: CallOptions = {}): Promise<Status> {
    const signal = signalIn(options);
    const { session } = this.#runner;
    return this.#runner.exclusively(signal, async () => {
      // A seat that is given back while its activation cannot be erased would be used on.
      await this.#runner.probe();
      const asking = this.#runner.asking(() => session.askDeactivation(this.#runner.now()));
      if ("code" in asking) {
        return asking.code;
      }
      const { path, key } = asking;
      const { status: http, body } = await this.#runner.ask("POST", `${path}/deactivate`, this.#runner.body(key), signal);
      return this.#runner.decided(() => session.deactivated(http, body, this.#runner.now()));
    });
  }

  /** Forgets the license on this device without telling the server. A local trial stays. */
  reset(): void {
    this.#runner.forget();
  }

  /** Counts uses of a meter. */
  async incrementMeter(name: string, uses = 1, options: CallOptions = {}): Promise<Status> {
    return this.#meter(name, { usesIncrement: whole(uses, "uses") }, signalIn(options));
  }

  /** Gives uses of a meter back, at most what this activation has counted. */
  async decrementMeter(name: string, uses = 1, options: CallOptions = {}): Promise<Status> {
    return this.#meter(name, { usesIncrement: -whole(uses, "uses") }, signalIn(options));
  }

  /** Gives all uses of a meter back. */
  async resetMeter(name: string, options: CallOptions = {}): Promise<Status> {
    return this.#meter(name, { uses: 0 }, signalIn(options));
  }

  /**
   * Returns the text of a request that the vendor turns into a response for this device, where there is no connection.
   * `meters` says what this activation has counted of each meter.
   *
   * @throws LicenseError if there is no license key.
   */
  offlineActivationRequest(meters: Record<string, number> = {}): string {
    const { session } = this.#runner;
    const counted = Object.entries(object(meters, "meters"));
    const meterAttributes = counted.map(([name, uses]) => ({ name, uses: whole(uses, `meters.${name}`, 0) }));
    const key = this.#runner.text(() => session.askActivation(undefined));
    const body = this.#activation(key, { meterAttributes });
    return this.#runner.text(() => session.offlineRequest(body, this.#runner.now()));
  }

  /**
   * Activates this device by the text of an offline response.
   *
   * @throws LicenseError for a verdict that an application does not go on with.
   */
  activateOffline(response: string): Status {
    text(response, "response");
    const verdict = this.#runner.verdict(() => this.#runner.session.activatedOffline(response, this.#runner.now()));
    this.#runner.wait();
    return settled(verdict);
  }

  /**
   * Gives this device's activation up at once, and returns the text that tells the vendor so.
   *
   * @throws LicenseError if there is no activation to give up, or it cannot be erased.
   */
  offlineDeactivationRequest(): string {
    this.#runner.probeNow();
    const request = this.#runner.text(() => this.#runner.session.deactivatedOffline(this.#runner.now()));
    this.#runner.wait();
    return request;
  }

  /** Begins a trial of some days that no server knows of. One that was begun before goes on as it was. */
  activateLocalTrial(days: number): Status {
    whole(days, "days");
    return this.#trial(() => this.#runner.session.activateLocalTrial(days, this.#runner.now()));
  }

  /** Lets the trial run some days longer: from its end, or from now if it is over. */
  extendLocalTrial(days: number): Status {
    whole(days, "days");
    return this.#trial(() => this.#runner.session.extendLocalTrial(days, this.#runner.now()));
  }

  /** Decides whether the trial on this device still runs. */
  isLocalTrialGenuine(): Status {
    return this.#runner.verdict(() => this.#runner.session.localTrial(this.#runner.now()));
  }

  localTrialExpiresAt(): Date | null {
    const end = this.#runner.stored(() => this.#runner.session.trialEnd());
    return end === null ? null : new Date(Math.min(end * 1000, LAST_DATE));
  }

  /** Returns the license key in use, or null. */
  licenseKey(): string | null {
    return this.#runner.stored(() => this.#runner.session.key());
  }

  /** Returns the token of the activation that stands, for a server of yours that checks it, or null. */
  token(): string | null {
    return this.#runner.stored(() => this.#runner.session.token(this.#runner.now()));
  }

  claims(): Claims | null {
    const claims = this.#runner.stored(() => this.#runner.session.claims(this.#runner.now()));
    return claims === null ? null : (JSON.parse(claims) as Claims);
  }

  /** Returns why the stored activation was last erased: `LA_OK` if it was not since the last success. */
  lastActivationError(): Status {
    return this.#runner.verdict(() => this.#runner.session.lastError());
  }

  /** Returns when the next background sync is due, or null. */
  nextSyncAt(): Date | null {
    const due = this.#runner.session.due();
    return due === undefined ? null : new Date(due * 1000);
  }

  /** Says in one sentence what the state is, what it rests on, and when it is checked next. */
  explain(): string {
    const sentence = this.#runner.stored(() => this.#runner.session.explain(this.#runner.now()));
    return sentence ?? storageFault(undefined, "read").message;
  }

  /** Ends background syncs and events; verdicts go on. A timer keeps no process alive, so this is for who goes on without. */
  close(): void {
    this.#runner.close();
  }

  /** The body of an activation, which says more than that of a sync. */
  #activation(key: string, more: object = {}): string {
    const { metadata = [], leaseDuration } = this.#given;
    return this.#runner.body(key, { metadata, leaseDuration, ...more });
  }

  #meter(name: string, change: { usesIncrement: number } | { uses: number }, signal: AbortSignal | undefined): Promise<Status> {
    text(name, "name");
    const { session } = this.#runner;
    return this.#runner.exclusively(signal, async () => {
      const asking = this.#runner.asking(() => session.askMeter(name, this.#runner.now()));
      if ("code" in asking) {
        return asking.code;
      }
      const counted = this.#runner.body(asking.key, { meterAttributes: [{ name, ...change }] });
      const { status: http, body } = await this.#runner.ask("PATCH", asking.path, counted, signal);
      return this.#runner.decided(() => session.metered(http, body, this.#runner.now()));
    });
  }

  #trial(decide: () => number): Status {
    return settled(this.#runner.verdict(decide), SOFT_OF_TRIALS);
  }
}

function signalIn(options: CallOptions): AbortSignal | undefined {
  return abortSignal((object(options, "options") as CallOptions).signal);
}

function storageOf({ given }: Settings): LicenseStorage {
  return given.storage ?? platform.defaultStorage(given.directory);
}

function whole(value: number, option: string, least = 1): number {
  if (!Number.isInteger(value) || value < least || value > 0x7fff_ffff) {
    throw invalid(option, `a whole number from ${least} up`);
  }
  return value;
}
