// How long checks take, in Node or on a page: the same steps in both, each on tokens that were not seen before.

/** Checks and verifications before any is timed, so that optimized code is. */
const WARM_UP = 200;
const REPEATS = 20_000;

/** Resolves to the mean milliseconds of an action on each of the items, after a warm-up on others. */
async function mean(items, action) {
  for (const item of items.slice(0, WARM_UP)) await action(item);
  const timed = items.slice(WARM_UP);
  const start = performance.now();
  for (const item of timed) await action(item);
  return (performance.now() - start) / timed.length;
}

/** The same without waiting between: what answers at once is asked at once. */
function meanAtOnce(items, action) {
  for (const item of items.slice(0, WARM_UP)) action(item);
  const timed = items.slice(WARM_UP);
  const start = performance.now();
  for (const item of timed) action(item);
  return (performance.now() - start) / timed.length;
}

/** Resolves to how long the import of `licentia/check` with its first verdict takes, the next token, a new one, and a known one. */
export async function timeLicentia(module, { options, tokens }) {
  const response = (token) => ({ status: 200, body: JSON.stringify({ activationToken: token }) });
  const [first, next, ...others] = tokens.map(response);
  const start = performance.now();
  const { checkActivationResponse } = await import(module);
  const check = (answer) => {
    const { code, claims } = checkActivationResponse(answer, options);
    if (code !== 0 || claims === null) throw new Error(`the check said ${code}`);
  };
  check(first);
  const imported = performance.now();
  check(next);
  const second = performance.now() - imported;
  const fresh = meanAtOnce(others, check);
  const repeated = meanAtOnce(Array(REPEATS).fill(others.at(-1)), check);
  return { first: imported - start, second, fresh, repeated };
}

/** Resolves to the same of `jose`, whose keys are imported before where tokens are new. */
export async function timeJose(module, { spki, algorithm, tokens }) {
  const [first, , ...others] = tokens;
  const start = performance.now();
  const { importSPKI, jwtVerify } = await import(module);
  const key = await importSPKI(spki, algorithm);
  await jwtVerify(first, key, { algorithms: [algorithm] });
  const imported = performance.now() - start;
  return { first: imported, fresh: await mean(others, (token) => jwtVerify(token, key, { algorithms: [algorithm] })) };
}

/** Resolves to the mean milliseconds of the platform's own verification: of signatures alone, decoded before. */
export async function timePlatform(verify, { tokens }) {
  const [, , ...others] = tokens.map((token) => {
    const end = token.lastIndexOf(".");
    return { message: new TextEncoder().encode(token.slice(0, end)), signature: decoded(token.slice(end + 1)) };
  });
  const right = (verified) => {
    if (verified !== true) throw new Error("the platform refused a signature");
  };
  const answer = verify(others[0]);
  return answer instanceof Promise ? mean(others, async (token) => right(await verify(token))) : meanAtOnce(others, (token) => right(verify(token)));
}

function decoded(base64url) {
  const bytes = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(bytes, (character) => character.charCodeAt(0));
}
