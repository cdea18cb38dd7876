// What the figures stand beside: a plain JavaScript Worker with the same two hops, statements, puts and signatures.
//
// It trusts every request: no access token, no validation, no rule, no limit, no retry. Its tables are those of our first
// migration, with our documents: it keeps no column, index or search for filters, no activation log and no counts, which our
// rows pay for. It is never shipped.
const LICENSE = "SELECT activations, deactivations, document FROM licenses WHERE id = ?1";
const LICENSE_BY_KEY = "SELECT activations, deactivations, document FROM licenses WHERE key = ?1";
const PRODUCT = "SELECT licenses, document FROM products WHERE id = ?1";
const ACTIVATION = "SELECT document FROM activations WHERE id = ?1";
const SEAT = "SELECT document FROM activations WHERE license_id = ?1 AND seat = ?2";
const ACTIVATE = `INSERT INTO activations (id, license_id, seat, created_at, lease_expires_at, document)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6)`;
const RENEW = "UPDATE activations SET lease_expires_at = ?2, document = ?3 WHERE id = ?1";
const COUNT = "UPDATE licenses SET activations = ?2, deactivations = ?3 WHERE id = ?1";
const SAVE = "UPDATE licenses SET key = ?2, activations = ?3, deactivations = ?4, document = ?5 WHERE id = ?1";
const RECORD = `INSERT INTO audit (at, request_id, actor, address, action, resource, resource_id, changes)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`;
const ENQUEUE = `INSERT INTO outbox (subject, version, next_at) VALUES (?1, ?2, ?3)
  ON CONFLICT (subject) DO UPDATE SET version = excluded.version, next_at = excluded.next_at`;
const CLAIM = `UPDATE outbox SET claim = claim + 1, next_at = ?2, claimed_until = ?2
  WHERE subject = ?1 AND (claimed_until IS NULL OR claimed_until <= ?3) RETURNING claim, version`;
const IN_FLIGHT = "SELECT version, claim, uncertain_until, attempts FROM outbox WHERE subject = ?1";
const SETTLE = "DELETE FROM outbox WHERE subject = ?1";
const NEXT = "SELECT next_at FROM outbox ORDER BY next_at LIMIT 1";

const text = new TextEncoder();
const base64 = (bytes) => new Uint8Array(bytes).toBase64({ alphabet: "base64url", omitPadding: true });
const later = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
const seconds = (time) => (time ? Math.floor(Date.parse(time) / 1000) : 0);
const place = ({ list, index }) => ({ status_list: { idx: index, uri: `/v3/status-lists/${list}` } });
const ALGORITHMS = { RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, EdDSA: { name: "Ed25519" } };

const keys = new Map();

/** Imports a key once an isolate. */
async function imported({ kid, algorithm, pkcs8 }) {
  if (!keys.has(kid)) {
    keys.set(kid, await crypto.subtle.importKey("pkcs8", pkcs8, ALGORITHMS[algorithm], false, ["sign"]));
  }
  return keys.get(kid);
}

async function signed(key, typ, claims) {
  const header = base64(text.encode(JSON.stringify({ alg: key.algorithm, kid: key.kid, typ })));
  const input = `${header}.${base64(text.encode(JSON.stringify(claims)))}`;
  const signature = await crypto.subtle.sign(ALGORITHMS[key.algorithm].name, await imported(key), text.encode(input));
  return `${input}.${base64(signature)}`;
}

let naming;

