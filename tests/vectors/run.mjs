// Runs the vectors against what `licentia/check` exports, in any JavaScript runtime.

/** The bytes of a base64url text. */
function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

/** The claims in a body's token, read without looking at the signature. */
function claimsIn(body) {
  const payload = JSON.parse(body).activationToken.split(".")[1];
  return JSON.parse(new TextDecoder().decode(bytes(payload)));
}

/** Returns a line for each decision vector that does not give its verdict. */
export function failures(checkActivationResponse, { keys, vectors }) {
  return vectors.flatMap(({ id, name, response, options, expect }) => {
    const publicKey = keys[options.publicKey];
    const verdict = checkActivationResponse(response, { ...options, publicKey });
    const claims = expect.claims === null ? null : claimsIn(response.body);
    return text(verdict) === text({ ...expect, claims }) ? [] : [`${id} ${name}: ${verdict.code} ${verdict.activation}`];
  });
}

/** A verdict as JSON, with its members in one order. */
function text({ code, name, activation, claims, ...more }) {
  return JSON.stringify([code, name, activation, claims, more]);
}

/** Returns a line for each signature vector that does not give its verdict. */
export function signatureFailures(verifySignature, { keys, cases }) {
  return cases.flatMap(({ id, source, comment, publicKey, message, signature, expect }) => {
    const said = verdict(() => verifySignature(bytes(message), bytes(signature), keys[publicKey]));
    return said === expect ? [] : [`${id} ${source} ${comment}: ${said}`];
  });
}

function verdict(verify) {
  try {
    return verify() ? "valid" : "invalid";
  } catch ({ code }) {
    return code === "INVALID_PUBLIC_KEY" ? "key refused" : code;
  }
}
