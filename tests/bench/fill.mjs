// Filling: a population goes into a ledger through the public API, in parts of some MiB, and no more than one is in memory.
import { license, newOwner, PRODUCTS } from "./population.mjs";

/** Below the 16 MiB that an import may have. */
const PART = 4 * 1024 * 1024;

const line = (resource, data) => `${JSON.stringify({ resource, data })}\n`;

/** Licenses from one number up to another, each after what it refers to. */
function* lines(from, to) {
  if (from === 0) for (const product of PRODUCTS) yield { text: line("product", product), licenses: 0 };
  for (let number = from; number < to; number += 1) {
    const owner = newOwner(number);
    if (owner) yield { text: line("user", owner), licenses: 0 };
    yield { text: line("license", license(number)), licenses: 1 };
  }
}

function* parts(from, to) {
  let part = { text: "", licenses: 0 };
  for (const { text, licenses } of lines(from, to)) {
    part.text += text;
    part.licenses += licenses;
    if (part.text.length < PART) continue;
    yield part;
    part = { text: "", licenses: 0 };
  }
  if (part.text) yield part;
}

/** Fills a ledger that has `from` licenses until it has `to`. Resolves to how long it took. */
export async function fill(server, from, to, say) {
  const start = performance.now();
  const passed = () => Math.round((performance.now() - start) / 100) / 10;
  let done = 0;
  let told = 0;
  for (const { text, licenses } of parts(from, to)) {
    const { status, text: answer } = await server.call("POST", "/v3/import", text);
    if (status !== 200) throw new Error(`import: ${status} ${answer}`);
    done += licenses;
    if (passed() - told < 5) continue;
    told = passed();
    say(`${from + done} of ${to} licenses after ${told} s, ${Math.round(done / told)} a second`);
  }
  return { seconds: passed(), perSecond: Math.round(done / passed()) };
}
