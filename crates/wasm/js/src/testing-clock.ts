// A clock that stands still until a test moves it.

import { LicenseError } from "./error.js";

/** A clock to set: pass its `now` to `LicentiaClient.open`. */
export interface TestClock {
  /** Returns the time in milliseconds since 1970. */
  readonly now: () => number;
  /** Sets it, back as well as forward. */
  set(time: Date | string | number): void;
  /** Moves it on by so many seconds; by a negative number, back. */
  advance(seconds: number): void;
}

/** Returns a clock that stands at `start`: a date, its text, or milliseconds since 1970; without one, at the real time. */
export function testClock(start: Date | string | number = Date.now()): TestClock {
  let time = milliseconds(start);
  return {
    now: () => time,
    set(to) {
      time = milliseconds(to);
    },
    advance(seconds) {
      time = milliseconds(time + seconds * 1000);
    },
  };
}

function milliseconds(time: Date | string | number): number {
  const read = new Date(time).getTime();
  if (Number.isNaN(read)) {
    throw new LicenseError("INVALID_OPTION", "`time` must be a date, its text, or milliseconds since 1970");
  }
  return read;
}
