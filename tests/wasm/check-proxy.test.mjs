// What stands between a vendor's server and the license server says nothing of a license: `licentia/check` and the built Worker
// in workerd, with a proxy between them that replays, changes and makes up answers.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkActivationResponse, checkLicense } from "../../crates/wasm/js/dist/check.node.js";
import { createLicense } from "../story.mjs";
import { behindProxy } from "./behind.mjs";

const PRINT = "f".repeat(64);
const behind = behindProxy();

/** A license, and what is asked about it. */
async function license(fields) {
  const { call } = behind.server;
  const created = await createLicense(call, fields);
  const publicKey = (await call("GET", `/v3/products/${created.productId}/product.dat`)).text;
  return { ...created, question: { host: behind.between.url, publicKey, key: created.key } };
}

const change = async ({ id }, body) => assert.equal((await behind.server.call("PATCH", `/v3/licenses/${id}`, body)).status, 200);
const between = (answer) => (behind.between.between = answer);
const seen = () => behind.between.seen.at(-1);
const json = { "content-type": "application/json" };
const refusal = (code, status = 400) => ({ status, headers: json, body: JSON.stringify({ message: "no", code }) });
const without = (name, headers) => Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name));

/** Nothing was heard, asked either way. */
async function hearsNothing(question, name = "LA_E_INET") {
  for (const fresh of [false, true]) {
    const heard = await checkLicense({ ...question, fresh });
    const { code: _, ...verdict } = heard;
    assert.deepEqual(verdict, { name, statement: null, activation: null, source: null, asOf: null }, `fresh: ${fresh}`);
  }
}

test("what the vendor has signed for just this request is heard through a proxy that changes nothing", async () => {
  const good = await license();
  for (const fresh of [false, true]) {
    const { name, source, statement } = await checkLicense({ ...good.question, fresh });
    assert.deepEqual([name, source, statement.lid], ["LA_OK", fresh ? "ledger" : "published", good.id]);
  }
  await change(good, { revoked: true });
  assert.equal((await checkLicense(good.question)).name, "LA_E_REVOKED");
  assert.equal((await checkLicense({ ...good.question, key: "NOBODY-HAS-THIS-KEY" })).name, "LA_E_ACTIVATION_NOT_FOUND");
  assert.equal(seen().status, 404);
});

test("a refusal that somebody has made up is a failure of the network", async () => {
  const good = await license();
  for (const answer of [refusal("INVALID_LICENSE_KEY"), refusal("REVOKED_LICENSE"), refusal("LICENSE_UNKNOWN", 404)]) {
    between(async () => answer);
    await hearsNothing(good.question);
  }
});

test("so is an answer without its signature, or with another status, body or member", async () => {
  const good = await license();
  const changed = ({ body, ...answer }, change) => ({ ...answer, body: JSON.stringify({ ...JSON.parse(body), ...change }) });
  for (const lie of [
    (answer) => ({ ...answer, headers: without("signature", answer.headers) }),
    (answer) => ({ ...answer, headers: without("signature-input", answer.headers) }),
    (answer) => ({ ...answer, headers: without("content-digest", answer.headers) }),
    (answer) => ({ ...answer, status: 201 }),
    (answer) => changed(answer, { activation: "none" }),
    (answer) => changed(answer, { source: "nobody" }),
    (answer) => changed(answer, { asOf: "2099-01-01T00:00:00Z" }),
    (answer) => changed(answer, { more: true }),
  ]) {
    between(async (_, pass) => lie(await pass()));
    await hearsNothing(good.question);
  }
});

test("so is an answer that was recorded: a revocation is not hidden by an earlier one, and a license not refused by it", async () => {
  const ours = await license();
  const replayed = async (question) => {
    between((_, pass) => pass());
    await checkLicense(question);
    const recorded = seen();
    assert.ok(recorded.headers.signature, "it is signed");
    return () => between(async () => recorded);
  };
  const published = await replayed(ours.question);
  const fresh = await replayed({ ...ours.question, fresh: true });
  await change(ours, { revoked: true });
  for (const replay of [published, fresh]) {
    replay();
    await hearsNothing(ours.question);
  }
  // Without signatures nobody can tell.
  assert.equal((await checkLicense({ ...ours.question, fresh: true, answers: "any" })).name, "LA_OK");

  const revoked = await replayed(ours.question);
  await change(ours, { revoked: false });
  revoked();
  await hearsNothing(ours.question);
});

test("so is the answer to another request, which is under way at the same time", async () => {
  const [good, bad] = [await license(), await license()];
  await change(bad, { revoked: true });
  const held = [];
  between(
    (_, pass) =>
      new Promise((resolve) => {
        held.push({ resolve, answer: pass() });
        if (held.length === 2) held.forEach(({ resolve }, i) => resolve(held[1 - i].answer));
      }),
  );
  const heard = await Promise.all([good, bad].map(({ question }) => checkLicense(question)));
  assert.deepEqual(heard.map(({ name }) => name), ["LA_E_INET", "LA_E_INET"]);
});

