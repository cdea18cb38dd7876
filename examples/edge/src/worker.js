// An API for customers alone: who calls it sends the activation token that their copy of the software holds.
//
// The token is verified here, with no call to anybody. What it cannot know is whether the license was revoked since it was
// issued: that is asked of the license server, which answers from its published copy, and remembered for a minute. What somebody
// in between says is not believed: the vendor has to have signed the answer for just this question.
import { checkActivationToken, checkLicense } from "licentia/check";

/** How long an isolate believes what it was told of a license, in milliseconds. */
const BELIEVED = 60_000;
/** An isolate remembers so many licenses. */
const REMEMBERED = 10_000;

let keys;
const told = new Map();

export default {
  async fetch(request, env) {
    const refusal = await refused(request, env);
    return refusal ?? Response.json({ report: "Everything that only customers may know." });
  },
};

/** Returns a refusal, or nothing if the caller's license is good. */
async function refused(request, env) {
  const [scheme, token = ""] = (request.headers.get("Authorization") ?? "").split(" ");
  if (scheme.toLowerCase() !== "bearer" || token === "") {
    return problem(401, "LA_FAIL", "send the activation token: `Authorization: Bearer <token>`");
  }
  const options = { productId: env.PRODUCT_ID, publicKey: await publicKey(env), now: Date.now() / 1000 };
  const { code, name, claims } = checkActivationToken(token, options);
  if (code !== 0) {
    return problem(401, name, "the license is not good");
  }
  return (await isRevoked(claims.key, env)) ? problem(403, "LA_E_REVOKED", "the license was revoked") : undefined;
}

/** The product's keys: fetched once by each isolate. */
async function publicKey(env) {
  keys ??= await answered(await fetch(`${env.LICENTIA}/v3/products/${env.PRODUCT_ID}/keys`));
  return keys;
}

/** Asks what has become of the license. A license server that cannot be reached takes nothing from anybody. */
async function isRevoked(key, env) {
  const known = told.get(key);
  if (known !== undefined && known.until > Date.now()) {
    return known.isRevoked;
  }
  const statement = await statementOn(key, env);
  if (statement === null) {
    return known?.isRevoked ?? false;
  }
  const isRevoked = statement.revoked || statement.deleted;
  if (told.size >= REMEMBERED) told.clear();
  told.set(key, { isRevoked, until: Date.now() + BELIEVED });
  return isRevoked;
}

/** The license server's statement about a license; null if none is to be had. */
async function statementOn(key, env) {
  const { statement, name } = await checkLicense({ host: env.LICENTIA, key, publicKey: await publicKey(env) });
  if (statement === null) console.error("licenses/check:", name);
  return statement;
}

async function answered(response) {
  if (!response.ok) throw new Error(`the license server answered ${response.status}`);
  return response.json();
}

function problem(status, code, message) {
  return Response.json({ code, message }, { status });
}
