// Reads options: each has the type that it should have, or an error names it.

import { LicenseError } from "./error.js";

/** A public key as JSON (RFC 7517). */
export interface Jwk {
  kty: string;
  [member: string]: unknown;
}

/** The document that `GET /v3/products/{id}/keys` answers. */
export interface JwkSet {
  keys: Jwk[];
  [member: string]: unknown;
}

/** The file that `GET /v3/products/{id}/product.dat` answers: the keys with what else an application is built with. */
export interface ProductFile extends JwkSet {
  productId: string;
  host: string;
}

/** The product's public key: SPKI PEM, a JWK, a JWK Set or a `product.dat`, all but the first also as JSON text. */
export type PublicKey = string | Jwk | JwkSet | ProductFile;

/** Returns the product and the server that a `product.dat` names; of any other form of a key, nothing. */
export function namedBy(publicKey: unknown): Partial<ProductFile> {
  try {
    const file: unknown = typeof publicKey === "string" ? JSON.parse(publicKey) : publicKey;
    return typeof file === "object" && file !== null && "keys" in file ? (file as ProductFile) : {};
  } catch {
    return {};
  }
}

export function invalid(option: string, expected: string): LicenseError {
  return new LicenseError("INVALID_OPTION", `\`${option}\` must be ${expected}`);
}

export function object(value: unknown, option: string): object {
  if (typeof value !== "object" || value === null) {
    throw invalid(option, "an object");
  }
  return value;
}

export function text(value: unknown, option: string): string {
  if (typeof value !== "string") {
    throw invalid(option, "a string");
  }
  return value;
}

export function optionalText(value: unknown, option: string): string | undefined {
  return value === undefined || value === null ? undefined : text(value, option);
}

/** Refuses what is none of the ways to believe answers. */
export function requireAnswers(value: unknown): void {
  if (value !== undefined && value !== "any" && value !== "signed") {
    throw invalid("answers", '"any" or "signed"');
  }
}

/** Returns whether the account's keys came along, which sign statements and answers. */
export function hasStatementKeys(publicKey: unknown): boolean {
  const { statementKeys } = namedBy(publicKey);
  return Array.isArray(statementKeys) && statementKeys.length > 0;
}

/** Nobody can tell what is signed without the key that signs. */
export function unsignable(): LicenseError {
  return invalid("answers", '"any" where no statement key is known: it comes with a `product.dat`, and not with a PEM');
}

/** A license key is pasted with what stood around it. */
export function optionalKey(value: unknown): string | undefined {
  return optionalText(value, "licenseKey")?.trim();
}

export function abortSignal(value: unknown): AbortSignal | undefined {
  const signal = value as AbortSignal | undefined;
  if (signal !== undefined && !(typeof signal?.aborted === "boolean" && typeof signal.addEventListener === "function")) {
    throw invalid("signal", "an `AbortSignal`");
  }
  return signal;
}

/** Later than this, a time in seconds is surely one in milliseconds. */
export const LATEST_SECONDS = 100_000_000_000;

export function seconds(value: unknown, option: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw invalid(option, "a time in seconds since 1970");
  }
  if (Math.abs(value) > LATEST_SECONDS) {
    throw invalid(option, "a time in seconds, not milliseconds");
  }
  return value;
}

/** Returns a server's address without the slash at its end. */
export function address(host: unknown): string {
  try {
    const url = new URL(text(host, "host"));
    const hasMore = [url.username, url.password, url.search, url.hash].some((part) => part !== "");
    const address = url.href.replace(/\/+$/, "");
    if (/^https?:/.test(address) && !hasMore && !address.endsWith("/v3")) {
      return address;
    }
  } catch {
    // Said below.
  }
  throw invalid("host", "an http or https address without credentials, query or fragment; the client adds `/v3` by itself");
}

/** Returns the key as the text that the modules read. */
export function keyText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(object(value, "publicKey"));
}

/** What a module throws is about the key, unless the module could not be started or broke. */
export function unreadable(cause: unknown): unknown {
  if (cause instanceof LicenseError || cause instanceof WebAssembly.RuntimeError || !(cause instanceof Error)) {
    return cause;
  }
  return new LicenseError("INVALID_PUBLIC_KEY", cause.message);
}
