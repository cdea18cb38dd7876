// `licentia/lexactivator`: code that was written for the wrapper goes on under it, with its names, codes and exceptions.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { statusCode } from "../../crates/wasm/js/dist/index.node.js";
import { testProduct, testServer } from "../../crates/wasm/js/dist/testing.js";

const FINGERPRINT = "c0ffee".repeat(12);
const directory = mkdtempSync(join(tmpdir(), "licentia-wrapper-"));
const product = await testProduct({ algorithm: "EdDSA", metadata: [{ key: "Site", value: "example.com" }] });
const { fetch } = globalThis;
let server;
/** A module of its own for each test, as each application has one. */
let wrapper;
let turn = 0;

before(() => writeFileSync(join(directory, "product.dat"), JSON.stringify(product.file("https://licenses.test"))));
after(() => {
  globalThis.fetch = fetch;
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  turn += 1;
  wrapper = await import(`../../crates/wasm/js/dist/lexactivator.node.js?turn=${turn}`);
  const license = {
    serverSyncInterval: 3600, expiresAt: "2090-01-01T00:00:00Z", allowedActivations: 3,
    metadata: [{ key: "Plan", value: "pro", visible: true }], meterAttributes: [{ name: "Pages", allowedUses: 10, visible: true }],
  };
  server = testServer({ product, license, owner: { email: "kim@example.com", firstName: "Kim", company: "Example" } });
  globalThis.fetch = server.fetch;
});

/** What an application does when it starts, in the order that the wrapper's documentation has. */
function setUp({ flag = wrapper.PermissionFlags.LA_IN_MEMORY } = {}) {
  const { LexActivator } = wrapper;
  LexActivator.SetDataDirectory(join(directory, `data-${turn}`));
  LexActivator.SetProductFile(join(directory, "product.dat"));
  LexActivator.SetProductId(product.productId, flag);
  LexActivator.SetCustomDeviceFingerprint(FINGERPRINT);
  LexActivator.SetAppVersion("4.2.0");
  return LexActivator;
}

/** Says that an action throws the wrapper's exception with a code. */
async function throws(name, action) {
  const code = wrapper.LexStatusCodes[name];
  assert.equal(typeof code, "number", name);
  const fault = (error) => error instanceof wrapper.LexActivatorException && error.code === code && error.message.includes(" ");
  await assert.rejects(async () => action(), fault, name);
}

test("every code has its name and number", () => {
  const known = Array.from({ length: 256 }, (_, code) => statusCode(code)).filter((status) => status !== null);
  assert.deepEqual(wrapper.LexStatusCodes, Object.fromEntries(known.map(({ name, code }) => [name, code])));
});

test("activated once, genuine from then on, at the next start too, until it is deactivated", async () => {
  const { LexStatusCodes, PermissionFlags } = wrapper;
  const LexActivator = setUp({ flag: PermissionFlags.LA_USER });
  LexActivator.SetLicenseKey(server.licenseKey);
  assert.equal(LexActivator.IsLicenseGenuine(), LexStatusCodes.LA_FAIL);
  assert.equal(await LexActivator.ActivateLicense(), LexStatusCodes.LA_OK);
  assert.equal(LexActivator.IsLicenseGenuine(), LexStatusCodes.LA_OK);
  assert.ok(readdirSync(join(directory, `data-${turn}`)).length > 0);
  const again = await import(`../../crates/wasm/js/dist/lexactivator.node.js?turn=${turn}-again`);
  wrapper = again;
  assert.equal(setUp({ flag: PermissionFlags.LA_USER }).IsLicenseValid(), LexStatusCodes.LA_OK);
  assert.equal(await again.LexActivator.DeactivateLicense(), LexStatusCodes.LA_OK);
  await throws("LA_E_LICENSE_KEY", () => again.LexActivator.IsLicenseGenuine());
});

