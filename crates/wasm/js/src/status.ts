import { engine } from "./engine.js";

/** A verdict: the status code's number, its name, and a sentence for the application's user. */
export interface Status {
  /** 0 if the license is valid. */
  readonly code: number;
  /** Such as `LA_OK` or `LA_E_REVOKED`. */
  readonly name: string;
  /** A plain English sentence. */
  readonly message: string;
}

/** Returns the status code with this number, or null if there is none. */
export function statusCode(code: number): Status | null {
  return Number.isInteger(code) && code >= 0 && code <= 255 ? engine().status(code) : null;
}