test("what is asked about another license, whose key was put in place of ours, is not heard", async () => {
  const [ours, other] = [await license(), await license()];
  await change(other, { revoked: true });
  const body = (request) => request.body.replace(ours.key, other.key);
  between(({ headers, ...request }, pass) => pass({ headers: without("content-digest", headers), body: body(request) }));
  await hearsNothing(ours.question);
  assert.equal(JSON.parse(seen().body).status, "revoked");
  // With its digest the server finds the change itself.
  between((request, pass) => pass({ body: body(request) }));
  await hearsNothing(ours.question, "LA_E_CLIENT");
  assert.equal(JSON.parse(seen().body).code, "CONTENT_DIGEST_MISMATCH");
});

test("who makes a fresh check one of what is published is found out where that says that all is well", async () => {
  const ours = await license();
  between(({ path }, pass) => pass({ path: path.replace("?fresh=1", "") }));
  const fresh = () => checkLicense({ ...ours.question, fresh: true });
  assert.deepEqual([(await fresh()).name, JSON.parse(seen().body).source], ["LA_E_INET", "published"]);
  await change(ours, { suspended: true });
  assert.deepEqual([(await fresh()).name, seen().request.path], ["LA_SUSPENDED", "/v3/licenses/check"]);
});

test("a server's fault and its limit need no signature: they say nothing of the license", async () => {
  const { question } = await license();
  for (const [status, name] of [[503, "LA_E_SERVER"], [429, "LA_E_RATE_LIMIT"], [302, "LA_E_INET"], [403, "LA_E_INET"]]) {
    between(async () => ({ status, headers: {}, body: "<h1>no</h1>" }));
    await hearsNothing(question, name);
  }
  between(async () => "drop");
  await hearsNothing(question);
});

test("what a proxy says in a fault without a signature is no statement", async () => {
  const ours = await license();
  await change(ours, { suspended: true });
  await checkLicense(ours.question);
  const { statement } = JSON.parse(seen().body);
  await change(ours, { suspended: false });
  between(async () => ({ status: 503, headers: json, body: JSON.stringify({ statement }) }));
  await hearsNothing(ours.question, "LA_E_SERVER");
  assert.equal((await checkLicense({ ...ours.question, answers: "any" })).name, "LA_SUSPENDED");
});

test("an answer of more than a mebibyte is none, whatever it says, and is not read on", async () => {
  const { question } = await license();
  const padded = (length) => async (_, pass) => {
    const { body, ...answer } = await pass();
    return { ...answer, body: body.padEnd(length) };
  };
  const any = { ...question, answers: "any" };
  between(padded(1_048_576));
  assert.equal((await checkLicense(any)).name, "LA_OK");
  between(padded(1_048_577));
  assert.equal((await checkLicense(any)).name, "LA_E_INET");

  let [pieces, isCancelled] = [0, false];
  const endless = new ReadableStream({
    pull: (controller) => {
      pieces += 1;
      controller.enqueue(new Uint8Array(65_536).fill(32));
    },
    cancel: () => void (isCancelled = true),
  });
  const verdict = await checkLicense({ ...question, fetch: async () => new Response(endless) });
  assert.deepEqual([verdict.name, isCancelled], ["LA_E_INET", true]);
  assert.ok(pieces < 20, `${pieces}`);
});

test("whoever wants no signatures sends nothing to sign, and believes what comes", async () => {
  const { question } = await license();
  between((request, pass) => {
    assert.deepEqual([request.headers["licentia-nonce"], request.headers["content-digest"]], [undefined, undefined]);
    return pass();
  });
  assert.equal((await checkLicense({ ...question, answers: "any" })).name, "LA_OK");
  between(async () => refusal("INVALID_LICENSE_KEY"));
  assert.equal((await checkLicense({ ...question, answers: "any" })).name, "LA_E_LICENSE_KEY");
});

/** Activates as a vendor's server does for a machine. Resolves to the response, and what it is checked by. */
async function activation({ key, productId, question: { publicKey, host } }, nonce = crypto.randomUUID()) {
  const machine = { key, productId, fingerprint: PRINT, os: "linux", hostname: "h", appVersion: "1", userHash: "u" };
  const request = { method: "POST", path: "/v3/activations", body: JSON.stringify(machine) };
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(request.body))).toString("base64");
  const headers = { ...json, "Content-Digest": `sha-256=:${digest}:`, "Licentia-Nonce": nonce };
  const answer = await fetch(host + request.path, { ...request, headers });
  const response = { status: answer.status, headers: answer.headers, body: await answer.text() };
  const options = { productId, licenseKey: key, fingerprint: PRINT, publicKey, now: Date.now() / 1000, request, nonce };
  return { response, options };
}

