// The few places where one crossing into JavaScript does the work of ten: making a response, and asking the ledger.

const EXPOSED = "X-Request-Id, ETag, Licentia-Published, Licentia-Signature, Retry-After, Allow, Link";

/** Makes an answer of the API; `body` is a view of memory that changes, so it is copied. */
export function respond(status, requestId, body, version, published, allow) {
  const headers = {
    "X-Request-Id": requestId,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": EXPOSED,
    "Cache-Control": "no-store",
  };
  if (body) headers["Content-Type"] = "application/json";
  if (version) headers.ETag = `"${version}"`;
  if (published) headers["Licentia-Published"] = published;
  if (allow) headers.Allow = allow;
  if (status === 503) headers["Retry-After"] = "1";
  return new Response(body?.slice() ?? null, { status, headers });
}

/** Answers a browser's question whether a page may send a request: it may, with the headers named here. */
export function preflight(requestId) {
  const headers = {
    "X-Request-Id": requestId,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers":
      "Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, Licentia-Nonce",
    "Access-Control-Max-Age": "86400",
  };
  return new Response(null, { status: 204, headers });
}

/** Sends an envelope to the ledger and resolves to the one that comes back; a view of memory is copied first. */
export async function send(ledger, envelope) {
  const response = await ledger.fetch("http://ledger/", { method: "POST", body: envelope.slice() });
  return new Uint8Array(await response.arrayBuffer());
}
