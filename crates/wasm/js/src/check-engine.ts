// The WebAssembly module of `licentia/check`, and the answer that it judges: crates/check/src/lib.rs.

import { claims, initSync, judge, judge_statement, read, signed } from "../generated/check.js";
import wasm from "../generated/check_bg.wasm";

import type { CheckResult } from "./check.js";
import type { StatementClaims } from "./check-license.js";
import { LicenseError } from "./error.js";
import { start } from "./start.js";

interface Heard {
  publicKey: string;
  status: number;
  body: string;
  /** The text of the claims, once it was asked for. */
  claims?: string | undefined;
}

let started = false;
let heard: Heard | undefined;

/** Has the module read an answer, unless it is the one that was read last. */
export function hear(publicKey: string, status: number, body: string): Heard {
  if (!started) {
    start(initSync, wasm);
    started = true;
  }
  if (heard === undefined || heard.body !== body || heard.status !== status || heard.publicKey !== publicKey) {
    heard = undefined;
    const fault = read(publicKey, status, body);
    if (fault !== undefined) {
      throw new LicenseError("INVALID_PUBLIC_KEY", fault);
    }
    heard = { publicKey, status, body };
  }
  return heard;
}

/** Judges an answer that was just heard. */
export function verdictOn(answer: Heard, productId: string, licenseKey: string, fingerprint: string, now: number): CheckResult {
  const verdict = JSON.parse(judge(productId, licenseKey, fingerprint, now)) as CheckResult;
  if (verdict.activation === "replace") {
    answer.claims ??= claims();
  }
  verdict.claims = verdict.activation === "replace" ? JSON.parse(answer.claims ?? "null") : null;
  return verdict;
}

/** Returns whether a key signed a message. */
export function isSigned(message: Uint8Array, signature: Uint8Array, publicKey: string): boolean {
  hear(publicKey, 0, "");
  return signed(message, signature);
}

/** Judges a statement, of this license if it names one; undefined if no key has signed it. */
export function verdictOnStatement(text: string, publicKey: string, license: string | undefined, ended: boolean, now: number) {
  hear(publicKey, 0, "");
  const verdict = judge_statement(text, license, ended, now);
  return verdict === undefined ? undefined : (JSON.parse(verdict) as { code: number; name: string; statement: StatementClaims });
}
