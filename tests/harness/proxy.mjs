// What stands between an application and its server: an HTTP proxy that does with requests and answers what a test says.
import { once } from "node:events";
import { createServer } from "node:http";

/**
 * Starts a proxy before `url`. `between(request, pass)` answers each request: `pass(changes)` sends it on, changed or as it
 * came, and resolves to what came back. A request is `{ method, path, headers, body }`, an answer `{ status, headers, body }`;
 * "drop" in its place breaks the connection off.
 *
 * Resolves to `{ url, between, seen, close }`; `seen` has what came back, in order.
 */
export async function proxy(url) {
  const through = { between: (_, pass) => pass(), seen: [] };
  const server = createServer(async (incoming, outgoing) => {
    let body = "";
    for await (const piece of incoming.setEncoding("utf8")) body += piece;
    const { host: _, connection: __, "content-length": ___, ...headers } = incoming.headers;
    const request = { method: incoming.method, path: incoming.url, headers, body };
    const pass = async (changes = {}) => {
      const sent = { ...request, ...changes };
      const { method, headers } = sent;
      const response = await fetch(url + sent.path, { method, headers, body: sent.body === "" ? undefined : sent.body });
      const { date: _, connection: __, "content-length": ___, ...kept } = Object.fromEntries(response.headers);
      const answer = { status: response.status, headers: kept, body: await response.text() };
      through.seen.push({ ...answer, request: sent });
      return answer;
    };
    const answer = await through.between(request, pass).catch(() => "drop");
    if (answer === "drop") return void incoming.socket.destroy();
    outgoing.writeHead(answer.status, answer.headers);
    outgoing.end(answer.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  through.url = `http://127.0.0.1:${server.address().port}`;
  through.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return through;
}
