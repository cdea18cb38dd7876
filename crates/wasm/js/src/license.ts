// What a license says, read from the claims of the activation that stands.

import type { Claims, Entry, Meter } from "./claims.js";

/** The license's user. */
export interface LicenseUser {
  readonly name: string;
  readonly email: string;
  readonly company: string;
}

/** What the license of a client says. Where nothing stands, there is null for everything. */
export abstract class License {
  /** Returns the claims of the activation that stands, or null. */
  abstract claims(): Claims | null;

  licenseId(): string | null {
    return this.claims()?.lid ?? null;
  }

  /** `node-locked`, `hosted-floating` or `on-premise-floating`. */
  licenseType(): string | null {
    return this.claims()?.type ?? null;
  }

  licenseCreatedAt(): Date | null {
    return date(this.claims()?.lcat);
  }

  /** Returns when the license was first activated. */
  licenseActivatedAt(): Date | null {
    return date(this.claims()?.laat);
  }

  /** Returns when the license expires: null if it never does, or nothing stands. */
  licenseExpiresAt(): Date | null {
    return date(this.claims()?.eat);
  }

  /** Returns when maintenance ends: releases that were published later are not covered. */
  maintenanceExpiresAt(): Date | null {
    return date(this.claims()?.maintenanceExpiresAt);
  }

  /** Returns the last release that the license covers. */
  maxAllowedReleaseVersion(): string | null {
    return this.claims()?.maxAllowedReleaseVersion || null;
  }

  /** Returns how many seats there are; 0 and -1 for any number. */
  allowedActivations(): number | null {
    return this.claims()?.allowedActivations ?? null;
  }

  /** Returns how many seats are taken. */
  totalActivations(): number | null {
    return this.claims()?.totalActivations ?? null;
  }

  /** Returns how often clients may deactivate; -1 for any number. */
  allowedDeactivations(): number | null {
    return this.claims()?.allowedDeactivations ?? null;
  }

  /** Returns how often clients have deactivated. */
  totalDeactivations(): number | null {
    return this.claims()?.totalDeactivations ?? null;
  }

  /** Returns a field of the product's metadata. Names are compared without regard to case, here and below. */
  productMetadata(key: string): string | null {
    return field(this.claims()?.pmd, key);
  }

  licenseMetadata(key: string): string | null {
    return field(this.claims()?.lmd, key);
  }

  licenseUserMetadata(key: string): string | null {
    return field(this.claims()?.umd, key);
  }

  activationMetadata(key: string): string | null {
    return field(this.claims()?.amd, key);
  }

  /** Returns the license's user; its texts are empty where the license has none. */
  licenseUser(): LicenseUser | null {
    const claims = this.claims();
    return claims && { name: claims.name ?? "", email: claims.email ?? "", company: claims.company ?? "" };
  }

  /** Returns a meter of the license, with what all its activations have counted. */
  licenseMeter(name: string): Meter | null {
    return named(this.claims()?.lma, name) ?? null;
  }

  /** Returns what this activation has counted of a meter. */
  meterUses(name: string): number | null {
    return named(this.claims()?.ama, name)?.uses ?? null;
  }

  activationId(): string | null {
    return this.claims()?.aid ?? null;
  }

  activationCreatedAt(): Date | null {
    return date(this.claims()?.acat);
  }

  /** Returns when the server last said how things stand. */
  activationSyncedAt(): Date | null {
    return date(this.claims()?.iat);
  }

  /** Returns how the activation was made, and how it came by what it knows now. */
  activationMode(): { initial: "online" | "offline"; current: "online" | "offline" } | null {
    const { initialMode, currentMode } = this.claims() ?? {};
    return initialMode && currentMode ? { initial: initialMode, current: currentMode } : null;
  }

  /** Returns when the activation's lease ends unless it is renewed. */
  leaseExpiresAt(): Date | null {
    return date(this.claims()?.leat);
  }

  /** Returns until when the license is good without a further sync: null if it is for ever. */
  gracePeriodExpiresAt(): Date | null {
    const claims = this.claims();
    return claims && claims.ssi > 0 ? date(claims.ssgpeat) : null;
  }
}

/** Zero stands for "never" and "none". */
function date(seconds: number | undefined): Date | null {
  return seconds ? new Date(seconds * 1000) : null;
}

function field(entries: Entry[] | undefined, key: string): string | null {
  const name = String(key).toLowerCase();
  return entries?.find((entry) => entry.key.toLowerCase() === name)?.value ?? null;
}

function named<T extends { name: string }>(list: T[] | undefined, name: string): T | undefined {
  const wanted = String(name).toLowerCase();
  return list?.find((entry) => entry.name.toLowerCase() === wanted);
}
