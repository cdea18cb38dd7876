// The page: takes the access token, opens a license for this tab, and shows the vendor's side beside the customer's.

import { CustomerApp } from "./customer.js";
import { advance, describe } from "./guide.js";
import { Log } from "./log.js";
import { clock, curl, day, duration, shortToken } from "./text.js";
import { INTERVAL, Vendor } from "./vendor.js";

const TOKEN = "licentia.token";
const DEMO = "licentia.demo";
const REVOKED = '{"revoked": true}';
/** How a verdict looks; any other is a refusal. */
const STATES = { 0: "good", 20: "held", 21: "held", 22: "held" };

const at = (id) => document.getElementById(id);
const log = new Log(at("log"));
const record = (exchange) => log.request(exchange);

let vendor;
let app;
/** What this tab remembers: `{ product, license: { id, key }, step, published }`. */
let demo = null;
/** What the page shows, for the guide. */
let facts = {};

function say(id, text) {
  if (at(id).textContent !== text) {
    at(id).textContent = text;
  }
}

function alarm(text) {
  say("alarm", text);
  at("alarm").hidden = text === "";
}

/** Takes the token out of the address, where it would be seen, copied and remembered. */
function tokenOfAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) {
    history.replaceState(null, "", location.pathname + location.search);
    sessionStorage.setItem(TOKEN, token);
  }
  return token;
}

function askForToken(problem) {
  app?.stop();
  app = undefined;
  sessionStorage.removeItem(TOKEN);
  at("demo").hidden = true;
  at("session").hidden = true;
  at("sign-in").hidden = false;
  say("sign-in-problem", problem);
  at("token").focus();
}

async function signIn(token) {
  const candidate = new Vendor(token, record);
  try {
    await candidate.check();
  } catch (error) {
    log.clear();
    askForToken(error.status === 401 ? "The server does not accept this token." : error.message);
    return;
  }
  sessionStorage.setItem(TOKEN, token);
  vendor = candidate;
  at("token").value = "";
  at("sign-in").hidden = true;
  at("demo").hidden = false;
  at("session").hidden = false;
  await guarded(resume);
}

/** Goes on with the license that this tab has, if the server still has it. */
async function resume() {
  demo = JSON.parse(sessionStorage.getItem(DEMO) ?? "null");
  if (demo === null) {
    await begin();
    return;
  }
  const license = await vendor.read(demo.license.id).catch(unlessUnknown);
  if (license === undefined) {
    await begin();
    return;
  }
  show(license);
  await run();
}

async function begin() {
  const { product, license } = await vendor.open();
  demo = { product, license: { id: license.body.id, key: license.body.key }, step: 0 };
  say("answer", "none yet");
  show(license);
  const verdict = await run();
  if (verdict.code !== 0) {
    await app.call("activate");
  }
}

function run() {
  const { product, license } = demo;
  command(REVOKED);
  app = new CustomerApp({ product, licenseKey: license.key, record, changed: (news) => void guarded(() => heard(news)) });
  return app.start();
}

/** Ends the app, and forgets the license that this tab had. */
async function leave() {
  await app?.close();
  app = undefined;
  demo = null;
  facts = {};
  log.clear();
  sessionStorage.removeItem(DEMO);
}

async function startOver(button) {
  button.setAttribute("aria-disabled", "true");
  try {
    const id = demo?.license.id;
    await leave();
    if (id !== undefined) {
      await vendor.remove(id).catch(unlessUnknown);
    }
    await begin();
  } finally {
    button.setAttribute("aria-disabled", "false");
  }
}

function unlessUnknown(error) {
  if (error.status !== 404) {
    throw error;
  }
}

async function signOut() {
  await leave();
  askForToken("");
}

