// How long until the status list shows a revocation: of a vendor who revokes one license, and of one who goes on without a pause.
import { inflateSync } from "node:zlib";
import { startWith } from "./crowd.mjs";

const NAME = "default/status-list/0";
const REVOKED = 1;
const QUIET = 10;
const BUSY = 300;

/** Resolves to a row of times for each, in milliseconds, from the request to the list that comes to KV. */
export async function measureListed() {
  const { server, made } = await startWith({ clients: 1, licenses: QUIET + BUSY });
  const lists = [];
  server.kv.puts = ({ key, value }) => {
    if (key === NAME) lists.push({ at: performance.now(), value });
    return "pass";
  };
  const revoke = async ({ id }) => {
    const { license } = server.kv.json(`default/license/${id}`);
    const began = performance.now();
    await server.call("PATCH", `/v3/licenses/${id}`, { revoked: true });
    return { began, place: license.statusList.index };
  };
  const shown = async (revoked) => {
    const shows = ({ value }) => statusAt(value, revoked.at(-1).place) === REVOKED;
    await server.kv.until(() => lists.length > 0 && shows(lists.at(-1)));
    return revoked.map(({ began, place }) => lists.find(({ value }) => statusAt(value, place) === REVOKED).at - began);
  };
  const quiet = [];
  for (const license of made.slice(0, QUIET)) quiet.push(...(await shown([await revoke(license)])));
  const before = lists.length;
  const busy = [];
  for (const license of made.slice(QUIET)) busy.push(await revoke(license));
  const times = await shown(busy);
  await server.stop();
  return [
    { name: "one license after another", times: quiet, lists: before },
    { name: `${BUSY} licenses without a pause`, times, lists: lists.length - before },
  ];
}

/** What a list says of a place: two bits, the lowest first. */
function statusAt(list, place) {
  const { status_list } = JSON.parse(Buffer.from(list.split(".")[1], "base64url"));
  const bytes = inflateSync(Buffer.from(status_list.lst, "base64url"));
  return (bytes[place >> 2] >> ((place & 3) * 2)) & 3;
}
