// The built package's client under Node comes to every decision of the tables, through nothing but what it exports.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { LicentiaClient } from "../../crates/wasm/js/dist/index.node.js";
import { machineFailures } from "../vectors/run-machine.mjs";

const file = JSON.parse(readFileSync(new URL("../vectors/machine.json", import.meta.url), "utf8"));

test("every case comes to its decision", async () => {
  assert.ok(file.cases.length > 1_000);
  assert.deepEqual(await machineFailures(LicentiaClient, file), []);
});

test("every altered decision is noticed", async () => {
  const others = [{ code: 99 }, { asks: "else" }, { stored: {}, settled: {} }];
  const cases = file.cases.slice(0, 300).map((one, place) => ({ ...one, expect: { ...one.expect, ...others[place % 3] } }));
  assert.equal((await machineFailures(LicentiaClient, { ...file, cases })).length, cases.length);
});
