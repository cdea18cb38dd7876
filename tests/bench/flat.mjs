// Whether it stays flat: a call on a ledger of a million licenses beside the same call on a ledger of a thousand.
//
// Both ledgers are measured at the same time, one request to each in turns: whatever else the machine does hits both.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { start } from "../harness/index.mjs";
import { Load, prepare } from "./load.mjs";
import { fill } from "./fill.mjs";
import { drawn, emailOf, isLive, license, orderOf, PRODUCTS } from "./population.mjs";
import { median } from "./rates.mjs";

const THOUSAND = 1_000;
/** What a ratio is to stay under. */
export const AIM = 1.5;

const machine = ({ key, productId }, fingerprint) => ({
  key, productId, fingerprint, os: "linux", hostname: "build-7", appVersion: "4.2.0", userHash: "",
});
const licenses = (query) => ({ method: "GET", path: `/v3/licenses?${query}`, status: 200 });
const fragment = ({ key }, turn) => key.slice(drawn(turn, 40, 30)).slice(0, 6 + (turn % 3));

/** The calls. `pick(live)` returns a license at random; `synced` holds the activations that were made. */
const CALLS = [
  { name: "read by id", request: ({ pick }) => ({ method: "GET", path: `/v3/licenses/${pick().id}`, status: 200 }) },
  { name: "by key", request: ({ pick }) => licenses(`key=${pick().key}`) },
  { name: "by owner's e-mail", request: ({ pickNumber }) => licenses(`user.email=${emailOf(pickNumber())}`) },
  { name: "by metadata", request: ({ pickNumber }) => licenses(`metadata.key=order&metadata.value=${orderOf(pickNumber())}`) },
  { name: "search by a fragment of a key", request: ({ pick, turn }) => licenses(`query=${fragment(pick(), turn)}`) },
  { name: "a product's revoked ones, five", request: () => licenses(`productId=${PRODUCTS[0].id}&revoked=true&limit=5`) },
  { name: "page 1", request: () => licenses("page=1&limit=20") },
  {
    name: "activation, EdDSA",
    request: ({ pickLive, turn, side }) => {
      side.activated = pickLive();
      return { method: "POST", path: "/v3/activations", body: machine(side.activated, `machine ${side.size} ${turn}`), status: 201 };
    },
    hear: (body, { side, turn }) => {
      const [, claims] = JSON.parse(body).activationToken.split(".");
      const { aid } = JSON.parse(Buffer.from(claims, "base64url"));
      side.activations.push({ aid, body: machine(side.activated, `machine ${side.size} ${turn}`) });
    },
  },
  {
    name: "sync, EdDSA",
    request: ({ side }) => {
      const { aid, body } = side.activations[side.synced++ % side.activations.length];
      return { method: "PATCH", path: `/v3/activations/${aid}`, body, status: 200 };
    },
  },
  {
    name: "update of a license",
    request: ({ pick, turn, side }) => {
      const { id } = pick();
      side.updating = id;
      return { method: "PATCH", path: `/v3/licenses/${id}`, body: { notes: `Called on day ${turn}` }, status: 200 };
    },
  },
];

/** A server with as many licenses as it was filled with. */
class Side {
  size = 0;
  /** How many requests it has had. */
  turns = 0;

  static async open() {
    const side = new Side();
    side.server = await start({ counted: false });
    // What was imported is left unpublished, else its publication would be measured too: three puts hang at one time, for
    // eight seconds. What is updated is published, as long as the answer waits for it.
    side.server.kv.puts = ({ value }) => (side.updating && value.includes(side.updating) ? "pass" : "hang");
    return side;
  }

  async fill(size, say) {
    const filled = await fill(this.server, this.size, size, say);
    this.size = size;
    return filled;
  }

  /** Opens its one connection: an idle one would be closed while a ledger is filled. */
  connect() {
    this.load = new Load(Number(new URL(this.server.url).port), 1);
    this.activations = [];
    this.synced = 0;
  }

  /** Sends one request of a call. Resolves to its milliseconds. */
  async once(call) {
    const turn = this.turns++;
    const pickNumber = () => drawn(turn, 41 + this.size, this.size);
    const context = {
      side: this, turn, pickNumber,
      pick: () => license(pickNumber()),
      pickLive: () => {
        for (let number = pickNumber(); ; number = (number + 1) % this.size) {
          const found = license(number);
          if (isLive(found)) return found;
        }
      },
    };
    const { method, path, body, status } = call.request(context);
    const { token } = this.server;
    let waiting = prepare(method, path, { body, token });
    let [from, to] = [0, 0];
    const next = () => {
      const request = waiting;
      waiting = undefined;
      if (request) from = performance.now();
      return request;
    };
    const hear = (answer) => {
      to = performance.now();
      call.hear?.(answer, context);
    };
    await this.load.run({ next, status, seconds: 60, hear });
    return to - from;
  }

  /** What the ledger takes on the disk, and workerd in memory. */
  weight() {
    const files = readdirSync(this.server.state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const sizes = files.map((file) => statSync(join(file.parentPath, file.name)).size);
    return { disk: sizes.reduce((sum, size) => sum + size, 0), memory: memoryOf(this.server.pid()) };
  }
}

/** Bytes of memory that a process has; nothing where there is no /proc. */
function memoryOf(pid) {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

const percentile = (times, part) => times.toSorted((a, b) => a - b)[Math.floor(times.length * part)];
const rounded = (number) => Number(number.toPrecision(3));

function summed(times) {
  return { median: rounded(median(times)), p95: rounded(percentile(times, 0.95)) };
}

/** Sends each call to both sides, each of them first in turns. Resolves to the rows. */
async function compare(small, large, requests, say) {
  const warmUp = Math.ceil(requests / 5);
  const rows = [];
  for (const side of [small, large]) side.connect();
  for (const call of CALLS) {
    const [few, many] = [[], []];
    for (let number = 0; number < warmUp + requests; number += 1) {
      const times = new Map();
      for (const side of number % 2 ? [small, large] : [large, small]) times.set(side, await side.once(call));
      if (number < warmUp) continue;
      few.push(times.get(small));
      many.push(times.get(large));
    }
    const row = { name: call.name, thousand: summed(few), here: summed(many), ratio: rounded(median(many) / median(few)) };
    rows.push(row);
    say(`${row.name}: ${row.here.median} ms, p95 ${row.here.p95} ms; at a thousand ${row.thousand.median} ms; ratio ${row.ratio}`);
  }
  for (const side of [small, large]) side.load.close();
  return rows;
}

/** Measures at each of `sizes` beside a ledger of a thousand. Resolves to the part `flat` of the report. */
export async function measureFlat({ sizes, requests, say }) {
  const [small, large] = await Promise.all([Side.open(), Side.open()]);
  const steps = [];
  try {
    await small.fill(THOUSAND, say);
    for (const size of sizes) {
      const filled = await large.fill(size, say);
      say(`${size} licenses: filled in ${filled.seconds} s`);
      const rows = await compare(small, large, requests, say);
      steps.push({ size, filled, ...large.weight(), rows });
    }
    return { requests, aim: AIM, steps };
  } finally {
    await Promise.all([small.server.stop(), large.server.stop()]);
  }
}
