// How large status lists are in all, beside the sizes that the IETF draft tells of its own.
import { execFileSync } from "node:child_process";

/** What the draft publishes (appendix B), for one license in a hundred revoked; its kilobytes have 1,024 bytes. */
const PUBLISHED = { 100_000: 1.4 * 1024, 1_000_000: 13.7 * 1024 };
/** How many times as large the lists may be. */
const AIM = 1.1;

/** Runs the native program that `LICENTIA_LISTS` names: it makes lists as the ledger does. */
export function measureLists() {
  const rows = JSON.parse(execFileSync(process.env.LICENTIA_LISTS, { encoding: "utf8" }));
  return rows.map((row) => {
    const published = PUBLISHED[row.licenses];
    return { ...row, published: published ?? null, aim: published ? Math.floor(published * AIM) : null };
  });
}
