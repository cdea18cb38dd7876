import { createPublicKey, verify, type KeyObject } from "node:crypto";

let last: { spki: Buffer; key: KeyObject } | undefined;

/** Returns whether the key signed the message, or nothing if this runtime cannot say: then the module verifies by itself. */
export function rs256(spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean | undefined {
  try {
    return verify("sha256", message, keyOf(spki), signature);
  } catch {
    return undefined;
  }
}

/** Keeps the key that was used last: an application has one. */
function keyOf(spki: Uint8Array): KeyObject {
  if (last === undefined || !last.spki.equals(spki)) {
    const copy = Buffer.from(spki);
    last = { spki: copy, key: createPublicKey({ key: copy, format: "der", type: "spki" }) };
  }
  return last.key;
}
