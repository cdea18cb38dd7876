// Sells licenses: hears from Stripe who paid and who got the money back, tells Licentia, and shows buyers their keys.
//
// It stores nothing of its own. What it cannot finish it answers with 503, and Stripe sends the event again, for three days.
import { issue, revoke } from "./licentia.js";
import { LATER_PAGE, html, keyPage } from "./pages.js";
import { checkoutSession, isSigned } from "./stripe.js";

const SETTINGS = [
  "LICENTIA",
  "LICENTIA_PRODUCT_ID",
  "LICENTIA_TOKEN",
  "LICENSE_KEY_SECRET",
  "STRIPE_WEBHOOK_SECRET",
  "STRIPE_API_KEY",
];

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    try {
      // An empty secret would sign and derive as well as a good one.
      const missing = SETTINGS.filter((name) => !env[name]);
      if (missing.length > 0) throw new Error(`not configured: ${missing.join(", ")}`);

      if (request.method === "POST" && pathname === "/stripe") return await hear(request, env);
      if (request.method === "GET" && pathname === "/license") return await show(searchParams.get("session_id"), env);
      return plain(404, "there is nothing here");
    } catch (error) {
      console.error(error.message);
      return plain(503, "not now: try again later");
    }
  },
};

/** `POST /stripe`: a webhook event. */
async function hear(request, env) {
  const body = await request.bytes();
  const signature = request.headers.get("Stripe-Signature");
  if (!(await isSigned(body, signature, env.STRIPE_WEBHOOK_SECRET))) return plain(400, "not signed by Stripe");

  const event = JSON.parse(new TextDecoder().decode(body));
  await act(event, env);
  console.log(`${event.type} ${event.id} is done`);
  return plain(200, "done");
}

async function act(event, env) {
  const object = event.data?.object;
  switch (event.type) {
    case "checkout.session.completed":
    // A bank debit completes its session unpaid, and this follows once the money is there.
    case "checkout.session.async_payment_succeeded":
      if (isSale(object, env) && isPaid(object)) await issue(env, object);
      return;
    case "charge.refunded":
      // True once the whole amount is back: a part of it is a discount, and the license stays.
      if (object.refunded && object.payment_intent) await revoke(env, object.payment_intent, event.id);
      return;
    case "charge.dispute.created":
      if (object.payment_intent) await revoke(env, object.payment_intent, event.id);
  }
}

/** `GET /license?session_id=…`: where Checkout sends its buyers, who alone know the session's id. */
async function show(id, env) {
  const session = await checkoutSession(id, env.STRIPE_API_KEY);
  if (!session || !isSale(session, env)) return plain(404, "no such sale");
  if (!isPaid(session)) return html(202, LATER_PAGE);
  // Buyers are often faster than webhooks. Issuing twice issues once, so that nobody sees a key before it works.
  return html(200, keyPage(await issue(env, session)));
}

/** A Stripe account may sell other things as well: what sells licenses says so in its metadata. */
function isSale(session, env) {
  return session.mode === "payment" && session.metadata?.licentia_product === env.LICENTIA_PRODUCT_ID;
}

/** What a coupon made free needs no payment and counts as paid. */
function isPaid(session) {
  return session.status === "complete" && session.payment_status !== "unpaid";
}

function plain(status, text) {
  return new Response(`${text}\n`, { status, headers: { "Cache-Control": "no-store" } });
}
