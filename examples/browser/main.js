// The page: it shows what the license says, and does nothing that the license does not allow.
import { LicenseError, LicentiaClient } from "licentia";

// `licentia product dat <id>`, or the file that `GET /v3/products/{id}/product.dat` answers.
import product from "./product.json";

const element = (id) => document.getElementById(id);
const client = await LicentiaClient.open({ product, appVersion: "1.0.0" });

function show() {
  const { code, message } = client.isGenuine();
  const runs = code === 0;
  element("state").textContent = message;
  element("why").textContent = client.explain();
  element("product").hidden = !runs;
  // Expired, suspended and offline for too long heal by themselves once the server says so.
  element("activation").hidden = runs || [20, 21, 22].includes(code);
  element("plan").textContent = client.licenseMetadata("plan") ?? "";
}

/** Runs what reaches the server, and says why if it is refused. */
async function attempt(action) {
  element("refusal").textContent = "";
  try {
    await action();
  } catch (error) {
    if (!(error instanceof LicenseError)) throw error;
    element("refusal").textContent = error.message;
  }
  show();
}

element("activation").addEventListener("submit", (event) => {
  event.preventDefault();
  void attempt(() => client.activate(element("key").value.trim()));
});
element("check").addEventListener("click", () => void attempt(() => client.sync()));
element("deactivate").addEventListener("click", () => void attempt(() => client.deactivate()));
client.on("status", show);
show();
