// A product with a throw-away key: made by the platform's own cryptography, and gone with the process.

import type { Entry } from "./claims.js";
import { LicenseError } from "./error.js";
import type { JwkSet, ProductFile } from "./options.js";

export interface TestProductOptions {
  /** How its key signs; `RS256` without, as a server's products. */
  algorithm?: "RS256" | "EdDSA" | undefined;
  /** Its id; without one, a random one. */
  productId?: string | undefined;
  /** Its metadata, as applications see it. */
  metadata?: Entry[] | undefined;
}

/** A product that nobody sells. */
export interface TestProduct {
  readonly productId: string;
  readonly algorithm: "RS256" | "EdDSA";
  readonly kid: string;
  readonly metadata: Entry[];
  /** Its public key, as `GET /v3/products/{id}/keys` answers. */
  readonly publicKey: JwkSet;
  /** Returns its `product.dat`, with the address of a server. */
  file(host: string): ProductFile;
  /** Signs the first two parts of a token; returns the whole. */
  sign(signingInput: string): Promise<string>;
}

const ALGORITHMS = {
  RS256: { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
} as const;

/** Makes a product with a new key. An RSA key takes the platform some tenths of a second. */
export async function testProduct({ algorithm = "RS256", productId, metadata = [] }: TestProductOptions = {}): Promise<TestProduct> {
  const parameters = ALGORITHMS[algorithm];
  if (parameters === undefined) {
    throw new LicenseError("INVALID_OPTION", '`algorithm` must be "RS256" or "EdDSA"');
  }
  const { crypto } = globalThis;
  const pair = (await crypto.subtle.generateKey(parameters, true, ["sign", "verify"])) as CryptoKeyPair;
  const kid = `test-${crypto.randomUUID()}`;
  const { key_ops: _uses, ext: _exportable, ...jwk } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const publicKey = { keys: [{ ...jwk, kty: String(jwk.kty), kid, alg: algorithm, use: "sig" }] };
  const id = productId ?? crypto.randomUUID();
  return {
    productId: id,
    algorithm,
    kid,
    metadata,
    publicKey,
    file: (host) => ({ productId: id, host, ...publicKey }),
    async sign(signingInput) {
      const signature = await crypto.subtle.sign(parameters, pair.privateKey, new TextEncoder().encode(signingInput));
      return `${signingInput}.${base64url(new Uint8Array(signature))}`;
    },
  };
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
