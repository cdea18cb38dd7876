// Waits for news of the license for as long as there is an activation to wait for: at a socket, or with requests that the
// server holds where sockets are not to be had. What the news mean is decided in the module.

import { part } from "./jitter.js";
import * as platform from "./platform.js";
import { unref } from "./timer.js";
import type { Answer } from "./transport.js";

/** What is waited for: the path of the news, and what is known by now. */
export interface Followed {
  activation: string;
  version: number;
}

export interface Following {
  /** The server's address. */
  host: string;
  /** What is waited for now. */
  followed: () => Followed | undefined;
  /** A refusal says no more than that a sync will say what it is. */
  refused: () => void;
  /** Takes news. */
  heard: (news: string) => void;
  /** Asks, and waits longer for the answer than the server holds the request. */
  poll: (path: string, signal: AbortSignal) => Promise<Answer>;
}

/** The server holds a request for so many seconds. */
const HELD = 25;
/** How long to wait before the second try, in milliseconds; each further one waits twice as long, up to the longest wait. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;
/** Who is refused is so for long: for an hour at most, with chance. */
const REFUSED_WAIT = 2_400_000;
/** Whoever stands in between may ask for a longer wait, and news would be missed when he is gone. */
const LONGEST_ASKED = 600_000;
const TOO_MANY_REQUESTS = 429;
/** A crowd that has lost its sockets together comes back over this time. */
const COMEBACK = 10_000;
const HEARTBEAT = 40_000;
/** A heartbeat that is not answered by then says that the connection is gone. */
const SILENCE = 15_000;
/** So many requests are held before a socket is tried again where none was ever open: ten minutes. Else it is tried after one. */
const POLLS = 24;

export class Follower {
  readonly #following: Following;
  #activation: string | undefined;
  #ending: AbortController | undefined;

  constructor(following: Following) {
    this.#following = following;
  }

  /** Begins, goes on or ends, as there is an activation to wait for. */
  keep(): void {
    const activation = this.#following.followed()?.activation;
    if (activation === this.#activation) {
      return;
    }
    this.#ending?.abort("done"); // without a reason, one is made with a trace of the stack: for a crowd, too slow
    this.#activation = activation;
    if (activation !== undefined) {
      this.#ending = new AbortController();
      void this.#follow(activation, this.#ending.signal);
    }
  }

  async #follow(activation: string, signal: AbortSignal): Promise<void> {
    let failures = 0;
    let isRefused = false;
    let drops = 0;
    let patience = POLLS;
    let polls = platform.holdsSockets() ? 0 : Infinity;
    const known = () => this.#following.followed()?.version ?? 0;
    while (!signal.aborted) {
      const version = known();
      const path = `/v3/activations/${encodeURIComponent(activation)}/events?version=${version}`;
      if (polls === 0) {
        const opened = performance.now();
        const held = await this.#atSocket(path, signal);
        if (held) {
          patience = 1;
          failures = 0;
          isRefused = false;
          drops = performance.now() - opened < LONGEST_WAIT ? drops + 1 : 0;
          await wait(part() * Math.min(COMEBACK * 2 ** Math.max(drops - 1, 0), LONGEST_WAIT), signal);
        } else {
          polls = patience;
        }
        continue;
      }
      const begun = performance.now();
      const { status, body, retryAfter = 0 } = await this.#following.poll(`${path}&wait=${HELD}`, signal);
      if (signal.aborted) {
        return;
      }
      if (status === 200) {
        this.#following.heard(body);
      }
      polls -= 1;
      // News teach a later version, and their absence takes its time: all else is nobody's answer, whatever it says.
      if (status === 200 ? known() > version : status === 204 && performance.now() - begun > HELD * 500) {
        failures = 0;
        isRefused = false;
        continue;
      }
      failures += 1;
      const refuses = status >= 400 && status < 500;
      if (refuses && status !== TOO_MANY_REQUESTS && !isRefused) {
        isRefused = true;
        this.#following.refused();
      }
      const grown = Math.min(FIRST_WAIT * 2 ** failures, refuses ? REFUSED_WAIT : LONGEST_WAIT);
      const asked = Math.min(retryAfter * 1000, LONGEST_ASKED);
      await wait(Math.max(grown, asked) * (0.5 + part()), signal);
    }
  }

  /** Waits at a socket until it closes. Resolves to whether it ever opened. */
  #atSocket(path: string, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      let isOpen = false;
      let heartbeat: ReturnType<typeof setTimeout> | undefined;
      let socket: WebSocket;
      const end = () => {
        clearTimeout(heartbeat);
        signal.removeEventListener("abort", end);
        socket.close();
        resolve(isOpen);
      };
      const beat = (after: number, then: () => void) => {
        clearTimeout(heartbeat);
        heartbeat = setTimeout(then, after);
      };
      const calm = () => {
        isOpen = true;
        beat(HEARTBEAT, () => {
          socket.send("ping");
          beat(SILENCE, end);
        });
      };
      try {
        socket = new WebSocket(this.#following.host.replace(/^http/, "ws") + path);
      } catch {
        resolve(false);
        return;
      }
      socket.onopen = calm;
      socket.onmessage = ({ data }) => {
        calm();
        if (typeof data === "string" && data !== "pong" && !signal.aborted) {
          this.#following.heard(data);
        }
      };
      socket.onclose = end;
      socket.onerror = end;
      beat(SILENCE, end);
      signal.addEventListener("abort", end);
    });
  }
}

/** Waits without keeping a process alive, or until the signal says so. */
function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, signal.aborted ? 0 : milliseconds);
    unref(timer);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
