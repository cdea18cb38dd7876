// Static pages for tests, on the Worker's own origin: what the binding ASSETS is in production.
import { createServer } from "node:http";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Reads `_headers`: a path pattern, then indented headers. */
async function policies(directory) {
  const text = await readFile(join(directory, "_headers"), "utf8").catch(() => "");
  const rules = [];
  for (const line of text.split("\n").filter((line) => line.trim() && !line.startsWith("#"))) {
    if (!line.startsWith(" ") && !line.startsWith("\t")) rules.push({ pattern: line.trim(), headers: {}, detached: [] });
    else if (line.trim().startsWith("! ")) rules.at(-1).detached.push(line.trim().slice(2));
    else {
      const [name, ...value] = line.trim().split(":");
      rules.at(-1).headers[name] = value.join(":").trim();
    }
  }
  return rules;
}

/** Returns what the rules of a path say together; `! Name` takes back what an earlier one said. */
function headersFor(rules, path) {
  const matches = ({ pattern }) => (pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern);
  const said = {};
  for (const { headers, detached } of rules.filter(matches)) {
    for (const name of detached) delete said[name];
    Object.assign(said, headers);
  }
  return said;
}

/** Serves `directory` and resolves to `{ port, close }`. */
export async function servePages(directory) {
  const rules = await policies(directory);
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://pages").pathname));
    const file = path.endsWith("/") ? `${path}index.html` : extname(path) ? path : `${path}.html`;
    try {
      const body = await readFile(join(directory, file));
      const type = TYPES[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { ...headersFor(rules, path), "Content-Type": type }).end(body);
    } catch {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("no such page\n");
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { port: server.address().port, close };
}
