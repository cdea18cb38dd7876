// The two servers side by side: the Worker that ships and the plain one, with the same products and licenses.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, start } from "../harness/index.mjs";
import { Load, prepare } from "./load.mjs";

/** As many calls are under way at one time. */
export const CONNECTIONS = 16;
/** More than connections, so that no two calls under way are about one license. */
const LICENSES = 64;

export const ROWS = [
  { name: "sync, RS256", request: "PATCH /v3/activations/{id}", status: 200 },
  { name: "sync, EdDSA", request: "PATCH /v3/activations/{id}", status: 200 },
  { name: "activation, RS256", request: "POST /v3/activations, a new machine each", status: 201 },
  { name: "update of a license", request: "PATCH /v3/licenses/{id}, until it lies in KV", status: 200 },
  { name: "read of a license", request: "GET /v3/licenses/{id}", status: 200 },
  { name: "license check", request: "POST /v3/licenses/check", status: 200 },
];

/** Starts both servers on the same data. Resolves to `{ ours, theirs, stop }`. */
export async function startBoth(bundle = "shipped") {
  const [ours, theirs] = await Promise.all([
    start({ bundle, counted: false }),
    start({ bundle: join(ROOT, "tests/bench/baseline"), counted: false }),
  ]);
  const catalog = await seed(ours);
  const licenses = catalog.licenses.map(({ id }) => ours.kv.json(`default/license/${id}`));
  const products = catalog.products.map((id) => ours.kv.json(`default/product/${id}`));
  await must(theirs.call("POST", "/v3/seed", { schema: schema(), products, licenses }), 200);
  const stop = () => Promise.all([ours.stop(), theirs.stop()]);
  return { ours: await side(ours, catalog), theirs: await side(theirs, catalog), catalog, stop };
}

/** The statements that make the tables of our first migration: what the measured calls need, without a column or index for filters. */
function schema() {
  const source = readFileSync(join(ROOT, "crates/api/src/schema/spine.rs"), "utf8");
  return [...source.matchAll(/"(CREATE (?:TABLE|INDEX) (?!IF)[^"]*)"/g)].map(([, statement]) => statement);
}

/** Creates two products, and licenses that know no limit of seats: a third of them each for syncs by either algorithm, and for the vendor. */
async function seed({ call }) {
  const products = [];
  for (const tokenAlgorithm of ["RS256", "EdDSA"]) {
    const created = await must(call("POST", "/v3/products", { name: tokenAlgorithm, description: "", tokenAlgorithm }), 201);
    products.push(created.json.id);
  }
  const licenses = [];
  for (const use of ["RS256", "EdDSA", "vendor"]) {
    const productId = products[use === "EdDSA" ? 1 : 0];
    for (let number = 0; number < LICENSES; number += 1) {
      const { json } = await must(call("POST", "/v3/licenses", { productId, allowedActivations: 0 }), 201);
      licenses.push({ use, id: json.id, key: json.key, productId });
    }
  }
  return { products, licenses };
}

async function must(answer, status) {
  const { status: found, text, json } = await answer;
  if (found !== status) throw new Error(`${found} instead of ${status}: ${text}`);
  return { json };
}

const device = ({ key, productId }, fingerprint) => ({
  key, productId, fingerprint, os: "linux", hostname: "build-7", appVersion: "4.2.0",
  userHash: "5d41402abc4b2a76b9719d911017c592",
});

/** One server with its connections and its endless requests for each row. */
async function side(server, { licenses }) {
  const load = new Load(Number(new URL(server.url).port), CONNECTIONS);
  const { token } = server;
  const of = (use) => licenses.filter((license) => license.use === use);
  const [rsa, eddsa, vendor] = [of("RS256"), of("EdDSA"), of("vendor")];
  const request = (method, path, body) => prepare(method, path, { body, token });
  const syncs = async (licenses) =>
    circle((await activated(load, licenses)).map(({ aid, ...license }) =>
      prepare("PATCH", `/v3/activations/${aid}`, { body: device(license, "machine") })));
  const updates = [true, false].flatMap((suspended) =>
    vendor.map(({ id }) => request("PATCH", `/v3/licenses/${id}`, { suspended })));
  let machines = 0;
  const activations = () => {
    machines += 1;
    return prepare("POST", "/v3/activations", { body: device(rsa[machines % LICENSES], `machine ${machines}`) });
  };
  const requests = [
    await syncs(rsa),
    await syncs(eddsa),
    activations,
    circle(updates),
    circle(vendor.map(({ id }) => request("GET", `/v3/licenses/${id}`))),
    circle(vendor.map(({ key }) => prepare("POST", "/v3/licenses/check", { body: { key } }))),
  ];
  return { server, load, requests };
}

function circle(requests) {
  let sent = 0;
  return () => requests[sent++ % requests.length];
}

/** Activates one machine a license. Resolves to the licenses with the activations' ids. */
async function activated(load, licenses) {
  const waiting = licenses.map((license) => prepare("POST", "/v3/activations", { body: device(license, "machine") }));
  const ids = new Map();
  const hear = (body) => {
    const [, claims] = JSON.parse(body).activationToken.split(".");
    const { aid, lid } = JSON.parse(Buffer.from(claims, "base64url"));
    ids.set(lid, aid);
  };
  await load.run({ next: () => waiting.pop(), status: 201, seconds: 60, hear });
  return licenses.map((license) => ({ ...license, aid: ids.get(license.id) }));
}
