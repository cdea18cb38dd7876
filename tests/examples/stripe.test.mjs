// The example that sells licenses, against a real Licentia: events come twice, in every order, at once, forged and in vain.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ROOT, start } from "../harness/index.mjs";
import { anonymous, create, createProduct, isProblem, machine } from "../worker/story.mjs";
import { signed, startSeller } from "./seller.mjs";

const fixture = (name) => JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8"));
const [SALE, REFUND, DISPUTE] = ["checkout-session-completed", "charge-refunded", "charge-dispute-created"].map(fixture);

let server;
let product;
let token;
let seller;
before(async () => {
  server = await start();
  product = await createProduct(server);
  const scopes = ["license:read", "license:write"];
  token = (await create(server, "/v3/personal-access-tokens", { name: "Stripe", scopes })).accessToken;
  seller = await startSeller(server, { productId: product.id, token });
});
after(async () => {
  await seller?.stop();
  await server?.stop();
});

let payments = 0;

/** The events of a payment that no other test has, with `changes` to their objects. */
function payment(changes = {}) {
  payments += 1;
  const intent = `${SALE.data.object.payment_intent}x${payments}`;
  const event = (template, fields) => ({
    ...template,
    id: `${template.id}x${payments}`,
    data: { ...template.data, object: { ...template.data.object, payment_intent: intent, ...fields } },
  });
  const sale = event(SALE, {
    id: `${SALE.data.object.id}x${payments}`,
    metadata: { licentia_product: product.id },
    ...changes.session,
  });
  seller.outside.sessions.set(sale.data.object.id, sale.data.object);
  const key = keyOf(sale.data.object.payment_intent ?? sale.data.object.id);
  return { sale, refund: event(REFUND, changes.charge), dispute: event(DISPUTE), intent, key };
}

/** The derived key, by other means than the example's. */
function keyOf(reference) {
  const mac = createHmac("sha256", seller.secrets.LICENSE_KEY_SECRET).update(reference).digest("hex");
  return mac.slice(0, 36).toUpperCase().replace(/(.{6})(?=.)/g, "$1-");
}

/** Every license of the product whose metadata or key is of this payment. */
async function licensesOf({ intent, key }) {
  const found = [];
  for (let page = 1; ; page += 1) {
    const { json } = await server.call("GET", `/v3/licenses?productId=${product.id}&limit=100&page=${page}`);
    if (json.length === 0) break;
    found.push(...json);
  }
  return found.filter((license) => license.key === key || license.metadata.some(({ value }) => value === intent));
}

async function onlyLicenseOf(sold) {
  const licenses = await licensesOf(sold);
  assert.equal(licenses.length, 1);
  assert.equal(licenses[0].key, sold.key);
  return licenses[0];
}

const activate = (sold) =>
  anonymous(server, "POST", "/v3/activations", machine({ key: sold.key, productId: product.id }));

async function deliverAll(events) {
  for (const event of events) assert.equal(await seller.deliver(event), 200, event.type);
}

/** Every order of `items`, equal ones being one. */
function orders(items) {
  if (items.length === 0) return [[]];
  return [...new Set(items)].flatMap((first) => {
    const rest = items.toSpliced(items.indexOf(first), 1);
    return orders(rest).map((order) => [first, ...order]);
  });
}

test("a sale that comes twice makes one license, which activates", async () => {
  const sold = payment();
  await deliverAll([sold.sale, sold.sale]);
  const license = await onlyLicenseOf(sold);
  assert.equal(license.revoked, false);
  assert.match(license.key, /^([0-9A-F]{6}-){5}[0-9A-F]{6}$/);
  const metadata = Object.fromEntries(license.metadata.map(({ key, value }) => [key, value]));
  const { id } = sold.sale.data.object;
  assert.deepEqual(metadata, { stripePayment: sold.intent, stripeSession: id, email: "ada@example.com" });
  assert.ok(license.metadata.every(({ visible }) => visible === false), "applications do not see it");
  assert.equal((await activate(sold)).status, 201);
});

