// The WebAssembly module of `licentia/check`.

import * as glue from "../generated/check.js";
import wasm from "../generated/check_bg.wasm";

import { start } from "./start.js";

let started = false;

/** Judges an answer. Returns the verdict as JSON, or throws if the public key cannot be read: see crates/check/src/lib.rs. */
export function check(
  productId: string,
  licenseKey: string,
  fingerprint: string,
  publicKey: string,
  status: number,
  body: string,
  now: number,
): string {
  if (!started) {
    start(glue, wasm);
    started = true;
  }
  return glue.check(productId, licenseKey, fingerprint, publicKey, status, body, now);
}
