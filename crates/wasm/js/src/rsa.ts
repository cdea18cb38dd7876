// Opening RSA signatures: browsers and Workers have no verification that answers at once, and their own large numbers.

const EXPONENT_BITS = 16;

/** Returns `signature` to the power 65537, which is 2^16 + 1, modulo `modulus`; each has 256 bytes. */
export function rsavp1(modulus: Uint8Array, signature: Uint8Array): Uint8Array {
  const [divisor, base] = [numberOf(modulus), numberOf(signature)];
  let power = base;
  for (let bit = 0; bit < EXPONENT_BITS; bit += 1) power = (power * power) % divisor;
  return bytesOf((power * base) % divisor, modulus.length);
}

const WORD = 8;

function numberOf({ buffer, byteOffset, length }: Uint8Array): bigint {
  const words = new DataView(buffer, byteOffset, length);
  let number = 0n;
  for (let place = 0; place < length; place += WORD) number = (number << 64n) | words.getBigUint64(place);
  return number;
}

function bytesOf(number: bigint, length: number): Uint8Array {
  const words = new DataView(new ArrayBuffer(length));
  for (let place = length - WORD; place >= 0; place -= WORD) {
    words.setBigUint64(place, number); // its lowest 64 bits
    number >>= 64n;
  }
  return new Uint8Array(words.buffer);
}
