/** What a {@link LicentiaError} is about. */
export type LicentiaErrorCode =
  /** An option is missing or has a wrong type; the message names it. */
  | "INVALID_OPTION"
  /** The public key cannot be read, or is neither RSA of 2048 bits nor Ed25519. */
  | "INVALID_PUBLIC_KEY"
  /** Signed answers were asked for, and this version cannot check them. */
  | "SIGNED_ANSWERS_UNSUPPORTED"
  /** The page or the runtime does not let WebAssembly be compiled. */
  | "WEBASSEMBLY_UNAVAILABLE";

/** A fault of the program that calls. Verdicts on licenses are never thrown. */
export class LicentiaError extends Error {
  override readonly name = "LicentiaError";
  readonly code: LicentiaErrorCode;

  constructor(code: LicentiaErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
