// The check of a license by its server: for servers and edge functions, which are sent a key or a token by an application.

import { hear, verdictOn, verdictOnStatement } from "./check-engine.js";
import { address, invalid, namedBy, object, optionalText, seconds, type JwkSet, type ProductFile } from "./options.js";

/** Which license is asked about, and of whom. */
export interface LicenseQuestion {
  /** The license key. */
  key?: string;
  /** An activation token, as an application has sent it; in place of the key. */
  activationToken?: string;
  /** The machine's fingerprint: the token must be of it, or an activation of the key is looked for. */
  fingerprint?: string;
  /** Asks the ledger in place of what is published: slower, and what is so now. */
  fresh?: boolean;
  /** The product's `product.dat`, or the document of its keys: the account's `statementKeys` are in both. */
  publicKey: ProductFile | JwkSet | string;
  /** The server's address; without one, that in the `product.dat`. */
  host?: string;
  /** Ends the waiting, as `AbortSignal.timeout(2_000)` does. */
  signal?: AbortSignal;
  /** The time, in seconds since 1970; without it, this machine's. */
  now?: number;
  fetch?: typeof fetch;
}

/** What the vendor has signed of a license. Times are seconds since 1970, where 0 stands for "never"; durations are seconds. */
export interface StatementClaims {
  /** The license's id. */
  lid: string;
  /** The product's id. */
  pid: string;
  type: string;
  revoked: boolean;
  suspended: boolean;
  deleted: boolean;
  /** When it expires. */
  eat: number;
  /** When it last changed. */
  iat: number;
  /** Its version, which only grows. */
  ver: number;
  [claim: string]: unknown;
}

/** What has become of a license. */
export interface LicenseCheck {
  /** The status code: 0 if the license is valid, and nobody knows that the activation has ended. */
  code: number;
  /** Its name, such as `LA_OK`, `LA_E_REVOKED`, or `LA_E_INET` if nothing was heard that the vendor has signed. */
  name: string;
  /** What the vendor has signed; null if nothing was heard. */
  statement: StatementClaims | null;
  /** Whether the activation exists, where one was asked about: what is published does not tell that it does. */
  activation: "active" | "none" | "unknown" | null;
  /** Whether this is what was published, or what the ledger says now; null if nothing was heard. */
  source: "published" | "ledger" | null;
  /** The license was so then, whatever came since; null if that is not known. */
  asOf: string | null;
}

type Said = Partial<Omit<LicenseCheck, "statement"> & { statement: unknown }>;

/**
 * Asks the license server what has become of a license, and verifies its statement with the account's keys.
 *
 * @throws LicenseError if an option is missing or wrong; the signal's reason if it ends the waiting. Verdicts are never thrown.
 */
export async function checkLicense(question: LicenseQuestion): Promise<LicenseCheck> {
  const given = object(question, "question") as LicenseQuestion;
  const { host, statementKeys } = namedBy(given.publicKey);
  if (!Array.isArray(statementKeys)) {
    throw invalid("publicKey", "a `product.dat` or a product's keys, with `statementKeys`");
  }
  const [key, activationToken] = [optionalText(given.key, "key"), optionalText(given.activationToken, "activationToken")];
  if ((key === undefined) === (activationToken === undefined)) {
    throw invalid("key", "a string, or `activationToken` one in its place");
  }
  const now = seconds(given.now ?? Date.now() / 1000, "now");
  const url = `${address(given.host ?? host)}/v3/licenses/check${given.fresh ? "?fresh=1" : ""}`;
  const answer = await ask(url, { key, activationToken, fingerprint: optionalText(given.fingerprint, "fingerprint") }, given);

  const publicKey = JSON.stringify({ keys: statementKeys });
  const said = parsed(answer.body);
  const activation = said.activation ?? null;
  const license = activationToken === undefined ? undefined : unverified(activationToken).lid;
  const verdict = verdictOnStatement(String(said.statement), publicKey, license, activation === "none", now);
  // A server that does not know how things stand may still say that they stand badly, and never that they stand well.
  if (verdict !== undefined && (answer.status === 200 || verdict.code !== 0)) {
    return { ...verdict, activation, source: said.source ?? "published", asOf: said.asOf ?? null };
  }
  const { code, name } = verdictOn(hear(publicKey, answer.status, answer.body), "", "", "", now);
  return { code, name, statement: null, activation: null, source: null, asOf: null };
}

async function ask(url: string, body: object, { fetch: fetching, signal }: LicenseQuestion): Promise<{ status: number; body: string }> {
  try {
    const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const response = await (fetching ?? fetch)(url, signal ? { ...request, signal } : request);
    return { status: response.status, body: await response.text() };
  } catch {
    signal?.throwIfAborted();
    return { status: 0, body: "" };
  }
}

function parsed(body: string): Said {
  try {
    return (JSON.parse(body) as Said | null) ?? {};
  } catch {
    return {};
  }
}

/** What a token says of itself: good for asking whether it is true, and for nothing else. */
export function unverified(token: string): { key: string; fp: string; lid: string } {
  const claims = parsedClaims(token);
  const text = (name: string): string => (typeof claims[name] === "string" ? claims[name] : "");
  return { key: text("key"), fp: text("fp"), lid: text("lid") };
}

function parsedClaims(token: string): Record<string, unknown> {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    return (JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown> | null) ?? {};
  } catch {
    return {};
  }
}
