// Requests: sends, waits so long and no longer, and returns what came. What that means is decided in the module.

import * as platform from "./platform.js";
import { received } from "./response.js";
import { unref } from "./timer.js";

/** A server's answer; status 0 if none came. */
export interface Answer {
  status: number;
  body: string;
  /** What the server asks to wait, in seconds. */
  retryAfter: number | undefined;
  /** `Content-Digest`, `Signature-Input` and `Signature`, a line each. */
  signature: string;
}

export interface Request {
  method: "GET" | "POST" | "PATCH";
  path: string;
  body?: string;
  headers?: Record<string, string> | undefined;
  signal: AbortSignal | undefined;
}

export const NO_ANSWER: Answer = { status: 0, body: "", retryAfter: undefined, signature: "" };

/** Returns a function that asks `host` and resolves to the answer. It rejects with the signal's reason alone. One that is patient keeps no process alive. */
export function transport(host: string, fetching: typeof fetch | undefined, timeout: number, now: () => number, isPatient = false) {
  return async ({ method, path, body, headers: more, signal }: Request): Promise<Answer> => {
    signal?.throwIfAborted();
    const abort = new AbortController();
    const stop = () => abort.abort();
    const timer = setTimeout(stop, timeout);
    if (isPatient) unref(timer);
    signal?.addEventListener("abort", stop);
    // A `fetch` that heeds no signal is not waited for either.
    const stopped = new Promise<Answer>((resolve) => abort.signal.addEventListener("abort", () => resolve(NO_ANSWER)));
    const ask = async (): Promise<Answer> => {
      const its = body === undefined ? { headers: more } : { headers: { "Content-Type": "application/json", ...more }, body };
      const response = await (fetching ?? fetch)(host + path, { ...platform.request, method, signal: abort.signal, ...its } as RequestInit);
      const { header, ...answer } = await received(response);
      return { ...answer, retryAfter: retryAfter(header("Retry-After"), now) };
    };
    try {
      return await Promise.race([ask(), stopped]);
    } catch {
      stop();
      return NO_ANSWER;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      signal?.throwIfAborted();
    }
  };
}

export type Transport = ReturnType<typeof transport>;

/** Reads `Retry-After`: a number of seconds, or a date (RFC 9110 §10.2.3). */
function retryAfter(header: string, now: () => number): number | undefined {
  const text = header.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now()) / 1000;
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, Number.MAX_SAFE_INTEGER) : undefined;
}
