// The log: each request with its answer and what the client made of it. The same again only raises a count.

import { clock, readBody, shortToken } from "./text.js";

const LONGEST = 100;
const HEADERS = ["X-Request-Id", "ETag", "Licentia-Published"];
const SIDES = { vendor: "Vendor", app: "App" };

export class Log {
  #list;
  /** Newest first: `{ exchange, event, count, details }`. */
  #entries = [];
  /** The app's last request: it is drawn once the client has said what it made of the answer. */
  #waiting = null;

  constructor(list) {
    this.#list = list;
  }

  /** Adds a request and its answer: `{ side, method, path, status, request, response, headers, at }`. */
  request(exchange) {
    if (exchange.side === "vendor") {
      this.#add(exchange, null);
      return;
    }
    if (this.#waiting !== null) {
      this.#add(this.#waiting, null);
    }
    this.#waiting = exchange;
  }

  /** Adds what the client made of its last answer; alone, if it asked nobody. */
  event(event) {
    const exchange = this.#waiting ?? { side: "app", at: new Date() };
    this.#waiting = null;
    this.#add(exchange, event);
  }

  clear() {
    this.#entries = [];
    this.#waiting = null;
    this.#list.replaceChildren();
  }

  #add(exchange, event) {
    const last = this.#entries[0];
    if (last !== undefined && kind(last) === kind({ exchange, event })) {
      Object.assign(last, { exchange, event, count: last.count + 1 });
      draw(last);
      return;
    }
    const entry = { exchange, event, count: 1, details: element("details") };
    const item = element("li");
    item.append(entry.details);
    this.#list.prepend(item);
    this.#entries.unshift(entry);
    draw(entry);
    for (const old of this.#entries.splice(LONGEST)) {
      old.details.parentElement.remove();
    }
  }
}

/** Draws an entry. Its summary stays the same element, and what somebody reads is not replaced. */
function draw({ exchange, event, count, details }) {
  const line = details.querySelector("summary") ?? details.appendChild(element("summary"));
  line.replaceChildren(...summary(exchange, event, count));
  if (!details.open) {
    details.replaceChildren(line, ...bodies(exchange));
  }
}

/** Entries of the same kind are drawn as one. */
function kind({ exchange, event }) {
  const { side, method, path, status, request } = exchange;
  return JSON.stringify([side, method, path, status, request, event?.call, event?.status.code]);
}

function summary(exchange, event, count) {
  const { side, method, path, status, at } = exchange;
  const parts = [element("time", clock(at)), element("span", SIDES[side], `side ${side}`)];
  if (method === undefined) {
    parts.push(element("span", "no request", "call"));
  } else {
    const call = element("span", "", method === "GET" ? "call read" : "call");
    call.append(element("b", method), ` ${path}`);
    const answer = status === 0 ? "no answer" : String(status);
    parts.push(call, element("span", answer, `status ${status >= 200 && status < 300 ? "good" : "bad"}`));
  }
  const outcome = event === null ? "" : `${event.call}: ${event.status.code} ${event.status.name}`;
  parts.push(element("span", outcome, "outcome"), element("span", count > 1 ? `× ${count}` : "", "count"));
  return parts;
}

function bodies({ side, method, path, status, request, response, headers }) {
  if (method === undefined) {
    return [element("p", "The client decided this by itself; nothing was sent.", "note")];
  }
  const parts = [element("p", `${method} ${path}`, "line")];
  if (side === "vendor") {
    parts.push(element("p", "Authorization: Bearer $TOKEN", "line"));
  }
  parts.push(...body("Request", request));
  const told = HEADERS.filter((name) => headers.has(name)).map((name) => `${name}: ${headers.get(name)}`);
  parts.push(element("p", status === 0 ? "No answer" : [`Status ${status}`, ...told].join(" · "), "line"));
  parts.push(...body("Answer", response));
  return parts;
}

function body(title, text) {
  if (text === "") {
    return [];
  }
  const read = readBody(text);
  const parts = [element("h3", title), code(read.text)];
  for (const { name, claims } of read.tokens) {
    const decoded = element("details", "", "decoded");
    decoded.append(element("summary", `What the ${name} says`), code(JSON.stringify(claims, brief, 2)));
    parts.push(decoded);
  }
  return parts;
}

function brief(_, value) {
  return typeof value === "string" && value.split(".").length === 3 && value.length > 100 ? shortToken(value) : value;
}

function code(text) {
  const block = element("pre");
  block.append(element("code", text));
  return block;
}

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}