test("a bank debit is no sale until the money is there", async () => {
  const sold = payment({ session: { payment_status: "unpaid" } });
  await deliverAll([sold.sale]);
  assert.deepEqual(await licensesOf(sold), []);
  const paid = structuredClone({ ...sold.sale, type: "checkout.session.async_payment_succeeded", id: "evt_paid" });
  paid.data.object.payment_status = "paid";
  await deliverAll([paid, paid]);
  assert.equal((await onlyLicenseOf(sold)).revoked, false);
});

// Once each as well: a repeated refund would mend what the first one did wrong.
const DELIVERIES = [["sale", "refund"], ["sale", "dispute"], ["sale", "sale", "refund", "refund"], ["sale", "refund", "dispute"]];
for (const order of DELIVERIES.flatMap(orders)) {
  test(`${order.join(", ")}: one license, revoked`, async () => {
    const sold = payment();
    await deliverAll(order.map((name) => sold[name]));
    assert.equal((await onlyLicenseOf(sold)).revoked, true);
    isProblem(await activate(sold), 400, "REVOKED_LICENSE");
  });
}

test("events that come at the same time leave one license, revoked", async () => {
  for (let round = 0; round < 5; round += 1) {
    const sold = payment();
    const events = [sold.sale, sold.refund, sold.sale, sold.dispute, sold.refund];
    const statuses = await Promise.all(events.map((event) => seller.deliver(event)));
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.equal((await onlyLicenseOf(sold)).revoked, true);
  }
});

test("a license that was in use is refused after a refund", async () => {
  const sold = payment();
  await deliverAll([sold.sale]);
  assert.equal((await activate(sold)).status, 201);
  await deliverAll([sold.refund]);
  isProblem(await activate(sold), 400, "REVOKED_LICENSE");
});

test("a refund of a part leaves the license alone", async () => {
  const sold = payment({ charge: { amount_refunded: 1000, refunded: false } });
  await deliverAll([sold.sale, sold.refund]);
  assert.equal((await onlyLicenseOf(sold)).revoked, false);
});

test("what sells no license of this product, and events that nobody asked for, are answered and ignored", async () => {
  const others = [{ metadata: {} }, { metadata: { licentia_product: "another" } }, { mode: "subscription", payment_intent: null }];
  for (const session of others) {
    const sold = payment({ session });
    await deliverAll([sold.sale]);
    assert.deepEqual(await licensesOf(sold), []);
  }
  const before = seller.outside.requests.length;
  await deliverAll([
    { ...SALE, type: "customer.created", data: { object: { id: "cus_1", object: "customer" } } },
    { id: "evt_thin", object: "v2.core.event", type: "v2.core.account.updated" },
    payment({ charge: { payment_intent: null } }).refund,
  ]);
  assert.equal(seller.outside.requests.length, before);
});

test("only what Stripe signed, as it signed it and when, is believed", async () => {
  const sold = payment();
  const { sale } = sold;
  const body = JSON.stringify(sale, null, 2);
  const right = seller.secrets.STRIPE_WEBHOOK_SECRET;
  const now = Math.floor(Date.now() / 1000);
  const mac = signed(body, [right], now).match(/v1=(\w+)/)[1];
  const forged = {
    "another secret": { signature: signed(body, ["whsec_wrong"]) },
    "no secret": { signature: signed(body, [""]) },
    "a body that was tampered with": { body: body.replace("ada@", "eve@") },
    "a body that was parsed and written again": { body: JSON.stringify(sale) },
    "six minutes old": { signature: signed(body, [right], now - 360) },
    "six minutes early": { signature: signed(body, [right], now + 360) },
    "another time than was signed": { signature: `t=${now - 1},v1=${mac}` },
    "no time": { signature: `v1=${mac}` },
    "no signature": { signature: `t=${now}` },
    "a signature of another scheme": { signature: `t=${now},v0=${mac}` },
    "half a signature": { signature: `t=${now},v1=${mac.slice(0, 32)}` },
    "an empty signature": { signature: `t=${now},v1=` },
    "no header": { signature: "" },
    "nonsense": { signature: "=,=,t,v1,,;" },
  };
  for (const [what, how] of Object.entries(forged)) assert.equal(await seller.deliver(sale, how), 400, what);
  assert.deepEqual(await licensesOf(sold), []);
  assert.equal(await seller.deliver(sale, { signature: signed(body, [right], now - 240) }), 200, "four minutes old");
  await onlyLicenseOf(sold);
});

