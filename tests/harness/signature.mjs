// Signed answers, verified from the text of RFC 9421 and RFC 9530 with Node's own cryptography: nothing of ours takes part.
import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";

/** RFC 8941 §3.2: what a dictionary of inner lists or byte sequences holds, by label; commas in quotes separate nothing. */
function members(text) {
  const parts = text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return new Map(parts.map((part) => part.trim()).map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]));
}

/** RFC 9421 §2.5: the lines that are signed. Derived components are those of §2.2; `req` takes them of the request (§2.4). */
function signatureBase(input, request, response) {
  const [list] = /^\([^)]*\)/.exec(input);
  const lines = list.slice(1, -1).split(" ").map((identifier) => {
    const [quoted, parameter] = identifier.split(";");
    const name = JSON.parse(quoted);
    const of = parameter === "req" ? request : response;
    const derived = { "@status": response.status, "@method": of.method, "@path": of.url && new URL(of.url).pathname };
    const value = name.startsWith("@") ? derived[name] : new Headers(of.headers).get(name);
    assert.ok(value !== undefined && value !== null, identifier);
    return `${identifier}: ${value}`;
  });
  return [...lines, `"@signature-params": ${input}`].join("\n");
}

/** Returns each signature of an answer: `{ keyid, created, base, signature, components }`. */
export function signatures(request, response) {
  const inputs = members(response.headers.get("Signature-Input") ?? "");
  const values = members(response.headers.get("Signature") ?? "");
  return [...inputs].map(([label, input]) => {
    const parameter = (name) => new RegExp(`;${name}="?([^";]*)`).exec(input)?.[1];
    assert.equal(parameter("alg"), "ed25519");
    assert.equal(parameter("tag"), "licentia-answer");
    const signature = Buffer.from(/^:(.*):$/.exec(values.get(label))[1], "base64");
    const components = /^\(([^)]*)\)/.exec(input)[1].split(" ");
    return { keyid: parameter("keyid"), created: Number(parameter("created")), base: signatureBase(input, request, response), signature, components };
  });
}

/** Asserts that an answer is signed by every one of `keys`, over all that it must be, and returns when. */
export function isSigned(request, response, text, keys) {
  const digest = createHash("sha256").update(text).digest("base64");
  assert.equal(response.headers.get("Content-Digest"), `sha-256=:${digest}:`);
  const found = signatures(request, response);
  assert.deepEqual(found.map(({ keyid }) => keyid), keys.map(({ kid }) => kid));
  const bound = ['"@status"', '"content-digest"', '"@method";req', '"@path";req'];
  for (const name of ["content-digest", "licentia-nonce"]) {
    if (new Headers(request.headers).has(name)) bound.push(`"${name}";req`);
  }
  found.forEach(({ components, base, signature }, i) => {
    assert.deepEqual(components, bound);
    const key = createPublicKey({ key: keys[i], format: "jwk" });
    assert.ok(verify(null, Buffer.from(base), key, signature), base);
  });
  return found[0].created;
}
