import { engine } from "./engine.js";
import type { StatusName } from "./status-name.js";

/** A verdict: the status code's number, its name, and a sentence for the application's user. */
export interface Status {
  /** 0 if the license is valid. */
  readonly code: number;
  /** Such as `LA_OK` or `LA_E_REVOKED`. */
  readonly name: StatusName;
  /** A plain English sentence. */
  readonly message: string;
}

const known = new Map<number, Status | null>();

/** Returns the status code with this number, or null if there is none. */
export function statusCode(code: number): Status | null {
  if (!Number.isInteger(code) || code < 0 || code > 255) {
    return null;
  }
  let status = known.get(code);
  if (status === undefined) {
    const name = engine().statusName(code) as StatusName | undefined;
    const message = engine().statusMeaning(code) ?? "";
    status = name === undefined ? null : Object.freeze({ code, name, message });
    known.set(code, status);
  }
  return status;
}

/** Returns a status that the module has named. */
export function status(code: number): Status {
  return statusCode(code) as Status;
}
