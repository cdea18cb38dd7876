// The built package under Node gives every decision vector its verdict, and says what is wrong with an option.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as node from "../../crates/wasm/js/dist/check.node.js";
import * as web from "../../crates/wasm/js/dist/check.js";
import { failures, signatureFailures } from "../vectors/run.mjs";

const read = (name) => JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));
const { checkActivationResponse, LicenseError, verifySignature } = web;
const file = read("decisions");
const signatures = read("signatures");
const [first] = file.vectors;
const options = { ...first.options, publicKey: file.keys[first.options.publicKey] };
const response = { status: 400, body: '{"message":"no","code":"REVOKED_LICENSE"}' };

for (const [name, check] of Object.entries({ "the module": web, "Node's own RS256": node })) {
  test(`every vector gives its verdict by ${name}`, () => {
    assert.ok(file.vectors.length > 1_000);
    assert.deepEqual(failures(check.checkActivationResponse, file), []);
  });

  test(`every signature gives its verdict by ${name}`, () => {
    assert.ok(signatures.cases.length > 400);
    assert.deepEqual(signatureFailures(check.verifySignature, signatures), []);
  });
}

test("every altered verdict is noticed", () => {
  const others = [{ code: 99 }, { name: "LA_ELSE" }, { activation: "else" }];
  const altered = file.vectors.map((vector, place) => ({ ...vector, expect: { ...vector.expect, ...others[place % 3] } }));
  assert.equal(failures(checkActivationResponse, { ...file, vectors: altered }).length, altered.length);
});

test("every altered verdict on a signature is noticed", () => {
  const altered = signatures.cases.map((one) => ({ ...one, expect: one.expect === "invalid" ? "valid" : "invalid" }));
  assert.equal(signatureFailures(verifySignature, { ...signatures, cases: altered }).length, altered.length);
});

test("what is no bytes is no message", () => {
  const [publicKey] = Object.values(signatures.keys);
  const fault = { name: "LicenseError", code: "INVALID_OPTION" };
  assert.throws(() => verifySignature("text", new Uint8Array(), publicKey), fault);
  assert.throws(() => verifySignature(new Uint8Array(), [1], publicKey), fault);
});

test("claims carry numbers, and members that would change an object's prototype do not", () => {
  const later = file.vectors.find(({ name }) => name === "claims of later servers");
  const { claims } = checkActivationResponse(later.response, { ...options, now: later.options.now });
  assert.equal(typeof claims.iat, "number");
  assert.deepEqual(claims.new, { of: ["a", "later", 1.25, null] });
  assert.equal(claims.code, undefined);
  assert.equal(Object.getPrototypeOf(claims), Object.prototype);
});

test("headers, a nonce and `any` are taken", () => {
  const given = { ...options, nonce: "n", answers: "any", now: options.now + 0.75 };
  const verdict = checkActivationResponse({ ...response, headers: new Headers() }, given);
  assert.deepEqual(verdict, { code: 53, name: "LA_E_REVOKED", activation: "erase", claims: null });
});

test("an unset product id or key is a verdict", () => {
  const code = (changes) => checkActivationResponse(response, { ...options, ...changes }).code;
  assert.equal(code({ productId: undefined }), 43);
  assert.equal(code({ licenseKey: null }), 54);
});

test("options that are wrong are named", () => {
  const cases = [
    ["INVALID_OPTION", /`productId` must be a string/, { productId: 5 }],
    ["INVALID_OPTION", /`licenseKey` must be a string/, { licenseKey: {} }],
    ["INVALID_OPTION", /`fingerprint` must be a string/, { fingerprint: undefined }],
    ["INVALID_OPTION", /`now` must be a time in seconds since 1970/, { now: "1" }],
    ["INVALID_OPTION", /`now` must be a time in seconds since 1970/, { now: NaN }],
    ["INVALID_OPTION", /`now` must be a time in seconds, not milliseconds/, { now: Date.now() }],
    ["INVALID_OPTION", /`answers` must be "any" or "signed"/, { answers: "all" }],
    ["INVALID_OPTION", /`nonce` must be a string/, { nonce: 1 }],
    ["INVALID_OPTION", /`publicKey` must be an object/, { publicKey: undefined }],
    ["INVALID_OPTION", /`answers` must be "any" where no statement key is known/, { answers: "signed" }],
    ["INVALID_PUBLIC_KEY", /neither SPKI PEM nor/, { publicKey: "" }],
    ["INVALID_PUBLIC_KEY", /neither SPKI PEM nor/, { publicKey: {} }],
    ["INVALID_PUBLIC_KEY", /no public key here is/, { publicKey: { keys: [] } }],
    ["INVALID_PUBLIC_KEY", /no public key here is/, { publicKey: { kty: "EC", crv: "P-256", x: "AA" } }],
  ];
  for (const [code, message, changes] of cases) {
    const fault = (error) => error instanceof LicenseError && error.code === code && message.test(error.message);
    assert.throws(() => checkActivationResponse(response, { ...options, ...changes }), fault, JSON.stringify(changes));
  }
  for (const wrong of [undefined, null, "x", { status: "200", body: "" }, { status: 200 }, { status: -1, body: "" }, { status: 1.5, body: "" }]) {
    assert.throws(() => checkActivationResponse(wrong, options), { name: "LicenseError", code: "INVALID_OPTION" });
  }
});
