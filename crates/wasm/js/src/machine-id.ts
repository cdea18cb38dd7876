// The id that a system gave itself when it was installed. Node alone.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Reads what a file or a program says; undefined if there is no such thing here. */
export interface Sources {
  file(path: string): string | undefined;
  program(name: string, ...args: string[]): string | undefined;
}

const SYSTEM: Sources = {
  file: (path) => attempt(() => readFileSync(path, "utf8")),
  program: (name, ...args) =>
    attempt(() => execFileSync(name, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 5_000, windowsHide: true })),
};

/** Returns the machine's id, or undefined if its system has none that can be read. */
export function machineId(platform: string, sources: Sources = SYSTEM): string | undefined {
  const id = raw(platform, sources)?.trim().toLowerCase() ?? "";
  // An id that has not been set yet is empty, `uninitialized`, or all zeros.
  return /^[0-9a-f-]{32,}$/.test(id) && /[1-9a-f]/.test(id) ? id : undefined;
}

function raw(platform: string, { file, program }: Sources): string | undefined {
  switch (platform) {
    case "darwin":
      return /"IOPlatformUUID" = "([^"]+)"/.exec(program("/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice") ?? "")?.[1];
    case "win32":
      return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(program("reg.exe", "query", CRYPTOGRAPHY, "/v", "MachineGuid", "/reg:64") ?? "")?.[1];
    default:
      return file("/etc/machine-id") ?? file("/var/lib/dbus/machine-id");
  }
}

const CRYPTOGRAPHY = "HKLM\\SOFTWARE\\Microsoft\\Cryptography";

function attempt(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
