// RS256 by the host itself. The build puts rs256.node.ts in this file's place where Node runs.

/** Returns nothing: what answers at once and verifies, browsers and Workers do not have. The module verifies by itself. */
export function rs256(_spki: Uint8Array, _message: Uint8Array, _signature: Uint8Array): boolean | undefined {
  return undefined;
}
