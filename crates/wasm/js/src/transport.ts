// Requests: sends, waits so long and no longer, and returns what came. What that means is decided in the module.

import * as platform from "./platform.js";
import { unref } from "./timer.js";

/** A server's answer; status 0 if none came. */
export interface Answer {
  status: number;
  body: string;
  /** What the server asks to wait, in seconds. */
  retryAfter: number | undefined;
}

export interface Request {
  method: "GET" | "POST" | "PATCH";
  path: string;
  body?: string;
  signal: AbortSignal | undefined;
}

export const NO_ANSWER: Answer = { status: 0, body: "", retryAfter: undefined };

/** Returns a function that asks `host` and resolves to the answer. It rejects with the signal's reason alone. One that is patient keeps no process alive. */
export function transport(host: string, fetching: typeof fetch | undefined, timeout: number, now: () => number, isPatient = false) {
  return async ({ method, path, body, signal }: Request): Promise<Answer> => {
    signal?.throwIfAborted();
    const abort = new AbortController();
    const stop = () => abort.abort();
    const timer = setTimeout(stop, timeout);
    if (isPatient) unref(timer);
    signal?.addEventListener("abort", stop);
    // A `fetch` that heeds no signal is not waited for either.
    const stopped = new Promise<Answer>((resolve) => abort.signal.addEventListener("abort", () => resolve(NO_ANSWER)));
    const ask = async (): Promise<Answer> => {
      const headers = body === undefined ? {} : { "Content-Type": "application/json" };
      const ours = { ...platform.request, method, headers, signal: abort.signal };
      const response = await (fetching ?? fetch)(host + path, body === undefined ? ours : { ...ours, body });
      const status = Number.isInteger(response.status) ? Math.min(Math.max(response.status, 0), 999) : 0;
      return { status, body: String(await response.text()), retryAfter: retryAfter(response.headers, now) };
    };
    try {
      return await Promise.race([ask(), stopped]);
    } catch {
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
function retryAfter(headers: Headers | undefined, now: () => number): number | undefined {
  const text = headers?.get("Retry-After")?.trim() ?? "";
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now()) / 1000;
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, Number.MAX_SAFE_INTEGER) : undefined;
}