test("verdicts are returned, refusals are thrown", async () => {
  const { LexStatusCodes } = wrapper;
  const LexActivator = setUp();
  LexActivator.SetLicenseKey(server.licenseKey);
  server.answers("grace-over", "expired", "suspended", "limit", "revoked", "ok", "network-failure");
  assert.equal(await LexActivator.ActivateLicense(), LexStatusCodes.LA_GRACE_PERIOD_OVER);
  assert.equal(await LexActivator.SyncLicenseActivation(), LexStatusCodes.LA_EXPIRED);
  assert.equal(await LexActivator.SyncLicenseActivation(), LexStatusCodes.LA_SUSPENDED);
  assert.equal(LexActivator.IsLicenseValid(), LexStatusCodes.LA_SUSPENDED);
  await throws("LA_E_ACTIVATION_LIMIT", () => LexActivator.ActivateLicense());
  await throws("LA_E_REVOKED", () => LexActivator.SyncLicenseActivation());
  assert.equal(LexActivator.IsLicenseValid(), LexStatusCodes.LA_FAIL);
  assert.equal(LexActivator.GetLastActivationError(), LexStatusCodes.LA_E_REVOKED);
  assert.equal(await LexActivator.ActivateLicense(), LexStatusCodes.LA_OK);
  await throws("LA_E_INET", () => LexActivator.SyncLicenseActivation());
  assert.equal(LexActivator.IsLicenseValid(), LexStatusCodes.LA_OK);
});

test("the callback hears of each sync", async () => {
  const { LexStatusCodes } = wrapper;
  const LexActivator = setUp();
  const heard = [];
  LexActivator.SetLicenseKey(server.licenseKey);
  LexActivator.SetLicenseCallback((status) => heard.push(status));
  await LexActivator.ActivateLicense();
  server.answers("suspended");
  await LexActivator.SyncLicenseActivation();
  assert.deepEqual(heard, [LexStatusCodes.LA_SUSPENDED]);
});

test("set-up is refused as the wrapper refuses it", async () => {
  const { LexActivator, PermissionFlags } = wrapper;
  await throws("LA_E_FILE_PATH", () => LexActivator.SetProductFile(join(directory, "none.dat")));
  await throws("LA_E_PRODUCT_DATA", () => LexActivator.SetProductData("…"));
  await throws("LA_E_PRODUCT_DATA", () => LexActivator.SetProductId(product.productId, PermissionFlags.LA_USER));
  await throws("LA_E_PRODUCT_ID", () => LexActivator.SetLicenseKey(server.licenseKey));
  await throws("LA_E_PRODUCT_ID", () => LexActivator.IsLicenseGenuine());
  LexActivator.SetProductFile(join(directory, "product.dat"));
  await throws("LA_E_PRODUCT_ID", () => LexActivator.SetProductId("63dfd63e-0000-4000-8000-000000000000", PermissionFlags.LA_USER));
  await throws("LA_E_INVALID_PERMISSION_FLAG", () => LexActivator.SetProductId(product.productId, 9));
  setUp();
  await throws("LA_E_CUSTOM_FINGERPRINT_LENGTH", () => LexActivator.SetCustomDeviceFingerprint("short"));
  await throws("LA_E_APP_VERSION_LENGTH", () => LexActivator.SetAppVersion("v".repeat(257)));
  await throws("LA_E_LICENSE_KEY", () => LexActivator.SetLicenseKey("short"));
  await throws("LA_E_METADATA_KEY_LENGTH", () => LexActivator.SetActivationMetadata("k".repeat(257), "v"));
  await throws("LA_E_METADATA_VALUE_LENGTH", () => LexActivator.SetActivationMetadata("k", "v".repeat(4097)));
  await throws("LA_E_RELEASE_VERSION_FORMAT", () => LexActivator.SetReleaseVersion("one"));
  await throws("LA_E_HOST_URL", () => LexActivator.SetCryptlexHost("nowhere"));
});

