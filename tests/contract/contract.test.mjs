// docs/openapi.json against the Worker in workerd: whatever is sent, every answer is one that the document describes.
//
// Schemathesis draws requests from the document. `LICENTIA_SEED` is where it begins; the same one draws the same requests.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { ROOT, start } from "../harness/index.mjs";

const SEED = process.env.LICENTIA_SEED ?? "1";

/** Where the fuzzer finds our hooks; it leaves nothing beside them. */
const ENVIRONMENT = {
  SCHEMATHESIS_HOOKS: "hooks",
  PYTHONPATH: join(ROOT, "tests/contract"),
  PYTHONDONTWRITEBYTECODE: "1",
};

const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  "described_headers",
  "unsupported_method",
  "allow_header_conformance",
  "use_after_free",
  "ensure_resource_availability",
  "ignored_auth",
];

/** How many of each resource there are before anything is drawn: what is drawn at random names none of its own. */
const FURNISHED = 12;

/** Creates some of each resource, and returns their ids by path, with what applications know. */
async function furnish({ call }) {
  const known = {};
  const make = async (path, body) => {
    const { status, json, text } = await call("POST", path, body);
    assert.equal(status, 201, text);
    (known[path] ??= []).push(json.id);
    return json;
  };
  for (let number = 0; number < FURNISHED; number += 1) {
    const product = await make("/v3/products", { name: `Product ${number}`, tokenAlgorithm: "EdDSA" });
    await make("/v3/license-templates", { name: `Template ${number}` });
    await make("/v3/users", { email: `user${number}@example.com`, firstName: "A", lastName: "B" });
    await make("/v3/tags", { name: `tag ${number}` });
    const license = await make("/v3/licenses", { productId: product.id, allowedActivations: 100 });
    const { key, productId } = license;
    (known.applications ??= []).push({ key, productId });
    const machine = { os: "linux", fingerprint: "f", hostname: "h", appVersion: "1", userHash: "u" };
    await call("POST", "/v3/activations", { key, productId, ...machine });
  }
  const { json: activations } = await call("GET", "/v3/activations");
  known["/v3/activations"] = activations.map(({ id }) => id);
  return known;
}

/** Sends what `phases` draw from the document to a server of their own, and resolves to what the fuzzer says of it. */
async function fuzz(phases, examples, mode = "all") {
  const program = process.env.LICENTIA_SCHEMATHESIS;
  assert.ok(program, "LICENTIA_SCHEMATHESIS names the fuzzer; `cargo xtask test --only contract` installs it");
  // The limits are on, so that their headers are there, and out of reach.
  const server = await start({ secrets: { LICENTIA_RATE_LIMIT: "1000000/1s", LICENTIA_BAD_KEY_LIMIT: "1000000/1s" } });
  const known = await furnish(server);
  const directory = await mkdtemp(join(tmpdir(), "licentia-contract-"));
  const options = [
    ["--url", server.url],
    ["--header", `Authorization: Bearer ${server.token}`],
    ["--phases", phases],
    ["--checks", CHECKS.join()],
    ["--seed", SEED],
    ["--max-examples", String(examples)],
    ["--mode", mode],
    ["--max-response-time", "10"],
    ["--request-timeout", "20"],
    ["--generation-database", "none"],
    ["--warnings", "off"],
  ];
  const words = ["run", join(ROOT, "docs/openapi.json"), ...options.flat(), "--exclude-deprecated", "--continue-on-failure", "--no-color"];
  try {
    const child = spawn(program, words, {
      cwd: directory,
      env: { ...process.env, ...ENVIRONMENT, LICENTIA_PHASES: phases, LICENTIA_KNOWN: JSON.stringify(known) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => said.push(text));
    const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
    return { code, said: said.join(""), logs: server.logs() };
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Fails with all that the fuzzer found. A run that sent nothing has shown nothing. */
function holds({ code, said, logs }) {
  assert.ok(/\b[1-9]\d* generated\b/.test(said), said);
  assert.equal(code, 0, `seed ${SEED}\n${said}\n${logs}`);
}

// Each has a server of its own, and most of the time is the fuzzer's.
describe("every answer is one that docs/openapi.json describes", { concurrency: true }, () => {
  test("to examples and to the edges of each field", async () => holds(await fuzz("examples,coverage", 1)));
  test("to what is drawn at random", async () => holds(await fuzz("fuzzing", 20)));
  test("to calls that follow one another", async () => holds(await fuzz("stateful", 400, "positive")));
});
