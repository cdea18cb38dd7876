// How things read on the page: times, tokens, JSON and commands.

const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Returns the time of day, such as `10:42:07`. */
export function clock(date) {
  return date.toLocaleTimeString("en-GB");
}

/** Returns a date, such as `23 December 2026`. */
export function day(date) {
  return date.toLocaleDateString("en-GB", { dateStyle: "long" });
}

/** Returns a duration as a person says it. */
export function duration(seconds) {
  return seconds === 1 ? "second" : `${seconds} seconds`;
}

/** Returns the start and the end of a signed token. */
export function shortToken(token) {
  return `${token.slice(0, 10)}…${token.slice(-6)}`;
}

/** Returns the payload of a signed token, or null if the text is none. It is read here, not verified. */
export function claimsOf(text) {
  if (typeof text !== "string" || !TOKEN.test(text)) {
    return null;
  }
  try {
    const encoded = text.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/** Reads a body: `{ text }` to show, with tokens shortened, and `{ tokens }`, the claims of each by its field's name. */
export function readBody(body) {
  const tokens = [];
  let value;
  try {
    value = JSON.parse(body);
  } catch {
    return { text: body, value: null, tokens };
  }
  const shorten = (name, field) => {
    const claims = claimsOf(field);
    if (claims === null) {
      return field;
    }
    tokens.push({ name, claims });
    return shortToken(field);
  };
  return { text: JSON.stringify(value, shorten, 2), value, tokens };
}

/** Returns a vendor's request as a command for a terminal, which names the access token and does not hold it. */
export function curl({ method, url, body }) {
  const lines = [`curl -X ${method} ${url}`, `-H "Authorization: Bearer $TOKEN"`];
  if (body !== undefined) {
    lines.push(`-H "Content-Type: application/json"`, `-d '${body.replaceAll("'", String.raw`'\''`)}'`);
  }
  return lines.join(" \\\n  ");
}