test("a setter that is refused changes nothing", async () => {
  const { LexStatusCodes } = wrapper;
  const LexActivator = setUp();
  LexActivator.SetLicenseKey(server.licenseKey);
  const heard = [];
  LexActivator.SetLicenseCallback((status) => heard.push(status));
  await LexActivator.ActivateLicense();
  const broken = JSON.stringify({ ...product.file("https://licenses.test"), keys: [{ kty: "RSA" }] });
  for (const [name, set] of [
    ["LA_E_HOST_URL", () => LexActivator.SetCryptlexHost("nowhere")],
    ["LA_E_HOST_URL", () => LexActivator.SetCryptlexHost(undefined)],
    ["LA_E_FILE_PERMISSION", () => LexActivator.SetDataDirectory("")],
    ["LA_E_PRODUCT_DATA", () => LexActivator.SetProductData(broken)],
    ["LA_E_PRODUCT_DATA", () => LexActivator.SetProductData("null")],
    ["LA_FAIL", () => LexActivator.SetActivationLeaseDuration(0)],
    ["LA_FAIL", () => LexActivator.SetActivationLeaseDuration(-5)],
    ["LA_FAIL", () => LexActivator.SetReleasePublishedDate("yesterday")],
    ["LA_FAIL", () => LexActivator.SetReleasePublishedDate(NaN)],
    ["LA_FAIL", () => LexActivator.SetLicenseCallback("callback")],
    ["LA_FAIL", () => LexActivator.SetOfflineActivationRequestMeterAttributeUses("pages", -1)],
  ]) {
    await throws(name, set);
    assert.equal(LexActivator.IsLicenseGenuine(), LexStatusCodes.LA_OK, String(set));
  }
  await LexActivator.SyncLicenseActivation();
  assert.deepEqual(heard.filter((code) => code !== LexStatusCodes.LA_OK), []);
  assert.notEqual(heard.length, 0);
});

test("metadata beyond what an activation may carry is refused, and the rest is sent", async () => {
  const LexActivator = setUp();
  LexActivator.SetLicenseKey(server.licenseKey);
  for (let number = 0; number < 21; number += 1) LexActivator.SetActivationMetadata(`Field ${number}`, "v");
  await throws("LA_E_ACTIVATION_METADATA_LIMIT", () => LexActivator.SetActivationMetadata("one more", "v"));
  LexActivator.SetActivationMetadata("field 0", "w");
  await LexActivator.ActivateLicense();
  assert.deepEqual([LexActivator.GetActivationMetadata("FIELD 0"), LexActivator.GetActivationMetadata("field 20")], ["w", "v"]);
});

test("`Reset` forgets the license and keeps a local trial; no callback hears of it", async () => {
  const { LexStatusCodes } = wrapper;
  const LexActivator = setUp();
  const heard = [];
  LexActivator.SetLicenseKey(server.licenseKey);
  LexActivator.SetLicenseCallback((status) => heard.push(status));
  LexActivator.ActivateLocalTrial(7);
  await LexActivator.ActivateLicense();
  LexActivator.Reset();
  assert.equal(LexActivator.IsLicenseValid(), LexStatusCodes.LA_FAIL);
  assert.equal(LexActivator.IsLocalTrialGenuine(), LexStatusCodes.LA_OK);
  assert.deepEqual(heard, []);
});

test("getters say what the license says; dates and counts are 0 where nothing is activated, texts throw", async () => {
  const LexActivator = setUp();
  await throws("LA_FAIL", () => LexActivator.GetLicenseKey());
  await throws("LA_FAIL", () => LexActivator.GetLicenseMetadata("plan"));
  assert.equal(LexActivator.GetLicenseExpiryDate(), 0);
  assert.equal(LexActivator.GetLicenseAllowedActivations(), 0);
  LexActivator.SetLicenseKey(server.licenseKey);
  LexActivator.SetActivationMetadata("Room", "5");
  await LexActivator.ActivateLicense();
  assert.equal(LexActivator.GetLicenseKey(), server.licenseKey);
  assert.equal(LexActivator.GetLicenseType(), "node-locked");
  assert.equal(LexActivator.GetLicenseExpiryDate(), Date.UTC(2090, 0, 1) / 1000);
  assert.equal(LexActivator.GetLicenseAllowedActivations(), 3);
  assert.equal(LexActivator.GetLicenseMetadata("plan"), "pro");
  assert.equal(LexActivator.GetProductMetadata("site"), "example.com");
  assert.equal(LexActivator.GetActivationMetadata("room"), "5");
  assert.deepEqual([LexActivator.GetLicenseUserEmail(), LexActivator.GetLicenseUserName(), LexActivator.GetLicenseUserCompany()], ["kim@example.com", "Kim", "Example"]);
  assert.deepEqual({ ...LexActivator.GetLicenseMeterAttribute("pages") }, { name: "Pages", allowedUses: 10, totalUses: 0, grossUses: 0 });
  assert.deepEqual({ ...LexActivator.GetActivationMode() }, { initialMode: "online", currentMode: "online" });
  assert.match(LexActivator.GetActivationId(), /^[0-9a-f-]{36}$/);
  assert.match(LexActivator.GetLibraryVersion(), /^\d+\.\d+\.\d+$/);
  assert.ok(LexActivator.GetServerSyncGracePeriodExpiryDate() > LexActivator.GetActivationLastSyncedDate());
  await throws("LA_E_METADATA_KEY_NOT_FOUND", () => LexActivator.GetLicenseMetadata("none"));
  await throws("LA_E_METER_ATTRIBUTE_NOT_FOUND", () => LexActivator.GetLicenseMeterAttribute("none"));
  LexActivator.Reset();
  await throws("LA_FAIL", () => LexActivator.GetActivationId());
});

