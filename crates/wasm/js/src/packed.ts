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

/** Returns the bytes of a module. */
export function unpacked(text: string): Uint8Array<ArrayBuffer> {
  const head = 2 * SINGLES;
  const order = inOrder(Array.from({ length: SINGLES }, (_, place) => parseInt(text.slice(2 * place, 2 * place + 2), 16)));
  const places = new Uint8Array(128);
  for (let place = 0; place < DIGITS.length; place += 1) places[DIGITS.charCodeAt(place)] = place;
  const bytes = new Uint8Array(text.length - head);
  let length = 0;
  for (let at = head; at < text.length; at += 1) {
    let place = places[text.charCodeAt(at)]!;
    if (place >= SINGLES) {
      at += 1;
      place = (place - SINGLES + 1) * SINGLES + places[text.charCodeAt(at)]!;
    }
    bytes[length] = order[place]!;
    length += 1;
  }
  return bytes.subarray(0, length);
}

/** All bytes: those of one digit, then the others. */
function inOrder(single: number[]): Uint8Array {
  const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !single.includes(byte));
  return Uint8Array.from([...single, ...others]);
}