/** The KV key that hides a license key. */
async function nameOf(key) {
  naming ??= await crypto.subtle.importKey("raw", new Uint8Array(32), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", naming, text.encode(key));
  return `default/key/${base64(mac.slice(0, 16))}`;
}

export default {
  async fetch(request, env) {
    if (!request.url.endsWith("/v3/licenses/check")) return env.LEDGER.getByName("default").fetch(request);
    const { key } = await request.json();
    const document = await env.LICENSES.get(await nameOf(key), { type: "text", cacheTtl: 30 });
    const { statement, license } = JSON.parse(document);
    return answer(200, { statement }, license.version, license.version);
  },
};

export class Ledger {
  #sql;
  #storage;
  #kv;

  constructor(state, env) {
    this.#storage = state.storage;
    this.#sql = state.storage.sql;
    this.#kv = env.LICENSES;
  }

  async fetch(request) {
    const { pathname } = new URL(request.url);
    const [, , resource, id] = pathname.split("/");
    if (resource === "seed") return this.#seed(await request.json());
    if (resource === "licenses" && request.method === "GET") return this.#read(id);
    const body = await request.json();
    if (resource === "licenses") return this.#update(id, body);
    return request.method === "POST" ? this.#activate(body) : this.#sync(id, body);
  }

  #row(sql, ...values) {
    return this.#sql.exec(sql, ...values).raw().toArray()[0];
  }

  /** Makes the tables that `schema` lists and adds rows, which come from the other side's published documents. */
  async #seed({ schema, products, licenses }) {
    for (const statement of schema) this.#sql.exec(statement);
    for (const { product } of products) {
      const { algorithm } = product.keys[0];
      const parameters = { ...ALGORITHMS[algorithm], modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
      const pair = await crypto.subtle.generateKey(parameters, true, ["sign", "verify"]);
      product.keys[0].wrapped = base64(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
      const document = JSON.stringify(product);
      this.#sql.exec("INSERT INTO products VALUES (?, ?, ?, ?)", product.id, product.createdAt, 0, document);
    }
    for (const { statement, license } of licenses) {
      const document = JSON.stringify(license);
      const row = [license.id, license.key, license.productId, license.createdAt, 0, 0, document];
      this.#sql.exec("INSERT INTO licenses VALUES (?, ?, ?, ?, ?, ?, ?)", ...row);
      await this.#kv.put(await nameOf(license.key), JSON.stringify({ statement, license }));
    }
    return new Response("seeded");
  }

  #read(id) {
    const row = this.#storage.transactionSync(() => this.#row(LICENSE, id));
    const license = JSON.parse(row[2]);
    return answer(200, view(license, row), license.version);
  }

  async #sync(id, body) {
    const now = later(0);
    const [license, activation, product] = this.#storage.transactionSync(() => {
      const activation = JSON.parse(this.#row(ACTIVATION, id)[0]);
      const license = JSON.parse(this.#row(LICENSE, activation.licenseId)[2]);
      renew(activation, body, now);
      this.#sql.exec(RENEW, id, null, JSON.stringify(activation));
      return [license, activation, JSON.parse(this.#row(PRODUCT, license.productId)[1])];
    });
    return token(200, license, activation, product);
  }

  async #activate(body) {
    const now = later(0);
    const [license, activation, product] = this.#storage.transactionSync(() => {
      const row = this.#row(LICENSE_BY_KEY, body.key);
      const license = JSON.parse(row[2]);
      const seat = body.fingerprint;
      if (this.#row(SEAT, license.id, seat)) throw new Error("every machine of the benchmark is new");
      const id = crypto.randomUUID();
      const activation = { id, licenseId: license.id, epoch: license.epoch, seat, createdAt: now };
      renew(activation, body, now);
      this.#sql.exec(ACTIVATE, id, license.id, seat, now, null, JSON.stringify(activation));
      this.#sql.exec(RECORD, now, crypto.randomUUID(), "anonymous", null, "activation.created", "activation", id, "[]");
      this.#sql.exec(COUNT, license.id, row[0] + 1, row[1]);
      return [license, activation, JSON.parse(this.#row(PRODUCT, license.productId)[1])];
    });
    return token(201, license, activation, product);
  }

  async #update(id, body) {
    const now = later(0);
    const subject = `license/${id}`;
    const [license, row] = this.#storage.transactionSync(() => {
      const row = this.#row(LICENSE, id);
      const license = JSON.parse(row[2]);
      const changes = Object.entries(body).map(([name, newValue]) => ({ propertyName: name, oldValue: license[name], newValue }));
      Object.assign(license, body, { updatedAt: now, version: Math.max(license.version + 1, Date.now()) });
      const changed = JSON.stringify(changes);
      this.#sql.exec(RECORD, now, crypto.randomUUID(), "root", null, "license.suspended", "license", id, changed);
      this.#sql.exec(SAVE, id, license.key, row[0], row[1], JSON.stringify(license));
      this.#sql.exec(ENQUEUE, subject, license.version, now);
      this.#row(CLAIM, subject, later(10), now);
      return [license, row];
    });
    await this.#publish(license);
    this.#storage.transactionSync(() => {
      this.#row(IN_FLIGHT, subject);
      this.#sql.exec(SETTLE, subject);
    });
    this.#row(NEXT);
    return answer(200, view(license, row), license.version, license.version);
  }

  async #publish(license) {
    statementKey ??= await newStatementKey();
    const statement = await signed(statementKey, "license-statement+jwt", statementOf(license));
    const value = JSON.stringify({ statement, license });
    const names = [`default/license/${license.id}`, await nameOf(license.key)];
    await Promise.all(names.map((name) => this.#kv.put(name, value)));
  }
}

