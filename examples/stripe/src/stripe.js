// What Stripe says: whether it signed a webhook event, and what became of a Checkout session.
//
// The rules are those of https://docs.stripe.com/webhooks#verify-manually.
import { hmacKey, utf8 } from "./hmac.js";

const API_VERSION = "2026-08-26.dahlia";
const TOLERANCE = 5 * 60; // seconds
const PATIENCE = 10_000; // milliseconds

/** Whether `header` is Stripe's signature of exactly these bytes, not older than five minutes. */
export async function isSigned(body, header, secret) {
  const { time, signatures } = parse(header ?? "");
  const age = Math.abs(Date.now() / 1000 - Number(time));
  if (!time || age > TOLERANCE) return false;

  const prefix = utf8(`${time}.`);
  const signed = new Uint8Array(prefix.length + body.length);
  signed.set(prefix);
  signed.set(body, prefix.length);
  const key = await hmacKey(secret);
  // `verify` compares in constant time.
  const matches = signatures.map((signature) => crypto.subtle.verify("HMAC", key, signature, signed));
  return (await Promise.all(matches)).includes(true);
}

/** Reads `t=1492774577,v1=5257a8…,v1=…`: while a secret is rolled, there is one signature of each. */
function parse(header) {
  const pairs = header.split(",").map((pair) => pair.trim().split("="));
  const valuesOf = (wanted) => pairs.filter(([name]) => name === wanted).map(([, value]) => value ?? "");
  return {
    time: valuesOf("t").find((value) => /^\d{1,12}$/.test(value)),
    signatures: valuesOf("v1").filter((value) => /^[0-9a-f]{64}$/.test(value)).map(bytesOf),
  };
}

function bytesOf(hex) {
  return Uint8Array.from(hex.match(/../g), (pair) => Number.parseInt(pair, 16));
}

/** Asks Stripe for a session; null if there is none of this id. */
export async function checkoutSession(id, apiKey) {
  if (!/^cs_[A-Za-z0-9_]{1,200}$/.test(id ?? "")) return null;
  const response = await fetch(`https://api.stripe.com/v1/checkout/sessions/${id}`, {
    headers: { Authorization: `Bearer ${apiKey}`, "Stripe-Version": API_VERSION },
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`Stripe answered ${response.status}`);
  return response.json();
}
