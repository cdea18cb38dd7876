// The pure check: one answer in, a verdict out. No storage, no network, no clock; what asks a server is in `check-license.ts`.

import type { Claims } from "./claims.js";
import { digestOf, hear, isSigned, verdictOn, type Question } from "./check-engine.js";
import { unverified } from "./check-license.js";
import { LicenseError } from "./error.js";
import {
  hasStatementKeys, invalid, keyText, object, optionalText, requireAnswers, seconds, text, unsignable, type PublicKey,
} from "./options.js";
import { signatureOf } from "./response.js";

export type { LicenseCheck, LicenseQuestion, StatementClaims } from "./check-license.js";
export { checkLicense } from "./check-license.js";
export type { Claims, Entry } from "./claims.js";
export type { LicenseErrorCode } from "./error.js";
export type { Jwk, JwkSet, ProductFile, PublicKey } from "./options.js";
export { LicenseError };

/** A response to `POST /v3/activations` or `PATCH /v3/activations/{id}`. */
export interface ActivationResponse {
  /** The HTTP status; 0 if there was no response. */
  status: number;
  /** The response's headers, for signed answers. */
  headers?: Headers | Record<string, string> | Iterable<readonly [string, string]>;
  /** The response's text. */
  body: string;
}

/** A request that you have sent to the license server. */
export interface ActivationRequest {
  method: "POST" | "PATCH";
  /** Its path, from `/v3/` on. */
  path: string;
  /** Its text, whose digest by SHA-256 was sent as `Content-Digest`. */
  body: string;
}

/** What the response must fit. */
export interface CheckOptions {
  productId: string;
  licenseKey: string;
  /** The fingerprint that was sent. */
  fingerprint: string;
  publicKey: PublicKey;
  /** The time, in seconds since 1970. */
  now: number;
  /** The request that the response is to, for signed answers. */
  request?: ActivationRequest;
  /** What was sent as `Licentia-Nonce`, drawn for this request alone. */
  nonce?: string;
  /**
   * Which answers to believe. With `signed`, the default where `request` is given and the account's statement key is known, a
   * refusal counts only if the vendor has signed it for just this request; else it is `LA_E_INET`. A token speaks for itself.
   */
  answers?: "any" | "signed";
}

/** The verdict on a response. */
export interface CheckResult {
  /** The status code: 0 if the license is valid. */
  code: number;
  /** Its name, such as `LA_OK` or `LA_E_REVOKED`. */
  name: string;
  /** What becomes of an activation that is stored: kept as it is, erased, or replaced with this one. */
  activation: "keep" | "erase" | "replace";
  /** The token's claims if it is to be stored, else null. */
  claims: Claims | null;
}

/**
 * Validates the response to an activation or a sync: signature, product, license key, fingerprint and clock.
 *
 * @throws LicenseError if an option is missing or wrong. Verdicts are never thrown.
 */
export function checkActivationResponse(response: ActivationResponse, options: CheckOptions): CheckResult {
  const { status, body, headers } = object(response, "response") as ActivationResponse;
  if (!Number.isInteger(status) || status < 0 || status > 999) {
    throw invalid("status", "an HTTP status");
  }
  const given = object(options, "options") as CheckOptions;
  const question = questionOf(given);
  const productId = optionalText(given.productId, "productId") ?? "";
  const licenseKey = optionalText(given.licenseKey, "licenseKey") ?? "";
  const fingerprint = text(given.fingerprint, "fingerprint");
  const publicKey = keyText(given.publicKey);
  const now = seconds(given.now, "now");
  const signature = question && signatureIn(headers ?? {});
  return verdictOn(hear(publicKey, status, text(body, "body"), question, signature), productId, licenseKey, fingerprint, now);
}

/** The request whose answer has to be signed; nothing if anything is believed. */
function questionOf({ answers, request, nonce, publicKey }: CheckOptions): Question | undefined {
  requireAnswers(answers);
  const drawn = optionalText(nonce, "nonce");
  const isAsked = answers === undefined ? request !== undefined && hasStatementKeys(publicKey) : answers === "signed";
  if (!isAsked) {
    return undefined;
  }
  if (!hasStatementKeys(publicKey)) {
    throw unsignable();
  }
  const { method, path, body } = object(request, "request") as ActivationRequest;
  const digest = digestOf(text(body, "request.body"));
  return { method: text(method, "request.method"), path: text(path, "request.path"), digest, nonce: text(drawn, "nonce") };
}

/** Headers come in any form that `fetch` takes, and in that of Node's `http`, whose names are in lower case. */
function signatureIn(headers: NonNullable<ActivationResponse["headers"]>): string {
  const given = object(headers, "headers") as typeof headers;
  const entries = Symbol.iterator in given ? Array.from(given) : Object.entries(given);
  const byName = new Map(entries.map(([name, value]) => [name.toLowerCase(), value]));
  return signatureOf((name) => byName.get(name.toLowerCase()) ?? "");
}

/** What an activation token must fit. */
export interface TokenOptions {
  productId: string;
  publicKey: PublicKey;
  /** The time, in seconds since 1970. */
  now: number;
  /** The license key that it must be of; without one, any of the product's. */
  licenseKey?: string;
  /** The fingerprint that it must be of; without one, any. */
  fingerprint?: string;
}

/**
 * Validates an activation token that an application has sent: signature, product, clock, and whether its license was good
 * when it was issued and is not over. A revocation since then is not in it: for that, `checkLicense` asks the server.
 *
 * @throws LicenseError if an option is missing or wrong. Verdicts are never thrown.
 */
export function checkActivationToken(token: string, options: TokenOptions): CheckResult {
  const given = object(options, "options") as TokenOptions;
  const { key, fp } = unverified(text(token, "token"));
  // What names no key is no token: that, and not the key, is what is wrong with it.
  const licenseKey = optionalText(given.licenseKey, "licenseKey") ?? key.padEnd(16);
  const fingerprint = optionalText(given.fingerprint, "fingerprint") ?? fp;
  const body = JSON.stringify({ activationToken: token });
  return checkActivationResponse({ status: 200, body }, { ...given, licenseKey, fingerprint, answers: "any" });
}

/**
 * Verifies a signature by itself: RS256 or EdDSA, as the key is. What a token is signed over is its text up to the last dot.
 *
 * @throws LicenseError if an argument is wrong, or the key of another kind. A wrong signature is not thrown.
 */
export function verifySignature(message: Uint8Array, signature: Uint8Array, publicKey: PublicKey): boolean {
  return isSigned(bytes(message, "message"), bytes(signature, "signature"), keyText(publicKey));
}

function bytes(value: unknown, name: string): Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw invalid(name, "a Uint8Array");
  }
  return value;
}
