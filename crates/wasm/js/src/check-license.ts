// The check of a license by its server: for servers and edge functions, which are sent a key or a token by an application.

import { digestOf, hear, verdictOnStatement, type Question } from "./check-engine.js";
import {
  address, hasStatementKeys, invalid, keyText, namedBy, object, optionalText, requireAnswers, seconds, type JwkSet, type ProductFile,
} from "./options.js";
import { received } from "./response.js";

const PATH = "/v3/licenses/check";

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
  /**
   * Which answers to believe. With `signed`, the default, those alone that the vendor has signed for just this request; with `any`
   * all that have a statement of the vendor's, and refusals of whoever stands in between.
   */
  answers?: "any" | "signed";
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
  /**
   * Its name, such as `LA_OK`, `LA_E_REVOKED`, `LA_E_PRODUCT_ID` if the license is of another product than the keys, or `LA_E_INET` if
   * nothing was heard that the vendor has signed.
   */
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

type Said = Partial<Omit<LicenseCheck, "statement"> & { statement: unknown; status: unknown }>;

/**
 * Asks the license server what has become of a license, and verifies its statement with the account's keys.
 *
 * @throws LicenseError if an option is missing or wrong; the signal's reason if it ends the waiting. Verdicts are never thrown.
 */
export async function checkLicense(question: LicenseQuestion): Promise<LicenseCheck> {
  const given = object(question, "question") as LicenseQuestion;
  const { host, productId } = namedBy(given.publicKey);
  if (!hasStatementKeys(given.publicKey)) {
    throw invalid("publicKey", "a `product.dat` or a product's keys, with `statementKeys`");
  }
  const [key, activationToken] = [optionalText(given.key, "key"), optionalText(given.activationToken, "activationToken")];
  if ((key === undefined) === (activationToken === undefined)) {
    throw invalid("key", "a string, or `activationToken` one in its place");
  }
  const now = seconds(given.now ?? Date.now() / 1000, "now");
  requireAnswers(given.answers);
  const url = `${address(given.host ?? host)}${PATH}${given.fresh ? "?fresh=1" : ""}`;
  const body = JSON.stringify({ key, activationToken, fingerprint: optionalText(given.fingerprint, "fingerprint") });
  const asked = given.answers === "any" ? undefined : { method: "POST", path: PATH, digest: digestOf(body), nonce: nonce() };
  const answer = await ask(url, body, asked, given);

  const said = parsed(answer.body);
  const license = activationToken === undefined ? undefined : unverified(activationToken).lid;
  hear(keyText(given.publicKey), answer.status, answer.body, asked, answer.signature);
  // The query is not signed: whoever takes `fresh` out of it gets what is published, and that is said inside.
  const knows = answer.status === 200 && (!given.fresh || said.source === "ledger");
  const hasEnded = said.activation === "none";
  const product = textOrNone(productId) || undefined;
  const verdict = verdictOnStatement(textOrNone(said.statement), product, license, textOrNone(said.status), hasEnded, knows, now);
  if (verdict.statement === null) {
    return { ...verdict, activation: null, source: null, asOf: null };
  }
  return { ...verdict, activation: said.activation ?? null, source: said.source ?? "published", asOf: said.asOf ?? null };
}

async function ask(url: string, body: string, asked: Question | undefined, { fetch: fetching, signal }: LicenseQuestion) {
  try {
    const binding = asked && { "Content-Digest": asked.digest, "Licentia-Nonce": asked.nonce };
    const request = { method: "POST", headers: { "Content-Type": "application/json", ...binding }, body };
    return await received(await (fetching ?? fetch)(url, signal ? { ...request, signal } : request));
  } catch {
    signal?.throwIfAborted();
    return { status: 0, body: "", signature: "" };
  }
}

/** Draws what no other request has. */
function nonce(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
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
  return { key: textOrNone(claims["key"]), fp: textOrNone(claims["fp"]), lid: textOrNone(claims["lid"]) };
}

/** A text, or an empty one in place of what is none. */
function textOrNone(value: unknown): string {
  return typeof value === "string" ? value : "";
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