let statementKey;

async function newStatementKey() {
  const pair = await crypto.subtle.generateKey(ALGORITHMS.EdDSA, true, ["sign", "verify"]);
  return { kid: "statement", algorithm: "EdDSA", pkcs8: await crypto.subtle.exportKey("pkcs8", pair.privateKey) };
}

function renew(activation, body, now) {
  const { os, fingerprint, hostname, appVersion, userHash } = body;
  Object.assign(activation, {
    updatedAt: now, lastSyncedAt: now, expiresAt: null, leaseExpiresAt: null, askedLease: null, os, osVersion: null,
    fingerprint, vmName: null, container: false, hostname, appVersion, userHash, metadata: [], address: null, country: null,
  });
}

async function token(status, license, activation, product) {
  const { kid, algorithm, wrapped } = product.keys[0];
  const key = { kid, algorithm, pkcs8: keys.has(kid) ? null : Uint8Array.fromBase64(wrapped, { alphabet: "base64url" }) };
  const activationToken = await signed(key, "JWT", claimsOf(license, activation, product));
  return answer(status, { activationToken });
}

function claimsOf(license, activation, product) {
  const { terms } = license;
  return {
    aid: activation.id, lid: license.id, pid: product.id, key: license.key, fp: activation.fingerprint,
    fms: terms.fingerprintMatchingStrategy, os: activation.os, iat: Math.floor(Date.now() / 1000),
    eat: seconds(license.expiresAt), leat: 0, ssgpeat: Math.floor(Date.now() / 1000) + terms.serverSyncGracePeriod,
    ssi: terms.serverSyncInterval, aco: terms.allowedClockOffset, orv: 0, suspended: license.suspended, type: terms.type,
    fc: terms.allowedFloatingClients, ls: terms.leasingStrategy, ld: terms.leaseDuration, name: "", email: "", company: "",
    pmd: product.metadata, lmd: license.metadata, umd: [], amd: activation.metadata, lma: [], ama: [],
    lcat: seconds(license.createdAt), laat: seconds(license.activatedAt), acat: seconds(activation.createdAt),
    epoch: license.epoch, ver: license.version, status: place(license.statusList),
  };
}

function statementOf(license) {
  const { terms } = license;
  return {
    lid: license.id, pid: license.productId, type: terms.type, revoked: license.revoked, suspended: license.suspended,
    deleted: false, eat: seconds(license.expiresAt), lcat: seconds(license.createdAt), laat: seconds(license.activatedAt),
    allowedActivations: terms.allowedActivations, ssi: terms.serverSyncInterval, ssgp: terms.serverSyncGracePeriod,
    aco: terms.allowedClockOffset, epoch: license.epoch, ver: license.version, iat: seconds(license.updatedAt),
    status: place(license.statusList),
  };
}

function view(license, [totalActivations, totalDeactivations]) {
  const { terms, version, epoch, statusList, ...facts } = license;
  const absent = { productVersionId: null, user: null, reseller: null, organization: null };
  const empty = { additionalUserIds: [], meterAttributes: [] };
  return { ...facts, totalActivations, totalDeactivations, ...terms, ...absent, ...empty };
}

const EXPOSED = "X-Request-Id, ETag, Licentia-Published, Licentia-Signature, Retry-After, Allow, Link";

/** Answers with the headers that our answers have. */
function answer(status, body, version, published) {
  const headers = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": EXPOSED,
    "Cache-Control": "no-store",
    "X-Request-Id": crypto.randomUUID(),
  };
  if (version) headers.ETag = `"${version}"`;
  if (published) headers["Licentia-Published"] = String(published);
  return Response.json(body, { status, headers });
}
