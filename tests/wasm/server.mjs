// A license server of a few lines: signs tokens with the fixture key, and answers what a test tells it to.

import { createHash, createPrivateKey, sign } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const key = (name) => readFileSync(fileURLToPath(new URL(`../vectors/keys/${name}.pem`, import.meta.url)), "utf8");

export const publicKey = key("product.public");
const privateKey = createPrivateKey(key("product.private"));
const base64url = (text) => Buffer.from(text).toString("base64url");

export const productId = "63dfd63e-6a54-4a5b-9c43-0b6d4a7d2b11";
export const licenseKey = "0A2035-E8A2A3-4D31B7-8FF9C6-81A6CA-539E54";

export function token(claims) {
  const input = `${base64url('{"alg":"RS256","typ":"JWT"}')}.${base64url(JSON.stringify(claims))}`;
  return `${input}.${sign("sha256", Buffer.from(input), privateKey).toString("base64url")}`;
}

let issued = 0;
let version = 0;

/** The claims that answer a request: each later than those before, as a license's that changes once a second at most. */
export function claimsFor(body, changes = {}) {
  const now = Math.floor(Date.now() / 1000);
  issued = Math.max(now, issued + 1);
  version += 1;
  const aid = createHash("sha256").update(body.fingerprint).digest("hex").slice(0, 32);
  return {
    aid, lid: "5d1a2b3c-0000-4000-8000-000000000001", pid: productId, key: body.key, fp: body.fingerprint, os: body.os,
    iat: issued, eat: 0, leat: 0, ssgpeat: now + 3600, ssi: 3600, aco: 3600, suspended: false, type: "node-locked",
    lmd: [{ key: "Plan", value: "pro" }], epoch: 0, ver: version, ...changes,
  };
}

export const refusal = (status, code) => ({ status, body: JSON.stringify({ message: "no", code }) });

/** Starts a server; `answer` is called with each request and may be replaced. */
export async function serve() {
  const requests = [];
  const server = { requests, answer: undefined };
  server.grant = (changes) => (request) => ({
    status: request.method === "POST" ? 201 : 200,
    body: JSON.stringify({ activationToken: token(claimsFor(request.body, changes)) }),
  });
  server.answer = server.grant();
  const http = createServer(async (incoming, outgoing) => {
    let text = "";
    for await (const chunk of incoming) text += chunk;
    const request = { method: incoming.method, path: incoming.url, headers: incoming.headers, body: text === "" ? undefined : JSON.parse(text) };
    requests.push(request);
    const reply = await server.answer(request);
    if (reply === "hang") return;
    if (reply === "drop") return void incoming.socket.destroy();
    outgoing.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
    outgoing.end(reply.body ?? "");
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  server.host = `http://127.0.0.1:${http.address().port}`;
  server.close = () => {
    http.closeAllConnections();
    http.close();
  };
  return server;
}
