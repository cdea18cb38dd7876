// KV as workerd's binding speaks it, kept in memory, with the faults that Cloudflare's may have, on command.
//
// workerd sends `GET|PUT|DELETE /<key>?urlencoded=true&…` and `GET /?prefix=…` to whatever service is bound.
import { createServer } from "node:http";
import { once } from "node:events";

export class Kv {
  /** What lies in KV: key → text. */
  values = new Map();
  /** Every operation that came, in order: `{ method, key, value }`. */
  operations = [];
  /** "pass", "fail", or "hang": held puts wait in `held`. Or a function that says which, of an operation. */
  puts = "pass";
  /** "pass", "fail", "hang", or "stale": answered from what lay there when `reads` became "stale". */
  reads = "pass";
  /** Milliseconds that every operation takes longer. */
  lag = 0;
  /** Puts that hang: `held[0].land()` stores and answers, `held[0].lose()` cuts the connection. */
  held = [];
  #snapshot = new Map();
  #watchers = new Set();
  #server = createServer((request, response) => {
    this.#serve(request, response).catch((error) => response.destroy(error));
  });

  async listen() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this.#server.address().port;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Serves reads from what lies there now, whatever is put later. */
  freeze() {
    this.#snapshot = new Map(this.values);
    this.reads = "stale";
  }

  /** Ends every fault; what hangs still hangs. */
  heal() {
    this.puts = "pass";
    this.reads = "pass";
    this.lag = 0;
  }

  json(key) {
    const text = this.values.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  putsOf(key) {
    return this.operations.filter((operation) => operation.method === "PUT" && operation.key === key);
  }

  /** Resolves when `holds(this)` does, which is looked at after each operation; fails after `limit` milliseconds. */
  until(holds, { limit = 20_000, what = holds.toString() } = {}) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`waited ${limit} ms for KV: ${what}`));
      }, limit);
      const look = () => {
        if (!holds(this)) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  async #serve(request, response) {
    const url = new URL(request.url, "http://kv");
    const name = url.pathname.slice(1);
    const key = url.searchParams.get("urlencoded") === "true" ? decodeURIComponent(name) : name;
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const operation = { method: request.method, key, value: Buffer.concat(chunks).toString() };
    this.operations.push(operation);
    if (this.lag > 0) await new Promise((resolve) => setTimeout(resolve, this.lag));
    const answer = (status, body) => {
      response.writeHead(status).end(body);
      for (const look of [...this.#watchers]) look();
    };
    this.#act(operation, url, response, answer);
    for (const look of [...this.#watchers]) look();
  }

  #act(operation, url, response, answer) {
    const { method, key, value } = operation;
    const puts = typeof this.puts === "function" ? this.puts(operation) : this.puts;
    const mode = method === "GET" ? this.reads : puts;
    if (mode === "fail") return answer(500, "told to fail");
    if (method === "PUT") {
      const land = () => {
        this.values.set(key, value);
        answer(200);
      };
      if (mode !== "hang") return land();
      return this.held.push({ key, value, land, lose: () => response.destroy() });
    }
    if (mode === "hang") return undefined;
    if (method === "DELETE") return answer(this.values.delete(key) ? 200 : 404);
    const values = mode === "stale" ? this.#snapshot : this.values;
    if (key === "") return answer(200, JSON.stringify(list(values, url.searchParams)));
    return values.has(key) ? answer(200, values.get(key)) : answer(404);
  }
}

function list(values, parameters) {
  const prefix = parameters.get("prefix") ?? "";
  const names = [...values.keys()].filter((name) => name.startsWith(prefix)).sort();
  return { keys: names.map((name) => ({ name })), list_complete: true };
}
