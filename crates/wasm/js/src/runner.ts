// What runs behind a client: reads and writes what is stored around each decision, and syncs when the module says so.

import type { Settings } from "./client-options.js";
import { Emitter } from "./emitter.js";
import { engine, outcome, type Session } from "./engine.js";
import { LicenseError } from "./error.js";
import { settledId } from "./fingerprint.js";
import { Follower, type Followed } from "./follower.js";
import { inflated } from "./inflate.js";
import { jitter } from "./jitter.js";
import { unsignable } from "./options.js";
import * as platform from "./platform.js";
import { keysPath, repin } from "./product.js";
import { storageFault } from "./reach.js";
import { contentDigest } from "./response.js";
import { Slot } from "./slot.js";
import { status, type Status } from "./status.js";
import type { LicenseStorage } from "./storage.js";
import { unref } from "./timer.js";
import { NO_ANSWER, transport, type Answer, type Request, type Transport } from "./transport.js";
import { abortable } from "./turn.js";

/** What a client tells while it runs. */
export interface ClientEvents {
  /** The verdict of each sync, whoever asked for it, and that on what is stored whenever it has changed without one. */
  status: Status;
  /** What the server has said: the verdict of each sync, and of news that change it. */
  sync: Status;
  /** The activation is gone, and why: only a new one helps. Whoever shares the storage hears it, as soon as they look. */
  erased: Status;
  /** What failed with nobody waiting for it: a background sync, or a write to the storage. */
  error: LicenseError;
}

const LA_OK = 0;
const LA_E_INET = 48;
/** `LA_E_INET`, `LA_E_RATE_LIMIT` and `LA_E_SERVER`: the server has said nothing of the license. */
const UNHEARD: readonly number[] = [LA_E_INET, 90, 91];
/** The server holds a request for 25 seconds, and its answer takes a while. */
const HELD = 40_000;
/** So many seconds pass before a server is asked for its keys again. */
const KEYS_INTERVAL = 3_600;
/** How many seconds to wait after a storage has failed. */
const RETRY = 15;
/** `LA_OK`, `LA_FAIL`, `LA_EXPIRED`, `LA_SUSPENDED` and `LA_GRACE_PERIOD_OVER`: what an application goes on with. */
const SOFT: readonly number[] = [LA_OK, 1, 20, 21, 22];

export class Runner {
  readonly events = new Emitter<ClientEvents>();
  readonly session: Session;
  fingerprint: string;
  readonly #storage: LicenseStorage;
  readonly #settings: Settings;
  readonly #slot: Slot;
  readonly #request: Transport;
  /** What the application says of its release, for the server. */
  releaseVersion: string | undefined;
  /** How often the application has forgotten the license: what was asked before that has no effect. */
  resets = 0;
  /** What the session has read or written last. */
  #loaded = "";
  /** The verdict on what is stored when a verdict was told last. */
  #known: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #follower: Follower | undefined;
  /** Whether the server has said that it has other statement keys than those that are known. */
  #isRotated = false;
  /** When it may be asked for them next. */
  #nextKeys = 0;
  /** Ends a background sync that is under way when the client is closed. */
  readonly #closing = new AbortController();

