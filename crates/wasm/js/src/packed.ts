// How a WebAssembly module lies in JavaScript: as text, since it must be there without a request and without waiting.
//
// base64 would hide the module's repetitions from gzip and cost a third more on the wire. Here the most frequent bytes are
// one character each and all others two, so that a repetition stays one. No character needs an escape in a JavaScript
// string or ends a script in a page.

const DIGITS = " !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";
/** The last two digits begin a pair. */
const SINGLES = DIGITS.length - 2;

/** Returns the text of a module: which bytes are one digit, then the bytes. Used by the build alone. */
export function packed(bytes: Uint8Array): string {
  const counts = new Array<number>(256).fill(0);
  for (const byte of bytes) counts[byte]! += 1;
  const byFrequency = Array.from(counts.keys()).sort((a, b) => counts[b]! - counts[a]!);
  const single = byFrequency.slice(0, SINGLES);
  const order = inOrder(single);
  const digits = new Array<string>(256);
  order.forEach((byte, place) => {
    const pair = Math.floor(place / SINGLES);
    digits[byte] = (pair === 0 ? "" : DIGITS[SINGLES + pair - 1]!) + DIGITS[place % SINGLES]!;
  });
  return single.map((byte) => byte.toString(16).padStart(2, "0")).join("") + Array.from(bytes, (byte) => digits[byte]).join("");
}

/**
 * Returns the bytes of a module. They are written over the text's own, behind what is read: a first run is all that there is,
 * before anything is optimized, so a step for each character does as little as can be.
 */
export function unpacked(text: string): Uint8Array<ArrayBuffer> {
  const head = 2 * SINGLES;
  const order = inOrder(Array.from({ length: SINGLES }, (_, place) => parseInt(text.slice(2 * place, 2 * place + 2), 16)));
  /** The byte of a character, or where the bytes after it begin in `seconds`, past 255. */
  const firsts = new Uint16Array(128);
  const seconds = new Uint8Array(256 + 2 * 128);
  for (let place = 0; place < SINGLES; place += 1) {
    const code = DIGITS.charCodeAt(place);
    firsts[code] = order[place]!;
    seconds[256 + code] = order[SINGLES + place]!;
    seconds[384 + code] = order[2 * SINGLES + place]!;
  }
  firsts[DIGITS.charCodeAt(SINGLES)] = 256;
  firsts[DIGITS.charCodeAt(SINGLES + 1)] = 384;
  const bytes = new TextEncoder().encode(text);
  const end = bytes.length;
  let length = 0;
  for (let at = head; at < end; ) {
    const first = firsts[bytes[at++]!]!;
    bytes[length++] = first < 256 ? first : seconds[first + bytes[at++]!]!;
  }
  return bytes.subarray(0, length);
}

/** All bytes: those of one digit, then the others. */
function inOrder(single: number[]): Uint8Array {
  const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !single.includes(byte));
  return Uint8Array.from([...single, ...others]);
}
