// The window: shows what the main process says of the license, and asks it. No license is checked here.
const element = (id) => document.getElementById(id);
const { license } = window;

function show({ code, message, explanation, plan, refusal = null }) {
  element("state").textContent = message;
  element("explanation").textContent = explanation;
  element("plan").textContent = plan ?? "";
  element("refusal").textContent = refusal ?? "";
  element("product").hidden = code !== 0;
  // Expired, suspended and offline for too long heal by themselves once the server says so.
  element("activation").hidden = [0, 20, 21, 22].includes(code);
}

element("activation").addEventListener("submit", async (event) => {
  event.preventDefault();
  show(await license.activate(element("key").value));
});
element("sync").addEventListener("click", async () => show(await license.sync()));
element("deactivate").addEventListener("click", async () => show(await license.deactivate()));
license.onChanged(show);
show(await license.state());