test("uses are counted, and a refusal of more is thrown", async () => {
  const LexActivator = setUp();
  LexActivator.SetLicenseKey(server.licenseKey);
  await LexActivator.ActivateLicense();
  await LexActivator.IncrementActivationMeterAttributeUses("pages", 4);
  assert.equal(LexActivator.GetActivationMeterAttributeUses("pages"), 4);
  await throws("LA_E_METER_ATTRIBUTE_USES_LIMIT_REACHED", () => LexActivator.IncrementActivationMeterAttributeUses("pages", 11));
});

test("a local trial needs no server", async () => {
  const { LexStatusCodes } = wrapper;
  const LexActivator = setUp();
  assert.equal(LexActivator.IsLocalTrialGenuine(), LexStatusCodes.LA_FAIL);
  assert.equal(LexActivator.ActivateLocalTrial(30), LexStatusCodes.LA_OK);
  assert.equal(LexActivator.IsLocalTrialGenuine(), LexStatusCodes.LA_OK);
  const end = LexActivator.GetLocalTrialExpiryDate();
  assert.equal(LexActivator.ExtendLocalTrial(2), LexStatusCodes.LA_OK);
  assert.equal(LexActivator.GetLocalTrialExpiryDate() - end, 2 * 86_400);
  assert.deepEqual(server.requests, []);
});

test("without a connection, files go to the vendor and back", async () => {
  const { LexStatusCodes } = wrapper;
  const LexActivator = setUp();
  const [request, response, proof] = ["request", "response", "proof"].map((name) => join(directory, `${name}-${turn}.dat`));
  await throws("LA_E_LICENSE_KEY", () => LexActivator.GenerateOfflineActivationRequest(request));
  LexActivator.SetLicenseKey(server.licenseKey);
  LexActivator.SetOfflineActivationRequestMeterAttributeUses("pages", 2);
  LexActivator.GenerateOfflineActivationRequest(request);
  assert.match(readFileSync(request, "utf8"), /^[\w-]+\.[\w-]+\.[\w-]+$/);
  writeFileSync(response, "not a response");
  await throws("LA_E_OFFLINE_RESPONSE_FILE", () => LexActivator.ActivateLicenseOffline(response));
  await throws("LA_E_FILE_PATH", () => LexActivator.ActivateLicenseOffline(join(directory, "none")));
  await LexActivator.ActivateLicense();
  await throws("LA_E_FILE_PERMISSION", () => LexActivator.GenerateOfflineDeactivationRequest(join(directory, "none", "proof")));
  assert.equal(LexActivator.IsLicenseValid(), LexStatusCodes.LA_OK);
  assert.equal(LexActivator.GenerateOfflineDeactivationRequest(proof), LexStatusCodes.LA_OK);
  assert.match(readFileSync(proof, "utf8"), /^[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.equal(LexActivator.IsLicenseValid(), LexStatusCodes.LA_FAIL);
});
