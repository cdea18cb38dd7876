// Reads what a server answered: no more of it than an answer of ours may be, and how it is signed to what request.

/** A longer body is no answer of ours: nobody reads on. */
const LONGEST_BODY = 1_048_576;

/** `Content-Digest`, `Signature-Input` and `Signature`, a line each: as the modules read them. */
export function signatureOf(header: (name: string) => string): string {
  return ["Content-Digest", "Signature-Input", "Signature"].map(header).join("\n");
}

/** Returns what a request's header `Content-Digest` says, of its body's SHA-256. */
export function contentDigest(sha256: Uint8Array): string {
  return `sha-256=:${btoa(String.fromCharCode(...sha256))}:`;
}

/** Reads a response; one of a stand-in for `fetch` may lack what others have. */
export async function received(response: Response) {
  const status = Number.isInteger(response.status) ? Math.min(Math.max(response.status, 0), 999) : 0;
  const header = (name: string) => response.headers?.get(name) ?? "";
  return { status, body: await bodyOf(response), signature: signatureOf(header), header };
}

/** Reads a body as it comes, and no longer than it may be; that of a stand-in for `fetch` may have no stream, and comes whole. */
async function bodyOf(response: Response): Promise<string> {
  const reader = response.body?.getReader?.();
  const decoder = new TextDecoder();
  let text = reader === undefined ? String(await response.text()) : "";
  let isWhole = false;
  while (reader !== undefined && !isWhole && text.length <= LONGEST_BODY) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    isWhole = done;
  }
  if (text.length > LONGEST_BODY) {
    void reader?.cancel().catch(() => undefined);
    throw new RangeError("too long");
  }
  return text;
}
