// Starts a WebAssembly module at its first use, so that importing the package does nothing and cannot fail.

import { LicenseError } from "./error.js";
import { unpacked } from "./packed.js";

/** How wasm-bindgen's JavaScript starts its module. */
type Initialize = (options: { module: BufferSource | WebAssembly.Module }) => unknown;

/** Starts a module: given as text, or compiled in Workers. */
export function start(initialize: Initialize, wasm: string | WebAssembly.Module): void {
  const module = typeof wasm === "string" ? unpacked(wasm) : wasm;
  try {
    initialize({ module });
  } catch (cause) {
    const message = "WebAssembly cannot be compiled here; a page's policy needs `script-src 'wasm-unsafe-eval'`";
    throw new LicenseError("WEBASSEMBLY_UNAVAILABLE", message, { cause });
  }
}
