// Runs the built command line as a shell would, and says how it ended.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";

/** Runs `licentia`; `env` is all that it finds in its environment, `input` what it is told on its standard input. */
export async function licentia(args, { env = {}, input } = {}) {
  const program = process.env.LICENTIA_CLI;
  assert.ok(program, "LICENTIA_CLI names the program: `cargo build --package licentia-cli`");
  const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => {}); // it may end before it has read what it is told
  child.stdin.end(input ?? "");
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (printed[name] += text));
  const [code] = await once(child, "close");
  return { code, ...printed };
}

/** Returns `licentia(…)` for one server, which fails the test unless the command ends with `code`. */
export function at({ url, token }) {
  return async (args, { code = 0, env = {}, input } = {}) => {
    const run = await licentia(args, { env: { LICENTIA_URL: url, LICENTIA_TOKEN: token, ...env }, input });
    assert.equal(run.code, code, `licentia ${args.join(" ")}\n${run.stdout}${run.stderr}`);
    return run;
  };
}

/** A server of HTTP that answers as it is told, for what a well server never does. */
export async function played(answer) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    requests.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
    const { status = 200, headers = {}, body = "" } = answer(requests.length, requests.at(-1));
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, token: "lct_played", requests, close };
}
