// Activations in workerd: many count at the same time, and Cloudflare says from where a machine asks.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "../harness/index.mjs";
import { anonymous, claimsOf, createLicense, createProduct, isProblem, machine } from "./story.mjs";

let server;
let product;
before(async () => {
  server = await start();
  product = await createProduct(server, { tokenAlgorithm: "EdDSA" });
});
after(() => server?.stop());

async function activate(license, sent = machine(license), headers = {}) {
  const answer = await server.call("POST", "/v3/activations", sent, { Authorization: "", ...headers });
  assert.equal(answer.status, 201, answer.text);
  const { aid } = await claimsOf(server, product.id, answer.json.activationToken, "EdDSA");
  return aid;
}

test("of fifty increments at the same time as many count as the meter allows", async () => {
  const license = await createLicense(server, product, { meterAttributes: [{ name: "exports", allowedUses: 37 }] });
  const activationId = await activate(license);
  const path = `/v3/activations/meter-attributes/${license.meterAttributes[0].id}`;
  const increment = () => anonymous(server, "POST", path, { increment: 1, activationId });
  const answers = await Promise.all(Array.from({ length: 50 }, increment));

  const counted = answers.filter((answer) => answer.status === 200).map((answer) => answer.json);
  const expected = Array.from({ length: 37 }, (_, index) => index + 1);
  assert.deepEqual(counted.map((answer) => answer.licenseTotalUses).sort((a, b) => a - b), expected, "each number once");
  const refused = answers.filter((answer) => answer.status !== 200);
  assert.equal(refused.length, 13);
  for (const answer of refused) isProblem(answer, 400, "METER_ATTRIBUTE_USES_LIMIT_REACHED");

  const { json } = await server.call("GET", `/v3/licenses/${license.id}`);
  const { totalUses, grossUses } = json.meterAttributes[0];
  assert.deepEqual([totalUses, grossUses], [37, 37]);
});

test("of ten machines at the same time as many have a seat as there are, and the others count nothing", async () => {
  const terms = { allowedActivations: 3, meterAttributes: [{ name: "exports", allowedUses: 100 }] };
  const license = await createLicense(server, product, terms);
  const sent = (index) => ({ ...machine(license, `machine-${index}`), meterAttributes: [{ name: "exports", usesIncrement: 2 }] });
  const activations = Array.from({ length: 10 }, (_, index) => anonymous(server, "POST", "/v3/activations", sent(index)));
  const statuses = (await Promise.all(activations)).map((answer) => answer.status);
  assert.equal(statuses.filter((status) => status === 201).length, 3);
  const { json } = await server.call("GET", `/v3/licenses/${license.id}`);
  assert.deepEqual([json.totalActivations, json.meterAttributes[0].totalUses], [3, 6]);
});

const AUSTIN = {
  country: "US",
  region: "Texas",
  regionCode: "TX",
  city: "Austin",
  postalCode: "78701",
  timezone: "America/Chicago",
  latitude: "30.27130",
  longitude: "-97.74260",
};
const escaped = (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
/** A header holds ASCII alone. */
const seenAt = (cf) => ({ "Test-Cf": JSON.stringify(cf).replace(/[\u0080-\uffff]/g, escaped) });

test("an activation keeps the place that Cloudflare tells, and a sync moves it", async () => {
  const license = await createLicense(server, product);
  const id = await activate(license, machine(license), { "CF-Connecting-IP": "192.0.2.7", ...seenAt(AUSTIN) });
  const location = async () => (await server.call("GET", `/v3/activations/${id}`)).json.location;
  assert.deepEqual(await location(), {
    ipAddress: "192.0.2.7",
    countryCode: "US",
    countryName: null,
    regionCode: "TX",
    regionName: "Texas",
    city: "Austin",
    zipCode: "78701",
    timeZone: "America/Chicago",
    latitude: 30.2713,
    longitude: -97.7426,
  });

  const headers = { Authorization: "", ...seenAt({ country: "DE", city: "Köln" }), "Idempotency-Key": "moved" };
  const synced = await server.call("PATCH", `/v3/activations/${id}`, machine(license), headers);
  assert.equal(synced.status, 200, synced.text);
  const { city, countryCode, regionCode, ipAddress } = await location();
  assert.deepEqual([city, countryCode, regionCode, ipAddress], ["Köln", "DE", null, null]);
});

test("a license lets in the countries that it names, by what Cloudflare says and by no header of the client's", async () => {
  const license = await createLicense(server, product, { allowedCountries: ["US"] });
  const from = (headers) => server.call("POST", "/v3/activations", machine(license), { Authorization: "", ...headers });
  isProblem(await from({ "CF-IPCountry": "US" }), 400, "COUNTRY_NOT_ALLOWED");
  isProblem(await from(seenAt({ country: "T1" })), 400, "COUNTRY_NOT_ALLOWED");
  assert.equal((await from(seenAt(AUSTIN))).status, 201);
});
