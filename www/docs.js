// Draws the API's own document with Swagger UI, in the reader's colours, and opens the operation that the address names.

/* global SwaggerUIBundle */

/** Links that were written for Redoc, `#tag/Licenses/operation/UpdateLicense`, name an operation here too. */
function followOlderLink() {
  const [, tag, operation] = /^#tag\/([^/]+)(?:\/operation\/([^/]+))?$/.exec(location.hash) ?? [];
  if (tag) history.replaceState(null, "", operation ? `#/${tag}/${operation}` : `#/${tag}`);
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

followOlderLink();
SwaggerUIBundle({
  url: "/api-docs/v3/swagger.json",
  dom_id: "#reference",
  deepLinking: true,
  filter: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 2,
  displayRequestDuration: true,
  requestSnippetsEnabled: true,
  validatorUrl: "none",
});
