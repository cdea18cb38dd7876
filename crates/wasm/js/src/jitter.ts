// Chance: it keeps applications that act together from going on together.

import * as platform from "./platform.js";

/** Any whole number of 32 bits. */
export function jitter(): number {
  const [number = 0] = new Uint32Array(platform.randomBytes(4).slice().buffer);
  return number;
}

/** Any number from 0 up to 1, which it is never. */
export function part(): number {
  return jitter() / 2 ** 32;
}
