// The pages that buyers see. They load nothing from anywhere, and hand their address to nobody.

const HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "Referrer-Policy": "no-referrer",
};

export const html = (status, body) => new Response(body, { status, headers: HEADERS });

const page = (title, body) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<h1>${title}</h1>
${body}
</html>
`;

/** A key is hexadecimal digits and hyphens: there is nothing to escape. */
export const keyPage = (key) =>
  page("Thank you", `<p>Your license key: <strong><code>${key}</code></strong></p>
<p>Keep it, or keep this page's address. Whoever has either has your license.</p>`);

export const LATER_PAGE = page("Thank you", "<p>Your bank is still busy with the payment. Come back to this page later.</p>");