  constructor(settings: Settings, storage: LicenseStorage, publicKey: string, fingerprint: string) {
    const { productId, given, host, timeout, now } = settings;
    this.fingerprint = fingerprint;
    this.#storage = storage;
    this.#settings = settings;
    this.session = new (engine().Session)(productId, publicKey, fingerprint, platform.device().userHash || undefined);
    if (!this.session.requireSigned(given.answers && given.answers === "signed")) {
      throw unsignable();
    }
    const failed = (error: LicenseError) => {
      this.events.emit("error", error);
      this.wait(RETRY);
    };
    this.#slot = new Slot(storage, productId, failed, (...texts) => this.session.merged(...texts));
    this.#request = transport(host, given.fetch, timeout, now);
    if (given.push ?? given.fetch === undefined) {
      const poll = transport(host, given.fetch ?? platform.patiently, HELD, now, true);
      this.#follower = new Follower({
        host,
        followed: () => this.#followed(),
        refused: () => this.#heard(""),
        heard: (news) => this.#heard(news),
        poll: (path, signal) => poll({ method: "GET", path, signal }).catch(() => NO_ANSWER),
      });
    }
  }

  /** Reads an asynchronous storage. */
  refresh(): Promise<void> {
    return this.#slot.refresh();
  }

  now(): number {
    return this.#settings.now() / 1000;
  }

  /** Says now if the storage has to be waited for. One that fails is a verdict later on. */
  refuseToWait(): void {
    try {
      this.#load();
    } catch (error) {
      if (error instanceof LicenseError && error.code === "INVALID_OPTION") {
        throw error;
      }
    }
  }

  /** Reads, decides, writes and tells: one step, in which nothing is waited for. */
  decided(decide: () => number): number {
    this.#load();
    return this.#taken(decide());
  }

  /** The same as a verdict; a storage that cannot be read is one, too. */
  verdict(decide: () => number): Status {
    try {
      return status(this.decided(decide));
    } catch (error) {
      if (error instanceof LicenseError && error.status !== null) {
        return { ...status(error.status), message: error.message };
      }
      throw error;
    }
  }

  genuine(): Status {
    return this.verdict(() => this.session.genuine(this.now()));
  }

  /** Returns something of what is stored; where the storage cannot be read, that is nothing. */
  stored<T>(get: () => T | undefined): T | null {
    try {
      this.#load();
    } catch {
      return null;
    }
    return get() ?? null;
  }

  /** Returns the text that a decision gives, or throws why there is none. */
  text(decide: () => number): string {
    const code = this.decided(decide);
    const text = this.session.text();
    if (text === undefined) {
      throw failed(status(code));
    }
    return text;
  }

  /** Returns which activation may be asked about: the path to it, and its license key; or why none may. */
  asking(ask: () => number): { path: string; key: string } | { code: number } {
    const code = this.#taken(ask());
    const [activation, key] = [this.session.asked(), this.session.askedKey()];
    return activation === undefined || key === undefined ? { code } : { path: `/${encodeURIComponent(activation)}`, key };
  }

  /** Runs an action while nobody else who shares the storage runs one, and settles as its verdict says. */
  exclusively(signal: AbortSignal | undefined, action: () => Promise<number>): Promise<Status> {
    const turn = async () => {
      signal?.throwIfAborted();
      await this.#slot.refresh();
      await this.#settle();
      this.#load();
      try {
        const code = await action();
        await this.#followKeys(signal);
        return settled(status(code));
      } finally {
        this.wait();
        await this.#slot.written();
      }
    };
    return abortable(this.#slot.exclusively(turn, signal), signal);
  }

  /** Takes the id that is kept, should another tab have drawn one at the same moment. */
  async #settle(): Promise<void> {
    const id = await settledId(this.#storage);
    if (id !== undefined && id !== this.fingerprint) {
      this.fingerprint = id;
      this.session.setFingerprint(id);
      this.session.load((this.#loaded = this.#slot.read()));
    }
  }

  /** Asks the server; the answer is bound to the question, where it has to be signed. */
  async ask(method: "POST" | "PATCH", of: string, body: string, signal: AbortSignal | undefined): Promise<Answer> {
    const { hasOtherKeys, ...answer } = await this.#bound({ method, path: `/v3/activations${of}`, body, signal });
    this.#isRotated ||= hasOtherKeys;
    return answer;
  }

  async #bound(request: Request): Promise<Answer & { hasOtherKeys: boolean }> {
    const { method, path, body } = request;
    const nonce = Array.from(platform.randomBytes(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const sha256 = this.session.digest(body ?? "");
    const headers: Record<string, string> = {};
    if (sha256 !== undefined) {
      headers["Licentia-Nonce"] = nonce;
      if (body !== undefined) headers["Content-Digest"] = contentDigest(sha256);
      this.session.bind(method, path, headers["Content-Digest"], nonce);
    }
    const answer = await this.#request({ ...request, headers });
    return { ...answer, hasOtherKeys: this.session.signed(answer.status, answer.body, answer.signature) };
  }

  /** Takes the keys that the server signs with by now, as one says that is known. Headers can be changed on their way: once in a while. */
  async #followKeys(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#isRotated || this.now() < this.#nextKeys) return;
    this.#isRotated = false;
    this.#nextKeys = this.now() + KEYS_INTERVAL;
    const { status: http, body } = await this.#bound({ method: "GET", path: keysPath(this.#settings), signal });
    if (http === 200 && this.session.renewed(body)) {
      await repin(this.#settings, this.#storage, body);
    }
  }

  /** What every request says of the application and the device. */
  body(key: string, more: object = {}): string {
    const { productId, given } = this.#settings;
    const { os, osVersion, hostname, userHash } = platform.device();
    const device = { os, osVersion, hostname: given.hostname ?? hostname, userHash: userHash || this.fingerprint };
    const release = { appVersion: given.appVersion ?? "", releaseVersion: this.releaseVersion };
    return JSON.stringify({ key, productId, fingerprint: this.fingerprint, ...device, ...release, metadata: [], ...more });
  }

  async sync(reason: "asked for" | "background", signal?: AbortSignal | undefined): Promise<number> {
    const asking = this.asking(() => this.session.askSync(this.now()));
    if ("code" in asking) {
      this.session.unsynced(this.now());
      if (reason === "background") {
        this.#tell(status(asking.code));
      }
      return asking.code;
    }
    const answer = await this.ask("PATCH", asking.path, this.body(asking.key), signal);
    const { status: http, body, retryAfter } = answer;
    const code = this.decided(() => this.session.synced(http, body, retryAfter, jitter(), this.now()));
    const isUnheard = reason === "background" && UNHEARD.includes(code);
    const said = (isUnheard && (await this.#fetchList(signal))) || code;
    this.#tell(status(said), "sync");
    return said;
  }

  /** Takes a status list. Resolves to what it says: that the license is revoked, that it is suspended, or `LA_OK`. */
  async list(text: string): Promise<number> {
    const compressed = this.session.list(text, this.now());
    if (compressed === undefined) {
      throw new LicenseError("INVALID_STATUS_LIST", `The status list says nothing here: ${this.session.text()}.`);
    }
    const statuses = await inflated(compressed);
    return this.decided(() => this.session.listed(statuses));
  }

  /** Asks for the list that tells of the license where the server itself does not come through. */
  async #fetchList(signal: AbortSignal | undefined): Promise<number> {
    const path = this.session.listAddress(this.now());
    if (!path?.startsWith("/")) {
      return LA_OK;
    }
    const { status: http, body } = await this.#request({ method: "GET", path, signal });
    return http === 200 ? this.list(body).catch(() => LA_OK) : LA_OK;
  }

  /** Begins with background syncs, if there is something to sync and they have not begun yet. `known` is the verdict. */
  begin(known: number): void {
    this.#known ??= known;
    if (this.session.due() === undefined && !this.#closing.signal.aborted) {
      this.session.begin(this.now());
      this.wait();
    }
  }

  /** Waits for the next background sync, or looks at the clock meanwhile; `atLeast` so many seconds. */
  wait(atLeast = 0): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { aborted } = this.#closing.signal;
    if (aborted) this.session.end();
    this.#follower?.keep();
    const turn = this.session.turn(this.now());
    if (turn < 0 && (aborted || !this.#slot.owes)) {
      return;
    }
    const seconds = turn < 0 ? RETRY : Math.max(turn, atLeast);
    this.#timer = setTimeout(() => void (seconds === 0 ? this.#syncBehind() : this.#look()), seconds * 1000);
    // In Node, a timer that waits for the next sync keeps no process alive; the first sync is worth a moment.
    if (seconds > 0) {
      unref(this.#timer);
    }
  }

  close(): void {
    this.#closing.abort(new LicenseError("LA_E_INET", "the client was closed", { status: LA_E_INET }));
    this.wait();
    this.events.clear();
  }

  /** Takes the verdict on what is stored for known: it changed because the application asked. */
  note(): void {
    this.#known = this.genuine().code;
  }

  /** Writes what is stored once more, so that a storage that takes nothing is known of before anything depends on it. */
  probe(): void | Promise<void> {
    return this.#slot.probe();
  }

  /** The same where nothing may be waited for. */
  probeNow(): void {
    this.#slot.probeNow();
  }

  forget(): void {
    this.resets += 1;
    this.#load();
    this.session.reset();
    this.#write();
    this.wait();
  }

  /** Reads what is stored, if it has changed. */
  #load(): void {
    const stored = this.#slot.read();
    if (stored !== this.#loaded) {
      const isGone = this.session.load(stored);
      this.#loaded = stored;
      if (isGone) {
        this.#erased(this.session.lastError());
      }
    }
  }

  #write(): void {
    this.#loaded = this.session.written();
    this.#slot.write(this.#loaded);
  }

  #taken(bits: number): number {
    const { code, isStored, isErased } = outcome(bits);
    if (isStored) {
      this.#write();
    }
    if (isErased) {
      this.#erased(code);
    }
    return code;
  }

  /** What the application has given up itself is nothing to tell. */
  #erased(code: number): void {
    if (code !== LA_OK) {
      this.events.emit("erased", status(code));
    }
  }

  /** Which activation waits for news, and what it knows. */
  #followed(): Followed | undefined {
    const activation = this.#closing.signal.aborted ? undefined : this.session.followed();
    return activation === undefined ? undefined : { activation, version: this.session.knownVersion() };
  }

  #heard(news: string): void {
    const verdict = this.verdict(() => this.session.told(news, jitter(), this.now()));
    if (verdict.code !== this.#known) {
      this.#tell(verdict, "sync");
    }
    this.wait();
  }

  /** Tells what others who share the storage, or the time, have changed, and waits on. */
  #look(): void {
    this.#slot.retry();
    const verdict = this.genuine();
    if (verdict.code !== this.#known) {
      this.#tell(verdict);
    }
    this.wait();
  }

  #tell(verdict: Status, sync?: "sync"): void {
    this.note();
    if (sync !== undefined) {
      this.events.emit(sync, verdict);
    }
    this.events.emit("status", verdict);
  }

  /** Syncs with nobody waiting, unless somebody who shares the storage has done so by now. */
  async #syncBehind(): Promise<void> {
    const { signal } = this.#closing;
    try {
      await this.exclusively(signal, async () => {
        const isDue = this.session.turn(this.now()) === 0;
        return isDue ? this.sync("background", signal) : LA_OK;
      });
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      // A storage that failed once, or its lock, is tried again: nobody else would begin with syncs anew.
      this.wait(RETRY);
      this.events.emit("error", error instanceof LicenseError ? error : storageFault(error, "written"));
    }
  }
}

/** Returns a status that an application goes on with, and throws any other. */
export function settled(verdict: Status, soft: readonly number[] = SOFT): Status {
  if (soft.includes(verdict.code)) {
    return verdict;
  }
  throw failed(verdict);
}

function failed({ code, name, message }: Status): LicenseError {
  return new LicenseError(name, message, { status: code });
}
