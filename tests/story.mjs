// The story that everything here is for, told by any client: a license is revoked, and a running app refuses.
//
// An `app` is a client under test: `activate()`, `genuine()` and `sync()` resolve to a status code, `storedToken()` to
// the token that its storage holds or null, `claims()` to what it says, `told()` to every code that its callback was
// given, and `hears(code)` once it is given this one, after those that were waited for before.

import assert from "node:assert/strict";

/** Creates a product and a license for one device. */
export async function createLicense(call, fields = {}) {
  const product = await call("POST", "/v3/products", { name: "Acme Editor" });
  assert.equal(product.status, 201, product.text);
  const license = await call("POST", "/v3/licenses", {
    productId: product.json.id,
    allowedActivations: 1,
    serverSyncInterval: 3600,
    ...fields,
  });
  assert.equal(license.status, 201, license.text);
  return { productId: product.json.id, publicKey: product.json.publicKey, id: license.json.id, key: license.json.key };
}

async function change(call, license, fields) {
  const { status, text } = await call("PATCH", `/v3/licenses/${license.id}`, fields);
  assert.equal(status, 200, text);
}

/** The license has one activation, and it is the app's. */
async function holdsItsSeat(call, license, app) {
  const { json } = await call("GET", `/v3/activations?licenseId=${license.id}`);
  assert.deepEqual(
    json.map((activation) => activation.id),
    [(await app.claims()).aid],
  );
}

async function isErased(app) {
  assert.equal(await app.genuine(), 1);
  assert.equal(await app.storedToken(), null);
  assert.equal(await app.claims(), null);
}

async function isActivated(call, license, app) {
  assert.equal(await app.activate(), 0);
  assert.equal(await app.genuine(), 0);
  assert.ok(await app.storedToken());
  await holdsItsSeat(call, license, app);
}

/** A revoked license refuses the next sync and every activation; approving it heals nobody, a new activation does. */
export async function revokedThenApproved(call, license, app) {
  await isActivated(call, license, app);

  await change(call, license, { revoked: true });
  assert.equal(await app.sync(), 53);
  assert.deepEqual(await app.told(), [53]);
  await isErased(app);
  assert.equal(await app.activate(), 53);
  await isErased(app);

  await change(call, license, { revoked: false });
  await isErased(app);
  await isActivated(call, license, app);
}

/** An app that never heard of the revocation is refused all the same. */
export async function revokedAndApprovedUnseen(call, license, app) {
  await isActivated(call, license, app);

  await change(call, license, { revoked: true });
  await change(call, license, { revoked: false });
  assert.equal(await app.sync(), 53);
  assert.deepEqual(await app.told(), [53]);
  await isErased(app);
  await isActivated(call, license, app);
}

/** With no call of the app's, its background sync hears of a suspension, of its end, and of a revocation. */
export async function heardInTheBackground(call, license, app) {
  await isActivated(call, license, app);

  await change(call, license, { suspended: true });
  await app.hears(21);
  assert.equal(await app.genuine(), 21);
  assert.ok(await app.storedToken());

  await change(call, license, { suspended: false });
  await app.hears(0);
  assert.equal(await app.genuine(), 0);

  await change(call, license, { revoked: true });
  await app.hears(53);
  await isErased(app);
}

/** Each story, with the fields of the license that it wants. */
export const STORIES = [
  { name: "a revoked license refuses, and approving it heals nobody", tell: revokedThenApproved, fields: {} },
  { name: "a revocation that was taken back unseen refuses too", tell: revokedAndApprovedUnseen, fields: {} },
  {
    name: "a running app hears in the background",
    tell: heardInTheBackground,
    fields: { serverSyncInterval: 1 },
  },
];
