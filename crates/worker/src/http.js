// The few places where one crossing into JavaScript does the work of ten: making a response, and asking the ledger.

const EXPOSED = [
  "X-Request-Id, ETag, Licentia-Published, Licentia-As-Of, Retry-After, Allow, Link, Content-Disposition",
  "Content-Digest, Signature-Input, Signature",
  "Idempotency-Replayed, Pagination-Count, Pagination-Relation, Pagination-Page, Pagination-Limit",
  "X-Rate-Limit-Limit, X-Rate-Limit-Remaining, X-Rate-Limit-Reset",
].join(", ");
const SLICE_LIMIT = 30_000;

/** Names and values come in turn, a line each. */
function headersOf(lines, body) {
  const headers = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": EXPOSED,
    "Cache-Control": "no-store",
  };
  if (body) headers["Content-Type"] = "application/json";
  const texts = lines.split("\n");
  for (let i = 1; i < texts.length; i += 2) headers[texts[i - 1]] = texts[i];
  return headers;
}

/** Makes an answer of the API; `body` is a view of memory that changes, so it is copied. */
export function respond(status, headers, body) {
  return new Response(body?.slice() ?? null, { status, headers: headersOf(headers, body) });
}

/** Makes an answer whose body goes on: `next()` is asked for a slice as soon as the reader has taken the one before. */
export function respondInSlices(status, headers, first, next) {
  const slices = new ReadableStream(
    {
      start: (stream) => stream.enqueue(first.slice()),
      // What it throws breaks the transfer off: nobody takes half a file for the whole.
      pull: async (stream) => {
        const slice = await inTime(next());
        if (slice) stream.enqueue(slice);
        else stream.close();
      },
    },
    { highWaterMark: 1 },
  );
  return new Response(slices, { status, headers: headersOf(headers, first) });
}

function inTime(promise) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, SLICE_LIMIT, new Error("timeout"))));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Answers a browser's question whether a page may send a request: it may, with the headers named here. */
export function preflight(requestId) {
  const headers = {
    "X-Request-Id": requestId,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers":
      "Authorization, Content-Type, Content-Digest, Accept, Idempotency-Key, If-Match, If-None-Match, Licentia-Nonce, Licentia-Passphrase",
    "Access-Control-Max-Age": "86400",
  };
  return new Response(null, { status: 204, headers });
}

/** Asks a gate for a socket: resolves to an answer that holds it, or to an envelope that says why not. */
export async function connect(gate, envelope) {
  const call = btoa(String.fromCharCode(...envelope));
  const response = await gate.fetch("http://gate/", { headers: { Upgrade: "websocket", "Licentia-Envelope": call } });
  return response.webSocket ? response : new Uint8Array(await response.arrayBuffer());
}

/** Sends an envelope to the ledger and resolves to the one that comes back; a view of memory is copied first. */
export async function send(ledger, envelope) {
  const response = await ledger.fetch("http://ledger/", { method: "POST", body: envelope.slice() });
  return new Uint8Array(await response.arrayBuffer());
}