const verdictOn = (response, options) => {
  const { name, activation } = checkActivationResponse(response, options);
  return [name, activation];
};
const UNHEARD = ["LA_E_INET", "keep"];

test("a refusal that a vendor's own request was answered counts if it is signed for that, in any form of its headers", async () => {
  const ours = await license();
  await change(ours, { revoked: true });
  const { response, options } = await activation(ours);
  const entries = [...response.headers];
  const upper = entries.map(([name, value]) => [name.toUpperCase(), value]);
  for (const headers of [response.headers, entries, upper, Object.fromEntries(entries), Object.fromEntries(upper)]) {
    assert.deepEqual(verdictOn({ ...response, headers }, options), ["LA_E_REVOKED", "erase"]);
  }
  const { request } = options;
  for (const change of [
    { nonce: "another" },
    { request: { ...request, method: "PATCH" } },
    { request: { ...request, path: `${request.path}/` } },
    { request: { ...request, body: `${request.body} ` } },
  ]) {
    assert.deepEqual(verdictOn(response, { ...options, ...change }), UNHEARD, JSON.stringify(change));
  }
  for (const other of [{ headers: undefined }, { headers: {} }, { status: 409 }, { body: `${response.body} ` }]) {
    assert.deepEqual(verdictOn({ ...response, ...other }, options), UNHEARD, JSON.stringify(other));
  }
  // Who does not say what was asked cannot be told whose answer it is, and neither can who does not want to know.
  for (const change of [{ request: undefined }, { answers: "any" }]) {
    assert.deepEqual(verdictOn({ ...response, headers: undefined }, { ...options, ...change }), ["LA_E_REVOKED", "erase"]);
  }
});

test("a token speaks for itself, and a key that comes without the account's can tell no signature", async () => {
  const ours = await license();
  const { response, options } = await activation(ours);
  assert.deepEqual(verdictOn({ ...response, headers: undefined }, options), ["LA_OK", "replace"]);
  const pem = { ...options, publicKey: ours.publicKey };
  assert.deepEqual(verdictOn(refusal("REVOKED_LICENSE"), pem), ["LA_E_REVOKED", "erase"]);
  const fault = (message) => ({ code: "INVALID_OPTION", message });
  assert.throws(() => verdictOn(response, { ...pem, answers: "signed" }), fault(/`answers`.*PEM/));
  const signed = { ...options, answers: "signed" };
  assert.throws(() => verdictOn(response, { ...signed, request: undefined }), fault(/`request`/));
  assert.throws(() => verdictOn(response, { ...signed, request: { ...options.request, path: 5 } }), fault(/`request.path`/));
  assert.throws(() => verdictOn(response, { ...signed, nonce: undefined }), fault(/`nonce`/));
  assert.throws(() => verdictOn({ ...response, headers: "text" }, signed), fault(/`headers`/));
});

test("a license of another product is none of the keys that are given", async () => {
  const [good, other] = [await license(), await license()];
  for (const fresh of [false, true]) {
    const { name } = await checkLicense({ ...good.question, key: other.key, fresh });
    assert.equal(name, "LA_E_PRODUCT_ID");
  }
});

test("what the server's status tells of besides the statement restricts, and allows nothing", async () => {
  const [good, suspended] = [await license(), await license()];
  await change(suspended, { suspended: true });
  const saying = async ({ question }, status) => {
    between(async (_, pass) => {
      const answer = await pass();
      return { ...answer, body: JSON.stringify({ ...JSON.parse(answer.body), status }) };
    });
    const { name, statement } = await checkLicense({ ...question, answers: "any" });
    assert.notEqual(statement, null);
    return name;
  };
  assert.equal(await saying(good, "active"), "LA_OK");
  assert.equal(await saying(good, "suspended"), "LA_SUSPENDED");
  assert.equal(await saying(good, "revoked"), "LA_E_REVOKED");
  assert.equal(await saying(suspended, "active"), "LA_SUSPENDED");
  assert.equal(await saying(suspended, "revoked"), "LA_E_REVOKED");
});

test("whatever somebody makes up is a verdict, and none is thrown", async () => {
  const good = await license();
  for (const statement of ['{"toString":1,"valueOf":2}', `${"[".repeat(5_000)}${"]".repeat(5_000)}`, "null", "5"]) {
    for (const answers of ["any", "signed"]) {
      between(async () => ({ status: 200, headers: json, body: `{"statement":${statement},"status":${statement},"activation":${statement}}` }));
      assert.equal((await checkLicense({ ...good.question, answers })).name, "LA_E_INET");
    }
  }
});
