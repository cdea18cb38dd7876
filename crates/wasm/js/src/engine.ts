// The WebAssembly module of the client.

import * as glue from "../generated/licentia.js";
import wasm from "../generated/licentia_bg.wasm";

import { start } from "./start.js";
import type { Status } from "./status.js";

/** An application on a device, as the module takes it. */
export interface Identity {
  productId: string;
  licenseKey: string | null;
  fingerprint: string;
  publicKey: string;
}

/** A server's answer; status 0 if there was none. */
export interface Answer {
  status: number;
  body: string;
}

export interface Decision {
  status: Status;
  store: string | null;
  claims: string | null;
  nextSync: number | null;
  /** Of `askSync` and `askDeactivation`: which activation to ask about, if one may. */
  asked: Asked | null;
}

export interface Asked {
  activation: string;
  epoch: number;
  key: string;
}

type Stored = string | null;

/** What the module exports: see crates/wasm/src/lib.rs. */
export interface Engine {
  genuine(client: Identity, stored: Stored, now: number): Decision;
  askActivation(client: Identity, stored: Stored): { status: Status | null; key: string | null };
  activated(client: Identity, stored: Stored, key: string, answer: Answer, now: number): Decision;
  askSync(client: Identity, stored: Stored, now: number): Decision;
  synced(client: Identity, stored: Stored, asked: Asked, answer: Answer, now: number): Decision;
  askDeactivation(client: Identity, stored: Stored, now: number): Decision;
  deactivated(client: Identity, stored: Stored, asked: Asked, answer: Answer, now: number): Decision;
  lastError(client: Identity, stored: Stored): Status;
  readKey(publicKey: string): void;
  status(number: number): Status | null;
}

let started: Engine | undefined;

/** Returns the module, which it starts if need be. */
export function engine(): Engine {
  if (started === undefined) {
    start(glue, wasm);
    started = glue as unknown as Engine;
  }
  return started;
}