/** Shows the license as the server has it. */
function show({ body: license, published }) {
  if (license.id !== demo?.license.id) {
    return; // An answer about the license of before.
  }
  const { revoked, suspended, serverSyncInterval: interval } = license;
  demo.published = published ?? demo.published ?? "…";
  const words = [revoked && "Revoked", suspended && "Suspended"].filter(Boolean);
  say("license-state", words.join(", ") || "Active");
  at("license-state").dataset.state = revoked ? "bad" : suspended ? "held" : "good";
  say("license-key", license.key);
  say("license-seats", `${license.totalActivations} of ${license.allowedActivations}`);
  say("license-interval", interval > INTERVAL ? `${duration(interval)}, the least that this server allows` : duration(interval));
  say("license-expires", license.expiresAt === null ? "never" : day(new Date(license.expiresAt)));
  say("license-updated", clock(new Date(license.updatedAt)));
  say("license-published", demo.published === "pending" ? "pending, to be put again" : `version ${demo.published}`);
  const stands = { revoked, suspended };
  for (const button of document.querySelectorAll("[data-change]")) {
    const [[field, value]] = Object.entries(JSON.parse(button.dataset.change));
    button.setAttribute("aria-disabled", String(stands[field] === value));
  }
  learn({ revoked, suspended });
}

function command(body) {
  say("command", curl({ method: "PATCH", url: `${location.origin}/v3/licenses/${demo.license.id}`, body }));
}

/** Shows what the client says, and looks at the license again where that may have changed. */
async function heard({ verdict, reason, event }) {
  const before = facts.code;
  if (event !== null) {
    log.event(event);
    say("answer", `${event.call}: ${event.status.code} ${event.status.name}. ${event.status.message}`);
  }
  at("verdict").dataset.state = STATES[verdict.code] ?? "bad";
  say("verdict-number", String(verdict.code));
  say("verdict-name", verdict.name);
  say("verdict-sentence", verdict.message);
  say("verdict-why", reason === null ? "" : `Why: ${reason.code} ${reason.name}. ${reason.message}`);
  const token = app.storedToken();
  say("stored", token === null ? "none" : `token ${shortToken(token)}`);
  tick();
  learn({ code: verdict.code, event });
  if ((before ?? verdict.code) !== verdict.code || ["Activate", "Deactivate"].includes(event?.call)) {
    show(await vendor.read(demo.license.id));
  }
}

function learn(news) {
  facts = { ...facts, ...news };
  demo.step = advance(demo.step, facts);
  sessionStorage.setItem(DEMO, JSON.stringify(demo));
  const { count, text } = describe(demo.step);
  say("guide-count", count);
  say("guide-text", text);
  at("guide-progress").value = demo.step;
}

function tick() {
  const next = app?.nextSync() ?? null;
  const left = next === null ? 0 : Math.max(0, next.at - Date.now());
  say("next-sync", next === null ? "none" : left === 0 ? "now" : `in ${Math.ceil(left / 1000)} s`);
  at("next-progress").value = next === null ? 0 : 1 - left / next.interval;
}

/** Runs what a person asked for; what goes wrong is said on the page. */
async function guarded(action) {
  try {
    await action();
  } catch (error) {
    if (error.status === 401) {
      askForToken("The server no longer accepts this token.");
    } else {
      alarm(error.message);
    }
  }
}

function onClick(selector, action) {
  for (const button of document.querySelectorAll(selector)) {
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") !== "true") {
        alarm("");
        void guarded(() => action(button));
      }
    });
  }
}

function wire() {
  at("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    void signIn(at("token").value.trim());
  });
  onClick("[data-change]", async ({ dataset }) => {
    command(dataset.change);
    show(await vendor.change(demo.license.id, JSON.parse(dataset.change)));
  });
  onClick("[data-call]", ({ dataset }) => app?.call(dataset.call));
  onClick("#start-over", startOver);
  onClick("#sign-out", signOut);
  onClick("#copy", async (button) => {
    await navigator.clipboard.writeText(at("command").textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  // A license may be changed from elsewhere, by the command or in another tab.
  addEventListener("focus", () => void (app && guarded(async () => show(await vendor.read(demo.license.id)))));
  addEventListener("hashchange", () => void (tokenOfAddress() && location.reload()));
  setInterval(tick, matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 100);
}

wire();
const token = tokenOfAddress() ?? sessionStorage.getItem(TOKEN);
if (token === null) {
  askForToken("");
} else {
  at("demo").hidden = false;
  await signIn(token);
}
