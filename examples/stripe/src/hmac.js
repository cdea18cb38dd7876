// HMAC-SHA256 by WebCrypto, for what Stripe signs and for what license keys are derived from.

export const utf8 = (text) => new TextEncoder().encode(text);

export function hmacKey(secret) {
  return crypto.subtle.importKey("raw", utf8(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}
