// What a check at the edge costs: reads of KV, calls of the ledger, and processor time of the server.
import { start } from "../harness/index.mjs";
import { made, machine } from "./crowd.mjs";
import { Load, prepare } from "./load.mjs";
import { processorTime } from "./rates.mjs";

const WARM_UP = 200;

/** Sends `checks` by a key, and as many by an activation token, one after another. Resolves to what each took on average. */
export async function measureEdge({ checks, say }) {
  const server = await start();
  const load = new Load(Number(new URL(server.url).port), 1);
  const license = await licenseOf(server);
  const { activationToken } = await made(server, "/v3/activations", machine(license, 1));
  const rows = [];
  for (const [name, query, body] of [
    ["by key", "", { key: license.key }],
    ["by activation token", "", { activationToken }],
    ["by key, `?fresh=1`: the ledger", "?fresh=1", { key: license.key }],
  ]) {
    say(`a check ${name}`);
    const request = prepare("POST", `/v3/licenses/check${query}`, { body });
    await run(load, request, WARM_UP);
    const before = await counted(server);
    await run(load, request, checks);
    const after = await counted(server);
    const each = (what) => (after[what] - before[what]) / checks;
    rows.push({ name, checks, reads: each("reads"), ledger: each("ledger"), micros: Math.round(each("processor") * 1e6) });
  }
  load.close();
  await server.stop();
  return rows;
}

async function run(load, request, count) {
  let left = count;
  await load.run({ next: () => (left-- > 0 ? request : undefined), status: 200, seconds: 600 });
}

const counted = async (server) => ({
  reads: server.kv.operations.filter(({ method }) => method === "GET").length,
  ledger: await server.ledgerCalls(),
  processor: processorTime(server.pid()) ?? NaN,
});

async function licenseOf(server) {
  const product = await made(server, "/v3/products", { name: "Bench", tokenAlgorithm: "EdDSA" });
  const license = await made(server, "/v3/licenses", { productId: product.id });
  // Until the list that it has a place in is there, nobody can say how fresh a copy is.
  await server.kv.until((kv) => kv.values.has("default/status-list/0"));
  return license;
}
