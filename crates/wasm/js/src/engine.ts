// The WebAssembly module of the client.

import { initSync, readKey, Session as Raw, statusMeaning, statusName } from "../generated/licentia.js";
import wasm from "../generated/licentia_bg.wasm";

import { start } from "./start.js";

/** A running client: see crates/wasm/src/session.rs. Times are seconds since 1970; an outcome is read by {@link outcome}. */
export interface Session {
  setKey(licenseKey: string | undefined): void;
  setFingerprint(fingerprint: string): void;
  setRelease(version: string): void;
  setPublished(published: number): void;
  load(text: string): boolean;
  written(): string;
  merged(base: string, mine: string, theirs: string): string;
  genuine(now: number): number;
  askActivation(licenseKey: string | undefined): number;
  text(): string | undefined;
  activated(key: string, status: number, body: string, now: number): number;
  askSync(now: number): number;
  requireSigned(required: boolean | undefined): boolean;
  digest(body: string): Uint8Array | undefined;
  bind(method: string, path: string, contentDigest: string | undefined, nonce: string): void;
  signed(status: number, body: string, headers: string): boolean;
  renewed(document: string): boolean;
  asked(): string | undefined;
  askedKey(): string | undefined;
  synced(status: number, body: string, retryAfter: number | undefined, jitter: number, now: number): number;
  unsynced(now: number): void;
  askMeter(name: string, now: number): number;
  metered(status: number, body: string, now: number): number;
  listAddress(now: number): string | undefined;
  list(text: string, now: number): Uint8Array | undefined;
  listed(statuses: Uint8Array): number;
  followed(): string | undefined;
  knownVersion(): number;
  told(news: string, jitter: number, now: number): number;
  askDeactivation(now: number): number;
  deactivated(status: number, body: string, now: number): number;
  reset(): void;
  begin(now: number): void;
  end(): void;
  turn(now: number): number;
  due(): number | undefined;
  localTrial(now: number): number;
  activateLocalTrial(days: number, now: number): number;
  extendLocalTrial(days: number, now: number): number;
  trialEnd(): number | undefined;
  claims(now: number): string | undefined;
  token(now: number): string | undefined;
  key(): string | undefined;
  offlineRequest(body: string, now: number): number;
  activatedOffline(text: string, now: number): number;
  deactivatedOffline(now: number): number;
  lastError(): number;
  explain(now: number): string;
}

interface Engine {
  Session: new (productId: string, publicKey: string, fingerprint: string, userHash: string | undefined) => Session;
  readKey(publicKey: string): void;
  statusName(number: number): string | undefined;
  statusMeaning(number: number): string | undefined;
}

/** What an outcome says: the status code, whether there is something to write, and whether the activation was erased. */
export function outcome(bits: number): { code: number; isStored: boolean; isErased: boolean } {
  return { code: bits & 0xff, isStored: (bits & 0x100) !== 0, isErased: (bits & 0x200) !== 0 };
}

let started: Engine | undefined;

/** Returns the module, which it starts if need be. */
export function engine(): Engine {
  if (started === undefined) {
    start(initSync, wasm);
    started = { Session: Raw as unknown as Engine["Session"], readKey, statusName, statusMeaning };
  }
  return started;
}
