// Runs the decision vectors against a `checkActivationResponse`, in any JavaScript runtime.

/** The claims in a body's token, read without looking at the signature. */
function claimsIn(body) {
  const payload = JSON.parse(body).activationToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Returns a line for each vector that does not give its verdict. */
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
