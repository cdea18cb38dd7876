// The product's keys: given, pinned in the storage, or fetched once and pinned.

import { publicKey, refused, type Settings } from "./client-options.js";
import { LicenseError } from "./error.js";
import { kept, placeOf } from "./reach.js";
import { isThenable, type LicenseStorage } from "./storage.js";
import type { Answer, Transport } from "./transport.js";

const LA_E_PRODUCT_ID = 43;
const LA_E_INET = 48;
const LA_E_RATE_LIMIT = 90;
const LA_E_SERVER = 91;

const KEYS = ".keys";

/** Returns the product's keys that are at hand; a promise if the storage is asynchronous. */
export function knownKeys(settings: Settings, storage: LicenseStorage): string | undefined | Promise<string | undefined> {
  if (settings.publicKey !== undefined) {
    return settings.publicKey;
  }
  const pinned = kept(storage, settings.productId, KEYS);
  const read = (text: unknown) => (typeof text === "string" && text !== "" ? whole(text) : undefined);
  return isThenable(pinned) ? pinned.then(read) : read(pinned);
}

/** Keys that were damaged in the storage are as good as none: they are fetched again. */
function whole(text: string): string | undefined {
  try {
    return publicKey(text);
  } catch {
    return undefined;
  }
}

/**
 * Asks the server for the product's keys and pins them: from then on no other keys are taken. Where the storage takes
 * nothing, they are asked for at each start.
 */
export async function fetchKeys(settings: Settings, storage: LicenseStorage, ask: Transport, signal: AbortSignal | undefined): Promise<string> {
  const keys = keysIn(await ask({ method: "GET", path: keysPath(settings), signal }), settings.productId);
  await pin(settings, storage, keys);
  return keys;
}

export const keysPath = ({ productId }: Settings) => `/v3/products/${encodeURIComponent(productId)}/keys`;

/** Pins the statement keys of a document in place of those that are pinned. Keys that were given are the application's to renew. */
export async function repin(settings: Settings, storage: LicenseStorage, document: string): Promise<void> {
  const pinned = await knownKeys({ ...settings, publicKey: undefined }, storage);
  if (settings.publicKey === undefined && pinned !== undefined) {
    const { statementKeys } = parsed(document) ?? {};
    await pin(settings, storage, JSON.stringify({ ...parsed(pinned), statementKeys }));
  }
}

async function pin({ productId }: Settings, storage: LicenseStorage, keys: string): Promise<void> {
  try {
    await storage.set(placeOf(productId, KEYS), keys);
  } catch {
    // An application that may not write runs on with what it fetched.
  }
}

function keysIn({ status, body }: Answer, productId: string): string {
  if (status === 429) {
    throw refused(LA_E_RATE_LIMIT);
  }
  if (status >= 500) {
    throw refused(LA_E_SERVER);
  }
  const document = parsed(body);
  // Only our own error says that there is no such product, or no such id: a portal's page is a failure of the network.
  if ((status === 404 || status === 400) && typeof document?.["code"] === "string") {
    throw refused(LA_E_PRODUCT_ID);
  }
  const isOf = (id: unknown) => id === undefined || String(id).toLowerCase() === productId.toLowerCase();
  if (status !== 200 || !Array.isArray(document?.["keys"]) || !isOf(document["productId"])) {
    throw refused(LA_E_INET);
  }
  try {
    return publicKey(body);
  } catch (error) {
    throw error instanceof LicenseError && error.code === "INVALID_PUBLIC_KEY" ? refused(LA_E_INET) : error;
  }
}

function parsed(body: string): Record<string, unknown> | null {
  try {
    return JSON.parse(body) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}
