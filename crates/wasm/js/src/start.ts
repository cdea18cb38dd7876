// Starts a WebAssembly module at its first use, so that importing the package does nothing and cannot fail.

import { LicenseError } from "./error.js";
import { unpacked } from "./packed.js";

/** What wasm-bindgen wrote around a module. */
interface Glue {
  initSync(options: { module: BufferSource | WebAssembly.Module }): unknown;
}

/** Starts the module: given as text, or compiled in Workers. */
export function start(glue: Glue, wasm: string | WebAssembly.Module): void {
  const module = typeof wasm === "string" ? unpacked(wasm) : wasm;
  try {
    glue.initSync({ module });
  } catch (cause) {
    const message = "WebAssembly cannot be compiled here; a page's policy needs `script-src 'wasm-unsafe-eval'`";
    throw new LicenseError("WEBASSEMBLY_UNAVAILABLE", message, { cause });
  }
}
