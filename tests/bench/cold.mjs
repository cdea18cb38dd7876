// Checks in a fresh Node process: prints what one of them takes, in milliseconds, as JSON.
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { timeJose, timeLicentia, timePlatform } from "./timed.mjs";

const [what, module, file] = process.argv.slice(2);
const sample = JSON.parse(readFileSync(file, "utf8"));

function platform() {
  const key = createPublicKey(sample.spki);
  const digest = sample.algorithm === "RS256" ? "sha256" : null;
  return timePlatform(({ message, signature }) => verify(digest, message, key, signature), sample);
}

const times = {
  licentia: () => timeLicentia(module, sample),
  jose: () => timeJose(module, sample),
  platform,
};
console.log(JSON.stringify(await times[what]()));
