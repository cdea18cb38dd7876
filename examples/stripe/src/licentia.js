// What Licentia is told: a payment has a license, or its license is revoked.
//
// Stripe sends events twice, at the same time and in any order. So a payment's license key is not drawn but derived from the
// payment: every event knows it, and Licentia gives a key to one license only. Whoever comes first creates the license, a
// refund creates it revoked, and whoever comes later finds it.
import { hmacKey, utf8 } from "./hmac.js";

const PATIENCE = 10_000; // milliseconds

/** Makes sure that a paid Checkout session has its license; returns the license's key. */
export async function issue(env, session) {
  const payment = session.payment_intent ?? session.id; // what was free has no payment intent
  const key = await keyOf(payment, env.LICENSE_KEY_SECRET);
  const metadata = { stripePayment: payment, stripeSession: session.id, email: session.customer_details?.email };
  await create(env, { key, metadata: entries(metadata) }, `stripe-${session.id}`);
  return key;
}

/** Makes sure that a payment's license is revoked, whether it is there or yet to come. */
export async function revoke(env, payment, eventId) {
  const key = await keyOf(payment, env.LICENSE_KEY_SECRET);
  const license = { key, revoked: true, metadata: entries({ stripePayment: payment }) };
  if ((await create(env, license, `stripe-${eventId}`)) === "created") return;

  // Addresses end up in logs, so the license is found by what it was sold for and not by its key.
  const query = new URLSearchParams({ "metadata.key": "stripePayment", "metadata.value": payment });
  query.set("productId", env.LICENTIA_PRODUCT_ID);
  const { json: found } = await call(env, "GET", `/v3/licenses?${query}`);
  for (const { id } of found) await call(env, "PATCH", `/v3/licenses/${id}`, { body: { revoked: true } });
}

/**
 * Creates a license, or says that its key has been given already. The `Idempotency-Key` makes a repeated request answer as
 * the first did, should that answer have been lost.
 */
async function create(env, license, idempotencyKey) {
  const body = { productId: env.LICENTIA_PRODUCT_ID, ...license };
  const { status } = await call(env, "POST", "/v3/licenses", {
    body,
    headers: { "Idempotency-Key": idempotencyKey },
    expected: ["LICENSE_KEY_EXISTS"],
  });
  return status === 409 ? "exists" : "created";
}

/** Derives a license key: six groups of six hexadecimal digits, 144 bits that nobody guesses without the secret. */
async function keyOf(payment, secret) {
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", await hmacKey(secret), utf8(payment)));
  const digits = Array.from(mac.subarray(0, 18), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.toUpperCase().match(/.{6}/g).join("-");
}

/** Entries that the vendor sees and applications do not. */
function entries(metadata) {
  const known = Object.entries(metadata).filter(([, value]) => value);
  return known.map(([key, value]) => ({ key, value, visible: false }));
}

/** Calls the API. Throws on every error whose code is not `expected`; what is thrown is logged, so it says codes alone. */
async function call(env, method, path, { body, headers, expected = [] } = {}) {
  const response = await env.LICENTIA.fetch(`https://licentia${path}`, {
    method,
    headers: { Authorization: `Bearer ${env.LICENTIA_TOKEN}`, "Content-Type": "application/json", ...headers },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const json = await response.json().catch(() => ({}));
  if (!response.ok && !expected.includes(json.code)) {
    throw new Error(`Licentia answered ${response.status} ${json.code} to ${method}`);
  }
  return { status: response.status, json };
}
