// Answers: a license in a state, decided on by core and signed by a throw-away key.

import { LicenseError } from "./error.js";
import { answer } from "./testing-engine.js";
import type { TestProduct } from "./testing-product.js";

/**
 * What the license or the machine is like when the server answers. Any code of an error that a server sends does, too, such
 * as `ACTIVATION_NOT_FOUND` or `RATE_LIMIT_EXCEEDED`: then that is the answer.
 */
export type LicenseState =
  | "ok"
  | "suspended"
  | "revoked"
  | "expired"
  /** The token was issued two days ago, and its grace period for failed syncs was one day. */
  | "grace-over"
  /** The token is a floating seat's whose lease has ended. */
  | "lease-over"
  /** Every seat is taken. */
  | "limit"
  /** The license begins tomorrow. */
  | "not-effective"
  /** The machine is another than the one that was activated. */
  | "fingerprint"
  | "vm"
  | "container"
  | "country"
  | "address"
  /** The license is an on-premise floating server's. */
  | "type"
  | (Uppercase<string> & {});

/** The license, by the fields of `POST /v3/licenses`: `expiresAt`, `metadata`, `serverSyncInterval` and all others. */
export type TestLicense = Record<string, unknown>;

export interface ActivationResponseOptions {
  product: TestProduct;
  /** The license key; without one, `TEST-LICENSE-KEY`. */
  licenseKey?: string | undefined;
  /** The machine's fingerprint, as the application sends it. */
  fingerprint: string;
  /** When the server answers, in seconds since 1970; without one, now. */
  now?: number | undefined;
  license?: TestLicense | undefined;
  /** The license's owner, by the fields of `POST /v3/users`. */
  owner?: Record<string, unknown> | undefined;
  /** The activation's id, if this is the answer to a sync. */
  activationId?: string | undefined;
  /** What else the application sends: the fields of `POST /v3/activations`. */
  request?: Record<string, unknown> | undefined;
}

/** A response as `checkActivationResponse` takes it. */
export interface TestResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export const TEST_LICENSE_KEY = "TEST-LICENSE-KEY";
const JSON_TYPE = { "Content-Type": "application/json" };

/** Returns what a server would answer an activation, or a sync, of a license in a state. */
export function activationResponse(state: LicenseState, options: ActivationResponseOptions): Promise<TestResponse> {
  const { activationId } = options;
  return answerAbout({ id: activationId ?? globalThis.crypto.randomUUID(), isHeld: activationId !== undefined }, state, options);
}

/** Answers about an activation that the machine holds, or is to get. */
export async function answerAbout(
  activation: { id: string; isHeld: boolean },
  state: LicenseState,
  options: ActivationResponseOptions,
): Promise<TestResponse> {
  const { product } = options;
  const answered = asked({ state, activationId: activation.id, syncs: activation.isHeld, ...question(options) });
  const { status } = answered;
  if ("signingInput" in answered) {
    const activationToken = await product.sign(answered.signingInput);
    return { status, headers: JSON_TYPE, body: JSON.stringify({ activationToken }) };
  }
  const headers = status === 429 || status === 503 ? { ...JSON_TYPE, "Retry-After": "1" } : JSON_TYPE;
  return { status, headers, body: JSON.stringify(answered.body) };
}

/** Refuses a state that there is not, and a license that cannot be. */
export function requireState(state: LicenseState, options: ActivationResponseOptions): void {
  asked({ state, activationId: globalThis.crypto.randomUUID(), syncs: false, ...question(options) });
}

type Answered = { status: number; signingInput: string } | { status: number; body: { message: string; code: string } };

function asked(question: object): Answered {
  try {
    return JSON.parse(answer(JSON.stringify(question))) as Answered;
  } catch (cause) {
    if (cause instanceof LicenseError) {
      throw cause;
    }
    throw new LicenseError("INVALID_OPTION", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function question({ product, licenseKey = TEST_LICENSE_KEY, fingerprint, now, license = {}, owner, request = {} }: ActivationResponseOptions) {
  const { productId, algorithm, kid, metadata } = product;
  return {
    now: Math.floor(now ?? Date.now() / 1000),
    algorithm,
    kid,
    product: { id: productId, name: "Test product", metadata: metadata.map(({ key, value }) => ({ key, value, visible: true })) },
    license,
    owner,
    request: { os: "linux", hostname: "test", appVersion: "", userHash: "", ...request, key: licenseKey, productId, fingerprint },
    seed: Array.from(globalThis.crypto.getRandomValues(new Uint8Array(32))),
  };
}
