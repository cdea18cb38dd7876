// A stand-in for `fetch` that plays a license server through a script.

import { LicenseError } from "./error.js";
import { object } from "./options.js";
import { answerAbout, requireState, TEST_LICENSE_KEY, type LicenseState, type TestLicense, type TestResponse } from "./testing-answer.js";
import type { TestClock } from "./testing-clock.js";
import type { TestProduct } from "./testing-product.js";

export interface TestServerOptions {
  product: TestProduct;
  /** The key of the one license that it has; without one, `TEST-LICENSE-KEY`. */
  licenseKey?: string | undefined;
  /** That license, by the fields of `POST /v3/licenses`. */
  license?: TestLicense | undefined;
  /** Its owner, by the fields of `POST /v3/users`. */
  owner?: Record<string, unknown> | undefined;
  /** Its clock; without one, the real time. */
  clock?: Pick<TestClock, "now"> | undefined;
}

/**
 * An answer of a script: a state of the license; `network-failure`, where none comes; `portal`, which is the page of a
 * hotel's network; or a response of the test's own.
 */
export type ScriptedAnswer = LicenseState | "network-failure" | "portal" | { status: number; body?: string; headers?: Record<string, string> };

/** A request that the server has had. */
export interface TestRequest {
  readonly method: string;
  readonly path: string;
  /** The body, read; null if there was none. */
  readonly body: Record<string, unknown> | null;
}

/** A server to pass to a client: `host` and `fetch` are the options of the same names. */
export interface TestServer {
  readonly host: string;
  readonly licenseKey: string;
  readonly fetch: typeof fetch;
  /** The requests so far. */
  readonly requests: readonly TestRequest[];
  /** Says how the next activations, syncs and deactivations are answered, one after the other; after the last, that one stays. */
  answers(...script: ScriptedAnswer[]): void;
}

const HOST = "https://licenses.test";
const PORTAL = { status: 200, headers: { "Content-Type": "text/html" }, body: "<!doctype html><title>Welcome</title>Please log in." };
const EMPTY = 204;
const REFUSED = 400;
const UNKNOWN = 404;

/** Returns a server with one license, which answers `ok` until it is told otherwise. */
export function testServer(options: TestServerOptions): TestServer {
  return new Server(options);
}

class Server implements TestServer {
  readonly host = HOST;
  readonly licenseKey: string;
  readonly requests: TestRequest[] = [];
  readonly #options: TestServerOptions;
  readonly #activations = new Map<string, string>();
  #script: ScriptedAnswer[] = ["ok"];

  constructor(options: TestServerOptions) {
    this.#options = object(options, "options") as TestServerOptions;
    object(options.product, "product");
    this.licenseKey = options.licenseKey ?? TEST_LICENSE_KEY;
    this.answers("ok");
  }

  answers(...script: ScriptedAnswer[]): void {
    if (script.length === 0) {
      throw new LicenseError("INVALID_OPTION", "`answers` must have at least one answer");
    }
    script.forEach((answer) => this.#requireAnswer(answer));
    this.#script = script;
  }

  #requireAnswer(answer: ScriptedAnswer): void {
    if (typeof answer !== "string") {
      const { status } = object(answer, "answers") as { status: unknown };
      if (!Number.isInteger(status)) {
        throw new LicenseError("INVALID_OPTION", "`answers` must have a whole `status`");
      }
    } else if (answer !== "network-failure" && answer !== "portal") {
      const { licenseKey } = this;
      requireState(answer, { ...this.#options, licenseKey, fingerprint: "any", now: undefined });
    }
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input instanceof Request ? input : String(input), init);
    request.signal.throwIfAborted();
    const { pathname } = new URL(request.url);
    const text = await request.text();
    const body = text === "" ? null : (JSON.parse(text) as Record<string, unknown>);
    this.requests.push({ method: request.method, path: pathname, body });
    const { status, headers, body: answer } = await this.#answer(request.method, pathname, body ?? {});
    return new Response(status === EMPTY ? null : answer, { status, headers });
  };

  async #answer(method: string, path: string, body: Record<string, unknown>): Promise<TestResponse> {
    const { product } = this.#options;
    if (method === "GET" && path === `/v3/products/${product.productId}/keys`) {
      return { status: 200, headers: { "Content-Type": "application/json" }, body: JSON.stringify(product.publicKey) };
    }
    const [, id, deactivates] = /^\/v3\/activations(?:\/([^/]+)(\/deactivate)?)?$/.exec(path) ?? [];
    if (method === "GET" || !path.startsWith("/v3/activations")) {
      return this.#decided("ROUTE_NOT_FOUND", body);
    }
    const scripted = this.#next();
    if (scripted === "network-failure") {
      throw new TypeError("fetch failed");
    }
    if (scripted === "portal") {
      return PORTAL;
    }
    if (typeof scripted === "object") {
      return { headers: {}, body: "", ...scripted };
    }
    if (deactivates && scripted === "ok") {
      this.#forget(id, body);
      return { status: EMPTY, headers: {}, body: "" };
    }
    const answer = await this.#decided(scripted, body, id);
    if (answer.status === REFUSED || answer.status === UNKNOWN) {
      this.#forget(id, body);
    }
    return answer;
  }

  /** What has ended, or may have, comes back as another activation: clients take nothing of that second for news. */
  #forget(id: string | undefined, { fingerprint }: Record<string, unknown>): void {
    for (const [known, held] of this.#activations) {
      if (held === id || known === fingerprint) {
        this.#activations.delete(known);
      }
    }
  }

  /** The next answer of the script, whose last one stays. */
  #next(): ScriptedAnswer {
    const [first = "ok", ...rest] = this.#script;
    if (rest.length > 0) {
      this.#script = rest;
    }
    return first;
  }

  #decided(state: LicenseState, { key, productId: _product, fingerprint: sent, ...request }: Record<string, unknown>, id?: string) {
    const { product, license, owner, clock } = this.#options;
    const { licenseKey } = this;
    const fingerprint = String(sent ?? "");
    const isOurs = key === undefined || key === licenseKey;
    const options = { product, licenseKey, license, owner, fingerprint, now: clock && clock.now() / 1000, request };
    return answerAbout(this.#activation(id, fingerprint, state), isOurs ? state : "INVALID_LICENSE_KEY", options);
  }

  /** A machine that activates again gets the activation that it has. */
  #activation(id: string | undefined, fingerprint: string, state: LicenseState): { id: string; isHeld: boolean } {
    const held = id ?? this.#activations.get(fingerprint);
    if (held === undefined && state === "ok") {
      this.#activations.set(fingerprint, globalThis.crypto.randomUUID());
    }
    const isHeld = held !== undefined && (id !== undefined || state !== "limit");
    return { id: held ?? this.#activations.get(fingerprint) ?? globalThis.crypto.randomUUID(), isHeld };
  }
}
