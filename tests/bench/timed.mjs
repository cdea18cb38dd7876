// How long checks take, in Node or on a page: the same steps in both, each on tokens that were not seen before.

/** Checks and verifications before any is timed, so that optimized code is. */
const WARM_UP = 200;
/** Known answers are judged in batches, since clocks are coarser than a verdict. */
const BATCH = 200;
const BATCHES = 100;

/** The middle of what actions took, in milliseconds: other work on the machine interrupts few of them. */
function middle(times) {
  return times.slice(WARM_UP).sort((a, b) => a - b)[(times.length - WARM_UP) >> 1];
}

async function timeEach(items, action) {
  const times = [];
  for (const item of items) {
    const start = performance.now();
    await action(item);
    times.push(performance.now() - start);
  }
  return middle(times);
}

/** The same of what answers at once: there is nothing to wait for between. */
function timeEachAtOnce(items, action) {
  return middle(items.map((item) => {
    const start = performance.now();
    action(item);
    return performance.now() - start;
  }));
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
  const fresh = timeEachAtOnce(others, check);
  const known = others.at(-1);
  const batch = () => {
    for (let number = 0; number < BATCH; number += 1) check(known);
  };
  const repeated = timeEachAtOnce(Array(WARM_UP + BATCHES).fill(), batch) / BATCH;
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
  return { first: imported, fresh: await timeEach(others, (token) => jwtVerify(token, key, { algorithms: [algorithm] })) };
}

/** Resolves to the milliseconds of the platform's own verification: of signatures alone, decoded before. */
export async function timePlatform(verify, { tokens }) {
  const [, , ...others] = tokens.map((token) => {
    const end = token.lastIndexOf(".");
    return { message: new TextEncoder().encode(token.slice(0, end)), signature: decoded(token.slice(end + 1)) };
  });
  const right = (verified) => {
    if (verified !== true) throw new Error("the platform refused a signature");
  };
  const answer = verify(others[0]);
  return answer instanceof Promise ? timeEach(others, async (token) => right(await verify(token))) : timeEachAtOnce(others, (token) => right(verify(token)));
}

function decoded(base64url) {
  const bytes = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(bytes, (character) => character.charCodeAt(0));
}
