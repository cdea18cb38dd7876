// The vendor's side: calls of the API with the access token.

/** An answer that is no success, or none at all (`status` 0). */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** How often the app syncs, in seconds, if the server lets it. */
export const INTERVAL = 5;
const SAFE_INTERVAL = 60;

export class Vendor {
  #token;
  #record;
  /** Requests are sent one after the other, in the order in which buttons were pressed. */
  #last = Promise.resolve();

  /** `record` is told of every request and its answer. */
  constructor(token, record) {
    this.#token = token;
    this.#record = record;
  }

  /** Rejects unless the server takes the access token. */
  async check() {
    await this.#call("GET", "/v3/products?limit=1");
  }

  /** Creates a product, and a license of it for one device. */
  async open() {
    const { body: product } = await this.#call("POST", "/v3/products", { name: "Acme Editor" });
    return { product: { id: product.id, publicKey: product.publicKey }, license: await this.#createLicense(product.id) };
  }

  async #createLicense(productId) {
    const create = (serverSyncInterval) =>
      this.#call("POST", "/v3/licenses", { productId, allowedActivations: 1, serverSyncInterval });
    try {
      return await create(INTERVAL);
    } catch (error) {
      if (error.code !== "INVALID_FIELD") {
        throw error;
      }
      // A server for real customers has a floor: the message names it.
      const floor = /must be (\d+) to/.exec(error.message)?.[1];
      return create(floor === undefined ? SAFE_INTERVAL : Number(floor));
    }
  }

  read(id) {
    return this.#call("GET", `/v3/licenses/${id}`);
  }

  change(id, change) {
    return this.#call("PATCH", `/v3/licenses/${id}`, change);
  }

  async remove(id) {
    await this.#call("DELETE", `/v3/licenses/${id}`);
  }

  #call(method, path, change) {
    const turn = this.#last.then(() => this.#send(method, path, change));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #send(method, path, change) {
    const body = change === undefined ? undefined : JSON.stringify(change);
    const headers = { Authorization: `Bearer ${this.#token}` };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
    }
    const exchange = { side: "vendor", method, path, request: body ?? "", at: new Date() };
    let response;
    try {
      response = await fetch(path, { method, headers, body, cache: "no-store", credentials: "omit", redirect: "error" });
      exchange.response = await response.text();
    } catch {
      this.#record({ ...exchange, status: 0, response: "", headers: new Headers() });
      throw new ApiError(0, "", "The server could not be reached.");
    }
    this.#record({ ...exchange, status: response.status, headers: response.headers });
    return answer(response, exchange.response);
  }
}

function answer(response, text) {
  let body = null;
  try {
    body = text === "" ? null : JSON.parse(text);
  } catch {
    throw new ApiError(response.status, "", `The server answered ${response.status} with something that is not JSON.`);
  }
  if (!response.ok) {
    throw new ApiError(response.status, body?.code ?? "", body?.message ?? `The server answered ${response.status}.`);
  }
  return { body, published: response.headers.get("Licentia-Published") };
}