test("while the webhook's secret is rolled, either of two signatures is enough", async () => {
  const sold = payment();
  const body = JSON.stringify(sold.sale, null, 2);
  const { STRIPE_WEBHOOK_SECRET: right } = seller.secrets;
  for (const secrets of [["whsec_new", right], [right, "whsec_old"]]) {
    assert.equal(await seller.deliver(sold.sale, { signature: signed(body, secrets) }), 200);
  }
  await onlyLicenseOf(sold);
});

for (const fault of ["down", "cut", "deaf"]) {
  test(`when Licentia is ${fault}, Stripe is told to come again, and nothing is lost or doubled`, async () => {
    const sold = payment();
    seller.outside.licentia = fault;
    try {
      assert.equal(await seller.deliver(sold.sale), 503);
      assert.equal(await seller.deliver(sold.refund), 503);
      assert.equal(await seller.deliver(sold.sale), 503);
    } finally {
      seller.outside.licentia = "up";
    }
    await deliverAll([sold.sale, sold.refund]);
    assert.equal((await onlyLicenseOf(sold)).revoked, true);
  });
}

test("a creation carries an Idempotency-Key: the session's id at a sale, the event's at a refund", async () => {
  const sold = payment();
  await deliverAll([sold.sale, sold.sale, sold.refund]);
  const creations = seller.outside.requests.filter(({ method }) => method === "POST").slice(-3);
  const { id } = sold.sale.data.object;
  const keys = creations.map(({ headers }) => headers["idempotency-key"]);
  assert.deepEqual(keys, [`stripe-${id}`, `stripe-${id}`, `stripe-${sold.refund.id}`]);
});

test("a sale and a refund whose answers were lost are answered as they were the first time", async () => {
  for (const name of ["sale", "refund"]) {
    const sold = payment();
    seller.outside.licentia = "deaf";
    try {
      assert.equal(await seller.deliver(sold[name]), 503);
    } finally {
      seller.outside.licentia = "up";
    }
    assert.equal((await onlyLicenseOf(sold)).revoked, name === "refund", "it was created all the same");
    await deliverAll([sold[name]]);
    const { method, status, replayed } = seller.outside.requests.at(-1);
    assert.deepEqual({ method, status, replayed }, { method: "POST", status: 201, replayed: true });
    await onlyLicenseOf(sold);
  }
});

test("no address that is asked for holds a key", async () => {
  const sold = payment();
  const before = seller.outside.requests.length;
  await deliverAll([sold.sale, sold.refund]);
  const requests = seller.outside.requests.slice(before);
  assert.deepEqual(requests.map(({ method }) => method), ["POST", "POST", "GET", "PATCH"]);
  assert.ok(requests.every(({ path }) => !path.includes(sold.key)));
});

test("the token of the example does what the example needs and no more", async () => {
  const authorized = { Authorization: `Bearer ${token}` };
  isProblem(await server.call("GET", "/v3/users", undefined, authorized), 403, "FORBIDDEN");
  const known = await server.call("GET", "/v3/personal-access-tokens");
  assert.ok(known.json.some(({ name, lastUsedAt }) => name === "Stripe" && lastUsedAt !== null));
});

