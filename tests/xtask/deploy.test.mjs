// `cargo xtask deploy` against an account that is played: a program in wrangler's place records each call, keeps what a
// run created, and answers from that, in the forms of wrangler 4.164. No live account was tried.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

const root = process.env.LICENTIA_ROOT;
const xtask = process.env.LICENTIA_XTASK;

const PLAYED = `#!/usr/bin/env node
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
const args = process.argv.slice(2);
const file = process.env.PLAYED_ACCOUNT;
const account = JSON.parse(readFileSync(file, "utf8"));
const said = args.includes("bulk") ? readFileSync(0, "utf8") : "";
account.calls.push(args.join(" "));
const is = (...words) => words.every((word, at) => args[at] === word);
const answer = (value) => console.log(JSON.stringify(value));
if (is("kv", "namespace", "list")) answer(account.namespaces);
else if (is("kv", "namespace", "create")) account.namespaces.push({ id: "0f".repeat(16), title: args[3] });
else if (is("deployments", "status")) {
  if (!account.build) process.exit(1);
  answer({ versions: [{ version_id: "v1", percentage: 100 }] });
} else if (is("versions", "view")) {
  answer({ resources: { bindings: [{ name: "LICENTIA_BUILD", type: "plain_text", text: account.build }] } });
} else if (is("deploy") && args.includes("--dry-run")) console.log("--dry-run: exiting now.");
else if (is("deploy")) {
  account.config = readFileSync(args[args.indexOf("--config") + 1], "utf8");
  account.build = args[args.indexOf("--var") + 1].split(":")[1];
  const line = JSON.stringify({ type: "deploy", version: 1, targets: [process.env.PLAYED_ADDRESS] });
  appendFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, line + "\\n");
} else if (is("secret", "list")) answer(Object.keys(account.secrets).map((name) => ({ name, type: "secret_text" })));
else if (is("secret", "bulk")) Object.assign(account.secrets, JSON.parse(said));
else { console.error("unknown call", args); process.exit(2); }
writeFileSync(file, JSON.stringify(account));
`;

let directory;
let server;
let address;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "licentia-deploy-"));
  await writeFile(join(directory, "wrangler.mjs"), PLAYED);
  await chmod(join(directory, "wrangler.mjs"), 0o755);
  server = createServer((request, response) => response.end(request.url)).listen(0, "127.0.0.1");
  await once(server, "listening");
  address = `http://127.0.0.1:${server.address().port}`;
});

after(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  await save({ calls: [], namespaces: [], secrets: {} });
  await rm(join(root, "build/deploy-trial"), { recursive: true, force: true });
});

const accountFile = () => join(directory, "account.json");
const account = async () => JSON.parse(await readFile(accountFile(), "utf8"));
const save = (value) => writeFile(accountFile(), JSON.stringify(value));

async function deploy(...args) {
  const { LICENTIA_ROOT_TOKEN, LICENTIA_MASTER_KEYS, ...inherited } = process.env;
  const child = spawn(xtask, ["deploy", ...args], {
    env: {
      ...inherited,
      LICENTIA_WRANGLER: join(directory, "wrangler.mjs"),
      PLAYED_ACCOUNT: accountFile(),
      PLAYED_ADDRESS: address,
    },
  });
  let output = "";
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (output += text));
  const [code] = await once(child, "close");
  return { code, output };
}

test("the first run creates the namespace, the Worker and both secrets, and shows the root token", async () => {
  const { code, output } = await deploy();
  assert.equal(code, 0, output);
  assert.ok(output.includes(`address     ${address}`), output);

  const { namespaces, secrets, config, calls } = await account();
  assert.deepEqual(namespaces.map(({ title }) => title), ["licentia-licenses"]);
  assert.ok(config.includes(`id = "${namespaces[0].id}"`), config);
  assert.match(secrets.LICENTIA_ROOT_TOKEN, /^lct_[\w-]{43}_[\w-]{6}$/);
  assert.match(secrets.LICENTIA_MASTER_KEYS, /^main:[A-Za-z0-9+/]{43}=$/);
  assert.ok(output.includes(secrets.LICENTIA_ROOT_TOKEN), "the token is shown");
  assert.ok(!output.includes(secrets.LICENTIA_MASTER_KEYS), "the master key never is");
  assert.ok(!calls.join().includes("lct_"), "no secret stands in an argument");
});

test("a second run changes nothing and shows no token", async () => {
  await deploy();
  const first = await account();
  const { code, output } = await deploy();
  assert.equal(code, 0, output);
  assert.ok(output.includes(`address     ${address}`), output);
  assert.ok(!output.includes("lct_"), output);

  const second = await account();
  assert.deepEqual({ ...second, calls: [] }, { ...first, calls: [] });
  const changing = second.calls.slice(first.calls.length).filter((call) => /create|bulk|^deploy /.test(call));
  assert.deepEqual(changing, []);
});

test("another build is deployed again, over the same namespace and secrets", async () => {
  await deploy();
  const first = await account();
  await save({ ...first, build: "an older one", calls: [] });
  const { code, output } = await deploy();
  assert.equal(code, 0, output);
  const second = await account();
  assert.equal(second.build, first.build);
  assert.deepEqual(second.secrets, first.secrets);
  assert.deepEqual(second.namespaces, first.namespaces);
});

test("a secret that is there is never replaced", async () => {
  await save({ calls: [], namespaces: [], secrets: { LICENTIA_MASTER_KEYS: "main:old" } });
  const { output } = await deploy();
  const { secrets } = await account();
  assert.equal(secrets.LICENTIA_MASTER_KEYS, "main:old");
  assert.ok(output.includes(secrets.LICENTIA_ROOT_TOKEN), output);
});

test("a dry run asks the account nothing", async () => {
  const { code, output } = await deploy("--dry-run");
  assert.equal(code, 0, output);
  const { calls } = await account();
  assert.equal(calls.length, 1);
  assert.match(calls[0], /^deploy --dry-run --config /);
  assert.match(output, /would create/);
});
