// The WebAssembly module of `licentia/check`, and the answer that it judges: crates/check/src/lib.rs.

import { claims, digest, initSync, judge, judge_statement, read, signed } from "../generated/check.js";
import wasm from "../generated/check_bg.wasm";

import type { CheckResult } from "./check.js";
import type { LicenseCheck } from "./check-license.js";
import { LicenseError } from "./error.js";
import { contentDigest } from "./response.js";
import { start } from "./start.js";

/** A request whose answer has to be signed, for it and for no other. */
export interface Question {
  method: string;
  path: string;
  /** Its `Content-Digest`. */
  digest: string;
  nonce: string;
}

interface Heard {
  publicKey: string;
  status: number;
  body: string;
  /** What has to be signed, and how it is, as the module reads it; empty where nothing has to be. */
  asked: string;
  /** The text of the claims, once it was asked for. */
  claims?: string | undefined;
}

let started = false;
let heard: Heard | undefined;

function begin(): void {
  if (!started) {
    start(initSync, wasm);
    started = true;
  }
}

/** Has the module read an answer, unless it is the one that was read last. Where there is a question, it has to be signed for that. */
export function hear(publicKey: string, status: number, body: string, question?: Question, signature?: string): Heard {
  begin();
  const asked = question ? [question.method, question.path, question.digest, question.nonce, signature].join("\n") : "";
  if (heard?.body !== body || heard.status !== status || heard.publicKey !== publicKey || heard.asked !== asked) {
    heard = undefined;
    const fault = read(publicKey, status, body, asked);
    if (fault !== undefined) {
      throw new LicenseError("INVALID_PUBLIC_KEY", fault);
    }
    heard = { publicKey, status, body, asked };
  }
  return heard;
}

/** Returns what a request's header `Content-Digest` must say. */
export function digestOf(body: string): string {
  begin();
  return contentDigest(digest(body));
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

/** Judges the answer that was just heard by the statement in it: see crates/check/src/lib.rs. */
export function verdictOnStatement(...about: Parameters<typeof judge_statement>) {
  return JSON.parse(judge_statement(...about)) as Pick<LicenseCheck, "code" | "name" | "statement">;
}