test("a buyer who is faster than the webhook gets the key, and it works", async () => {
  const sold = payment();
  const path = `/license?session_id=${sold.sale.data.object.id}`;
  const answer = await seller.fetch(path);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("Cache-Control"), "no-store");
  assert.equal(answer.headers.get("Referrer-Policy"), "no-referrer");
  assert.ok((await answer.text()).includes(`<code>${sold.key}</code>`));
  assert.equal((await activate(sold)).status, 201);
  await deliverAll([sold.sale]);
  await onlyLicenseOf(sold);
  assert.ok((await (await seller.fetch(path)).text()).includes(sold.key), "the page stays");
});

test("what a coupon made free is a sale, though there is no payment", async () => {
  const sold = payment({ session: { payment_intent: null, payment_status: "no_payment_required", amount_total: 0 } });
  await deliverAll([sold.sale, sold.sale]);
  assert.equal((await onlyLicenseOf(sold)).revoked, false);
});

test("nobody is shown a key for what is not sold", async () => {
  const status = async (session) => {
    const sold = payment({ session });
    const answer = await seller.fetch(`/license?session_id=${sold.sale.data.object.id}`);
    assert.ok(!(await answer.text()).includes(sold.key));
    assert.deepEqual(await licensesOf(sold), []);
    return answer.status;
  };
  assert.equal(await status({ payment_status: "unpaid" }), 202);
  assert.equal(await status({ payment_status: "no_payment_required", status: "open" }), 202);
  assert.equal(await status({ metadata: {} }), 404);
  for (const id of ["", "cs_test_unknown", "../charges", "cs_test_a%2F..%2F..%2Fcharges"]) {
    assert.equal((await seller.fetch(`/license?session_id=${id}`)).status, 404, id);
  }
  assert.equal((await seller.fetch("/license")).status, 404);
});

test("a setting that is missing or empty answers 503, and nothing is believed", async () => {
  for (const variables of [{ STRIPE_WEBHOOK_SECRET: "" }, { LICENSE_KEY_SECRET: null }]) {
    const [name] = Object.keys(variables);
    const bare = await startSeller(server, { productId: product.id, token, variables });
    try {
      const { sale } = payment();
      const signature = signed(JSON.stringify(sale, null, 2), [variables.STRIPE_WEBHOOK_SECRET ?? bare.secrets.STRIPE_WEBHOOK_SECRET]);
      assert.equal(await bare.deliver(sale, { signature }), 503);
      await bare.logged(`not configured: ${name}`);
      assert.deepEqual(bare.outside.requests, []);
    } finally {
      await bare.stop();
    }
  }
});

test("the log names events and errors, and holds no key, secret or session", async () => {
  const sold = payment();
  seller.outside.licentia = "down";
  assert.equal(await seller.deliver(sold.sale), 503);
  seller.outside.licentia = "up";
  await (await seller.fetch(`/license?session_id=${sold.sale.data.object.id}`)).text();
  await deliverAll([sold.refund, sold.sale]);
  await seller.logged("Licentia answered 503");
  const logs = await seller.logged(sold.sale.id);
  for (const secret of [sold.key, "cs_test_", ...Object.values(seller.secrets)]) assert.ok(!logs.includes(secret));
  assert.ok(!/([0-9A-F]{6}-){5}/.test(logs));
});

test("wrangler takes the example as it stands", () => {
  const outdir = mkdtempSync(join(tmpdir(), "licentia-stripe-bundle-"));
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  try {
    const options = { cwd: join(ROOT, "examples/stripe"), encoding: "utf8" };
    const run = spawnSync(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", outdir], options);
    assert.equal(run.status, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /env\.LICENTIA \(licentia\)/);
    assert.doesNotMatch(run.stdout + run.stderr, /warning/i);
  } finally {
    rmSync(outdir, { recursive: true });
  }
});
