// The population: products, owners and licenses that look drawn, the same each time.
//
// A license is a function of its number: a million of them take no memory, and any of them can be asked for by what it has.
const FIRST_SECOND = Date.parse("2016-01-01T00:00:00Z") / 1000;
/** Between one license and the next: a million spread over nine and a half years. */
const SECONDS_APART = 300;
const YEAR = 365 * 86_400;
/** Of ten licenses, how many a product has. */
const SHARES = [6, 2, 1, 1];
/** So many licenses have one owner, and so many name the same order. */
const AN_OWNER = 3;
const AN_ORDER = 2;

/** Draws a number below `limit`, the same for the same number and use. */
export function drawn(number, use, limit) {
  let state = Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(use + 1, 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  state = Math.imul(state ^ (state >>> 15), 0x735a2d97);
  return ((state ^ (state >>> 15)) >>> 0) % limit;
}

const hexadecimal = (number, use, digits) => drawn(number, use, 16 ** digits).toString(16).padStart(digits, "0");

function uuid(number, use) {
  const [a, b, c, d, e] = [[8, 0], [4, 1], [3, 2], [3, 3], [6, 4]].map(([digits, step]) => hexadecimal(number, use + step, digits));
  return `${a}-${b}-4${c}-8${d}-${e}${hexadecimal(number, use + 5, 6)}`;
}

const time = (seconds) => new Date(seconds * 1000).toISOString();

export const PRODUCTS = SHARES.map((_, index) => ({
  id: uuid(index, 100), name: `Product ${index + 1}`, tokenAlgorithm: "EdDSA",
}));

function productOf(number) {
  let rest = drawn(number, 20, 10);
  return PRODUCTS[SHARES.findIndex((share) => (rest -= share) < 0)];
}

const ownerOf = (number) => Math.floor(number / AN_OWNER);
export const emailOf = (number) => `buyer.${ownerOf(number)}@example.com`;

/** The owner of a license as a user that is imported, if that license is the first to name them. */
export function newOwner(number) {
  const owner = ownerOf(number);
  if (number % AN_OWNER > 0) return undefined;
  return {
    id: uuid(owner, 200), email: emailOf(number), firstName: "Kim", lastName: `Buyer ${owner}`,
    company: `Company ${drawn(owner, 210, 50_000)}`,
  };
}

/** A license as it is imported: one in a hundred is revoked, half of them never end. */
export function license(number) {
  const created = FIRST_SECOND + number * SECONDS_APART + drawn(number, 21, SECONDS_APART);
  const ends = drawn(number, 22, 2) === 0;
  return {
    id: uuid(number, 300),
    key: [0, 1, 2, 3, 4, 5].map((group) => hexadecimal(number, 310 + group, 6)).join("-").toUpperCase(),
    productId: productOf(number).id,
    userId: uuid(ownerOf(number), 200),
    createdAt: time(created),
    expiresAt: ends ? time(created + YEAR * (1 + drawn(number, 23, 5))) : null,
    revoked: drawn(number, 24, 100) === 0,
    allowedActivations: 20 + drawn(number, 25, 20),
    tags: drawn(number, 26, 50) === 0 ? ["gold"] : [],
    metadata: [
      { key: "order", value: orderOf(number) },
      { key: "plan", value: ["basic", "pro", "enterprise"][drawn(number, 27, 3)] },
    ],
  };
}

export const orderOf = (number) => `order-${Math.floor(number / AN_ORDER)}`;

/** Says whether a new machine gets a token for it. */
export const isLive = ({ revoked, expiresAt }) => !revoked && expiresAt === null;
