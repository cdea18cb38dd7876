// The names, codes and exceptions of the wrapper that existing Node applications use, over the client.
//
// What a verdict is, a function returns; for everything else it throws. Functions that reach the network return promises:
// that is the one difference to the wrapper, whose functions block.

import type { Claims } from "./claims.js";
import type { CallOptions, LicentiaClient } from "./client.js";
import { LexActivatorException, LexStatusCodes } from "./lexactivator-codes.js";
import { Setup } from "./lexactivator-setup.js";
import * as platform from "./platform.js";
import type { Status } from "./status.js";

export { LexActivatorException, LexStatusCodes, PermissionFlags } from "./lexactivator-codes.js";

/** A meter of the license, with what all activations have counted. */
export class LicenseMeterAttribute {
  constructor(
    readonly name: string,
    /** -1 for any number. */
    readonly allowedUses: number,
    readonly totalUses: number,
    readonly grossUses: number,
  ) {}
}

/** How an activation was made, and how it came by what it knows now: `online` or `offline`. */
export class ActivationMode {
  constructor(
    readonly initialMode: string,
    readonly currentMode: string,
  ) {}
}

const {
  LA_OK, LA_FAIL, LA_E_FILE_PATH, LA_E_FILE_PERMISSION, LA_E_TIME, LA_E_TIME_MODIFIED, LA_E_PRODUCT_ID, LA_E_METADATA_KEY_NOT_FOUND, LA_E_METER_ATTRIBUTE_NOT_FOUND,
} = LexStatusCodes;

const setup = new Setup();
/** Meters by name. */
const offlineUses: Record<string, number> = {};

/** The license of this application on this device, as static functions over one client. */
export class LexActivator {
  /** Reads a product's `product.dat`. Node alone has files: elsewhere, pass its text to {@link SetProductData}. */
  static SetProductFile(filePath: string): void {
    setup.productFile(filePath);
  }

  /** Takes the text of a product's `product.dat`. */
  static SetProductData(productData: string): void {
    setup.productData(productData);
  }

  /** Names the product, which the data must be of, and says where activations are kept: one of `PermissionFlags`. */
  static SetProductId(productId: string, flags: number): void {
    setup.productId(productId, flags);
  }

  /** In Node: keeps activations in this directory. */
  static SetDataDirectory(directoryPath: string): void {
    setup.directory(directoryPath);
  }

  /** Names the server, in place of that in the data. */
  static SetCryptlexHost(host: string): void {
    setup.host(host);
  }

  static SetCustomDeviceFingerprint(fingerprint: string): void {
    setup.fingerprint(fingerprint);
  }

  static SetAppVersion(appVersion: string): void {
    setup.appVersion(appVersion);
  }

  static SetReleaseVersion(releaseVersion: string): void {
    setup.releaseVersion(releaseVersion);
  }

  /** Says when the release was published, in seconds since 1970. */
  static SetReleasePublishedDate(releasePublishedDate: number): void {
    setup.releasePublishedAt(releasePublishedDate);
  }

  static SetLicenseKey(licenseKey: string): void {
    setup.licenseKey(licenseKey);
  }

  /** Sets what is called with the code of each sync, and of news that come between two. */
  static SetLicenseCallback(callback: (status: number) => void): void {
    setup.callback(callback);
  }

  /** Asks for a lease of so many seconds, where the license lets clients ask. */
  static SetActivationLeaseDuration(leaseDuration: number): void {
    setup.leaseDuration(leaseDuration);
  }

  static SetActivationMetadata(key: string, value: string): void {
    setup.metadata(key, value);
  }

  /** Returns the library's version. */
  static GetLibraryVersion(): string {
    return __VERSION__;
  }

  static ActivateLicense(options?: CallOptions): Promise<number> {
    return verdict(() => client().activate(undefined, options));
  }

  static SyncLicenseActivation(options?: CallOptions): Promise<number> {
    return verdict(() => client().sync(options));
  }

  static DeactivateLicense(options?: CallOptions): Promise<number> {
    return verdict(() => client().deactivate(options));
  }

