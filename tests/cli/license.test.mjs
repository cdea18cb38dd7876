// The life of a license by the command line alone, against the built Worker in workerd.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { start } from "../harness/index.mjs";
import { anonymous, claimsOf, machine } from "../worker/story.mjs";
import { at } from "./cli.mjs";

let server;
let run;
let product;
const directory = mkdtempSync(join(tmpdir(), "licentia-cli-"));

before(async () => {
  server = await start();
  run = at(server);
  product = JSON.parse((await run(["product", "create", "Photo Editor", "--json"])).stdout);
});
after(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

async function create(...options) {
  const { stdout } = await run(["license", "create", "--product", "photo editor", "--json", ...options]);
  return JSON.parse(stdout);
}

const read = async (license) => (await server.call("GET", `/v3/licenses/${license.id}`)).json;

test("a license is created with what the options say", async () => {
  const license = await create(
    "--key=CHOSEN-0123456789-0123456789", "--seats=3", "--interval=P1Y", "--tag=gold", "--tag=b2b",
    "--metadata=order=42", "--notes=für Ada ☕", "--set=serverSyncInterval=60", "--set=userLocked=true",
  );
  assert.deepEqual(license, await read(license));
  assert.equal(license.productId, product.id);
  assert.equal(license.key, "CHOSEN-0123456789-0123456789");
  assert.equal(license.allowedActivations, 3);
  assert.equal(license.subscriptionInterval, "P1Y");
  assert.deepEqual(license.tags, ["gold", "b2b"]);
  assert.deepEqual(license.metadata.map(({ key, value, visible }) => ({ key, value, visible })), [{ key: "order", value: "42", visible: false }]);
  assert.equal(license.notes, "für Ada ☕");
  assert.equal(license.serverSyncInterval, 60);
  assert.equal(license.userLocked, true);
});

test("a duration is a validity, and a perpetual license has none", async () => {
  assert.equal((await create("--validity=90d")).validity, 7_776_000);
  const perpetual = await create("--perpetual");
  assert.deepEqual([perpetual.validity, perpetual.expiresAt], [0, null]);
});

test("a license is found by its key and by its id, as a table and as the API's JSON", async () => {
  const license = await create();
  for (const text of [license.key, license.id]) {
    const { stdout } = await run(["license", "find", text]);
    const [head, row, ...rest] = stdout.trimEnd().split("\n");
    assert.match(head, /^KEY +STATUS +ENDS +SEATS +OWNER$/);
    assert.match(row, new RegExp(`^${license.key} +active +\\d{4}-\\d\\d-\\d\\d  0 of 1  –$`));
    assert.deepEqual(rest, []);
  }
  const { stdout } = await run(["find", license.key, "--json"]);
  assert.equal(stdout, `${(await server.call("GET", `/v3/licenses?key=${license.key}`)).text}\n`);
});

test("a license is found among those of its product", async () => {
  const other = JSON.parse((await run(["product", "create", "Other", "--json"])).stdout);
  const { stdout } = await run(["license", "create", "-p", other.id, "--json"]);
  const found = JSON.parse((await run(["license", "find", "--product", "OTHER", "--json"])).stdout);
  assert.deepEqual(found, [JSON.parse(stdout)]);
});

test("a license is found by a part of any of its texts, and among the revoked ones", async () => {
  const license = await create("--metadata=order=Ada-2026-117");
  const { stdout } = await run(["find", "ada-2026", "--json"]);
  assert.deepEqual(JSON.parse(stdout).map(({ id }) => id), [license.id]);

  await run(["revoke", license.key]);
  const revoked = JSON.parse((await run(["license", "find", "--revoked", "--json"])).stdout);
  assert.deepEqual(revoked.map(({ id }) => id), [license.id]);
  const { stderr, stdout: nothing } = await run(["find", "no-such-text"]);
  assert.deepEqual([stderr, nothing], ["No license matches.\n", ""]);
  await run(["license", "approve", license.key]);
});

test("a license is shown with the machines that it runs on", async () => {
  const license = await create("--seats=2");
  const hostname = "ada\u001b[31m 東京";
  const answer = await anonymous(server, "POST", "/v3/activations", { ...machine(license), hostname });
  const { aid } = await claimsOf(server, product.id, answer.json.activationToken);

  const { stdout } = await run(["show", license.key]);
  assert.match(stdout, new RegExp(`^License ${license.key}\n`));
  assert.match(stdout, new RegExp(`^  id +${license.id}$`, "m"));
  assert.match(stdout, /^ {2}status +active$/m);
  assert.match(stdout, /^ {2}seats +1 of 2$/m);
  assert.match(stdout, new RegExp(`^Machines\n  ID +HOST .*\n  ${aid}  ada\\\\u\\{1b\\}\\[31m 東京 `, "m"));
  assert.ok(!stdout.includes("\u001b"), "neither colours nor a stranger's control characters go into a pipe");

  const whole = JSON.parse((await run(["license", "show", license.id, "--json"])).stdout);
  assert.deepEqual(whole.license, await read(license));
  assert.deepEqual(whole.activations.map(({ id }) => id), [aid]);
});

test("every change of status is one command, and the next one takes it back", async () => {
  const license = await create();
  const changes = [
    ["revoke", "revoked", { revoked: true, suspended: false }],
    ["approve", "active", { revoked: false, suspended: false }],
    ["suspend", "suspended", { revoked: false, suspended: true }],
    ["resume", "active", { revoked: false, suspended: false }],
  ];
  for (const [command, status, facts] of changes) {
    const { stdout } = await run(["license", command, license.key]);
    assert.match(stdout, new RegExp(`^  status +${status}$`, "m"));
    const { revoked, suspended } = await read(license);
    assert.deepEqual({ revoked, suspended }, facts, command);
  }
  assert.match((await run(["revoke", license.id])).stdout, /^ {2}status +revoked$/m);
});

test("an update changes what it names and nothing else", async () => {
  const license = await create("--notes=first", "--seats=1");
  await run(["license", "update", license.key, "--seats", "9"]);
  const { allowedActivations, notes } = await read(license);
  assert.deepEqual({ allowedActivations, notes }, { allowedActivations: 9, notes: "first" });
  const { stderr } = await run(["license", "update", license.key], { code: 2 });
  assert.match(stderr, /at least one field/);
});

test("deleting asks, and where nobody can answer it does nothing", async () => {
  const license = await create();
  const { stderr } = await run(["license", "delete", license.key], { code: 2, input: "y\n" });
  assert.match(stderr, new RegExp(`pass \`--yes\` \\(Delete the license ${license.key}, for good\\?\\)`));
  assert.equal((await read(license)).id, license.id);

  const { stdout } = await run(["license", "delete", license.key, "--yes"]);
  assert.equal(stdout, `Deleted ${license.key}\n`);
  await run(["license", "show", license.key], { code: 3 });
});

test("an activation is listed and deleted, which frees its seat", async () => {
  const license = await create();
  const answer = await anonymous(server, "POST", "/v3/activations", machine(license));
  const { aid } = await claimsOf(server, product.id, answer.json.activationToken);
  const list = ["activation", "list", "--license", license.key, "--json"];
  assert.deepEqual(JSON.parse((await run(list)).stdout).map(({ id }) => id), [aid]);
  await run(["activation", "delete", aid, "--yes"]);
  assert.deepEqual(JSON.parse((await run(list)).stdout), []);
  assert.equal((await read(license)).totalActivations, 0);
});

test("products are listed and shown by name", async () => {
  const { stdout } = await run(["product", "list"]);
  assert.match(stdout, /^ID +NAME +LICENSES +SIGNS WITH +CREATED$/m);
  assert.match(stdout, new RegExp(`^${product.id}  Photo Editor +\\d+ +RS256 `, "m"));
  const shown = JSON.parse((await run(["product", "show", "photo editor", "--json"])).stdout);
  assert.equal(shown.id, product.id);
});

test("a small file is imported whole, and a wrong line imports nothing", async () => {
  const id = "11111111-2222-4333-8444-555555555555";
  const line = (data) => JSON.stringify({ resource: "license", data });
  const good = line({ id, key: "IMPORTED-0123456789-0123456789", productId: product.id });
  const file = join(directory, "licenses.ndjson");

  writeFileSync(file, `${good}\n${line({ id: "x" })}\n`);
  const { stderr } = await run(["import", file], { code: 1 });
  assert.match(stderr, /^error: line 2: `data\.id`/);
  await run(["show", id], { code: 3 });

  writeFileSync(file, good);
  assert.equal((await run(["import", file])).stdout, "Imported licenses: 1\n");
  assert.match((await run(["find", id])).stdout, /^IMPORTED-0123456789-0123456789 +active/m);
});

test("an import may come from the standard input", async () => {
  const id = "99999999-2222-4333-8444-555555555555";
  const data = { id, key: "PIPED-0123456789-0123456789", productId: product.id };
  const { stdout } = await run(["import", "-", "--json"], { input: JSON.stringify({ resource: "license", data }) });
  const { licenses, products } = JSON.parse(stdout);
  assert.deepEqual({ licenses, products }, { licenses: 1, products: 0 });
});
