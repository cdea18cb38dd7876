import type { StatusName } from "./status-name.js";

/** What a {@link LicenseError} is about: the name of a status code, or a fault of the program that calls. */
export type LicenseErrorCode =
  | StatusName
  /** An option or an argument is missing or has a wrong type; the message names it. */
  | "INVALID_OPTION"
  /** The public key cannot be read, or is neither RSA of 2048 bits nor Ed25519. */
  | "INVALID_PUBLIC_KEY"
  /** The status list is none that the vendor has signed for this license, or older than one that was read before. */
  | "INVALID_STATUS_LIST"
  /** The page or the runtime does not let WebAssembly be compiled. */
  | "WEBASSEMBLY_UNAVAILABLE";

/** What every method of this package rejects with or throws, but for an abort: that is the signal's own reason. */
export class LicenseError extends Error {
  /** As it is shown, whatever a bundler calls the class. */
  static override readonly name: string = "LicenseError";
  override readonly name = "LicenseError";
  readonly code: LicenseErrorCode;
  /** The number of the status code; null where the program that calls is at fault. */
  readonly status: number | null;

  constructor(code: LicenseErrorCode, message: string, options: { cause?: unknown; status?: number } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.status = options.status ?? null;
  }

  /** Each entry has a copy of this class, and so has each module system: an error of one is one to all. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const isOurs = value instanceof Error && value.name === "LicenseError" && "code" in value;
    return this === LicenseError ? isOurs : isOurs && Function.prototype[Symbol.hasInstance].call(this, value);
  }
}
