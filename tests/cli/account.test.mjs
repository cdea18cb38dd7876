// Owners, ends, histories and access tokens by the command line alone, against the built Worker in workerd.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "../harness/index.mjs";
import { anonymous, create as post, machine } from "../worker/story.mjs";
import { at } from "./cli.mjs";

let server;
let run;
before(async () => {
  server = await start();
  run = at(server);
  await run(["product", "create", "Photo Editor"]);
});
after(() => server?.stop());

async function create(...options) {
  const { stdout } = await run(["license", "create", "--product", "photo editor", "--json", ...options]);
  return JSON.parse(stdout);
}

const json = async (args) => JSON.parse((await run([...args, "--json"])).stdout);
const read = async (license) => (await server.call("GET", `/v3/licenses/${license.id}`)).json;
const endOf = (license) => Date.parse(license.expiresAt);

test("renewing adds a term to the end, by the calendar", async () => {
  const license = await create("--interval=P1Y");
  const { stdout } = await run(["license", "renew", license.key]);
  const renewed = await read(license);
  const years = (text) => Number(text.slice(0, 4));
  assert.equal(years(renewed.expiresAt), years(license.expiresAt) + 1);
  assert.match(stdout, new RegExp(`^  ends +${renewed.expiresAt.slice(0, 10)} `, "m"));
});

test("extending moves the end by a duration, or to a date", async () => {
  const license = await create("--validity=30d");
  const longer = await json(["license", "extend", license.key, "--by", "2w"]);
  assert.equal(endOf(longer) - endOf(license), 1_209_600_000);
  const until = await json(["license", "extend", license.id, "--until", "2040-02-29"]);
  assert.match(until.expiresAt, /^2040-02-29T00:00:00/);
  assert.deepEqual(await read(license), until);
});

test("a perpetual license is neither renewed nor extended", async () => {
  const license = await create("--perpetual");
  assert.match((await run(["license", "renew", license.key], { code: 1 })).stderr, /^error: .*\n(.*\n)* {2}code /);
});

test("a template says what the command does not", async () => {
  const template = await post(server, "/v3/license-templates", { name: "Team", allowedActivations: 7 });
  assert.equal((await create("--template", template.id)).allowedActivations, 7);
});

test("an owner is named by the e-mail address, in any case, and found by it", async () => {
  const user = await post(server, "/v3/users", { email: "Ada@example.com", firstName: "Ada" });
  const license = await create("--owner=ada@EXAMPLE.com");
  assert.equal(license.user.id, user.id);
  const { stdout } = await run(["find", "ada@example.com"]);
  assert.match(stdout, new RegExp(`^${license.key} .* Ada@example\\.com$`, "m"));
  assert.match((await run(["show", license.key])).stdout, /^ {2}owner +Ada@example\.com$/m);

  const { stderr } = await run(["license", "create", "-p", "photo editor", "--owner", "nobody@example.com"], { code: 3 });
  assert.match(stderr, /^error: no user has the e-mail address `nobody@example\.com`\n$/);
});

test("a license is shown with its history: who changed what, and which machines came", async () => {
  const license = await create("--seats=2");
  await anonymous(server, "POST", "/v3/activations", { ...machine(license), hostname: "lovelace" });
  await run(["revoke", license.key]);

  const { stdout, stderr } = await run(["show", license.key]);
  assert.equal(stderr, "", "nothing is left out");
  const history = stdout.slice(stdout.indexOf("\nHistory\n"));
  const actions = [...history.matchAll(/^ {2}\d{4}-\d\d-\d\d \d\d:\d\d UTC {2}(\S+) +(\S+) /gm)].map(([, what, who]) => [what, who]);
  assert.ok(actions.some(([what, who]) => what === "license.revoked" && who === "root"), history);
  assert.ok(actions.some(([what, who]) => what === "license.created" && who === "root"), history);
  assert.ok(actions.some(([what, who]) => what === "activated" && who === "lovelace"), history);
  assert.match(history, /revoked: false → true/);

  const whole = await json(["show", license.key]);
  assert.deepEqual(whole.eventLogs, (await server.call("GET", `/v3/event-logs?resourceId=${license.id}&sort=-createdAt`)).json);
  assert.deepEqual(whole.activationLogs.map(({ action, hostname }) => [action, hostname]), [["activated", "lovelace"]]);
  const shorter = await json(["show", license.key, "--history", "1"]);
  assert.equal(shorter.eventLogs.length, 1);
});

test("a token is printed once and alone, does what its scopes say, and ends when it is revoked", async () => {
  const made = await run(["token", "create", "CI", "--scope", "license:read", "--expires", "30d"]);
  assert.match(made.stdout, /^lct_\S+\n$/);
  assert.equal(made.stderr, "Keep it now: it is not shown again.\n");
  const env = { LICENTIA_TOKEN: made.stdout.trim() };
  await run(["license", "find"], { env });
  assert.match((await run(["product", "create", "No"], { code: 4, env })).stderr, /product:write/);

  const { stdout } = await run(["token", "list"]);
  assert.match(stdout, /^ID +NAME +STATUS +ENDS +LAST USED +SCOPES$/m);
  const [, id] = /^(\S+) +CI +active +\d{4}-\d\d-\d\d \d\d:\d\d UTC +(?:now|\d+ seconds? ago) +license:read$/m.exec(stdout);
  assert.ok(!stdout.includes(env.LICENTIA_TOKEN));
  assert.deepEqual((await json(["token", "list"])).map((token) => token.accessToken), [undefined]);

  assert.equal((await run(["token", "revoke", id])).stdout, "Revoked the token CI\n");
  await run(["license", "find"], { code: 4, env });
  assert.match((await run(["token", "list"])).stdout, /^\S+ +CI +revoked /m);
  await run(["token", "revoke", "00000000-0000-4000-8000-000000000000"], { code: 3 });
  await run(["token", "create", "CI", "--scope", "no:such"], { code: 1 });
});

test("what a token may not read is left out of what is shown, and that is said", async () => {
  const license = await create();
  const made = await run(["token", "create", "Narrow", "--scope", "license:read"]);
  const { stdout, stderr } = await run(["show", license.key], { env: { LICENTIA_TOKEN: made.stdout.trim() } });
  assert.match(stdout, new RegExp(`^License ${license.key}\n`));
  assert.match(stderr, /note: its machines cannot be shown: .*activation:read/);
});