  /** Decides from what is stored; the first call starts background syncs, which tell the callback. */
  static IsLicenseGenuine(): number {
    return local(client().isGenuine());
  }

  static IsLicenseValid(): number {
    return local(client().isValid());
  }

  static IncrementActivationMeterAttributeUses(name: string, increment: number, options?: CallOptions): Promise<void> {
    return counted(() => client().incrementMeter(name, increment, options));
  }

  static DecrementActivationMeterAttributeUses(name: string, decrement: number, options?: CallOptions): Promise<void> {
    return counted(() => client().decrementMeter(name, decrement, options));
  }

  static ResetActivationMeterAttributeUses(name: string, options?: CallOptions): Promise<void> {
    return counted(() => client().resetMeter(name, options));
  }

  /** Says what this activation has counted of a meter, for the next offline request. */
  static SetOfflineActivationRequestMeterAttributeUses(name: string, uses: number): void {
    client();
    if (typeof name !== "string" || !Number.isInteger(uses) || uses < 0) {
      fail(LA_FAIL);
    }
    offlineUses[name] = uses;
  }

  /** Writes the request that the vendor turns into a response for this device. Node alone has files. */
  static GenerateOfflineActivationRequest(filePath: string): void {
    write(filePath, attempt(() => client().offlineActivationRequest(offlineUses)));
  }

  /** Activates this device by a response in a file. */
  static ActivateLicenseOffline(filePath: string): number {
    const response = read(filePath);
    return local(attempt(() => client().activateOffline(response)));
  }

  /** Gives the activation up at once, and writes the proof of that for the vendor. */
  static GenerateOfflineDeactivationRequest(filePath: string): number {
    write(filePath, ""); // what cannot be written must not give the activation up
    write(filePath, attempt(() => client().offlineDeactivationRequest()));
    return LA_OK;
  }

  /** Forgets the license on this device without telling the server. A local trial stays. */
  static Reset(): void {
    setup.reset();
  }

  /** Returns the code that made the activation go; 0 if none did since the last success. */
  static GetLastActivationError(): number {
    return client().lastActivationError().code;
  }

  static GetLicenseKey(): string {
    return client().licenseKey() ?? fail(LA_FAIL);
  }

  static GetLicenseType(): string {
    return standing().type ?? "";
  }

  static GetLicenseUserEmail(): string {
    return standing().email ?? "";
  }

  static GetLicenseUserName(): string {
    return standing().name ?? "";
  }

  static GetLicenseUserCompany(): string {
    return standing().company ?? "";
  }

  static GetLicenseMaxAllowedReleaseVersion(): string {
    return standing().maxAllowedReleaseVersion ?? "";
  }

  static GetActivationId(): string {
    return standing().aid;
  }

  static GetActivationMode(): ActivationMode {
    const { initialMode = "", currentMode = "" } = standing();
    return new ActivationMode(initialMode, currentMode);
  }

  static GetProductMetadata(key: string): string {
    return standing() && (client().productMetadata(key) ?? fail(LA_E_METADATA_KEY_NOT_FOUND));
  }

  static GetLicenseMetadata(key: string): string {
    return standing() && (client().licenseMetadata(key) ?? fail(LA_E_METADATA_KEY_NOT_FOUND));
  }

  static GetLicenseUserMetadata(key: string): string {
    return standing() && (client().licenseUserMetadata(key) ?? fail(LA_E_METADATA_KEY_NOT_FOUND));
  }

  static GetActivationMetadata(key: string): string {
    return standing() && (client().activationMetadata(key) ?? fail(LA_E_METADATA_KEY_NOT_FOUND));
  }

  static GetLicenseMeterAttribute(name: string): LicenseMeterAttribute {
    standing();
    const meter = client().licenseMeter(name) ?? fail(LA_E_METER_ATTRIBUTE_NOT_FOUND);
    return new LicenseMeterAttribute(meter.name, meter.allowedUses, meter.totalUses, meter.grossUses);
  }

