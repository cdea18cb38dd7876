/** A field of the vendor's or the client's own. */
export interface Entry {
  key: string;
  value: string;
}

/** A meter of a license. */
export interface Meter {
  name: string;
  /** How many uses are allowed; below 0 for any number. */
  allowedUses: number;
  /** How many uses stand now. */
  totalUses: number;
  /** How many uses there ever were. */
  grossUses: number;
}

/**
 * What an activation token says. Times are seconds since 1970, where 0 stands for "never" or "none";
 * durations are seconds. Claims of later servers are there, too.
 */
export interface Claims {
  /** The activation's id. */
  aid: string;
  /** The license's id. */
  lid: string;
  /** The product's id. */
  pid: string;
  /** The license key. */
  key: string;
  /** The fingerprint, as it was sent. */
  fp: string;
  /** When the token was issued. */
  iat: number;
  /** When the license expires. */
  eat: number;
  /** When the lease ends. */
  leat?: number;
  /** When the grace period for failed syncs ends. */
  ssgpeat: number;
  /** How often the client syncs; 0 for not at all. */
  ssi: number;
  /** How far the client's clock may run behind; -1 for any distance. */
  aco: number;
  /** Whether the license is suspended. */
  suspended: boolean;
  /** The license's type. */
  type?: string;
  /** The license user. */
  name?: string;
  email?: string;
  company?: string;
  /** Metadata of product, license, user and activation. */
  pmd?: Entry[];
  lmd?: Entry[];
  umd?: Entry[];
  amd?: Entry[];
  /** The license's meters, and this activation's uses of them. */
  lma?: Meter[];
  ama?: { name: string; uses: number }[];
  /** When the license was created and first activated, and when the activation was created. */
  lcat?: number;
  laat?: number;
  acat?: number;
  /** Seats: how many there are (0 and -1 for any number), and how many are taken. */
  allowedActivations?: number;
  totalActivations?: number;
  /** Deactivations by clients: how many there may be (-1 for any number), and how many there were. */
  allowedDeactivations?: number;
  totalDeactivations?: number;
  /** How the activation was made, and how this token came. */
  initialMode?: "online" | "offline";
  currentMode?: "online" | "offline";
  /** When maintenance ends, and the last release that the license covers. */
  maintenanceExpiresAt?: number;
  maxAllowedReleaseVersion?: string;
  [claim: string]: unknown;
}
