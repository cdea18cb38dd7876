// Runs the decision tables against a client of the package: what is stored, one call, one answer, and what came of it.

/** Returns a line for each case that comes to something else, in the part of it that a client shows. */
export async function machineFailures(LicentiaClient, file) {
  const lines = await Promise.all(file.cases.map((one) => failure(LicentiaClient, file, one)));
  return lines.filter((line) => line !== undefined);
}

async function failure(LicentiaClient, file, { id, operation, state, response, now, expect }) {
  const { licenseKey, productId: product, fingerprint, publicKey } = file.client;
  const name = `licentia.${product}`;
  const storage = new Map([[name, file.states[state]]]);
  const asked = [];
  const client = LicentiaClient.openSync({
    host: "https://licenses.example.com",
    product,
    publicKey,
    fingerprint,
    storage: { get: (name) => storage.get(name), set: (name, text) => void storage.set(name, text), remove: (name) => void storage.delete(name) },
    now: () => now * 1_000,
    fetch: async (url) => {
      asked.push(url);
      return reply(file, response);
    },
  });
  const code = await outcome(() => call(client, operation, licenseKey));
  client.close();
  const said = { code, asks: asked.length > 0, stored: stored(file, storage.get(name)) };
  // After an activation the client takes a verdict of its own.
  const { token, key, seen, lastError, ended } = expect.settled ?? expect.stored;
  const wanted = { code: expect.code, asks: expect.asks, stored: { token, key, seen, lastError, ended } };
  return JSON.stringify(said) === JSON.stringify(wanted) ? undefined : `${id} ${operation} ${state}: ${JSON.stringify(said)}`;
}

function call(client, operation, licenseKey) {
  switch (operation) {
    case "activate":
      return client.activate(licenseKey);
    case "sync":
      return client.sync();
    case "deactivate":
      return client.deactivate();
    default:
      return client.isValid();
  }
}

/** A verdict's code, whether it was returned or thrown. */
async function outcome(call) {
  try {
    return (await call()).code;
  } catch (error) {
    return error.status ?? String(error);
  }
}

function reply(file, { status, token, body }) {
  if (status === 0) {
    throw new TypeError("no network");
  }
  const text = token === undefined ? body : JSON.stringify({ activationToken: file.tokens[token] });
  return new Response(status === 204 ? null : text, { status });
}

/** What is stored, with the token's name; of an empty store what an empty one would hold. */
function stored({ tokens }, text) {
  const { token = null, key = null, seen = 0, lastError = 0, ended = null } = JSON.parse(text || "{}");
  const named = Object.entries(tokens).find(([, text]) => text === token);
  return { token: named?.[0] ?? null, key, seen, lastError, ended };
}