  static GetActivationMeterAttributeUses(name: string): number {
    standing();
    return client().meterUses(name) ?? fail(LA_E_METER_ATTRIBUTE_NOT_FOUND);
  }

  // Dates are seconds since 1970. A date or a count that is not known is 0, also where nothing is activated.

  static GetLicenseCreationDate(): number {
    return number(({ lcat }) => lcat);
  }

  static GetLicenseActivationDate(): number {
    return number(({ laat }) => laat);
  }

  /** Returns when the license expires; 0 for never. */
  static GetLicenseExpiryDate(): number {
    return number(({ eat }) => eat);
  }

  static GetLicenseMaintenanceExpiryDate(): number {
    return number(({ maintenanceExpiresAt }) => maintenanceExpiresAt);
  }

  static GetLicenseAllowedActivations(): number {
    return number(({ allowedActivations }) => allowedActivations);
  }

  static GetLicenseTotalActivations(): number {
    return number(({ totalActivations }) => totalActivations);
  }

  static GetLicenseAllowedDeactivations(): number {
    return number(({ allowedDeactivations }) => allowedDeactivations);
  }

  static GetLicenseTotalDeactivations(): number {
    return number(({ totalDeactivations }) => totalDeactivations);
  }

  static GetActivationCreationDate(): number {
    return number(({ acat }) => acat);
  }

  static GetActivationLastSyncedDate(): number {
    return number(({ iat }) => iat);
  }

  /** Returns when the grace period for failed syncs ends; 0 for never. */
  static GetServerSyncGracePeriodExpiryDate(): number {
    return number(({ ssgpeat }) => ssgpeat);
  }

  static ActivateLocalTrial(trialLength: number): number {
    return local(attempt(() => client().activateLocalTrial(trialLength)));
  }

  static ExtendLocalTrial(trialExtensionLength: number): number {
    return local(attempt(() => client().extendLocalTrial(trialExtensionLength)));
  }

  static IsLocalTrialGenuine(): number {
    return local(client().isLocalTrialGenuine());
  }

  static GetLocalTrialExpiryDate(): number {
    return Math.floor((client().localTrialExpiresAt()?.getTime() ?? 0) / 1000);
  }
}

/** What the functions above return rather than throw. */
const VERDICTS: readonly number[] = [0, 1, 20, 21, 22, 25, 26];

function client(): LicentiaClient {
  return setup.client() ?? fail(LA_E_PRODUCT_ID);
}

function fail(code: number): never {
  throw new LexActivatorException(code);
}

/** Runs what may throw one of ours, and throws what applications expect. */
function attempt<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw setup.translated(error);
  }
}

function read(path: string): string {
  try {
    return platform.readFile(path);
  } catch (cause) {
    throw new LexActivatorException(LA_E_FILE_PATH, undefined, { cause });
  }
}

function write(path: string, text: string): void {
  try {
    platform.writeFile(path, text);
  } catch (cause) {
    throw new LexActivatorException(LA_E_FILE_PERMISSION, undefined, { cause });
  }
}

function local({ code, message }: Status): number {
  if (!VERDICTS.includes(code)) {
    throw new LexActivatorException(code, message);
  }
  return code;
}

async function verdict(ask: () => Promise<Status>): Promise<number> {
  try {
    return local(await ask());
  } catch (error) {
    throw setup.translated(error);
  }
}

/** Counting either succeeds or throws: a license that has nothing to count on is a failure. */
async function counted(ask: () => Promise<Status>): Promise<void> {
  const code = await verdict(ask);
  if (code === LA_FAIL) {
    fail(LA_FAIL);
  }
}

/** The claims of the activation that stands. */
function standing(): Claims {
  return claims() ?? fail(LA_FAIL);
}

/** The claims, unless the clock cannot be trusted; null where nothing stands. */
function claims(): Claims | null {
  const { code } = client().isValid();
  return code === LA_E_TIME || code === LA_E_TIME_MODIFIED ? fail(code) : client().claims();
}

function number(of: (claims: Claims) => number | undefined): number {
  const known = claims();
  return known === null ? 0 : (of(known) ?? 0);
}
